"""Trials of VM-entry checks: a legal scene with one to three fields changed to values around the legal ones."""
from __future__ import annotations

from functools import cache
from random import Random

from tests.conformance.fuzz import scenes as s
from tests.conformance.fuzz import trial as t
from tests.conformance.fuzz.trial import Trial
from vmviz.machine.vmx import controls as c
from vmviz.spec import FIELD_BY_NAME

_EDGES = (0, 1, 0xFFF, 0x1000, 0x8000_0000, 0xFFFF_FFFF, 1 << 39, 1 << 40, 1 << 47, (1 << 47) - 1,
          0xFFFF_8000_0000_0000, 0xFFFF_7FFF_FFFF_FFFF, (1 << 64) - 1, 0x20_8000, 0x20_8008)
_SELECTORS = (0, 8, 0x10, 0x18, 0x1B, 0x23, 0x2B, 0x30, 0x33, 0x34, 0x14, 4, 0x800, 0xFFFF)
_RIGHTS = (0x1_0000, 0, 0x93, 0x9B, 0xF3, 0xFB, 0xC093, 0xC09B, 0xA09B, 0xA09F, 0xA0FB, 0xC0F3, 0xC091, 0xC097, 0x8B,
           0x83, 0x82, 0xE09B, 0xC013, 0x808B, 0xC0B3, 0xA0BF, 0xC095, 0xA09A)
_LIMITS = (0, 0x66, 0x67, 0xFFF, 0x1000, 0xFFFF, 0xF_FFFF, 0x10_0000, 0x10_0FFF, 0xFFFF_F000, 0xFFFF_FFFF, 0xFFFF_EFFF)
_FLAGS = frozenset({"host_cr0", "host_cr4", "guest_cr0", "guest_cr4", "guest_rflags", "guest_ia32_debugctl",
                    "guest_dr7", "guest_ia32_efer", "host_ia32_efer"})
_MSRS = (0x174, 0x175, 0x176, 0xC000_0081, 0xC000_0084, 0xC000_0102, 0xC000_0103, 0x277, 0xC000_0100, 0x800, 0x1B,
         0xC000_0080, 0x480, 0xC000_0101)
_OFTEN = frozenset({"entry_interruption_info", "guest_interruptibility_state", "guest_pending_debug_exceptions",
                    "guest_rflags", "host_cr4", "host_cr0", "guest_activity_state"})
_KEPT = frozenset({"host_rsp", "guest_rip", "host_rip", "guest_cs_base", "exit_msr_store_count",
                   "exit_msr_load_count", "guest_rsp"})     # a legal other value leads anywhere, or to a VMX abort
_NEVER_SET = 1 << 20 | 1 << 21 | 1 << 22 | 1 << 23          # SMEP, SMAP: the VMM is in user pages; PKE, CET: left out


def trial(random: Random, number: int) -> Trial:
    """The trial of a number."""
    name, scene, bits, at = s.any_scene(random)
    fields = dict(scene)
    for _ in range(random.choice((1, 1, 1, 2, 2, 3))):
        for other, value in _change(random, random.choice(_fields()), fields).items():
            fields[other] = value
    if fields.get("guest_activity_state", 0) == 3:
        del fields["guest_activity_state"]                  # nothing would end it
    if fields.get("guest_activity_state"):
        fields["pin_based_controls"] = fields.get("pin_based_controls", s.PIN) | c.ACTIVATE_PREEMPTION_TIMER
    pokes = _pokes(random, fields)
    return Trial("entry", number, tuple(fields.items()), pokes, code=("nop",), bits=bits, at=at, scene=name,
                 given=tuple(scene.items()))


@cache
def _fields() -> list[str]:
    """The fields to change; those that few rules look at come once, control words and the guest's more often."""
    names = [name for name in s.supported_fields() if FIELD_BY_NAME[name].type != "read_only"]
    often = [name for name in names if name in _OFTEN or name.endswith("_controls") or "access_rights" in name
             or name.startswith("guest_cr")]
    return names + 2 * often


