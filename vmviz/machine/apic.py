"""The local APIC, and what lies behind physical addresses that are no plain RAM.

Its registers are the 64 slots APIC..APIC+63, by offset / 16 (SDM volume 3, "Advanced Programmable Interrupt
Controller"). Software reaches them through the page at IA32_APIC_BASE or, in x2APIC mode, through MSRs. The timer
counts time-stamp ticks. Interprocessor interrupts are in ipi.py.

Simplified: level-triggered interrupts and EOI broadcasts have no source here; accesses that are not aligned
32-bit ones read the bytes of the register and write nothing. When an interrupt is delivered is decided in
interrupts.py.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from vmviz import events as ev
from vmviz.machine import ipi
from vmviz.machine.memory import PAGE
from vmviz.machine.models import APIC_ENABLED, APIC_X2
from vmviz.machine.registers import (
    APIC,
    APIC_BASE,
    APIC_TIMER_DEADLINE,
    CURRENT_VMCS,
    NEVER,
)
from vmviz.machine.vmx import controls, virtual_apic

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

Put = Callable[[int, int], None]

# Registers by offset.
ID, VERSION, TPR, PPR, EOI, LDR, DFR, SVR = 0x20, 0x30, 0x80, 0xA0, 0xB0, 0xD0, 0xE0, 0xF0
ISR, TMR, IRR, ESR, ICR_LOW, ICR_HIGH = 0x100, 0x180, 0x200, 0x280, 0x300, 0x310
LVT_CMCI, LVT_TIMER, LVT_THERMAL, LVT_PERFORMANCE, LVT_LINT0, LVT_LINT1, LVT_ERROR = 0x2F0, *range(0x320, 0x380, 0x10)
INITIAL_COUNT, CURRENT_COUNT, DIVIDE, SELF_IPI = 0x380, 0x390, 0x3E0, 0x3F0
MASKED, PERIODIC, TSC_DEADLINE = 1 << 16, 1 << 17, 1 << 18
SOFTWARE_ENABLED: Final = 1 << 8
_ERRORS: Final = APIC + 0x29    # errors since the last write to the ESR, in the slot of a register that does not exist
_LVT: Final = frozenset({LVT_CMCI, LVT_TIMER, LVT_THERMAL, LVT_PERFORMANCE, LVT_LINT0, LVT_LINT1, LVT_ERROR})
_READ_ONLY: Final = frozenset({VERSION, PPR, CURRENT_COUNT, *range(ISR, ESR, 0x10)})
_WRITABLE_BITS: Final = {ID: 0xFF00_0000, TPR: 0xFF, LDR: 0xFF00_0000, SVR: 0x11FF, ICR_HIGH: 0xFF00_0000, DIVIDE: 0xB}
_LVT_BITS: Final = {LVT_TIMER: 0x7_00FF, LVT_ERROR: 0x1_00FF, LVT_LINT0: 0x1_A7FF, LVT_LINT1: 0x1_A7FF}
_DIVISORS: Final = (2, 4, 8, 16, 32, 64, 128, 1)
SEND_ILLEGAL_VECTOR, RECEIVE_ILLEGAL_VECTOR = 1 << 5, 1 << 6


# ---- physical addresses that are no plain RAM

def frame(cpu: Processor) -> int:
    """The page frame at which the local APIC answers, or -1 when it is disabled or in x2APIC mode."""
    base = cpu.reg[APIC_BASE]
    return base >> 12 if base & (APIC_ENABLED | APIC_X2) == APIC_ENABLED else -1


def read_special(cpu: Processor, physical: int, length: int, linear: int) -> int:
    """Read where a soft table may not: the APIC-access page of VMX, the local APIC, or nothing (all ones)."""
    if _virtualized(cpu, physical):
        return virtual_apic.access(cpu, linear, physical & 0xFFF, length, 0, None)
    offset = physical & 0xFFF
    if physical >> 12 == frame(cpu):
        value = read_register(cpu, offset & ~0xF) >> 8 * (offset & 3) if offset & 0xF < 4 else 0
        value &= (1 << 8 * length) - 1
        _tell(cpu, physical, length, "read", value, apic=True)
        return value
    page = cpu.memory.page(physical >> 12)
    if page is not None:                                # an APIC that was moved away from, or sits over RAM
        return int.from_bytes(page[offset:offset + length], "little")
    value = (1 << 8 * length) - 1
    _tell(cpu, physical, length, "read", value, apic=False)
    return value


def write_special(cpu: Processor, physical: int, length: int, value: int, linear: int) -> None:
    """Write where a soft table may not; nothing happens where nothing is."""
    if _virtualized(cpu, physical):
        virtual_apic.access(cpu, linear, physical & 0xFFF, length, 1, value)
        return
    is_apic = physical >> 12 == frame(cpu)
    _tell(cpu, physical, length, "write", value, is_apic)
    if is_apic:
        if physical & 0xF == 0 and length >= 4:
            write_register(cpu, physical & 0xFFF, value & 0xFFFF_FFFF)
        return
    assert (physical & 0xFFF) + length <= PAGE
    for n in range(length):
        cpu.write_physical(physical + n, 1, value >> 8 * n & 0xFF)


def _virtualized(cpu: Processor, physical: int) -> bool:
    if not cpu.non_root or not cpu.controls.secondary & controls.VIRTUALIZE_APIC_ACCESSES:
        return False
    return physical >> 12 in controls.special_frames(cpu, cpu.reg[CURRENT_VMCS])


def _tell(cpu: Processor, physical: int, size: int, access: ev.Access, value: int, apic: bool) -> None:
    if cpu.telling:
        cpu.emit(ev.MemoryAccess(physical=physical, size=size, access=access, value=value,
                                 what="apic" if apic else "unmapped"))


# ---- registers

def read_register(cpu: Processor, offset: int) -> int:
    """A register of 32 bits; reserved ones read 0."""
    if offset == PPR:
        return processor_priority(cpu)
    if offset == CURRENT_COUNT:
        deadline = cpu.reg[APIC_TIMER_DEADLINE]
        if deadline == NEVER or cpu.reg[APIC + (LVT_TIMER >> 4)] & TSC_DEADLINE:
            return 0
        return max(0, deadline - cpu.now()) // _divisor(cpu)
    return cpu.reg[APIC + (offset >> 4)] if offset not in (EOI, _ERRORS - APIC << 4) else 0


def write_register(cpu: Processor, offset: int, value: int) -> None:
    """Write a register of 32 bits with what follows from it; read-only ones keep their value."""
    if offset in _READ_ONLY:
        return
    cpu.attention = True
    if offset == EOI:
        end_of_interrupt(cpu)
    elif offset == ESR:                                 # shows what has gone wrong since the last write
        cpu.set(APIC + (ESR >> 4), cpu.reg[_ERRORS])
        cpu.set(_ERRORS, 0)
    elif offset == ICR_LOW:
        ipi.send_from_page(cpu, value)
    elif offset == INITIAL_COUNT:
        cpu.set(APIC + (INITIAL_COUNT >> 4), value)
        if not cpu.reg[APIC + (LVT_TIMER >> 4)] & TSC_DEADLINE:
            cpu.set(APIC_TIMER_DEADLINE, cpu.now() + value * _divisor(cpu) if value else NEVER)
    elif offset in _LVT:
        _write_lvt(cpu, offset, value)
    elif offset == SVR:
        cpu.set(APIC + (SVR >> 4), value & 0x11FF)
        if not value & SOFTWARE_ENABLED:
            for entry in _LVT:
                cpu.set(APIC + (entry >> 4), cpu.reg[APIC + (entry >> 4)] | MASKED)
    elif offset in _WRITABLE_BITS:
        cpu.set(APIC + (offset >> 4), value & _WRITABLE_BITS[offset])
    elif offset == DFR:
        cpu.set(APIC + (DFR >> 4), value | 0x0FFF_FFFF)


def _write_lvt(cpu: Processor, offset: int, value: int) -> None:
    value &= _LVT_BITS.get(offset, 0x1_07FF)
    if not cpu.reg[APIC + (SVR >> 4)] & SOFTWARE_ENABLED:
        value |= MASKED
    old = cpu.reg[APIC + (offset >> 4)]
    cpu.set(APIC + (offset >> 4), value)
    if offset == LVT_TIMER and (old ^ value) & TSC_DEADLINE:
        cpu.set(APIC_TIMER_DEADLINE, NEVER)             # changing to or from TSC-deadline mode disarms the timer


def set_tsc_deadline(cpu: Processor, value: int) -> None:
    """Write IA32_TSC_DEADLINE: arms the timer in TSC-deadline mode, does nothing in the others."""
    if cpu.reg[APIC + (LVT_TIMER >> 4)] & TSC_DEADLINE:
        cpu.set(APIC_TIMER_DEADLINE, value or NEVER)
        cpu.attention = True


def tsc_deadline(cpu: Processor) -> int:
    """Read IA32_TSC_DEADLINE: 0 when the timer is not armed or not in TSC-deadline mode."""
    deadline = cpu.reg[APIC_TIMER_DEADLINE]
    return deadline if cpu.reg[APIC + (LVT_TIMER >> 4)] & TSC_DEADLINE and deadline != NEVER else 0


def _divisor(cpu: Processor) -> int:
    value = cpu.reg[APIC + (DIVIDE >> 4)]
    return _DIVISORS[value >> 1 & 4 | value & 3]


def tick(cpu: Processor) -> None:
    """Let the timer fire if its time has come."""
    deadline = cpu.reg[APIC_TIMER_DEADLINE]
    if deadline == NEVER or cpu.now() < deadline:
        return
    entry = cpu.reg[APIC + (LVT_TIMER >> 4)]
    period = cpu.reg[APIC + (INITIAL_COUNT >> 4)] * _divisor(cpu)
    again = deadline + period * ((cpu.now() - deadline) // period + 1) if entry & PERIODIC and period else NEVER
    cpu.set(APIC_TIMER_DEADLINE, again)
    if not entry & MASKED:
        accept(cpu, entry & 0xFF)


# ---- interrupts coming in and going out

def accept(cpu: Processor, vector: int, put: Put | None = None) -> None:
    """A fixed interrupt arrives: it waits in the IRR until the processor takes it. `put`: how its slots are set when it
    comes from somebody else."""
    if vector < 16:
        error(cpu, RECEIVE_ILLEGAL_VECTOR, put)
    elif software_enabled(cpu):
        _set_bit(cpu, IRR, vector, True, put)
        cpu.attention = True


def software_enabled(cpu: Processor) -> bool:
    """Does it take fixed interrupts (SDM volume 3, "Local APIC State After It Has Been Software Disabled")?"""
    return bool(cpu.reg[APIC + (SVR >> 4)] & SOFTWARE_ENABLED)


def error(cpu: Processor, bit: int, put: Put | None = None) -> None:
    """Something is wrong with an interrupt that was sent or received."""
    (put or cpu.set)(_ERRORS, cpu.reg[_ERRORS] | bit)
    entry = cpu.reg[APIC + (LVT_ERROR >> 4)]
    if not entry & MASKED and entry & 0xFF >= 16:
        accept(cpu, entry & 0xFF, put)


def processor_priority(cpu: Processor) -> int:
    """The PPR: the higher class of the task's priority and the interrupt in service."""
    task, service = cpu.reg[APIC + (TPR >> 4)], _highest(cpu, ISR)
    return task if task >> 4 >= service >> 4 else service & 0xF0


