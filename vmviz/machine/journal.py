"""What a run leaves behind, so that any step can be seen again: packed columns, and a cursor over them.

`Journal` drives a processor and keeps, in chunks of 4,096 steps, every change as (slot, old, new) in one array of
64-bit integers, each step's offset into it and each step's RIP. Registers are copied at the start of every chunk; what
chunks did to memory is kept net in spans (spans.py), so that a far seek jumps. `Cursor` is a processor of its own that
is moved over the same run; to tell a step's events it executes the step again, which gives the same step always.
"""
from __future__ import annotations

from array import array
from typing import NamedTuple

from vmviz.machine import spans
from vmviz.machine.memory import MEMORY_SLOT, PAGE, Memory
from vmviz.machine.outcome import OutsideModel
from vmviz.machine.processor import Processor
from vmviz.machine.registers import RIP
from vmviz.machine.step import Step, advance, ended, tell

CHUNK = 4096


class _Chunk(NamedTuple):
    registers: array[int]
    changes: array[int] | list[int]
    starts: array[int] | list[int]
    rips: array[int] | list[int]


class Journal:
    """The recording of one processor's run from its present state on."""

    def __init__(self, cpu: Processor) -> None:
        self.cpu = cpu
        self.origin = cpu.base_step = 0
        self.starts: list[int] = []
        cpu.journal, cpu.rips, cpu.marks = [], [], []
        cpu.log = cpu.journal.extend
        cpu.commit = 0
        self.ending: str | None = None
        self.outside: OutsideModel | None = None
        self._sealed: list[_Chunk] = []
        self._registers = array("Q", cpu.reg)
        self.first_pages = {frame: bytes(page) for frame, page in cpu.memory.pages.items()}
        self.spans = spans.Spans()
        cpu.refresh()

    @property
    def length(self) -> int:
        """How many steps are complete."""
        return len(self._sealed) * CHUNK + len(self.starts)

    @property
    def bytes_kept(self) -> int:
        """About how many bytes the recording holds."""
        changes = sum(8 * (len(c.changes) + len(c.rips) + len(c.registers)) + 4 * len(c.starts) for c in self._sealed)
        memory = len(self.first_pages) * PAGE + self.spans.bytes_kept
        return changes + memory + 36 * len(self.cpu.journal) + 24 * len(self.starts) + 200 * len(self.cpu.marks)

    @property
    def marks(self) -> list[tuple[int, object]]:
        """(step, event) of the events that outlines and searches need, in order."""
        return self.cpu.marks  # type: ignore[return-value]

    def record(self, count: int) -> int:
        """Make up to `count` further steps; gives how many were made.

        `ending` then says why there were fewer: a name of `step.ended`, or "outside" (see `outside`).
        """
        done = 0
        while done < count and not self.ending:
            if len(self.starts) == CHUNK:
                self._seal()
            room = min(count - done, CHUNK - len(self.starts))
            before = len(self.starts)
            try:
                advance(self.cpu, self.starts, room)
            except OutsideModel as what:
                self.ending, self.outside = "outside", what
            done += len(self.starts) - before
            if not self.ending and len(self.starts) - before < room:
                self.ending = ended(self.cpu)
        return done

    def _seal(self) -> None:
        cpu = self.cpu
        columns = array("Q", cpu.journal), array("I", self.starts), array("Q", cpu.rips)
        self._sealed.append(_Chunk(self._registers, *columns))
        self.spans.add(spans.of_changes(cpu.journal, cpu.memory))
        cpu.journal.clear()
        self.starts.clear()
        cpu.rips.clear()
        cpu.base_step += CHUNK
        cpu.commit = 0
        self._registers = array("Q", cpu.reg)

    # ---- what cursors read

    def is_sealed(self, number: int) -> bool:
        """Is a chunk complete and packed?"""
        return number < len(self._sealed)

    def chunk(self, number: int) -> _Chunk:
        """A chunk's columns; the last one is still growing."""
        if number < len(self._sealed):
            return self._sealed[number]
        return _Chunk(self._registers, self.cpu.journal, self.starts, self.cpu.rips)

    def rip(self, step: int) -> int:
        """RIP at position `step`."""
        if step >= self.length:
            return self.cpu.reg[RIP]
        number, at = divmod(step, CHUNK)
        return self.chunk(number).rips[at]

    def changes(self, step: int) -> array[int] | list[int]:
        """A step's changes, flat: slot, old, new, slot, ..."""
        number, at = divmod(step, CHUNK)
        chunk = self.chunk(number)
        end = chunk.starts[at + 1] if at + 1 < len(chunk.starts) else len(chunk.changes)
        return chunk.changes[chunk.starts[at]:end]


