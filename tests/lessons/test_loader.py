"""Files of a lesson that are not what they should be, and what a program may include."""

from __future__ import annotations

import pytest

from vmviz.errors import LessonError
from vmviz.lessons.loader import included


@pytest.mark.parametrize("file", ["lesson.yaml", "program.asm", "text.en.md"])
def test_a_huge_file_is_refused_without_reading_it_whole(sketch, file: str) -> None:
    with (sketch.folder / file).open("r+b") as opened:
        opened.truncate(10 << 30)           # takes no room on the disk
    with pytest.raises(LessonError, match="too large") as caught:
        sketch.load()
    assert caught.value.file == f"sketch/{file}" and caught.value.remedy


def test_a_link_that_leads_out_of_the_folder_is_refused(sketch, tmp_path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("its words")
    (sketch.folder / "text.en.md").unlink()
    (sketch.folder / "text.en.md").symlink_to(secret)
    with pytest.raises(LessonError, match="leads out of the folder"):
        sketch.load()


def test_a_file_that_is_a_folder_or_a_circle_of_links_is_refused(sketch) -> None:
    (sketch.folder / "text.en.md").unlink()
    (sketch.folder / "text.en.md").mkdir()
    with pytest.raises(LessonError, match="not a file"):
        sketch.load()
    (sketch.folder / "program.asm").unlink()
    (sketch.folder / "program.asm").symlink_to(sketch.folder / "program.asm")
    with pytest.raises(LessonError, match="cannot be read"):
        sketch.load()


def test_a_program_includes_what_lies_beside_it_in_its_course_or_in_ours(sketch) -> None:
    sketch.change("program.asm", "start:\n", '%include "mine.inc"\n%include "shared.inc"\n%include "vmm.inc"\nstart:\n')
    (sketch.folder / "mine.inc").write_text("MINE equ 1")
    (sketch.folder.parent / "shared.inc").write_text("SHARED equ 2")
    found = [included(sketch.load(), name) for name in ("mine.inc", "shared.inc", "vmm.inc", "../secret", "", "none")]
    assert found[:2] == ["MINE equ 1", "SHARED equ 2"] and "vmm_enter:" in (found[2] or "") and found[3:] == [None] * 3


def test_an_included_file_that_is_no_text_is_refused(sketch) -> None:
    (sketch.folder / "mine.inc").write_bytes(b"\xff\xfe\0")
    with pytest.raises(LessonError, match="not UTF-8") as caught:
        included(sketch.load(), "mine.inc")
    assert caught.value.file == "sketch/mine.inc"
