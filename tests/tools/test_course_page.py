"""docs/course.md is what the lessons say, and what it promises of the article is kept."""

from __future__ import annotations

import pytest

from tools import course_page
from vmviz.lessons import in_order, load

LATER = {"1", "2", "3", "4", "5", "6", "7", "20", "21", "22", "23"}     # lessons that are not written yet


def test_the_page_is_what_the_lessons_say() -> None:
    assert course_page.main(["--check"]) == 0, "run python -m tools.course_page"


def test_every_error_paragraph_and_concept_of_the_article_has_a_place() -> None:
    rows = course_page.coverage()
    assert [(row["group"], row["id"]) for row in rows] == [
        (group, str(number)) for group, last in (("error", 17), ("paragraph", 30), ("concept", 12))
        for number in range(1, last + 1)]
    assert all(row["what"] and row["where"] for row in rows)


def test_what_is_promised_for_later_is_a_lesson_to_come() -> None:
    later = {at.removeprefix("later:") for row in course_page.coverage() for at in row["where"].split() if ":" in at}
    assert later <= LATER


@pytest.mark.parametrize("name", in_order())
def test_a_lesson_takes_about_as_long_as_it_promises(name: str) -> None:
    lesson = load(name)
    assert 5 <= lesson.form.minutes <= 20
    assert 0.6 < course_page.reading(lesson) / lesson.form.minutes < 1.4
