"""Questions of lessons: the machine has the right answer, each wrong one its words, and a bad question is found."""

from __future__ import annotations

import re

import pytest

from vmviz.errors import LessonError
from vmviz.lessons import load
from vmviz.lessons.check import check
from vmviz.lessons.performance import prepare
from vmviz.lessons.recorded import record
from vmviz.lessons.text import read_text

CHOICE = """
questions:
  - id: where
    kind: choice
    on: {event: vmx_outcome, instruction: vmxon}
    choices:
      - {id: root, is: mode == "root"}
      - {id: outside, is: mode == "off"}
"""
WORDS = """
## Where is it? {?where}
VMXON is next.

- `root` In root operation.

  Yes.
- `outside` Outside.

  No.

1. A hint.
"""


@pytest.fixture
def asking(sketch):
    """The small lesson, with a question."""
    sketch.change("lesson.yaml", "\nexpects:", f"{CHOICE}\nexpects:")
    for language in ("en", "pt-BR"):
        text = (sketch.folder / f"text.{language}.md").read_text(encoding="utf-8")
        teacher = next(line for line in text.splitlines() if "{!teacher}" in line)
        sketch.change(f"text.{language}.md", teacher, f"{WORDS}\n{teacher}")
    return sketch


@pytest.fixture(scope="module")
def asked():
    return {question.id: question for question in record(prepare(load("first-guests"))).questions}


def resolved(sketch):
    return record(prepare(sketch.load())).questions[0]


def test_the_machine_has_the_right_answer(asking) -> None:
    question = resolved(asking)
    assert question.right == ("root",) and question.answered == question.at._replace(step=question.at.step + 1)
    assert question.grade(["root"]) == (True, "root")
    assert question.grade(["outside"]) == (False, "outside")
    assert question.grade(["nonsense"]) == (False, "other") == question.grade(["root", "outside"])
    assert "right" not in question.to_wire() and "1 questions" in check(asking.load())


def test_the_first_lessons_questions_are_graded(asked) -> None:
    assert asked["rax"].grade(["guests"]) == (True, "guests") and asked["rax"].at.phase == 3
    right = asked["next-rip"].right[0]
    for text in (right, f"0x{right}", f" {right.upper()}H ", f"{int(right, 16)}"):
        if not text.isdecimal() or text == f"{int(right, 16)}":
            assert asked["next-rip"].grade([text]) == (True, "right"), text
    assert asked["next-rip"].grade(["0x10100f"]) == (False, "again")
    for nonsense in ("", "0x", "h", "-", "1.5", "九", "zz", "1" * 80):
        assert asked["next-rip"].grade([nonsense]) == (False, "other")
    order = asked["phases"]
    assert order.grade(order.right) == (True, "right") and order.grade(order.among) == (False, "other")
    assert order.among == tuple(sorted(order.right))


def test_several_may_be_right(asking) -> None:
    asking.change("lesson.yaml", "kind: choice", "kind: several")
    asking.change("lesson.yaml", '{id: outside, is: mode == "off"}',
                  '{id: outside, is: mode == "off"}\n      - {id: ring, is: cpl == 0}')
    for language in ("en", "pt-BR"):
        asking.change(f"text.{language}.md", "- `outside`", "- `ring` In ring 0.\n\n  Yes.\n- `right`\n  All.\n"
                      "- `other`\n  Look again.\n- `outside`")
    question = resolved(asking)
    assert question.right == ("root", "ring")
    assert question.grade(["ring", "root"]) == (True, "right")
    assert question.grade(["ring"]) == (False, "other")
    assert question.grade(["root", "ring", "outside"]) == (False, "outside")


def test_a_place_is_the_region_where_execution_goes_on(asking) -> None:
    asking.change("lesson.yaml", "kind: choice", "kind: place")
    text = (asking.folder / "lesson.yaml").read_text()
    (asking.folder / "lesson.yaml").write_text(re.sub(r"    choices:\n(      - .*\n)+", "", text, count=1))
    for language in ("en", "pt-BR"):
        path = asking.folder / f"text.{language}.md"
        words = path.read_text(encoding="utf-8")
        path.write_text(words[:words.index("- `root`")] + "- `right`\n  Yes.\n- `other`\n  No.\n", encoding="utf-8")
    assert resolved(asking).right == ("program",) == resolved(asking).among


