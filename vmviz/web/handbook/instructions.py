"""The VMX instructions: operands, and every outcome in the order in which the processor decides it.

The order is that of the manual's operation section: what raises #UD comes first, then the VM exit of a guest, then the
privilege level, the operand and the VMfails, then success (SDM volume 3, "VMX Instruction Reference").
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

from vmviz.spec import VMX_INSTRUCTIONS, VMX_OUTCOMES
from vmviz.spec.rows import VmxInstruction, VmxOutcome
from vmviz.web.handbook.phrases import Said, said

INVALID: Final = "invalid"                                  # the code of a VMfailInvalid that never has a number
_NOTHING: Final = "none"                                    # a cell without words
_NO_FLAGS: Final = frozenset({"VMFUNC"})                    # "Flags Affected: None"
_ENTRIES: Final = frozenset({"VMLAUNCH", "VMRESUME"})       # which flags are loaded from the guest-state area


class Case(NamedTuple):
    """When an outcome comes, in words that may be empty; `guard` is the id of its row, "" for an effect."""

    guard: str
    said: Said


class Outcome(NamedTuple):
    """One outcome: `kind` is fault, exit, fail or success; which one (`code` of the rows); in which cases it comes."""

    kind: str
    code: str
    cases: tuple[Case, ...]

    @property
    def of_guests(self) -> bool:
        """Does it come only because the instruction was executed in non-root operation?"""
        return self.cases[0].guard.endswith(".guest")


class Instruction(NamedTuple):
    """An instruction as its page shows it. `flags`: which of the rules about flags it follows."""

    mnemonic: str
    opcode: str
    operands: Said
    original: bool
    root: Said
    outcomes: tuple[Outcome, ...]
    errors: tuple[int, ...]
    flags: str


def names() -> tuple[str, ...]:
    """The mnemonics, in the order of the table."""
    return tuple(VMX_INSTRUCTIONS)


def rows_of(mnemonic: str) -> tuple[VmxOutcome, ...]:
    """The rows of an instruction, in the order in which the processor decides."""
    return tuple(row for row in VMX_OUTCOMES.values() if row.instruction == mnemonic.lower())


def instruction(mnemonic: str, lang: str) -> Instruction:
    """An instruction in a language; KeyError for no such instruction."""
    row = VMX_INSTRUCTIONS[mnemonic]
    flags = "none" if mnemonic in _NO_FLAGS else "entry" if mnemonic in _ENTRIES else "usual"
    outcomes = tuple(_outcomes(row, lang))
    errors = {int(each.code) for each in outcomes if each.kind == "fail" and each.code != INVALID}
    return Instruction(mnemonic, row.opcode, _said(row.operands, lang), row.in_original_ten,
                       said(row.root_behaviour, lang), outcomes, tuple(sorted(errors)), flags)


def phrases() -> Iterator[str]:
    """Every piece of the table that a page shows, for those who translate."""
    for mnemonic in VMX_INSTRUCTIONS:
        shown = instruction(mnemonic, "en")
        yield from (shown.operands.text, shown.root.text)
        for outcome in shown.outcomes:
            yield from (case.said.text for case in outcome.cases)


def _outcomes(row: VmxInstruction, lang: str) -> Iterator[Outcome]:
    for (kind, code), rows in groupby(rows_of(row.mnemonic), lambda each: (each.kind, each.code)):
        yield Outcome(kind, code, tuple(Case(each.guard, _said(each.case, lang)) for each in rows))
    yield Outcome("success", "", tuple(Case("", said(clause, lang)) for clause in row.effect.split("; ")))


def _said(cell: str, lang: str) -> Said:
    return Said("") if cell == _NOTHING else said(cell, lang)
