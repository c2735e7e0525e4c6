"""Far transfers and interrupts as instructions: far JMP, CALL and RET, IRET, INT n, INT1, INT3, INTO.

What they do is in far_transfers.py, far_returns.py and gates.py; here are operands and the guards of the
instructions.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iced_x86 import Code as C
from iced_x86 import Mnemonic as M

from vmviz.machine import far_returns, far_transfers, interrupts, outside
from vmviz.machine.gates import PRIVILEGED, SOFTWARE, SOFTWARE_EXCEPTION, Event
from vmviz.machine.isa.implicit import read
from vmviz.machine.isa.registry import form, instruction
from vmviz.machine.outcome import BP, DB, GP, Fault
from vmviz.machine.outcome import OF as OF_VECTOR
from vmviz.machine.paging import READ
from vmviz.machine.registers import CR0, CR0_PE, IOPL, OF, RFLAGS, VM

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

_JMP, _CALL, _RET = "JMP—Jump", "CALL—Call Procedure", "RET—Return From Procedure"
_INT = "INT n/INTO/INT3/INT1—Call to Interrupt Procedure"
_MEMORY_BITS: Final = {C.JMP_M1616: 16, C.JMP_M1632: 32, C.JMP_M1664: 64,
                       C.CALL_M1616: 16, C.CALL_M1632: 32, C.CALL_M1664: 64}
_RETURN_BITS: Final = {C.RETFW: 16, C.RETFD: 32, C.RETFQ: 64,
                       C.RETFW_IMM16: 16, C.RETFD_IMM16: 32, C.RETFQ_IMM16: 64}
_IRET_BITS: Final = {C.IRETW: 16, C.IRETD: 32, C.IRETQ: 64}


def _pointer(cpu: Processor, ins: Instruction) -> tuple[int, int, int]:
    """Selector, offset and operand size of a far pointer in memory."""
    bits = _MEMORY_BITS[ins.iced.code]
    linear = ins.address(cpu, READ)
    offset = read(cpu, linear, bits)
    return cpu.read16(linear + (bits >> 3)), offset, bits


@form(C.JMP_PTR1616, C.JMP_PTR1632, summary="Jumps to another code segment, through a gate or to a task.",
      source=_JMP)
def far_jump_immediate(cpu: Processor, ins: Instruction) -> None:
    wide = ins.iced.code == C.JMP_PTR1632
    offset = ins.iced.far_branch32 if wide else ins.iced.far_branch16
    far_transfers.jump(cpu, ins.iced.far_branch_selector, offset, 32 if wide else 16)


@form(C.JMP_M1616, C.JMP_M1632, C.JMP_M1664, summary="Jumps to the far pointer in memory.", source=_JMP)
def far_jump_memory(cpu: Processor, ins: Instruction) -> None:
    far_transfers.jump(cpu, *_pointer(cpu, ins))


@form(C.CALL_PTR1616, C.CALL_PTR1632, summary="Calls into another code segment, through a gate or a task.",
      source=_CALL)
def far_call_immediate(cpu: Processor, ins: Instruction) -> None:
    wide = ins.iced.code == C.CALL_PTR1632
    offset = ins.iced.far_branch32 if wide else ins.iced.far_branch16
    far_transfers.call(cpu, ins.iced.far_branch_selector, offset, 32 if wide else 16)


@form(C.CALL_M1616, C.CALL_M1632, C.CALL_M1664, summary="Calls the far pointer in memory.", source=_CALL)
def far_call_memory(cpu: Processor, ins: Instruction) -> None:
    far_transfers.call(cpu, *_pointer(cpu, ins))


@instruction(M.RETF, summary="Returns to another code segment, to the same or an outer privilege.", source=_RET)
def far_return(cpu: Processor, ins: Instruction) -> None:
    release = ins.iced.immediate16 if ins.iced.op_count else 0
    far_returns.far_return(cpu, _RETURN_BITS[ins.iced.code], release)


@instruction(M.IRET, M.IRETD, M.IRETQ, summary="Returns from an interrupt or exception handler.",
             source="IRET/IRETD/IRETQ—Interrupt Return")
def iret(cpu: Processor, ins: Instruction) -> None:
    far_returns.interrupt_return(cpu, _IRET_BITS[ins.iced.code])


@instruction(M.INT, summary="Calls the handler of a vector.", source=_INT)
def int_n(cpu: Processor, ins: Instruction) -> None:
    flags = cpu.reg[RFLAGS]
    if flags & VM:
        outside.refuse_virtual_interrupts(cpu)
    if flags & VM and flags & IOPL != IOPL and cpu.reg[CR0] & CR0_PE:
        event = Event(ins.iced.immediate8, SOFTWARE, None, ins.length)
        cpu.vectoring = event.information, 0, ins.length    # delivery has begun, as the reference emulator has it
        raise Fault(GP)
    interrupts.software_interrupt(cpu, ins.iced.immediate8, SOFTWARE, ins.length)


@instruction(M.INT1, summary="Raises a debug exception.", source=_INT)
def int1(cpu: Processor, ins: Instruction) -> None:
    interrupts.software_interrupt(cpu, DB, PRIVILEGED, ins.length)


@instruction(M.INT3, summary="Raises a breakpoint exception.", source=_INT)
def int3(cpu: Processor, ins: Instruction) -> None:
    interrupts.software_interrupt(cpu, BP, SOFTWARE_EXCEPTION, ins.length)


@instruction(M.INTO, summary="Raises an overflow exception if OF is set.", source=_INT)
def into(cpu: Processor, ins: Instruction) -> None:
    if cpu.reg[RFLAGS] & OF:
        interrupts.software_interrupt(cpu, OF_VECTOR, SOFTWARE_EXCEPTION, ins.length)
