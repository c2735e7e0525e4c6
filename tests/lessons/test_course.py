"""The lessons of the course: complete in both languages, and their programs do what they say."""

from __future__ import annotations

import pytest

from vmviz.errors import LessonError
from vmviz.lessons import LANGUAGES, all_lessons, in_order, lesson_names, load
from vmviz.lessons.new import new_lesson
from vmviz.lessons.text import MOST_WORDS


def test_the_first_lesson_is_there() -> None:
    assert "first-guests" in lesson_names()


@pytest.mark.parametrize("name", lesson_names())
def test_every_stop_has_a_title_and_words_in_every_language(name: str) -> None:
    lesson = load(name)
    stops = [stop.id for stop in lesson.form.stops]
    assert set(lesson.texts) == set(LANGUAGES)
    for text in lesson.texts.values():
        assert sorted(text.stops) == sorted(stops), "every language has the same stops"
        assert list(text.stops) == stops, f"{text.file}: words stand in the order of the stops"
        assert all(stop.title and 5 <= stop.words <= MOST_WORDS for stop in text.stops.values())


@pytest.mark.parametrize("name", lesson_names())
def test_the_languages_are_not_the_same_words(name: str) -> None:
    lesson = load(name)
    for stop_id, words in lesson.texts["en"].stops.items():
        assert lesson.texts["pt-BR"].stops[stop_id].html != words.html


@pytest.mark.parametrize("name", lesson_names())
def test_every_lesson_says_what_it_teaches_whom_and_how_to_teach_it(name: str) -> None:
    lesson = load(name)
    assert lesson.form.part and lesson.form.goals, "the map and the teacher's page show them"
    assert all(goal.en.endswith(".") and goal.pt_br.endswith(".") and goal.en != goal.pt_br
               for goal in lesson.form.goals)
    for text in lesson.texts.values():
        assert text.teacher and text.teacher.words >= 80, f"{text.file}: misconceptions, prompts, what to watch for"
        assert text.teacher.html.count("<li>") >= 5


def test_the_text_travels_with_a_title_and_html_for_each_stop() -> None:
    wire = load("first-guests").text_to_wire("pt-BR")
    assert wire["lang"] == "pt-BR" and wire["title"] == "Os dois primeiros convidados" and wire["intro"]
    assert set(wire["stops"]["resume"]) == {"title", "html"}


def test_an_unknown_language_falls_back_to_english() -> None:
    assert load("first-guests").text_to_wire("tlh")["lang"] == "en"


@pytest.mark.parametrize("name", ["", "nothing-here", "../web", "First-Guests", "a" * 5000, "first-guests/", "."])
def test_an_unknown_lesson_is_refused_and_the_known_ones_are_named(name: str) -> None:
    with pytest.raises(LessonError, match="first-guests"):
        load(name)


def test_all_lessons_load() -> None:
    assert [lesson.name for lesson in all_lessons()] == lesson_names()


def test_lessons_are_listed_in_the_order_of_the_course(tmp_path) -> None:
    names = in_order()
    assert sorted(names) == lesson_names() and names[0] == "first-guests"
    assert [load(name).form.number for name in names] == sorted(load(name).form.number for name in names)
    for name in ("a-second", "b-first", "c-broken"):
        new_lesson(name, tmp_path)
    form = tmp_path / "b-first" / "lesson.yaml"
    form.write_text(form.read_text().replace("minutes:", "number: 5\nminutes:", 1))
    (tmp_path / "c-broken" / "lesson.yaml").write_text("nonsense")
    assert in_order(tmp_path) == ["b-first", "a-second", "c-broken"]
