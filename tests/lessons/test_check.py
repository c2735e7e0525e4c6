"""What `vmviz lesson check` and `vmviz lesson new` promise: a lesson in order runs, and a lie is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from vmviz.errors import LessonError, ProgramError
from vmviz.lessons import lesson_names, load, load_folder
from vmviz.lessons.check import check
from vmviz.lessons.new import EXAMPLE, new_lesson
from vmviz.lessons.performance import perform, prepare
from vmviz.lessons.recorded import record
from vmviz.lessons.stops import resolve_stops


@pytest.mark.parametrize("name", lesson_names())
def test_every_lesson_of_the_course_is_in_order(name: str) -> None:
    assert "stops" in check(load(name))


def test_a_new_lesson_is_in_order(sketch) -> None:
    assert "3 stops" in check(sketch.load())


@pytest.mark.parametrize("name", ["", "Upper", "../x", "a b", "1st", "x" * 41])
def test_a_bad_name_for_a_new_lesson_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LessonError, match="cannot be the name"):
        new_lesson(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_new_lesson_does_not_overwrite_one(tmp_path: Path) -> None:
    folder = new_lesson("mine", tmp_path)
    (folder / "program.asm").write_text("; my work")
    with pytest.raises(LessonError, match="already there"):
        new_lesson("mine", tmp_path)
    assert (folder / "program.asm").read_text() == "; my work"


def test_a_program_that_does_not_assemble_names_its_line(sketch, line_of) -> None:
    lesson = sketch.change("program.asm", "        vmxoff", "        vmxoof").load()
    with pytest.raises(ProgramError) as caught:
        check(lesson)
    assert caught.value.line == line_of(sketch.folder / "program.asm", "vmxoof")


def test_a_program_without_end_is_refused(sketch) -> None:
    lesson = sketch.change("program.asm", "        vmxoff", "        vmxoff\n.ever:  jmp .ever").load()
    with pytest.raises(LessonError, match="not ended"):
        check(lesson)


def test_a_program_that_never_comes_to_its_start_is_refused(sketch) -> None:
    lesson = sketch.change("program.asm", "start:\n", "        jmp     program_end\nstart:\n").load()
    with pytest.raises(LessonError, match="does not come to its start"):
        check(lesson)


def test_a_stop_that_never_fires_is_found(sketch, line_of) -> None:
    lesson = sketch.change("lesson.yaml", "instruction: vmxon}", "instruction: vmlaunch}").load()
    with pytest.raises(LessonError, match="'inside' never fires") as caught:
        check(lesson)
    assert caught.value.line == line_of(sketch.folder / "lesson.yaml", "id: inside")


def test_a_box_without_running_code_behind_it_is_found(sketch) -> None:
    sketch.change("lesson.yaml", "stops:", "  - {id: idle, name: {en: x, pt-BR: x}, where: root, from: pointer, "
                  "to: goodbye}\n\nstops:")
    with pytest.raises(LessonError, match="no instruction of the region 'idle'"):
        check(sketch.load())


def test_a_claim_that_is_not_true_names_its_place_and_what_is(sketch, line_of) -> None:
    sketch.change("lesson.yaml", 'that: mode == "root"', 'that: mode == "non_root"')
    with pytest.raises(LessonError, match="is not true at step .*: mode is root, was.mode is off") as caught:
        check(sketch.load())
    assert caught.value.line == line_of(sketch.folder / "lesson.yaml", "that: mode")


@pytest.mark.parametrize(("claim", "said"), [
    ("1 == 1", "asks nothing of the machine"), ("rax = 1", "cannot be read"), ("mode == 3", "cannot be compared"),
    ("rbx", "neither true nor false"), ("nonsense == 1", "no 'nonsense'"),
])
def test_a_claim_that_cannot_be_asked_is_found(sketch, line_of, claim: str, said: str) -> None:
    sketch.change("lesson.yaml", 'that: mode == "root" and was.mode == "off"', f"that: {claim}")
    with pytest.raises(LessonError, match=said) as caught:
        check(sketch.load())
    assert caught.value.line == line_of(sketch.folder / "lesson.yaml", "that: ")


def test_the_place_of_a_claim_that_never_comes_is_found(sketch) -> None:
    sketch.change("lesson.yaml", "instruction: vmxon}, that", "instruction: vmlaunch}, that")
    with pytest.raises(LessonError, match="the place of the claim .* never fires"):
        check(sketch.load())


def test_a_screen_with_too_many_words_is_found(sketch) -> None:
    sketch.change("text.en.md", "VMXOFF ended", "very " * 200 + "VMXOFF ended")
    with pytest.raises(LessonError, match="one screen holds"):
        check(sketch.load())


def test_stops_are_at_the_same_positions_every_time(sketch) -> None:
    prepared = prepare(sketch.load())
    first, second = (resolve_stops(prepared.lesson, perform(prepared), prepared.symbols) for _ in range(2))
    assert first == second


def test_lessons_keeps_the_shape_that_was_asked_for() -> None:
    prepared = prepare(load("first-guests"))
    moments = list(perform(prepared))
    stops = resolve_stops(prepared.lesson, moments, prepared.symbols)
    assert 200 <= len(moments) <= 700 and 12 <= len(stops) <= 25
    used = {event["instruction"] for moment in moments for event in moment.events if event["type"] == "vmx_outcome"}
    used |= {event["type"] for moment in moments for event in moment.events}
    assert {"vmxon", "vmxoff", "vmclear", "vmptrld", "vmptrst"} <= used
    assert {"vmcs_read", "vmcs_write", "vm_entry", "vm_exit"} <= used
    assert "".join(event["text"] for moment in moments for event in moment.events
                   if event["type"] == "console") == "AB"


def test_the_listing_has_every_line_and_the_bytes_of_those_that_made_some(sketch, line_of) -> None:
    lesson = sketch.load()
    listed = record(prepare(lesson)).listing()
    assert [line["text"] for line in listed["lines"]] == lesson.program.splitlines()
    vmxoff = listed["lines"][line_of(sketch.folder / "program.asm", "  vmxoff") - 1]
    assert vmxoff["bytes"] == "0f01c4" and int(vmxoff["address"], 16) > int(listed["symbols"]["start"], 16)
    assert "bytes" not in listed["lines"][line_of(sketch.folder / "program.asm", "start:") - 1]


def test_the_example_folder_is_a_lesson_itself() -> None:
    assert load_folder(EXAMPLE).name == "example"
