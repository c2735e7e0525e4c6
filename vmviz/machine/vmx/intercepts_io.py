"""Ports and MSRs of a guest: the bitmaps, and VM exits 30, 31 and 32.

I/O bitmap A has a bit for ports 0 to 7FFFh, B for the rest; an access to any port whose bit is set exits, and so
does one that wraps around port FFFFh. The MSR bitmap has four parts of 1 KiB: reads of MSRs 0 to 1FFFh, reads of
C0000000h to C0001FFFh, then writes of both; other MSRs always exit (SDM volume 3, "I/O-Bitmap Addresses",
"MSR-Bitmap Address").
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmviz.machine.operands import SEGMENT_INDEX
from vmviz.machine.outcome import VmExit
from vmviz.machine.registers import DS, ES, FS, GS, MASK32, MASK64, RDI, RSI, SEGMENTS
from vmviz.machine.vmx import controls as c
from vmviz.machine.vmx import information

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

IO_INSTRUCTION, RDMSR, WRMSR = 30, 31, 32
LOW: Final = range(0x2000)
HIGH: Final = range(0xC000_0000, 0xC000_2000)


def io(cpu: Processor, ins: Instruction, port: int, size: int, is_in: bool, string: bool = False, rep: bool = False,
       immediate: bool = False) -> None:
    """IN, OUT, INS, OUTS: exits by the I/O bitmaps, or always with "unconditional I/O exiting"."""
    words = cpu.controls
    if words.primary & c.USE_IO_BITMAPS:
        if not _port_exits(cpu, port, size):
            return
    elif not words.primary & c.UNCONDITIONAL_IO_EXITING:
        return
    qualification = size - 1 | is_in << 3 | string << 4 | rep << 5 | immediate << 6 | port << 16
    if not string:
        raise VmExit(IO_INSTRUCTION, qualification, length=ins.length)
    bits, index, linear = _string_operand(cpu, ins, is_in)
    raise VmExit(IO_INSTRUCTION, qualification, length=ins.length, linear=linear,
                 information=information.string_io(bits, index))


def _port_exits(cpu: Processor, port: int, size: int) -> bool:
    if port + size > 0x10000:
        return True
    region = cpu.guest_fields()
    for each in range(port, port + size):
        bitmap = region.read("io_bitmap_b_address" if each & 0x8000 else "io_bitmap_a_address")
        if cpu.memory.read(bitmap + (each >> 3 & 0xFFF), 1) >> (each & 7) & 1:
            return True
    return False


def _string_operand(cpu: Processor, ins: Instruction, is_in: bool) -> tuple[int, int, int]:
    """Address size, segment and linear address of the memory operand of INS (ES:RDI) or OUTS (segment:RSI).

    The segment is the one that DS or a prefix chooses, though INS uses ES: the manual leaves it undefined there.
    """
    iced = ins.iced
    bits = string_address_bits(ins)
    offset = cpu.reg[RDI if is_in else RSI] & (1 << bits) - 1
    chosen = SEGMENT_INDEX.get(iced.segment_prefix, DS)
    if ins.code_bits == 64 and chosen not in (FS, GS):
        chosen = DS
    index = ES if is_in else chosen
    if ins.code_bits == 64 and index not in (FS, GS):
        return bits, chosen, offset
    mask = MASK64 if ins.code_bits == 64 else MASK32
    return bits, chosen, cpu.reg[SEGMENTS + 4 * index + 1] + offset & mask


def string_address_bits(ins: Instruction) -> int:
    """The address size of a string instruction: the code's, unless the prefix 67h is among its bytes."""
    prefixed = False
    for byte in ins.code:
        if byte == 0x67:
            prefixed = True
        elif byte not in (0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0xF0, 0xF2, 0xF3) and not 0x40 <= byte <= 0x4F:
            break
    if not prefixed:
        return ins.code_bits
    return {64: 32, 32: 16, 16: 32}[ins.code_bits]


def rdmsr(cpu: Processor, ins: Instruction, index: int) -> None:
    """RDMSR: exits unless the MSR bitmap says otherwise."""
    if cpu.non_root and msr_exits(cpu, index, write=False):
        raise VmExit(RDMSR, length=ins.length)


def wrmsr(cpu: Processor, ins: Instruction, index: int) -> None:
    """WRMSR: exits unless the MSR bitmap says otherwise."""
    if cpu.non_root and msr_exits(cpu, index, write=True):
        raise VmExit(WRMSR, length=ins.length)


def msr_exits(cpu: Processor, index: int, write: bool) -> bool:
    """Does an access to an MSR exit?"""
    if not cpu.controls.primary & c.USE_MSR_BITMAPS:
        return True
    if index not in LOW and index not in HIGH:
        return True
    at = cpu.guest_fields().read("msr_bitmap_address") + (0x400 if index in HIGH else 0) + (0x800 if write else 0)
    return bool(cpu.memory.read(at + ((index & 0x1FFF) >> 3), 1) >> (index & 7) & 1)
