"""Operands that an instruction implies: parts of registers by width, memory by segment and offset.

The decoder binds the operands that an instruction names; what MUL, CMPXCHG, string and bit-string instructions use
besides comes from here.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from vmviz.machine import segmentation
from vmviz.machine.registers import BASE, FS, MASK64, RAX, SEGMENTS

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor


def put(cpu: Processor, slot: int, bits: int, value: int) -> None:
    """Write the low 8, 16, 32 or 64 bits of a general register; 32 clear the upper half, fewer leave the rest alone."""
    if bits < 32:
        value |= cpu.reg[slot] & ~((1 << bits) - 1)
    cpu.set_reg(slot, value)


def put_ah(cpu: Processor, value: int) -> None:
    """Write AH."""
    cpu.set_reg(RAX, cpu.reg[RAX] & ~0xFF00 | value << 8)


def signed(value: int, bits: int) -> int:
    """An unsigned value of a width as the signed number that it stands for."""
    return value - (value >> bits - 1 << bits)


def address(cpu: Processor, segment: int, offset: int, size: int, access: int) -> int:
    """The linear address of `size` bytes at an offset within a segment, checked outside 64-bit code."""
    if cpu.bits != 64:
        return segmentation.linear(cpu, segment, offset, size, access)
    if segment >= FS:
        return cpu.reg[SEGMENTS + 4 * segment + BASE] + offset & MASK64
    return offset


def read(cpu: Processor, linear: int, bits: int) -> int:
    """8, 16, 32 or 64 bits at a linear address."""
    if bits == 64:
        return cpu.read64(linear)
    if bits == 32:
        return cpu.read32(linear)
    return cpu.read16(linear) if bits == 16 else cpu.read8(linear)


def write(cpu: Processor, linear: int, bits: int, value: int) -> None:
    """Write 8, 16, 32 or 64 bits at a linear address."""
    if bits == 64:
        cpu.write64(linear, value)
    elif bits == 32:
        cpu.write32(linear, value)
    elif bits == 16:
        cpu.write16(linear, value)
    else:
        cpu.write8(linear, value)
