"""The lessons of the course, with their recordings: assembled and recorded at first use, then kept and shared.

The recording's key is the hash of everything that decides what it shows, so a changed lesson is another recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vmviz.asm import assemble_file
from vmviz.errors import LessonError, ProgramError, VmvizError
from vmviz.lessons import Lesson, Moment, lesson_names, load, resolve_regions, resolve_stops, start_address, vm_names
from vmviz.recording.library import Library
from vmviz.recording.recording import Recording
from vmviz.recording.scene import Region
from vmviz.recording.sources import ProgramSource, digest


class LessonShelf:
    """Lessons by name."""

    def __init__(self, recordings_bytes: int) -> None:
        """`recordings_bytes`: how much of recordings is kept."""
        self.library: Library[Recording] = Library(recordings_bytes)

    def names(self) -> Sequence[str]:
        """All lessons."""
        return lesson_names()

    def entry(self, name: str) -> dict[str, Any]:
        """{name, title, summary, steps, minutes} of a lesson."""
        form = self._lesson(name).form
        return {"name": form.name, "title": form.title.to_wire(), "summary": form.summary.to_wire(),
                "steps": self.recording(name).length, "minutes": form.minutes}

    def text(self, name: str, lang: str) -> dict[str, Any]:
        """The lesson's words in a language."""
        return self._lesson(name).text_to_wire(lang)

    def recording(self, name: str) -> Recording:
        """The lesson's recording; KeyError for no such lesson, LessonError for one that does not run."""
        lesson = self._lesson(name)
        return self.library.get(digest(lesson.name, lesson.program, repr(lesson.form)), lambda: record(lesson))

    def _lesson(self, name: str) -> Lesson:
        if name not in self.names():
            raise KeyError(name)
        return load(name)


def record(lesson: Lesson) -> Recording:
    """Assemble and record a lesson's program, and find its stops."""
    try:
        program = assemble_file(lesson.program_file)
    except ProgramError as error:
        raise LessonError(error.pretty(), file=f"{lesson.name}/program.asm") from error
    symbols = program.symbols
    regions = [Region(found.id, found.first, found.end, found.to_wire()) for found in resolve_regions(lesson, symbols)]
    source = ProgramSource(program.image, lesson.form.model, vm_names(lesson, symbols), start_address(lesson, symbols))
    try:
        journal = source.record()
    except LessonError:
        raise
    except VmvizError as error:
        raise LessonError(str(error), file=f"{lesson.name}/program.asm",
                          remedy="run it with: vmviz run program.asm") from error
    key = digest(source.key, [region.wire for region in regions], lesson.form.stops, lesson.name)
    recording = Recording(key, journal, regions, program.listing())
    moments = (Moment(index, rip, events) for index, rip, events in recording.walk())
    recording.mark_stops(stop.to_wire() for stop in resolve_stops(lesson, moments, symbols))
    return recording
