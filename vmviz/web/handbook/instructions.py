"""The VMX instructions: operands, and every outcome in the order in which the processor decides it.

The order is that of the manual's operation section: what raises #UD comes first, then the VM exit of a guest, then the
privilege level and the operand, then the VMfails, then success (SDM volume 3, "VMX Instruction Reference").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from vmviz.spec import EXIT_REASONS, VMX_INSTRUCTIONS
from vmviz.spec.rows import VmxInstruction
from vmviz.web.handbook.phrases import Said, said

_FAULT: Final = re.compile(r"((?:\(root only\) )?#\w+(?:\(0\))?(?: \([^)]*\))?): (.*)")
_FAILURE: Final = re.compile(r"(VMfail\w+(?: or VMfail\w+)?(?: \d+)?|VM exit \d+|\d+(?:, \d+)*): (.*)")
_EXIT: Final = re.compile(r"VM exit, reason \d+(?:, | \((?=.*\)$))?(.*?)\)?$")
_NO_FLAGS: Final = frozenset({"VMFUNC"})                    # "Flags Affected: None"
_ENTRIES: Final = frozenset({"VMLAUNCH", "VMRESUME"})       # which flags are loaded from the guest-state area


class Outcome(NamedTuple):
    """One outcome: `kind` is fault, exit, fail or success; its label and in which cases it comes."""

    kind: str
    label: Said
    cases: tuple[Said, ...]


class Instruction(NamedTuple):
    """An instruction as its page shows it. `flags`: which of the rules about flags it follows."""

    mnemonic: str
    opcode: str
    operands: Said
    original: bool
    root: Said
    outcomes: tuple[Outcome, ...]
    errors: tuple[int, ...]
    exit: int | None
    flags: str


def names() -> tuple[str, ...]:
    """The mnemonics, in the order of the table."""
    return tuple(VMX_INSTRUCTIONS)


def instruction(mnemonic: str, lang: str) -> Instruction:
    """An instruction in a language; KeyError for no such instruction."""
    row = VMX_INSTRUCTIONS[mnemonic]
    flags = "none" if mnemonic in _NO_FLAGS else "entry" if mnemonic in _ENTRIES else "usual"
    reason = next((each.number for each in EXIT_REASONS.values() if each.name == mnemonic), None)
    outcomes = tuple(_outcomes(row, lang))
    errors = {int(n) for each in outcomes if each.kind == "fail" for n in re.findall(r"\d+", each.label.text)}
    operands = Said("") if row.operands == "none" else said(row.operands, lang)
    return Instruction(mnemonic, row.opcode, operands, row.in_original_ten, said(row.root_behaviour, lang),
                       outcomes, tuple(sorted(errors)), reason, flags)


def phrases() -> Iterator[str]:
    """Every piece of the table that a page shows, for those who translate."""
    for mnemonic in VMX_INSTRUCTIONS:
        shown = instruction(mnemonic, "en")
        yield from (shown.operands.text, shown.root.text)
        for outcome in shown.outcomes:
            yield outcome.label.text
            yield from (case.text for case in outcome.cases)


def _outcomes(row: VmxInstruction, lang: str) -> Iterator[Outcome]:
    faults = list(_groups(row.faults, _FAULT))
    undefined = [each for each in faults if each[0] == "#UD"]
    for label, cases in undefined:
        yield Outcome("fault", Said(label), _all(cases, lang))
    exits = _EXIT.match(row.non_root_behaviour)
    case = exits[1] if exits else row.non_root_behaviour
    yield Outcome("exit", Said(""), (said(case, lang),) if case else ())
    for label, cases in faults:
        if label != "#UD":
            yield Outcome("fault", said(label, lang), _all(cases, lang))
    for label, cases in _groups(row.vmfail_cases, _FAILURE):
        yield Outcome("exit" if label.startswith("VM exit") else "fail", said(label, lang), _all(cases, lang))
    yield Outcome("success", Said(""), _all(row.effect.split("; "), lang))


def _groups(cell: str, label: re.Pattern[str]) -> Iterator[tuple[str, list[str]]]:
    """The clauses of a cell under the label that stands before the first of them; "none" is no clause."""
    groups: list[tuple[str, list[str]]] = []
    for clause in _clauses(cell):
        found = label.fullmatch(clause)
        if found:
            groups.append((found[1], [found[2]]))
        elif groups:
            groups[-1][1].append(clause)
    merged: list[tuple[str, list[str]]] = []
    for name, clauses in groups:
        if merged and merged[-1][0] == name:
            merged[-1][1].extend(clauses)
        else:
            merged.append((name, clauses))
    yield from merged


def _clauses(cell: str) -> list[str]:
    """A cell cut at its semicolons, those inside parentheses aside."""
    return re.split(r"; (?![^(]*\))", cell)


def _all(clauses: list[str], lang: str) -> tuple[Said, ...]:
    return tuple(said(clause, lang) for clause in clauses)
