"""The course as a map: parts in order, what is needed first, and where to go from the end of a lesson."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.web.fake import FakeShelf
from tests.web.following import boot
from vmviz.lessons.schema import LEVELS, PARTS
from vmviz.web import course_map, i18n

LANGUAGES = ["en", "pt-BR", "es", "ar"]


def entry(name: str, part: str = "", *needs: str) -> dict[str, Any]:
    return {"name": name, **({"part": part} if part else {}), "prerequisites": list(needs)}


def test_every_part_is_there_in_order_and_lessons_without_one_come_last() -> None:
    lessons = [entry("x"), entry("c", "C"), entry("b", "B")]
    found = course_map.parts(lessons)
    assert [part.letter for part in found] == [*PARTS, ""]
    assert [lesson["name"] for lesson in course_map.in_order(lessons)] == ["b", "c", "x"]
    assert [part.letter for part in course_map.parts(lessons[1:])] == list(PARTS), "nothing without a part: no such row"


def test_what_another_prerequisite_needs_goes_without_saying() -> None:
    lessons = [entry("a"), entry("b", "", "a"), entry("c", "", "a", "b", "gone"), entry("d", "", "a", "c")]
    assert [[lesson["name"] for lesson in course_map.needed(each, lessons)] for each in lessons] == [
        [], ["a"], ["b"], ["c"]]


def test_a_circle_of_prerequisites_does_not_go_round_for_ever() -> None:
    lessons = [entry("a", "", "b"), entry("b", "", "a")]
    assert course_map.needed(lessons[0], lessons) == [lessons[1]] or not course_map.needed(lessons[0], lessons)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_part_and_level_has_words(lang: str) -> None:
    t = i18n.translator(lang)
    for key in (*(f"home.{what}.{letter}" for what in ("part", "coming") for letter in PARTS),
                *(f"home.level.{level}" for level in LEVELS)):
        assert t(key) != key


def test_from_the_end_of_a_lesson_there_is_a_way_to_the_next_and_back() -> None:
    def link(page: str, **values: str) -> str:
        return f"/{page}/{values.get('name', '')}"

    shelf = FakeShelf()
    way = course_map.onward("tiny", shelf, "en", link)
    assert way["next"] == {"words": "Next lesson: </script><b>&", "url": "/lesson/other"}
    assert way["course"]["url"] == "/home/" and "last" not in way
    assert "next" not in course_map.onward("long", shelf, "en", link), "the next one is not in order"
    assert course_map.onward("broken", shelf, "en", link)["last"]


@pytest.fixture
def client(make):
    return make()


def test_the_home_page_starts_the_course_and_names_what_is_coming_without_a_link(client) -> None:
    page = client.get("/?lang=pt-BR&theme=dark").text
    assert re.search(r'id="start" href="/lesson/tiny\?lang=pt-BR&amp;theme=dark"', page)
    rows = re.findall(r'<section class="part".*?</section>', page, re.DOTALL)
    assert len(rows) == len(PARTS) + 1
    for row, letter in zip(rows, [*PARTS, ""], strict=True):
        assert ("href" in row) == (letter in ("B", "")), letter
        assert ('class="coming"' in row) == (letter not in ("B", "")), letter
    assert 'data-needs="tiny"' in rows[-1] and "gone" not in rows[-1]
    assert re.search(r'href="/teach/tiny\?lang=pt-BR&amp;theme=dark"', page)


def test_the_home_page_gives_its_script_the_lessons_its_words_and_the_picture(client) -> None:
    started = boot(client.get("/?lang=ar"))
    assert [lesson["name"] for lesson in started["lessons"]] == ["tiny", "other", "long"]
    assert started["lessons"][0]["stops"] == ["first", "inside", "last"]
    assert started["lessons"][1]["prerequisites"] == ["tiny", "gone"]
    assert started["picture"]["lesson"] == "tiny"
    assert all(key.startswith(("home.word.", "language.direction")) for key in started["words"])
    assert started["words"]["home.word.loaded#few"] and started["words"]["language.direction"] == "rtl"


def test_the_home_page_lives_below_a_prefix(make) -> None:
    client = make(prefix="/vm")
    page = client.get("/vm/")
    assert boot(page)["lessons"][0]["url"] == "/vm/lesson/tiny" and boot(page)["picture"]["words"].startswith("/vm/")
    assert 'href="/vm/teach/tiny"' in page.text


def test_a_lesson_knows_what_comes_after_it_and_its_embed_does_not(client) -> None:
    assert boot(client.get("/lesson/tiny"))["onward"]["next"]["url"] == "/lesson/other"
    assert "onward" not in boot(client.get("/embed/tiny"))
    assert 'href="/teach/tiny"' in client.get("/lesson/tiny").text
