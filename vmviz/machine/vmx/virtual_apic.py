"""The virtual-APIC page and the APIC-access page: what of the local APIC a guest reaches without a VM exit.

With the TPR shadow, CR8 and the task priority live in the virtual-APIC page (VTPR at 80h); with "virtualize APIC
accesses" an access to the APIC-access page becomes one to the virtual-APIC page, or a VM exit 44 (SDM volume 3,
chapter "APIC Virtualization and Virtual Interrupts"). A write is emulated after it has happened: then come the
exits 43 (TPR below threshold), 45 (virtualized EOI) and 56 (APIC write), which are trap-like: they wait for the end of
the instruction, of a repeated one for that of the iteration (completion.one_iteration).

Left out: posted interrupts, and evaluating virtual interrupts for anything but the RVI and SVI of the VMCS.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmviz.machine.outcome import VmExit
from vmviz.machine.vmx import controls as c

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

ID, VERSION, TPR, EOI, LDR, DFR, SVR = 0x20, 0x30, 0x80, 0xB0, 0xD0, 0xE0, 0xF0
ISR, TMR, IRR, ESR, ICR_LOW, ICR_HIGH = 0x100, 0x180, 0x200, 0x280, 0x300, 0x310
INITIAL_COUNT, DIVIDE, SELF_IPI = 0x380, 0x3E0, 0x3F0
TPR_BELOW_THRESHOLD, APIC_ACCESS, VIRTUALIZED_EOI, APIC_WRITE = 43, 44, 45, 56
READ, WRITE, FETCH = 0, 1, 2
_LVT: Final = frozenset(range(0x320, 0x380, 0x10))
_READABLE: Final = frozenset({ID, VERSION, TPR, EOI, LDR, DFR, SVR, *range(ISR, ESR + 0x10, 0x10), ICR_LOW,
                              ICR_HIGH, *_LVT,
                              INITIAL_COUNT, DIVIDE})
_WRITABLE: Final = frozenset({ID, TPR, EOI, LDR, DFR, SVR, ESR, ICR_LOW, ICR_HIGH, *_LVT, INITIAL_COUNT, DIVIDE})


def page(cpu: Processor) -> int:
    """The physical address of the virtual-APIC page."""
    return cpu.guest_fields().read("virtual_apic_address")


def read_register(cpu: Processor, offset: int) -> int:
    """32 bits of the virtual-APIC page."""
    return cpu.memory.read(page(cpu) + offset, 4)


def write_register(cpu: Processor, offset: int, value: int) -> None:
    """Set 32 bits of the virtual-APIC page."""
    cpu.write_physical(page(cpu) + offset, 4, value)


def access(cpu: Processor, linear: int, offset: int, size: int, kind: int, value: int | None) -> int:
    """An access of 1..8 bytes to the APIC-access page: virtualized, giving what was read, or a VM exit."""
    qualification = offset | (3 if cpu.vectoring else kind) << 12
    if not _virtualized(cpu, offset, size, kind):
        raise VmExit(APIC_ACCESS, qualification)
    base = page(cpu)
    if kind == READ:
        return cpu.memory.read(base + offset, size)
    assert value is not None
    if size == 8:
        cpu.write_physical(base + offset, 4, value & 0xFFFF_FFFF)
        cpu.write_physical(base + offset + 4, 4, value >> 32)
    else:
        cpu.write_physical(base + offset, size, value)
    after_write(cpu, offset)
    return 0


def _virtualized(cpu: Processor, offset: int, size: int, kind: int) -> bool:
    """Is the access one that needs no exit (SDM, "Virtualizing Reads/Writes from/to the APIC-Access Page")?

    Without register virtualization the page offset must be the register's own, not one within it.
    """
    words, aligned = cpu.controls, offset & ~0xF
    if not words.primary & c.USE_TPR_SHADOW or kind == FETCH or cpu.vectoring:
        return False
    if size > 4 or (offset & 3) + size > 4 or offset & 0xC:
        return False
    registers = bool(words.secondary & c.APIC_REGISTER_VIRTUALIZATION)
    delivery = bool(words.secondary & c.VIRTUAL_INTERRUPT_DELIVERY)
    if kind == READ:
        return aligned in _READABLE if registers else offset == TPR
    if registers:
        return aligned in _WRITABLE
    return offset == TPR or (delivery and offset in (EOI, ICR_LOW))


def after_write(cpu: Processor, offset: int) -> None:
    """APIC-write emulation (SDM, "APIC-Write Emulation"), once the write has happened.

    `offset` is the access's own in the page: a write within a register but not to its first byte is an APIC-write VM
    exit, the upper half of the interrupt command aside.
    """
    words = cpu.controls
    delivery = bool(words.secondary & c.VIRTUAL_INTERRUPT_DELIVERY)
    if offset == TPR:
        write_register(cpu, TPR, read_register(cpu, TPR) & 0xFF)
        tpr_changed(cpu)
    elif offset == EOI and delivery:
        write_register(cpu, EOI, 0)
        end_of_interrupt(cpu)
    elif offset == SELF_IPI and delivery:
        self_ipi(cpu, read_register(cpu, SELF_IPI) & 0xFF)
    elif offset == ICR_LOW and delivery and _is_self_ipi(read_register(cpu, ICR_LOW)):
        self_ipi(cpu, read_register(cpu, ICR_LOW) & 0xFF)
    elif ICR_HIGH <= offset < ICR_HIGH + 4:
        write_register(cpu, ICR_HIGH, read_register(cpu, ICR_HIGH) & 0xFF00_0000)
    else:
        raise_trap(cpu, VmExit(APIC_WRITE, offset, trap=True))


def _is_self_ipi(command: int) -> bool:
    """Fixed delivery, edge, to self, nothing reserved, vector of at least 16: virtualized without an exit.

    The level and the destination mode (bits 14 and 11) play no part (SDM, "APIC-Write Emulation").
    """
    return not command & 0xFFF3_3700 and command >> 18 & 3 == 1 and not command & 0x8000 and command & 0xF0 > 0


def tpr_shadow(cpu: Processor) -> int:
    """What MOV from CR8 reads: bits 7:4 of VTPR."""
    return read_register(cpu, TPR) >> 4 & 0xF


def set_tpr_shadow(cpu: Processor, value: int) -> None:
    """MOV to CR8 under the TPR shadow."""
    write_register(cpu, TPR, (value & 0xF) << 4)
    tpr_changed(cpu)


def tpr_changed(cpu: Processor) -> None:
    """TPR virtualization: PPR and pending interrupts with interrupt delivery, else the TPR threshold."""
    if cpu.controls.secondary & c.VIRTUAL_INTERRUPT_DELIVERY:
        update_priority(cpu)
    elif read_register(cpu, TPR) >> 4 & 0xF < cpu.guest_fields().read("tpr_threshold") & 0xF:
        raise_trap(cpu, VmExit(TPR_BELOW_THRESHOLD, trap=True))


def raise_trap(cpu: Processor, cause: VmExit) -> None:
    """A trap-like exit: it comes at the end of the instruction under way."""
    if cpu.trap is None:
        cpu.trap = cause
    cpu.attention = True


# ---- virtual-interrupt delivery

def update_priority(cpu: Processor) -> None:
    """PPR virtualization (SDM, "Evaluation of Pending Virtual Interrupts")."""
    serving = cpu.guest_fields().read("guest_interrupt_status") >> 8
    task = read_register(cpu, TPR)
    write_register(cpu, 0xA0, task & 0xFF if task >> 4 >= serving >> 4 else serving & 0xF0)
    cpu.attention = True


def pending(cpu: Processor) -> int:
    """The virtual interrupt that is recognized now, or 0; 0 without virtual-interrupt delivery."""
    if not cpu.controls.secondary & c.VIRTUAL_INTERRUPT_DELIVERY:
        return 0
    requesting = cpu.guest_fields().read("guest_interrupt_status") & 0xFF
    return requesting if requesting >> 4 > read_register(cpu, 0xA0) >> 4 & 0xF else 0


def deliver(cpu: Processor) -> int:
    """Take the pending virtual interrupt into service; gives its vector, to be delivered through the guest's IDT."""
    region = cpu.guest_fields()
    vector = region.read("guest_interrupt_status") & 0xFF
    _set_bit(cpu, ISR, vector, True)
    _set_bit(cpu, IRR, vector, False)
    write_register(cpu, 0xA0, vector & 0xF0)
    region.write("guest_interrupt_status", vector << 8 | _highest(cpu, IRR))
    return vector


