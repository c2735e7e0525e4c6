"""A lesson's prerequisites: other lessons that are there, and never the lesson itself by a way round."""

from __future__ import annotations

from pathlib import Path

import pytest

from vmviz.errors import LessonError
from vmviz.lessons import lesson_names, load, load_folder
from vmviz.lessons.check import check
from vmviz.lessons.new import new_lesson
from vmviz.lessons.prerequisites import check_prerequisites


def lesson(course: Path, name: str, needs: str):
    form = new_lesson(name, course) / "lesson.yaml"
    form.write_text(form.read_text(encoding="utf-8") + f"\nprerequisites: [{needs}]\n", encoding="utf-8")
    return load_folder(form.parent)


@pytest.mark.parametrize("name", lesson_names())
def test_the_courses_prerequisites_are_lessons_in_an_order(name: str) -> None:
    check_prerequisites(load(name))


def test_lessons_beside_it_and_those_of_the_course_may_be_needed(tmp_path: Path) -> None:
    lesson(tmp_path, "first", "")
    check_prerequisites(lesson(tmp_path, "second", "first, vmxon"))


def test_an_unknown_name_is_refused_where_it_stands(tmp_path: Path, line_of) -> None:
    second = lesson(tmp_path, "second", "vmxon, vmxof")
    with pytest.raises(LessonError) as caught:
        check(second)
    assert "there is no lesson 'vmxof'" in caught.value.message and "vmxon" in caught.value.remedy
    assert caught.value.file == "second/lesson.yaml"
    assert caught.value.line == line_of(second.folder / "lesson.yaml", "prerequisites:")


@pytest.mark.parametrize(("needs", "way"), [
    ({"a": "a"}, "a needs a"),
    ({"c": "a", "b": "c", "a": "vmxon, b"}, "a needs b needs c needs a"),
])
def test_a_circle_is_refused_and_shown(tmp_path: Path, needs: dict[str, str], way: str) -> None:
    for name, wanted in needs.items():
        first = lesson(tmp_path, name, wanted)
    with pytest.raises(LessonError) as caught:
        check(first)
    assert way in caught.value.message and caught.value.line and caught.value.remedy


def test_a_circle_of_others_and_a_broken_one_are_their_own_business(tmp_path: Path) -> None:
    lesson(tmp_path, "b", "c")
    lesson(tmp_path, "c", "b")
    (new_lesson("broken", tmp_path) / "lesson.yaml").write_text("nonsense")
    check_prerequisites(lesson(tmp_path, "a", "b, broken"))
