"""What a page of the reference is made of: groups of entries, and what stands beside an entry.

Plain values; the templates turn a `Part` with a target into a link. `Said` (phrases) keeps the language of words that
may not be the page's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from vmviz.spec import CONTROL_GROUP_OF, FIELD_BY_NAME, VMX_INSTRUCTIONS
from vmviz.spec.manual import MANUAL
from vmviz.web.handbook.phrases import Said
from vmviz.web.handbook.targets import Target, target

Translate = Callable[..., str]
_NAMES: Final = re.compile(r"(?P<control>\b[a-z_]+2?\.[a-z0-9_]+)|(?P<error>VMfail(?:Valid)?\((?P<number>\d+)\))"
                           r"|(?P<name>\b[a-z][a-z0-9]*_[a-z0-9_]+)|(?P<mnemonic>\b(?:VM[A-Z]+|INVEPT|INVVPID)\b)")


class Part(NamedTuple):
    """A piece of text; a link where it has a target, a name of the trade where it is `code`."""

    text: str
    target: Target | None = None
    lang: str = ""
    code: bool = False


class Fact(NamedTuple):
    """A line beside an entry: what it is about (a sentence of the catalogue) and what is to be said."""

    label: str
    parts: tuple[Part, ...]


class Bit(NamedTuple):
    """One row of a layout: which bits, the name and the words; `id` is its place on the page."""

    id: str
    bits: str
    name: str
    text: Said


class Entry(NamedTuple):
    """One thing of the reference. `key` finds where it happens; `id` is its place on the page."""

    key: str
    id: str
    title: Said
    text: Said = Said("")
    number: str = ""
    name: str = ""
    facts: tuple[Fact, ...] = ()
    layout: tuple[Bit, ...] = ()
    volume: int = 0
    section: str = ""


class Group(NamedTuple):
    """Entries under a heading; `note` names the section of the manual, where there is one for all."""

    id: str
    title: Said
    entries: tuple[Entry, ...]
    facts: tuple[Fact, ...] = ()


def linked(said: Said) -> tuple[Part, ...]:
    """The words of a cell with the names in it as links: controls, fields, errors, instructions."""
    parts: list[Part] = []
    end = 0
    for found in _NAMES.finditer(said.text):
        where = _where(found)
        if where is None:
            continue
        if found.start() > end:
            parts.append(Part(said.text[end:found.start()], lang=said.lang))
        parts.append(Part(found[0], where, code=found["mnemonic"] is None))
        end = found.end()
    if end < len(said.text):
        parts.append(Part(said.text[end:], lang=said.lang))
    return tuple(parts)


def _where(found: re.Match[str]) -> Target | None:
    if found["mnemonic"]:
        return target(f"instruction.{found[0]}") if found[0] in VMX_INSTRUCTIONS else None
    if found["error"]:
        return target(f"error.{found['number']}")
    if found["name"]:
        return target(f"field.{found[0]}") if found[0] in FIELD_BY_NAME else None
    return control_target(found[0])


def control_target(name: str) -> Target | None:
    """The place of a control as the tables write it (`pin.nmi_exiting`); None for what is none."""
    group, _, bit = name.partition(".")
    key = f"control.{CONTROL_GROUP_OF.get(group, group)}.{bit}"
    return target(key) if key in MANUAL else None


def listed(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The parts with commas between them."""
    spaced: list[Part] = []
    for part in parts:
        spaced += [Part(", "), part] if spaced else [part]
    return tuple(spaced)


def of_field(name: str) -> Part:
    """A link to a field by its name."""
    return Part(name, target(f"field.{name}"), code=True)
