"""Values of the machine in the words of a lesson: told at their place, in each language and each variant."""

from __future__ import annotations

import re

import pytest

from vmviz.errors import LessonError
from vmviz.lessons import all_lessons, load
from vmviz.lessons.check import check
from vmviz.lessons.performance import prepare
from vmviz.lessons.recorded import record
from vmviz.lessons.values import has_values, told


def words(lesson):
    """A lesson's words with their values."""
    prepared = prepare(lesson)
    return told(prepared, record(prepared)).texts


def say(sketch, what: str, more: str = "") -> None:
    """Let the first stop of the small lesson say something in both languages."""
    for language in ("en", "pt-BR"):
        path = sketch.folder / f"text.{language}.md"
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"(?m)^(## .*\{#.*\})$", rf"\1\n\n{what}", text, count=1) + more, encoding="utf-8")


@pytest.mark.parametrize(("what", "en", "portuguese"), [
    ("{= 1234567}", "1,234,567", "1.234.567"),
    ("{= rip - rip + 7}", "7", "7"),
    ("{= hex(0x1234ABCD)}", "1234abcdh", "1234abcdh"),
    ("**{= hex(1 << 4 | 0xF)}**", "<strong>1fh</strong>", "<strong>1fh</strong>"),
    ("`{= hex(-1)}`", "<code>ffffffffffffffffh</code>", "<code>ffffffffffffffffh</code>"),
    ("{= mode}", "off", "off"),
    ("{= 'a<b'}", "a&lt;b", "a&lt;b"),
])
def test_a_value_stands_in_the_words_as_the_language_writes_it(sketch, what, en, portuguese) -> None:
    say(sketch, what)
    found = words(sketch.load())
    first = next(iter(found["en"].stops))
    assert f"<p>{en}</p>" in found["en"].stops[first].html
    assert f"<p>{portuguese}</p>" in found["pt-BR"].stops[first].html


@pytest.mark.parametrize(("what", "said"), [
    ("{= nothing}", "no 'nothing'"), ("{= rax ==}", "cannot be read"), ("{= rax == 1}", "no number"),
    ("{= hex(mode)}", "no number"), ("{=}", "cannot be read"),
    ("{= open('x')}", "not allowed"),
])
def test_what_cannot_be_told_names_its_line(sketch, what, said) -> None:
    say(sketch, what)
    with pytest.raises(LessonError, match=re.escape(said)) as caught:
        check(sketch.load())
    assert caught.value.file.endswith(".md") and caught.value.line > 1


def test_a_variants_words_have_its_own_numbers() -> None:
    lesson = load("first-exit")
    for number, value in enumerate(("5h", "7h", "1234h", "80000008h")):
        for language, text in words(lesson.variant(number)).items():
            assert f" {value} " in text.stops["own-state"].html, (number, language)
            assert value in text.questions["rax"].answers["right"].html


def test_no_lesson_shows_braces_to_the_learner() -> None:
    for lesson in all_lessons():
        if has_values(lesson):
            shown = words(lesson)
            assert not any("{=" in stop.html + stop.title for text in shown.values() for stop in text.stops.values())


def test_was_is_before_the_step_of_the_stop(sketch) -> None:
    form = (sketch.folder / "lesson.yaml").read_text()
    assert "event: vmx_outcome, instruction: vmxon" in form
    say(sketch, "")
    for language in ("en", "pt-BR"):
        path = sketch.folder / f"text.{language}.md"
        path.write_text(path.read_text().replace("{#inside}\n", "{#inside}\n\nFrom {= was.mode} to {= mode}.\n"))
    assert "From off to root." in words(sketch.load())["en"].stops["inside"].html
