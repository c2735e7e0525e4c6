"""A lesson's program, assembled, and one run of it: what stops and regions are resolved against.

`prepare` makes the image and gives names to addresses; `perform` runs it and tells each step. The web keeps recordings
of its own; it needs `prepare`, and `resolve_stops` over the moments of its recording.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from vmviz.asm import Program, assemble
from vmviz.errors import LessonError, VmvizError
from vmviz.events import to_wire
from vmviz.lessons.loader import Lesson
from vmviz.lessons.stops import Moment, RegionRange, resolve_regions, start_address, vm_names
from vmviz.machine.journal import Cursor, Journal
from vmviz.machine.step import Step
from vmviz.recording.sources import ProgramSource

LISTED_BYTES = 16  # of a line: more are padding or a table


@dataclass(frozen=True)
class Prepared:
    """A lesson ready to be recorded; `symbols` are the labels and constants of its program by name."""

    lesson: Lesson
    program: Program
    symbols: dict[str, int]
    regions: tuple[RegionRange, ...]
    source: ProgramSource

    def listing(self) -> dict[str, Any]:
        """The program's source as it travels: every line, with address and bytes where it made some; the labels."""
        made: dict[int, tuple[int, bytes]] = {}
        for line in self.program.lines:
            if line.file == self.program.name and line.data:
                address, before = made.get(line.number, (line.address, b""))
                made[line.number] = address, before + line.data
        lines: list[dict[str, Any]] = []
        for number, text in enumerate(self.lesson.program.splitlines(), 1):
            shown: dict[str, Any] = {"n": number, "text": text}
            if number in made:
                shown["address"] = f"{made[number][0]:x}"
                shown["bytes"] = made[number][1][:LISTED_BYTES].hex()
            lines.append(shown)
        return {"lines": lines, "symbols": {name: f"{at:x}" for name, at in self.program.symbols.items()}}


def prepare(lesson: Lesson) -> Prepared:
    """Assemble the lesson's program and find its places; ProgramError or LessonError when that is not possible."""

    def beside(wanted: str) -> str | None:
        found = lesson.folder / wanted
        return found.read_text(encoding="utf-8") if found.parent == lesson.folder and found.is_file() else None

    program = assemble(lesson.program, name=f"{lesson.name}/program.asm", include=beside)
    symbols = {**program.constants, **program.symbols}
    source = ProgramSource(image=program.image, model=lesson.form.model, names=vm_names(lesson, symbols),
                           start=start_address(lesson, symbols))
    return Prepared(lesson, program, symbols, resolve_regions(lesson, symbols), source)


def perform(prepared: Prepared) -> Iterator[Moment]:
    """Run the program from its start to its end and tell each step; LessonError when it does not end as it should."""
    try:
        journal: Journal = prepared.source.record()
    except VmvizError as error:
        raise LessonError(str(error), file=f"{prepared.lesson.name}/program.asm",
                          remedy="watch it with: vmviz run program.asm --events") from error
    cursor = Cursor(journal)
    while (step := cursor.tell()) is not None:
        yield moment_of(step)


def moment_of(step: Step) -> Moment:
    """What stops can hang on in a step of the machine."""
    return Moment(step.number, step.rip, tuple(to_wire(event) for event in step.events))
