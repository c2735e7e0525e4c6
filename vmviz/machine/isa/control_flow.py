"""Near control flow: JMP, Jcc, CALL, RET, LOOP, BOUND, and the instructions that are undefined on purpose.

A target outside the code segment or, in 64-bit code, a non-canonical one faults on the branch. RIP is not journaled:
the recording has a column for it. Far transfers are in isa/far.py, interrupts in isa/system.py.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iced_x86 import Code as C
from iced_x86 import Mnemonic as M
from iced_x86 import OpKind

from vmviz.machine.isa.flags import conditional
from vmviz.machine.isa.implicit import put, read, signed
from vmviz.machine.isa.registry import instruction, prepare
from vmviz.machine.isa.stack import move_pointer, operand_bits, pop, push
from vmviz.machine.outcome import BR, UD, Fault
from vmviz.machine.paging import READ
from vmviz.machine.registers import MASK64, RCX, RFLAGS, RIP, RSP, ZF

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor


def branch(cpu: Processor, ins: Instruction) -> None:
    """Take a near branch to the target in the instruction."""
    if ins.in_range:
        cpu.reg[RIP] = ins.target
    else:
        cpu.jump(ins.target)


@instruction(M.JMP, summary="Jumps within the code segment.", source="JMP—Jump")
def jmp(cpu: Processor, ins: Instruction) -> None:
    if ins.in_range:
        cpu.reg[RIP] = ins.target
    else:
        cpu.jump(ins.target)


def _jmp_indirect(cpu: Processor, ins: Instruction) -> None:
    cpu.jump(ins.dst(cpu))


@instruction(*conditional("J"), summary="Jumps if the condition holds.", source="Jcc—Jump if Condition Is Met")
def jcc(cpu: Processor, ins: Instruction) -> None:
    if ins.condition(cpu.reg[RFLAGS]):
        if ins.in_range:
            cpu.reg[RIP] = ins.target
        else:
            cpu.jump(ins.target)


@instruction(M.CALL, summary="Pushes the address of the next instruction and jumps.", source="CALL—Call Procedure")
def call(cpu: Processor, ins: Instruction) -> None:
    branch(cpu, ins)
    push(cpu, ins.next_rip, ins.bits)


def _call64(cpu: Processor, ins: Instruction) -> None:
    rsp = cpu.reg[RSP] - 8 & MASK64
    cpu.write64(rsp, ins.next_rip)
    cpu.set_reg(RSP, rsp)
    cpu.reg[RIP] = ins.target


def _call_indirect(cpu: Processor, ins: Instruction) -> None:
    cpu.jump(ins.dst(cpu))
    push(cpu, ins.next_rip, ins.bits)


@instruction(M.RET, summary="Pops the address to continue at, then the given number of bytes.",
             source="RET—Return From Procedure")
def ret(cpu: Processor, ins: Instruction) -> None:
    cpu.jump(pop(cpu, ins.bits))
    if ins.iced.op_count:
        move_pointer(cpu, ins.dst(cpu))


def _ret64(cpu: Processor, ins: Instruction) -> None:
    rsp = cpu.reg[RSP]
    cpu.jump(cpu.read64(rsp))
    cpu.set_reg(RSP, rsp + 8 & MASK64)


@prepare(M.JMP, M.CALL, M.RET)
def _near_form(ins: Instruction) -> None:
    near = ins.execute in (jmp, call)
    indirect = ins.iced.op0_kind not in (OpKind.NEAR_BRANCH16, OpKind.NEAR_BRANCH32, OpKind.NEAR_BRANCH64)
    if ins.execute is call:
        ins.bits = operand_bits(ins)
    if near and indirect:
        ins.execute = _jmp_indirect if ins.execute is jmp else _call_indirect
    elif ins.execute is call and ins.in_range:
        ins.execute = _call64
    elif ins.execute is ret:
        ins.bits = _RETURN_BITS[ins.iced.code]
        if ins.iced.code == C.RETNQ:
            ins.execute = _ret64


_RETURN_BITS: Final = {C.RETNW: 16, C.RETND: 32, C.RETNQ: 64, C.RETNW_IMM16: 16, C.RETND_IMM16: 32, C.RETNQ_IMM16: 64}
_LOOP = "LOOP/LOOPcc—Loop According to ECX Counter"
_COUNTER_BITS: Final = {getattr(C, name): {"CX": 16, "ECX": 32, "RCX": 64}[name.rsplit("_", 1)[1]]
                        for name in dir(C) if name.startswith(("LOOP_", "LOOPE_", "LOOPNE_"))}


def _count_down(cpu: Processor, ins: Instruction) -> int:
    """What is left in the count register, whose width is the address size."""
    left = cpu.reg[RCX] - 1 & ins.mask
    put(cpu, RCX, ins.bits, left)
    return left


@instruction(M.LOOP, summary="Counts rCX down and jumps unless it is zero.", source=_LOOP)
def loop(cpu: Processor, ins: Instruction) -> None:
    if _count_down(cpu, ins):
        branch(cpu, ins)


@instruction(M.LOOPE, summary="As LOOP, while ZF is set.", source=_LOOP)
def loope(cpu: Processor, ins: Instruction) -> None:
    if _count_down(cpu, ins) and cpu.reg[RFLAGS] & ZF:
        branch(cpu, ins)


@instruction(M.LOOPNE, summary="As LOOP, while ZF is clear.", source=_LOOP)
def loopne(cpu: Processor, ins: Instruction) -> None:
    if _count_down(cpu, ins) and not cpu.reg[RFLAGS] & ZF:
        branch(cpu, ins)


@instruction(M.JCXZ, M.JECXZ, M.JRCXZ, summary="Jumps if the count register is zero.",
             source="Jcc—Jump if Condition Is Met")
def jrcxz(cpu: Processor, ins: Instruction) -> None:
    if not cpu.reg[RCX] & ins.mask:
        branch(cpu, ins)


@prepare(M.LOOP, M.LOOPE, M.LOOPNE, M.JCXZ, M.JECXZ, M.JRCXZ)
def _counting_form(ins: Instruction) -> None:
    ins.bits = {M.JCXZ: 16, M.JECXZ: 32, M.JRCXZ: 64}.get(ins.iced.mnemonic) or _COUNTER_BITS[ins.iced.code]


@instruction(M.BOUND, summary="Faults unless an index lies between two bounds in memory.",
             source="BOUND—Check Array Index Against Bounds")
def bound(cpu: Processor, ins: Instruction) -> None:
    bits = ins.bits
    linear = ins.address(cpu, READ)
    lower = signed(read(cpu, linear, bits), bits)
    upper = signed(read(cpu, linear + (bits >> 3), bits), bits)
    if not lower <= signed(ins.dst(cpu), bits) <= upper:
        raise Fault(BR)


@instruction(M.UD0, M.UD1, M.UD2, summary="Always undefined.", source="UD—Undefined Instruction")
def ud(cpu: Processor, ins: Instruction) -> None:
    raise Fault(UD)
