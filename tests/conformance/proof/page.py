"""docs/proof.md: a table for instructions, exit reasons, rules of VM entry, VMCS fields and controls."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from tests.conformance.bochs import programs
from tests.conformance.entry_rows import NOT_ON_BOCHS
from tests.conformance.fuzz.__main__ import KINDS
from tests.conformance.proof import reasons
from tests.conformance.proof.coverage import Shown, by_fact
from vmviz.machine.isa import load, registry
from vmviz.machine.vmx import entry_rules
from vmviz.spec import (
    CONTROL_BIT_ROWS,
    ENTRY_CHECKS,
    EXIT_REASONS,
    FIELDS,
    INSTRUCTION_ERROR_ROWS,
    VMX_INSTRUCTIONS,
    VMX_OUTCOMES,
)

MOST_NAMED: Final = 4
HEAD: Final = """# What is proven

Made by `python -m tests.conformance.proof`, which runs every conformance program on vmviz and notes what it does; do
not edit. A program counts for a row only when its run showed it. Each gives the same lines on Bochs 2.7, but for
those with †, in which Bochs departs from the manual ([departures.csv](../tests/conformance/departures.csv)).
"not shown" says that no program shows it yet.

Two more kinds of runs stand beside the programs:

- **[entry rows](../tests/conformance/entry_rows.py)**: for each rule of VM entry that the default model checks, a VMCS
  that breaks it before any other, and a legal neighbour; both are entered on vmviz and on Bochs. With † where Bochs
  refuses otherwise, which the column "on Bochs" explains.
