"""A journal whose run happens elsewhere: what it has gained travels in parts, and is read here as if it ran here.

In the process that runs, `Sender` cuts a growing `Journal` into parts. In the process that reads, `Received` is made
from a processor in the same start state and takes the parts in their order. Everything that is costly to work out (the
joined spans) is worked out where the run is; taking a part is copying columns.
"""
from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from vmviz import events as ev
from vmviz.machine.journal import Journal
from vmviz.machine.memory import PAGE
from vmviz.machine.processor import Processor
from vmviz.machine.spans import Span

MARK_BYTES = 500        # that a kept event takes, with its places in outlines and searches; about


class Part(NamedTuple):
    """What a run has gained: columns to append to the growing chunk, kept events, and all registers behind them.

    `spans` are given when the chunk is complete with this part: those that it completed.
    """

    starts: Sequence[int]
    changes: Sequence[int]
    rips: Sequence[int]
    who: Sequence[int]
    marks: Sequence[tuple[int, ev.Event]]
    registers: Sequence[int]
    spans: Sequence[Span] | None = None


class Sender:
    """Gives a growing journal part by part."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.size = len(journal.first_pages) * PAGE     # bytes that a reader holds of it by now, about
        self._chunk = self._starts = self._changes = self._marks = 0

    @property
    def waiting(self) -> int:
        """How many numbers of the journal are not sent yet."""
        journal, number, waiting = self.journal, self._chunk, -self._changes
        while journal.is_sealed(number):
            waiting += len(journal.chunk(number).changes)
            number += 1
        return waiting + len(journal.cpu.journal)

    @property
    def waiting_marks(self) -> int:
        """How many kept events are not sent yet."""
        return len(self.journal.marks) - self._marks

    def parts(self) -> Iterator[Part]:
        """Everything since the last call."""
        while self.journal.is_sealed(self._chunk):
            yield self._part()
        if len(self.journal.starts) > self._starts:
            yield self._part()

    def _part(self) -> Part:
        journal, number = self.journal, self._chunk
        chunk, sealed = journal.chunk(number), journal.is_sealed(number)
        registers = journal.chunk(number + 1).registers if sealed else journal.board.registers()
        end = journal.first(number) + len(chunk.starts)
        marks: list[Any] = [mark for mark in journal.marks[self._marks:] if mark[0] < end]
        part = Part(chunk.starts[self._starts:], chunk.changes[self._changes:], chunk.rips[self._starts:],
                    chunk.who[self._starts:], marks, registers, journal.spans.completed(number) if sealed else None)
        self._marks += len(marks)
        self.size += size_of(part)
        if sealed:
            self._chunk, self._starts, self._changes = number + 1, 0, 0
        else:
            self._starts, self._changes = len(chunk.starts), len(chunk.changes)
        return part


class Received(Journal):
    """A journal that grows by the parts of a run elsewhere; of its own machine only the registers follow that.

    The machine goes with it.
    """

    def __init__(self, cpu: Processor) -> None:
        super().__init__(cpu)
        self.board.belongs_to(self)
        self.size = len(self.first_pages) * PAGE
        self._renew()

    @property
    def bytes_kept(self) -> int:
        """About how many bytes it holds."""
        return self.size

    def append(self, part: Part) -> None:
        """The next part of the run."""
        self.starts.extend(part.starts)
        self.cpu.journal.extend(part.changes)
        self.cpu.rips.extend(part.rips)
        self._who.extend(part.who)
        self.cpu.marks.extend(part.marks)
        self.size += size_of(part)
        registers = array("Q", part.registers)
        self.board.set_registers(registers)
        if part.spans is not None:
            self.spans.take(part.spans)
            self._sealed.append(self.chunk(len(self._sealed)))
            self._firsts.append(self.length)
            self._registers = registers
            self.marks.pack()
            self._renew()

    def _renew(self) -> None:
        """A new growing chunk, packed from its beginning."""
        self.starts = array("I")            # type: ignore[assignment]
        self._who = array("B")              # type: ignore[assignment]
        self.cpu.journal = array("Q")       # type: ignore[assignment]
        self.cpu.rips = array("Q")          # type: ignore[assignment]


def size_of(part: Part) -> int:
    """The bytes that a reader holds because of a part, about."""
    columns = 8 * (len(part.changes) + len(part.rips)) + 4 * len(part.starts) + len(part.who)
    kept = columns + MARK_BYTES * len(part.marks)
    if part.spans is None:
        return kept
    return kept + 8 * len(part.registers) + sum(24 * len(span.cells) for span in part.spans)
