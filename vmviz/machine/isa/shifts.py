"""Shifts and rotates.

The count is cut to five bits (six for 64-bit operands). A count of zero changes no flag; a 32-bit register is written
all the same, which clears its upper half. Rotates change CF and OF only. For the flags that the manual leaves
undefined see flags.py.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from iced_x86 import Mnemonic as M

from vmviz.machine.isa.flags import logic_flags
from vmviz.machine.isa.implicit import signed
from vmviz.machine.isa.registry import instruction
from vmviz.machine.registers import CF, OF, RFLAGS

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

_SHIFT = "SAL/SAR/SHL/SHR—Shift"
_ROTATE = "RCL/RCR/ROL/ROR—Rotate"


def _unmoved(cpu: Processor, ins: Instruction, value: int) -> None:
    """A count of zero."""
    if ins.bits == 32 and not ins.memory_bits:
        ins.set_dst(cpu, value)


def _set_carry_and_overflow(cpu: Processor, carry: int, overflow: int) -> None:
    cpu.set(RFLAGS, cpu.reg[RFLAGS] & ~(CF | OF) | carry | (OF if overflow else 0))


@instruction(M.SHL, M.SAL, summary="Shifts left.", source=_SHIFT)
def shl(cpu: Processor, ins: Instruction) -> None:
    value, bits = ins.dst(cpu), ins.bits
    count = ins.src(cpu) & (63 if bits == 64 else 31)
    if not count:
        return _unmoved(cpu, ins, value)
    wide = value << count
    result = wide & ins.mask
    carry = wide >> bits & 1
    ins.set_dst(cpu, result)
    cpu.set_flags(logic_flags(result, ins.mask) | carry | (OF if carry != result >> bits - 1 else 0))
    return None


@instruction(M.SHR, summary="Shifts right, zeros coming in.", source=_SHIFT)
def shr(cpu: Processor, ins: Instruction) -> None:
    value, bits = ins.dst(cpu), ins.bits
    count = ins.src(cpu) & (63 if bits == 64 else 31)
    if not count:
        return _unmoved(cpu, ins, value)
    result = value >> count
    ins.set_dst(cpu, result)
    cpu.set_flags(logic_flags(result, ins.mask) | value >> count - 1 & 1 | (OF if result >> bits - 2 else 0))
    return None


@instruction(M.SAR, summary="Shifts right, copies of the sign coming in.", source=_SHIFT)
def sar(cpu: Processor, ins: Instruction) -> None:
    value, bits = ins.dst(cpu), ins.bits
    count = ins.src(cpu) & (63 if bits == 64 else 31)
    if not count:
        return _unmoved(cpu, ins, value)
    number = signed(value, bits)
    result = number >> count & ins.mask
    ins.set_dst(cpu, result)
    cpu.set_flags(logic_flags(result, ins.mask) | number >> count - 1 & 1)
    return None


@instruction(M.ROL, summary="Rotates left.", source=_ROTATE)
def rol(cpu: Processor, ins: Instruction) -> None:
    value, bits = ins.dst(cpu), ins.bits
    count = ins.src(cpu) & (63 if bits == 64 else 31)
    if not count:
        return _unmoved(cpu, ins, value)
    count %= bits
    result = (value << count | value >> bits - count) & ins.mask
    ins.set_dst(cpu, result)
    return _set_carry_and_overflow(cpu, result & 1, result & 1 ^ result >> bits - 1)


@instruction(M.ROR, summary="Rotates right.", source=_ROTATE)
def ror(cpu: Processor, ins: Instruction) -> None:
    value, bits = ins.dst(cpu), ins.bits
    count = ins.src(cpu) & (63 if bits == 64 else 31)
    if not count:
        return _unmoved(cpu, ins, value)
    count %= bits
    result = (value >> count | value << bits - count) & ins.mask
    ins.set_dst(cpu, result)
    return _set_carry_and_overflow(cpu, result >> bits - 1, (result >> bits - 1 ^ result >> bits - 2) & 1)


@instruction(M.RCL, summary="Rotates left through the carry flag.", source=_ROTATE)
def rcl(cpu: Processor, ins: Instruction) -> None:
    value, bits = ins.dst(cpu), ins.bits
    count = (ins.src(cpu) & (63 if bits == 64 else 31)) % (bits + 1)
    if not count:
        return _unmoved(cpu, ins, value)
    wide = (cpu.reg[RFLAGS] & CF) << bits | value
    wide = wide << count | wide >> bits + 1 - count
    result, carry = wide & ins.mask, wide >> bits & 1
    ins.set_dst(cpu, result)
    return _set_carry_and_overflow(cpu, carry, carry ^ result >> bits - 1)


@instruction(M.RCR, summary="Rotates right through the carry flag.", source=_ROTATE)
def rcr(cpu: Processor, ins: Instruction) -> None:
    value, bits = ins.dst(cpu), ins.bits
    count = (ins.src(cpu) & (63 if bits == 64 else 31)) % (bits + 1)
    if not count:
        return _unmoved(cpu, ins, value)
    wide = (cpu.reg[RFLAGS] & CF) << bits | value
    wide = wide >> count | wide << bits + 1 - count
    result, carry = wide & ins.mask, wide >> bits & 1
    ins.set_dst(cpu, result)
    return _set_carry_and_overflow(cpu, carry, (result >> bits - 1 ^ result >> bits - 2) & 1)


@instruction(M.SHLD, summary="Shifts left, bits of the source coming in.", source="SHLD—Double Precision Shift Left")
def shld(cpu: Processor, ins: Instruction) -> None:
    value, source, bits = ins.dst(cpu), ins.src(cpu), ins.bits
    count = ins.third(cpu) & (63 if bits == 64 else 31)
    if not count:
        return _unmoved(cpu, ins, value)
    # Counts beyond 16 are undefined for 16-bit operands: the destination comes in behind the source.
    wide = (value << 2 * bits | source << bits | value) << count
    result, carry = wide >> 2 * bits & ins.mask, wide >> 3 * bits & 1
    ins.set_dst(cpu, result)
    cpu.set_flags(logic_flags(result, ins.mask) | carry | (OF if carry != result >> bits - 1 else 0))
    return None


@instruction(M.SHRD, summary="Shifts right, bits of the source coming in.", source="SHRD—Double Precision Shift Right")
def shrd(cpu: Processor, ins: Instruction) -> None:
    value, source, bits = ins.dst(cpu), ins.src(cpu), ins.bits
    count = ins.third(cpu) & (63 if bits == 64 else 31)
    if not count:
        return _unmoved(cpu, ins, value)
    wide = value << 2 * bits | source << bits | value
    result = wide >> count & ins.mask
    ins.set_dst(cpu, result)
    cpu.set_flags(logic_flags(result, ins.mask) | wide >> count - 1 & 1
                  | (OF if (result >> bits - 1 ^ result >> bits - 2) & 1 else 0))
    return None
