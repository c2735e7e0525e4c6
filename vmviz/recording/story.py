"""What has happened up to a position, read off the events that a recording keeps: exits, entries, states, console.

The machine's state at a position does not say how often a VM has been left or what was printed; the kept events
(`Journal.marks`) do. They are read once into columns sorted by step, so that any position is a few binary searches.
`Past` is the answer for one position; inside a step the events of its finished phases are told to it on top.

A run can have a million VM exits: events that say the same are one object.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar, overload

from vmviz import events as ev

LONGEST_CONSOLE = 8_192     # characters printed last that a scene shows
MOST_SHARED = 4_096         # different events that are looked for among those that come
SHARED = (ev.VmExit, ev.VmEntry, ev.Vm, ev.ModeChange, ev.VmxOutcome, ev.EntryFailed)  # there can be a million of them
E = TypeVar("E", bound=ev.Event)


class Told(Sequence[tuple[int, E]], Generic[E]):
    """Events with their steps, in order: pairs (step, event)."""

    def __init__(self) -> None:
        self.steps = array("Q")
        self.events: list[E] = []

    def add(self, step: int, event: E) -> None:
        """One more."""
        self.steps.append(step)
        self.events.append(event)

    def before(self, step: int) -> int:
        """How many come before a step."""
        return bisect_left(self.steps, step)

    def __len__(self) -> int:
        return len(self.steps)

    @overload
    def __getitem__(self, at: int) -> tuple[int, E]: ...

    @overload
    def __getitem__(self, at: slice) -> list[tuple[int, E]]: ...

    def __getitem__(self, at: int | slice) -> tuple[int, E] | list[tuple[int, E]]:
        if isinstance(at, slice):
            return list(zip(self.steps[at], self.events[at], strict=True))
        return self.steps[at], self.events[at]


class Past:
    """Counts and last words up to a position."""

    def __init__(self) -> None:
        self.console = ""
        self.states: dict[str, str] = {}
        self.exits: dict[str, int] = {}
        self.entries: dict[str, int] = {}
        self.last_exit: dict[str, tuple[int, ev.VmExit]] = {}  # with the position after it

    def add(self, step: int, event: ev.Event) -> None:
        """One more event, of the step from `step` on."""
        if isinstance(event, ev.Console):
            self.console += event.text
        elif isinstance(event, ev.Vm):
            self.states[event.vm] = event.state
        elif isinstance(event, ev.VmEntry):
            self.entries[event.vm] = self.entries.get(event.vm, 0) + 1
        elif isinstance(event, ev.VmExit):
            self.exits[event.vm] = self.exits.get(event.vm, 0) + 1
            self.last_exit[event.vm] = step + 1, event


class Story:
    """The kept events of a recording, by step; more may come, in order."""

    def __init__(self, marks: Iterable[tuple[int, ev.Event]] = ()) -> None:
        self.marks: Told[ev.Event] = Told()
        self.exits: Told[ev.VmExit] = Told()
        self.entries: Told[ev.VmEntry] = Told()
        self.failures: Told[ev.EntryFailed] = Told()
        self.phased = array("Q")                # the steps that have phases, in order
        self._console = ""
        self._console_at = array("Q")
        self._console_end = array("Q")
        self._of_vm: dict[tuple[str, type], Told[Any]] = {}
        self._shared: dict[ev.Event, ev.Event] = {}
        self.add(marks)

    def add(self, marks: Iterable[tuple[int, ev.Event]]) -> None:
        """What happened further on."""
        printed: list[str] = []
        size = len(self._console)
        for step, told in marks:
            event = self._one(told)
            self.marks.add(step, event)
            if isinstance(event, ev.Console):
                printed.append(event.text)
                size += len(event.text)
                self._console_at.append(step)
                self._console_end.append(size)
            elif isinstance(event, ev.VmExit):
                self.exits.add(step, event)
            elif isinstance(event, ev.VmEntry):
                self.entries.add(step, event)
            elif isinstance(event, ev.EntryFailed):
                self.failures.add(step, event)
            if isinstance(event, ev.VmExit | ev.VmEntry | ev.EntryFailed) and self.phased[-1:] != array("Q", [step]):
                self.phased.append(step)
            if isinstance(event, ev.Vm | ev.VmEntry | ev.VmExit):
                self._of_vm.setdefault((event.vm, type(event)), Told()).add(step, event)
        self._console += "".join(printed)

    def _one(self, event: ev.Event) -> ev.Event:
        """The event, or an earlier one that says the same."""
        if not isinstance(event, SHARED):
            return event
        if len(self._shared) >= MOST_SHARED:
            self._shared.clear()
        return self._shared.setdefault(event, event)

    def has_phases(self, step: int) -> bool:
        """Has the step from `step` on phases?"""
        at = bisect_left(self.phased, step)
        return self.phased[at:at + 1] == array("Q", [step])

    def of_step(self, step: int) -> list[ev.Event]:
        """The kept events of the step from `step` on."""
        return self.marks.events[self.marks.before(step):self.marks.before(step + 1)]

    def before(self, step: int, further: Iterable[ev.Event] = ()) -> Past:
        """What has happened when `step` steps are complete, and `further` events of the next one."""
        past = Past()
        printed = bisect_left(self._console_at, step)
        if printed:
            end = self._console_end[printed - 1]
            past.console = self._console[max(0, end - LONGEST_CONSOLE):end]
        for (vm, kind), told in self._of_vm.items():
            count = told.before(step)
            if not count:
                continue
            at, last = told[count - 1]
            if kind is ev.Vm:
                past.states[vm] = last.state
            elif kind is ev.VmEntry:
                past.entries[vm] = count
            else:
                past.exits[vm] = count
                past.last_exit[vm] = at + 1, last
        for event in further:
            past.add(step, event)
        return past

    def lanes_by_turns(self, first: list[str], turns: Iterable[tuple[int, int, int]]) -> list[dict[str, Any]]:
        """The same with several processors: the lane of the one whose step it is.

        `first`: their lanes at the beginning; `turns`: from, to and number of each stretch of steps of one processor.
        """
        lane, lanes = list(first), []
        changes = [(step, to) for step, event in self.marks if (to := _lane_after(event)) is not None]
        following = 0
        for since, end, number in turns:
            while following < len(changes) and changes[following][0] < end:
                at, to = changes[following]
                if to != lane[number]:
                    if at + 1 > since:
                        lanes.append({"from": since, "to": at + 1, "lane": lane[number], "processor": number})
                    lane[number], since = to, at + 1
                following += 1
            if end > since:
                lanes.append({"from": since, "to": end, "lane": lane[number], "processor": number})
        return lanes

    def lanes(self, first: str, length: int) -> list[dict[str, Any]]:
        """Who had control in which of the steps up to `length`: "off", "root" or a VM."""
        lanes: list[dict[str, Any]] = []
        lane, since = first, 0

        def change(step: int, to: str) -> None:
            nonlocal lane, since
            if to != lane:
                if step > since:
                    lanes.append({"from": since, "to": step, "lane": lane})
                lane, since = to, step

        for step, event in self.marks:
            if step >= length:
                break
            to = _lane_after(event)
            if to is not None:
                change(step + 1, to)
        if length > since or not lanes:
            lanes.append({"from": since, "to": length, "lane": lane})
        return lanes


def _lane_after(event: ev.Event) -> str | None:
    """Who has control after an event that gives it to somebody."""
    if isinstance(event, ev.VmEntry):
        return event.vm
    if isinstance(event, ev.VmExit):
        return "root"
    return event.to if isinstance(event, ev.ModeChange) and event.to != "non_root" else None
