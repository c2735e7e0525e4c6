"""The checks of VM entry as the reference shows them, in the order in which the processor makes them.

The rows are the machine's own (vmviz.web.checks); their sentences are the catalogue's, by id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from vmviz.machine.vmx.checks import Check
from vmviz.machine.vmx.entry_rules import MSR_LOAD_FIELDS, ROWS
from vmviz.spec import ENTRY_CHECKS
from vmviz.web import checks
from vmviz.web.handbook.entries import Entry, Fact, Group, Part, Translate, listed, of_field
from vmviz.web.handbook.phrases import Said
from vmviz.web.handbook.targets import target

_ROWS: Final = {row.id: row for row in ROWS}
_RULES: Final = {row.order: row for row in ENTRY_CHECKS}
ERROR_OF: Final = {"controls": 7, "host_state": 8}
REASON_OF: Final = {"guest_state": 33, "load_msrs": 34}
VOLUME: Final = 3


def rules(lang: str, t: Translate) -> tuple[Group, ...]:
    """All checks by stage, numbered from the first to the last."""
    groups: list[dict[str, Any]] = json.loads(bytes(checks.checks()))["groups"]
    numbers = iter(range(1, 1_000))
    return tuple(Group(group["id"], Said(t(f"checks.{group['id']}")), tuple(
        _entry(row, section["title"], group["id"], next(numbers), t)
        for section in group["sections"] for row in section["rows"])) for group in groups)


def sentence(name: str, t: Translate) -> str:
    """The rule of a check, by its id."""
    return t(name if name.startswith("guard.") else f"check.{name}")


def _entry(name: str, section: str, group: str, number: int, t: Translate) -> Entry:
    row = _ROWS.get(name)
    return Entry(f"check.{name}", name, Said(sentence(name, t)), number=str(number), name=name,
                 facts=tuple(_facts(name, row, group, t)), volume=VOLUME, section=section)


def _facts(name: str, row: Check | None, group: str, t: Translate) -> Iterator[Fact]:
    fields = row.fields if row else MSR_LOAD_FIELDS if group == "load_msrs" else ()
    if fields:
        yield Fact("reference.reads", listed(of_field(field) for field in fields))
    yield Fact("reference.broken", tuple(_failure(name, row, group, t)))


def _failure(name: str, row: Check | None, group: str, t: Translate) -> Iterator[Part]:
    if group in ERROR_OF:
        number = ERROR_OF[group]
        yield Part(f"VMfailValid({number})", target(f"error.{number}"), code=True)
    elif group in REASON_OF:
        reason = REASON_OF[group]
        yield Part(t("reference.entry_fails", reason=reason), target(f"exit.{reason}"))
        if row and row.qualification:
            yield Part(" · " + t("reference.qualification_is", number=row.qualification))
        if group == "load_msrs":
            yield Part(" · " + t("reference.qualification_entry"))
    else:
        yield from _of_guard(_RULES[int(name.partition(".")[2])].failure, t)


def _of_guard(failure: str, t: Translate) -> Iterator[Part]:
    """What a guard of VMLAUNCH and VMRESUME gives: a fault, a VMfail, or the VM exit of a guest."""
    exits = re.findall(r"(\d+) \((\w+)\)", failure)
    if exits:
        yield from listed(Part(f"{t('reference.exit_number', reason=number)} ({name})", target(f"exit.{number}"))
                          for number, name in exits)
        return
    error = re.fullmatch(r"VMfailValid\((\d+)\)", failure)
    yield Part(failure, target(f"error.{error[1]}") if error else None, code=True)
