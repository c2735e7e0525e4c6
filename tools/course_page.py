"""docs/course.md, made from the lessons: what each holds, and where the article's paragraphs and errors are taken up.

    python -m tools.course_page           write the page
    python -m tools.course_page --check   exit 1 when the page is not what the lessons say

A test runs the check, so page and lessons cannot part.
"""
from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from vmviz.lessons import COURSE, Lesson, in_order, load
from vmviz.lessons.performance import prepare
from vmviz.lessons.recorded import record

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "course.md"
COVERAGE = COURSE / "coverage.csv"
WORDS_A_MINUTE, SECONDS_A_STOP, SECONDS_A_QUESTION = 180, 8, 30
GROUPS = {"error": "What the article says of the processor, and what is right",
          "paragraph": "The article's paragraphs", "concept": "What the article needs and does not contain"}
HEAD = """# The course

Made from the lessons by `python -m tools.course_page`; do not edit. Every lesson is in English and Brazilian
Portuguese, and its program, in each variant, makes the same VM entries, VM exits and output on Bochs
(`tests/conformance/test_lessons.py`). Steps are those between the lesson's beginning and its end. `minutes` is what the
lesson promises; "reading" is the time for the English words at {words} a minute, with {stop} s for each stop and
{question} s for each question.
"""
ARTICLE = """
The course grew out of a short article in Portuguese, "Como funciona a tecnologia de Virtualização" (about 2006). This
is where each part is taught, and where a lesson says out loud what is right. What belongs to lessons that are not
written yet says so.
"""


def page() -> str:
    """The whole page."""
    lessons = [load(name) for name in in_order()]
    head = HEAD.format(words=WORDS_A_MINUTE, stop=SECONDS_A_STOP, question=SECONDS_A_QUESTION)
    return "\n".join([head, *_lessons(lessons), ARTICLE, *_coverage({lesson.name: lesson for lesson in lessons})])


def _lessons(lessons: list[Lesson]) -> Iterator[str]:
    yield "| part | lesson | level | steps | stops | questions | variants | claims | minutes | reading |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for lesson in lessons:
        form, length = lesson.form, record(prepare(lesson)).length
        yield (f"| {form.part or ''} | [{form.title.en}](../vmviz/course/{lesson.name}/text.en.md) | {form.level} | "
               f"{length} | {len(form.stops)} | {len(form.questions)} | {len(form.variants)} | {len(form.expects)} | "
               f"{form.minutes} | {reading(lesson):.0f} |")


def reading(lesson: Lesson) -> float:
    """The minutes that a lesson takes, reckoned from its English words, stops and questions."""
    text = lesson.text("en")
    words = sum(stop.words for stop in text.stops.values())
    words += sum(question.words for question in text.questions.values())
    words += sum(len(answer.html.split()) for question in text.questions.values()
                 for answer in question.answers.values())
    seconds = SECONDS_A_STOP * len(text.stops) + SECONDS_A_QUESTION * len(text.questions)
    return words / WORDS_A_MINUTE + seconds / 60


def _coverage(lessons: dict[str, Lesson]) -> Iterator[str]:
    rows = coverage()
    for group, title in GROUPS.items():
        yield f"## {title}\n"
        yield "| | | where |"
        yield "|---|---|---|"
        for row in rows:
            if row["group"] == group:
                yield f"| {row['id']} | {row['what']} | {_places(lessons, row['where'].split())} |"
        yield ""


def coverage() -> list[dict[str, str]]:
    """The rows of coverage.csv: group, id, what, where (LESSON#STOP, or "later:N" for a lesson to come)."""
    with COVERAGE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _places(lessons: dict[str, Lesson], where: list[str]) -> str:
    """Lessons with the titles of their stops, and the numbers of those to come."""
    found: dict[str, list[str]] = {}
    for at in where:
        name, _, stop = at.partition("#")
        if name.startswith("later:"):
            found[f"*to come: lesson {name.removeprefix('later:')}*"] = []
        else:
            words = lessons[name].text("en")
            found.setdefault(f"**{lessons[name].form.title.en}**", []).append(
                words.stops[stop].title if stop else "introduction")
    return " · ".join(f"{lesson} ({'; '.join(stops)})" if stops else lesson for lesson, stops in found.items())


def main(arguments: list[str]) -> int:
    """Write or check the page; the exit code."""
    made = page()
    if "--check" in arguments:
        return int(not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != made)
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
