"""The lessons of the course, with their recordings: assembled and recorded at first use, then kept and shared.

A recording's key is the hash of everything that decides what it shows, so a changed lesson is another recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vmviz.errors import LessonError, ProgramError, VmvizError
from vmviz.lessons import Lesson, Moment, lesson_names, load, resolve_stops
from vmviz.lessons.performance import prepare
from vmviz.recording.library import Library
from vmviz.recording.listing import listing
from vmviz.recording.recording import Recording
from vmviz.recording.scene import Region
from vmviz.recording.sources import digest


class LessonShelf:
    """Lessons by name. They are read once: who changes one starts the server again."""

    def __init__(self, recordings_bytes: int) -> None:
        """`recordings_bytes`: how much of recordings is kept."""
        self.library: Library[Recording] = Library(recordings_bytes)
        self._names = lesson_names()
        self._lengths: dict[str, int] = {}

    def names(self) -> Sequence[str]:
        """All lessons."""
        return self._names

    def entry(self, name: str) -> dict[str, Any]:
        """{name, title, summary, steps, minutes} of a lesson."""
        form = self._lesson(name).form
        if name not in self._lengths:
            self._lengths[name] = self.recording(name).length
        return {"name": form.name, "title": form.title.to_wire(), "summary": form.summary.to_wire(),
                "steps": self._lengths[name], "minutes": form.minutes}

    def text(self, name: str, lang: str) -> dict[str, Any]:
        """The lesson's words in a language."""
        return self._lesson(name).text_to_wire(lang)

    def recording(self, name: str) -> Recording:
        """The lesson's recording; KeyError for no such lesson, LessonError for one that does not run."""
        lesson = self._lesson(name)
        return self.library.get(name, lambda: record(lesson))

    def _lesson(self, name: str) -> Lesson:
        if name not in self._names:
            raise KeyError(name)
        return load(name)


def record(lesson: Lesson) -> Recording:
    """Assemble and record a lesson's program, and find its stops."""
    file = f"{lesson.name}/program.asm"
    try:
        prepared = prepare(lesson)
        journal = prepared.source.record()
    except LessonError:
        raise
    except ProgramError as error:
        raise LessonError(error.pretty(), file=file) from error
    except VmvizError as error:
        raise LessonError(str(error), file=file, remedy="watch it with: vmviz run program.asm --events") from error
    regions = [Region(region.id, region.first, region.end, region.to_wire()) for region in prepared.regions]
    key = digest(prepared.source.key, [region.wire for region in regions], lesson.form.stops)
    recording = Recording(key, journal, regions, listing(lesson.program, prepared.program))
    moments = (Moment(*told) for told in recording.walk())
    recording.mark_stops(stop.to_wire() for stop in resolve_stops(lesson, moments, prepared.symbols))
    return recording
