"""Where a lesson's stops and regions are, in one run of its program.

Stops hang on events, never on step numbers: this module walks the steps once and finds, for each stop, the nth event
that matches. A stop that never fires is an error that names its line and the events that came nearest, because a
lesson that silently skips an idea is worse than one that does not load.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vmviz.lessons.loader import Lesson
from vmviz.lessons.schema import InLanguages, Stop

NEAREST_SHOWN = 3


@dataclass(frozen=True)
class Moment:
    """What stops can hang on in one step: its index, RIP before it, its events as they travel."""

    index: int
    rip: int
    events: Sequence[Mapping[str, Any]] = ()

    @property
    def phases(self) -> int:
        """How many phases the step has: each begins with an event of its own."""
        return sum(event["type"] == "phase" for event in self.events)


@dataclass(frozen=True)
class StopPosition:
    """A stop's position: `step` steps complete and `phase` phases of the next one done."""

    id: str
    step: int
    phase: int

    def to_wire(self) -> dict[str, str | int]:
        """{id, step, phase}."""
        return {"id": self.id, "step": self.step, "phase": self.phase}


@dataclass(frozen=True)
class RegionRange:
    """A region as addresses: code from `first` up to, not including, `end`."""

    id: str
    name: InLanguages
    where: str
    ring: int
    first: int
    end: int

    def to_wire(self) -> dict[str, object]:
        """{id, name by language, where, ring}."""
        return {"id": self.id, "name": self.name.to_wire(), "where": self.where, "ring": self.ring}


def resolve_regions(lesson: Lesson, symbols: Mapping[str, int]) -> tuple[RegionRange, ...]:
    """The lesson's regions as address ranges; LessonError for an unknown label, an empty or an overlapping region."""
    ranges: list[RegionRange] = []
    for index, region in enumerate(lesson.form.regions):
        first = _address(lesson, symbols, region.from_, ("regions", index, "from"))
        end = _address(lesson, symbols, region.to, ("regions", index, "to"))
        if first >= end:
            raise lesson.document.error(("regions", index), f"the region '{region.id}' holds no code",
                                        f"'{region.to}' must come after '{region.from_}' in the program")
        for other in ranges:
            if first < other.end and other.first < end:
                raise lesson.document.error(("regions", index), f"'{region.id}' overlaps '{other.id}'",
                                            "an instruction can be in one region only")
        ranges.append(RegionRange(region.id, region.name, region.where, region.ring, first, end))
    return tuple(ranges)


def vm_names(lesson: Lesson, symbols: Mapping[str, int]) -> dict[int, str]:
    """The name of each virtual machine by the address of its VMCS."""
    return {_address(lesson, symbols, vm.vmcs, ("vms", index, "vmcs")): vm.name
            for index, vm in enumerate(lesson.form.vms)}


def start_address(lesson: Lesson, symbols: Mapping[str, int]) -> int:
    """The address where the lesson starts; what runs before is not shown."""
    return _address(lesson, symbols, lesson.form.start, ("start",))


def resolve_stops(lesson: Lesson, moments: Iterable[Moment], symbols: Mapping[str, int]) -> tuple[StopPosition, ...]:
    """The position of every stop; LessonError for one that never fires or comes before the stop above it."""
    stops = lesson.form.stops
    labels = {index: _address(lesson, symbols, stop.label, ("stops", index, "on", "at"))
              for index, stop in enumerate(stops) if stop.label is not None}
    seen = [0] * len(stops)
    found: dict[int, StopPosition] = {}
    near: dict[int, list[str]] = {index: [] for index in range(len(stops))}
    for moment in moments:
        for index, stop in enumerate(stops):
            if index in found:
                continue
            if index in labels:
                if moment.rip == labels[index]:
                    seen[index] += 1
                    if seen[index] == stop.nth:
                        found[index] = StopPosition(stop.id, moment.index, 0)
                continue
            for event in moment.events:
                if event["type"] != stop.on["event"]:
                    continue
                if not matches(event, stop.fields, symbols):
                    near[index].append(_describe(moment.index, event))
                    continue
                seen[index] += 1
                if seen[index] == stop.nth:
                    found[index] = _position(lesson, index, stop, moment)
                    break
    for index, stop in enumerate(stops):
        if index not in found:
            raise _never(lesson, index, stop, seen[index], near[index])
    ordered = tuple(found[index] for index in range(len(stops)))
    for index in range(1, len(ordered)):
        before, here = ordered[index - 1], ordered[index]
        if (here.step, here.phase) <= (before.step, before.phase):
            raise lesson.document.error(
                ("stops", index), f"the stop '{here.id}' is at {here.step}.{here.phase}, not after '{before.id}' at "
                f"{before.step}.{before.phase}", "put the stops in the order in which they come, one at a position")
    return ordered


def matches(event: Mapping[str, Any], fields: Mapping[str, Any], symbols: Mapping[str, int]) -> bool:
    """Does the event (as it travels) hold all of `fields`? Names are compared without regard to case; a number may be
    written as a number or as a symbol of the program, an exit reason as its name."""
    return all(_equal(event, key, wanted, symbols) for key, wanted in fields.items())


def _equal(event: Mapping[str, Any], key: str, wanted: Any, symbols: Mapping[str, int]) -> bool:
    actual = event.get(key)
    if actual is None:
        return False
    if isinstance(actual, bool) or isinstance(wanted, bool):
        return actual is wanted
    if isinstance(actual, int):
        if isinstance(wanted, int):
            return actual == wanted
        return key == "reason" and str(event.get("name", "")).lower() == wanted.lower()
    if isinstance(wanted, str) and str(actual).lower() == wanted.lower():
        return True
    number = wanted if isinstance(wanted, int) else symbols.get(wanted)
    try:
        return number is not None and int(str(actual), 16) == number
    except ValueError:
        return False


def _position(lesson: Lesson, index: int, stop: Stop, moment: Moment) -> StopPosition:
    if stop.phase is None:
        return StopPosition(stop.id, moment.index + 1, 0)
    phases = moment.phases
    if stop.phase >= phases:
        raise lesson.document.error(
            ("stops", index, "phase"), f"the step of '{stop.id}' has {phases} phases; {stop.phase} is not inside it",
            f"use 1 to {phases - 1}, or leave 'phase' out to stop after the step" if phases > 1
            else "leave 'phase' out: this step has none")
    return StopPosition(stop.id, moment.index, stop.phase)


def _never(lesson: Lesson, index: int, stop: Stop, seen: int, near: list[str]) -> Exception:
    wanted = ", ".join(f"{key}: {value}" for key, value in stop.on.items())
    if stop.label is not None:
        what = f"execution reached it {seen} times"
    elif seen:
        what = f"only {seen} such event{'s' if seen > 1 else ''} came"
    elif near:
        what = f"none came; the {stop.on['event']} events nearest to it: " + "; ".join(near[:NEAREST_SHOWN])
    else:
        what = f"no {stop.on['event']} event came at all"
    return lesson.document.error(("stops", index, "on"), f"the stop '{stop.id}' never fires ({wanted}): {what}",
                                 "see every event with: vmviz run program.asm --events")


def _describe(index: int, event: Mapping[str, Any]) -> str:
    fields = ", ".join(f"{key}: {value}" for key, value in event.items() if key != "type")
    return f"step {index} {{{fields}}}"


def _address(lesson: Lesson, symbols: Mapping[str, int], label: str, path: tuple[str | int, ...]) -> int:
    if label not in symbols:
        raise lesson.document.error(path, f"there is no label '{label}' in program.asm",
                                    "labels are written as in the program, local ones as global.local")
    return symbols[label]
