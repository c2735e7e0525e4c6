"""VM-exit instruction information: the decoded operands that an exit leaves in exit_instruction_info.

The layouts differ by instruction (SDM volume 3, "Instruction-Information Field"); they share the fields of the
memory operand: 1:0 scale, 9:7 address size (0, 1, 2 = 16, 32, 64 bits), 10 register form, 17:15 segment, 21:18
index, 22 no index, 26:23 base, 27 no base. Bits that a layout leaves undefined are 0, as on the reference emulator.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

import iced_x86 as ix
from iced_x86 import OpKind, Register

from vmviz.machine.operands import NUMBER, SEGMENT_INDEX
from vmviz.machine.registers import DS, FS, GS, MASK64, SS

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction

_SCALE: Final = {1: 0, 2: 1, 4: 2, 8: 3}
_RANDOM_SIZE: Final = {16: 1, 32: 1, 64: 2}         # the reference emulator reports 16 bits as 32; the manual has 0
_REGISTER_FORM: Final = 1 << 10
_NO_INDEX, _NO_BASE = 1 << 22, 1 << 27


def has_memory(ins: Instruction) -> bool:
    """Does the instruction have an explicit memory operand?"""
    return any(ins.iced.op_kind(n) == OpKind.MEMORY for n in range(ins.iced.op_count))


def displacement(ins: Instruction) -> int:
    """The exit qualification of an instruction with a memory operand: its displacement, sign-extended to 64 bits.

    With RIP-relative addressing it is the sum with the next RIP (SDM volume 3, "Basic VM-Exit Information").
    """
    if not has_memory(ins):
        return 0
    value = ins.iced.memory_displacement & MASK64
    if address_bits(ins.iced, ins.code_bits) == 32 and value >> 31 & 1:
        return value | 0xFFFF_FFFF_0000_0000
    if address_bits(ins.iced, ins.code_bits) == 16 and value >> 15 & 1:
        return value | 0xFFFF_FFFF_FFFF_0000
    return value


def address_bits(iced: ix.Instruction, code_bits: int) -> int:
    """The address size of the memory operand."""
    for register in (iced.memory_base, iced.memory_index):
        if register in (Register.RIP, Register.EIP):
            return 64 if register == Register.RIP else 32
        if register != Register.NONE:
            return NUMBER[register][1]
    return iced.memory_displ_size * 8 or code_bits


def memory_operand(ins: Instruction) -> int:
    """The bits that describe the memory operand, or the register-form bit."""
    iced = ins.iced
    if not has_memory(ins):
        return _REGISTER_FORM
    value = {16: 0, 32: 1 << 7, 64: 2 << 7}[address_bits(iced, ins.code_bits)]
    value |= _segment(ins) << 15
    if iced.memory_index == Register.NONE:
        value |= _NO_INDEX
    else:
        value |= NUMBER[iced.memory_index][0] << 18 | _SCALE[iced.memory_index_scale]
    if iced.memory_base in NUMBER:
        value |= NUMBER[iced.memory_base][0] << 23
    else:
        value |= _NO_BASE
    return value


def _segment(ins: Instruction) -> int:
    """The segment register of the memory operand; in 64-bit code only FS and GS can be chosen by a prefix."""
    index = SEGMENT_INDEX[ins.iced.memory_segment]
    if ins.code_bits == 64 and index not in (FS, GS):
        return SS if ins.iced.memory_base in (Register.RSP, Register.RBP, Register.ESP, Register.EBP) else DS
    return index


def register(ins: Instruction, operand: int) -> int:
    """The number of the general register that is an operand, or 0."""
    if operand < ins.iced.op_count and ins.iced.op_kind(operand) == OpKind.REGISTER:
        return NUMBER.get(ins.iced.op_register(operand), (0, 0, 0))[0]
    return 0


def memory_only(ins: Instruction) -> int:
    """VMCLEAR, VMPTRLD, VMPTRST, VMXON."""
    return memory_operand(ins)


def with_register(ins: Instruction) -> int:
    """INVEPT, INVPCID, INVVPID: 31:28 is the register operand."""
    return memory_operand(ins) | register(ins, 0) << 28


def vmread_vmwrite(ins: Instruction, write: bool) -> int:
    """VMREAD, VMWRITE: 6:3 the register form's other register, 31:28 the register that holds the encoding."""
    other, encoding = (1, 0) if write else (0, 1)
    return memory_operand(ins) | register(ins, other) << 3 | register(ins, encoding) << 28


def descriptor_table(ins: Instruction, identity: int) -> int:
    """LGDT, LIDT, SGDT, SIDT: 11 operand size, 29:28 identity (0 SGDT, 1 SIDT, 2 LGDT, 3 LIDT)."""
    return memory_operand(ins) | identity << 28


def system_segment(ins: Instruction, identity: int) -> int:
    """LLDT, LTR, SLDT, STR: 6:3 the register form's register, 29:28 identity (0 SLDT, 1 STR, 2 LLDT, 3 LTR)."""
    return memory_operand(ins) | register(ins, 0) << 3 | identity << 28


def random(ins: Instruction) -> int:
    """RDRAND, RDSEED: 6:3 destination, 12:11 operand size (0, 1, 2 = 16, 32, 64 bits)."""
    return memory_operand(ins) | register(ins, 0) << 3 | _RANDOM_SIZE[ins.bits] << 11


def string_io(address_size: int, segment: int) -> int:
    """INS, OUTS: 9:7 address size, 17:15 segment of the memory operand."""
    return {16: 0, 32: 1, 64: 2}[address_size] << 7 | segment << 15
