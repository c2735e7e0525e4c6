"""The outline of a recording: what the timeline draws. docs/protocol.md describes it.

Of a run with very many VM entries and exits, or turns of several processors, it has the beginning; `listed` then is the
position up to which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, TypeVar

from vmviz import events as ev
from vmviz.recording.story import Story

if TYPE_CHECKING:
    from vmviz.recording.recording import Recording

MOST_LISTED = 1_000  # steps with VM entries and exits
MOST_LANES = 4_000
T = TypeVar("T")


def outline(recording: Recording, story: Story, first_lanes: list[str]) -> dict[str, Any]:
    """The outline; `first_lanes`: in which VMX operation each processor begins."""
    phased = list(islice(story.phased, MOST_LISTED + 1))
    cut = phased.pop() if len(phased) > MOST_LISTED else None
    upto = recording.length if cut is None else cut
    lanes = _lanes(recording, story, first_lanes, upto)
    if len(lanes) > MOST_LANES:
        upto = cut = lanes[MOST_LANES]["from"]
        lanes = lanes[:MOST_LANES]

    def whose(step: int) -> dict[str, int]:
        return {"processor": recording.journal.who(step)} if recording.journal.board.several else {}

    def listed(marks: Sequence[tuple[int, T]]) -> Iterator[tuple[int, T]]:
        return takewhile(lambda mark: mark[0] < upto, marks)

    vms: list[str] = []
    for _, event in listed(story.marks):
        name = getattr(event, "vm", None)
        if name and name not in vms:
            vms.append(name)
    return {
        "length": recording.length, **({} if cut is None else {"listed": upto}),
        "lanes": lanes,
        "exits": [{"step": step + 1, **fields_of(event, "vm", "reason", "name", "rip", "qualification", "length"),
                   **whose(step)} for step, event in listed(story.exits)],
        "entries": [{"step": step + 1, **fields_of(event, "vm", "kind"), **whose(step)}
                    for step, event in listed(story.entries)],
        "failures": [{"step": step + 1, **fields_of(event, "vm", "reason", "check"), **whose(step)}
                     for step, event in listed(story.failures)],
        "stops": list(recording.named_stops), "vms": vms,
        "questions": [question.to_wire() for question in recording.questions],
        **({"driven": len(recording.drive.steps)} if recording.drive and recording.drive.steps else {}),
        "phased": {str(step): phases for step, phases in _phases_of(recording, story, phased) if phases["names"]},
        "regions": [dict(region.wire) for region in recording.regions],
    }


def fields_of(event: ev.Event, *names: str) -> dict[str, Any]:
    """Some fields of an event, as they travel; those that it has."""
    wire = ev.to_wire(event)
    return {name: wire[name] for name in names if name in wire}


def _lanes(recording: Recording, story: Story, first: list[str], upto: int) -> list[dict[str, Any]]:
    if not recording.journal.board.several:
        return story.lanes(first[0], upto)
    return story.lanes_by_turns(first, islice(recording.journal.turns(upto), MOST_LANES + 1))


def _phases_of(recording: Recording, story: Story, steps: Iterable[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The names of the phases of steps. Steps that marked the same have the same phases: one of them is told."""
    told: dict[Any, dict[str, Any]] = {}
    for step in steps:
        same = tuple((type(event), getattr(event, "reason", 0), getattr(event, "check", ""))
                     for event in story.of_step(step))
        if same not in told:
            phases = recording.step(step).phases
            told[same] = {"of": phases[0].of if phases else "", "names": [phase.name for phase in phases]}
        yield step, told[same]
