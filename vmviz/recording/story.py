"""What has happened up to a position, read off the events that a recording keeps: exits, entries, states, console.

The machine's state at a position does not say how often a VM has been left or what was printed; the kept events
(`Journal.marks`) do. They are read once into lists sorted by step, so that any position is a few binary searches.
`Past` is the answer for one position; inside a step the events of its finished phases are told to it on top.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Any

from vmviz import events as ev


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
    """The kept events of a recording, by step."""

    def __init__(self, marks: Iterable[tuple[int, ev.Event]]) -> None:
        self.marks = list(marks)
        self.exits = [(step, e) for step, e in self.marks if isinstance(e, ev.VmExit)]
        self.entries = [(step, e) for step, e in self.marks if isinstance(e, ev.VmEntry)]
        self.failures = [(step, e) for step, e in self.marks if isinstance(e, ev.EntryFailed)]
        self.phased = sorted({step for step, _ in (*self.exits, *self.entries, *self.failures)})
        self._console_at: list[int] = []
        self._console_end: list[int] = []
        self._of_vm: dict[tuple[str, type], tuple[list[int], list[Any]]] = {}
        console: list[str] = []
        size = 0
        for step, event in self.marks:
            if isinstance(event, ev.Console):
                console.append(event.text)
                size += len(event.text)
                self._console_at.append(step)
                self._console_end.append(size)
            elif isinstance(event, ev.Vm | ev.VmEntry | ev.VmExit):
                steps, events = self._of_vm.setdefault((event.vm, type(event)), ([], []))
                steps.append(step)
                events.append(event)
        self._console = "".join(console)

    def before(self, step: int, further: Iterable[ev.Event] = ()) -> Past:
        """What has happened when `step` steps are complete, and `further` events of the next one."""
        past = Past()
        printed = bisect_left(self._console_at, step)
        past.console = self._console[:self._console_end[printed - 1]] if printed else ""
        for (vm, kind), (steps, events) in self._of_vm.items():
            count = bisect_left(steps, step)
            if not count:
                continue
            last = events[count - 1]
            if kind is ev.Vm:
                past.states[vm] = last.state
            elif kind is ev.VmEntry:
                past.entries[vm] = count
            else:
                past.exits[vm] = count
                past.last_exit[vm] = steps[count - 1] + 1, last
        for event in further:
            past.add(step, event)
        return past

    def lanes(self, first: str, length: int) -> list[dict[str, Any]]:
        """Who had control in which steps: "off", "root" or a VM."""
        lanes: list[dict[str, Any]] = []
        lane, since = first, 0

        def change(step: int, to: str) -> None:
            nonlocal lane, since
            if to != lane:
                if step > since:
                    lanes.append({"from": since, "to": step, "lane": lane})
                lane, since = to, step

        for step, event in self.marks:
            if isinstance(event, ev.VmEntry):
                change(step + 1, event.vm)
            elif isinstance(event, ev.VmExit):
                change(step + 1, "root")
            elif isinstance(event, ev.ModeChange) and event.to != "non_root":
                change(step + 1, event.to)
        if length > since or not lanes:
            lanes.append({"from": since, "to": length, "lane": lane})
        return lanes
