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
from vmviz.lessons.schema import Condition, InLanguages, Stop
from vmviz.lessons.yaml_places import Path

NEAREST_SHOWN = 3


@dataclass(frozen=True)
class Moment:
    """What stops can hang on in one step: its index, RIP before it, its events as they travel, whose it is."""

    index: int
    rip: int
    events: Sequence[Mapping[str, Any]] = ()
    processor: int = 0

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
        """{id, name by language, where, ring, first, end}."""
        return {"id": self.id, "name": self.name.to_wire(), "where": self.where, "ring": self.ring,
                "first": f"{self.first:x}", "end": f"{self.end:x}"}


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
    found = find(lesson, [(("stops", index, "on"), stop) for index, stop in enumerate(stops)], moments, symbols)
    ordered = tuple(_position(lesson, index, stop, moment)
                    for index, (stop, moment) in enumerate(zip(stops, found, strict=True)))
    for index in range(1, len(ordered)):
        before, here = ordered[index - 1], ordered[index]
        if (here.step, here.phase) <= (before.step, before.phase):
            raise lesson.document.error(
                ("stops", index), f"the stop '{here.id}' is at {here.step}.{here.phase}, not after '{before.id}' at "
                f"{before.step}.{before.phase}", "put the stops in the order in which they come, one at a position")
    return ordered


def find(lesson: Lesson, wanted: Sequence[tuple[Path, Condition]], moments: Iterable[Moment],
         symbols: Mapping[str, int]) -> list[Moment]:
    """The moment in which each condition comes true; LessonError, at its path, for one that never does."""
    labels = {index: _address(lesson, symbols, condition.label, (*path, "at"))
              for index, (path, condition) in enumerate(wanted) if condition.label is not None}
    seen = [0] * len(wanted)
    found: dict[int, Moment] = {}
    near: dict[int, list[str]] = {index: [] for index in range(len(wanted))}
    for moment in moments:
        for index, (_, condition) in enumerate(wanted):
            if index in found:
                continue
            if index in labels:
                came = int(moment.rip == labels[index] and condition.processor in (None, moment.processor))
            else:
                came = _count(condition, moment, symbols, near[index])
            seen[index] += came
            if came and seen[index] >= condition.nth:
                found[index] = moment
    for index, (path, condition) in enumerate(wanted):
        if index not in found:
            raise _never(lesson, path, condition, seen[index], near[index])
    return [found[index] for index in range(len(wanted))]


def _count(condition: Condition, moment: Moment, symbols: Mapping[str, int], near: list[str]) -> int:
    """How many events of a step are those that a condition asks for; `near` gets those that are only of the type."""
    same_type = [event for event in moment.events if event["type"] == condition.on["event"]]
    matching = [event for event in same_type if matches(event, condition.fields, symbols)]
    near.extend(_describe(moment.index, event) for event in same_type if event not in matching)
    return len(matching)


def matches(event: Mapping[str, Any], fields: Mapping[str, Any], symbols: Mapping[str, int]) -> bool:
    """Does the event (as it travels) hold all of `fields`? Names are compared without regard to case; a number may be
    written as a number or as a symbol of the program, an exit reason as its name."""
    return all(_equal(event, key, wanted, symbols) for key, wanted in fields.items())


def _equal(event: Mapping[str, Any], key: str, wanted: Any, symbols: Mapping[str, int]) -> bool:
    actual = event.get(key, 0 if key == "processor" else None)     # with one processor events do not name it
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
    if stop.label is not None:
        return StopPosition(stop.id, moment.index, 0)
    if stop.phase is None:
        return StopPosition(stop.id, moment.index + 1, 0)
    check_phase(lesson, ("stops", index), stop.id, stop.phase, moment)
    return StopPosition(stop.id, moment.index, stop.phase)


def check_phase(lesson: Lesson, path: Path, name: str, phase: int, moment: Moment) -> None:
    """LessonError for a phase that is not inside the step."""
    phases = moment.phases
    if phase >= phases:
        raise lesson.document.error(
            (*path, "phase"), f"the step of '{name}' has {phases} phases; {phase} is not inside it",
            f"use 1 to {phases - 1}, or leave 'phase' out to stop after the step" if phases > 1
            else "leave 'phase' out: this step has none")


def _never(lesson: Lesson, path: Path, condition: Condition, seen: int, near: list[str]) -> Exception:
    wanted = ", ".join(f"{key}: {value}" for key, value in condition.on.items())
    if condition.label is not None:
        what = f"execution reached it {seen} times"
    elif seen:
        what = f"only {seen} such event{'s' if seen > 1 else ''} came"
    elif near:
        what = f"none came; the {condition.on['event']} events nearest to it: " + "; ".join(near[:NEAREST_SHOWN])
    else:
        what = f"no {condition.on['event']} event came at all"
    return lesson.document.error(path, f"{condition.named} never fires ({wanted}): {what}",
                                 "see every event with: vmviz run program.asm --events")


def _describe(index: int, event: Mapping[str, Any]) -> str:
    fields = ", ".join(f"{key}: {value}" for key, value in event.items() if key != "type")
    return f"step {index} {{{fields}}}"


def _address(lesson: Lesson, symbols: Mapping[str, int], label: str, path: tuple[str | int, ...]) -> int:
    if label not in symbols:
        raise lesson.document.error(path, f"there is no label '{label}' in program.asm",
                                    "labels are written as in the program, local ones as global.local")
    return symbols[label]