def _change(random: Random, name: str, fields: s.Scene) -> s.Scene:
    """One field (now and then two that belong together) changed."""
    value = fields.get(name, s.standard()[name])
    field = FIELD_BY_NAME[name]
    width = field.bits
    if name in _KEPT:
        return {name: random.choice((1 << 47, 0x7FFF_8000_0000_0000))} if name in ("host_rip",) else {}
    if name == "entry_interruption_info":
        kind, vector = random.randrange(8), random.choice((0, 1, 2, 3, 4, 8, 13, 14, 17, 32, 255))
        info = 1 << 31 | random.randrange(2) << 11 | kind << 8 | vector
        if s.chance(random, 6):
            info ^= 1 << random.randrange(12, 32)
        return {name: info, "entry_instruction_length": random.choice((0, 1, 2, 15, 16)),
                "entry_exception_error_code": random.choice((0, 0x7FFF, 0x8000, 1 << 31))}
    if name == "guest_activity_state":
        return {name: random.choice((0, 1, 2, 4, 1 << 31))}
    if name == "guest_interruptibility_state":
        return {name: random.choice((1, 2, 3, 4, 8, 9, 16, 32, 10, 12)), **_flags(random)}
    if name == "guest_pending_debug_exceptions":
        return {name: random.choice((1, 0xF, 1 << 12, 1 << 14, 1 << 16, 0x5000, 1 << 4, 1 << 15, 1 << 63, 1 << 13)),
                **_flags(random)}
    if "selector" in name:
        value = random.choice((*_SELECTORS, value ^ 1 << random.randrange(16)))
    elif "access_rights" in name:
        value = random.choice((*_RIGHTS, *[value ^ 1 << random.randrange(17) for _ in range(24)], value ^ 1 << 20))
    elif name.endswith("_limit") and "_gdtr_" not in name and "_idtr_" not in name:
        value = random.choice(_LIMITS)
    elif name == "guest_cr3" or "pdpte" in name or name in ("host_cr3",):
        value ^= 1 << random.choice((*range(12), *range(40, 64)))
    elif name == "vmcs_link_pointer":
        value = random.choice((0, t.DATA, t.DATA + 8, 1 << 40, (1 << 64) - 1, 0x20_2000, 0x20_1000, 1 << 63))
    elif name in ("cr3_target_count", "entry_msr_load_count"):
        value = random.choice((0, 1, 2, 4, 5, 512))
    elif width == 32 or name in _FLAGS:
        for _ in range(random.choice((1, 1, 2))):
            value ^= 1 << random.randrange(width if s.chance(random, 3) else min(width, 32))
    elif name.endswith("_pat"):
        value = value & ~(0xFF << 8 * (byte := random.randrange(8))) | random.randrange(9) << 8 * byte
    elif s.chance(random, 2):
        value = random.choice(_EDGES)
    else:
        value ^= 1 << random.randrange(width)
    if name in ("host_cr4", "guest_cr4"):
        value &= ~_NEVER_SET
    if name == "primary_processor_based_controls":
        value &= ~(c.MONITOR_TRAP_FLAG)                     # never comes on Bochs
    return {name: value & (1 << width) - 1}


def _flags(random: Random) -> s.Scene:
    return {"guest_rflags": 2 | random.choice((0, 0x100, 0x200, 0x300))} if s.chance(random, 2) else {}


def _pokes(random: Random, fields: s.Scene) -> tuple[tuple[int, bytes], ...]:
    """The MSR area of the entry, a revision identifier where the link pointer points."""
    pokes = []
    if fields.get("entry_msr_load_count", 0):
        area = b""
        for _ in range(4):
            index = random.choice(_MSRS)
            value = random.choice((0, 1, 0x500, 0x7_0406_0007_0406, 1 << 47, 0x123))
            area += index.to_bytes(8, "little") + value.to_bytes(8, "little")
        pokes.append((s.MSR_AREA, area))
    link = fields.get("vmcs_link_pointer", 0)
    if link == t.DATA:
        pokes.append((link, random.choice((4, 5, 0x8000_0004)).to_bytes(8, "little")))
    return tuple(pokes)
