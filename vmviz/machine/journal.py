"""What a run leaves behind, so that any step can be seen again: packed columns, and a cursor that goes back and forth.

`Journal` drives a processor and keeps, in chunks of 8,192 steps, every change as (slot, old, new) in one array of 64-bit
integers, each step's offset into it and each step's RIP. Registers are copied at the start of every chunk; pages of
memory only once the changes since the last copies outweigh them. `Cursor` is a processor of its own that is moved over
the same run by replaying changes; to tell a step's events it executes the step again, which gives the same step always.
"""
from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import NamedTuple

from vmviz.machine.memory import MEMORY_SLOT, PAGE, Memory
from vmviz.machine.outcome import OutsideModel
from vmviz.machine.processor import Processor
from vmviz.machine.registers import RIP
from vmviz.machine.step import Step, advance, ended, tell

CHUNK = 8192
_ZERO_PAGE = bytes(PAGE)
_NEAR = 3 * 4096      # journal integers that are cheaper to replay than to start from a copy


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
        self._memory_keys = [0]
        self._credit = 0
        self._images: dict[int, tuple[list[int], list[bytes]]] = {
            frame: ([0], [bytes(page)]) for frame, page in cpu.memory.pages.items()}
        cpu.memory.dirty.clear()
        cpu.refresh()

    @property
    def length(self) -> int:
        """How many steps are complete."""
        return len(self._sealed) * CHUNK + len(self.starts)

    @property
    def bytes_kept(self) -> int:
        """About how many bytes the recording holds."""
        changes = sum(8 * (len(c.changes) + len(c.rips) + len(c.registers)) + 4 * len(c.starts) for c in self._sealed)
        images = sum(len(kept) for _, kept in self._images.values()) * PAGE
        return changes + images + 36 * len(self.cpu.journal) + 24 * len(self.starts) + 200 * len(self.cpu.marks)

    @property
    def marks(self) -> list[tuple[int, object]]:
        """(step, event) of the events that outlines and searches need, in order."""
        return self.cpu.marks  # type: ignore[return-value]

    def record(self, count: int) -> int:
        """Make up to `count` further steps; `ending` then says why there were fewer: a name of `step.ended`, or "outside"."""
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
        self._sealed.append(_Chunk(self._registers, array("Q", cpu.journal), array("I", self.starts), array("Q", cpu.rips)))
        self._credit += 8 * len(cpu.journal)
        cpu.journal.clear()
        self.starts.clear()
        cpu.rips.clear()
        cpu.base_step += CHUNK
        cpu.commit = 0
        self._registers = array("Q", cpu.reg)
        dirty = cpu.memory.dirty
        number = len(self._sealed)
        if len(dirty) * PAGE > self._credit and number - self._memory_keys[-1] < 8:
            return
        self._credit = 0
        self._memory_keys.append(number)
        for frame in dirty:
            page = cpu.memory.page(frame)
            assert page is not None
            numbers, images = self._images.setdefault(frame, ([0], [_ZERO_PAGE]))
            numbers.append(number)
            images.append(bytes(page))
        dirty.clear()
        cpu.drop_soft_tables()      # pages must come by write_physical again before they are written fast

    # ---- what cursors read

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

    def memory_at_key(self, number: int) -> tuple[int, dict[int, bytes]]:
        """The last chunk up to `number` whose memory was copied, and the pages as they were at its start."""
        key = self._memory_keys[bisect_right(self._memory_keys, number) - 1]
        return key, {frame: images[bisect_right(numbers, key) - 1] for frame, (numbers, images) in self._images.items()}


class Cursor:
    """A processor that can be put at any position of a journal's run."""

    def __init__(self, journal: Journal) -> None:
        tip = journal.cpu
        self.journal = journal
        self.cpu = Processor(Memory(tip.memory.frames * PAGE), tip.model, tip.names)
        self.step = 0
        self.partial = 0        # changes of the next step that are applied already
        self._from_copy(0)

    def seek(self, step: int, changes: int = 0) -> None:
        """Go to where `step` steps are complete, and `changes` changes of the next one."""
        if not 0 <= step <= self.journal.length:
            raise IndexError(step)
        self._back_over_partial()
        if not self._replay_near(step):
            self._from_copy(step)
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

    def _replay_near(self, step: int) -> bool:
        """Go by replaying whole steps where that touches little; false when a copy is the shorter way."""
        journal, here = self.journal, self.step
        (low_chunk, low), (high_chunk, high) = divmod(min(step, here), CHUNK), divmod(max(step, here), CHUNK)
        if high_chunk - low_chunk > 1 or (high_chunk > low_chunk and high):
            return False
        chunk = journal.chunk(low_chunk)
        first = chunk.starts[low] if low < len(chunk.starts) else len(chunk.changes)
        whole = high_chunk > low_chunk or high >= len(chunk.starts)
        last = len(chunk.changes) if whole else chunk.starts[high]
        if last - first > _NEAR:
            return False
        if step >= here:
            self._forward(chunk.changes[first:last], last - first)
        else:
            self._back(chunk.changes[first:last])
        return True

    def _from_copy(self, step: int) -> None:
        """Start from the copies kept before `step` and replay from there."""
        journal, cpu = self.journal, self.cpu
        number, at = divmod(step, CHUNK)
        if at == 0 and number and number == len(journal._sealed) and not journal.starts:
            pass            # the position behind the last sealed chunk: its registers are the tip's
        key, pages = journal.memory_at_key(number)
        memory = cpu.memory
        for frame in list(memory.pages):
            if frame not in pages:
                if memory.pages[frame] != _ZERO_PAGE:
                    memory.pages[frame][:] = _ZERO_PAGE
                    memory.forget_code(frame)
        for frame, image in pages.items():
            page = memory.page(frame)
            assert page is not None
            if page != image:
                page[:] = image
                memory.forget_code(frame)
        for earlier in range(key, number):
            changes = journal.chunk(earlier).changes
            self._forward(changes, len(changes))
        chunk = journal.chunk(number)
        cpu.reg[:] = chunk.registers
        end = chunk.starts[at] if at < len(chunk.starts) else len(chunk.changes)
        self._forward(chunk.changes, end)

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
