"""The words of a lesson: which stop they belong to, and that nothing in them can do anything in a page."""

from __future__ import annotations

import re

import pytest

from vmviz.errors import LessonError
from vmviz.lessons.text import read_text


def read(markdown: str):
    return read_text(markdown.encode(), "x/text.en.md", "en")


def test_words_before_the_first_heading_are_the_introduction() -> None:
    text = read("Welcome *here*.\n\n## One {#one}\n\nFirst.\n\n## Two {#two}\n\nSecond.\n")
    assert text.intro == "<p>Welcome <em>here</em>.</p>"
    assert [(stop_id, stop.title, stop.html) for stop_id, stop in text.stops.items()] == [
        ("one", "One", "<p>First.</p>"), ("two", "Two", "<p>Second.</p>")]


def test_a_title_is_plain_text() -> None:
    assert read("## `CPUID` & <b>more</b> {#a}\n\nWords.\n").stops["a"].title == "CPUID & <b>more</b>"


def test_a_number_sign_in_a_code_block_is_no_heading() -> None:
    text = read("## One {#one}\n\n```\n## not a heading\n```\n")
    assert list(text.stops) == ["one"] and "## not a heading" in text.stops["one"].html


@pytest.mark.parametrize("evil", [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt&#58;alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    "![x](https://example.org/pixel.png)",
    "<svg/onload=alert(1)>",
    "<a href='https://example.org' onclick='alert(1)'>x</a>",
    "<style>*{display:none}</style>",
    "<iframe src=https://example.org></iframe>",
    "**bold <b onmouseover=alert(1)>**",
])
def test_script_in_markdown_is_harmless(evil: str) -> None:
    html = read(f"{evil}\n\n## One {{#one}}\n\nSome words and {evil}\n")
    for part in (html.intro, html.stops["one"].html):
        for tag in re.findall(r"<[^>]*>", part):
            assert re.fullmatch(r"</?(p|strong|em|code|pre|ul|ol|li|a|blockquote|br)( href=\"https?://[^\"]*\")?"
                                r"( rel=\"noopener noreferrer\")?>", tag), tag


@pytest.mark.parametrize(("markdown", "said", "line"), [
    ("## No id\n\nWords.\n", "to which stop", 1),
    ("## Bad {#Bad Id}\n\nWords.\n", "to which stop", 1),
    ("intro\n\n# Big {#big}\n\nWords.\n", "two number signs", 3),
    ("## One {#a}\n\nWords.\n\n## Again {#a}\n\nWords.\n", "words already, at line 1", 5),
    ("## One {#a}\n\n## Two {#b}\n\nWords.\n", "'a' has no words", 1),
    ("## One {#a}\n\n![only a picture](https://example.org/x.png)\n", "'a' has no words", 1),
    ("## {#a}\n\nWords.\n", "no title", 1),
    ("## For all {!pupils}\n\nWords.\n", "no section 'pupils'", 1),
    ("## Teach {!teacher}\n\n## One {#a}\n\nWords.\n", "'teacher' has no words", 1),
    ("## Teach {!teacher}\n\nA.\n\n## One {#a}\n\nWords.\n", "below the teacher's section", 5),
    ("## Teach {!teacher}\n\nA.\n\n## Teach {!teacher}\n\nB.\n", "words already, at line 1", 5),
])
def test_headings_and_words_belong_together(markdown: str, said: str, line: int) -> None:
    with pytest.raises(LessonError) as caught:
        read(markdown)
    assert said in caught.value.message and caught.value.line == line and caught.value.remedy


def test_words_for_a_stop_that_is_not_there_are_refused(sketch, line_of) -> None:
    sketch.change("text.pt-BR.md", "{#inside}", "{#insdie}")
    with pytest.raises(LessonError) as caught:
        sketch.load()
    assert caught.value.file == "sketch/text.pt-BR.md"
    assert caught.value.line == line_of(sketch.folder / "text.pt-BR.md", "{#insdie}")


def test_a_stop_without_words_in_one_language_is_refused(sketch, line_of) -> None:
    sketch.change("text.pt-BR.md", "## Dentro {#inside}", "### Dentro")
    with pytest.raises(LessonError) as caught:
        sketch.load()
    assert "'inside' has no words in sketch/text.pt-BR.md" in caught.value.message
    assert caught.value.line == line_of(sketch.folder / "lesson.yaml", "id: inside")


def test_what_is_for_the_teacher_belongs_to_no_stop() -> None:
    text = read("## One {#one}\n\nFirst.\n\n## Teaching {!teacher}\n\nAsk *this*.\n\n### Prompts\n\n- Why?\n")
    assert text.stops["one"].html == "<p>First.</p>" and list(text.stops) == ["one"]
    assert text.teacher.title == "Teaching" and text.teacher.html.startswith("<p>Ask <em>this</em>.</p>")
    assert "<h3>Prompts</h3>" in text.teacher.html
    assert read("## One {#one}\n\nFirst.\n").teacher is None


def test_what_is_for_the_teacher_does_not_travel_with_the_words(sketch) -> None:
    assert "teacher" not in str(sketch.load().text_to_wire("en")).lower()


def test_a_teachers_section_in_one_language_only_is_refused(sketch, line_of) -> None:
    sketch.change("text.pt-BR.md", "## Para ensinar esta lição {!teacher}", "### Para ensinar")
    with pytest.raises(LessonError) as caught:
        sketch.load()
    assert "sketch/text.pt-BR.md has no section" in caught.value.message
    assert (caught.value.file, caught.value.line) == (
        "sketch/text.en.md", line_of(sketch.folder / "text.en.md", "{!teacher}"))


def test_a_value_of_the_machine_at_no_step_is_refused(sketch, line_of) -> None:
    heading = "## Para ensinar esta lição {!teacher}"
    sketch.change("text.pt-BR.md", heading, f"{heading}\n\nRAX é {{= rax}}.")
    with pytest.raises(LessonError, match="stands at no step") as caught:
        sketch.load()
    assert (caught.value.file, caught.value.line) == (
        "sketch/text.pt-BR.md", line_of(sketch.folder / "text.pt-BR.md", "{!teacher}"))
