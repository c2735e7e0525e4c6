"""The VMX instructions about translation: INVEPT, INVVPID and VMFUNC.

The flush instructions take a type in a register and a descriptor of 16 bytes in memory; what they need not
invalidate they leave (SDM volume 3, "Operations that Invalidate Cached Mappings"). VMFUNC is the one VMX
instruction that a guest completes by itself, at any privilege level: function 0 switches the EPT pointer ("EPTP
Switching").
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iced_x86 import Mnemonic as M

from vmviz.machine import tlb
from vmviz.machine.isa.registry import instruction
from vmviz.machine.isa.vmx import vm_fail, vm_succeed
from vmviz.machine.isa.vmx_guards import exit_from_guest, in_operation, operand_fault, privileged, refused
from vmviz.machine.outcome import UD, Fault, VmExit
from vmviz.machine.paging import READ
from vmviz.machine.registers import MASK32, MASK64, RAX, RCX
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx import controls as c
from vmviz.machine.vmx import ept, information
from vmviz.machine.vmx.checks import is_canonical

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

EXIT_INVEPT, EXIT_INVVPID, EXIT_VMFUNC = 50, 53, 59
SINGLE_CONTEXT, ALL_CONTEXTS = 1, 2
ADDRESS, VPID, ALL_VPIDS, KEEP_GLOBAL = range(4)
BAD_OPERAND: Final = 28


def _descriptor(cpu: Processor, ins: Instruction) -> tuple[int, int]:
    """Its two halves; not read before the type is known to be supported."""
    try:
        descriptor = cpu.read_slow(ins.address(cpu, READ), 16)
    except Fault as fault:
        operand_fault(cpu, ins, fault)
        raise
    return descriptor & MASK64, descriptor >> 64


@instruction(M.INVEPT, summary="Invalidate translations derived from EPT.",
             source="INVEPT—Invalidate Translations Derived from EPT")
def invept(cpu: Processor, ins: Instruction) -> None:
    supported = cap.msr(cpu.model, cap.EPT_VPID)
    if not supported & cap.INVEPT:
        raise refused(cpu, ins, "unsupported", Fault(UD))
    in_operation(cpu, ins)
    if cpu.non_root:
        exit_from_guest(cpu, ins, EXIT_INVEPT, information.with_register(ins))
    privileged(cpu, ins)
    kind = ins.dst(cpu)
    known = {SINGLE_CONTEXT: cap.INVEPT_SINGLE, ALL_CONTEXTS: cap.INVEPT_ALL}.get(kind, 0)
    if not supported & known:
        vm_fail(cpu, ins, BAD_OPERAND, "type")
        return
    eptp, _ = _descriptor(cpu, ins)
    if kind == SINGLE_CONTEXT and not ept.eptp_is_good(cpu, eptp):
        vm_fail(cpu, ins, BAD_OPERAND, "eptp")
        return
    tlb.flush(cpu, ept=eptp if kind == SINGLE_CONTEXT else None, action="flush_ept")
    vm_succeed(cpu, ins)


@instruction(M.INVVPID, summary="Invalidate translations tagged with a VPID.",
             source="INVVPID—Invalidate Translations Based on VPID")
def invvpid(cpu: Processor, ins: Instruction) -> None:
    supported = cap.msr(cpu.model, cap.EPT_VPID)
    if not supported & cap.INVVPID:
        raise refused(cpu, ins, "unsupported", Fault(UD))
    in_operation(cpu, ins)
    if cpu.non_root:
        exit_from_guest(cpu, ins, EXIT_INVVPID, information.with_register(ins))
    privileged(cpu, ins)
    kind = ins.dst(cpu)
    if kind > KEEP_GLOBAL or not supported & cap.INVVPID_TYPE_0 << kind:
        vm_fail(cpu, ins, BAD_OPERAND, "type")
        return
    word, linear = _descriptor(cpu, ins)
    vpid = word & 0xFFFF
    if word >> 16:
        vm_fail(cpu, ins, BAD_OPERAND, "reserved_bits")
        return
    if kind != ALL_VPIDS and not vpid:
        vm_fail(cpu, ins, BAD_OPERAND, "vpid")
        return
    if kind == ADDRESS and not is_canonical(linear):
        vm_fail(cpu, ins, BAD_OPERAND, "canonical")
        return
    if kind == ADDRESS:
        tlb.flush(cpu, vpid=vpid, linear=linear, action="flush_page")
    elif kind == ALL_VPIDS:
        _flush_all_vpids(cpu)
    else:
        tlb.flush(cpu, vpid=vpid, keep_global=kind == KEEP_GLOBAL, action="flush_vpid")
    vm_succeed(cpu, ins)


def _flush_all_vpids(cpu: Processor) -> None:
    """Every VPID but 0000h; with few of them in the TLB, that of VPID 0 may go too (the manual allows more)."""
    tlb.flush(cpu, action="flush_vpid")


@instruction(M.VMFUNC, summary="Invoke a VM function; function 0 switches the EPT pointer.",
             source="VMFUNC—Invoke VM Function")
def vmfunc(cpu: Processor, ins: Instruction) -> None:
    function = cpu.reg[RAX] & MASK32
    if not cpu.non_root:
        raise refused(cpu, ins, "non_root", Fault(UD))
    if not cpu.controls.secondary & c.ENABLE_VM_FUNCTIONS:
        raise refused(cpu, ins, "control", Fault(UD))
    if function > 63:
        raise refused(cpu, ins, "number", Fault(UD))
    region = cpu.guest_fields()
    if not region.read("vm_function_controls") >> function & 1:
        raise refused(cpu, ins, "function", VmExit(EXIT_VMFUNC, length=ins.length))
    index = cpu.reg[RCX] & MASK32
    if index > 511:
        raise refused(cpu, ins, "index", VmExit(EXIT_VMFUNC, length=ins.length))
    eptp = cpu.memory.read(region.read("eptp_list_address") + 8 * index, 8)
    if not ept.eptp_is_good(cpu, eptp):
        raise refused(cpu, ins, "eptp", VmExit(EXIT_VMFUNC, length=ins.length))
    region.write("ept_pointer", eptp)
    if cpu.controls.secondary & c.EPT_VIOLATION_VE:
        region.write("eptp_index", index)
    cpu.refresh()
