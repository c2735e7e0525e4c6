"""A server with one lesson, of two processors that each run a guest; `Server(..., module=...)` names this module.

The program is the conformance case two-vmx-each.asm, assembled by NASM and written as bytes, so that it runs as it did
on the reference.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

NAME = "two-processors"
PROGRAMS = Path(__file__).parent.parent / "conformance" / "programs"
FORM = """name: {name}
title: {{en: {name}, pt-BR: {name}}}
summary: {{en: A proof program., pt-BR: Um programa de prova.}}
processors: {processors}
minutes: 1
start: start
stops:
  - {{id: first, on: {on}}}
"""
TEXT = "A proof program.\n\n## The first stop {#first}\n\nHere it is.\n"


def make(course: Path) -> None:
    """The lesson's folder, in `course`."""
    write(course, NAME, "two-vmx-each", on="{event: vm_entry, processor: 1}", processors=2)


def write(course: Path, name: str, program: str, on: str = "{event: vm_entry}", processors: int = 1) -> None:
    """The folder of a lesson that runs a proof program; its one stop is `on`."""
    from tests.conformance.bochs import assemble

    folder = course / name
    folder.mkdir()
    image = course / "image.bin"
    assemble(PROGRAMS / f"{program}.asm", image)
    content = image.read_bytes()
    lines = ["bits 64", "org 100000h", "start:"]
    for row, same in groupby(content[at:at + 16] for at in range(0, len(content), 16)):
        lines.append(f"times {len(list(same))} db {', '.join(map(str, row))}")
    (folder / "program.asm").write_text("\n".join(lines) + "\n")
    (folder / "lesson.yaml").write_text(FORM.format(name=name, processors=processors, on=on))
    for language in ("en", "pt-BR"):
        (folder / f"text.{language}.md").write_text(TEXT)


def serve(make_course: Callable[[Path], None]) -> None:
    """Serve the lessons that `make_course` writes until told to end. Nothing is imported before: app.py patches the
    process, which a test must not be."""
    import app
    from vmviz.lessons import lesson_names, load
    from vmviz.web import lesson_shelf

    with tempfile.TemporaryDirectory() as course:
        make_course(Path(course))
        shelf: Any = lesson_shelf
        shelf.COURSE = Path(course)
        shelf.lesson_names = partial(lesson_names, Path(course))
        shelf.load = partial(load, course=Path(course))
        app.main()


if __name__ == "__main__":
    serve(make)
