"""The architecture as data: VMCS fields, exit reasons, error numbers, control bits, entry checks, MSRs.

The tables are the CSV files in `tables/`; `rows.py` gives each row a type; here they become names. Read once, at
import; nothing changes afterwards. This package depends on no other part of vmviz, and it computes nothing that a
processor does: it only says what the manual's tables say.

Groups of control bits: pin_based, primary, secondary, tertiary, vm_exit, vm_exit_secondary, vm_entry. A `Field`'s
`introduced_with` shortens three of them: pin, exit, exit2, entry (see CONTROL_GROUP_OF).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from vmviz.spec.rows import (
    BitLayout,
    ControlBit,
    EntryCheck,
    ExitReason,
    ExitStateRow,
    Field,
    InstructionError,
    Msr,
    MsrBits,
    SvmCheck,
    SvmExitCode,
    SvmInstruction,
    Vendors,
    VmcbField,
    VmxInstruction,
    VmxOutcome,
    read_rows,
)

Key = TypeVar("Key")
Value = TypeVar("Value")


def _frozen(items: dict[Key, Value]) -> Mapping[Key, Value]:
    return MappingProxyType(items)


FIELDS: tuple[Field, ...] = read_rows("vmcs_fields", Field)
FIELD_BY_ENCODING: Mapping[int, Field] = _frozen({field.encoding: field for field in FIELDS})
FIELD_BY_NAME: Mapping[str, Field] = _frozen({field.name: field for field in FIELDS})

EXIT_REASONS: Mapping[int, ExitReason] = _frozen({row.number: row for row in read_rows("exit_reasons", ExitReason)})
INSTRUCTION_ERROR_ROWS: tuple[InstructionError, ...] = read_rows("instruction_errors", InstructionError)
INSTRUCTION_ERRORS: Mapping[int, str] = _frozen({row.number: row.meaning for row in INSTRUCTION_ERROR_ROWS})

CONTROL_BIT_ROWS: tuple[ControlBit, ...] = read_rows("control_bits", ControlBit)
CONTROL_BITS: Mapping[str, Mapping[str, int]] = _frozen({
    group: _frozen({row.name: row.bit for row in CONTROL_BIT_ROWS if row.group == group})
    for group in dict.fromkeys(row.group for row in CONTROL_BIT_ROWS)
})
CONTROL_FIELDS: Mapping[str, Field] = _frozen({group: FIELD_BY_NAME[name] for group, name in {
    "pin_based": "pin_based_controls",
    "primary": "primary_processor_based_controls",
    "secondary": "secondary_processor_based_controls",
    "tertiary": "tertiary_processor_based_controls",
    "vm_exit": "primary_vm_exit_controls",
    "vm_exit_secondary": "secondary_vm_exit_controls",
    "vm_entry": "vm_entry_controls",
}.items()})
CONTROL_GROUP_OF: Mapping[str, str] = _frozen({
    "pin": "pin_based", "primary": "primary", "secondary": "secondary", "tertiary": "tertiary",
    "exit": "vm_exit", "exit2": "vm_exit_secondary", "entry": "vm_entry",
})

ENTRY_CHECKS: tuple[EntryCheck, ...] = read_rows("entry_checks", EntryCheck)
EXIT_STATE: tuple[ExitStateRow, ...] = read_rows("exit_state", ExitStateRow)
VMX_INSTRUCTIONS: Mapping[str, VmxInstruction] = _frozen(
    {row.mnemonic: row for row in read_rows("vmx_instructions", VmxInstruction)})
VMX_OUTCOMES: Mapping[str, VmxOutcome] = _frozen({row.guard: row for row in read_rows("vmx_outcomes", VmxOutcome)})
VMX_MSR_BITS: tuple[MsrBits, ...] = read_rows("vmx_msrs", MsrBits)
VMX_MSRS: Mapping[int, Msr] = _frozen({
    number: Msr(number, name, tuple(row for row in VMX_MSR_BITS if row.msr == number))
    for number, name in dict.fromkeys((row.msr, row.name) for row in VMX_MSR_BITS)
})
BIT_LAYOUT_ROWS: tuple[BitLayout, ...] = read_rows("bit_layouts", BitLayout)
BIT_LAYOUTS: Mapping[str, tuple[BitLayout, ...]] = _frozen({
    structure: tuple(row for row in BIT_LAYOUT_ROWS if row.structure == structure)
    for structure in dict.fromkeys(row.structure for row in BIT_LAYOUT_ROWS)
})

SVM_EXIT_CODES: Mapping[int, SvmExitCode] = _frozen(
    {row.code: row for row in read_rows("svm_exit_codes", SvmExitCode)})
SVM_INSTRUCTIONS: Mapping[str, SvmInstruction] = _frozen(
    {row.mnemonic: row for row in read_rows("svm_instructions", SvmInstruction)})
VMCB_FIELDS: tuple[VmcbField, ...] = read_rows("svm_vmcb_fields", VmcbField)
VMRUN_CHECKS: tuple[SvmCheck, ...] = read_rows("svm_vmrun_checks", SvmCheck)
VENDORS: tuple[Vendors, ...] = read_rows("vmx_svm_map", Vendors)
