"""One frozen type for each table, and the reader that makes rows of them.

A dataclass lists its columns in the order of the CSV; `column()` names the CSV heading where it differs from the
attribute and the conversion where the cell is not text. A heading that is missing, or one that nobody reads, is an
error when the table is loaded: tables and types cannot drift apart.
"""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
from importlib import resources
from typing import Any, TypeVar

Row = TypeVar("Row")


def column(heading: str | None = None, convert: Callable[[str], Any] = str) -> Any:
    """A dataclass field read from `heading` (default: the attribute's own name) through `convert`."""
    return dataclasses.field(metadata={"heading": heading, "convert": convert})


def _number(cell: str) -> int:
    return int(cell, 16 if cell.lower().startswith("0x") else 10)


def _truth(cell: str) -> bool:
    return {"true": True, "false": False}[cell]


def _width(cell: str) -> int:
    return 0 if cell == "natural" else int(cell)


def _names(cell: str) -> tuple[str, ...]:
    return () if cell == "none" else tuple(name.strip() for name in cell.split(";"))


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """A field of the VMCS. `width` is 16, 32, 64, or 0 for natural width; the high half is `encoding + 1`.

    Source: SDM volume 3, appendix "Field Encoding in VMCS".
    """

    encoding: int = column("encoding_hex", _number)
    name: str = column()
    width: int = column(convert=_width)
    type: str = column()
    group: str = column()
    index: int = column(convert=_number)
    has_high: bool = column("has_high_access", _truth)
    introduced_with: str = column()
    description: str = column()

    @property
    def bits(self) -> int:
        """Width in a 64-bit processor: natural width is 64."""
        return self.width or 64


@dataclasses.dataclass(frozen=True, slots=True)
class ExitReason:
    """A basic exit reason; `cls` is unconditional, conditional, event, entry_failure or reserved.

    Source: SDM volume 3, appendix "VMX Basic Exit Reasons".
    """

    number: int = column(convert=_number)
    name: str = column()
    cls: str = column("class")
    controlled_by: str = column()
    qualification: str = column()
    description: str = column()


@dataclasses.dataclass(frozen=True, slots=True)
class InstructionError:
    """A VM-instruction error number. Source: SDM volume 3, "VM Instruction Error Numbers"."""

    number: int = column(convert=_number)
    meaning: str = column()
    raised_by: tuple[str, ...] = column(convert=_names)


@dataclasses.dataclass(frozen=True, slots=True)
class ControlBit:
    """One bit of the VM-execution, VM-exit or VM-entry controls; `default1` means the plain capability MSR wants 1."""

    group: str = column()
    bit: int = column(convert=_number)
    name: str = column()
    default1: bool = column(convert=_truth)
    description: str = column()


@dataclasses.dataclass(frozen=True, slots=True)
class EntryCheck:
    """A rule of VM entry in the manual's order. Source: SDM volume 3, chapter "VM Entries"."""

    order: int = column(convert=_number)
    stage: str = column()
    check: str = column()
    failure: str = column()
    fields: tuple[str, ...] = column("fields_involved", _names)


@dataclasses.dataclass(frozen=True, slots=True)
class ExitStateRow:
    """What a VM exit records, saves or loads. Source: SDM volume 3, chapter "VM Exits"."""

    step: int = column(convert=_number)
    what: str = column()
    where_from: str = column()
    where_to: str = column()
    condition: str = column()


@dataclasses.dataclass(frozen=True, slots=True)
class VmxInstruction:
    """A VMX instruction in words. Source: SDM volume 3, chapter "VMX Instruction Reference"."""

    mnemonic: str = column()
    opcode: str = column()
    operands: str = column()
    in_original_ten: bool = column(convert=_truth)
    root_behaviour: str = column()
    effect: str = column()
    teaching_note: str = column()


def _entry_check(cell: str) -> str | None:
    return None if cell == "none" else f"guard.{int(cell)}"


