"""The lessons of the course and of other folders, with their recordings: recorded at first use, then kept and shared.

A recording's key is the hash of everything that decides what it shows, so a changed lesson is another recording, and
each variant of a lesson is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from vmviz.errors import LessonError, ProgramError
from vmviz.lessons import COURSE, Lesson, lesson_names, load
from vmviz.lessons.loader import place_in
from vmviz.lessons.performance import Prepared, prepare
from vmviz.lessons.recorded import record
from vmviz.lessons.values import has_values, told
from vmviz.recording.library import Library
from vmviz.recording.listing import listing
from vmviz.recording.recording import Recording
from vmviz.web.learners_recording import Aside
from vmviz.web.outside_lessons import Limits, OutsideLessons
from vmviz.web.seeds import remembered
from vmviz.web.settings import Settings
from vmviz.web.shelf import Base
from vmviz.web.wire import encode


class LessonShelf:
    """Lessons by name. They are read once: who changes one starts the server again, or previews it."""

    def __init__(self, recordings_bytes: int, outside: OutsideLessons | None = None) -> None:
        """`recordings_bytes`: how much of recordings is kept; `outside`: lessons from elsewhere, which come first."""
        self.library: Library[Recording] = Library(recordings_bytes)
        self._outside = outside
        places = {name: place_in(COURSE / name) for name in lesson_names()} | (outside.places() if outside else {})
        self._names = sorted(places, key=lambda name: (places[name], name))
        self._lengths: dict[str, int] = {}
        self._told: dict[str, Lesson] = {}

    def names(self) -> Sequence[str]:
        """All lessons."""
        return self._names

    def entry(self, name: str) -> dict[str, Any]:
        """What lists of lessons say of one: docs/protocol.md, `GET /api/lessons`."""
        key = self._kept(name)[0]
        if key not in self._lengths:
            self._lengths[key] = self.recording(name).length
        return {**self.card(name), "steps": self._lengths[key]}

    def card(self, name: str) -> dict[str, Any]:
        """An entry without `steps`: what is known before the lesson is recorded."""
        form = self._kept(name)[1].form
        return {"name": form.name, "title": form.title.to_wire(), "summary": form.summary.to_wire(),
                "minutes": form.minutes, "level": form.level,
                **({"part": form.part} if form.part else {}), "goals": [goal.to_wire() for goal in form.goals],
                "prerequisites": list(form.prerequisites), "stops": [stop.id for stop in form.stops],
                "questions": [question.id for question in form.questions]}

    def variants(self, name: str) -> int:
        """How many lessons it is: itself, and with other numbers; KeyError for no such lesson."""
        return self._kept(name)[1].variants

    def text(self, name: str, lang: str, variant: int = 0) -> dict[str, Any]:
        """The lesson's words in a language, with the values of the machine that they show."""
        key, lesson = self._kept(name, variant)
        if key not in self._told:
            self._told[key] = told(_prepared(lesson), self.recording(name, variant)) if has_values(lesson) else lesson
        return self._told[key].text_to_wire(lang)

    def teaching(self, name: str, lang: str) -> dict[str, Any] | None:
        """What the lesson's author says to teachers, {title, html}; None for nothing."""
        words = self._kept(name)[1].text(lang).teacher
        return {"title": words.title, "html": words.html} if words else None

    def base(self, name: str, variant: int = 0) -> Base:
        """What the lesson's recording is made of; KeyError for no such lesson."""
        lesson = self._kept(name, variant)[1]
        prepared = _prepared(lesson)
        return Base(prepared.source, prepared.boxes, bytes(encode(listing(lesson.program, prepared.program))))

    def recording(self, name: str, variant: int = 0) -> Recording:
        """The lesson's recording; KeyError for no such lesson, LessonError for one that does not run."""
        key, lesson = self._kept(name, variant)
        if self._outside is not None and name in self._outside:
            aside = self._outside.aside         # it may be long in coming to its start
            return self.library.get(key, lambda: aside(lambda: recorded(lesson)))
        return self.library.get(key, lambda: recorded(lesson))

    def warm(self) -> None:
        """Try the lessons from elsewhere before somebody asks; what is wrong with them is in the log then."""
        for name in self._outside.places() if self._outside else ():
            with suppress(LessonError):
                self.entry(name)

    def _kept(self, name: str, variant: int = 0) -> tuple[str, Lesson]:
        """A lesson in one of its variants, and a key that is another one when it is another one."""
        if self._outside is not None and name in self._outside:
            version, lesson = self._outside.lesson(name)
            return f"{remembered(name, variant)}.{version}", lesson.variant(variant)
        if name not in self._names:
            raise KeyError(name)
        return remembered(name, variant), load(name).variant(variant)


def outside(settings: Settings, aside: Aside) -> OutsideLessons | None:
    """The lessons from elsewhere that the settings name; None when they name none."""
    limits = Limits(settings.worker_bytes, settings.program_seconds)
    if settings.preview is not None:
        return OutsideLessons([settings.preview], limits, aside, fresh=True)
    return OutsideLessons(settings.lessons, limits, aside, taken=lesson_names()) if settings.lessons else None


def recorded(lesson: Lesson) -> Recording:
    """Assemble and record a lesson's program, and find its stops; LessonError when it does not do what it says."""
    return record(_prepared(lesson))


def _prepared(lesson: Lesson) -> Prepared:
    try:
        return prepare(lesson)
    except ProgramError as error:
        raise LessonError(error.pretty(), file=f"{lesson.name}/program.asm") from error
