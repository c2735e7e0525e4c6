"""Status flags as pure functions, the conditions that read them, and the instructions that set single flags.

Flags are computed eagerly: an instruction computes its result, then asks here for the six status flags in their places
in RFLAGS. Operands are unsigned and within the width. (Comparisons instead of shifts: they are cheap for big numbers.)

Where the manual calls a flag undefined, the model does what the reference emulator does, which is mostly what Intel's
processors do: AND, OR, XOR, TEST and shifts clear AF; shifts by more than one give OF as if for the last bit; MUL and
IMUL give SF, ZF, PF of the low half; DIV and IDIV change nothing; BSF and BSR of zero set only ZF; BT and its kin
change only CF; BCD adjustments give SF, ZF, PF of AL and clear OF; ANDN, BLSI, BLSMSK, BLSR and BZHI keep PF.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iced_x86 import Mnemonic as M

from vmviz.machine.isa.registry import CONDITION, Condition, instruction
from vmviz.machine.registers import AF, CF, DF, OF, PF, RAX, RFLAGS, SF, ZF

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

PARITY: Final = bytes(0 if n.bit_count() & 1 else PF for n in range(256))


def logic_flags(result: int, mask: int) -> int:
    """SF, ZF and PF of a result; CF, OF and AF clear. `mask`: the width's all-ones value, here and below."""
    if result > mask >> 1:
        return PARITY[result & 0xFF] | SF
    return PARITY[result & 0xFF] if result else ZF | PF


def add_flags(a: int, b: int, total: int, mask: int) -> int:
    """The flags of a sum; `total` is a + b, with a carry in if there was one, not cut to the width."""
    result, most = total & mask, mask >> 1          # numbers above `most` have their sign set
    flags = PARITY[result & 0xFF] | (a ^ b ^ total) & AF
    if result > most:
        flags |= SF | OF if a <= most and b <= most else SF
    elif a > most and b > most:
        flags |= OF
    if not result:
        flags |= ZF
    return flags | CF if total > mask else flags


def sub_flags(a: int, b: int, total: int, mask: int) -> int:
    """The flags of a difference; `total` is a - b, less a borrow in if there was one, not cut to the width."""
    result, most = total & mask, mask >> 1
    flags = PARITY[result & 0xFF] | (a ^ b ^ total) & AF
    if result > most:
        flags |= SF | OF if a <= most and b > most else SF
    elif a > most and b <= most:
        flags |= OF
    if not result:
        flags |= ZF
    return flags | CF if total < 0 else flags


# The sixteen conditions by the suffix of their mnemonics (SDM volume 1, "EFLAGS Condition Codes").
CONDITIONS: Final[dict[str, Condition]] = {
    "O": lambda flags: flags & OF,
    "NO": lambda flags: not flags & OF,
    "B": lambda flags: flags & CF,
    "AE": lambda flags: not flags & CF,
    "E": lambda flags: flags & ZF,
    "NE": lambda flags: not flags & ZF,
    "BE": lambda flags: flags & (CF | ZF),
    "A": lambda flags: not flags & (CF | ZF),
    "S": lambda flags: flags & SF,
    "NS": lambda flags: not flags & SF,
    "P": lambda flags: flags & PF,
    "NP": lambda flags: not flags & PF,
    "L": lambda flags: (flags >> 4 ^ flags) & SF,                 # OF stands four places above SF
    "GE": lambda flags: not (flags >> 4 ^ flags) & SF,
    "LE": lambda flags: flags & ZF or (flags >> 4 ^ flags) & SF,
    "G": lambda flags: not (flags & ZF or (flags >> 4 ^ flags) & SF),
}


def conditional(prefix: str) -> list[int]:
    """The sixteen mnemonics of a conditional instruction (J, SET, CMOV), their conditions entered in the registry."""
    mnemonics = {getattr(M, prefix + suffix): condition for suffix, condition in CONDITIONS.items()}
    CONDITION.update(mnemonics)
    return list(mnemonics)


@instruction(M.CLC, summary="Clears the carry flag.", source="CLC—Clear Carry Flag")
def clc(cpu: Processor, ins: Instruction) -> None:
    cpu.set(RFLAGS, cpu.reg[RFLAGS] & ~CF)


@instruction(M.STC, summary="Sets the carry flag.", source="STC—Set Carry Flag")
def stc(cpu: Processor, ins: Instruction) -> None:
    cpu.set(RFLAGS, cpu.reg[RFLAGS] | CF)


@instruction(M.CMC, summary="Turns the carry flag over.", source="CMC—Complement Carry Flag")
def cmc(cpu: Processor, ins: Instruction) -> None:
    cpu.set(RFLAGS, cpu.reg[RFLAGS] ^ CF)


@instruction(M.CLD, summary="Clears the direction flag: string instructions count up.",
             source="CLD—Clear Direction Flag")
def cld(cpu: Processor, ins: Instruction) -> None:
    cpu.set(RFLAGS, cpu.reg[RFLAGS] & ~DF)


@instruction(M.STD, summary="Sets the direction flag: string instructions count down.", source="STD—Set Direction Flag")
def std(cpu: Processor, ins: Instruction) -> None:
    cpu.set(RFLAGS, cpu.reg[RFLAGS] | DF)


@instruction(M.LAHF, summary="Copies SF, ZF, AF, PF and CF to AH.", source="LAHF—Load Status Flags Into AH Register")
def lahf(cpu: Processor, ins: Instruction) -> None:
    flags = cpu.reg[RFLAGS] & (SF | ZF | AF | PF | CF) | 2
    cpu.set_reg(RAX, cpu.reg[RAX] & ~0xFF00 | flags << 8)


@instruction(M.SAHF, summary="Copies AH to SF, ZF, AF, PF and CF.", source="SAHF—Store AH Into Flags")
def sahf(cpu: Processor, ins: Instruction) -> None:
    cpu.set_flags(cpu.reg[RFLAGS] & OF | cpu.reg[RAX] >> 8 & (SF | ZF | AF | PF | CF))
