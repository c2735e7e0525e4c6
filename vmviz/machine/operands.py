"""Operands: what reads and writes them, as closures chosen once when an instruction is decoded.

A reader gives the operand's value, unsigned, within its width; a writer takes one. A destination in memory that is read
before it is written is read as a write is, so that its faults are a write's. In 64-bit code ES, CS, SS and DS have no
base and no limit; elsewhere every access goes through `segmentation.linear`.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import iced_x86 as ix
from iced_x86 import OpAccess, OpKind, Register, RegisterExt

from vmviz.machine import paging, segmentation
from vmviz.machine.memory import PAGE
from vmviz.machine.registers import FS_BASE, GS_BASE, MASK64, RAX, RBX, segment

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

Reader = Callable[["Processor"], int]
Writer = Callable[["Processor", int], None]

_WORDS: Final = ("AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI")
# iced's register -> (slot, bits, shift): shift is 8 for AH, CH, DH and BH.
NUMBER: Final[dict[int, tuple[int, int, int]]] = {}
for _n, _name in enumerate(_WORDS):
    NUMBER[getattr(Register, "R" + _name)] = _n, 64, 0
    NUMBER[getattr(Register, "E" + _name)] = _n, 32, 0
    NUMBER[getattr(Register, _name)] = _n, 16, 0
for _n, _name in enumerate(("AL", "CL", "DL", "BL", "SPL", "BPL", "SIL", "DIL")):
    NUMBER[getattr(Register, _name)] = _n, 8, 0
for _n, _name in enumerate(("AH", "CH", "DH", "BH")):
    NUMBER[getattr(Register, _name)] = _n, 8, 8
for _n in range(8, 16):
    for _suffix, _bits in (("", 64), ("D", 32), ("W", 16), ("L", 8)):
        NUMBER[getattr(Register, f"R{_n}{_suffix}")] = _n, _bits, 0
SEGMENT_INDEX: Final = {getattr(Register, name): n for n, name in enumerate(("ES", "CS", "SS", "DS", "FS", "GS"))}
_READ_WRITE: Final = frozenset({OpAccess.READ_WRITE, OpAccess.READ_COND_WRITE})
_information = ix.InstructionInfoFactory()


def bind_operand(ins: Instruction, n: int, kind: int) -> tuple[Reader | None, Writer | None, int]:
    """Reader, writer and width in bits of operand `n`, of iced's kind `kind`; None where there is nothing to bind."""
    iced = ins.iced
    if kind == OpKind.REGISTER:
        register = iced.op_register(n)
        if register in NUMBER:
            slot, bits, shift = NUMBER[register]
            return _register_reader(slot, bits, shift), _register_writer(slot, bits, shift), bits
        if register in SEGMENT_INDEX:
            slot = segment(SEGMENT_INDEX[register], 0)
            return (lambda cpu: cpu.reg[slot]), None, 16
        return None, None, 64 if ins.code_bits == 64 else 32       # control and debug registers: isa/system.py
    if kind == OpKind.MEMORY:
        read_first = n == 0 and _information.info(iced).op_access(0) in _READ_WRITE
        return _memory_reader(ins, read_first), _memory_writer(ins), ins.memory_bits
    if OpKind.IMMEDIATE8 <= kind <= OpKind.IMMEDIATE32TO64:
        value = iced.immediate(n) & (1 << (ins.bits or 64)) - 1    # sign-extended immediates come as 64 bits
        return (lambda cpu: value), None, ins.bits or 64
    return None, None, ins.bits            # string operands and far pointers: their own functions


def _register_reader(slot: int, bits: int, shift: int) -> Reader:
    if bits == 64:
        return lambda cpu: cpu.reg[slot]
    if bits == 32:
        return lambda cpu: cpu.reg[slot] & 0xFFFF_FFFF
    if bits == 16:
        return lambda cpu: cpu.reg[slot] & 0xFFFF
    if shift:
        return lambda cpu: cpu.reg[slot] >> 8 & 0xFF
    return lambda cpu: cpu.reg[slot] & 0xFF


def _register_writer(slot: int, bits: int, shift: int) -> Writer:
    """Writers take a value already within the operand's width; 32-bit writes clear the upper half."""
    if bits >= 32:
        def write(cpu: Processor, value: int) -> None:      # `cpu.set_reg`, without the call
            reg = cpu.reg
            cpu.log((slot, reg[slot], value))
            reg[slot] = value

        return write
    if bits == 16:
        return lambda cpu, value: cpu.set_reg(slot, cpu.reg[slot] & ~0xFFFF | value)
    if shift:
        return lambda cpu, value: cpu.set_reg(slot, cpu.reg[slot] & ~0xFF00 | value << 8)
    return lambda cpu, value: cpu.set_reg(slot, cpu.reg[slot] & ~0xFF | value)


