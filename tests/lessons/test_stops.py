"""Stops hang on events: which one, where that is, and what an author is told when it never comes."""

from __future__ import annotations

import pytest

from vmviz.errors import LessonError
from vmviz.lessons.stops import Moment, matches, resolve_regions, resolve_stops

CPUID = {"type": "vm_exit", "isa": "vmx", "reason": 10, "name": "CPUID", "qualification": "0", "vmcs": "201000",
         "vm": "A", "rip": "101000", "length": 2}
HLT = {**CPUID, "reason": 12, "name": "HLT", "length": 1}
PHASES = [{"type": "phase", "of": "exit", "number": number, "name": "x"} for number in range(1, 6)]
SYMBOLS = {"start": 0x100000, "program_end": 0x100010, "VMCS_A": 0x201000, "loop.again": 0x100004}
STOP = "{id: inside, on: {event: vmx_outcome, instruction: vmxon}}"
LAST = "{id: after, on: {event: vmx_outcome, instruction: vmxoff}}"


def lesson_with(sketch, inside: str, last: str = "{id: after, on: {at: program_end}}"):
    return sketch.change("lesson.yaml", STOP, inside).change("lesson.yaml", LAST, last).load()


def run() -> list[Moment]:
    halt = {"type": "halt", "processor": 0}
    return [Moment(0, 0x100000), Moment(1, 0x100004, [*PHASES, CPUID]), Moment(2, 0x100004, [halt]),
            Moment(3, 0x100004, [*PHASES, HLT]), Moment(4, 0x100008, [CPUID, HLT]), Moment(5, 0x10000C),
            Moment(6, 0x100010)]


@pytest.mark.parametrize(("on", "position"), [
    ("on: {event: vm_exit}", (2, 0)),
    ("on: {event: vm_exit}, phase: 2", (1, 2)),
    ("on: {event: vm_exit, nth: 2}", (4, 0)),
    ("on: {event: vm_exit, nth: 4}", (5, 0)),
    ("on: {event: vm_exit, reason: hlt}", (4, 0)),
    ("on: {event: vm_exit, reason: 12, nth: 2}", (5, 0)),
    ("on: {event: vm_exit, name: cpuid, vm: A, nth: 2}", (5, 0)),
    ("on: {event: vm_exit, vmcs: VMCS_A, length: 1}", (4, 0)),
    ("on: {event: vm_exit, vmcs: 0x201000}", (2, 0)),
    ("on: {at: loop.again}", (1, 0)),
    ("on: {at: loop.again, nth: 3}", (3, 0)),
])
def test_a_stop_is_after_the_step_of_its_event_or_before_the_instruction_at_its_label(sketch, on, position) -> None:
    lesson = lesson_with(sketch, f"{{id: inside, {on}}}")
    stop = resolve_stops(lesson, run(), SYMBOLS)[1]
    assert (stop.id, stop.step, stop.phase) == ("inside", *position)


@pytest.mark.parametrize(("on", "said"), [
    ("on: {event: vm_exit, reason: vmcall}", "step 1 {isa: vmx, reason: 10, name: CPUID"),
    ("on: {event: vm_exit, nth: 9}", "only 4 such events came"),
    ("on: {event: vm_entry}", "no vm_entry event came at all"),
    ("on: {at: loop.again, nth: 4}", "execution reached it 3 times"),
])
def test_a_stop_that_never_fires_names_its_line_and_the_nearest_events(sketch, line_of, on, said) -> None:
    lesson = lesson_with(sketch, f"{{id: inside, {on}}}")
    with pytest.raises(LessonError) as caught:
        resolve_stops(lesson, run(), SYMBOLS)
    assert "'inside' never fires" in caught.value.message and said in caught.value.message
    assert caught.value.file == "sketch/lesson.yaml"
    assert caught.value.line == line_of(sketch.folder / "lesson.yaml", "id: inside")


def test_a_phase_that_the_step_does_not_have_is_refused(sketch) -> None:
    lesson = lesson_with(sketch, "{id: inside, on: {event: vm_exit}, phase: 5}")
    with pytest.raises(LessonError, match="5 phases; 5 is not inside it"):
        resolve_stops(lesson, run(), SYMBOLS)


def test_stops_come_in_the_order_of_the_run(sketch) -> None:
    lesson = lesson_with(sketch, "{id: inside, on: {at: program_end}}", "{id: after, on: {event: vm_exit}}")
    with pytest.raises(LessonError, match="not after 'inside'"):
        resolve_stops(lesson, run(), SYMBOLS)


def test_an_unknown_label_is_named(sketch) -> None:
    lesson = lesson_with(sketch, "{id: inside, on: {at: nowhere}}")
    with pytest.raises(LessonError, match="no label 'nowhere'"):
        resolve_stops(lesson, run(), SYMBOLS)


def test_an_absent_field_matches_nothing() -> None:
    assert not matches({"type": "vmx_outcome", "instruction": "vmxon"}, {"error": 7}, {})


def test_a_region_is_the_code_between_its_labels(sketch) -> None:
    region, = resolve_regions(sketch.load(), SYMBOLS)
    assert (region.first, region.end) == (0x100000, 0x100010)
    assert region.to_wire() == {"id": "program", "name": {"en": "the program", "pt-BR": "o programa"}, "where": "root",
                                "ring": 0, "first": "100000", "end": "100010"}


def test_an_empty_region_is_refused(sketch) -> None:
    with pytest.raises(LessonError, match="holds no code"):
        resolve_regions(sketch.load(), {**SYMBOLS, "program_end": 0x100000})


def test_regions_do_not_overlap(sketch) -> None:
    sketch.change("lesson.yaml", "stops:", "  - {id: other, name: {en: x, pt-BR: x}, where: root, from: loop.again, "
                  "to: program_end}\n\nstops:")
    with pytest.raises(LessonError, match="'other' overlaps 'program'"):
        resolve_regions(sketch.load(), SYMBOLS)


def test_a_stop_can_ask_for_the_processor_at_a_label_and_of_an_event(sketch) -> None:
    moments = [Moment(0, 0x100004), Moment(1, 0x100004, [{**CPUID, "processor": 0}]),
               Moment(2, 0x100004, [{**CPUID, "processor": 1}], 1), Moment(3, 0x100010)]
    lesson = lesson_with(sketch, "{id: inside, on: {at: loop.again, processor: 1}}",
                         "{id: after, on: {event: vm_exit, processor: 1}}")
    found = {stop.id: stop.step for stop in resolve_stops(lesson, [Moment(0, 0x100000), *moments], SYMBOLS)}
    assert (found["inside"], found["after"]) == (2, 3)


def test_with_one_processor_its_number_is_0(sketch) -> None:
    assert matches(CPUID, {"processor": 0}, SYMBOLS)
    assert not matches(CPUID, {"processor": 1}, SYMBOLS)
