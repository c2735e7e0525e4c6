"""Model-specific registers by number: where each is kept, what it refuses, what it does when written.

Most are plain storage: the table says slot, name, writable bits and what a value must be (canonical, memory
types). A few have functions of their own. The capability MSRs of VMX and others that never change come from the
processor model. A number that the model does not have is #GP(0), as is a refused value (SDM volume 4, "Model-
Specific Registers"; volume 2, "WRMSR"). The privilege check and VM exits belong to the instructions; VM entry
and exit come here too.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from vmviz.machine import apic, control_state, ipi
from vmviz.machine.models import APIC_BSP, APIC_ENABLED, APIC_X2, Model
from vmviz.machine.outcome import GP, Fault
from vmviz.machine.registers import (
    APIC,
    APIC_BASE,
    APIC_TIMER_DEADLINE,
    BNDCFGS,
    CSTAR,
    DEBUGCTL,
    EFER,
    FEATURE_CONTROL,
    FMASK,
    FS_BASE,
    GS_BASE,
    KERNEL_GS_BASE,
    LSTAR,
    MASK32,
    MASK64,
    MISC_ENABLE,
    MSR_SPARE,
    NEVER,
    PAT,
    PERF_GLOBAL_CTRL,
    PKRS,
    S_CET,
    SPEC_CTRL,
    SSP_TABLE,
    STAR,
    SYSENTER_CS,
    SYSENTER_EIP,
    SYSENTER_ESP,
    TIMER_DEADLINE,
    TSC_ADJUST,
    TSC_AUX,
    TSC_WRITTEN,
    U_CET,
    XSS,
)
from vmviz.machine.segmentation import canonical
from vmviz.machine.vmx import controls
from vmviz.spec import VMX_MSRS

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

FEATURE_LOCK: Final = 1
_MEMORY_TYPES: Final = frozenset({0, 1, 4, 5, 6})
_MTRR_ENABLE_BITS: Final = 0xC00
DEBUGCTL_BITS: Final = 0xDFC3                           # all but those of the uncore and of bus-lock detection
_MISC_ENABLE_BITS: Final = 0x4_00C5_1889
_MISC_ENABLE_KEPT: Final = 0x85_0009                    # the others tell, or are left out
_MISC_ENABLE_LEFT_OUT: Final = {1 << 22: "IA32_MISC_ENABLE.LIMIT_CPUID_MAXVAL", 1 << 34: "IA32_MISC_ENABLE.XD_DISABLE"}


class Stored(NamedTuple):
    """An MSR that is storage: its slot and name, the bits that may be set, what else a value must be, who has it."""

    slot: int
    name: str
    writable: int = MASK64
    check: Callable[[int], bool] | None = None
    feature: tuple[int, ...] | None = None              # CPUID leaf, register (0 EAX .. 3 EDX), bit, subleaf if any
    kept: int = MASK64                                  # other bits are not used: a write loses them
    of_model: Callable[[Model], int] | None = None      # the bits that a model has; 0: it has no such MSR

    def bits(self, model: Model) -> int | None:
        """The bits that may be set on a model, None where it has no such MSR."""
        if not _has(model, self.feature):
            return None
        return self.writable if self.of_model is None else self.of_model(model) or None


def _memory_types(value: int) -> bool:
    return all(value >> 8 * n & 0xFF in _MEMORY_TYPES for n in range(8))


def is_pat(value: int) -> bool:
    """Is each byte of a PAT a memory type: 0, 1, 4, 5, 6 or 7?"""
    return all(value >> shift & 0xFF in (0, 1, 4, 5, 6, 7) for shift in range(0, 64, 8))


def is_cet(value: int) -> bool:
    """May IA32_S_CET hold this: canonical, bits 9:6 zero, not both suppressed and waiting for ENDBRANCH?"""
    return canonical(value) and not value & 0x3C0 and value & 0xC00 != 0xC00


def performance_counters(model: Model) -> int:
    """The bits of IA32_PERF_GLOBAL_CTRL that are counters, by CPUID leaf 0Ah; 0 without that MSR (before version 2)."""
    a, _, _, d = model.leaf(0xA)
    return (1 << (a >> 8 & 0xFF)) - 1 | (1 << (d & 0x1F)) - 1 << 32 if a & 0xFF >= 2 else 0


def _base_mtrr(value: int) -> bool:
    return value & 0xFF in _MEMORY_TYPES and not value & 0xF00


_CET: Final = (7, 2, 7)
TABLE: Final[dict[int, Stored]] = {
    0x48: Stored(SPEC_CTRL, "IA32_SPEC_CTRL", 0x7, None, (7, 3, 26)),
    0x174: Stored(SYSENTER_CS, "IA32_SYSENTER_CS", kept=MASK32),
    0x175: Stored(SYSENTER_ESP, "IA32_SYSENTER_ESP", MASK64, canonical),
    0x176: Stored(SYSENTER_EIP, "IA32_SYSENTER_EIP", MASK64, canonical),
    0x1D9: Stored(DEBUGCTL, "IA32_DEBUGCTL", DEBUGCTL_BITS),
    0x277: Stored(PAT, "IA32_PAT", MASK64, is_pat),
    0x38F: Stored(PERF_GLOBAL_CTRL, "IA32_PERF_GLOBAL_CTRL", of_model=performance_counters),
    0x6A0: Stored(U_CET, "IA32_U_CET", MASK64, is_cet, _CET),
    0x6A2: Stored(S_CET, "IA32_S_CET", MASK64, is_cet, _CET),
    0x6A8: Stored(SSP_TABLE, "IA32_INTERRUPT_SSP_TABLE_ADDR", MASK64, canonical, _CET),
    0x6E1: Stored(PKRS, "IA32_PKRS", MASK32, None, (7, 2, 31)),
    0xD90: Stored(BNDCFGS, "IA32_BNDCFGS", MASK64, canonical, (7, 1, 14)),
    0xDA0: Stored(XSS, "IA32_XSS", 0, None, (0xD, 0, 3, 1)),        # no model has supervisor states
    0xC000_0081: Stored(STAR, "IA32_STAR"),
    0xC000_0082: Stored(LSTAR, "IA32_LSTAR", MASK64, canonical),
    0xC000_0083: Stored(CSTAR, "IA32_CSTAR", MASK64, canonical),
    0xC000_0084: Stored(FMASK, "IA32_FMASK", MASK32),
    0xC000_0100: Stored(FS_BASE, "IA32_FS_BASE", MASK64, canonical),
    0xC000_0101: Stored(GS_BASE, "IA32_GS_BASE", MASK64, canonical),
    0xC000_0102: Stored(KERNEL_GS_BASE, "IA32_KERNEL_GS_BASE", MASK64, canonical),
    0xC000_0103: Stored(TSC_AUX, "IA32_TSC_AUX", MASK32, None, (0x8000_0001, 3, 27)),
}
# Memory-type range registers: kept, never acted upon (memory types are not modelled).
for _n in range(8):
    TABLE[0x200 + 2 * _n] = Stored(MSR_SPARE + 2 * _n, f"IA32_MTRR_PHYSBASE{_n}", 0xFF_FFFF_FFFF, _base_mtrr)
    TABLE[0x201 + 2 * _n] = Stored(MSR_SPARE + 2 * _n + 1, f"IA32_MTRR_PHYSMASK{_n}", 0xFF_FFFF_F800)
for _n, (_number, _name) in enumerate((
    (0x250, "64K_00000"), (0x258, "16K_80000"), (0x259, "16K_A0000"),
    *((0x268 + n, f"4K_{0xC0000 + 0x8000 * n:X}") for n in range(8)),
)):
    TABLE[_number] = Stored(MSR_SPARE + 16 + _n, f"IA32_MTRR_FIX{_name}", MASK64, _memory_types)
TABLE[0x2FF] = Stored(MSR_SPARE + 27, "IA32_MTRR_DEF_TYPE", 0xCFF, lambda value: value & 0xFF in _MEMORY_TYPES)
_RING_SSP: Final = {0x6A4 + n: MSR_SPARE + 29 + n for n in range(4)}
for _number, _slot in _RING_SSP.items():
    TABLE[_number] = Stored(_slot, f"IA32_PL{_number - 0x6A4}_SSP", MASK64 - 3, canonical, _CET)

TSC, APIC_BASE_MSR, FEATURE_CONTROL_MSR, TSC_ADJUST_MSR, BIOS_SIGN_ID = 0x10, 0x1B, 0x3A, 0x3B, 0x8B
MISC_ENABLE_MSR: Final = 0x1A0
TSC_DEADLINE, EFER_MSR, PRED_CMD, FLUSH_CMD = 0x6E0, 0xC000_0080, 0x49, 0x10B
X2APIC: Final = range(0x800, 0x840)
_X2_READABLE: Final = frozenset({0x802, 0x803, 0x808, 0x80A, 0x80D, 0x80F, *range(0x810, 0x829), 0x82F, 0x830,
                                 *range(0x832, 0x83A), 0x83E})
_X2_WRITABLE: Final = frozenset({0x808, 0x80B, 0x80F, 0x828, 0x82F, 0x830, *range(0x832, 0x839), 0x83E,
                                 0x83F})
NAMES: Final = {
    TSC: "IA32_TIME_STAMP_COUNTER", APIC_BASE_MSR: "IA32_APIC_BASE", FEATURE_CONTROL_MSR: "IA32_FEATURE_CONTROL",
    TSC_ADJUST_MSR: "IA32_TSC_ADJUST", MISC_ENABLE_MSR: "IA32_MISC_ENABLE",
    BIOS_SIGN_ID: "IA32_BIOS_SIGN_ID", TSC_DEADLINE: "IA32_TSC_DEADLINE",
    EFER_MSR: "IA32_EFER", PRED_CMD: "IA32_PRED_CMD", FLUSH_CMD: "IA32_FLUSH_CMD", 0xFE: "IA32_MTRRCAP",
    0x10A: "IA32_ARCH_CAPABILITIES",
}
_READ_FROM: Final = {APIC_BASE_MSR: APIC_BASE, FEATURE_CONTROL_MSR: FEATURE_CONTROL, EFER_MSR: EFER,
                     TSC_ADJUST_MSR: TSC_WRITTEN, MISC_ENABLE_MSR: MISC_ENABLE}
FEATURES: Final = {TSC_ADJUST_MSR: (7, 1, 1), TSC_DEADLINE: (1, 2, 24), PRED_CMD: (7, 3, 26), FLUSH_CMD: (7, 3, 28)}


def name(index: int) -> str | None:
    """The architectural name of an MSR, for those who tell."""
    if index in TABLE:
        return TABLE[index].name
    if index in NAMES:
        return NAMES[index]
    known = VMX_MSRS.get(index)
    return known.name if known is not None else None


def names() -> dict[int, str]:
    """The names of all MSRs that have one, by index."""
    known = {index: found for index in {*TABLE, *NAMES, *VMX_MSRS} if (found := name(index))}
    return dict(sorted(known.items()))


def _has(model: Model, feature: tuple[int, ...] | None) -> bool:
    return feature is None or model.has(*feature)


def time_stamp(cpu: Processor) -> int:
    """What RDTSC and RDMSR show: in a guest, scaled and offset as the VMCS says (SDM volume 3, "Changes to Instruction
    Behavior in VMX Non-Root Operation")."""
    value = cpu.now()
    if not cpu.controls.primary & controls.USE_TSC_OFFSETTING:
        return value
    region = cpu.guest_fields()
    if cpu.controls.secondary & controls.USE_TSC_SCALING:
        value = value * region.read("tsc_multiplier") >> 48
    return value + region.read("tsc_offset") & MASK64


def read(cpu: Processor, index: int) -> int:
    """The value of an MSR. Raises #GP(0) for one that is not there."""
    stored = TABLE.get(index)
    if stored is not None and stored.bits(cpu.model) is not None:
        return cpu.reg[stored.slot]
    if index in cpu.model.msrs:
        return cpu.model.msrs[index]
    if index in X2APIC:
        return _read_x2apic(cpu, index)
    if not _has(cpu.model, FEATURES.get(index)):
        raise Fault(GP)
    if index == TSC:
        return time_stamp(cpu)
    if index == TSC_DEADLINE:
        return apic.tsc_deadline(cpu)
    if index in _READ_FROM:
        return cpu.reg[_READ_FROM[index]]
    if index == BIOS_SIGN_ID:
        return 0
    raise Fault(GP)


def write(cpu: Processor, index: int, value: int) -> None:
    """Give an MSR a value, with what follows from it. Raises #GP(0) for what is not there, read-only or refused."""
    stored = TABLE.get(index)
    bits = stored.bits(cpu.model) if stored is not None else None
    if stored is not None and bits is not None:
        if value & ~bits or (stored.check is not None and not stored.check(value)):
            raise Fault(GP)
        cpu.set(stored.slot, value & stored.kept)
        if stored.check is is_cet:
            control_state.refuse_cet(cpu)
        return
    special = _WRITERS.get(index)
    if index in X2APIC:
        _write_x2apic(cpu, index, value)
    elif special is not None and _has(cpu.model, FEATURES.get(index)):
        special(cpu, value)
    else:
        raise Fault(GP)


# ---- those with functions of their own

def _write_tsc(cpu: Processor, value: int) -> None:
    _shift_time(cpu, value - cpu.now() & MASK64)


def _write_tsc_adjust(cpu: Processor, value: int) -> None:
    _shift_time(cpu, value - cpu.reg[TSC_WRITTEN] & MASK64)


def _shift_time(cpu: Processor, by: int) -> None:
    """The time-stamp counter jumps; timers that count ticks are not moved by it."""
    reg = cpu.reg
    cpu.set(TSC_ADJUST, reg[TSC_ADJUST] + by & MASK64)
    cpu.set(TSC_WRITTEN, reg[TSC_WRITTEN] + by & MASK64)
    slots = [TIMER_DEADLINE]
    if not reg[APIC + (apic.LVT_TIMER >> 4)] & apic.TSC_DEADLINE:
        slots.append(APIC_TIMER_DEADLINE)
    for slot in slots:
        if reg[slot] != NEVER:
            cpu.set(slot, reg[slot] + by & MASK64)
    cpu.attention = True


def _write_apic_base(cpu: Processor, value: int) -> None:
    old, mode = cpu.reg[APIC_BASE], APIC_ENABLED | APIC_X2
    reserved = 0x2FF | (0 if cpu.model.has(1, 2, 21) else APIC_X2)
    if value & reserved or value >> cpu.model.physical_address_bits:
        raise Fault(GP)
    if value & mode == APIC_X2 or (old & mode == mode and value & mode == APIC_ENABLED):
        raise Fault(GP)
    if not old & APIC_ENABLED and value & mode == mode:
        raise Fault(GP)
    if old & APIC_ENABLED and not value & APIC_ENABLED:
        after = list(cpu.reg[:APIC + 64])
        cpu.model.reset_apic(after, cpu.number)
        for slot in range(APIC, APIC + 64):
            cpu.set(slot, after[slot])
    cpu.set(APIC_BASE, value & ~APIC_BSP | old & APIC_BSP)
    cpu.refresh()


def _write_feature_control(cpu: Processor, value: int) -> None:
    """IA32_FEATURE_CONTROL: once locked it refuses every write."""
    if cpu.reg[FEATURE_CONTROL] & FEATURE_LOCK or value & ~7:
        raise Fault(GP)
    cpu.set(FEATURE_CONTROL, value)


def _write_misc_enable(cpu: Processor, value: int) -> None:
    """IA32_MISC_ENABLE: what would take away features of the model is left out."""
    if value & ~_MISC_ENABLE_BITS:
        raise Fault(GP)
    for bit, what in _MISC_ENABLE_LEFT_OUT.items():
        if value & bit:
            raise cpu.outside(what)
    cpu.set(MISC_ENABLE, value & _MISC_ENABLE_KEPT)


def _ignore(cpu: Processor, value: int) -> None:
    """The signature of the microcode: software writes 0 before it asks CPUID; there is none."""


def _command(cpu: Processor, value: int) -> None:
    """Bit 0 commands something the model has no state for: a barrier of indirect branches, a flush of the L1 cache."""
    if value & ~1:
        raise Fault(GP)


_WRITERS: Final[dict[int, Callable[[Processor, int], None]]] = {
    TSC: _write_tsc, TSC_ADJUST_MSR: _write_tsc_adjust, APIC_BASE_MSR: _write_apic_base,
    FEATURE_CONTROL_MSR: _write_feature_control, EFER_MSR: control_state.set_efer, TSC_DEADLINE: apic.set_tsc_deadline,
    MISC_ENABLE_MSR: _write_misc_enable, BIOS_SIGN_ID: _ignore, PRED_CMD: _command, FLUSH_CMD: _command,
}


def _in_x2apic_mode(cpu: Processor) -> bool:
    return cpu.reg[APIC_BASE] & (APIC_ENABLED | APIC_X2) == APIC_ENABLED | APIC_X2


def _read_x2apic(cpu: Processor, index: int) -> int:
    if not _in_x2apic_mode(cpu) or index not in _X2_READABLE:
        raise Fault(GP)
    offset = (index - 0x800) << 4
    if offset in (apic.ID, apic.LDR):               # both follow from the processor's number there
        return cpu.number if offset == apic.ID else ipi.logical_x2apic_id(cpu)
    value = apic.read_register(cpu, offset)
    return value | cpu.reg[APIC + (apic.ICR_HIGH >> 4)] << 32 if offset == apic.ICR_LOW else value


def _write_x2apic(cpu: Processor, index: int, value: int) -> None:
    if not _in_x2apic_mode(cpu) or index not in _X2_WRITABLE or (value > MASK32 and index != 0x830):
        raise Fault(GP)
    offset = (index - 0x800) << 4
    if offset == apic.ICR_LOW:
        ipi.send(cpu, value)
    elif offset == apic.SELF_IPI:
        ipi.send(cpu, 1 << 18 | value & 0xFF)
    elif offset in (apic.EOI, apic.ESR) and value:
        raise Fault(GP)
    else:
        apic.write_register(cpu, offset, value)
