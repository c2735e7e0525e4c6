"""Trials of event injection: an event of any type into a guest of any mode, through tables and stacks good and bad.

Each handler is VMCALL, so the exit tells which one was reached and the stack what was pushed. Half of the trials leave
everything on the event's way good; the others break one or two things of it, so that faults nest.
"""
from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.conformance.fuzz import scenes as s
from tests.conformance.fuzz import trial as t
from tests.conformance.fuzz.trial import Trial
from vmviz.machine.gates import EXCEPTION, EXTERNAL, NMI, OTHER, PRIVILEGED, SOFTWARE, SOFTWARE_EXCEPTION
from vmviz.machine.outcome import DB, MC, PUSHES_ERROR_CODE
from vmviz.machine.vmx import controls as c

Pokes = dict[int, bytes]
Guest = tuple[str, s.Scene, int]                            # name, fields, bytes of an entry of its interrupt table
REAL_TABLE, LONG_TABLE, TABLE = 4, 16, 8
_TYPES = (EXTERNAL, NMI, EXCEPTION, EXCEPTION, EXCEPTION, SOFTWARE, SOFTWARE, PRIVILEGED, SOFTWARE_EXCEPTION,
          SOFTWARE_EXCEPTION, OTHER)
_SPECIAL_VECTORS = (*range(0x40, 0x4E), 0x20, 0x3F, 0x80, 0xFF)
_SELECTORS = (0x08, 0x18, 0x10, 0x1B, 0x2B, 0x43, 0x50, 0x58, 0x5B, 0, 3, 0xF0, 0x30, 0x0C, 0x48, 0x90)
_GATE_TYPES = (0xE, 0xE, 0xF, 0xF, 0xC, 5, 6, 7, 0xB, 0x1E, 0)
_POINTERS = (0x30_2801, 0x30_27F9, 0x30_2804, 0x30_2010, 0x30_2000, 0x30_2008, 8, 0, 2, 6, 1 << 47, (1 << 64) - 8,
             0x8000, 0xFFFF_FFFC, 0x1_0030_2800)
_STACK_PAGES = (0x102, 0x103, 0x101)                        # of 200000h: the stack's, that of ring 0, the one below
_EPT_PAGES = (0x111, 0x11B, 0x113, 0x112, 0x114, 0x117, 0x119, 8, 9, 0)     # tables, handlers, paging, real mode
_IF, _TF, _VM, _NT, _RF, _AC = 1 << 9, 1 << 8, 1 << 17, 1 << 14, 1 << 16, 1 << 18
_BY_STI, _BY_MOV_SS, _BY_NMI = 1, 2, 8
_HLT = 1


def trial(random: Random, number: int) -> Trial:
    """The trial of a number."""
    name, scene, entry = _guest(random)
    fields, pokes = dict(scene), _good_task_state(random, entry)
    kind, vector = _event(random)
    fields |= _injection(random, kind, vector, fields)
    fields |= _state(random, kind, vector, fields)
    fields = s.merged(fields, _controls(random, fields))
    for _ in range(random.choice((0, 0, 1, 1, 1, 2))):
        broken = random.choice(_BREAKERS + _EPT_BREAKERS if "ept_pointer" in fields else _BREAKERS)
        broken(random, fields, pokes, entry, vector)
    bits = {REAL_TABLE: 16}.get(entry, 64 if fields.get("guest_cs_selector", 0x18) & ~3 in (0x18, 0x28) else 32)
    at = t.REAL_CODE if fields.get("guest_cs_selector") == 0x800 else t.CODE
    return Trial("injection", number, tuple(fields.items()), tuple(sorted(pokes.items())), code=("nop",),
                 bits=16 if at == t.REAL_CODE else bits, at=at, scene=name, given=tuple(scene.items()))


def _guest(random: Random) -> Guest:
    """A guest's mode, with EPT or without."""
    ring3 = {"guest_cs_selector": 0x43, "guest_cs_access_rights": 0xC0FB, "guest_ss_selector": 0x23,
             "guest_ss_access_rights": 0xC0F3}
    compatibility = {"guest_cs_selector": 8, "guest_cs_access_rights": 0xC09B}
    guests: tuple[Guest, ...] = (
        ("64-bit", {}, LONG_TABLE), ("64-bit, ring 3", s.user(), LONG_TABLE),
        ("compatibility", compatibility, LONG_TABLE), ("compatibility, ring 3", ring3, LONG_TABLE),
        ("32-bit", s.legacy("32"), TABLE), ("32-bit, ring 3", s.legacy("32") | ring3, TABLE),
        ("PAE", s.legacy("pae"), TABLE), ("PAE, ring 3", s.legacy("pae") | ring3, TABLE),
        ("no paging", s.legacy("none"), TABLE), ("no paging, ring 3", s.legacy("none") | ring3, TABLE),
        ("virtual-8086", s.virtual_8086(), TABLE), ("real-address mode", s.real_mode(), REAL_TABLE))
    name, scene, entry = random.choice(guests)
    if "ept_pointer" not in scene and s.chance(random, 2):
        return name + ", EPT", s.merged(scene, s.with_ept()), entry
    return name, scene, entry


