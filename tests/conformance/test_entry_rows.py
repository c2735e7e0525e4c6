"""Every rule of VM entry, broken and kept, on vmviz and on Bochs."""
from __future__ import annotations

import pytest

from tests.conformance.entry_rows import NOT_ON_BOCHS, UNBREAKABLE, Case, cases, refused_first
from vmviz.machine.vmx import entry_rules
from vmviz.machine.vmx.checks import Check

ROWS = [row for row in entry_rules.ROWS if row.id not in UNBREAKABLE]


@pytest.fixture(scope="module")
def entered() -> dict[tuple[str, bool], Case]:
    return {(case.row.id, case.illegal): case for case in cases()}


@pytest.mark.parametrize("illegal", [False, True], ids=["kept", "broken"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_both_refuse_what_breaks_a_rule_and_nothing_else(row: Check, illegal: bool,
                                                         entered: dict[tuple[str, bool], Case]) -> None:
    case = entered[row.id, illegal]
    assert case.vmviz == case.wanted
    if illegal and row.id in NOT_ON_BOCHS:
        assert case.bochs != case.wanted, "Bochs checks it: take the row out of NOT_ON_BOCHS"
    else:
        assert case.bochs == case.wanted


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_the_rule_that_is_broken_first_is_this_one(row: Check) -> None:
    assert refused_first(row) == row.id
