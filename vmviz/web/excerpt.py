"""A short piece of a lesson's run for a small picture: the positions where control moves, without a connection.

It begins before the first VM entry and shows the first entries and exits, and between them the steps that come into
another region. Everything is the machine's; what is left out are the steps between.
"""

from __future__ import annotations

from typing import Any

from vmviz.errors import LessonError
from vmviz.recording import Position, diff
from vmviz.recording.positions import START
from vmviz.web.shelf import Recorded, Shelf

CROSSINGS = 8           # VM entries and exits that are shown
MOST = 40               # positions


def lesson_to_show(shelf: Shelf) -> str | None:
    """The first lesson that enters a virtual machine; None when there is none."""
    for name in shelf.names():
        try:
            if shelf.recording(name).entries:
                return name
        except LessonError:     # its own page says so
            continue
    return None


def positions(recorded: Recorded) -> list[Position]:
    """What is shown, in order: before and after each of the first crossings, and where another region begins."""
    crossings = sorted({*recorded.entries, *recorded.exits})[:CROSSINGS]
    if not crossings:
        return [START]
    wanted = {Position(step) for crossing in crossings for step in (crossing.step - 1, crossing.step)}
    first, last = crossings[0].step - 1, crossings[-1].step
    region = None
    for step in range(first, last + 1):
        here = recorded.scene(step).get("region")
        if here != region:
            wanted.add(Position(step))
        region = here
    return sorted(wanted)[:MOST]


def excerpt(recorded: Recorded) -> dict[str, Any]:
    """{outline, snapshot, frames}: the first position as a snapshot, from each to the next a frame."""
    shown = positions(recorded)
    first = shown[0]
    return {
        "outline": recorded.outline(),
        "snapshot": {"position": first.to_wire(), "length": recorded.length, "scene": recorded.scene(*first),
                     "events": recorded.events(*first)},
        "frames": [{"from": before.to_wire(), "position": at.to_wire(), "events": recorded.events(*at),
                    "delta": diff(recorded.scene(*before), recorded.scene(*at))}
                   for before, at in zip(shown, shown[1:], strict=False)],
    }
