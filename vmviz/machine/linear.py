"""Memory at linear addresses: segment bases are already added, 64-bit addresses must be canonical.

The soft tables answer nearly every access: linear page -> bytes, for one privilege, and for writes only where nothing
is left to set or to watch (the TLB holds the page as dirty, no code was decoded from it, no device lies there).
Everything else takes the slow path: `paging.translate`, page boundaries, the local APIC and the APIC-access page.

Alignment is checked on the slow path alone: while the checks are on, the soft tables in use keep no page for reading or
writing, so that every access comes there and accesses at other times ask nothing (SDM volume 3, "Interrupt 17—Alignment
Check Exception (#AC)").
"""
from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, cast

from vmviz.machine import apic, paging
from vmviz.machine.memory import MEMORY_SLOT, Memory, Page
from vmviz.machine.outcome import AC, GP, SS, Fault
from vmviz.machine.registers import CPL, EFER, EFER_LMA, MASK32

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

READ, WRITE = paging.READ, paging.WRITE
load16, load32, load64 = (struct.Struct(f).unpack_from for f in ("<H", "<I", "<Q"))
store16, store32, store64 = (struct.Struct(f).pack_into for f in ("<H", "<I", "<Q"))


class _Nothing(dict[int, Any]):
    """A table that stays empty."""

    def __setitem__(self, key: int, value: object) -> None:
        """Keep nothing."""


class SoftTables:
    """Linear page number -> bytes of the page, for accesses of one privilege (user or supervisor)."""

    __slots__ = ("aligned", "read", "write", "fetch", "code")

    def __init__(self, aligned: bool = False) -> None:
        """`aligned`: for accesses that must be aligned, each of which is checked."""
        self.aligned = aligned
        self.read: dict[int, Page] = _Nothing() if aligned else {}
        # With the journal slot of the page's first byte, size 0.
        self.write: dict[int, tuple[Page, int]] = _Nothing() if aligned else {}
        self.fetch: dict[int, int] = {}                       # -> physical address of the page
        self.code: dict[int, Instruction] = {}                # RIP -> decoded instruction

    def clear(self) -> None:
        """Forget everything, in place: the loop holds references."""
        if self.code or self.read or self.write or self.fetch:      # mostly not: a VM entry clears twice
            self.read.clear()
            self.write.clear()
            self.fetch.clear()
            self.code.clear()