def end_of_interrupt(cpu: Processor) -> None:
    """EOI virtualization: the interrupt in service ends; its bit in the EOI-exit bitmap asks for an exit."""
    region = cpu.guest_fields()
    status = region.read("guest_interrupt_status")
    vector = status >> 8
    _set_bit(cpu, ISR, vector, False)
    region.write("guest_interrupt_status", status & 0xFF | _highest(cpu, ISR) << 8)
    update_priority(cpu)
    if region.read(f"eoi_exit_bitmap_{vector >> 6}") >> (vector & 63) & 1:
        raise_trap(cpu, VmExit(VIRTUALIZED_EOI, vector, trap=True))


def self_ipi(cpu: Processor, vector: int) -> None:
    """Self-IPI virtualization: the vector is requested."""
    region = cpu.guest_fields()
    status = region.read("guest_interrupt_status")
    _set_bit(cpu, IRR, vector, True)
    region.write("guest_interrupt_status", status & 0xFF00 | max(status & 0xFF, vector))
    cpu.attention = True


def _highest(cpu: Processor, register: int) -> int:
    for n in range(7, -1, -1):
        word = read_register(cpu, register + 0x10 * n)
        if word:
            return 32 * n + word.bit_length() - 1
    return 0


def _set_bit(cpu: Processor, register: int, vector: int, value: bool) -> None:
    at = register + (vector >> 5 << 4)
    word = read_register(cpu, at)
    write_register(cpu, at, word | 1 << (vector & 31) if value else word & ~(1 << (vector & 31)))
