"""docs/proof.md says what the runs of the conformance programs show, and the reasons it gives are true."""
from __future__ import annotations

import pytest

from tests.conformance import entry_rows
from tests.conformance.bochs import programs
from tests.conformance.proof import coverage, page, reasons
from tests.conformance.proof.__main__ import PAGE
from vmviz.asm import assemble
from vmviz.machine.vmx import entry_rules
from vmviz.spec import EXIT_REASONS, VMX_INSTRUCTIONS


@pytest.fixture(scope="module")
def shown() -> dict[str, coverage.Shown]:
    """What all programs show."""
    return coverage.of_all()


def test_the_page_is_what_the_programs_show(shown: dict[str, coverage.Shown]) -> None:
    stale = PAGE.read_text(encoding="utf-8") != page.page(shown, coverage.of_entry_rows())
    assert not stale, "run python -m tests.conformance.proof and look at what changed"


def test_what_can_be_shown_is_shown() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    assert not [row for row in rows if row.endswith("| not shown |") and not row.startswith("| table |")]


def test_what_a_program_shows_is_never_said_to_be_impossible(shown: dict[str, coverage.Shown]) -> None:
    for fact in (fact for facts in shown.values() for fact in facts):
        assert fact[0] != "exit" or int(fact[1]) not in reasons.EXITS
        assert fact[0] != "instruction" or tuple(fact[1:]) not in reasons.OUTCOMES
        assert fact[0] != "control" or reasons.models_with_control(fact[1])


def test_a_program_shows_what_it_does() -> None:
    hello = next(source for source in programs() if source.stem == "lifecycle-hello")
    shown = coverage.of_program(hello)
    assert {("instruction", "VMLAUNCH", "VM entry"), ("exit", "12"), ("control", "primary.hlt_exiting"),
            ("field", "guest_rip", "write"), ("instruction", "VMXOFF", "VMsucceed")} <= shown
    assert ("exit", "10") not in shown and not any(fact[0] == "check" for fact in shown)


def test_what_the_second_processor_does_is_seen() -> None:
    exits = next(source for source in programs() if source.stem == "two-init-and-sipi-exits")
    assert {("exit", "3"), ("exit", "4")} <= coverage.of_program(exits)


def test_the_entry_rows_break_each_rule_that_they_can() -> None:
    breakable = {row.id for row in entry_rules.ROWS} - entry_rows.UNBREAKABLE
    assert coverage.of_entry_rows() == {("check", row) for row in breakable}


def test_a_program_without_vmx_shows_a_fault_and_nothing_else() -> None:
    assert coverage.of_image(assemble("bits 64\norg 0x100000\nvmxoff\n").image) == {("instruction", "VMXOFF", "#UD")}


@pytest.mark.parametrize("number", [number for number, reason in reasons.EXITS.items() if reason.controls])
def test_an_exit_that_cannot_come_has_a_control_that_no_model_allows(number: int) -> None:
    assert not any(reasons.models_with_control(name) for name in reasons.EXITS[number].controls)


def test_reasons_are_for_rows_of_the_tables() -> None:
    assert set(reasons.EXITS) <= set(EXIT_REASONS)
    assert all(outcome in page.outcomes(name) for name, outcome in reasons.OUTCOMES)


@pytest.mark.parametrize("name", VMX_INSTRUCTIONS)
def test_every_instruction_has_the_outcomes_of_its_row(name: str) -> None:
    found = page.outcomes(name)
    assert len(found) == len(set(found)) > 1
    assert ("#UD" in found) and (name == "VMFUNC" or any(outcome.startswith("VM exit") for outcome in found))
