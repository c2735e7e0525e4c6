"""Where things happen is read off the events: what a place says is among the events that led there."""

from __future__ import annotations

from typing import Any

import pytest

from vmviz.lessons import load
from vmviz.lessons.happenings import MOST_PLACES, Happening, Place, happenings
from vmviz.lessons.performance import prepare
from vmviz.lessons.recorded import record
from vmviz.recording.recording import Recording


def of(*steps: list[dict[str, Any]]) -> dict[str, tuple[Happening, ...]]:
    return dict(happenings(len(steps), lambda position: steps[position - 1]))


def instruction(text: str) -> dict[str, Any]:
    return {"type": "instruction", "text": text}


def test_a_field_is_written_by_vmwrite_and_saved_by_a_phase_of_an_exit() -> None:
    write = {"type": "vmcs_write", "vmcs": "1000", "field": "guest_rip", "old": "0", "new": "5"}
    found = of([instruction("vmwrite rax, rbx"), write],
               [instruction("cpuid"), {"type": "phase", "of": "exit", "number": 1, "name": "reason"},
                {"type": "vm_exit", "reason": 10}, {"type": "phase", "of": "exit", "number": 2, "name": "save_guest"},
                write])
    assert found["field.guest_rip"] == (Happening("written", (Place(1),), 1), Happening("saved", (Place(1, 2),), 1))
    assert found["exit.10"] == (Happening("exit", (Place(2),), 1),)


def test_an_error_that_the_processor_notes_is_not_written_by_the_program() -> None:
    found = of([instruction("vmlaunch"), {"type": "vmcs_write", "vmcs": "1000", "field": "vm_instruction_error",
                                          "old": "0", "new": "4"},
                {"type": "vmx_outcome", "instruction": "VMLAUNCH", "result": "fail_valid", "error": 4}])
    assert found["field.vm_instruction_error"][0].how == "saved"
    assert found["error.4"][0].places == (Place(1),) == found["check.guard.7"][0].places
    assert [way.how for way in found["instruction.VMLAUNCH"]] == ["fail_valid"]


def test_a_control_happens_where_vmwrite_turns_its_bit_from_0_to_1() -> None:
    def step(old: str, new: str) -> list[dict[str, Any]]:
        return [instruction("vmwrite rax, rbx"), {"type": "vmcs_write", "vmcs": "1000", "old": old, "new": new,
                                                  "field": "primary_processor_based_controls"}]

    found = of(step("4", "84"), step("84", "80"))
    assert found["control.primary.hlt_exiting"] == (Happening("set", (Place(1),), 1),)
    assert "control.primary.interrupt_window_exiting" not in found


def test_an_msr_of_vmx_is_read_and_written_by_its_number() -> None:
    found = of([{"type": "msr", "index": "480", "access": "read", "value": "4"}],
               [{"type": "msr", "index": "3a", "access": "write", "value": "5"}],
               [{"type": "msr", "index": "c0000082", "access": "write", "value": "5", "name": "IA32_LSTAR"}])
    assert found == {"msr.ia32_vmx_basic": (Happening("rdmsr", (Place(1),), 1),),
                     "msr.ia32_feature_control": (Happening("wrmsr", (Place(2),), 1),)}


def test_the_first_places_are_kept_and_all_are_counted() -> None:
    found = of(*[[instruction("vmptrst [rax]"), {"type": "vmx_outcome", "instruction": "VMPTRST",
                                                 "result": "succeed"}]] * 7)
    way = found["instruction.VMPTRST"][0]
    assert way.places == (Place(1), Place(2), Place(3)) and len(way.places) == MOST_PLACES and way.times == 7


@pytest.fixture(scope="module", params=["first-exit", "entry-fails"])
def recording(request: pytest.FixtureRequest) -> Recording:
    return record(prepare(load(request.param)))


def test_every_place_of_a_lesson_exists_and_has_what_it_says(recording: Recording) -> None:
    found = happenings(recording.length, recording.events)
    assert {key.partition(".")[0] for key in found} >= {"instruction", "field", "exit"}
    for key, ways in found.items():
        kind, _, name = key.partition(".")
        for way in ways:
            for step, phase in way.places:
                assert 0 <= step <= recording.length and phase <= (recording.phases(step) if phase else 0), key
                events = recording.events(step, phase)
                text = str(events)
                assert f"'{name.lower() if kind == 'instruction' else name}" in text or str(name) in text or (
                    kind in ("control", "check", "msr")), f"{key} at {step}.{phase}"


def test_every_exit_and_failed_entry_of_a_lesson_is_there(recording: Recording) -> None:
    found = happenings(recording.length, recording.events)
    outline = recording.outline()
    for event in outline["exits"]:
        assert f"exit.{event['reason']}" in found
    for event in outline["failures"]:
        assert found[f"check.{event['check']}"][0].places
