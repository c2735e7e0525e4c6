"""Trials of guests: random instructions in a guest of any kind, under random VM-execution controls."""
from __future__ import annotations

from random import Random

from tests.conformance.fuzz import guest_controls as g
from tests.conformance.fuzz import instructions as i
from tests.conformance.fuzz import scenes as s
from tests.conformance.fuzz import trial as t
from tests.conformance.fuzz.instructions import Place
from tests.conformance.fuzz.trial import Trial
from vmviz.errors import VmvizError
from vmviz.machine.vmx import controls as c

_LEFT_BEHIND = ((0xC000_0080, 0x500), (0xC000_0081, 0), (0xC000_0082, 0), (0xC000_0083, 0), (0xC000_0084, 0x2_0200), (0xC000_0102, 0),
                (0xC000_0103, 0), (0x277, 0x7_0406_0007_0406))     # MSRs that no VM exit loads by itself
_EXIT_AREA = s.MSR_AREA + 0x800
_KINDS = ("64-bit", "64-bit", "64-bit", "ring 3", "ring 3", "compatibility", "compatibility ring 3", "32-bit paging", "32-bit ring 3", "PAE", "PAE",
          "no paging", "no paging", "real-address", "real-address", "virtual-8086", "virtual-8086")
_TRIES = 20


def trial(random: Random, number: int) -> Trial:
    """The trial of a number."""
    kind = random.choice(_KINDS)
    ept = kind in ("no paging", "real-address") or s.chance(random, 2)
    scene, place, at = _scene(kind, ept)
    setting = g.Setting(scene, ept)
    if place.bits == 16:
        _low_pages(setting)
    subjects = tuple(random.sample(sorted(i.SUBJECTS), random.choice((1, 2, 2, 3))))
    for subject in subjects:
        random.choice(g.BY_SUBJECT[subject])(random, setting)
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        random.choice(g.ANY + (g.WITH_EPT if ept else ()))(random, setting)
    if ept and s.chance(random, 2):
        random.choice(g.WITH_EPT)(random, setting)
    code = _code(random, place, subjects, at)
    _wake(setting)
    fields = {**scene, **setting.fields, "exit_msr_load_count": len(_LEFT_BEHIND), "exit_msr_load_address": _EXIT_AREA}
    return Trial("guests", number, tuple(fields.items()), _pokes(random, setting), _registers(random, place), code, place.bits, at,
                 scene=f"{kind}{', EPT' if ept else ''}, {', '.join(subjects)}", given=tuple(scene.items()))


def _scene(kind: str, ept: bool) -> tuple[s.Scene, Place, int]:
    """The fields of a kind, where its code runs, and the address of the code."""
    user32 = {"guest_cs_selector": 0x43, "guest_cs_access_rights": 0xC0FB, "guest_ss_selector": 0x23, "guest_ss_access_rights": 0xC0F3}
    user_data = {f"guest_{name}_{part}": value for name in ("ds", "es", "fs", "gs")
                 for part, value in (("selector", 0x23), ("access_rights", 0xC0F3))}
    code32 = {"guest_cs_selector": 8, "guest_cs_access_rights": 0xC09B}
    more = s.with_ept() if ept else {}
    match kind:
        case "64-bit":
            return more, Place(64), t.CODE
        case "ring 3":
            return s.merged(s.user() | user_data, more), Place(64, 3), t.CODE
        case "compatibility":
            return s.merged(code32, more), Place(32), t.CODE
        case "compatibility ring 3":
            return s.merged(user32 | user_data, more), Place(32, 3), t.CODE
        case "32-bit paging":
            return s.merged(s.legacy("32"), more), Place(32, odd_page=g.ODD_FRAME), t.CODE
        case "32-bit ring 3":
            return s.merged(s.legacy("pae") | user32 | user_data, more), Place(32, 3), t.CODE
        case "PAE":
            return s.merged(s.legacy("pae"), more), Place(32), t.CODE
        case "no paging":
            return s.legacy("none"), Place(32, odd_page=g.ODD_FRAME), t.CODE
        case "real-address":
            return s.real_mode() | {"guest_es_base": t.DATA, "guest_fs_base": t.DATA, "guest_rsp": 0x6800}, Place(16, 0, g.LOW_FRAME), t.REAL_CODE
        case _:
            low = {f"guest_{name}_{part}": g.LOW_DATA >> shift for name in ("es", "fs") for part, shift in (("base", 0), ("selector", 4))}
            return s.merged(s.virtual_8086() | low | {"guest_rsp": 0x6800}, more), Place(16, 3, g.LOW_FRAME), t.REAL_CODE