def _good_task_state(random: Random, entry: int) -> Pokes:
    """A 32-bit guest's TSS names SS0; the standard one has the format of IA-32e mode."""
    if entry != TABLE or s.chance(random, 8):
        return {}
    return {t.TSS + 8: (0x10 | (t.RING0_STACK + 0x100) << 32).to_bytes(8, "little")}


def _event(random: Random) -> tuple[int, int]:
    kind = random.choice(_TYPES)
    match kind:
        case 2:
            return kind, 2
        case 3:
            return kind, random.choice((*range(22), 13, 14, 8, 1, 29, 30))
        case 5:
            return kind, 1
        case 6:
            return kind, random.choice((3, 4, 3, 4, 3, 4, 5, 13, 0x40))
        case 7:
            return kind, 0
    return kind, random.choice((*_SPECIAL_VECTORS, random.randrange(256), random.randrange(32)))


def _injection(random: Random, kind: int, vector: int, fields: s.Scene) -> s.Scene:
    with_error = kind == EXCEPTION and bool(fields.get("guest_cr0", 1) & 1) and (
        vector in PUSHES_ERROR_CODE or s.chance(random, 8))
    return {"entry_interruption_info": 1 << 31 | with_error << 11 | kind << 8 | vector,
            "entry_exception_error_code": random.choice((0, 1, 0x7FFA, random.randrange(0x8000))),
            "entry_instruction_length": random.choice((1, 2, 3, 15, random.randrange(16)))}


def _state(random: Random, kind: int, vector: int, fields: s.Scene) -> s.Scene:
    """RFLAGS, blocking, activity, pending debug exceptions: mostly what the checks allow with the event."""
    flags = fields.get("guest_rflags", 2)
    for bit in (_IF, _IF, _TF, _NT, _RF, _AC):
        if s.chance(random, 4):
            flags |= bit
    state = random.choice((0, 0, 0, _BY_NMI, _BY_STI, _BY_MOV_SS))
    if kind == EXTERNAL and not s.chance(random, 10):
        flags, state = flags | _IF, state & _BY_NMI
    if kind == NMI and not s.chance(random, 10):
        state = 0
    if state & _BY_STI:
        flags |= _IF
    scene = {"guest_rflags": flags, "guest_interruptibility_state": state}
    wakes = kind in (EXTERNAL, NMI, OTHER) or (kind == EXCEPTION and vector in (DB, MC))
    ring = fields.get("guest_ss_access_rights", 0) >> 5 & 3
    halted = not state and s.chance(random, 3) and (wakes and not ring or s.chance(random, 10))
    if halted:
        scene["guest_activity_state"] = _HLT
    step = bool(flags & _TF) if halted or state & (_BY_STI | _BY_MOV_SS) else s.chance(random, 8)
    if s.chance(random, 4) or step:
        scene["guest_pending_debug_exceptions"] = step << 14 | random.choice((0, 0x1001, 0x1004, 0x100F))
    if s.chance(random, 8):
        scene["guest_dr7"] = random.choice((0x2400, 0x700, 0x402))
    return scene


def _controls(random: Random, fields: s.Scene) -> s.Scene:
    scene: s.Scene = {}
    if s.chance(random, 2):
        scene["exception_bitmap"] = random.choice((1 << random.randrange(32), random.getrandbits(32), 0xFFFF_FFFF))
    if s.chance(random, 4):
        scene |= {"page_fault_error_code_mask": random.randrange(32),
                  "page_fault_error_code_match": random.randrange(32)}
    if s.chance(random, 4):
        scene["pin_based_controls"] = s.PIN | c.NMI_EXITING | random.choice((0, c.VIRTUAL_NMIS))
    if s.chance(random, 6):
        scene["primary_processor_based_controls"] = s.PRIMARY | c.INTERRUPT_WINDOW_EXITING
    if fields.get("guest_cr0", 0x8000_0000) & 0x8000_0000 and s.chance(random, 3):
        scene["guest_cr0"] = fields.get("guest_cr0", 0x8000_0031) | 1 << 16         # WP
    return scene


# ---- what may be bad on the way

def _gate(random: Random, fields: s.Scene, pokes: Pokes, entry: int, vector: int) -> None:
    """The vector's gate, or that of an exception which may come next."""
    vector = random.choice((vector, vector, 8, 10, 11, 12, 13, 14))
    if entry == REAL_TABLE:
        _real_vector(random, pokes, vector)
        return
    selector = random.choice((8 if entry == TABLE else 0x18, *_SELECTORS))
    kind = random.choice(_GATE_TYPES)
    access = kind | random.choice((0x80, 0x80, 0x80, 0xE0, 0x00, 0x60))
    offset = t.STUBS + 16 * vector
    low = offset & 0xFFFF | selector << 16 | access << 40 | offset >> 16 << 48
    if entry == TABLE:
        pokes[t.IDT32 + 8 * vector] = low.to_bytes(8, "little")
        return
    low |= random.choice((0, 0, 0, 1, 2, 7)) << 32
    high = random.choice((0, 0, 0, 1, 0x8000, 0xFFFF_FFFF))
    pokes[t.IDT + 16 * vector] = low.to_bytes(8, "little") + high.to_bytes(8, "little")


