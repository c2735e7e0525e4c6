"""Begin a lesson: copy the small one in `example`, which works, under a new name."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from vmviz.errors import LessonError
from vmviz.lessons.loader import COURSE

EXAMPLE = Path(__file__).resolve().parent / "example"


def new_lesson(name: str, course: Path = COURSE) -> Path:
    """Make the folder of a lesson that works, and give its path; LessonError for a bad name or one that is taken."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name):
        raise LessonError(f"'{name[:60]}' cannot be the name of a lesson",
                          remedy="use up to 40 lower-case letters, digits and hyphens, a letter first")
    folder = course / name
    if folder.exists():
        raise LessonError(f"{folder} is already there", remedy="choose another name")
    try:
        shutil.copytree(EXAMPLE, folder)
        form = folder / "lesson.yaml"
        words = form.read_text(encoding="utf-8")
        form.write_text(words.replace("name: example\n", f"name: {name}\n", 1), encoding="utf-8")
    except OSError as error:
        raise LessonError(f"{folder} cannot be written: {error.strerror}", remedy="look at its permissions") from None
    return folder
