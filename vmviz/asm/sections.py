"""Sections and their places, as NASM's flat binary format lays them out.

Every section counts from 0 while it is assembled; `layout` gives them addresses. `.text` starts at the origin, the
others follow in order of appearance, aligned to 4 unless they say `align=`, `start=` or `vstart=`; sections without
bytes (`.bss`, `nobits`) come last and are not in the image.
"""

from __future__ import annotations

from dataclasses import dataclass

from vmviz.asm.source import Trouble

LARGEST_IMAGE = 252 * 1024


@dataclass(eq=False, slots=True)
class Section:
    """A section; `address` is where its first byte is said to be, `place` where it is in the image (vstart)."""

    name: str
    nobits: bool = False
    align: int = 4
    start: int | None = None
    vstart: int | None = None
    address: int = 0
    place: int = 0
    size: int = 0

    def __repr__(self) -> str:
        return self.name


def layout(sections: list[Section], origin: int) -> None:
    """Gives each section its address; Trouble when one would lie over another."""
    progbits = [section for section in sections if not section.nobits]
    fixed = sorted(
        (section for section in progbits if section.start is not None), key=lambda section: section.start or 0
    )
    floating = [section for section in progbits if section.start is None]
    position = origin
    for section in sorted(floating, key=lambda section: section.name != ".text") + fixed:
        if section.start is None:
            position += -position % section.align if section.name != ".text" else 0
        elif section.start < position and position > origin and _has_bytes(sections):
            raise Trouble(
                f"section {section.name} starts at {section.start:#x}, but what comes before it ends at {position:#x}",
                expected="a larger start=, or less code before it",
            )
        section.place = position if section.start is None else section.start
        section.address = section.place if section.vstart is None else section.vstart
        position = section.place + section.size
    for section in sections:
        if section.nobits:
            position += -position % section.align
            section.place = position if section.start is None else section.start
            section.address = section.place if section.vstart is None else section.vstart
            position = section.place + section.size


def _has_bytes(sections: list[Section]) -> bool:
    return any(section.size for section in sections)


def image_of(contents: list[tuple[Section, bytes]], origin: int) -> bytes:
    """The flat image from `origin` on; gaps between sections are zeros."""
    end = max((section.place + len(data) for section, data in contents if data), default=origin)
    if end - origin > LARGEST_IMAGE:
        raise Trouble(
            f"the program is {end - origin} bytes long, and at most {LARGEST_IMAGE} bytes can be loaded",
            expected="make tables smaller, or use resb in a section .bss",
        )
    image = bytearray(end - origin)
    for section, data in contents:
        if data:
            image[section.place - origin : section.place - origin + len(data)] = data
    return bytes(image)
