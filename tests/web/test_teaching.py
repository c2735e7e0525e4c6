"""The teacher's page: what the machine answers is what it shows, with the words of each wrong answer."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from vmviz.lessons import lesson_names
from vmviz.recording import Position
from vmviz.web import i18n
from vmviz.web.application import build
from vmviz.web.lesson_shelf import LessonShelf
from vmviz.web.settings import Settings
from vmviz.web.teaching import questions


@pytest.fixture(scope="module")
def shelf() -> LessonShelf:
    return LessonShelf(1 << 28)


@pytest.mark.parametrize("name", lesson_names())
@pytest.mark.parametrize("lang", ["en", "pt-BR", "ar"])
def test_every_question_has_a_right_answer_and_every_answer_its_words(shelf, name: str, lang: str) -> None:
    recorded, text = shelf.recording(name), shelf.text(name, lang)
    found = questions(recorded, text, text["lang"], i18n.translator(lang))
    assert len(found) == len(recorded.questions)
    for question, asked in zip(found, recorded.questions, strict=True):
        assert question.title and question.html and all(answer.html for answer in question.answers)
        right = [answer for answer in question.answers if answer.right]
        assert len(right) == (len(asked.right) + 1 if asked.kind == "several" else 1)
        assert any(not answer.right for answer in question.answers), "a usual misconception"
        assert right[0].given


def asked(kind: str, right: list[str], among: list[str] = (), wrong: dict[str, str] | None = None) -> Any:  # type: ignore[assignment]
    return SimpleNamespace(id="q", kind=kind, right=right, among=among, wrong=wrong or {}, at=Position(3, 1),
                           answered=Position(4))


def shown(one: Any, answers: dict[str, dict[str, str]]):
    outline = {"regions": [{"id": "handler", "where": "root", "name": {"en": "<handler>"}},
                           {"id": "kernel", "where": "A", "name": {"en": "kernel"}}],
               "phased": {"3": {"of": "exit", "names": []}}}
    recorded = SimpleNamespace(questions=[one], outline=lambda: outline)
    text = {"questions": {"q": {"title": "T", "html": "<p>?</p>", "hints": ["<p>H</p>"], "answers": answers}}}
    found, = questions(recorded, text, "en", i18n.translator("en"))     # type: ignore[arg-type]
    assert (found.asked, found.answered) == ("3.1", "4")
    return [(str(answer.given), answer.right, str(answer.html)) for answer in found.answers]


OTHERS = {"right": {"html": "R"}, "other": {"html": "O"}}


def test_a_value_is_shown_in_both_notations_with_the_wrong_ones_that_people_give() -> None:
    one = asked("value", ["2a"], wrong={"5": "five"})
    assert shown(one, {**OTHERS, "five": {"html": "F"}}) == [
        ("<code>0x2a</code> (42)", True, "R"), ("<code>5</code>", False, "F"), ("", False, "O")]


def test_a_place_and_an_order_are_shown_by_name() -> None:
    assert shown(asked("place", ["handler"]), OTHERS)[0] == ("&lt;handler&gt; (VMM)", True, "R")
    order = shown(asked("order", ["reason", "save_guest"]), OTHERS)[0][0]
    assert order == f"{i18n.translator('en')('phase.exit.reason')}, {i18n.translator('en')('phase.exit.save_guest')}"


def test_of_several_each_is_right_or_wrong() -> None:
    words = {"a": {"label": "A", "html": "1"}, "b": {"label": "B", "html": "2"}, **OTHERS}
    assert shown(asked("several", ["a"], ["a", "b"]), words) == [
        ("A", True, "1"), ("B", False, "2"), ("", True, "R"), ("", False, "O")]


# ---- the page

@pytest.fixture
def course_client(shelf, tmp_path):
    web = build(Settings(sessions=tmp_path / "s.sqlite"), shelf, "threading")
    yield web.app.test_client()
    web.store.close()


@pytest.fixture
def client(make):
    return make()


def test_the_page_has_what_a_teacher_needs_and_no_script_of_its_own(client) -> None:
    page = client.get("/teach/tiny").text
    assert "Say it." in page and "For teachers &lt;en&gt;" in page and "<p>Ask.</p>" in page
    assert 'href="/lesson/tiny#step=5"' in page and "&lt;iframe src=" in page
    assert "&lt;/script&gt;&lt;b&gt;&amp;" in page
    assert "http://localhost/lesson/tiny" in page, "spelled for paper"


def test_language_and_theme_stay(client) -> None:
    page = client.get("/teach/other?lang=pt-BR&theme=dark").text
    assert '<html lang="pt-BR"' in page and 'data-theme="dark"' in page and "Dizer." in page
    assert re.search(r'href="/teach/tiny\?lang=pt-BR&amp;theme=dark"', page), "what it builds on"


@pytest.mark.parametrize(("name", "status"), [("nowhere", 404), ("broken", 500), ("..%2F", 404), ("%00", 404)])
def test_a_lesson_that_is_not_there_has_no_page(client, name: str, status: int) -> None:
    assert client.get(f"/teach/{name}").status_code == status


def test_a_seed_gives_the_numbers_of_that_variant(course_client) -> None:
    plain, other = (course_client.get(f"/teach/first-exit{query}").text for query in ("", "?seed=1"))
    assert "<code>5</code>" in plain and "<code>7</code>" in other and "<code>5</code>" not in other
    assert 'href="/lesson/first-exit?seed=1#step=' in other and "/embed/first-exit?lang=en&amp;amp;seed=1" in other
    assert 'href="/teach/first-exit?seed=2"' in other and 'href="/teach/first-exit"' in other
