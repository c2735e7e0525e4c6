"""What the web needs of lessons and recordings: the two interfaces, so that tests can put small ones in their place.

`Recorded` is a recording with its lesson's stops; vmviz.recording.Recording is one. `Shelf` finds them by name;
`LessonShelf` in lesson_shelf.py is the real one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from vmviz.recording import Position


class Recorded(Protocol):
    """A recording as the web sees it; positions must exist."""

    @property
    def key(self) -> str:
        """Tells apart everything that is kept of it."""
        ...

    @property
    def length(self) -> int:
        """How many steps there are."""
        ...

    @property
    def stops(self) -> Sequence[Position]:
        """Where the lesson stops, in order."""
        ...

    @property
    def exits(self) -> Sequence[Position]:
        """The positions after the VM exits, in order."""
        ...

    @property
    def entries(self) -> Sequence[Position]:
        """The positions after the VM entries, in order."""
        ...

    def phases(self, step: int) -> int:
        """How many phases the step from `step` to the next has; 0 for most."""
        ...

    def scene(self, step: int, phase: int = 0) -> dict[str, Any]:
        """Everything to draw at a position; not to be changed."""
        ...

    def events(self, step: int, phase: int = 0) -> list[dict[str, Any]]:
        """What led to a position."""
        ...

    def outline(self) -> dict[str, Any]:
        """What the timeline draws."""
        ...

    def listing(self) -> dict[str, Any]:
        """The program's source and bytes."""
        ...

    def next_rip(self, addresses: Iterable[int], after: int) -> int | None:
        """The first step > `after` whose next instruction is at one of the addresses."""
        ...

    def memory(self, at: Position, address: int, length: int) -> bytes | None:
        """Physical memory at a position; None where there is none."""
        ...

    def last_change(self, slot: str, at: Position) -> dict[str, Any] | None:
        """The latest change of a named slot before a position: {step, rip, old, new}; LookupError for no such slot."""
        ...


class Shelf(Protocol):
    """Lessons by name."""

    def names(self) -> Sequence[str]:
        """All lessons, in the order of the course."""
        ...

    def entry(self, name: str) -> dict[str, Any]:
        """{name, title, summary, steps, minutes} of a lesson."""
        ...

    def text(self, name: str, lang: str) -> dict[str, Any]:
        """The lesson's words in a language."""
        ...

    def recording(self, name: str) -> Recorded:
        """The lesson's recording; KeyError for no such lesson, LessonError for one that does not run."""
        ...
