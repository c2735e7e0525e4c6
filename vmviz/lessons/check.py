"""Is a lesson in order? Everything that loading cannot see: its program runs, its stops fire, its boxes light up."""

from __future__ import annotations

from bisect import bisect_right

from vmviz.errors import LessonError
from vmviz.lessons import values
from vmviz.lessons.claims import check_claims
from vmviz.lessons.loader import Lesson
from vmviz.lessons.performance import Prepared, moments, prepare
from vmviz.lessons.prerequisites import check_prerequisites
from vmviz.lessons.recorded import record
from vmviz.lessons.stops import Moment
from vmviz.lessons.text import MOST_WORDS

MOST_STEPS = 700  # of a lesson: what is longer is set-up, and belongs before `start`


def check(lesson: Lesson) -> str:
    """Run the lesson and give one line about it; LessonError or ProgramError for the first thing that is wrong."""
    for text in lesson.texts.values():
        for what, known in (("stop", text.stops), ("question", text.questions)):
            for name, words in known.items():
                if words.words > MOST_WORDS:
                    raise LessonError(f"the {what} '{name}' has {words.words} words; one screen holds {MOST_WORDS}",
                                      file=text.file, line=words.line, remedy="split it, or say less")
    check_prerequisites(lesson)
    lines = [_check_one(lesson.variant(number)) for number in range(lesson.variants)]
    more = f", {lesson.variants - 1} variants" if lesson.variants > 1 else ""
    return f"{lines[0]}{more}, words in {', '.join(lesson.texts)}"


def _check_one(lesson: Lesson) -> str:
    prepared = prepare(lesson)
    recording = record(prepared)
    told = list(moments(recording))
    if len(told) > MOST_STEPS:
        raise lesson.document.error(("start",), f"the lesson has {len(told)} steps; {MOST_STEPS} are enough",
                                    "let set-up run before 'start', or shorten the program")
    _check_regions(prepared, told)
    claims = check_claims(prepared, recording, told)
    values.told(prepared, recording)
    return (f"{len(told)} steps, {len(recording.named_stops)} stops, {len(prepared.regions)} regions, "
            f"{len(recording.questions)} questions, {claims} claims")


def _check_regions(prepared: Prepared, told: list[Moment]) -> None:
    """No box without code behind it: every region must have run."""
    ordered = sorted({moment.rip for moment in told})
    for index, region in enumerate(prepared.regions):
        at = bisect_right(ordered, region.first - 1)
        if at == len(ordered) or ordered[at] >= region.end:
            raise prepared.lesson.document.error(
                ("regions", index), f"no instruction of the region '{region.id}' is executed",
                "a box without running code behind it would tell a lie: remove it, or run its code")
