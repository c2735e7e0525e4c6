"""A stack as far transfers, event delivery and returns use it: pushing and popping with the width of its segment.

It may be the stack in use or one that is about to be switched to. Pushes write memory at once; the stack pointer
reaches RSP only through `leave_pointer`, when everything has gone well (what was written is taken back otherwise).
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from vmviz.machine.outcome import SS as SS_FAULT
from vmviz.machine.outcome import Fault
from vmviz.machine.registers import (
    AR_DB,
    AR_TYPE,
    CPL,
    MASK32,
    MASK64,
    RSP,
    SEGMENTS,
    SS,
)
from vmviz.machine.segmentation import canonical

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

_EXPAND_DOWN = 4


class Stack:
    """A stack segment and a pointer into it."""

    __slots__ = ("cpu", "base", "limit", "rights", "pointer", "mask", "user")

    def __init__(self, cpu: Processor, base: int, limit: int, rights: int, pointer: int, cpl: int) -> None:
        """A stack outside 64-bit mode, used at privilege `cpl`."""
        self.cpu, self.base, self.limit, self.rights = cpu, base, limit, rights
        self.mask = MASK32 if rights & AR_DB else 0xFFFF
        self.pointer = pointer & self.mask
        self.user = cpl == 3

    @classmethod
    def flat(cls, cpu: Processor, pointer: int, cpl: int) -> Stack:
        """A stack of 64-bit mode: no base, no limit."""
        stack = cls(cpu, 0, 0, 0, 0, cpl)
        stack.mask, stack.pointer = MASK64, pointer
        return stack

    @classmethod
    def current(cls, cpu: Processor) -> Stack:
        """The stack in use."""
        reg = cpu.reg
        if cpu.bits == 64:
            return cls.flat(cpu, reg[RSP], reg[CPL])
        at = SEGMENTS + 4 * SS
        return cls(cpu, reg[at + 1], reg[at + 2], reg[at + 3], reg[RSP], reg[CPL])

    def push(self, value: int, size: int) -> None:
        """Push `size` bytes."""
        self.pointer = self.pointer - size & self.mask
        at = self._linear(self.pointer, size)
        value &= (1 << 8 * size) - 1
        if self.user:
            self.cpu.write_slow(at, size, value)
        else:
            self.cpu.write_system(at, size, value, False)

    def pop(self, size: int) -> int:
        """Pop `size` bytes."""
        at = self._linear(self.pointer, size)
        self.pointer = self.pointer + size & self.mask
        return self.cpu.read_slow(at, size) if self.user else self.cpu.read_system(at, size, False)

    def pop_frame(self, size: int, count: int) -> list[int]:
        """Pop `count` values of `size` bytes, first popped first. They are read from the last one down."""
        first = self.pointer
        values = []
        for n in range(count - 1, -1, -1):
            self.pointer = first + n * size & self.mask
            values.append(self.pop(size))
        self.pointer = first + count * size & self.mask
        return values[::-1]

    def leave_pointer(self) -> None:
        """Make the pointer the stack pointer in use, as wide as the stack is."""
        old = self.cpu.reg[RSP]
        self.cpu.set(RSP, old & ~0xFFFF | self.pointer if self.mask == 0xFFFF else self.pointer)

    def _linear(self, offset: int, size: int) -> int:
        if self.mask == MASK64:
            if not canonical(offset) or not canonical(offset + size - 1 & MASK64):
                raise Fault(SS_FAULT)
            return offset
        last = offset + size - 1
        if self.rights & AR_TYPE & (8 | _EXPAND_DOWN) == _EXPAND_DOWN:
            if offset <= self.limit or last > self.mask:
                raise Fault(SS_FAULT)
        elif last > self.limit:
            raise Fault(SS_FAULT)
        return self.base + offset & MASK32