class Cursor:
    """A processor that can be put at any position of a journal's run."""

    def __init__(self, journal: Journal) -> None:
        tip = journal.cpu
        self.journal = journal
        self.cpu = Processor(Memory(tip.memory.frames * PAGE), tip.model, tip.names)
        self.step = 0
        self.partial = 0        # changes of the next step that are applied already
        for frame, image in journal.first_pages.items():
            self.cpu.memory.load(frame * PAGE, image)
        self.cpu.reg[:] = journal.chunk(0).registers
        self._settle()

    def seek(self, step: int, changes: int = 0) -> None:
        """Go to where `step` steps are complete, and `changes` changes of the next one."""
        if not 0 <= step <= self.journal.length:
            raise IndexError(step)
        self._back_over_partial()
        self._move(step)
        self.step = step
        if changes:
            self._forward(self.journal.changes(step), changes * 3)
            self.partial = changes
        reg = self.cpu.reg
        if changes:
            moved = [v for s, _, v in self._triples(step, changes) if s == RIP]
            reg[RIP] = moved[-1] if moved else self.journal.rip(step)
        else:
            reg[RIP] = self.journal.rip(step)
        self._settle()

    def tell(self) -> Step | None:
        """The next step with its events, and move behind it; None at the end of the run."""
        if self.partial:
            self.seek(self.step)
        if self.step >= self.journal.length:
            return None
        told = tell(self.cpu)
        if told is not None:
            self.step += 1
            self.cpu.base_step = self.step
        return told

    def _settle(self) -> None:
        self.cpu.base_step = self.step
        self.cpu.refresh()

    def _triples(self, step: int, count: int) -> list[tuple[int, int, int]]:
        flat = self.journal.changes(step)
        return [(flat[n], flat[n + 1], flat[n + 2]) for n in range(0, 3 * count, 3)]

    def _back_over_partial(self) -> None:
        if self.partial:
            self._back(self.journal.changes(self.step)[:3 * self.partial])
            self.partial = 0

    def _move(self, step: int) -> None:
        """Go to a whole step: by replaying within a chunk, else by way of the chunks' boundaries."""
        here, there = self._chunk_of(self.step), self._chunk_of(step)
        if here == there:
            self._replay(here, self.step, step)
            return
        # To the nearer end of this chunk, over the spans, and from the nearer end of the other chunk.
        low = self._nearer_end(here, self.step)
        high = self._nearer_end(there, step)
        self._replay(here, self.step, low * CHUNK)
        self.journal.spans.jump(self.cpu.memory, low, high)
        self.cpu.reg[:] = self.journal.chunk(high).registers
        self._replay(there, high * CHUNK, step)

    def _chunk_of(self, step: int) -> int:
        """The chunk in which a step lies; the end of the run belongs to the last chunk that has steps."""
        return min(step, max(self.journal.length - 1, 0)) // CHUNK

    def _nearer_end(self, chunk: int, step: int) -> int:
        """The boundary next to a step: the number of the chunk that begins there. The growing chunk has no far end."""
        sealed = (chunk + 1) * CHUNK <= self.journal.length and self.journal.is_sealed(chunk)
        return chunk + (sealed and step - chunk * CHUNK > CHUNK // 2)

    def _replay(self, number: int, here: int, there: int) -> None:
        """Replay whole steps of one chunk, forwards or backwards."""
        chunk = self.journal.chunk(number)
        low, high = sorted((here - number * CHUNK, there - number * CHUNK))
        first = chunk.starts[low] if low < len(chunk.starts) else len(chunk.changes)
        last = chunk.starts[high] if high < len(chunk.starts) else len(chunk.changes)
        if there >= here:
            self._forward(chunk.changes[first:last], last - first)
        else:
            self._back(chunk.changes[first:last])

    def _forward(self, changes: array[int] | list[int], end: int) -> None:
        reg, poke = self.cpu.reg, self.cpu.memory.poke
        for n in range(0, end, 3):
            slot = changes[n]
            if slot < MEMORY_SLOT:
                reg[slot] = changes[n + 2]
            else:
                poke(slot, changes[n + 2])

    def _back(self, changes: array[int] | list[int]) -> None:
        reg, poke = self.cpu.reg, self.cpu.memory.poke
        for n in range(len(changes) - 3, -1, -3):
            slot = changes[n]
            if slot < MEMORY_SLOT:
                reg[slot] = changes[n + 1]
            else:
                poke(slot, changes[n + 1])