def pending(cpu: Processor) -> int:
    """The vector that the local APIC would deliver now, or -1."""
    vector = _highest(cpu, IRR)
    return vector if vector > 0 and vector >> 4 > processor_priority(cpu) >> 4 else -1


def acknowledge(cpu: Processor) -> int:
    """The processor takes the pending interrupt: from the IRR to the ISR. Gives its vector."""
    vector = pending(cpu)
    _set_bit(cpu, IRR, vector, False)
    _set_bit(cpu, ISR, vector, True)
    return vector


def end_of_interrupt(cpu: Processor) -> None:
    """The interrupt in service with the highest priority is done."""
    vector = _highest(cpu, ISR)
    if vector > 0:
        _set_bit(cpu, ISR, vector, False)
    cpu.attention = True


def _highest(cpu: Processor, register: int) -> int:
    """The highest vector set in ISR or IRR, or 0."""
    first = APIC + (register >> 4)
    for n in range(7, -1, -1):
        word = cpu.reg[first + n]
        if word:
            return 32 * n + word.bit_length() - 1
    return 0


def _set_bit(cpu: Processor, register: int, vector: int, value: bool, put: Put | None = None) -> None:
    slot = APIC + (register >> 4) + (vector >> 5)
    bit = 1 << (vector & 31)
    (put or cpu.set)(slot, cpu.reg[slot] | bit if value else cpu.reg[slot] & ~bit)
