"""Decimal adjustments, which 64-bit mode does not have (the decoder gives #UD there).

SF, ZF and PF follow AL; OF, which the manual leaves undefined, is clear.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from iced_x86 import Mnemonic as M

from vmviz.machine.isa.flags import logic_flags
from vmviz.machine.isa.implicit import put
from vmviz.machine.isa.registry import instruction
from vmviz.machine.outcome import DE, Fault
from vmviz.machine.registers import AF, CF, RAX, RFLAGS

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor


def _after_unpacked(cpu: Processor, change: int) -> None:
    """AAA and AAS: AX changes by `change` when the low digit of AL needs it."""
    ax = cpu.reg[RAX] & 0xFFFF
    adjust = ax & 0xF > 9 or cpu.reg[RFLAGS] & AF
    if adjust:
        ax += change
    ax &= 0xFF0F
    put(cpu, RAX, 16, ax)
    cpu.set_flags(logic_flags(ax & 0xFF, 0xFF) | (AF | CF if adjust else 0))


@instruction(M.AAA, summary="Adjusts AL after adding unpacked digits.", source="AAA—ASCII Adjust After Addition")
def aaa(cpu: Processor, ins: Instruction) -> None:
    _after_unpacked(cpu, 0x106)


@instruction(M.AAS, summary="Adjusts AL after subtracting unpacked digits.",
             source="AAS—ASCII Adjust AL After Subtraction")
def aas(cpu: Processor, ins: Instruction) -> None:
    _after_unpacked(cpu, -0x106)


@instruction(M.AAM, summary="Splits AL into two digits.", source="AAM—ASCII Adjust AX After Multiply")
def aam(cpu: Processor, ins: Instruction) -> None:
    base = ins.dst(cpu)
    if not base:
        raise Fault(DE)
    high, low = divmod(cpu.reg[RAX] & 0xFF, base)
    put(cpu, RAX, 16, high << 8 | low)
    cpu.set_flags(logic_flags(low, 0xFF))


@instruction(M.AAD, summary="Joins two digits in AL.", source="AAD—ASCII Adjust AX Before Division")
def aad(cpu: Processor, ins: Instruction) -> None:
    ax = cpu.reg[RAX]
    result = (ax & 0xFF) + (ax >> 8 & 0xFF) * ins.dst(cpu) & 0xFF
    put(cpu, RAX, 16, result)
    cpu.set_flags(logic_flags(result, 0xFF))


def _after_packed(cpu: Processor, sign: int) -> None:
    """DAA (sign 1) and DAS (sign -1): 6 and 60h added to or taken from AL where a digit needs it."""
    al, flags = cpu.reg[RAX] & 0xFF, cpu.reg[RFLAGS]
    result, carry, auxiliary = al, 0, 0
    if al & 0xF > 9 or flags & AF:
        result, auxiliary = al + 6 * sign, AF
        if sign < 0 and (result < 0 or flags & CF):
            carry = CF
    if al > 0x99 or flags & CF:
        result, carry = result + 0x60 * sign, CF
    result &= 0xFF
    put(cpu, RAX, 8, result)
    cpu.set_flags(logic_flags(result, 0xFF) | carry | auxiliary)


@instruction(M.DAA, summary="Adjusts AL after adding packed digits.", source="DAA—Decimal Adjust AL After Addition")
def daa(cpu: Processor, ins: Instruction) -> None:
    _after_packed(cpu, 1)


@instruction(M.DAS, summary="Adjusts AL after subtracting packed digits.",
             source="DAS—Decimal Adjust AL After Subtraction")
def das(cpu: Processor, ins: Instruction) -> None:
    _after_packed(cpu, -1)