@pytest.mark.parametrize(("old", "new", "said"), [
    ('is: mode == "off"', 'is: cpl == 0', "all of these are right: root, outside"),
    ('is: mode == "root"', 'is: mode == "non_root"', "none of the choices is right"),
    ('is: mode == "root"', 'is: 1 == 1', "asks nothing of the machine"),
    ('is: mode == "root"', 'is: mode', "neither true nor false"),
    ('is: mode == "root"', 'is: nothing == 1', "no 'nothing'"),
    ("{id: outside", "{id: root", "already the name of an answer"),
    ("{id: outside", "{id: right", "already the name of an answer"),
    ("instruction: vmxon}\n    choices", "instruction: vmlaunch}\n    choices", "'where' never fires"),
    ("kind: choice", "kind: order", "has no choices"),
    ("kind: choice", "kind: value", "'value' belongs"),
    ("kind: choice", "kind: riddle", "invalid enum value"),
    ("    choices:", "    value: rax\n    choices:", "'value' belongs"),
    ("    choices:", "    phase: 3\n    choices:", "leave 'phase' out"),
    ("    choices:", "    answer: {at: start}\n    choices:", "ask before the machine answers"),
    ("    choices:", "    answer: {event: nothing}\n    choices:", "there is no event 'nothing'"),
])
def test_a_question_that_cannot_be_asked_names_its_place(asking, line_of, old: str, new: str, said: str) -> None:
    asking.change("lesson.yaml", old, new)
    with pytest.raises(LessonError, match=re.escape(said)) as caught:
        check(asking.load())
    first = line_of(asking.folder / "lesson.yaml", "questions:")
    assert first < caught.value.line < line_of(asking.folder / "lesson.yaml", "expects:")


@pytest.mark.parametrize(("old", "new", "said"), [
    ("{?where}", "{?elsewhere}", "there is no question 'elsewhere'"),
    ("- `outside` Outside.\n\n  No.\n", "", "no words for 'outside'"),
    ("- `outside`", "- `beyond`", "no words for 'outside'"),
    ("- `outside` Outside.\n\n  No.", "- `outside` Outside.", "what can be chosen, an empty line"),
    ("- `outside`", "- outside", "does not say which one it is"),
    ("- `outside`", "- `root`", "already there"),
    ("VMXON is next.", "", "has no words"),
    ("1. A hint.", "- `more` More.\n\n  And more.", "has no answer 'more'"),
    ("## Where", "## The same {?where}\nWords.\n\n## Where", "has words already"),
])
def test_a_question_without_its_words_names_their_place(asking, old: str, new: str, said: str) -> None:
    asking.change("text.pt-BR.md", old, new)
    with pytest.raises(LessonError, match=re.escape(said)) as caught:
        asking.load()
    assert caught.value.file == "sketch/text.pt-BR.md" and caught.value.line


def test_words_of_a_question_hold_no_script() -> None:
    """Loading refuses such words; should they come this far all the same, they are harmless."""
    evil = "  <script>alert(1)</script> [x](javascript:alert(1)) ![](http://x/y.png)"
    words = read_text(WORDS.replace("  Yes.", evil).encode(), "x/text.en.md", "en")
    told = words.questions["where"].to_wire()
    assert "&lt;script&gt;" in told["answers"]["root"]["html"]
    assert not re.search(r"<script|<img|href", str(told))


def test_a_variant_is_the_lesson_with_other_numbers(asking, line_of) -> None:
    asking.change("program.asm", "start:", "NUMBER equ 5     ; changed by variants\nstart:  mov     ecx, NUMBER\n")
    asking.change("lesson.yaml", "\nquestions:", "\nvariants: [{NUMBER: 7}, {NUMBER: 0x1234}]\nquestions:")
    asking.change("lesson.yaml", 'is: mode == "root"}', 'is: rcx == NUMBER and mode == "root"}')
    lesson = asking.load()
    assert "2 variants" in check(lesson) and lesson.variants == 3
    seen = [record(prepare(lesson.variant(n))).scene(5)["processors"]["0"]["registers"]["rcx"] for n in range(4)]
    assert seen == ["5", "7", "1234", "5"]
    asking.change("lesson.yaml", "{NUMBER: 7}", "{NUMBERS: 7}")
    with pytest.raises(LessonError, match="0 lines 'NUMBERS equ") as caught:
        check(asking.load())
    assert caught.value.line == line_of(asking.folder / "lesson.yaml", "variants:")
