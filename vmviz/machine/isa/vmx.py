"""The instructions of VMX that manage: VMXON, VMXOFF, VMCLEAR, VMPTRLD, VMPTRST, VMREAD, VMWRITE, VMLAUNCH,
VMRESUME, VMCALL.

Each is a ladder of guards in the manual's order: #UD outside VMX operation or in a mode without VMX instructions, a
VM exit in non-root operation (before the privilege check), #GP(0) above CPL 0, faults of the memory operand, then
VMfail. The guard that decides is told by name (vmx_guards.py has those that many share). Only the verbs vm_succeed,
vm_fail_invalid, vm_fail_valid and vm_fail touch the flags and the error field (SDM volume 3, chapter "VMX Instruction
Reference", section "Conventions"). The flush instructions and VMFUNC are in vmx_memory.py. The ten stay in one file, so
that their ladders can be read side by side.

Simplified: error 6 (VMRESUME after VMXOFF) never comes; a launched VMCS can be resumed after a new VMXON.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iced_x86 import Mnemonic as M

from vmviz import events as ev
from vmviz.machine.isa.registry import instruction
from vmviz.machine.isa.vmx_guards import (
    NAMES,
    exit_from_guest,
    in_mode,
    in_operation,
    operand_fault,
    privileged,
    refused,
    tell_guard,
)
from vmviz.machine.outcome import GP, UD, Fault
from vmviz.machine.registers import (
    BY_MOV_SS,
    CF,
    CR0,
    CR4,
    CR4_VMXE,
    CURRENT_VMCS,
    FEATURE_CONTROL,
    INTERRUPTIBILITY,
    NO_VMCS,
    OFF,
    OPERATION,
    OPERATION_NAMES,
    OUTCOME,
    ROOT,
    VMXON_POINTER,
    ZF,
)
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx import controls as c
from vmviz.machine.vmx import entry, information, vmcs

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

SUCCEED, FAIL_INVALID, FAIL_VALID = "succeed", "fail_invalid", "fail_valid"
RESULTS: Final = (SUCCEED, FAIL_INVALID, FAIL_VALID)
INSTRUCTIONS: Final = tuple(NAMES.values())
LOCKED, ALLOWED_OUTSIDE_SMX = 1, 4                  # bits of IA32_FEATURE_CONTROL
# Exit reasons of the instructions in non-root operation.
EXIT_VMCALL, EXIT_VMCLEAR, EXIT_VMLAUNCH, EXIT_VMPTRLD, EXIT_VMPTRST = range(18, 23)
EXIT_VMREAD, EXIT_VMRESUME, EXIT_VMWRITE, EXIT_VMXOFF, EXIT_VMXON = range(23, 28)
NO_FIELD, READ_ONLY_FIELD = 12, 13


# ---- outcomes

def outcome_of(value: int) -> tuple[str, str, int] | None:
    """The slot OUTCOME in words: instruction, result, error number; None before the first VMX instruction."""
    if not value:
        return None
    return INSTRUCTIONS[(value >> 16) - 1], RESULTS[value >> 8 & 0xFF], value & 0xFF


def _conclude(cpu: Processor, ins: Instruction, result: int, flags: int, error: int = 0) -> None:
    name = NAMES[ins.iced.mnemonic]
    cpu.set_flags(flags)
    cpu.set(OUTCOME, INSTRUCTIONS.index(name) + 1 << 16 | result << 8 | error)
    if result:
        cpu.mark(ev.VmxOutcome(instruction=name, result=RESULTS[result], error=error or None))  # type: ignore[arg-type]
    elif cpu.telling:
        cpu.emit(ev.VmxOutcome(instruction=name, result="succeed"))


def vm_succeed(cpu: Processor, ins: Instruction) -> None:
    """All six status flags 0."""
    _conclude(cpu, ins, 0, 0)


def vm_fail_invalid(cpu: Processor, ins: Instruction, guard: str) -> None:
    """CF = 1: there is no VMCS for an error number. `guard`: which one decided."""
    tell_guard(cpu, ins, guard)
    _conclude(cpu, ins, 1, CF)


def vm_fail_valid(cpu: Processor, ins: Instruction, error: int, guard: str | None) -> None:
    """ZF = 1, and the error number in the VMCS. `guard`: which one decided, None when it was a check of VM entry."""
    if guard is not None:
        tell_guard(cpu, ins, guard)
    _conclude(cpu, ins, 2, ZF, error)
    cpu.guest_fields().write("vm_instruction_error", error)


def vm_fail(cpu: Processor, ins: Instruction, error: int, guard: str) -> None:
    """VMfailValid with a current VMCS, else VMfailInvalid."""
    if cpu.reg[CURRENT_VMCS] == NO_VMCS:
        vm_fail_invalid(cpu, ins, guard)
    else:
        vm_fail_valid(cpu, ins, error, guard)


# ---- guards

def _manages(cpu: Processor, ins: Instruction, reason: int) -> None:
    """The guards of an instruction that a guest never completes, down to the privilege check."""
    in_operation(cpu, ins)
    if cpu.non_root:
        exit_from_guest(cpu, ins, reason, information.memory_only(ins) if information.has_memory(ins) else None)
    privileged(cpu, ins)


def _pointer(cpu: Processor, ins: Instruction) -> int:
    """The physical address in the memory operand."""
    try:
        return ins.dst(cpu)
    except Fault as fault:
        operand_fault(cpu, ins, fault)
        raise


def good_address(cpu: Processor, address: int) -> bool:
    """May a VMX region lie here: aligned to 4 KiB, within the physical-address width?"""
    return not address & 0xFFF and not address >> cpu.model.physical_address_bits


def belongs_here(cpu: Processor, ins: Instruction, region: vmcs.Region) -> None:
    """What another processor uses must be left alone until that one has let go of it: what happens else is undefined
    (SDM volume 3, "Software Use of the VMCS and Related Structures"; "The VMXON Region"), and outside the model."""
    if not cpu.board.several:
        return
    name = NAMES[ins.iced.mnemonic].upper()
    if region.active_on not in (None, cpu.number):
        raise cpu.outside(f"{name} on processor {cpu.number} of the VMCS at {region.address:x}h, active on processor "
                          f"{region.active_on},")
    for other in cpu.board.processors:
        if other is not cpu and other.reg[VMXON_POINTER] == region.address:
            raise cpu.outside(f"{name} on processor {cpu.number} of the VMXON region of processor {other.number} at "
                              f"{region.address:x}h")


# ---- entering and leaving VMX operation

@instruction(M.VMXON, summary="Enter VMX operation.", source="VMXON—Enter VMX Operation")
def vmxon(cpu: Processor, ins: Instruction) -> None:
    reg = cpu.reg
    if not reg[CR4] & CR4_VMXE:
        raise refused(cpu, ins, "vmxe", Fault(UD))
    in_mode(cpu, ins)
    if cpu.non_root:
        exit_from_guest(cpu, ins, EXIT_VMXON, information.memory_only(ins))
    privileged(cpu, ins)
    if reg[OPERATION] == ROOT:
        vm_fail(cpu, ins, 15, "root")
        return
    must, may = cap.fixed_cr0(cpu.model)
    must4, may4 = cap.fixed_cr4(cpu.model)
    if must & ~reg[CR0] or reg[CR0] & ~may or must4 & ~reg[CR4] or reg[CR4] & ~may4:
        raise refused(cpu, ins, "fixed_bits", Fault(GP))
    if not reg[FEATURE_CONTROL] & LOCKED:
        raise refused(cpu, ins, "lock", Fault(GP))
    if not reg[FEATURE_CONTROL] & ALLOWED_OUTSIDE_SMX:
        raise refused(cpu, ins, "allowed", Fault(GP))
    address = _pointer(cpu, ins)
    if not good_address(cpu, address):
        vm_fail_invalid(cpu, ins, "address")
        return
    if vmcs.Region(cpu, address).revision != cap.revision(cpu.model):
        vm_fail_invalid(cpu, ins, "revision")
        return
    belongs_here(cpu, ins, vmcs.Region(cpu, address))
    cpu.set(VMXON_POINTER, address)
    cpu.set(CURRENT_VMCS, NO_VMCS)
    _operate(cpu, ROOT)
    vm_succeed(cpu, ins)


@instruction(M.VMXOFF, summary="Leave VMX operation.", source="VMXOFF—Leave VMX Operation")
def vmxoff(cpu: Processor, ins: Instruction) -> None:
    _manages(cpu, ins, EXIT_VMXOFF)
    cpu.set(VMXON_POINTER, NO_VMCS)
    cpu.set(CURRENT_VMCS, NO_VMCS)
    _operate(cpu, OFF)
    vm_succeed(cpu, ins)


def _operate(cpu: Processor, operation: int) -> None:
    old = cpu.reg[OPERATION]
    cpu.set(OPERATION, operation)
    cpu.mark(ev.ModeChange(processor=cpu.number, from_=OPERATION_NAMES[old], to=OPERATION_NAMES[operation]))
    cpu.refresh()


# ---- the VMCS pointer

@instruction(M.VMCLEAR, summary="Put a VMCS into its initial state: clear and inactive.",
             source="VMCLEAR—Clear Virtual-Machine Control Structure")
def vmclear(cpu: Processor, ins: Instruction) -> None:
    _manages(cpu, ins, EXIT_VMCLEAR)
    address = _pointer(cpu, ins)
    if not good_address(cpu, address):
        vm_fail(cpu, ins, 2, "address")
        return
    if address == cpu.reg[VMXON_POINTER]:
        vm_fail(cpu, ins, 3, "vmxon_pointer")
        return
    region = vmcs.Region(cpu, address)
    belongs_here(cpu, ins, region)
    vmcs.know(cpu, address)
    has_run = region.launch == vmcs.LAUNCHED
    region.set_launch(vmcs.CLEAR)
    region.set_active(False)
    if cpu.reg[CURRENT_VMCS] == address:
        cpu.set(CURRENT_VMCS, NO_VMCS)
    vm_succeed(cpu, ins)
    region.tell_state()
    if not has_run:
        cpu.mark(ev.Vm(vm=cpu.vm_name(address), state="created"))


@instruction(M.VMPTRLD, summary="Make a VMCS current and active.",
             source="VMPTRLD—Load Pointer to Virtual-Machine Control Structure")
def vmptrld(cpu: Processor, ins: Instruction) -> None:
    _manages(cpu, ins, EXIT_VMPTRLD)
    address = _pointer(cpu, ins)
    if not good_address(cpu, address):
        vm_fail(cpu, ins, 9, "address")
        return
    if address == cpu.reg[VMXON_POINTER]:
        vm_fail(cpu, ins, 10, "vmxon_pointer")
        return
    region = vmcs.Region(cpu, address)
    revision = region.revision
    unwanted_shadow = revision & vmcs.SHADOW and not cap.shadow_vmcs(cpu.model)
    if revision & ~vmcs.SHADOW != cap.revision(cpu.model) or unwanted_shadow:
        vm_fail(cpu, ins, 11, "revision")
        return
    belongs_here(cpu, ins, region)
    previous = cpu.reg[CURRENT_VMCS]
    cpu.set(CURRENT_VMCS, address)
    vmcs.know(cpu, address)
    region.set_active(True)
    vm_succeed(cpu, ins)
    if previous not in (NO_VMCS, address):
        vmcs.Region(cpu, previous).tell_state()
    region.tell_state()
    if region.launch == vmcs.CLEAR:
        cpu.mark(ev.Vm(vm=cpu.vm_name(address), state="ready"))


@instruction(M.VMPTRST, summary="Store the current-VMCS pointer.",
             source="VMPTRST—Store Pointer to Virtual-Machine Control Structure")
def vmptrst(cpu: Processor, ins: Instruction) -> None:
    _manages(cpu, ins, EXIT_VMPTRST)
    try:
        ins.set_dst(cpu, cpu.reg[CURRENT_VMCS])
    except Fault as fault:
        operand_fault(cpu, ins, fault)
        raise
    vm_succeed(cpu, ins)


# ---- fields

def _shadowed(cpu: Processor, encoding: int, bitmap: str) -> bool:
    """In non-root operation: does the shadow VMCS serve the access (SDM, "VMCS Shadowing Bitmap Addresses")?"""
    if not cpu.controls.secondary & c.VMCS_SHADOWING or encoding >> 15:
        return False
    return not cpu.memory.read(cpu.guest_fields().read(bitmap) + (encoding >> 3), 1) >> (encoding & 7) & 1


def _region(cpu: Processor) -> vmcs.Region | None:
    """The VMCS that VMREAD and VMWRITE work on: the current one, in non-root operation that of the link pointer."""
    address = cpu.guest_fields().read("vmcs_link_pointer") if cpu.non_root else cpu.reg[CURRENT_VMCS]
    return None if address == NO_VMCS else vmcs.Region(cpu, address)


@instruction(M.VMREAD, summary="Read a field of the VMCS.",
             source="VMREAD—Read Field from Virtual-Machine Control Structure")
def vmread(cpu: Processor, ins: Instruction) -> None:
    in_operation(cpu, ins)
    encoding = ins.src(cpu)
    if cpu.non_root and not _shadowed(cpu, encoding, "vmread_bitmap_address"):
        exit_from_guest(cpu, ins, EXIT_VMREAD, information.vmread_vmwrite(ins, write=False))
    privileged(cpu, ins)
    region = _region(cpu)
    if region is None:
        vm_fail_invalid(cpu, ins, "no_vmcs")
        return
    if not vmcs.supported(cpu, encoding):
        vm_fail_valid(cpu, ins, NO_FIELD, "field")
        return
    value = region.read_encoding(encoding)
    try:
        ins.set_dst(cpu, value & ins.mask)
    except Fault as fault:
        operand_fault(cpu, ins, fault)
        raise
    if cpu.telling:
        name = vmcs.FIELD_BY_ENCODING[encoding & ~1].name
        cpu.emit(ev.VmcsRead(vmcs=region.address, field=name, value=value))
    vm_succeed(cpu, ins)


@instruction(M.VMWRITE, summary="Write a field of the VMCS.",
             source="VMWRITE—Write Field to Virtual-Machine Control Structure")
def vmwrite(cpu: Processor, ins: Instruction) -> None:
    in_operation(cpu, ins)
    encoding = ins.dst(cpu)
    if cpu.non_root and not _shadowed(cpu, encoding, "vmwrite_bitmap_address"):
        exit_from_guest(cpu, ins, EXIT_VMWRITE, information.vmread_vmwrite(ins, write=True))
    privileged(cpu, ins)
    region = _region(cpu)
    if region is None:
        vm_fail_invalid(cpu, ins, "no_vmcs")
        return
    try:
        value = ins.src(cpu)
    except Fault as fault:
        operand_fault(cpu, ins, fault)
        raise
    if not vmcs.supported(cpu, encoding):
        vm_fail_valid(cpu, ins, NO_FIELD, "field")
        return
    if vmcs.FIELD_BY_ENCODING[encoding & ~1].type == "read_only" and not cap.msr(cpu.model, cap.MISC) >> 29 & 1:
        vm_fail_valid(cpu, ins, READ_ONLY_FIELD, "read_only")
        return
    region.write_encoding(encoding, value)
    vm_succeed(cpu, ins)


# ---- into the guest, and out of it on purpose

@instruction(M.VMLAUNCH, summary="Enter the guest of a VMCS whose launch state is clear.",
             source="VMLAUNCH/VMRESUME—Launch/Resume Virtual Machine")
def vmlaunch(cpu: Processor, ins: Instruction) -> None:
    _enter(cpu, ins, EXIT_VMLAUNCH, vmcs.CLEAR, 4)


@instruction(M.VMRESUME, summary="Enter the guest of a VMCS whose launch state is launched.",
             source="VMLAUNCH/VMRESUME—Launch/Resume Virtual Machine")
def vmresume(cpu: Processor, ins: Instruction) -> None:
    _enter(cpu, ins, EXIT_VMRESUME, vmcs.LAUNCHED, 5)


def _enter(cpu: Processor, ins: Instruction, reason: int, wanted: int, error: int) -> None:
    """The basic checks (SDM volume 3, "Basic VM-Entry Checks"), then the six phases."""
    _manages(cpu, ins, reason)
    region = cpu.guest_fields()
    if region.address == NO_VMCS:
        vm_fail_invalid(cpu, ins, "no_vmcs")
        return
    if region.revision & vmcs.SHADOW:
        vm_fail_invalid(cpu, ins, "shadow")
        return
    if cpu.reg[INTERRUPTIBILITY] & BY_MOV_SS:
        vm_fail_valid(cpu, ins, 26, "mov_ss")
        return
    if region.launch != wanted:
        vm_fail_valid(cpu, ins, error, "launch_state")
        return
    failed = entry.enter(cpu, region, "launch" if wanted == vmcs.CLEAR else "resume")
    if failed:
        vm_fail_valid(cpu, ins, failed, None)       # the entry has told the rule that was broken


@instruction(M.VMCALL, summary="Call the VMM: a VM exit from a guest at any privilege level.",
             source="VMCALL—Call to VM Monitor")
def vmcall(cpu: Processor, ins: Instruction) -> None:
    if cpu.reg[OPERATION] == OFF:
        raise refused(cpu, ins, "outside", Fault(UD))
    exit_from_guest(cpu, ins, EXIT_VMCALL)
    in_mode(cpu, ins)
    privileged(cpu, ins)
    vm_fail(cpu, ins, 1, "dual_monitor")            # there is no dual-monitor treatment of SMIs
