"""Positions in a recording, and how the commands of a learner move between them.

{step: s, phase: p}: s steps are complete and p phases of the next one are done. A step whose phases are all done is
complete, so {s, p} exists for 0 <= p < number of phases (or p = 0 where a step has none). Positions are ordered.
Every move lands on a position that exists: past an end it stops there. All pure: `phases` says how many a step has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, overload

PhaseCount = Callable[[int], int]


class Position(NamedTuple):
    """So many steps complete, so many phases of the next one done."""

    step: int
    phase: int = 0

    def to_wire(self) -> dict[str, int]:
        """As it travels."""
        return {"step": self.step, "phase": self.phase}


START = Position(0, 0)


class Behind(Sequence[Position]):
    """The positions behind some steps, which may become more."""

    def __init__(self, steps: Sequence[int]) -> None:
        self._steps = steps

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, at: int) -> Position: ...

    @overload
    def __getitem__(self, at: slice) -> list[Position]: ...

    def __getitem__(self, at: int | slice) -> Position | list[Position]:
        if isinstance(at, slice):
            return [Position(step + 1) for step in self._steps[at]]
        return Position(self._steps[at] + 1)


def nearest(step: int, phase: int, length: int, phases: PhaseCount) -> Position:
    """The position that exists nearest to a wished one of any size."""
    if step < 0:
        return START
    if step >= length:
        return Position(length)
    count = phases(step)
    if phase <= 0 or count == 0:
        return Position(step)
    return Position(step + 1) if phase >= count else Position(step, phase)


def move_steps(at: Position, by: int, length: int, phases: PhaseCount) -> Position:
    """`by` whole steps on or back; from the middle of a step the first one reaches its end or its beginning."""
    if by == 0:
        return at
    if by < 0 and at.phase:
        by += 1
    return nearest(at.step + by, 0, length, phases)


def move_phases(at: Position, by: int, length: int, phases: PhaseCount) -> Position:
    """`by` phases on or back where steps have phases, whole steps where they have none."""
    step, phase = at
    while by > 0 and step < length:
        count = phases(step)
        left = max(count, 1) - phase
        if by < left:
            return Position(step, phase + by)
        by -= left
        step, phase = step + 1, 0
    while by < 0 and (step or phase):
        if phase:
            back = min(phase, -by)
            phase, by = phase - back, by + back
        else:
            step -= 1
            phase = max(phases(step), 1) - 1
            by += 1
    return Position(step, phase)
