"""What a run leaves behind, so that any step can be seen again: packed columns, and a cursor over them.

`Journal` drives a processor and keeps, in chunks of 4,096 steps (fewer where large steps fill one earlier), every
change as (slot, old, new) in one array of 64-bit integers, each step's offset into it and each step's RIP. Registers
are copied at the start of every chunk; what chunks did to memory is kept net in spans (spans.py), so that a far seek
jumps. `Cursor` is a machine of its own that is moved over the same run; to tell a step's events it executes the step
again, which gives the same step always. With several processors another column says whose step each is.
"""
from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

from vmviz.machine import spans, turns
from vmviz.machine.board import FOREIGN, Board, owner_of
from vmviz.machine.decode import INSTRUCTION_BYTES
from vmviz.machine.marks import Marks
from vmviz.machine.memory import MEMORY_SLOT, PAGE, FlatMemory
from vmviz.machine.outcome import OutsideModel
from vmviz.machine.processor import Processor
from vmviz.machine.registers import RIP, SLOTS
from vmviz.machine.step import Step, advance, ended, full, tell

CHUNK = 4096


class _Chunk(NamedTuple):
    registers: array[int]
    changes: array[int] | list[int]
    starts: array[int] | list[int]
    rips: array[int] | list[int]
    who: array[int] | list[int]             # empty with one processor


class Journal:
    """The recording of a machine's run from its present state on."""

    def __init__(self, cpu: Processor) -> None:
        """`cpu`: the first processor of the machine."""
        self.cpu = cpu
        self.board = cpu.board
        self.origin = 0
        self.starts: list[int] = []
        self._who: list[int] = []
        self.board.attach([], [], [], 0)
        self.ending: str | None = None
        self.outside: OutsideModel | None = None
        self._sealed: list[_Chunk] = []
        self._firsts = [0]                  # the first step of each chunk, the growing one included
        self._registers = self.board.registers()
        self.marks = Marks(cpu.marks)
        self.first_pages = {frame: bytes(page) for frame, page in cpu.memory.pages.items()}
        self.spans = spans.Spans()
        self.board.put_back()

    @property
    def length(self) -> int:
        """How many steps are complete."""
        return self._firsts[-1] + len(self.starts)

    @property
    def bytes_kept(self) -> int:
        """About how many bytes the recording holds, what its machine needs to go on included."""
        sealed = sum(8 * (len(c.changes) + len(c.rips) + len(c.registers)) + 4 * len(c.starts) + len(c.who)
                     for c in self._sealed)
        growing = 36 * len(self.cpu.journal) + 80 * len(self.starts)
        memory = (len(self.first_pages) + len(self.cpu.memory.pages)) * PAGE
        decoded = sum(INSTRUCTION_BYTES * len(cpu.decoded) for cpu in self.board.processors)
        return sealed + growing + memory + decoded + self.spans.bytes_kept + self.marks.bytes_kept

    def record(self, count: int) -> int:
        """Make up to `count` further steps; gives how many were made.

        `ending` then says why there were fewer: a name of `step.ended`, or "outside" (see `outside`).
        """
        done = 0
        while done < count and not self.ending:
            if len(self.starts) == CHUNK or (self.starts and full(self.cpu, self.starts)):
                self._seal()
            room = min(count - done, CHUNK - len(self.starts))
            before = len(self.starts)
            try:
                advance(self.cpu, self.starts, room, self._who if self.board.several else None)
            except OutsideModel as what:
                self.ending, self.outside = "outside", what
            done += len(self.starts) - before
            if not self.ending and len(self.starts) - before < room:
                self.ending = ended(self.cpu)
        return done

    def _seal(self) -> None:
        cpu = self.cpu
        columns = array("Q", cpu.journal), array("I", self.starts), array("Q", cpu.rips), array("B", self._who)
        self._sealed.append(_Chunk(self._registers, *columns))
        self.spans.add(spans.of_changes(cpu.journal, cpu.memory))
        self.marks.pack()
        self._firsts.append(self.length)
        cpu.journal.clear()
        self.starts.clear()
        cpu.rips.clear()
        self._who.clear()
        self.board.count_from(self.length)
        self._registers = self.board.registers()

    # ---- what cursors read

    def is_sealed(self, number: int) -> bool:
        """Is a chunk complete and packed?"""
        return number < len(self._sealed)

    def chunk(self, number: int) -> _Chunk:
        """A chunk's columns; the last one is still growing."""
        if number < len(self._sealed):
            return self._sealed[number]
        return _Chunk(self._registers, self.cpu.journal, self.starts, self.cpu.rips, self._who)

    def first(self, number: int) -> int:
        """The first step of a chunk."""
        return self._firsts[number]

    def place(self, step: int) -> tuple[int, int]:
        """The chunk that a step lies in, and its place there."""
        number = bisect_right(self._firsts, step) - 1
        return number, step - self._firsts[number]

    def who(self, step: int) -> int:
        """The number of the processor whose step comes at position `step`."""
        if not self.board.several:
            return 0
        if step >= self.length:
            return turns.whose(self.board).number
        number, at = self.place(step)
        return self.chunk(number).who[at]

    def rip(self, step: int) -> int:
        """RIP at position `step`, of the processor whose step comes there."""
        if step >= self.length:
            return turns.whose(self.board).reg[RIP]
        number, at = self.place(step)
        return self.chunk(number).rips[at]

    def rip_of(self, processor: int, step: int) -> int:
        """RIP of any processor at position `step`: that of its next step, wherever that is."""
        if not self.board.several:
            return self.rip(step)
        number, at = self.place(step)
        if step < self.length:
            chunk = self.chunk(number)
            try:
                return chunk.rips[chunk.who.index(processor, at)]
            except ValueError:                          # it makes no step in the rest of the chunk
                if self.is_sealed(number):
                    return self.chunk(number + 1).registers[processor * SLOTS + RIP]
        return self.board.processors[processor].reg[RIP]

    def turns(self, length: int) -> Iterator[tuple[int, int, int]]:
        """The first `length` steps as stretches of one processor: from, to (not included), its number."""
        since, number = 0, self.who(0)
        for n, first in enumerate(self._firsts):
            for at, who in enumerate(self.chunk(n).who[:max(length - first, 0)], first):
                if who != number:
                    yield since, at, number
                    since, number = at, who
        if length > since:
            yield since, length, number

    def changes(self, step: int) -> array[int] | list[int]:
        """A step's changes, flat: slot, old, new, slot, ..."""
        number, at = self.place(step)
        chunk = self.chunk(number)
        end = chunk.starts[at + 1] if at + 1 < len(chunk.starts) else len(chunk.changes)
        return chunk.changes[chunk.starts[at]:end]

