"""What stretches of a run did to memory, net: the way to jump over many chunks of a journal without replaying them.

Memory is seen as cells of 8 aligned bytes. A span over some chunks holds every cell that they wrote, with its value
before and after. Spans lie in levels: level 0 covers one chunk, level n covers 2**n of them, aligned; each is joined
from two of the level below as soon as both are there. From any chunk boundary to any other leads a path of at most two
spans a level.
"""
from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from vmviz.machine.memory import MEMORY_SLOT, Memory

_load64 = struct.Struct("<Q").unpack_from
_store64 = struct.Struct("<Q").pack_into


class Span(NamedTuple):
    """Cells (physical address / 8) with their values before and after."""

    cells: array[int]
    old: array[int]
    new: array[int]


def of_changes(changes: Sequence[int], memory: Memory) -> Span:
    """The span of one chunk's changes (flat: slot, old, new, ...), when `memory` is as the chunk has left it."""
    before: dict[int, int] = {}
    after: dict[int, int] = {}
    for n in range(len(changes) - 3, -1, -3):
        slot = changes[n]
        if slot < MEMORY_SLOT:
            continue
        address, size = (slot ^ MEMORY_SLOT) >> 4, slot & 15
        cell, offset = address >> 3, address & 7
        if cell not in after:
            after[cell] = before[cell] = _cell(memory, cell)
        if size == 8 and not offset:
            before[cell] = changes[n + 1]
            continue
        if offset + size > 8 and cell + 1 not in after:
            after[cell + 1] = before[cell + 1] = _cell(memory, cell + 1)
        wide = before[cell] | before.get(cell + 1, 0) << 64
        wide = wide & ~((1 << 8 * size) - 1 << 8 * offset) | changes[n + 1] << 8 * offset
        before[cell] = wide & 0xFFFF_FFFF_FFFF_FFFF
        if cell + 1 in before:
            before[cell + 1] = wide >> 64
    return Span(array("Q", after), array("Q", (before[cell] for cell in after)), array("Q", after.values()))


def join(first: Span, second: Span) -> Span:
    """The span of two neighbouring spans."""
    old = dict(zip(second.cells, second.old, strict=True))
    old.update(zip(first.cells, first.old, strict=True))
    new = dict(zip(first.cells, first.new, strict=True))
    new.update(zip(second.cells, second.new, strict=True))
    return Span(array("Q", new), array("Q", (old[cell] for cell in new)), array("Q", new.values()))


def _put(memory: Memory, values: dict[int, int]) -> None:
    """Set cells of memory."""
    for cell, value in values.items():
        frame = cell >> 9
        page = memory.pages.get(frame) or memory.page(frame)
        assert page is not None
        _store64(page, (cell & 511) << 3, value)


def _cell(memory: Memory, cell: int) -> int:
    page = memory.page(cell >> 9)
    assert page is not None
    return int(_load64(page, (cell & 511) << 3)[0])


class Spans:
    """All spans of a journal's sealed chunks, by level."""

    def __init__(self) -> None:
        self._levels: list[list[Span]] = [[]]

    def add(self, span: Span) -> None:
        """The next chunk's span; joins what can be joined."""
        self._levels[0].append(span)
        level = 0
        while len(self._levels[level]) % 2 == 0:
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(join(*self._levels[level][-2:]))
            level += 1

    def completed(self, chunk: int) -> list[Span]:
        """The spans that chunk number `chunk` completed, one a level: its own, and those joined because of it."""
        after = chunk + 1
        found = [level[(after >> n) - 1] for n, level in enumerate(self._levels) if after % (1 << n) == 0]
        return found[:(after & -after).bit_length()]

    def take(self, completed: Sequence[Span]) -> None:
        """The next chunk's spans, as `completed` gives them: what was joined elsewhere need not be joined again."""
        while len(self._levels) < len(completed):
            self._levels.append([])
        for level, span in zip(self._levels, completed, strict=False):
            level.append(span)

    def jump(self, memory: Memory, start: int, end: int) -> None:
        """Bring memory from the start of chunk `start` to that of chunk `end`, forwards or backwards."""
        values: dict[int, int] = {}         # gathered first: a cell that many spans hold is set once
        if start <= end:
            for span in self.path(start, end):
                values.update(zip(span.cells, span.new, strict=True))
        else:
            for span in reversed(list(self.path(end, start))):
                values.update(zip(span.cells, span.old, strict=True))
        _put(memory, values)

    def path(self, low: int, high: int) -> Iterator[Span]:
        """Spans that lead from the start of chunk `low` to the start of chunk `high`, in order, as few as can be."""
        while low < high:
            level = (low & -low).bit_length() - 1 if low else len(self._levels) - 1
            while low + (1 << level) > high or low >> level >= len(self._levels[level]):
                level -= 1
            yield self._levels[level][low >> level]
            low += 1 << level

    @property
    def bytes_kept(self) -> int:
        """How many bytes the spans hold."""
        return sum(24 * len(span.cells) for level in self._levels for span in level)