def _low_pages(setting: g.Setting) -> None:
    """Below 64 KiB: with EPT, data, the stack and the odd page shown where the record looks; else nothing there."""
    if not setting.ept:
        setting.cells |= dict.fromkeys((*range(0x6780, 0x6840, 8), *range(g.LOW_DATA, g.LOW_DATA + 0x20, 8),
                                        *range(g.LOW_FRAME - 8, g.LOW_FRAME + 0x20, 8), g.LOW_FRAME + 0xFF8), 0)
        return
    setting.cells[s.EPT_PT + (g.LOW_DATA >> 12) * 8] = t.DATA | 0x37
    setting.cells[s.EPT_PT + (g.LOW_STACK >> 12) * 8] = t.DATA + 0x2000 | 0x37
    setting.cells[s.EPT_PT + (g.LOW_FRAME >> 12) * 8] = i.ODD_PAGE | 0x37


def _wake(setting: g.Setting) -> None:
    """A far-off timer, so that HLT and loops come to an end, and none of those writes all the way to the driver's tables."""
    if "vmx_preemption_timer_value" not in setting.fields:
        setting.control("pin_based_controls", c.ACTIVATE_PREEMPTION_TIMER)
        setting.fields["vmx_preemption_timer_value"] = 2_000


def _code(random: Random, place: Place, subjects: tuple[str, ...], at: int) -> tuple[str, ...]:
    """Elements that assemble: a random operand may not fit its instruction."""
    lines: list[str] = []
    for _ in range(random.randrange(3, 13)):
        for _ in range(_TRIES):
            [line] = i.program(random, place, subjects, 1)
            try:
                t._assembled(line, place.bits, at)
            except VmvizError:
                continue
            lines.append(line)
            break
    return tuple(lines)


def _registers(random: Random, place: Place) -> tuple[tuple[str, int], ...]:
    low = place.bits == 16
    values = (0, 1, 0x7F, 0x80, 0xFFFF_FFFF, 0x8000_0000, 0x1234_5678_9ABC_DEF0, (1 << 64) - 1, 1 << 63)
    registers = {name: random.choice(values) for name in ("rax", "rcx", "rdx", "r8", "r9", "r12", "r13")}
    if place.bits < 64:                                     # upper halves do not survive other modes
        registers = {name: value & 0xFFFF_FFFF for name, value in registers.items()}
    registers |= {"rbx": 0 if low else t.DATA, "rsi": 8 if low else t.DATA + 8, "rdi": 0x10 if low else t.DATA + 0x10, "rbp": 1,
                  "r14": i.ODD_PAGE, "r15": 0x8000_0000_0000 if place.bits == 64 else 0}
    return tuple(registers.items())


def _pokes(random: Random, setting: g.Setting) -> tuple[tuple[int, bytes], ...]:
    """The setting's cells, far pointers, data, the MSRs to load after the exit; tables that the guest may change."""
    cells = dict(setting.cells)
    for n in range(8):
        offset, selector = random.choice((t.STUBS + 0x400, t.STUBS + 0x410, 0x1400)), random.choice(i.SELECTORS)
        cells[i.FAR_POINTERS + 16 * n] = offset if n >= 4 else offset | selector << 32
        cells[i.FAR_POINTERS + 16 * n + 8] = selector
    for n in range(4):
        cells[t.DATA + 8 * n] = random.choice((0, random.getrandbits(64), 0x11_1000_0FFF, t.GDT << 16 | 0xFF, s.MSR_BITMAP, (1 << 64) - 1))
    cells[t.GDT + 0x80] = 0x8900_0000_0067                          # LTR marks it busy
    if not setting.scene.get("vm_entry_controls", s.ENTRY) & c.IA32E_MODE_GUEST:
        cells[t.TSS + 8] = t.RING0_STACK + 0x100 << 32 | 0x10       # SS0 of a 32-bit TSS
    for n, (index, value) in enumerate(_LEFT_BEHIND):
        cells |= {_EXIT_AREA + 16 * n: index, _EXIT_AREA + 16 * n + 8: value}
    pokes: dict[int, bytes] = {}
    end = start = 0
    for address, value in sorted(cells.items()):
        start = start if address == end else address
        pokes[start] = pokes.get(start, b"") + value.to_bytes(8, "little")
        end = address + 8
    return tuple(pokes.items())
