"""`assemble`: source text in, a Program out. The door of this package.

A Program has the image as it is loaded at `origin`, the addresses of its labels, the numbers behind its constants,
and a line for each statement that made bytes, so that a listing can be drawn and a breakpoint can be set on a line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vmviz.asm.passes import Passes, assemble_passes, flat_image
from vmviz.asm.vmcs_inc import vmcs_inc

BUILT_IN = {"vmcs.inc": vmcs_inc}


@dataclass(frozen=True, slots=True)
class Line:
    """Bytes at an address, and the written line they come from; `macro` names the macro that wrote the statement."""

    number: int
    text: str
    address: int
    data: bytes
    file: str
    macro: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """An assembled program. `symbols` are labels, `constants` names with a plain number (equ)."""

    image: bytes
    origin: int
    symbols: dict[str, int]
    lines: tuple[Line, ...]
    constants: dict[str, int]
    name: str = "program.asm"


def assemble(source: str, *, name: str = "program.asm", include: Callable[[str], str | None] | None = None) -> Program:
    """Assembles `source`; ProgramError says where and why it cannot be.

    `include` gives the text of a file named by %include, or None when there is none; "vmcs.inc" is always there. The
    image is what `nasm -f bin` writes for the same text.
    """

    def find(wanted: str) -> str | None:
        found = include(wanted) if include is not None else None
        return BUILT_IN[wanted]() if found is None and wanted in BUILT_IN else found

    passes = assemble_passes(source, name, find)
    image = flat_image(passes)
    lines = tuple(
        Line(
            chunk.statement.line.origin.number,
            chunk.statement.line.origin.text,
            chunk.section.address + chunk.offset,
            chunk.data,
            chunk.statement.line.origin.file,
            chunk.statement.line.macro,
        )
        for chunk in passes.chunks
    )
    return Program(image, passes.origin, *_names(passes, labels=True), lines, *_names(passes, labels=False), name)


def _names(passes: Passes, *, labels: bool) -> tuple[dict[str, int]]:
    found = {}
    for name, symbol in passes.symbols.items():
        relative = any(part is not None for part, _ in symbol.value.parts)
        if name.startswith("..@") or (relative or symbol.label) != labels:
            continue
        address = sum(part.address * count for part, count in symbol.value.parts)  # type: ignore[attr-defined]
        found[name] = symbol.value.number + address
    return (found,)
