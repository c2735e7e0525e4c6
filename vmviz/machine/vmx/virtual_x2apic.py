"""RDMSR and WRMSR of the x2APIC's MSRs (800h to 8FFh) in a guest with "virtualize x2APIC mode".

The MSR that a register of the local APIC has in x2APIC mode then is a place in the virtual-APIC page: 8 bytes at
the register's offset. Without "APIC-register virtualization" only the task priority (808h) is. Whether the real
local APIC is in x2APIC mode plays no part (SDM volume 3, "Virtualizing MSR-Based APIC Accesses").
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmviz.machine.outcome import GP, Fault, VmExit
from vmviz.machine.vmx import controls as c
from vmviz.machine.vmx import virtual_apic

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

MSRS: Final = range(0x800, 0x900)
TPR, EOI, SELF_IPI = 0x808, 0x80B, 0x83F


def read(cpu: Processor, index: int) -> int | None:
    """What RDMSR gives, or None when the access is not virtualized."""
    words = cpu.controls.secondary
    if index not in MSRS or not words & c.VIRTUALIZE_X2APIC_MODE:
        return None
    if index != TPR and not words & c.APIC_REGISTER_VIRTUALIZATION:
        return None
    return cpu.memory.read(virtual_apic.page(cpu) + ((index & 0xFF) << 4), 8)


def write(cpu: Processor, index: int, value: int) -> bool:
    """Virtualize a WRMSR; False when it is to operate normally. Raises #GP(0) for reserved bits, VmExit at the end."""
    words = cpu.controls.secondary
    if not words & c.VIRTUALIZE_X2APIC_MODE:
        return False
    delivery = bool(words & c.VIRTUAL_INTERRUPT_DELIVERY)
    if index != TPR and (not delivery or index not in (EOI, SELF_IPI)):
        return False
    if value >> 8 or (index == EOI and value):
        raise Fault(GP)
    offset = (index & 0xFF) << 4
    cpu.write_physical(virtual_apic.page(cpu) + offset, 8, value)
    if index == SELF_IPI and value < 16:
        virtual_apic.raise_trap(cpu, VmExit(virtual_apic.APIC_WRITE, offset, trap=True))
    virtual_apic.after_write(cpu, offset)
    return True
