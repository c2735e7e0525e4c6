"""Is a lesson in order? Everything that loading cannot see: its program runs, its stops fire, its boxes light up."""

from __future__ import annotations

from bisect import bisect_right

from vmviz.errors import LessonError
from vmviz.lessons.loader import Lesson
from vmviz.lessons.performance import Prepared, perform, prepare
from vmviz.lessons.stops import Moment, resolve_stops
from vmviz.lessons.text import MOST_WORDS

MOST_STEPS = 700  # of a lesson: what is longer is set-up, and belongs before `start`


def check(lesson: Lesson) -> str:
    """Run the lesson and give one line about it; LessonError or ProgramError for the first thing that is wrong."""
    prepared = prepare(lesson)
    moments = list(perform(prepared))
    positions = resolve_stops(lesson, moments, prepared.symbols)
    if len(moments) > MOST_STEPS:
        raise lesson.document.error(("start",), f"the lesson has {len(moments)} steps; {MOST_STEPS} are enough",
                                    "let set-up run before 'start', or shorten the program")
    _check_regions(prepared, moments)
    for text in lesson.texts.values():
        for stop_id, stop in text.stops.items():
            if stop.words > MOST_WORDS:
                raise LessonError(f"the stop '{stop_id}' has {stop.words} words; one screen holds {MOST_WORDS}",
                                  file=text.file, line=stop.line, remedy="split the stop, or say less")
    return (f"{len(moments)} steps, {len(positions)} stops, {len(prepared.regions)} regions, "
            f"words in {', '.join(lesson.texts)}")


def _check_regions(prepared: Prepared, moments: list[Moment]) -> None:
    """No box without code behind it: every region must have run."""
    ordered = sorted({moment.rip for moment in moments})
    for index, region in enumerate(prepared.regions):
        at = bisect_right(ordered, region.first - 1)
        if at == len(ordered) or ordered[at] >= region.end:
            raise prepared.lesson.document.error(
                ("regions", index), f"no instruction of the region '{region.id}' is executed",
                "a box without running code behind it would tell a lie: remove it, or run its code")