@dataclasses.dataclass(frozen=True, slots=True)
class VmxOutcome:
    """How a VMX instruction can end other than by its effect, in the order in which the processor decides.

    `guard` is the row's id, INSTRUCTION.NAME in small letters. `kind` is fault, exit or fail. `code` says which: the
    fault ("#GP(0)", or several with "; " between them), the number of the VM exit, the VM-instruction error number, or
    "invalid" for a VMfailInvalid that never has a number. `check` is the rule of VM entry that the row is, as its page
    names it: "guard.4"; None for instructions that enter no guest, and for what the checks themselves decide.
    Source: SDM volume 3, chapter "VMX Instruction Reference".
    """

    guard: str = column()
    kind: str = column()
    code: str = column()
    case: str = column()
    check: str | None = column("entry_check", _entry_check)

    @property
    def instruction(self) -> str:
        """The mnemonic, in small letters."""
        return self.guard.partition(".")[0]


@dataclasses.dataclass(frozen=True, slots=True)
class MsrBits:
    """A bit or range `high:low` of an MSR."""

    msr: int = column("msr_hex", _number)
    name: str = column()
    bits: str = column()
    meaning: str = column()


@dataclasses.dataclass(frozen=True, slots=True)
class Msr:
    """An MSR of the virtualization extensions with the ranges that have a meaning."""

    number: int
    name: str
    bits: tuple[MsrBits, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class BitLayout:
    """A bit, range or value inside an architectural structure (exit_reason, access_rights, eptp, ...)."""

    structure: str = column()
    bits: str = column()
    name: str = column()
    meaning: str = column()


@dataclasses.dataclass(frozen=True, slots=True)
class ManualEntry:
    """What the manual calls a thing, and the volume and title of the section about it.

    `seen`: the event in which a learner sees it happen: "vm_exit 10", "vm_entry", "entry_failed 33", "vmx_on"; or
    "none".
    """

    key: str = column()
    name: str = column()
    volume: int = column(convert=_number)
    section: str = column()
    seen: str = column()


@dataclasses.dataclass(frozen=True, slots=True)
class SvmExitCode:
    """A #VMEXIT code of AMD's SVM. Source: APM volume 2, "SVM Intercept Exit Codes"."""

    code: int = column("code_hex", _number)
    name: str = column()
    description: str = column()


@dataclasses.dataclass(frozen=True, slots=True)
class SvmInstruction:
    """An instruction of SVM in words."""

    mnemonic: str = column()
    opcode: str = column()
    effect: str = column()
    faults: str = column()


@dataclasses.dataclass(frozen=True, slots=True)
class VmcbField:
    """A field of the VMCB: offset from its start and size, both in bytes. Source: APM volume 2, "Layout of VMCB"."""

    offset: int = column("offset_hex", _number)
    size: int = column(convert=_number)
    area: str = column()
    name: str = column()
    description: str = column()
    bits: str = column()


@dataclasses.dataclass(frozen=True, slots=True)
class SvmCheck:
    """A consistency check of VMRUN. Source: APM volume 2, "Canonicalization and Consistency Checks"."""

    order: int = column(convert=_number)
    area: str = column()
    check: str = column()
    failure: str = column()
    fields: tuple[str, ...] = column("fields_involved", _names)


@dataclasses.dataclass(frozen=True, slots=True)
class Vendors:
    """The same concept in the words of both vendors."""

    concept: str = column()
    intel: str = column()
    amd: str = column()
    note: str = column()


def read_rows(table: str, row_type: type[Row]) -> tuple[Row, ...]:
    """All rows of `tables/<table>.csv` as `row_type`, in file order; ValueError when a heading or cell does not fit."""
    columns = {
        (field.metadata["heading"] or field.name): (field.name, field.metadata["convert"])
        for field in dataclasses.fields(row_type)  # type: ignore[arg-type]
    }
    text = resources.files("vmviz.spec").joinpath("tables", f"{table}.csv").read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines(), strict=True)
    if set(reader.fieldnames or ()) != set(columns):
        raise ValueError(f"{table}.csv: headings {reader.fieldnames} are not those of {row_type.__name__}")
    rows: list[Row] = []
    for cells in reader:
        try:
            rows.append(row_type(**{name: convert(cells[heading]) for heading, (name, convert) in columns.items()}))
        except (KeyError, TypeError, ValueError) as error:
            place = f"{table}.csv:{reader.line_num}"
            raise ValueError(f"{place}: a cell does not fit {row_type.__name__}: {error}") from error
    return tuple(rows)
