"""What a recording needs of the questions that hang on its positions: where they are, and a grade for an answer.

`Asked` is a question that a lesson's author wrote, `Point` one that the machine makes for a learner who drives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from vmviz.recording.positions import Position


class Asked(Protocol):
    """A question that hangs on a position; vmviz.lessons.questions.Asked is one."""

    @property
    def id(self) -> str:
        """Its name."""
        ...

    @property
    def kind(self) -> str:
        """What there is to do: choice, several, value, place, order."""
        ...

    @property
    def at(self) -> Position:
        """Where it is asked."""
        ...

    @property
    def answered(self) -> Position:
        """Where the machine answers."""
        ...

    @property
    def right(self) -> Sequence[str]:
        """The right answer."""
        ...

    @property
    def among(self) -> Sequence[str]:
        """What there is to choose from."""
        ...

    @property
    def wrong(self) -> Mapping[str, str]:
        """The ids of what there is to say to values that people often give, by value."""
        ...

    @property
    def about_right(self) -> str:
        """The id of what there is to say to the right answer."""
        ...

    def to_wire(self) -> dict[str, Any]:
        """What the timeline and the page need of it."""
        ...

    def grade(self, given: Sequence[str]) -> tuple[bool, str]:
        """Is an answer right, and the id of what there is to say to it."""
        ...


class Point(Protocol):
    """What a learner who drives is asked at one step; vmviz.lessons.drive.Point is one."""

    @property
    def id(self) -> str:
        """Its name."""
        ...

    @property
    def at(self) -> Position:
        """Where it is asked."""
        ...

    @property
    def answered(self) -> Position:
        """Where the machine answers."""
        ...

    @property
    def right(self) -> str:
        """The right answer."""
        ...

    def to_wire(self) -> dict[str, Any]:
        """What the page needs of it."""
        ...

    def grade(self, given: str) -> tuple[bool, str]:
        """Is an answer right, and what there is to say to it."""
        ...


class Drives(Protocol):
    """Where a learner may drive; vmviz.lessons.drive.Drive is one."""

    @property
    def steps(self) -> Sequence[int]:
        """The steps about which something is asked."""
        ...

    def points(self, seed: int) -> Sequence[Point]:
        """What is asked with a seed, in the order of the recording."""
        ...
