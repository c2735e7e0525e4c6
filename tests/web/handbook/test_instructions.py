"""The outcomes of the VMX instructions stand in the manual's order."""

from __future__ import annotations

import pytest

from vmviz import spec
from vmviz.web.handbook.instructions import instruction, names


@pytest.mark.parametrize("mnemonic", names())
def test_outcomes_come_in_the_order_in_which_the_processor_decides_them(mnemonic: str) -> None:
    outcomes = instruction(mnemonic, "en").outcomes
    assert outcomes[0].label.text == "#UD" and outcomes[-1].kind == "success"
    kinds = [outcome.kind for outcome in outcomes]
    first_exit = kinds.index("exit")
    assert all("#GP" in outcome.label.text for outcome in outcomes[first_exit:] if outcome.kind == "fault")
    assert "fail" not in kinds or kinds.index("fail") > max(
        at for at, kind in enumerate(kinds) if kind == "fault")


@pytest.mark.parametrize("mnemonic", names())
def test_error_numbers_are_those_of_the_table_of_errors(mnemonic: str) -> None:
    raised = {row.number for row in spec.INSTRUCTION_ERROR_ROWS if mnemonic in row.raised_by}
    assert set(instruction(mnemonic, "en").errors) == raised


def test_no_clause_of_the_table_is_lost() -> None:
    for row in spec.VMX_INSTRUCTIONS.values():
        shown = " ".join(case.text for outcome in instruction(row.mnemonic, "en").outcomes
                         for case in (*outcome.cases, outcome.label))
        for cell in (row.faults, row.vmfail_cases):
            for clause in cell.replace("none; ", "").split("; "):
                assert clause == "none" or clause.rsplit(": ", 1)[-1] in shown, f"{row.mnemonic}: {clause}"


def test_a_guest_leaves_by_the_exit_of_the_instruction() -> None:
    assert instruction("VMXON", "en").exit == 27 and instruction("VMFUNC", "en").exit == 59
    vmcall = instruction("VMCALL", "en").outcomes
    assert [outcome.label.text for outcome in vmcall if outcome.kind == "fault"] == ["#UD", "(root only) #GP(0)"]
