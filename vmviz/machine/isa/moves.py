"""Moves: between registers and memory, widened, exchanged, byte-swapped, conditional.

MOV to and from control and debug registers, and to segment registers, are forms that other modules declare.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from iced_x86 import Mnemonic as M

from vmviz.machine.isa.flags import conditional
from vmviz.machine.isa.implicit import put, signed
from vmviz.machine.isa.registry import instruction
from vmviz.machine.registers import CF, RAX, RDX, RFLAGS

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor


@instruction(M.MOV, M.MOVZX, M.MOVNTI, summary="Copies the source to the destination.", source="MOV—Move")
def mov(cpu: Processor, ins: Instruction) -> None:
    ins.set_dst(cpu, ins.src(cpu))


@instruction(M.MOVSX, M.MOVSXD, summary="Copies the source, widened by its sign.",
             source="MOVSX/MOVSXD—Move With Sign-Extension")
def movsx(cpu: Processor, ins: Instruction) -> None:
    ins.set_dst(cpu, signed(ins.src(cpu), ins.src_bits) & ins.mask)


@instruction(M.LEA, summary="The address of the operand instead of what is there.", source="LEA—Load Effective Address")
def lea(cpu: Processor, ins: Instruction) -> None:
    ins.set_dst(cpu, ins.offset(cpu) & ins.mask)


@instruction(M.XCHG, summary="Exchanges the operands.", source="XCHG—Exchange Register/Memory With Register")
def xchg(cpu: Processor, ins: Instruction) -> None:
    a, b = ins.dst(cpu), ins.src(cpu)
    ins.set_dst(cpu, b)         # memory first: the address may be made with the register
    ins.set_src(cpu, a)


@instruction(M.BSWAP, summary="Reverses the bytes of a register.", source="BSWAP—Byte Swap")
def bswap(cpu: Processor, ins: Instruction) -> None:
    """Of a 16-bit register, which the manual leaves undefined, it makes zero."""
    ins.set_dst(cpu, _reversed(ins.dst(cpu), ins.bits) if ins.bits > 16 else 0)


@instruction(M.MOVBE, summary="Copies with the bytes reversed.", source="MOVBE—Move Data After Swapping Bytes")
def movbe(cpu: Processor, ins: Instruction) -> None:
    ins.set_dst(cpu, _reversed(ins.src(cpu), ins.bits))


def _reversed(value: int, bits: int) -> int:
    return int.from_bytes(value.to_bytes(bits // 8, "little"), "big")


@instruction(*conditional("CMOV"), summary="Copies if the condition holds.", source="CMOVcc—Conditional Move")
def cmov(cpu: Processor, ins: Instruction) -> None:
    """The source is read in any case, and a 32-bit destination loses its upper half in any case."""
    value = ins.src(cpu)
    if ins.condition(cpu.reg[RFLAGS]):
        ins.set_dst(cpu, value)
    elif ins.bits == 32:
        ins.set_dst(cpu, ins.dst(cpu))


@instruction(*conditional("SET"), summary="1 if the condition holds, else 0.", source="SETcc—Set Byte on Condition")
def set_(cpu: Processor, ins: Instruction) -> None:
    ins.set_dst(cpu, 1 if ins.condition(cpu.reg[RFLAGS]) else 0)


@instruction(M.XLATB, summary="Looks AL up in the table at rBX.", source="XLAT/XLATB—Table Look-up Translation")
def xlat(cpu: Processor, ins: Instruction) -> None:
    put(cpu, RAX, 8, ins.dst(cpu))


@instruction(M.SALC, summary="AL becomes FFh if CF is set, else 0 (not in the manual).", source="One-Byte Opcode Map")
def salc(cpu: Processor, ins: Instruction) -> None:
    put(cpu, RAX, 8, 0xFF if cpu.reg[RFLAGS] & CF else 0)


def _widen(cpu: Processor, bits: int) -> None:
    """The accumulator's lower half, widened by its sign to `bits`."""
    half = bits // 2
    put(cpu, RAX, bits, signed(cpu.reg[RAX] & (1 << half) - 1, half) & (1 << bits) - 1)


_WIDEN = "CBW/CWDE/CDQE—Convert Byte to Word/Convert Word to Doubleword/Convert Doubleword to Quadword"
_DOUBLE = "CWD/CDQ/CQO—Convert Word to Doubleword/Convert Doubleword to Quadword"


@instruction(M.CBW, summary="Widens AL to AX.", source=_WIDEN)
def cbw(cpu: Processor, ins: Instruction) -> None:
    _widen(cpu, 16)


@instruction(M.CWDE, summary="Widens AX to EAX.", source=_WIDEN)
def cwde(cpu: Processor, ins: Instruction) -> None:
    _widen(cpu, 32)


@instruction(M.CDQE, summary="Widens EAX to RAX.", source=_WIDEN)
def cdqe(cpu: Processor, ins: Instruction) -> None:
    _widen(cpu, 64)


def _spread(cpu: Processor, bits: int) -> None:
    """rDX becomes the sign of rAX."""
    put(cpu, RDX, bits, (1 << bits) - 1 if cpu.reg[RAX] >> bits - 1 & 1 else 0)


@instruction(M.CWD, summary="Widens AX to DX:AX.", source=_DOUBLE)
def cwd(cpu: Processor, ins: Instruction) -> None:
    _spread(cpu, 16)


@instruction(M.CDQ, summary="Widens EAX to EDX:EAX.", source=_DOUBLE)
def cdq(cpu: Processor, ins: Instruction) -> None:
    _spread(cpu, 32)


@instruction(M.CQO, summary="Widens RAX to RDX:RAX.", source=_DOUBLE)
def cqo(cpu: Processor, ins: Instruction) -> None:
    _spread(cpu, 64)