def _real_vector(random: Random, pokes: Pokes, vector: int) -> None:
    bad = random.choice((0x900_FFFF, 0x800_1000, 0x900_0000))
    other = 0x900_0000 | (vector ^ 1) << 4
    pair = bad | other << 32 if not vector & 1 else other | bad << 32
    pokes[4 * (vector & ~1)] = pair.to_bytes(8, "little")


def _limits(random: Random, fields: s.Scene, pokes: Pokes, entry: int, vector: int) -> None:
    name = random.choice(("guest_idtr_limit", "guest_idtr_limit", "guest_gdtr_limit", "guest_tr_limit"))
    fields[name] = random.choice((entry * vector + entry - 1, entry * vector + entry - 2, 0, 7, 0x17, 0x1F, 0x67, 0xFF))
    if name == "guest_tr_limit":
        fields[name] = random.choice((0x67, 0x68, 0xFFF))


def _stack_pointer(random: Random, fields: s.Scene, pokes: Pokes, entry: int, vector: int) -> None:
    pointer = random.choice(_POINTERS)
    if fields.get("guest_cs_selector", 0x18) & ~3 not in (0x18, 0x28):
        pointer &= 0xFFFF_FFFF
    if entry == TABLE and pointer < 8:                      # a push across 4 GiB may fault or not
        pointer = 8
    fields["guest_rsp"] = pointer


def _inner_stacks(random: Random, fields: s.Scene, pokes: Pokes, entry: int, vector: int) -> None:
    """RSP0 and IST1, or ESP0 and SS0."""
    pointer = random.choice(_POINTERS)
    if entry == TABLE and pointer < 8:
        pointer = 8
    if entry == LONG_TABLE:
        parts = ((pointer & 0xFFFF_FFFF) << 32, pointer >> 32 | 0x30_3900 << 32)    # they lie across qwords
        pokes |= {t.TSS: parts[0].to_bytes(8, "little"), t.TSS + 8: parts[1].to_bytes(8, "little")}
    else:
        stack_segment = random.choice((0x10, 0x13, 0, 0xF0, 0x18, 0xA0, 0x0C, 0x14, 0x68, 0x20))
        pokes |= {t.TSS: ((pointer & 0xFFFF_FFFF) << 32).to_bytes(8, "little"),
                  t.TSS + 8: stack_segment.to_bytes(8, "little")}


def _stack_page(random: Random, fields: s.Scene, pokes: Pokes, entry: int, vector: int) -> None:
    """A page of a stack: not present, read-only, the supervisor's alone; paging of 4-level and PAE guests maps it."""
    page = random.choice(_STACK_PAGES)
    entry = 0x20_0000 + 0x1000 * page | random.choice((0x66, 0x65, 0x63, 0x61))
    pokes[t.PAGE_TABLE + 8 * page] = entry.to_bytes(8, "little")


def _ept_page(random: Random, fields: s.Scene, pokes: Pokes, entry: int, vector: int) -> None:
    """EPT without a right for a page that the delivery needs."""
    rights = random.choice((0, 1, 4, 5, 6, 3))
    if s.chance(random, 2):
        pokes[s.EPT_PD + 8] = (0x20_00B0 | rights).to_bytes(8, "little")           # the stacks
    else:
        page = random.choice(_EPT_PAGES)
        pokes[s.EPT_PT + 8 * page] = (page << 12 | 0x30 | rights).to_bytes(8, "little")


def _stack_segment(random: Random, fields: s.Scene, pokes: Pokes, entry: int, vector: int) -> None:
    """Limits and kinds of the old stack; legal for the checks."""
    if fields.get("guest_rflags", 0) & _VM:
        return
    name = "guest_ss_"
    limit, rights = random.choice(((0xF_FFFF, 0x4093), (0xFFFF, 0x93), (0xFFF, 0x93), (0xFFFF_FFFF, 0xC097)))
    if entry == REAL_TABLE:
        fields[name + "limit"] = random.choice((0xFFFF, 0x6FFF, 0xFFF, 1))
        return
    dpl = fields.get(name + "access_rights", 0xC093) & 0x60
    fields |= {name + "limit": limit, name + "access_rights": rights | dpl}


_BREAKERS: tuple[Callable[[Random, s.Scene, Pokes, int, int], None], ...] = (
    _gate, _gate, _gate, _limits, _stack_pointer, _inner_stacks, _stack_page, _stack_segment)
_EPT_BREAKERS = (_ept_page, _ept_page, _ept_page)
