"""The tables parse, their keys are unique, and what can be computed from an encoding agrees with its row."""

from __future__ import annotations

import csv
import itertools
import re
from importlib import resources

import pytest

from vmviz import spec
from vmviz.spec.rows import ControlBit, Field, read_rows

TABLES = sorted(path.name for path in resources.files("vmviz.spec").joinpath("tables").iterdir())
KEYS = {
    "bit_layouts.csv": ("structure", "bits"), "control_bits.csv": ("group", "bit"), "entry_checks.csv": ("order",),
    "exit_reasons.csv": ("number",), "manual_sections.csv": ("key",),
    "exit_state.csv": ("step",), "instruction_errors.csv": ("number",),
    "svm_exit_codes.csv": ("code_hex",), "svm_instructions.csv": ("mnemonic",),
    "svm_vmcb_fields.csv": ("area", "offset_hex"), "svm_vmrun_checks.csv": ("order",),
    "vmcs_fields.csv": ("encoding_hex",), "vmx_instructions.csv": ("mnemonic",), "vmx_msrs.csv": ("msr_hex", "bits"),
    "vmx_outcomes.csv": ("guard",),
    "vmx_svm_map.csv": ("concept",),
}


def test_every_table_has_a_known_key() -> None:
    assert TABLES == sorted(KEYS)


@pytest.mark.parametrize("table", TABLES)
def test_rows_have_no_empty_cell_and_unique_keys(table: str) -> None:
    text = resources.files("vmviz.spec").joinpath("tables", table).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert rows
    assert all(cell for row in rows for cell in row.values())
    keys = [tuple(row[part] for part in KEYS[table]) for row in rows]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("field", spec.FIELDS, ids=lambda field: field.name)
def test_width_type_and_index_follow_from_the_encoding(field: Field) -> None:
    assert field.width == (16, 64, 32, 0)[field.encoding >> 13 & 3]
    assert field.type == ("control", "read_only", "guest", "host")[field.encoding >> 10 & 3]
    assert field.index == field.encoding >> 1 & 0x1FF
    assert not field.encoding & ~0x6FFE
    assert field.has_high == (field.width == 64)


def test_fields_are_found_by_encoding_and_by_name() -> None:
    assert spec.FIELD_BY_ENCODING[0x681E] is spec.FIELD_BY_NAME["guest_rip"]
    assert len(spec.FIELDS) == len(spec.FIELD_BY_ENCODING) == len(spec.FIELD_BY_NAME) == 206


def test_introduced_with_names_a_control_that_exists() -> None:
    special = {"always", "dual_monitor_treatment", "fred", "seam_tdx"}
    for field in spec.FIELDS:
        if field.introduced_with in special or field.introduced_with.startswith("vm_function."):
            continue
        group, _, control = field.introduced_with.partition(".")
        assert control in spec.CONTROL_BITS[spec.CONTROL_GROUP_OF[group]], field


def test_exit_reasons_are_0_to_85_and_errors_1_to_28() -> None:
    assert list(spec.EXIT_REASONS) == list(range(86))
    assert list(spec.INSTRUCTION_ERRORS) == list(range(1, 29))
    assert spec.EXIT_REASONS[10].name == "CPUID"


@pytest.mark.parametrize(("group", "must_be_one"), [
    ("pin_based", 0x16), ("primary", 0x0401E172), ("vm_exit", 0x36DFF), ("vm_entry", 0x11FF), ("secondary", 0)])
def test_default1_bits_add_up_to_the_values_of_the_manual(group: str, must_be_one: int) -> None:
    assert sum(1 << row.bit for row in spec.CONTROL_BIT_ROWS if row.group == group and row.default1) == must_be_one


def test_control_names_are_unique_in_their_group_and_fit_their_field() -> None:
    assert set(spec.CONTROL_FIELDS) == set(spec.CONTROL_BITS) == set(spec.CONTROL_GROUP_OF.values())
    for group, bits in spec.CONTROL_BITS.items():
        assert len(bits) == sum(row.group == group for row in spec.CONTROL_BIT_ROWS)
        assert max(bits.values()) < spec.CONTROL_FIELDS[group].bits


def test_entry_checks_are_in_the_manuals_order() -> None:
    assert [row.order for row in spec.ENTRY_CHECKS] == list(range(1, 165))
    assert [row.step for row in spec.EXIT_STATE] == list(range(1, 57))


def test_the_ten_instructions_of_the_article_are_marked() -> None:
    assert {name for name, row in spec.VMX_INSTRUCTIONS.items() if row.in_original_ten} == {
        "VMXON", "VMXOFF", "VMCLEAR", "VMPTRLD", "VMPTRST", "VMREAD", "VMWRITE", "VMLAUNCH", "VMRESUME", "VMCALL"}


def test_msrs_gather_their_bits() -> None:
    feature_control = spec.VMX_MSRS[0x3A]
    assert feature_control.name == "IA32_FEATURE_CONTROL"
    assert [row.bits for row in feature_control.bits] == ["0", "1", "2"]
    assert {row.structure for row in spec.BIT_LAYOUT_ROWS} == set(spec.BIT_LAYOUTS)


def test_names_are_usable_as_identifiers() -> None:
    names = list(spec.FIELD_BY_NAME) + [row.name.lower() for row in spec.EXIT_REASONS.values()]
    names += [row.name for row in spec.CONTROL_BIT_ROWS]
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)


def test_vmcb_fields_do_not_overlap_within_the_control_area() -> None:
    fields = sorted((row for row in spec.VMCB_FIELDS if row.area == "control"), key=lambda row: row.offset)
    for first, second in itertools.pairwise(fields):
        assert first.offset + first.size <= second.offset, (first, second)


def test_a_table_that_does_not_fit_its_type_is_refused() -> None:
    with pytest.raises(ValueError, match="headings"):
        read_rows("vmcs_fields", ControlBit)


def test_tables_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        spec.EXIT_REASONS[10] = spec.EXIT_REASONS[11]  # type: ignore[index]
