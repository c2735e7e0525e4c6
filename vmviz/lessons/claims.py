"""Is what a lesson's words claim what the machine does? Expressions at positions of its recording, from `expects`.

A claim on an event is asked after the step that holds the event (with `phase`: after so many of its phases), `was` is
before that step. A claim at a label is asked there, before the instruction; `was` is before the step that led there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vmviz.lessons.expressions import ExpressionError, read, shown
from vmviz.lessons.performance import Prepared
from vmviz.lessons.schema import EXPRESSIONS, Expectation
from vmviz.lessons.stops import Moment, check_phase, find
from vmviz.recording.positions import Position
from vmviz.recording.recording import Recording


@dataclass(frozen=True)
class At:
    """A position of a recording, as expressions ask of it."""

    recording: Recording
    position: Position

    @cached_property
    def scene(self) -> dict[str, Any]:
        """Everything to draw there."""
        return self.recording.scene(*self.position)

    def memory(self, address: int, size: int) -> int | None:
        """Physical memory there, little-endian; None where there is none."""
        found = self.recording.memory(self.position, address, size)
        return None if found is None else int.from_bytes(found, "little")

    def translation(self, linear: int) -> dict[str, Any]:
        """How the acting processor would translate a linear address there, for a read."""
        return self.recording.translation(self.position, linear, "read")

    def tlb(self) -> list[dict[str, Any]]:
        """What is in the acting processor's TLB there."""
        return self.recording.tlb(self.position)


def check_claims(prepared: Prepared, recording: Recording, told: Sequence[Moment]) -> int:
    """How many claims there are; LessonError for the first one that is not true. `told`: the recording's moments."""
    lesson = prepared.lesson
    claims = lesson.form.expects
    places = find(lesson, [(("expects", index, "on"), claim) for index, claim in enumerate(claims)], told,
                  prepared.symbols)
    for index, (claim, moment) in enumerate(zip(claims, places, strict=True)):
        path = ("expects", index)
        if claim.phase is not None:
            check_phase(lesson, path, claim.that, claim.phase, moment)
        here, before = _places(claim, moment)
        try:
            expression = read(claim.that)
            was = At(recording, before)
            now = At(recording, here)
            if expression.holds(now, was, prepared.symbols):
                continue
            found = ", ".join(f"{name} is {shown(value)}" for name, value in
                              expression.named_values(now, was, prepared.symbols))
        except ExpressionError as error:
            raise lesson.document.error((*path, "that"), str(error), EXPRESSIONS) from None
        raise lesson.document.error((*path, "that"), f"'{claim.that}' is not true at step {here.step}: {found}",
                                    "correct the claim and the words that make it, or the program")
    return len(claims)


def _places(claim: Expectation, moment: Moment) -> tuple[Position, Position]:
    """Where a claim is asked, and where `was` is."""
    if claim.label is not None:
        return Position(moment.index, 0), Position(max(moment.index - 1, 0), 0)
    here = Position(moment.index + 1, 0) if claim.phase is None else Position(moment.index, claim.phase)
    return here, Position(moment.index, 0)
