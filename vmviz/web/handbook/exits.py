"""Exit reasons and VM-instruction error numbers as the reference shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vmviz.spec import EXIT_REASONS, INSTRUCTION_ERROR_ROWS, VMX_INSTRUCTIONS
from vmviz.spec.manual import QUALIFICATION_LAYOUTS
from vmviz.spec.rows import ExitReason
from vmviz.web.handbook.entries import Entry, Fact, Group, Part, Translate, linked, listed
from vmviz.web.handbook.explained import entry
from vmviz.web.handbook.phrases import Said, said
from vmviz.web.handbook.targets import Target, target

_CLEARED: Final = "0"


def exits(lang: str, t: Translate) -> tuple[Group, ...]:
    """The basic exit reasons, by number; numbers that mean nothing are left out."""
    return (Group("", Said(""), tuple(_exit(row, lang, t) for row in EXIT_REASONS.values() if row.cls != "reserved")),)


def _exit(row: ExitReason, lang: str, t: Translate) -> Entry:
    title = t(f"exit_name.{row.number}")
    name = "" if title == row.name else row.name
    return entry(f"exit.{row.number}", lang, _facts(row, lang, t), str(row.number), Said(title), name)


def _facts(row: ExitReason, lang: str, t: Translate) -> Iterator[Fact]:
    yield Fact("reference.class", (Part(t(f"reference.class.{row.cls}")),))
    if row.controlled_by != "always":
        yield Fact("reference.controlled_by", linked(said(row.controlled_by, lang)))
    layout = QUALIFICATION_LAYOUTS.get(row.number)
    if layout:
        yield Fact("reference.qualification", (Part(layout, Target("bits", layout), code=True),))
    else:
        what = (Part(t("reference.cleared")),) if row.qualification == _CLEARED else linked(
            said(row.qualification, lang))
        yield Fact("reference.qualification", what)
    if row.name in VMX_INSTRUCTIONS:
        yield Fact("reference.instruction", (Part(row.name, target(f"instruction.{row.name}")),))


def conditions() -> Iterator[str]:
    """Every cell of the table that a page shows, for those who translate."""
    for row in EXIT_REASONS.values():
        if row.cls != "reserved":
            yield row.controlled_by
            if row.number not in QUALIFICATION_LAYOUTS:
                yield row.qualification


def errors(lang: str, t: Translate) -> tuple[Group, ...]:
    """The error numbers that an instruction can give."""
    return (Group("", Said(""), tuple(
        entry(f"error.{row.number}", lang, (Fact("reference.raised_by", listed(
            Part(name, target(f"instruction.{name}")) for name in row.raised_by)),), str(row.number), name="")
        for row in INSTRUCTION_ERROR_ROWS if row.raised_by)),)