def bind_memory(ins: Instruction) -> None:
    """The memory operand: effective address, segment, size in bits, linear address."""
    iced = ins.iced
    ins.memory_bits = ix.MemorySizeExt.size(iced.memory_size) * 8
    ins.address_bits = address_size(iced, ins.code_bits)
    offset = ins.offset = effective_address(iced, ins.code_bits)
    ins.segment = index = SEGMENT_INDEX[iced.memory_segment]
    size = max(ins.memory_bits // 8, 1)
    if ins.code_bits != 64:
        ins.address = lambda cpu, access: segmentation.linear(cpu, index, offset(cpu), size, access)
    elif iced.memory_segment in (Register.FS, Register.GS):
        base = FS_BASE if iced.memory_segment == Register.FS else GS_BASE
        ins.address = lambda cpu, access: cpu.reg[base] + offset(cpu) & MASK64
    else:
        ins.address = lambda cpu, access: offset(cpu)


def address_size(iced: ix.Instruction, code_bits: int) -> int:
    """The address size of an explicit memory operand: 16, 32 or 64."""
    named = iced.memory_base or iced.memory_index
    return RegisterExt.size(named) * 8 if named else iced.memory_displ_size * 8 or code_bits


def effective_address(iced: ix.Instruction, code_bits: int) -> Reader:
    """The memory operand's offset in its segment, cut to the address size (SDM volume 1, "Specifying an Offset")."""
    displacement = iced.memory_displacement & MASK64
    base_register, index_register = iced.memory_base, iced.memory_index
    if base_register in (Register.RIP, Register.EIP):
        return lambda cpu: displacement                            # iced has added RIP already
    base = NUMBER[base_register][0] if base_register else None
    if index_register == Register.AL:                              # XLAT: rBX + AL
        cut = (1 << RegisterExt.size(base_register) * 8) - 1
        return lambda cpu: cpu.reg[RBX] + (cpu.reg[RAX] & 0xFF) & cut
    index = NUMBER[index_register][0] if index_register else None
    scale = iced.memory_index_scale
    bits = address_size(iced, code_bits)
    if bits == 64:
        if index is None:
            if base is None:
                return lambda cpu: displacement
            if not displacement:
                return lambda cpu: cpu.reg[base]
            return lambda cpu: cpu.reg[base] + displacement & MASK64
        if base is None:
            return lambda cpu: cpu.reg[index] * scale + displacement & MASK64
        return lambda cpu: cpu.reg[base] + cpu.reg[index] * scale + displacement & MASK64
    mask = (1 << bits) - 1
    return lambda cpu: ((cpu.reg[base] if base is not None else 0)
                        + (cpu.reg[index] * scale if index is not None else 0) + displacement) & mask


def _memory_reader(ins: Instruction, read_first: bool) -> Reader:
    address, bits = ins.address, ins.memory_bits
    access = paging.WRITE if read_first else paging.READ
    if ins.code_bits == 64 and ins.iced.memory_segment not in (Register.FS, Register.GS):
        offset = ins.offset
        if not read_first:
            if bits == 64:
                return lambda cpu: cpu.read64(offset(cpu))
            if bits == 32:
                return lambda cpu: cpu.read32(offset(cpu))
            if bits == 16:
                return lambda cpu: cpu.read16(offset(cpu))
            if bits == 8:
                return lambda cpu: cpu.read8(offset(cpu))
    size = bits // 8

    def reader(cpu: Processor) -> int:
        linear = address(cpu, access)
        if read_first:
            cpu.check_write(linear, size)
        page = cpu.soft.read.get(linear >> 12)
        at = linear & 0xFFF
        if page is None or at + size > PAGE:
            return cpu.read_slow(linear, size)
        return int.from_bytes(page[at:at + size], "little")

    return reader


def _memory_writer(ins: Instruction) -> Writer | None:
    address, bits = ins.address, ins.memory_bits
    if ins.code_bits == 64 and ins.iced.memory_segment not in (Register.FS, Register.GS):
        offset = ins.offset
        if bits == 64:
            return lambda cpu, value: cpu.write64(offset(cpu), value)
        if bits == 32:
            return lambda cpu, value: cpu.write32(offset(cpu), value)
        if bits == 16:
            return lambda cpu, value: cpu.write16(offset(cpu), value)
        if bits == 8:
            return lambda cpu, value: cpu.write8(offset(cpu), value)
    if bits == 64:
        return lambda cpu, value: cpu.write64(address(cpu, paging.WRITE), value)
    if bits == 32:
        return lambda cpu, value: cpu.write32(address(cpu, paging.WRITE), value)
    if bits == 16:
        return lambda cpu, value: cpu.write16(address(cpu, paging.WRITE), value)
    if bits == 8:
        return lambda cpu, value: cpu.write8(address(cpu, paging.WRITE), value)
    return None
