"""A recording: one run, looked at from any position, by any number of people at once.

The run is a journal; a cursor (a processor of its own) is put where somebody looks. What a step told is not kept: it is
executed again by the cursor, which gives the same events always. One lock guards the cursor; what comes out are new
values that nobody changes, and the latest of them are kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from vmviz import events as ev
from vmviz.machine import registers as r
from vmviz.machine.journal import Cursor, Journal
from vmviz.machine.memory import MEMORY_SLOT
from vmviz.machine.step import Step
from vmviz.machine.vmx import vmcs
from vmviz.recording.positions import Position
from vmviz.recording.scene import REGISTERS, Region, known, scene
from vmviz.recording.story import Story

KEPT = 256  # steps, and scenes, that are kept as they were told
T = TypeVar("T")


class Recording:
    """A complete run of a program."""

    def __init__(self, key: str, journal: Journal, regions: Sequence[Region] = (),
                 listing: Mapping[str, Any] | None = None) -> None:
        """`key` tells it apart from every other; `listing` is what the assembler says about the program."""
        self.key = key
        self.journal = journal
        self.regions = tuple(regions)
        self.length = journal.length
        self.done = True
        self.outcome = journal.ending
        self.stops: tuple[Position, ...] = ()
        self._named_stops: tuple[dict[str, Any], ...] = ()
        self._listing = dict(listing or {"lines": [], "symbols": {}})
        self._lock = threading.RLock()
        self._cursor = Cursor(journal)
        self._story = Story((step, event) for step, event in journal.marks if isinstance(event, ev.Event))
        self._first_lane = r.OPERATION_NAMES[self._cursor.cpu.reg[r.OPERATION]]
        self._phased = frozenset(self._story.phased)
        self._steps: OrderedDict[Any, Step] = OrderedDict()
        self._scenes: OrderedDict[Any, dict[str, Any]] = OrderedDict()
        self._phase_counts: dict[int, int] = {}
        self.exits = [Position(step + 1) for step, _ in self._story.exits]
        self.entries = [Position(step + 1) for step, _ in self._story.entries]

    @property
    def size(self) -> int:
        """Bytes that it holds, about; what is kept of steps and scenes counted in."""
        return self.journal.bytes_kept + 40_000 * len(self._scenes) + 4_000 * len(self._steps)

    def mark_stops(self, stops: Iterable[Mapping[str, Any]]) -> None:
        """Where the lesson stops: {id, step, phase} in the order of the recording."""
        self._named_stops = tuple(dict(stop) for stop in stops)
        self.stops = tuple(Position(stop["step"], stop["phase"]) for stop in self._named_stops)

    # ---- what is there

    def step(self, index: int) -> Step:
        """The step from position `index` to the next, with all that it told."""
        return self._kept(self._steps, index, lambda: self._tell(index))

    def phases(self, step: int) -> int:
        """How many phases the step from `step` to the next has; 0 for most."""
        if step not in self._phased:
            return 0
        if step not in self._phase_counts:
            self._phase_counts[step] = len(self.step(step).phases)
        return self._phase_counts[step]

    def events(self, step: int, phase: int = 0) -> list[dict[str, Any]]:
        """What led to a position, as it travels: of the last step, or of the finished phases of the next one."""
        if phase:
            told = self.step(step)
            return [ev.to_wire(event) for event in told.events[:told.phases[phase - 1].events_end]]
        return [ev.to_wire(event) for event in self.step(step - 1).events] if step else []

    def scene(self, step: int, phase: int = 0) -> dict[str, Any]:
        """Everything to draw at a position; not to be changed."""
        return self._kept(self._scenes, (step, phase), lambda: self._draw(step, phase))

    def walk(self) -> Iterator[tuple[int, int, tuple[dict[str, Any], ...]]]:
        """Every step in order: its index, the RIP before it, its events as they travel."""
        for index in range(self.length):
            told = self._tell(index)
            yield index, told.rip, tuple(ev.to_wire(event) for event in told.events)

    def outline(self) -> dict[str, Any]:
        """What the timeline draws."""
        story = self._story
        vms: list[str] = []
        for _, event in story.marks:
            name = getattr(event, "vm", None)
            if name and name not in vms:
                vms.append(name)
        return {
            "length": self.length, "lanes": story.lanes(self._first_lane, self.length),
            "exits": [{"step": step + 1, **_fields(event, "vm", "reason", "name", "rip", "qualification", "length")}
                      for step, event in story.exits],
            "entries": [{"step": step + 1, **_fields(event, "vm", "kind")} for step, event in story.entries],
            "failures": [{"step": step + 1, **_fields(event, "vm", "reason", "check")}
                         for step, event in story.failures],
            "stops": list(self._named_stops), "vms": vms,
            "phased": {str(step): {"of": phases[0].of, "names": [phase.name for phase in phases]}
                       for step in story.phased if (phases := self.step(step).phases)},
            "regions": [dict(region.wire) for region in self.regions],
        }

    def listing(self) -> dict[str, Any]:
        """The program's source and bytes."""
        return self._listing

    # ---- searches and closer looks

    def next_rip(self, addresses: Iterable[int], after: int) -> int | None:
        """The first position > `after` whose next instruction is at one of the addresses."""
        wanted = frozenset(addresses)
        rip = self.journal.rip
        return next((step for step in range(after + 1, self.length) if rip(step) in wanted), None)

    def memory(self, at: Position, address: int, length: int) -> bytes | None:
        """Physical memory at a position; None where there is no RAM."""
        with self._lock:
            self._stand(at.step, at.phase)
            memory = self._cursor.cpu.memory
            if address + length > memory.frames << 12:
                return None
            return b"".join(memory.read(address + n, 1).to_bytes(1, "little") for n in range(length))

    def last_change(self, slot: str, at: Position) -> dict[str, Any] | None:
        """The latest change of a named slot before a position: {step, rip, old, new}; LookupError for no such slot."""
        kind, _, rest = slot.partition(":")
        if not rest:
            register = REGISTERS[kind]
            return self._latest(at.step, lambda changed: changed == register)
        place, _, field = rest.partition(":")
        try:
            address = int(place, 16)
        except ValueError:
            raise LookupError(slot) from None
        if kind == "memory" and not field and 0 <= address < self._cursor.cpu.memory.frames << 12:
            return self._latest(at.step, _touching(address, 1))
        if kind == "vmcs" and field:
            with self._lock:
                self._stand(at.step, at.phase)
                if address not in known(self._cursor.cpu):
                    raise LookupError(slot)
            return self._latest(at.step, _touching(address + vmcs.OFFSET[field], 8))
        raise LookupError(slot)

    def _latest(self, before: int, wanted: Callable[[int], bool]) -> dict[str, Any] | None:
        for step in range(min(before, self.length) - 1, -1, -1):
            changes = self.journal.changes(step)
            for n in range(len(changes) - 3, -1, -3):
                if wanted(changes[n]) and changes[n + 1] != changes[n + 2]:
                    return {"step": step, "rip": f"{self.journal.rip(step):x}", "old": f"{changes[n + 1]:x}",
                            "new": f"{changes[n + 2]:x}"}
        return None

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

    def _draw(self, step: int, phase: int) -> dict[str, Any]:
        with self._lock:
            under_way = self.step(step) if step < self.length else None
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
            drawn = scene(self._cursor.cpu, past, changes, self.regions,
                          None if phase or under_way is None else _instruction(under_way))
        if phase and under_way is not None:
            done = under_way.phases[phase - 1]
            drawn[done.of] = _transition(under_way, phase)
        return drawn

    def _kept(self, kept: OrderedDict[Any, T], key: Any, make: Callable[[], T]) -> T:
        with self._lock:
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
            made = kept[key] = make()
            if len(kept) > KEPT:
                kept.popitem(last=False)
            return made


def _fields(event: ev.Event, *names: str) -> dict[str, Any]:
    wire = ev.to_wire(event)
    return {name: wire[name] for name in names if name in wire}


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
            return {"address": f"{event.rip:x}", **_fields(event, "length", "bytes", "text")}
    return None


def _transition(step: Step, phase: int) -> dict[str, Any]:
    """The VM entry or exit under way: which phase of how many, and whose."""
    drawn: dict[str, Any] = {"phase": phase, "of": len(step.phases)}
    for event in step.events:
        if isinstance(event, ev.VmEntry | ev.VmExit | ev.EntryFailed):
            drawn |= _fields(event, "vmcs", "vm", "kind", "reason", "name")
    return drawn


def _touching(address: int, size: int) -> Callable[[int], bool]:
    def touches(slot: int) -> bool:
        if slot < MEMORY_SLOT:
            return False
        at, length = (slot - MEMORY_SLOT) >> 4, slot & 15
        return at < address + size and address < at + length

    return touches