- **[fuzz](../tests/conformance/fuzz)**: programs made at random, compared on both machines field by field. They count
  for no row here. The kinds are {kinds}. A trial that differed because vmviz was wrong is
  kept, shrunk, in [found/](../tests/conformance/fuzz/found), and the tests replay it. How many agree is in the
  [README](../tests/conformance/README.md#random-trials).

"""
ROWS_NAME: Final = "entry rows"


class Proof:
    """The facts by program, and the tally of a table under way."""

    def __init__(self, shown: Mapping[str, Shown], rows: Shown) -> None:
        self.programs = len(shown)
        self._by_fact = by_fact(shown)
        self._rows = rows
        self._departing = {source.stem for source in programs() if source.with_suffix(".bochs").exists()}
        self.tally: dict[str, list[int]] = {}

    def row(self, table: str, cells: Iterable[str], *facts: tuple[str, ...], why: str = "") -> str:
        """A row with the programs that show one of the facts, or why none does."""
        found = sorted({program for fact in facts for program in self._by_fact.get(fact, ())},
                       key=lambda program: (program in self._departing, len(program), program))
        count = self.tally.setdefault(table, [0, 0, 0])
        named = [*self._entry_rows(facts), *self._named(found)]
        count[0 if named else 1 if why else 2] += 1
        return f"| {' | '.join(cells)} | {', '.join(named) or why or 'not shown'} |"

    def _entry_rows(self, facts: Iterable[tuple[str, ...]]) -> list[str]:
        """The entry rows, when one of them shows one of the facts."""
        shown = [fact[1] for fact in facts if fact in self._rows]
        return [ROWS_NAME + ("†" if set(shown) <= set(NOT_ON_BOCHS) else "")] if shown else []

    def _named(self, found: list[str]) -> list[str]:
        named = [name + ("†" if name in self._departing else "") for name in found[:MOST_NAMED]]
        if len(found) > MOST_NAMED:
            named[-1] += f" and {len(found) - MOST_NAMED} more"
        return named

    def on_bochs(self, facts: Iterable[tuple[str, ...]]) -> str:
        """Does Bochs refuse what breaks a rule? From the entry rows, or from a program that prints the same on it."""
        departs = [f"`{name}`: {NOT_ON_BOCHS[name]}" for _, name, *_ in facts if name in NOT_ON_BOCHS]
        same = (program not in self._departing for fact in facts for program in self._by_fact.get(fact, ()))
        if departs or not (any(fact in self._rows for fact in facts) or any(same)):
            return "; ".join(departs)
        return "yes"


def page(shown: Mapping[str, Shown], rows: Shown) -> str:
    """The whole page, of what the programs show and of what the entry rows show."""
    load()
    proof = Proof(shown, rows)
    tables = [line for table in (_instructions, _exits, _checks, _fields, _controls) for line in table(proof)]
    total = [f"| {name} | {sum(count)} | {count[0]} | {count[1]} | {count[2]} |" for name, count in proof.tally.items()]
    summary = [f"{proof.programs} programs.", "", "| table | rows | shown | cannot be shown | not shown |",
               "|---|---|---|---|---|", *total, ""]
    head = HEAD.format(kinds=", ".join(f"`{kind}`" for kind in KINDS))
    return head + "\n".join([*summary, *tables]) + "\n"


def _heading(title: str, *columns: str) -> Iterator[str]:
    yield from (f"## {title}", "", f"| {' | '.join(columns)} | shown by |", "|---" * (len(columns) + 1) + "|")


def outcomes(name: str) -> list[str]:
    """All outcomes of an instruction, from the tables."""
    rows = [row for row in VMX_OUTCOMES.values() if row.instruction == name.lower()]
    found = []
    if name in ("VMLAUNCH", "VMRESUME"):
        found += ["VM entry", "VM-entry failure, exit 33", "VM-entry failure, exit 34"]
    elif name == "VMFUNC":
        found.append("completes")
    elif name != "VMCALL":
        found.append("VMsucceed")
    if name != "VMXOFF" and any(row.kind == "fail" for row in rows):
        found.append("VMfailInvalid")
    found += [f"VMfailValid({error.number})" for error in INSTRUCTION_ERROR_ROWS if name in error.raised_by]
    found += dict.fromkeys(f"VM exit {row.code}" for row in rows if row.kind == "exit")
    raised = {fault for row in rows if row.kind == "fault" for fault in row.code.split("; ")}
    return found + [fault for fault in ("#UD", "#GP(0)", "#SS(0)", "#PF") if fault in raised]


def _instructions(proof: Proof) -> Iterator[str]:
    yield from _heading("Instructions", "instruction", "function", "outcome")
    functions = {function.__name__.upper(): f"{function.__module__.removeprefix('vmviz.machine.')}.{function.__name__}"
                 for function in registry.BEHAVIOUR.values()}
    for name in VMX_INSTRUCTIONS:
        for outcome in outcomes(name):
            reason = reasons.OUTCOMES.get((name, outcome))
            yield proof.row("instructions", (name, f"`{functions[name]}`", outcome), ("instruction", name, outcome),
                            why=f"— {reason.why}" if reason else "")
    yield ""


def _exits(proof: Proof) -> Iterator[str]:
    yield from _heading("Exit reasons", "number", "name", "controlled by")
    for number, row in EXIT_REASONS.items():
        reason = reasons.EXITS.get(number)
        yield proof.row("exit reasons", (str(number), row.name, row.controlled_by), ("exit", str(number)),
                        why=f"— {reason.why}" if reason else "")
    yield ""


def _checks(proof: Proof) -> Iterator[str]:
    yield from _heading("Rules of VM entry", "order", "rule", "answered by", "on Bochs")
    for rule in ENTRY_CHECKS:
        rows = [row.id for row in entry_rules.ROWS if row.order == rule.order]
        rows += [f"msr_load.{entry_rules.MSR_LOAD[rule.order]}"] if rule.order in entry_rules.MSR_LOAD else []
        facts: list[tuple[str, ...]] = [("check", row) for row in rows]
        if rule.order in entry_rules.GUARDS:
            facts = [("instruction", name, outcome) for name, outcome in _GUARDED[rule.order]]
            rows = [entry_rules.GUARDS[rule.order]]
        cannot = entry_rules.CANNOT_APPLY.get(rule.order)
        why = ": ".join(filter(None, (f"— {cannot.why}", ", ".join(cannot.controls)))) if cannot else ""
        cells = str(rule.order), rule.check, ", ".join(f"`{row}`" for row in rows), proof.on_bochs(facts)
        yield proof.row("rules of VM entry", cells, *facts, why=why)
    yield ""


_ENTRIES: Final = ("VMLAUNCH", "VMRESUME")
_GUARDED: Final = {
    1: [(name, "#UD") for name in _ENTRIES], 2: [("VMLAUNCH", "VM exit 20"), ("VMRESUME", "VM exit 24")],
    3: [(name, "#GP(0)") for name in _ENTRIES], 4: [(name, "VMfailInvalid") for name in _ENTRIES],
    5: [(name, "VMfailInvalid") for name in _ENTRIES], 6: [(name, "VMfailValid(26)") for name in _ENTRIES],
    7: [("VMLAUNCH", "VMfailValid(4)")], 8: [("VMRESUME", "VMfailValid(5)")]}


def _fields(proof: Proof) -> Iterator[str]:
    """A field counts as shown when a program reads or writes it."""
    yield from _heading("VMCS fields", "encoding", "field", "models")
    for field in FIELDS:
        models = reasons.models_with_field(field.name)
        yield proof.row("VMCS fields", (f"{field.encoding:04X}h", field.name, ", ".join(models) or "none"),
                        ("field", field.name, "read"), ("field", field.name, "write"),
                        why="" if models else f"— no model has {field.introduced_with}")
    yield ""


def _controls(proof: Proof) -> Iterator[str]:
    """A control counts as shown when a VM entry with it succeeds."""
    yield from _heading("Controls", "control", "models")
    for row in CONTROL_BIT_ROWS:
        if row.name.startswith("reserved"):
            continue
        name = f"{row.group}.{row.name}"
        models = reasons.models_with_control(name)
        reason = reasons.CONTROLS.get(name)
        why = f"— {reason.why}" if reason else "" if models else "— no model allows it"
        yield proof.row("controls", (f"`{name}`", ", ".join(models) or "none"), ("control", name), why=why)
    yield ""
