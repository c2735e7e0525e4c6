"""A lesson's program, assembled, and one run of it: what stops, regions and claims are resolved against.

`prepare` makes the image and gives names to addresses; `run` records it. recorded.py has the whole of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vmviz.asm import Program, assemble
from vmviz.errors import LessonError, VmvizError
from vmviz.lessons.loader import Lesson, included
from vmviz.lessons.stops import Moment, RegionRange, resolve_regions, start_address, vm_names
from vmviz.recording.listing import listing
from vmviz.recording.recording import Recording
from vmviz.recording.scene import Region
from vmviz.recording.sources import ProgramSource, digest


@dataclass(frozen=True)
class Prepared:
    """A lesson ready to be recorded; `symbols` are the labels and constants of its program by name."""

    lesson: Lesson
    program: Program
    symbols: dict[str, int]
    regions: tuple[RegionRange, ...]
    source: ProgramSource

    @property
    def boxes(self) -> list[Region]:
        """The regions as recordings have them."""
        return [Region(region.id, region.first, region.end, region.to_wire()) for region in self.regions]


def prepare(lesson: Lesson) -> Prepared:
    """Assemble the lesson's program and find its places; ProgramError or LessonError when that is not possible."""
    program = assemble(lesson.program, name=f"{lesson.name}/program.asm", include=lambda name: included(lesson, name))
    symbols = {**program.constants, **program.symbols}
    source = ProgramSource(image=program.image, model=lesson.form.model, names=vm_names(lesson, symbols),
                           start=start_address(lesson, symbols), processors=lesson.form.processors,
                           outside=tuple(signal.to_arrival() for signal in lesson.form.outside))
    return Prepared(lesson, program, symbols, resolve_regions(lesson, symbols), source)


def run(prepared: Prepared) -> Recording:
    """A recording of the program, without stops; LessonError when it does not come to its start, or to its end."""
    file = f"{prepared.lesson.name}/program.asm"
    try:
        journal = prepared.source.record()
    except VmvizError as error:
        raise LessonError(str(error), file=file, remedy="watch it with: vmviz run program.asm --events") from error
    form = prepared.lesson.form
    key = digest(prepared.source.key, [box.wire for box in prepared.boxes], form.stops, form.questions, form.drive)
    return Recording(key, journal, prepared.boxes, listing(prepared.lesson.program, prepared.program))


def moments(recording: Recording) -> Iterator[Moment]:
    """What stops can hang on in each step of a recording."""
    return (Moment(*told) for told in recording.walk())


def perform(prepared: Prepared) -> Iterator[Moment]:
    """Run the program from its start to its end and tell each step; LessonError when it does not end as it should."""
    return moments(run(prepared))
