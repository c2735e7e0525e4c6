"""The guards that the VMX instructions share, and the telling of which one decided.

A guard that decides is told by its name: together with the instruction's that is the id of a row of
vmviz.spec.VMX_OUTCOMES, which has what it leads to and the words of the reference. The telling costs nothing while
nobody listens: guards are asked often and decide seldom. What an instruction alone asks stands in its own function.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iced_x86 import Mnemonic as M

from vmviz import events as ev
from vmviz.machine.isa.registry import ABOUT
from vmviz.machine.outcome import GP, PF, SS, UD, Fault, Interruption, VmExit
from vmviz.machine.registers import (
    AR_L,
    CPL,
    CR0,
    CR0_PE,
    CS_RIGHTS,
    EFER,
    EFER_LMA,
    OFF,
    OPERATION,
    RFLAGS,
    VM,
)
from vmviz.machine.vmx import information
from vmviz.spec import VMX_OUTCOMES

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

NAMES: Final = {
    M.VMXON: "vmxon", M.VMXOFF: "vmxoff", M.VMCLEAR: "vmclear", M.VMPTRLD: "vmptrld", M.VMPTRST: "vmptrst",
    M.VMREAD: "vmread",
    M.VMWRITE: "vmwrite", M.VMLAUNCH: "vmlaunch", M.VMRESUME: "vmresume", M.VMCALL: "vmcall", M.INVEPT: "invept",
    M.INVVPID: "invvpid", M.VMFUNC: "vmfunc",
}
OPERAND_FAULTS: Final = frozenset({GP, SS, PF})


def tell_guard(cpu: Processor, ins: Instruction, guard: str) -> None:
    """Tell that the instruction ends at a guard of its own."""
    if cpu.telling:
        name = NAMES[ins.iced.mnemonic]
        row = VMX_OUTCOMES[f"{name}.{guard}"]
        cpu.emit(ev.VmxGuard(instruction=name, guard=row.guard, result=row.kind,  # type: ignore[arg-type]
                             section=ABOUT[ins.iced.mnemonic].source, check=row.check))


def refused(cpu: Processor, ins: Instruction, guard: str, outcome: Interruption) -> Interruption:
    """What a guard raises, and the telling of it."""
    tell_guard(cpu, ins, guard)
    return outcome


def operand_fault(cpu: Processor, ins: Instruction, fault: Fault) -> None:
    """The access to the memory operand faulted: that is a guard too. A virtualization exception is none: it is no
    refusal of the instruction's, but told instead of an EPT violation."""
    if fault.vector in OPERAND_FAULTS:
        tell_guard(cpu, ins, "operand")


def in_mode(cpu: Processor, ins: Instruction) -> None:
    """#UD where no VMX instruction exists: real-address, virtual-8086 and compatibility mode."""
    reg = cpu.reg
    if not reg[CR0] & CR0_PE or reg[RFLAGS] & VM or (reg[EFER] & EFER_LMA and not reg[CS_RIGHTS] & AR_L):
        guard = "real_mode" if not reg[CR0] & CR0_PE else "v8086" if reg[RFLAGS] & VM else "compatibility"
        raise refused(cpu, ins, guard, Fault(UD))


def in_operation(cpu: Processor, ins: Instruction) -> None:
    """#UD outside VMX operation."""
    if cpu.reg[OPERATION] == OFF:
        raise refused(cpu, ins, "outside", Fault(UD))
    in_mode(cpu, ins)


def privileged(cpu: Processor, ins: Instruction) -> None:
    """#GP(0) above CPL 0."""
    if cpu.reg[CPL]:
        raise refused(cpu, ins, "cpl", Fault(GP))


def exit_from_guest(cpu: Processor, ins: Instruction, reason: int, described: int | None = None) -> None:
    """In non-root operation: a VM exit, with the displacement of the memory operand as its qualification."""
    if cpu.non_root:
        raise refused(cpu, ins, "guest", VmExit(reason, information.displacement(ins), length=ins.length,
                                                information=described))
