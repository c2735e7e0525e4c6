"""The stack: PUSH, POP, PUSHA, POPA, ENTER, LEAVE, and `push` and `pop` for those who use the stack besides.

The stack pointer is RSP in 64-bit code; elsewhere SS.DB chooses ESP or SP (SDM volume 1, "Address-Size Attribute for
Stack"). The pointer moves after the access, so a fault leaves it. POP of a segment register is in
isa/segment_loads.py.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iced_x86 import Code as C
from iced_x86 import Mnemonic as M

from vmviz.machine.isa.implicit import address, put, read, write
from vmviz.machine.isa.registry import form, instruction, prepare
from vmviz.machine.paging import READ, WRITE
from vmviz.machine.registers import AR_DB, MASK64, RAX, RBP, RDI, RSP, SS, SS_RIGHTS

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor


def pointer_bits(cpu: Processor) -> int:
    """The width of the stack pointer: 16, 32 or 64."""
    if cpu.bits == 64:
        return 64
    return 32 if cpu.reg[SS_RIGHTS] & AR_DB else 16


def move_pointer(cpu: Processor, by: int) -> None:
    """Add a number of bytes to the stack pointer, within its width."""
    bits = pointer_bits(cpu)
    put(cpu, RSP, bits, cpu.reg[RSP] + by & (1 << bits) - 1)


def push(cpu: Processor, value: int, bits: int, written: int = 0) -> None:
    """Push the low `bits` of a value; `written` bits of the slot are written, if not all."""
    width = pointer_bits(cpu)
    offset = cpu.reg[RSP] - (bits >> 3) & (1 << width) - 1
    written = written or bits
    write(cpu, address(cpu, SS, offset, written >> 3, WRITE), written, value & (1 << written) - 1)
    put(cpu, RSP, width, offset)


def pop(cpu: Processor, bits: int) -> int:
    """Pop `bits` bits."""
    width = pointer_bits(cpu)
    offset = cpu.reg[RSP] & (1 << width) - 1
    value = read(cpu, address(cpu, SS, offset, bits >> 3, READ), bits)
    put(cpu, RSP, width, offset + (bits >> 3) & (1 << width) - 1)
    return value


def operand_bits(ins: Instruction) -> int:
    """What an instruction pushes or pops once, in bits."""
    return abs(ins.iced.stack_pointer_increment) * 8


_PUSH = "PUSH—Push Word, Doubleword, or Quadword Onto the Stack"
_POP = "POP—Pop a Value From the Stack"


@instruction(M.PUSH, summary="Pushes the operand.", source=_PUSH)
def push_operand(cpu: Processor, ins: Instruction) -> None:
    push(cpu, ins.dst(cpu), ins.bits)


def _push64(cpu: Processor, ins: Instruction) -> None:
    value = ins.dst(cpu)
    rsp = cpu.reg[RSP] - 8 & MASK64
    cpu.write64(rsp, value)
    cpu.set_reg(RSP, rsp)


@instruction(M.POP, summary="Pops into the operand.", source=_POP)
def pop_operand(cpu: Processor, ins: Instruction) -> None:
    """The pointer has moved when the address of an operand in memory is made."""
    ins.set_dst(cpu, pop(cpu, ins.bits))


def _pop64(cpu: Processor, ins: Instruction) -> None:
    rsp = cpu.reg[RSP]
    value = cpu.read64(rsp)
    cpu.set_reg(RSP, rsp + 8 & MASK64)
    ins.set_dst(cpu, value)


@prepare(M.PUSH, M.POP)
def _push_pop_form(ins: Instruction) -> None:
    ins.bits = operand_bits(ins)
    if ins.execute is push_operand and ins.bits == 64:
        ins.execute = _push64
    elif ins.execute is pop_operand and ins.bits == 64:
        ins.execute = _pop64


@form(C.PUSHD_ES, C.PUSHD_CS, C.PUSHD_SS, C.PUSHD_DS, C.PUSHD_FS, C.PUSHD_GS, source=_PUSH,
      summary="Pushes a segment register: moves the pointer by 4 and writes 2 bytes, as processors do.")
def push_segment(cpu: Processor, ins: Instruction) -> None:
    push(cpu, ins.dst(cpu), 32, written=16)


@instruction(M.PUSHA, M.PUSHAD, summary="Pushes all eight general registers.",
             source="PUSHA/PUSHAD—Push All General-Purpose Registers")
def pusha(cpu: Processor, ins: Instruction) -> None:
    before = cpu.reg[RAX:RDI + 1]
    for value in before:
        push(cpu, value, ins.bits)


@instruction(M.POPA, M.POPAD, summary="Pops all general registers but the stack pointer.",
             source="POPA/POPAD—Pop All General-Purpose Registers")
def popa(cpu: Processor, ins: Instruction) -> None:
    for slot in range(RDI, RAX - 1, -1):
        value = pop(cpu, ins.bits)
        if slot != RSP:
            put(cpu, slot, ins.bits, value)


@prepare(M.PUSHA, M.PUSHAD, M.POPA, M.POPAD)
def _all_form(ins: Instruction) -> None:
    ins.bits = 32 if ins.iced.mnemonic in (M.PUSHAD, M.POPAD) else 16


_FRAME_BITS: Final = {C.ENTERW_IMM16_IMM8: 16, C.ENTERD_IMM16_IMM8: 32, C.ENTERQ_IMM16_IMM8: 64,
                      C.LEAVEW: 16, C.LEAVED: 32, C.LEAVEQ: 64}


@instruction(M.ENTER, summary="Makes a stack frame, with copies of outer frames' pointers.",
             source="ENTER—Make Stack Frame for Procedure Parameters")
def enter(cpu: Processor, ins: Instruction) -> None:
    size, level = ins.dst(cpu), ins.src(cpu) & 31
    bits, width = ins.bits, pointer_bits(cpu)
    mask = (1 << width) - 1
    push(cpu, cpu.reg[RBP], bits)
    frame = cpu.reg[RSP] & mask
    for n in range(1, level):
        outer = cpu.reg[RBP] - n * (bits >> 3) & mask
        push(cpu, read(cpu, address(cpu, SS, outer, bits >> 3, READ), bits), bits)
    if level:
        push(cpu, frame, bits)
    bottom = cpu.reg[RSP] - size & mask
    cpu.check_write(address(cpu, SS, bottom, bits >> 3, WRITE), bits >> 3)
    put(cpu, RBP, bits, frame & ins.mask)
    put(cpu, RSP, width, bottom)


@instruction(M.LEAVE, summary="Undoes a stack frame.", source="LEAVE—High Level Procedure Exit")
def leave(cpu: Processor, ins: Instruction) -> None:
    width = pointer_bits(cpu)
    put(cpu, RSP, width, cpu.reg[RBP] & (1 << width) - 1)
    put(cpu, RBP, ins.bits, pop(cpu, ins.bits))


@prepare(M.ENTER, M.LEAVE)
def _frame_form(ins: Instruction) -> None:
    ins.bits = _FRAME_BITS[ins.iced.code]
