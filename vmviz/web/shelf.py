"""What the web needs of lessons and recordings: the two interfaces, so that tests can put small ones in their place.

`Recorded` is a recording with its lesson's stops; vmviz.recording.Recording is one. `Shelf` finds them by name;
`LessonShelf` in lesson_shelf.py is the real one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from vmviz.recording import Position
from vmviz.recording.asked import Asked, Drives
from vmviz.recording.scene import Region
from vmviz.recording.sources import ProgramSource


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
    def done(self) -> bool:
        """Is it complete, or does it still grow?"""
        ...

    @property
    def gone(self) -> bool:
        """Has it been put away, so that it must be opened again?"""
        ...

    @property
    def stops(self) -> Sequence[Position]:
        """Where the lesson stops, in order."""
        ...

    @property
    def questions(self) -> Sequence[Asked]:
        """What the lesson asks, in order."""
        ...

    @property
    def drive(self) -> Drives | None:
        """What a learner who drives is asked; None in a run that is no lesson's own."""
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

    def listing(self) -> Any:
        """The program's source and bytes."""
        ...

    def next_rip(self, addresses: Iterable[int], after: int) -> int | None:
        """The first step > `after` whose next instruction is at one of the addresses."""
        ...

    def memory(self, at: Position, address: int, length: int) -> bytes | None:
        """Physical memory at a position; None where there is none."""
        ...

    def translation(self, at: Position, linear: int, access: str, processor: int | None = None) -> dict[str, Any]:
        """How a linear address would be translated at a position, for a read, write or fetch."""
        ...

    def tlb(self, at: Position, processor: int | None = None) -> list[dict[str, Any]]:
        """The entries of the TLB at a position."""
        ...

    def instruction(self, at: Position) -> dict[str, Any]:
        """The instruction that led to a position, with what it read and wrote; empty when none did."""
        ...

    def clock(self, at: Position) -> int:
        """The time at a position, as what comes from outside counts it."""
        ...

    def last_change(self, slot: str, at: Position, bits: int = 0) -> dict[str, Any] | None:
        """The latest change of a named slot (of `bits` of it, when given) before a position: {step, rip, old, new};
        LookupError for no such slot."""
        ...


class Base(NamedTuple):
    """What a recording is made of, for one that goes on otherwise."""

    source: ProgramSource
    regions: Sequence[Region] = ()
    listing: bytes = b""


class Shelf(Protocol):
    """Lessons by name, and each in as many variants as it has (seeds.py): 0 is the lesson as it is written."""

    def names(self) -> Sequence[str]:
        """All lessons, in the order of the course."""
        ...

    def entry(self, name: str) -> dict[str, Any]:
        """What lists of lessons say of one: docs/protocol.md, `GET /api/lessons`."""
        ...

    def card(self, name: str) -> dict[str, Any]:
        """An entry without `steps`: what is known before the lesson is recorded."""
        ...

    def variants(self, name: str) -> int:
        """How many lessons it is: itself, and with other numbers; KeyError for no such lesson."""
        ...

    def text(self, name: str, lang: str, variant: int = 0) -> dict[str, Any]:
        """The lesson's words in a language."""
        ...

    def teaching(self, name: str, lang: str) -> dict[str, Any] | None:
        """What the lesson's author says to teachers, {title, html}; None for nothing."""
        ...

    def base(self, name: str, variant: int = 0) -> Base:
        """What the lesson's recording is made of; KeyError for no such lesson."""
        ...

    def recording(self, name: str, variant: int = 0) -> Recorded:
        """The lesson's recording; KeyError for no such lesson, LessonError for one that does not run."""
        ...
