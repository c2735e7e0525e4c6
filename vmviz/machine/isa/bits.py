"""Single bits, bit scans and counts, bit fields (BMI1, BMI2), and CRC32.

BT and its kin with a register as index reach beyond a memory operand: the index is signed and counts bits from it.
VEX-coded ones do not exist outside protected mode.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from iced_x86 import Mnemonic as M
from iced_x86 import OpKind

from vmviz.machine.isa.flags import logic_flags
from vmviz.machine.isa.implicit import address, read, signed, write
from vmviz.machine.isa.registry import Behaviour, instruction
from vmviz.machine.outcome import UD, Fault
from vmviz.machine.paging import READ, WRITE
from vmviz.machine.registers import CF, CR0, CR0_PE, PF, RDX, RFLAGS, VM, ZF

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

Change = Callable[[int, int], int]      # (value, mask of the bit) -> value
_CRC_POLYNOMIAL: Final = 0x82F63B78     # 11EDC6F41h with its bits reflected


def _bit(cpu: Processor, ins: Instruction, change: Change | None) -> None:
    bits = ins.bits
    index = ins.src(cpu)
    selected = index & bits - 1
    if ins.memory_bits and ins.iced.op1_kind == OpKind.REGISTER:
        offset = ins.offset(cpu) + (signed(index, bits) >> 3 & -(bits >> 3)) & (1 << ins.address_bits) - 1
        linear = address(cpu, ins.segment, offset, bits >> 3, WRITE if change else READ)
        if change:
            cpu.check_write(linear, bits >> 3)
        value = read(cpu, linear, bits)
        if change:
            write(cpu, linear, bits, change(value, 1 << selected))
    else:
        value = ins.dst(cpu)
        if change:
            ins.set_dst(cpu, change(value, 1 << selected))
    cpu.set(RFLAGS, cpu.reg[RFLAGS] & ~CF | value >> selected & 1)


@instruction(M.BT, summary="Copies a bit to CF.", source="BT—Bit Test")
def bt(cpu: Processor, ins: Instruction) -> None:
    _bit(cpu, ins, None)


@instruction(M.BTS, summary="Copies a bit to CF and sets it.", source="BTS—Bit Test and Set")
def bts(cpu: Processor, ins: Instruction) -> None:
    _bit(cpu, ins, lambda value, bit: value | bit)


@instruction(M.BTR, summary="Copies a bit to CF and clears it.", source="BTR—Bit Test and Reset")
def btr(cpu: Processor, ins: Instruction) -> None:
    _bit(cpu, ins, lambda value, bit: value & ~bit)


@instruction(M.BTC, summary="Copies a bit to CF and turns it over.", source="BTC—Bit Test and Complement")
def btc(cpu: Processor, ins: Instruction) -> None:
    _bit(cpu, ins, lambda value, bit: value ^ bit)


def _scan(cpu: Processor, ins: Instruction, found: Callable[[int], int]) -> None:
    """BSF and BSR: of zero they set ZF and leave the destination alone."""
    value = ins.src(cpu)
    if not value:
        cpu.set(RFLAGS, cpu.reg[RFLAGS] | ZF)
        return
    result = found(value)
    ins.set_dst(cpu, result)
    cpu.set_flags(logic_flags(result, ins.mask) & ~ZF)


@instruction(M.BSF, summary="The number of the lowest bit that is set.", source="BSF—Bit Scan Forward")
def bsf(cpu: Processor, ins: Instruction) -> None:
    _scan(cpu, ins, lambda value: (value & -value).bit_length() - 1)


@instruction(M.BSR, summary="The number of the highest bit that is set.", source="BSR—Bit Scan Reverse")
def bsr(cpu: Processor, ins: Instruction) -> None:
    _scan(cpu, ins, lambda value: value.bit_length() - 1)


def _zero_count(cpu: Processor, ins: Instruction, count: int) -> None:
    """LZCNT and TZCNT: CF when the source is zero, ZF when the count is."""
    ins.set_dst(cpu, count)
    cpu.set(RFLAGS, cpu.reg[RFLAGS] & ~(CF | ZF) | (CF if count == ins.bits else 0) | (0 if count else ZF))


@instruction(M.LZCNT, summary="Counts the zeros above the highest set bit.",
             source="LZCNT—Count the Number of Leading Zero Bits")
def lzcnt(cpu: Processor, ins: Instruction) -> None:
    _zero_count(cpu, ins, ins.bits - ins.src(cpu).bit_length())


@instruction(M.TZCNT, summary="Counts the zeros below the lowest set bit.",
             source="TZCNT—Count the Number of Trailing Zero Bits")
def tzcnt(cpu: Processor, ins: Instruction) -> None:
    value = ins.src(cpu)
    _zero_count(cpu, ins, (value & -value).bit_length() - 1 if value else ins.bits)


@instruction(M.POPCNT, summary="Counts the bits that are set.",
             source="POPCNT—Return the Count of Number of Bits Set to 1")
def popcnt(cpu: Processor, ins: Instruction) -> None:
    value = ins.src(cpu)
    ins.set_dst(cpu, value.bit_count())
    cpu.set_flags(0 if value else ZF)


def _vex(*mnemonics: int, summary: str, source: str) -> Callable[[Callable[[Processor, Instruction], int]], Behaviour]:
    """Declare an instruction by a function that gives its flags, or -1 when it changes none."""

    def register(effect: Callable[[Processor, Instruction], int]) -> Behaviour:
        def behaviour(cpu: Processor, ins: Instruction) -> None:
            if not cpu.reg[CR0] & CR0_PE or cpu.reg[RFLAGS] & VM:
                raise Fault(UD)
            flags = effect(cpu, ins)
            if flags >= 0:
                cpu.set_flags(flags)

        return instruction(*mnemonics, summary=summary, source=source)(behaviour)

    return register


def _give(cpu: Processor, ins: Instruction, result: int, carry: bool = False) -> int:
    """Write a result; its flags. PF, which the manual leaves undefined, stays as it is."""
    ins.set_dst(cpu, result)
    return logic_flags(result, ins.mask) & ~PF | cpu.reg[RFLAGS] & PF | carry


def _give_quietly(cpu: Processor, ins: Instruction, result: int) -> int:
    """Write a result; no flag changes."""
    ins.set_dst(cpu, result)
    return -1


@_vex(M.ANDN, summary="AND of the first source, turned over, with the second.", source="ANDN—Logical AND NOT")
def andn(cpu: Processor, ins: Instruction) -> int:
    return _give(cpu, ins, ~ins.src(cpu) & ins.third(cpu))


@_vex(M.BEXTR, summary="Extracts a bit field.", source="BEXTR—Bit Field Extract")
def bextr(cpu: Processor, ins: Instruction) -> int:
    control = ins.third(cpu)
    result = ins.src(cpu) >> (control & 0xFF) & (1 << (control >> 8 & 0xFF)) - 1
    ins.set_dst(cpu, result)
    return logic_flags(result, ins.mask)


@_vex(M.BLSI, summary="Keeps the lowest set bit.", source="BLSI—Extract Lowest Set Isolated Bit")
def blsi(cpu: Processor, ins: Instruction) -> int:
    value = ins.src(cpu)
    return _give(cpu, ins, value & -value, value != 0)


@_vex(M.BLSR, summary="Clears the lowest set bit.", source="BLSR—Reset Lowest Set Bit")
def blsr(cpu: Processor, ins: Instruction) -> int:
    value = ins.src(cpu)
    return _give(cpu, ins, value & value - 1 if value else 0, value == 0)


@_vex(M.BLSMSK, summary="All bits up to the lowest set one.", source="BLSMSK—Get Mask Up to Lowest Set Bit")
def blsmsk(cpu: Processor, ins: Instruction) -> int:
    value = ins.src(cpu)
    return _give(cpu, ins, (value ^ value - 1) & ins.mask, value == 0)


@_vex(M.BZHI, summary="Clears the bits from an index on.",
      source="BZHI—Zero High Bits Starting with Specified Bit Position")
def bzhi(cpu: Processor, ins: Instruction) -> int:
    index = ins.third(cpu) & 0xFF
    return _give(cpu, ins, ins.src(cpu) & (1 << index) - 1, index >= ins.bits)


@_vex(M.MULX, summary="Multiplies rDX, unsigned, to twice the width.",
      source="MULX—Unsigned Multiply Without Affecting Flags")
def mulx(cpu: Processor, ins: Instruction) -> int:
    product = (cpu.reg[RDX] & ins.mask) * ins.third(cpu)
    ins.set_src(cpu, product & ins.mask)        # the low half first: the high half wins when both are one register
    return _give_quietly(cpu, ins, product >> ins.bits)


@_vex(M.PDEP, summary="Spreads the low bits over the places that a mask names.", source="PDEP—Parallel Bits Deposit")
def pdep(cpu: Processor, ins: Instruction) -> int:
    value, mask, result = ins.src(cpu), ins.third(cpu), 0
    while mask:
        place = mask & -mask
        if value & 1:
            result |= place
        value >>= 1
        mask ^= place
    return _give_quietly(cpu, ins, result)


@_vex(M.PEXT, summary="Gathers the bits that a mask names.", source="PEXT—Parallel Bits Extract")
def pext(cpu: Processor, ins: Instruction) -> int:
    value, mask, result, to = ins.src(cpu), ins.third(cpu), 0, 1
    while mask:
        place = mask & -mask
        if value & place:
            result |= to
        to <<= 1
        mask ^= place
    return _give_quietly(cpu, ins, result)


@_vex(M.RORX, summary="Rotates right; no flag changes.", source="RORX—Rotate Right Logical Without Affecting Flags")
def rorx(cpu: Processor, ins: Instruction) -> int:
    value, count = ins.src(cpu), ins.third(cpu) & ins.bits - 1
    return _give_quietly(cpu, ins, (value >> count | value << ins.bits - count) & ins.mask)


_SHIFT = "SARX/SHLX/SHRX—Shift Without Affecting Flags"


@_vex(M.SARX, summary="Shifts right with the sign; no flag changes.", source=_SHIFT)
def sarx(cpu: Processor, ins: Instruction) -> int:
    value = signed(ins.src(cpu), ins.bits)
    return _give_quietly(cpu, ins, value >> (ins.third(cpu) & ins.bits - 1) & ins.mask)


@_vex(M.SHLX, summary="Shifts left; no flag changes.", source=_SHIFT)
def shlx(cpu: Processor, ins: Instruction) -> int:
    return _give_quietly(cpu, ins, ins.src(cpu) << (ins.third(cpu) & ins.bits - 1) & ins.mask)


@_vex(M.SHRX, summary="Shifts right; no flag changes.", source=_SHIFT)
def shrx(cpu: Processor, ins: Instruction) -> int:
    return _give_quietly(cpu, ins, ins.src(cpu) >> (ins.third(cpu) & ins.bits - 1))


def _crc_of_byte(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (_CRC_POLYNOMIAL if value & 1 else 0)
    return value


_CRC: Final = tuple(_crc_of_byte(n) for n in range(256))


@instruction(M.CRC32, summary="Accumulates a CRC-32C.", source="CRC32—Accumulate CRC32 Value")
def crc32(cpu: Processor, ins: Instruction) -> None:
    crc, value = ins.dst(cpu) & 0xFFFF_FFFF, ins.src(cpu)
    for _ in range(ins.src_bits // 8):
        crc = crc >> 8 ^ _CRC[(crc ^ value) & 0xFF]
        value >>= 8
    ins.set_dst(cpu, crc)