class LinearMemory:
    """The part of a processor that reads and writes at linear addresses; `Processor` brings what is declared here."""

    reg: list[int]
    memory: Memory
    log: Callable[[Iterable[int]], None]
    rips: list[int]
    bits: int
    special: set[int]
    soft: SoftTables
    running: Any
    write_physical: Callable[[int, int, int], None]

    @property
    def _cpu(self) -> Processor:
        """This, as the processor it is part of."""
        return cast("Processor", self)

    def read8(self, linear: int) -> int:
        page = self.soft.read.get(linear >> 12)
        if page is None:
            return self.read_slow(linear, 1)
        return page[linear & 0xFFF]

    def read16(self, linear: int) -> int:
        page = self.soft.read.get(linear >> 12)
        offset = linear & 0xFFF
        if page is None or offset > 0xFFE:
            return self.read_slow(linear, 2)
        return int(load16(page, offset)[0])

    def read32(self, linear: int) -> int:
        page = self.soft.read.get(linear >> 12)
        offset = linear & 0xFFF
        if page is None or offset > 0xFFC:
            return self.read_slow(linear, 4)
        return int(load32(page, offset)[0])

    def read64(self, linear: int) -> int:
        page = self.soft.read.get(linear >> 12)
        offset = linear & 0xFFF
        if page is None or offset > 0xFF8:
            return self.read_slow(linear, 8)
        return load64(page, offset)[0]  # type: ignore[no-any-return]

    def write8(self, linear: int, value: int) -> None:
        entry = self.soft.write.get(linear >> 12)
        if entry is None:
            return self.write_slow(linear, 1, value)
        page, base = entry
        offset = linear & 0xFFF
        self.log((base + (offset << 4) + 1, page[offset], value))
        page[offset] = value
        return None

    def write16(self, linear: int, value: int) -> None:
        entry = self.soft.write.get(linear >> 12)
        offset = linear & 0xFFF
        if entry is None or offset > 0xFFE:
            return self.write_slow(linear, 2, value)
        page, base = entry
        self.log((base + (offset << 4) + 2, load16(page, offset)[0], value))
        store16(page, offset, value)
        return None

    def write32(self, linear: int, value: int) -> None:
        entry = self.soft.write.get(linear >> 12)
        offset = linear & 0xFFF
        if entry is None or offset > 0xFFC:
            return self.write_slow(linear, 4, value)
        page, base = entry
        self.log((base + (offset << 4) + 4, load32(page, offset)[0], value))
        store32(page, offset, value)
        return None

    def write64(self, linear: int, value: int) -> None:
        entry = self.soft.write.get(linear >> 12)
        offset = linear & 0xFFF
        if entry is None or offset > 0xFF8:
            return self.write_slow(linear, 8, value)
        page, base = entry
        self.log((base + (offset << 4) + 8, load64(page, offset)[0], value))
        store64(page, offset, value)
        return None

    def read_slow(self, linear: int, size: int) -> int:
        """A read that no soft table serves: another page, a page boundary, a device. `size`: 1..16 bytes."""
        pieces = self._pieces(linear, size, READ, self.reg[CPL] == 3)
        value = shift = 0
        for at, physical, length in pieces:
            value |= self._read_piece(at, physical, length, keep=True) << shift
            shift += 8 * length
        return value

    def write_slow(self, linear: int, size: int, value: int) -> None:
        """A write that no soft table serves. Both pages of a crossing are checked before either changes."""
        for at, physical, length in self._pieces(linear, size, WRITE, self.reg[CPL] == 3):
            self._write_piece(at, physical, length, value & (1 << 8 * length) - 1, keep=True)
            value >>= 8 * length

    def check_write(self, linear: int, size: int) -> None:
        """Raise what a write would raise, before a read-modify-write reads (its faults are those of a write)."""
        if linear >> 12 not in self.soft.write or (linear & 0xFFF) + size > 0x1000:
            self._pieces(linear, size, WRITE, self.reg[CPL] == 3)

    def read_system(self, linear: int, size: int, user: bool | None = None) -> int:
        """A supervisor read at any CPL, implicit unless `user` is False: descriptor tables, TSS, IDT."""
        value = shift = 0
        for at, physical, length in self._pieces(linear, size, READ, user):
            value |= self._read_piece(at, physical, length, keep=False) << shift
            shift += 8 * length
        return value

    def write_system(self, linear: int, size: int, value: int, user: bool | None = None) -> None:
        """A supervisor write, implicit unless `user` is False: accessed bits of descriptors, busy bits."""
        for at, physical, length in self._pieces(linear, size, WRITE, user):
            self._write_piece(at, physical, length, value & (1 << 8 * length) - 1, keep=False)
            value >>= 8 * length

    def _pieces(self, linear: int, size: int, access: int, user: bool | None) -> list[tuple[int, int, int]]:
        """Translate an access: (linear, physical, length) for each page it touches.

        One of several parts (a pseudo-descriptor) must be aligned as its first part is; the others are asked when made.
        """
        if self.bits != 64 and not self.reg[EFER] & EFER_LMA:
            linear &= MASK32
        elif linear + 0x8000_0000_0000 & (1 << 64) - 1 >= 1 << 48:
            raise self.not_canonical(linear)
        if user and self.soft.aligned and linear & (size & -size) - 1:
            raise Fault(AC)                 # of these and page faults the manual leaves the order to the processor
        head = 0x1000 - (linear & 0xFFF)
        if size <= head:
            return [(linear, paging.translate(self._cpu, linear, access, user), size)]
        if linear + head + 0x8000_0000_0000 & (1 << 64) - 1 >= 1 << 48 and self.reg[EFER] & EFER_LMA:
            raise self.not_canonical(linear + head)
        second = linear + head if self.reg[EFER] & EFER_LMA else linear + head & MASK32
        return [(linear, paging.translate(self._cpu, linear, access, user), head),
                (second, paging.translate(self._cpu, second, access, user), size - head)]

    def _read_piece(self, linear: int, physical: int, length: int, keep: bool) -> int:
        frame = physical >> 12
        page = self.memory.page(frame)
        if page is None or frame in self.special:
            return apic.read_special(self._cpu, physical, length, linear)
        if keep:
            self.soft.read[linear >> 12] = page
        offset = physical & 0xFFF
        return int.from_bytes(page[offset:offset + length], "little")

    def _write_piece(self, linear: int, physical: int, length: int, value: int, keep: bool) -> None:
        frame = physical >> 12
        page = self.memory.page(frame)
        if page is None or frame in self.special:
            apic.write_special(self._cpu, physical, length, value, linear)
            return
        # Odd lengths come only from page crossings.
        while length:
            size = 8 if length >= 8 else 4 if length >= 4 else 2 if length >= 2 else 1
            self.write_physical(physical, size, value & (1 << 8 * size) - 1)
            physical, value, length = physical + size, value >> 8 * size, length - size
        if keep and frame not in self.memory.has_code:
            self.soft.write[linear >> 12] = page, MEMORY_SLOT | frame << 16

    def not_canonical(self, linear: int) -> Fault:
        """The fault for an address that is not canonical: #SS for stack accesses, else #GP."""
        running = self.running or self.soft.code.get(self.rips[-1])
        return Fault(SS if running is not None and running.uses_stack(self._cpu, linear) else GP)
