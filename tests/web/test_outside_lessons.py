"""Lessons from elsewhere: the same checks as ours, in a process with limits, and a broken one harms nobody."""

from __future__ import annotations

import shutil
import time

import pytest

from vmviz.errors import LessonError
from vmviz.lessons.loader import COURSE, LAST
from vmviz.lessons.new import EXAMPLE, new_lesson
from vmviz.web import outside_lessons
from vmviz.web.application import build
from vmviz.web.lesson_shelf import LessonShelf
from vmviz.web.outside_lessons import Limits, OutsideLessons
from vmviz.web.settings import Settings

LIMITS = Limits(512 << 20, 20)


def straight(work):
    return work()


def outside(*folders, limits=LIMITS, **more):
    return OutsideLessons(folders, limits, straight, **more)


def change(folder, file, before, after):
    text = (folder / file).read_text(encoding="utf-8")
    assert before in text
    (folder / file).write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.fixture
def mine(tmp_path):
    return new_lesson("mine", tmp_path)


def test_a_lesson_from_elsewhere_is_a_lesson_like_ours(mine):
    shelf = LessonShelf(1 << 26, outside(mine.parent))
    assert "mine" in shelf.names() and "first-guests" in shelf.names()
    assert shelf.entry("mine")["steps"] == shelf.recording("mine").length == 32
    assert shelf.recording("mine") is shelf.recording("mine")
    assert shelf.text("mine", "pt-BR")["lang"] == "pt-BR" and shelf.base("mine").source.image


def test_lessons_stand_in_the_order_of_their_parts_and_numbers_and_those_that_cannot_be_read_last(mine):
    change(mine, "lesson.yaml", "name: mine\n", "name: mine\npart: B\nnumber: 105\n")
    broken = new_lesson("a-broken", mine.parent)
    (broken / "lesson.yaml").write_text("name: [", encoding="utf-8")
    names = LessonShelf(1 << 26, outside(mine.parent)).names()
    assert names.index("vmcs-life") < names.index("mine") < names.index("entry-fails") and names[-1] == "a-broken"
    assert outside(mine.parent).places() == {"mine": ("B", 105), "a-broken": ("~", LAST)}


def test_what_a_lesson_shares_with_its_neighbours_and_with_ours_is_included(mine):
    (mine.parent / "shared.inc").write_text("HERE equ 1\n", encoding="utf-8")
    change(mine, "program.asm", "start:\n", 'start:\n%include "shared.inc"\n%include "vmcs.inc"\n')
    assert outside(mine.parent).lesson("mine")[1].name == "mine"


@pytest.mark.parametrize(("file", "before", "after", "said"), [
    ("program.asm", "        vmxoff", "        vmxoff\n.ever:  jmp .ever", "not ended"),
    ("program.asm", "        vmxoff", "        vmxoof", "vmxoof"),
    ("program.asm", "start:\n", "        jmp     program_end\nstart:\n", "does not come to its start"),
    ("lesson.yaml", "stops:", "stopz: []\nstops:", "stopz"),
    ("lesson.yaml", "instruction: vmxon}", "instruction: vmlaunch}", "never fires"),
    ("lesson.yaml", 'that: mode == "root"', 'that: mode == "non_root"', "is not true"),
    ("text.en.md", "VMXOFF ended", "very " * 200 + "VMXOFF ended", "one screen holds"),
])
def test_what_lesson_check_refuses_is_not_shown(mine, file, before, after, said):
    change(mine, file, before, after)
    shelf = LessonShelf(1 << 26, outside(mine.parent))
    with pytest.raises(LessonError, match=said) as caught:
        shelf.recording("mine")
    assert caught.value.file.startswith("mine/")
    assert caught.value.line or caught.value.file == "mine/program.asm"     # of a run there is no line to name
    with pytest.raises(LessonError):
        shelf.entry("mine")
    assert shelf.entry("first-guests")["steps"]


