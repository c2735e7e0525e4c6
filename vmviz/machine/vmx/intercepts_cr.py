"""Control and debug registers of a guest: VM exits 28 and 29, masks, shadows and bits that VMX holds fixed.

A bit of CR0 or CR4 that the guest/host mask gives to the host reads from the shadow, keeps its value, and exits when
the guest tries to make it differ from the shadow. Qualification: 3:0 register, 5:4 access (0 to, 1 from, 2 CLTS, 3
LMSW), 6 LMSW from memory, 11:8 general register, 31:16 LMSW's data (SDM volume 3, "Exit Qualification for
Control-Register Accesses"; "Changes to Instruction Behavior in VMX Non-Root Operation").
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmviz.machine.outcome import GP, Fault, VmExit
from vmviz.machine.registers import CR0, CR0_PE, CR0_PG, CR0_TS, CR4, OFF, OPERATION
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx import controls as c
from vmviz.machine.vmx import virtual_apic

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

CR_ACCESS, DR_ACCESS = 28, 29
TO, FROM, BY_CLTS, BY_LMSW = range(4)
_LMSW_BITS: Final = 0xF


def _cr_exit(ins: Instruction, cr: int, kind: int, gpr: int = 0, extra: int = 0, linear: int | None = None) -> VmExit:
    return VmExit(CR_ACCESS, cr | kind << 4 | gpr << 8 | extra, length=ins.length, linear=linear)


def mov_to_cr(cpu: Processor, ins: Instruction, cr: int, gpr: int, value: int) -> int:
    """MOV to a control register: an exit, or the value that the register really takes."""
    words = cpu.controls
    if cr == 0 and cpu.non_root:
        if (value ^ words.cr0_shadow) & words.cr0_mask:
            raise _cr_exit(ins, 0, TO, gpr)
        value = value & ~words.cr0_mask | cpu.reg[CR0] & words.cr0_mask
    elif cr == 3 and words.primary & c.CR3_LOAD_EXITING and not _is_target(cpu, value):
        raise _cr_exit(ins, 3, TO, gpr)
    elif cr == 4 and cpu.non_root:
        if (value ^ words.cr4_shadow) & words.cr4_mask:
            raise _cr_exit(ins, 4, TO, gpr)
        value = value & ~words.cr4_mask | cpu.reg[CR4] & words.cr4_mask
    elif cr == 8 and words.primary & c.CR8_LOAD_EXITING:
        raise _cr_exit(ins, 8, TO, gpr)
    return value


def mov_from_cr(cpu: Processor, ins: Instruction, cr: int, gpr: int, value: int) -> int:
    """MOV from a control register: an exit, or the value that the guest sees. SMSW asks for CR0 the same way."""
    words = cpu.controls
    if cr == 0:
        return value & ~words.cr0_mask | words.cr0_shadow & words.cr0_mask
    if cr == 4:
        return value & ~words.cr4_mask | words.cr4_shadow & words.cr4_mask
    if cr == 3 and words.primary & c.CR3_STORE_EXITING:
        raise _cr_exit(ins, 3, FROM, gpr)
    if cr == 8:
        if words.primary & c.CR8_STORE_EXITING:
            raise _cr_exit(ins, 8, FROM, gpr)
        if words.primary & c.USE_TPR_SHADOW:
            return virtual_apic.tpr_shadow(cpu)
    return value


def _is_target(cpu: Processor, value: int) -> bool:
    """Is a value for CR3 one of the CR3 targets, which may be loaded without an exit?"""
    region = cpu.guest_fields()
    count = region.read("cr3_target_count")
    return any(value == region.read(f"cr3_target_value_{n}") for n in range(min(count, 4)))


def clts(cpu: Processor, ins: Instruction) -> bool:
    """CLTS: exits when the host owns TS and shows it as 1; True when TS is to be cleared, False when it stays."""
    words = cpu.controls
    if words.cr0_mask & CR0_TS:
        if words.cr0_shadow & CR0_TS:
            raise _cr_exit(ins, 0, BY_CLTS)
        return False
    return True


def lmsw(cpu: Processor, ins: Instruction, value: int, memory_linear: int | None = None) -> int:
    """LMSW: an exit, or the low word that CR0 really takes. `memory_linear`: where the operand came from, if memory."""
    words = cpu.controls
    mask = words.cr0_mask & _LMSW_BITS
    differs = (value ^ words.cr0_shadow) & mask & ~CR0_PE
    sets_pe = mask & CR0_PE and value & CR0_PE and not words.cr0_shadow & CR0_PE    # LMSW cannot clear PE
    if differs or sets_pe:
        extra = (value & 0xFFFF) << 16 | (1 << 6 if memory_linear is not None else 0)
        raise _cr_exit(ins, 0, BY_LMSW, 0, extra, memory_linear)
    return value & ~mask | cpu.reg[CR0] & mask


def mov_dr(cpu: Processor, ins: Instruction, dr: int, gpr: int, to_gpr: bool) -> None:
    """MOV to or from a debug register with "MOV-DR exiting"; comes before the faults of the debug registers."""
    if cpu.controls.primary & c.MOV_DR_EXITING:
        raise VmExit(DR_ACCESS, dr | (1 << 4 if to_gpr else 0) | gpr << 8, length=ins.length)


def check_fixed_cr0(cpu: Processor, value: int) -> None:
    """In VMX operation CR0 keeps its fixed bits: #GP otherwise. An unrestricted guest is free in PE and PG."""
    if cpu.reg[OPERATION] == OFF:
        return
    must, may = cap.fixed_cr0(cpu.model)
    if cpu.controls.secondary & c.UNRESTRICTED_GUEST:
        must &= ~(CR0_PE | CR0_PG)
    if must & ~value or value & ~may:
        raise Fault(GP)


def check_fixed_cr4(cpu: Processor, value: int) -> None:
    """In VMX operation CR4 keeps its fixed bits: #GP otherwise."""
    if cpu.reg[OPERATION] == OFF:
        return
    must, may = cap.fixed_cr4(cpu.model)
    if must & ~value or value & ~may:
        raise Fault(GP)