MANY: Final = 64        # changes that are applied together: from here on only the last of each slot


class Cursor:
    """A machine that can be put at any position of a journal's run."""

    def __init__(self, journal: Journal) -> None:
        tip = journal.cpu
        self.journal = journal
        self.memory = memory = FlatMemory(tip.memory.frames * PAGE)
        self.board = Board()
        for _ in journal.board.processors:
            Processor(memory, tip.model, tip.names, self.board)
        self.board.belongs_to(self)
        self.board.expect(journal.board.outside)
        self.board.attach([], [], [], 0)
        self.cpu = self.board.first
        self.step = 0
        self.partial = 0        # changes of the next step that are applied already
        for frame, image in journal.first_pages.items():
            memory.load(frame * PAGE, image)
        self.board.set_registers(journal.chunk(0).registers)
        self._settle()

    @property
    def bytes_kept(self) -> int:
        """How many bytes of memory its machine has touched, at most."""
        return PAGE * (len(self.memory.pages) + len(self.journal.spans.frames))

    def seek(self, step: int, changes: int = 0) -> None:
        """Go to where `step` steps are complete, and `changes` changes of the next one."""
        if not 0 <= step <= self.journal.length:
            raise IndexError(step)
        self._back_over_partial()
        self._move(step)
        self.step = step
        if changes:
            self._forward(self.journal.changes(step), changes * 3, self.journal.who(step))
            self.partial = changes
        for cpu in self.board.processors:
            cpu.reg[RIP] = self.journal.rip_of(cpu.number, step)
        if changes:
            number = self.journal.who(step)
            moved = [new for slot, _, new in self._triples(step, changes) if owner_of(slot, number) == (number, RIP)]
            if moved:
                self.board.processors[number].reg[RIP] = moved[-1]
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
            self.board.count_from(self.step)
        return told

    def _settle(self) -> None:
        self.board.count_from(self.step)
        self.board.put_back()

    def _triples(self, step: int, count: int) -> list[tuple[int, int, int]]:
        flat = self.journal.changes(step)
        return [(flat[n], flat[n + 1], flat[n + 2]) for n in range(0, 3 * count, 3)]

    def _back_over_partial(self) -> None:
        if self.partial:
            self._back(self.journal.changes(self.step)[:3 * self.partial], self.journal.who(self.step))
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
        self._replay(here, self.step, self.journal.first(low))
        self.journal.spans.jump(self.memory, low, high)
        self.board.set_registers(self.journal.chunk(high).registers)
        self._replay(there, self.journal.first(high), step)

    def _chunk_of(self, step: int) -> int:
        """The chunk in which a step lies; the end of the run belongs to the last chunk that has steps."""
        return self.journal.place(min(step, max(self.journal.length - 1, 0)))[0]

    def _nearer_end(self, number: int, step: int) -> int:
        """The boundary with the fewest changes on the way from a step: the number of the chunk that begins there. The
        growing chunk has no far end."""
        if not self.journal.is_sealed(number):
            return number
        chunk, at = self.journal.chunk(number), step - self.journal.first(number)
        behind = at == len(chunk.starts) or chunk.starts[at] > len(chunk.changes) // 2
        return number + behind

    def _replay(self, number: int, here: int, there: int) -> None:
        """Replay whole steps of one chunk, forwards or backwards."""
        chunk, first = self.journal.chunk(number), self.journal.first(number)
        low, high = sorted((here - first, there - first))
        stretches = _stretches(chunk, low, high)
        for first, last, who in stretches if there >= here else reversed(stretches):
            changes = chunk.changes[first:last]
            if there >= here:
                self._forward(changes, last - first, who)
            else:
                self._back(changes, who)

    def _forward(self, changes: array[int] | list[int], end: int, who: int) -> None:
        """Apply the changes of steps of processor `who`."""
        self._apply(changes[0:end:3], changes[2:end:3], who)

    def _back(self, changes: array[int] | list[int], who: int) -> None:
        self._apply(changes[-3::-3], changes[-2::-3], who)

    def _apply(self, slots: array[int] | list[int], values: array[int] | list[int], who: int) -> None:
        reg, poke = self.board.processors[who].reg, self.memory.poke
        for slot, value in zip(slots, values, strict=True) if len(slots) < MANY else last_of_each(slots, values):
            if slot < FOREIGN:
                reg[slot] = value
            elif slot < MEMORY_SLOT:
                self.board.set_foreign(slot, value)
            else:
                poke(slot, value)


def last_of_each(slots: array[int] | list[int], values: array[int] | list[int]) -> list[tuple[int, int]]:
    """Of each slot its last value, in the order of those: slots of memory may share bytes."""
    last = dict(zip(slots, values, strict=True))
    return [(slot, last[slot]) for slot in reversed(dict.fromkeys(reversed(slots)))]


def _stretches(chunk: _Chunk, low: int, high: int) -> list[tuple[int, int, int]]:
    """The steps from `low` to `high` of a chunk, cut where another processor steps.

    Of each piece: where its changes begin and end, and whose they are.
    """
    if low >= high:
        return []
    who = chunk.who
    cuts = [low, *(n for n in range(low + 1, high) if who[n] != who[n - 1]), high] if who else [low, high]
    offsets = [chunk.starts[n] if n < len(chunk.starts) else len(chunk.changes) for n in cuts]
    owners = [who[n] for n in cuts[:-1]] if who else [0]
    return list(zip(offsets, offsets[1:], owners, strict=False))
