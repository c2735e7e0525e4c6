"""Multiplication and division.

A one-operand form works on the accumulator: AX for bytes, else rDX:rAX. Two- and three-operand IMUL keep the low half
only; CF and OF tell that the product does not fit. A quotient that does not fit is a divide error, as is a zero
divisor.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from iced_x86 import Mnemonic as M

from vmviz.machine.isa.flags import logic_flags
from vmviz.machine.isa.implicit import put, signed
from vmviz.machine.isa.registry import instruction, prepare
from vmviz.machine.outcome import DE, Fault
from vmviz.machine.registers import CF, OF, RAX, RDX

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor


def _put_wide(cpu: Processor, bits: int, product: int) -> None:
    """A product of twice the width to AX or rDX:rAX."""
    if bits == 8:
        put(cpu, RAX, 16, product & 0xFFFF)
    else:
        mask = (1 << bits) - 1
        put(cpu, RAX, bits, product & mask)
        put(cpu, RDX, bits, product >> bits & mask)


def _wide_accumulator(cpu: Processor, ins: Instruction) -> int:
    """AX or rDX:rAX."""
    if ins.bits == 8:
        return cpu.reg[RAX] & 0xFFFF
    return (cpu.reg[RDX] & ins.mask) << ins.bits | cpu.reg[RAX] & ins.mask


@instruction(M.MUL, summary="Multiplies the accumulator, unsigned, to twice the width.", source="MUL—Unsigned Multiply")
def mul(cpu: Processor, ins: Instruction) -> None:
    product = (cpu.reg[RAX] & ins.mask) * ins.dst(cpu)
    _put_wide(cpu, ins.bits, product)
    cpu.set_flags(logic_flags(product & ins.mask, ins.mask) | (CF | OF if product >> ins.bits else 0))


@instruction(M.IMUL, summary="Multiplies signed numbers.", source="IMUL—Signed Multiply")
def imul(cpu: Processor, ins: Instruction) -> None:
    """With two operands; see `_imul_form` for the others."""
    _keep_low(cpu, ins, ins.dst(cpu), ins.src(cpu))


@prepare(M.IMUL)
def _imul_form(ins: Instruction) -> None:
    if ins.iced.op_count == 1:
        ins.execute = _imul_accumulator
    elif ins.iced.op_count == 3:
        ins.execute = _imul_three


def _imul_accumulator(cpu: Processor, ins: Instruction) -> None:
    bits = ins.bits
    product = signed(cpu.reg[RAX] & ins.mask, bits) * signed(ins.dst(cpu), bits)
    low = product & ins.mask
    _put_wide(cpu, bits, product)
    cpu.set_flags(logic_flags(low, ins.mask) | (CF | OF if signed(low, bits) != product else 0))


def _imul_three(cpu: Processor, ins: Instruction) -> None:
    _keep_low(cpu, ins, ins.src(cpu), ins.third(cpu))


def _keep_low(cpu: Processor, ins: Instruction, a: int, b: int) -> None:
    bits = ins.bits
    product = signed(a, bits) * signed(b, bits)
    low = product & ins.mask
    ins.set_dst(cpu, low)
    cpu.set_flags(logic_flags(low, ins.mask) | (CF | OF if signed(low, bits) != product else 0))


@instruction(M.DIV, summary="Divides AX or rDX:rAX, unsigned: quotient and remainder.", source="DIV—Unsigned Divide")
def div(cpu: Processor, ins: Instruction) -> None:
    divisor = ins.dst(cpu)
    if not divisor:
        raise Fault(DE)
    quotient, remainder = divmod(_wide_accumulator(cpu, ins), divisor)
    if quotient > ins.mask:
        raise Fault(DE)
    _put_quotient(cpu, ins, quotient, remainder)


@instruction(M.IDIV, summary="Divides AX or rDX:rAX, signed, rounding towards 0.", source="IDIV—Signed Divide")
def idiv(cpu: Processor, ins: Instruction) -> None:
    bits = ins.bits
    divisor = signed(ins.dst(cpu), bits)
    if not divisor:
        raise Fault(DE)
    dividend = signed(_wide_accumulator(cpu, ins), 2 * bits)
    quotient = abs(dividend) // abs(divisor)
    if (dividend < 0) != (divisor < 0):
        quotient = -quotient
    if not -(1 << bits - 1) <= quotient < 1 << bits - 1:
        raise Fault(DE)
    _put_quotient(cpu, ins, quotient & ins.mask, dividend - quotient * divisor & ins.mask)


def _put_quotient(cpu: Processor, ins: Instruction, quotient: int, remainder: int) -> None:
    if ins.bits == 8:
        put(cpu, RAX, 16, remainder << 8 | quotient)
    else:
        put(cpu, RAX, ins.bits, quotient)
        put(cpu, RDX, ins.bits, remainder)