def test_a_lesson_that_takes_long_meets_its_limit(mine):
    slow = "        mov ecx, 0x7fffffff\n        mov esi, 0x400000\n        mov edi, esi\n        rep movsb\nstart:\n"
    change(mine, "program.asm", "start:\n", slow)
    began = time.monotonic()
    with pytest.raises(LessonError, match="takes longer than it may"):
        outside(mine.parent, limits=Limits(512 << 20, 1)).lesson("mine")
    assert time.monotonic() - began < 30


def test_a_lesson_that_takes_much_memory_meets_its_limit(mine):
    fill = "        mov ecx, 0x300000\n        mov edi, 0x400000\n        rep stosq\nstart:\n"
    change(mine, "program.asm", "start:\n", fill)
    with pytest.raises(LessonError, match="more memory than it may"):
        outside(mine.parent, limits=Limits(64 << 20, 20)).lesson("mine")


def test_a_broken_lesson_is_tried_once(mine, monkeypatch):
    change(mine, "program.asm", "        vmxoff", "        vmxoof")
    tried = []
    monkeypatch.setattr(outside_lessons, "try_apart", lambda folder, limits, real=outside_lessons.try_apart:
                        tried.append(folder) or real(folder, limits))
    lessons = outside(mine.parent)
    for _ in range(3):
        with pytest.raises(LessonError):
            lessons.lesson("mine")
    assert len(tried) == 1


def test_the_trial_writes_nothing_and_reads_nothing_of_ours(mine):
    """A file that a lesson names by %include comes from its folders only."""
    (mine / "secret.inc").symlink_to("/etc/hostname")
    change(mine, "program.asm", "start:\n", '%include "secret.inc"\nstart:\n')
    with pytest.raises(LessonError, match="leads out of the folder"):
        outside(mine.parent).lesson("mine")


def test_a_name_of_ours_or_a_bad_one_is_not_taken(tmp_path, caplog):
    shutil.copytree(COURSE / "first-guests", tmp_path / "first-guests")
    shutil.copytree(EXAMPLE, tmp_path / "Not A Name")
    assert not outside(tmp_path, taken=["first-guests"]).places()
    assert "there is a lesson of that name" in caplog.text and "no lesson's name" in caplog.text


def test_a_previewed_lesson_is_read_again_when_a_file_changes_and_shown_when_a_claim_is_wrong(mine):
    lessons = outside(mine, fresh=True)
    first, lesson = lessons.lesson("mine")
    assert lessons.lesson("mine")[1] is lesson
    change(mine, "lesson.yaml", 'that: mode == "root"', 'that: mode == "non_root"')
    second, changed = lessons.lesson("mine")
    assert second != first and changed is not lesson
    assert "is not true" in str(lessons.state("mine").tried.trouble)
    change(mine, "program.asm", "        vmxoff", "        vmxoof")
    with pytest.raises(LessonError, match="vmxoof"):
        lessons.lesson("mine")


@pytest.fixture
def previewing(tmp_path, mine):
    lessons = outside(mine, fresh=True)
    web = build(Settings(sessions=tmp_path / "s.sqlite", preview=mine), LessonShelf(1 << 26, lessons), "threading",
                previewed=lessons)
    yield web.app.test_client()
    web.store.close()


def test_a_preview_says_how_the_check_goes(previewing, mine):
    state = previewing.get("/api/preview").json
    assert state["name"] == "mine" and "3 stops" in state["said"] and "trouble" not in state
    page = previewing.get("/lesson/mine").text
    assert f'data-version="{state["version"]}"' in page
    change(mine, "text.en.md", "{#inside}", "{#insdie}")
    state = previewing.get("/api/preview").json
    assert "mine/text.en.md" in state["trouble"] and f'data-version="{state["version"]}"' not in page
    broken = previewing.get("/lesson/mine")
    assert broken.status_code == 500 and state["version"] in broken.text


def test_only_a_preview_has_that_address(make):
    client = make()
    assert client.get("/api/preview").status_code == 404 and "data-version" not in client.get("/").text
