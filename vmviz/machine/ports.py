"""The I/O ports: what is behind them, and who may touch them.

Port E9h prints a character (and reads E9h, by which software finds it); port 8900h counts the letters of
"Shutdown", at whose end the run ends. Nothing is behind the others: they read all ones and swallow what is
written. A write of two or four bytes reaches only the device at its first port.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmviz import events as ev
from vmviz.machine import debug
from vmviz.machine.outcome import GP, Fault
from vmviz.machine.registers import CPL, CR0, CR0_PE, IOPL, RFLAGS, SHUTDOWN_PORT, TR, VM, segment

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

CONSOLE, SHUTDOWN = 0xE9, 0x8900
SHUTDOWN_WORD: Final = b"Shutdown"
_IO_MAP_BASE: Final = 0x66


def check_permission(cpu: Processor, port: int, size: int) -> None:
    """With CPL above IOPL, and in virtual-8086 mode, the I/O permission bitmap of the TSS decides. Raises #GP(0).

    SDM volume 1, "I/O Permission Bit Map": two bytes of the map are read, so its last byte must lie within the limit.
    """
    reg = cpu.reg
    flags = reg[RFLAGS]
    if not reg[CR0] & CR0_PE or (not flags & VM and reg[CPL] <= (flags & IOPL) >> 12):
        return
    at = segment(TR, 0)
    base, limit, rights = reg[at + 1], reg[at + 2], reg[at + 3]
    if not rights & 8 or limit < _IO_MAP_BASE + 1:
        raise Fault(GP)
    byte = cpu.read_system(base + _IO_MAP_BASE, 2) + (port >> 3)
    if byte + 1 > limit:
        raise Fault(GP)
    if cpu.read_system(base + byte, 2) >> (port & 7) & (1 << size) - 1:
        raise Fault(GP)


def read(cpu: Processor, port: int, size: int) -> int:
    """IN: `size` bytes from a port."""
    ones = (1 << 8 * size) - 1
    value = ones & ~0xFF | CONSOLE if port == CONSOLE else ones
    debug.io_hit(cpu, port, size)
    if cpu.telling:
        cpu.emit(ev.Port(direction="in", port=port, size=size, value=value))
    return value


def write(cpu: Processor, port: int, size: int, value: int) -> None:
    """OUT: `size` bytes to a port."""
    debug.io_hit(cpu, port, size)
    if cpu.telling:
        cpu.emit(ev.Port(direction="out", port=port, size=size, value=value))
    if port == CONSOLE:
        cpu.mark(ev.Console(text=chr(value & 0xFF)))
    elif port == SHUTDOWN:
        matched = cpu.board.first.reg[SHUTDOWN_PORT]
        if matched < len(SHUTDOWN_WORD):
            letter = value & 0xFF
            matched = matched + 1 if letter == SHUTDOWN_WORD[matched] else int(letter == SHUTDOWN_WORD[0])
            cpu.board.put(0, SHUTDOWN_PORT, matched)
        cpu.attention = True
