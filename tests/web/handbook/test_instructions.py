"""The outcomes of the VMX instructions stand in the order in which the machine decides them."""

from __future__ import annotations

import pytest

from vmviz import spec
from vmviz.web.handbook.instructions import INVALID, instruction, names, rows_of


@pytest.mark.parametrize("mnemonic", names())
def test_outcomes_come_in_the_order_of_the_table(mnemonic: str) -> None:
    *outcomes, success = instruction(mnemonic, "en").outcomes
    assert outcomes[0].code == "#UD" and success.kind == "success"
    assert [case.guard for outcome in outcomes for case in outcome.cases] == [row.guard for row in rows_of(mnemonic)]
    assert [(outcome.kind, outcome.code) for outcome in outcomes for _ in outcome.cases] == [
        (row.kind, row.code) for row in rows_of(mnemonic)]


@pytest.mark.parametrize("mnemonic", names())
def test_what_comes_after_the_exit_of_a_guest_is_of_root_operation(mnemonic: str) -> None:
    kinds = [(outcome.kind, outcome.of_guests) for outcome in instruction(mnemonic, "en").outcomes]
    assert kinds.count(("exit", True)) == (mnemonic != "VMFUNC")


@pytest.mark.parametrize("mnemonic", names())
def test_error_numbers_are_those_of_the_table_of_errors(mnemonic: str) -> None:
    raised = {row.number for row in spec.INSTRUCTION_ERROR_ROWS if mnemonic in row.raised_by}
    assert set(instruction(mnemonic, "en").errors) == raised


@pytest.mark.parametrize("mnemonic", names())
def test_a_guest_leaves_by_the_exit_of_the_instruction(mnemonic: str) -> None:
    exits = {int(row.code) for row in rows_of(mnemonic) if row.kind == "exit"}
    assert exits == {reason.number for reason in spec.EXIT_REASONS.values() if reason.name == mnemonic}


def test_kinds_and_codes_are_those_that_a_page_knows() -> None:
    for row in spec.VMX_OUTCOMES.values():
        assert row.instruction.upper() in names() and row.guard.count(".") == 1
        if row.kind == "fault":
            assert all(code in ("#UD", "#GP(0)", "#SS(0)", "#PF") for code in row.code.split("; "))
        elif row.kind == "fail":
            assert row.code == INVALID or int(row.code) in spec.INSTRUCTION_ERRORS
        else:
            assert row.kind == "exit" and int(row.code) in spec.EXIT_REASONS


def test_rows_that_are_rules_of_vm_entry_name_each_guard_of_it() -> None:
    for mnemonic, other in (("vmlaunch", 8), ("vmresume", 7)):
        named = dict.fromkeys(row.check for row in rows_of(mnemonic) if row.check)
        assert list(named) == [f"guard.{number}" for number in range(1, 9) if number != other]
    assert not [row for row in spec.VMX_OUTCOMES.values()
                if row.check and row.instruction not in ("vmlaunch", "vmresume")]
