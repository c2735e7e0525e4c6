"""What stretches of a run did to memory, net: the way to jump over many chunks of a journal without replaying them.

Memory is seen as cells of 8 aligned bytes. A span over some chunks holds every cell that they wrote, with its value
before and after, by address. Spans lie in levels: level 0 covers one chunk, level n covers 2**n of them, aligned; each
is joined from two of the level below as soon as both are there. From any chunk boundary to any other leads a path of at
most two spans a level. A run often writes the same cells again and again: spans of the same cells share one array of
them, and of such spans in a row a jump looks at the last one only.
"""
from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from vmviz.machine.memory import MEMORY_SLOT, FlatMemory, Memory

_load64 = struct.Struct("<Q").unpack_from


class Span(NamedTuple):
    """Cells (physical address / 8), ascending, with their values before and after."""

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
    return _span(array("Q", sorted(after)), before, after)


def join(first: Span, second: Span) -> Span:
    """The span of two neighbouring spans."""
    if first.cells == second.cells:
        return Span(first.cells, first.old, second.new)
    old = dict(zip(second.cells, second.old, strict=True))
    old.update(zip(first.cells, first.old, strict=True))
    new = dict(zip(first.cells, first.new, strict=True))
    new.update(zip(second.cells, second.new, strict=True))
    return _sharing(_span(array("Q", sorted(new)), old, new), first, second)


def _span(cells: array[int], old: dict[int, int], new: dict[int, int]) -> Span:
    return Span(cells, array("Q", map(old.__getitem__, cells)), array("Q", map(new.__getitem__, cells)))


def _sharing(span: Span, *others: Span) -> Span:
    """The same span, its cells kept once with those of another one that has the same."""
    return next((span._replace(cells=other.cells) for other in others if other.cells == span.cells), span)


def _cell(memory: Memory, cell: int) -> int:
    page = memory.page(cell >> 9)
    assert page is not None
    return int(_load64(page, (cell & 511) << 3)[0])


class Spans:
    """All spans of a journal's sealed chunks, by level."""

    def __init__(self) -> None:
        self._levels: list[list[Span]] = [[]]
        self.frames: set[int] = set()       # the page frames that were written
        self.bytes_kept = 0                 # how many bytes the spans hold; an array that several share is counted once

    def add(self, span: Span) -> None:
        """The next chunk's span; joins what can be joined."""
        level = 0
        self._append(level, span)
        while len(self._levels[level]) % 2 == 0:
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._append(level + 1, join(*self._levels[level][-2:]))
            level += 1

    def _append(self, level: int, span: Span) -> None:
        if not level:
            self.frames.update(cell >> 9 for cell in span.cells)
        before = self._levels[level][-1:]
        span = _sharing(span, *before)
        near = [column for other in (*before, *(self._levels[level - 1][-2:] if level else ())) for column in other]
        self.bytes_kept += 8 * sum(len(column) for column in span if not any(column is other for other in near))
        self._levels[level].append(span)

    def completed(self, chunk: int) -> list[Span]:
        """The spans that chunk number `chunk` completed, one a level: its own, and those joined because of it."""
        after = chunk + 1
        found = [level[(after >> n) - 1] for n, level in enumerate(self._levels) if after % (1 << n) == 0]
        return found[:(after & -after).bit_length()]

    def take(self, completed: Sequence[Span]) -> None:
        """The next chunk's spans, as `completed` gives them: what was joined elsewhere need not be joined again."""
        while len(self._levels) < len(completed):
            self._levels.append([])
        for level, span in enumerate(completed):
            self._append(level, span)

    def jump(self, memory: FlatMemory, start: int, end: int) -> None:
        """Bring memory from the start of chunk `start` to that of chunk `end`, forwards or backwards."""
        path = list(self.path(*sorted((start, end))))
        if start > end:
            path.reverse()
        for span, later in zip_longest(path, path[1:]):
            if later is None or span.cells != later.cells:
                memory.put(span.cells, span.new if start < end else span.old)

    def path(self, low: int, high: int) -> Iterator[Span]:
        """Spans that lead from the start of chunk `low` to the start of chunk `high`, in order, as few as can be."""
        while low < high:
            level = (low & -low).bit_length() - 1 if low else len(self._levels) - 1
            while low + (1 << level) > high or low >> level >= len(self._levels[level]):
                level -= 1
            yield self._levels[level][low >> level]
            low += 1 << level
