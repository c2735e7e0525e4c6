"""Physical memory: pages of 4 KiB that come into being when first touched, and where a journal slot of memory lies.

Only RAM is here. What lies outside (the local APIC's page, addresses without anything behind them) is decided by the
processor's slow path: `Memory.page` gives None for it. Reading where nothing is gives all ones, writing does nothing.
No journal here: `Processor.write_physical` journals, `Memory.poke` is what the journal uses to go back and forth.

`has_code` holds the pages of which a soft table may repeat decoded instructions: who writes to one tells those tables.
"""
from __future__ import annotations

import mmap
import struct
from collections.abc import Iterable
from typing import Final

from vmviz.machine.registers import MASK64

PAGE: Final = 4096
MEMORY_SLOT: Final = 1 << 62  # slot = MEMORY_SLOT | physical address << 4 | size in bytes
_load64 = struct.Struct("<Q").unpack_from
_store64 = struct.Struct("<Q").pack_into
_PRIVATE: Final = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}


def slot_of(physical: int, size: int) -> int:
    """The journal slot of `size` bytes (1, 2, 4 or 8) at a physical address, which must not cross a page."""
    return MEMORY_SLOT | physical << 4 | size


def place_of(slot: int) -> tuple[int, int]:
    """The physical address and size that a memory slot names."""
    return (slot ^ MEMORY_SLOT) >> 4, slot & 15


Page = bytearray | memoryview


class Memory:
    """RAM from physical address 0 on."""

    def __init__(self, size: int) -> None:
        """`size` in bytes, a multiple of 4096."""
        self.frames = size // PAGE
        self.pages: dict[int, Page] = {}
        self.has_code: set[int] = set()

    def page(self, frame: int) -> Page | None:
        """The bytes of a page frame, or None where there is no RAM."""
        page = self.pages.get(frame)
        if page is None and frame < self.frames:
            page = self.pages[frame] = self._new_page(frame)
        return page

    def _new_page(self, frame: int) -> Page:
        return bytearray(PAGE)

    def read(self, physical: int, size: int) -> int:
        """`size` bytes at any physical address, little-endian; all ones where there is no RAM."""
        offset = physical & 0xFFF
        if offset + size <= PAGE:
            page = self.page(physical >> 12)
            if page is None:
                return (1 << 8 * size) - 1
            return int.from_bytes(page[offset:offset + size], "little")
        head = PAGE - offset
        return self.read(physical, head) | self.read(physical + head, size - head) << 8 * head

    def read_entry(self, physical: int) -> int:
        """8 bytes at a multiple of 8, as tables hold them; all ones where there is no RAM."""
        page = self.pages.get(physical >> 12) or self.page(physical >> 12)
        return MASK64 if page is None else int(_load64(page, physical & 0xFFF)[0])

    def load(self, physical: int, data: bytes) -> None:
        """Put an image into RAM before the run; not journaled."""
        for at in range(0, len(data), PAGE):
            piece = data[at:at + PAGE]
            offset = physical + at & 0xFFF
            page = self.page(physical + at >> 12)
            if page is None or offset + len(piece) > PAGE:
                for n, byte in enumerate(piece):
                    self.poke(slot_of(physical + at + n, 1), byte)
            else:
                page[offset:offset + len(piece)] = piece

    def poke(self, slot: int, value: int) -> None:
        """Set the bytes that a memory slot names; nothing happens where there is no RAM. No soft table is told."""
        physical, size = (slot ^ MEMORY_SLOT) >> 4, slot & 15
        page = self.pages.get(physical >> 12) or self.page(physical >> 12)
        if page is None:
            return
        offset = physical & 0xFFF
        if size == 8:
            _store64(page, offset, value)
        else:
            page[offset:offset + size] = value.to_bytes(size, "little")


class FlatMemory(Memory):
    """RAM in one piece, for who sets many places of it at once; its pages are views.

    A run is quicker with pages of their own. The operating system gives what is touched only, and hosts are taken to be
    little-endian, as the processor is.
    """

    def __init__(self, size: int) -> None:
        """`size` in bytes, a multiple of 4096."""
        super().__init__(size)
        self._ram = memoryview(mmap.mmap(-1, size, **_PRIVATE))
        self._cells = self._ram.cast("Q")

    def _new_page(self, frame: int) -> memoryview:
        return self._ram[frame * PAGE:(frame + 1) * PAGE]

    def put(self, cells: Iterable[int], values: Iterable[int]) -> None:
        """Give cells (physical address / 8) their values, 8 bytes each."""
        ram = self._cells
        for cell, value in zip(cells, values, strict=True):
            ram[cell] = value
