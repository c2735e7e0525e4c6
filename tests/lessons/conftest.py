"""A small lesson in a folder of its own, for tests that spoil it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vmviz.lessons import Lesson, load_folder
from vmviz.lessons.new import new_lesson


class Sketch:
    """The files of a lesson that a test may change before it loads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def change(self, file: str, old: str, new: str) -> Sketch:
        """Replace a piece of a file that must be there."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return self

    def write(self, file: str, content: bytes) -> Sketch:
        """Put something else in a file's place."""
        (self.folder / file).write_bytes(content)
        return self

    def load(self) -> Lesson:
        """Load it now."""
        return load_folder(self.folder)


@pytest.fixture
def sketch(tmp_path: Path) -> Sketch:
    return Sketch(new_lesson("sketch", tmp_path))


@pytest.fixture
def line_of() -> Callable[[Path, str], int]:
    """The number of the first line of a file that holds a text."""

    def find(path: Path, text: str) -> int:
        lines = path.read_text(encoding="utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if text in line)

    return find
