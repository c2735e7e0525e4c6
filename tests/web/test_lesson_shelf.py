"""The shelf of real lessons: shared recordings, and a lesson that is broken says where."""

from __future__ import annotations

import shutil

import pytest

from vmviz.errors import LessonError
from vmviz.lessons import COURSE, load_folder
from vmviz.lessons.check import check
from vmviz.lessons.new import new_lesson
from vmviz.web.lesson_shelf import LessonShelf, recorded

NAME = "first-guests"


@pytest.fixture
def broken(tmp_path):
    """`broken(before, after)`: the lesson with a piece of its program or form replaced."""
    folder = shutil.copytree(COURSE / NAME, tmp_path / NAME)

    def change(file, before, after):
        text = (folder / file).read_text(encoding="utf-8")
        assert before in text
        (folder / file).write_text(text.replace(before, after, 1), encoding="utf-8")
        return load_folder(folder)

    return change


def test_a_recording_is_made_once_and_shared():
    shelf = LessonShelf(1 << 26)
    assert shelf.recording(NAME) is shelf.recording(NAME)
    assert shelf.entry(NAME)["steps"] == shelf.recording(NAME).length
    assert shelf.text(NAME, "pt-BR")["lang"] == "pt-BR" and shelf.text(NAME, "xx")["lang"] == "en"


@pytest.mark.parametrize("name", ["nowhere", "", "..", "../course/first-guests", "FIRST-GUESTS", "first-guests/"])
@pytest.mark.parametrize("ask", [LessonShelf.recording, LessonShelf.entry, lambda shelf, name: shelf.text(name, "en")])
def test_a_lesson_that_does_not_exist_is_a_key_error(ask, name):
    with pytest.raises(KeyError):
        ask(LessonShelf(1 << 26), name)


@pytest.mark.parametrize("file, before, after, what", [
    ("program.asm", "vmlaunch", "vmlunch", r"program\.asm"),
    ("program.asm", "vmxon ", "jmp $\n        vmxon ", "not ended"),
    ("program.asm", "vmxon ", "fld1\n        vmxon ", "outside the model"),
    ("lesson.yaml", "nth: 3", "nth: 999", "never fires"),
])
def test_a_lesson_that_does_not_do_what_it_says_is_a_lesson_error(broken, file, before, after, what):
    with pytest.raises(LessonError, match=what):
        recorded(broken(file, before, after))


SECOND = """
start:  mov rsi, ap                     ; a start-up IPI with vector 8 leads to 8000h
        mov edi, 0x8000
        mov ecx, ap_end - ap
        rep movsb
        mov ebx, 0xFEE00000
        mov dword [rbx + 0x310], 1 << 24
        mov dword [rbx + 0x300], 0x4608
.until: cmp byte [abs 0x7000], 1
        jne .until
        jmp begin
        bits 16
ap:     cli
        xor ax, ax
        mov ds, ax
        mov byte [0x7000], 1
        hlt
ap_end: bits 64
begin:
"""


def test_a_lesson_with_two_processors_stops_where_the_second_one_halts(tmp_path):
    folder = new_lesson("sketch", tmp_path)
    form, program = folder / "lesson.yaml", folder / "program.asm"
    program.write_text(program.read_text().replace("start:\n", SECOND))
    form.write_text(form.read_text().replace("minutes: 2", "minutes: 2\nprocessors: 2").replace(
        "{id: inside, on: {event: vmx_outcome, instruction: vmxon}}", "{id: inside, on: {event: halt, processor: 1}}"))
    lesson = load_folder(folder)
    assert check(lesson)
    recording = recorded(lesson)
    stop = recording.outline()["stops"][1]
    assert recording.scene(stop["step"])["acting"] == 1
    assert recording.scene(stop["step"])["processors"]["1"]["activity"] == "hlt"
    assert {lane["processor"] for lane in recording.outline()["lanes"]} == {0, 1}
