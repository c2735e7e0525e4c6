"""A recording: one run, looked at from any position, by any number of people at once.

The run is a journal; a cursor (a processor of its own) is put where somebody looks. What a step told is not kept: it is
executed again by the cursor, which gives the same events always. One lock guards the cursor; what comes out are new
values that nobody changes, and the latest of them are kept.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, TypeVar

from vmviz import events as ev
from vmviz.machine import registers as r
from vmviz.machine.board import foreign, owner_of
from vmviz.machine.journal import Cursor, Journal
from vmviz.machine.processor import Processor
from vmviz.machine.step import Step
from vmviz.machine.vmx import vmcs
from vmviz.recording import looks
from vmviz.recording.asked import Asked, Drives
from vmviz.recording.close_up import close_up
from vmviz.recording.kept import Kept
from vmviz.recording.last_change import Piece, latest, piece_of, touching
from vmviz.recording.outline import fields_of, outline
from vmviz.recording.positions import Behind, Position
from vmviz.recording.scene import REGISTERS, Region, known, scene
from vmviz.recording.story import Story

KEPT = 256  # steps, and scenes, that are kept as they were told
KEPT_CHANGES = 100_000  # of all steps that are kept
T = TypeVar("T")


class Recording:
    """A run of a program: complete, or one that still grows (then `grow` is told when the journal has more)."""

    gone = False    # what others may be: put away

    def __init__(self, key: str, journal: Journal, regions: Sequence[Region] = (),
                 listing: Any = None, done: bool = True) -> None:
        """`key` tells it apart from every other; `listing` is what the assembler says about the program."""
        self.key = key
        self.journal = journal
        self.regions = tuple(regions)
        self.length = 0
        self.done = False
        self.stops: tuple[Position, ...] = ()
        self.named_stops: tuple[dict[str, Any], ...] = ()
        self.questions: tuple[Asked, ...] = ()
        self.drive: Drives | None = None
        self._listing = {"lines": [], "symbols": {}} if listing is None else listing
        self._lock = threading.RLock()
        self._cursor = Cursor(journal)
        self._story = Story()
        self._first_lanes = [r.OPERATION_NAMES[cpu.reg[r.OPERATION]] for cpu in self._cursor.board.processors]
        self._steps: Kept[Step] = Kept(KEPT, lambda step: len(step.changes) + len(step.events), KEPT_CHANGES)
        self._scenes: Kept[dict[str, Any]] = Kept(KEPT)
        self._phase_counts: dict[int, int] = {}
        self.exits = Behind(self._story.exits.steps)
        self.entries = Behind(self._story.entries.steps)
        self.grow(done)

    @property
    def outcome(self) -> str | None:
        """Why the run ended: a name of `step.ended`, or "outside"; None when it has not ended."""
        return self.journal.ending

    @property
    def size(self) -> int:
        """Bytes that it holds, about; what is kept of steps and scenes and the cursor's memory counted in."""
        kept = 40_000 * len(self._scenes) + 4_000 * len(self._steps) + 100 * self._steps.weight
        return self.journal.bytes_kept + kept + self._cursor.bytes_kept

    def grow(self, done: bool) -> None:
        """The journal has more than before, and is `done` or not.

        While it is not, the last step is kept back: where a recording ends there is no next instruction to show, and
        what is shown at a position must not change.
        """
        with self._lock:
            self.done = done
            length = self.journal.length if done else max(self.journal.length - 1, 0)
            marks: list[Any] = self.journal.marks[len(self._story.marks):]
            self._story.add(takewhile(lambda mark: mark[0] < length, marks))
            self.length = length

    def mark_stops(self, stops: Iterable[Mapping[str, Any]]) -> None:
        """Where the lesson stops: {id, step, phase} in the order of the recording."""
        self.named_stops = tuple(dict(stop) for stop in stops)
        self.stops = tuple(Position(stop["step"], stop["phase"]) for stop in self.named_stops)

    def mark_questions(self, questions: Iterable[Asked]) -> None:
        """What the lesson asks, in its order; one stops there as at its stops."""
        self.questions = tuple(questions)
        self.stops = tuple(sorted({*self.stops, *(question.at for question in self.questions)}))

    # ---- what is there

    def step(self, index: int) -> Step:
        """The step from position `index` to the next, with all that it told."""
        with self._lock:
            return self._steps.get(index, lambda: self._tell(index))

    def phases(self, step: int) -> int:
        """How many phases the step from `step` to the next has; 0 for most."""
        if not self._story.has_phases(step):
            return 0
        if step not in self._phase_counts:
            self._phase_counts[step] = len(self.step(step).phases)
        return self._phase_counts[step]

    def events(self, step: int, phase: int = 0) -> list[dict[str, Any]]:
        """What led to a position, as it travels: of the last step, or of the finished phases of the next one."""
        if phase:
            told = self.step(step)
            return [ev.to_wire(event, told.processor) for event in told.events[:told.phases[phase - 1].events_end]]
        return list(_on_wire(self.step(step - 1))) if step else []

    def scene(self, step: int, phase: int = 0) -> dict[str, Any]:
        """Everything to draw at a position; not to be changed."""
        with self._lock:
            return self._scenes.get((step, phase), lambda: self._draw(step, phase))

    def walk(self) -> Iterator[tuple[int, int, tuple[dict[str, Any], ...], int]]:
        """Every step in order: its index, the RIP before it, its events as they travel, its processor."""
        for index in range(self.length):
            told = self._tell(index)
            yield index, told.rip, _on_wire(told), told.processor or 0

    def outline(self) -> dict[str, Any]:
        """What the timeline draws; of a run with very many VM entries and exits the beginning (`listed`: up to which
        position)."""
        with self._lock:
            return outline(self, self._story, self._first_lanes)

    def listing(self) -> Any:
        """The program's source and bytes."""
        return self._listing

    # ---- searches and closer looks

    def next_rip(self, addresses: Iterable[int], after: int) -> int | None:
        """The first position > `after` whose next instruction is at one of the addresses."""
        wanted = frozenset(addresses)
        step = after + 1
        while step < self.length:
            number, at = self.journal.place(step)
            rips = self.journal.chunk(number).rips
            end = min(len(rips), self.length - step + at)
            if not wanted.isdisjoint(rips):
                for place in range(at, end):
                    if rips[place] in wanted:
                        return step + place - at
            step += end - at
        return None

    def memory(self, at: Position, address: int, length: int) -> bytes | None:
        """Physical memory at a position; None where there is no RAM."""
        with self._lock:
            self._stand(at.step, at.phase)
            memory = self._cursor.cpu.memory
            if address + length > memory.frames << 12:
                return None
            return b"".join(memory.read(address + n, 1).to_bytes(1, "little") for n in range(length))

    def translation(self, at: Position, linear: int, access: str, processor: int | None = None) -> dict[str, Any]:
        """How a processor (else the acting one) would translate a linear address at a position: looks.py."""
        with self._lock:
            self._stand(at.step, at.phase)
            return looks.translation(self._stood(at, processor), linear, access)

    def tlb(self, at: Position, processor: int | None = None) -> list[dict[str, Any]]:
        """The entries of a processor's TLB (else of the acting one's) at a position: looks.py."""
        with self._lock:
            self._stand(at.step, at.phase)
            return looks.tlb_entries(self._stood(at, processor))

    def instruction(self, at: Position) -> dict[str, Any]:
        """The instruction that led to a position, from close (close_up.py); empty when none did."""
        index = at.step if at.phase else at.step - 1
        told = self.step(index) if index >= 0 else None
        executed = next((event for event in told.events if isinstance(event, ev.Instruction)), None) if told else None
        if told is None or executed is None:
            return {}
        done = told.phases[at.phase - 1].changes_end if at.phase else len(told.changes)
        with self._lock:
            self._stand(index, 0)
            return close_up(self._cursor.board.processors[self.journal.who(index)], executed, told.changes[:done])

    def clock(self, at: Position) -> int:
        """The time at a position, as what comes from outside counts it."""
        with self._lock:
            self._stand(at.step, at.phase)
            return self._cursor.board.clock

    def last_change(self, slot: str, at: Position, bits: int = 0) -> dict[str, Any] | None:
        """The latest change of a named slot before a position: {step, rip, old, new}; LookupError for no such slot.

        `bits`: a mask, when only some bits are asked for; `old` and `new` then are those, from bit 0 on.
        """
        last = min(at.step, self.length) - 1
        kind, _, rest = slot.partition(":")
        if not rest:
            return self._latest_of_register(last, 0, kind, piece_of(bits))
        place, _, field = rest.partition(":")
        if kind == "processor":
            if not place.isdecimal() or int(place) >= len(self.journal.board.processors):
                raise LookupError(slot)
            return self._latest_of_register(last, int(place), field, piece_of(bits))
        try:
            address = int(place, 16)
        except ValueError:
            raise LookupError(slot) from None
        if kind == "memory" and not field and 0 <= address < self._cursor.cpu.memory.frames << 12:
            return latest(self.journal, last, touching(address, 1), piece_of(bits, address))
        if kind == "vmcs" and field:
            with self._lock:
                self._stand(at.step, at.phase)
                if address not in known(self._cursor.cpu):
                    raise LookupError(slot)
            first = address + vmcs.OFFSET[field]
            return latest(self.journal, last, touching(first, 8), piece_of(bits, first))
        raise LookupError(slot)

    def _latest_of_register(self, last: int, processor: int, name: str, piece: Piece) -> dict[str, Any] | None:
        wanted = REGISTERS[name]
        if not self.journal.board.several:
            return latest(self.journal, last, frozenset({wanted}), piece)
        return latest(self.journal, last, frozenset({wanted, foreign(processor, wanted)}), piece,
                      lambda step, slot: owner_of(slot, self.journal.who(step)) == (processor, wanted))

    # ---- the cursor

    def _tell(self, index: int) -> Step:
        with self._lock:
            self._cursor.seek(index)
            told = self._cursor.tell()
        if told is None:
            raise IndexError(index)
        return _instruction_first(told)

    def _stand(self, step: int, phase: int) -> None:
        self._cursor.seek(step, self.step(step).phases[phase - 1].changes_end if phase else 0)

    def _stood(self, at: Position, processor: int | None) -> Processor:
        """A processor where the cursor stands: that of a number, else the acting one."""
        return self._cursor.board.processors[self._acting(*at) if processor is None else processor]

    def _acting(self, step: int, phase: int) -> int:
        """The processor whose step led to a position; inside a step and at the beginning whose step comes."""
        return self.journal.who(step if phase or not step else step - 1)

    def _draw(self, step: int, phase: int) -> dict[str, Any]:
        with self._lock:
            under_way = self.step(step) if step < self.journal.length else None
            if phase:
                assert under_way is not None
                done = under_way.phases[phase - 1]
                changes: Any = under_way.changes[:done.changes_end]
                past = self._story.before(step, under_way.events[:done.events_end])
            else:
                flat = self.journal.changes(step - 1) if step else []
                changes = [(flat[n], flat[n + 1], flat[n + 2]) for n in range(0, len(flat), 3)]
                past = self._story.before(step)
            self._stand(step, phase)
            drawn = scene(self._cursor.board, self._acting(step, phase), past, changes, self.regions,
                          None if phase or under_way is None else _instruction(under_way))
        if phase and under_way is not None:
            done = under_way.phases[phase - 1]
            drawn[done.of] = _transition(under_way, phase)
        return drawn


def _on_wire(step: Step) -> tuple[dict[str, Any], ...]:
    return tuple(ev.to_wire(event, step.processor) for event in step.events)


def _instruction_first(step: Step) -> Step:
    """What a step does is told before how it came about: fetching may walk the page tables."""
    events = step.events
    for n, event in enumerate(events):
        if isinstance(event, ev.Instruction):
            return step._replace(events=(event, *events[:n], *events[n + 1:])) if n else step
    return step


def _instruction(step: Step) -> dict[str, Any] | None:
    for event in step.events:
        if isinstance(event, ev.Instruction):
            return {"address": f"{event.rip:x}", **fields_of(event, "length", "bytes", "text")}
    return None


def _transition(step: Step, phase: int) -> dict[str, Any]:
    """The VM entry or exit under way: which phase of how many, and whose."""
    drawn: dict[str, Any] = {"phase": phase, "of": len(step.phases)}
    for event in step.events:
        if isinstance(event, ev.VmEntry | ev.VmExit | ev.EntryFailed):
            drawn |= fields_of(event, "vmcs", "vm", "kind", "reason", "name")
    return drawn
