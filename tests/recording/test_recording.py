"""A recording shows the same at a position whichever way one came there, and its parts agree with each other."""

from __future__ import annotations

import gc
import json
import random
import weakref

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vmviz.asm import assemble
from vmviz.errors import VmvizError
from vmviz.lessons import load
from vmviz.recording import Position, apply_patch, diff
from vmviz.recording.listing import listing
from vmviz.recording.recording import Recording
from vmviz.recording.sources import ProgramSource
from vmviz.web.lesson_shelf import recorded as lesson_recorded

settings.register_profile("shared machine", deadline=None,
                          suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
settings.load_profile("shared machine")

PROGRAM = """
bits 64
org 0x100000
start:
        mov     rbx, 0x200000
        mov     ecx, 3
.again: add     qword [rbx], rcx
        mov     al, 'a'
        out     0xe9, al
        loop    .again
        jmp     done
counted: nop
done:   mov     dx, 0x8900
        mov     rsi, bye
        mov     ecx, 8
        rep outsb
        hlt
bye:    db "Shutdown"
"""


def recorded(source=PROGRAM, **options):
    program = assemble(source)
    made = ProgramSource(program.image, **options)
    return Recording(made.key, made.record(), (), listing(source, program))


@pytest.fixture(scope="module")
def small():
    return recorded()


@pytest.fixture(scope="module")
def lesson():
    """The lesson of the course: VM entries, VM exits, two guests."""
    return lesson_recorded(load("first-guests"))


def positions(recording):
    return [Position(step, phase) for step in range(recording.length)
            for phase in range(max(recording.phases(step), 1))] + [Position(recording.length)]


def exactly(value):
    return json.dumps(value, sort_keys=True, allow_nan=False)


def nulls(value):
    if isinstance(value, dict):
        return any(nulls(inner) for inner in value.values())
    if isinstance(value, list):
        return any(nulls(inner) for inner in value)
    return value is None


# ---- one program

def test_a_program_is_recorded_to_its_end(small):
    assert small.done and small.outcome == "shutdown_port"
    assert small.scene(small.length)["console"] == "aaa"
    assert small.scene(0)["console"] == "" and small.scene(0)["processors"]["0"]["rip"] == "100000"


def test_changed_is_what_the_last_step_changed_with_the_value_before(small):
    assert small.scene(1)["processors"]["0"]["changed"]["rbx"] == "0"
    assert small.scene(1)["processors"]["0"]["registers"]["rbx"] == "200000"
    assert "rbx" not in small.scene(2)["processors"]["0"]["changed"]


def test_the_next_instruction_is_shown_before_it_runs_and_told_after(small):
    following = small.scene(0)["processors"]["0"]["next"]
    assert following["address"] == "100000" and following["text"].startswith("mov")
    assert small.events(0) == []
    told = small.events(1)[0]
    assert told["type"] == "instruction" and told["text"] == following["text"]
    assert "next" not in small.scene(small.length)["processors"]["0"]


def test_memory_is_that_of_the_position(small):
    at = [int.from_bytes(small.memory(Position(step), 0x200000, 8), "little") for step in (0, 3, 7, 11, small.length)]
    assert at == [0, 3, 5, 6, 6]
    assert small.memory(Position(0), 1 << 40, 8) is None and small.memory(Position(0), (32 << 20) - 4, 8) is None


def test_the_latest_change_is_found_by_name_and_by_address(small):
    end = Position(small.length)
    assert small.last_change("rbx", end) == {"step": 0, "rip": "100000", "old": "0", "new": "200000"}
    change = small.last_change("memory:200000", end)
    assert (change["old"], change["new"]) == ("5", "6")
    assert small.last_change("memory:200000", Position(2)) is None
    assert small.last_change("rax", end, 0xFF00) is None    # AL alone was written
    flag = small.last_change("memory:200000", end, 0b10)
    assert (flag["old"], flag["new"]) == ("0", "1")         # 5 became 6
    for name in ("nonsense", "memory:xyz", "memory:ffffffffffff", "vmcs:1000:guest_rip", "vmcs:", ":"):
        with pytest.raises(LookupError):
            small.last_change(name, end)


def test_breakpoints_are_found_ahead_of_a_position(small):
    again = int(small.listing()["symbols"]["start.again"], 16)
    assert [small.next_rip({again}, step) for step in (0, 2, 6, 10)] == [2, 6, 10, None]


def test_the_listing_has_the_bytes_of_each_line(small):
    lines = small.listing()["lines"]
    assert next(line for line in lines if "nop" in line["text"])["bytes"] == "90"
    assert "address" not in lines[1]


def test_what_comes_before_start_runs_unseen():
    program = assemble(PROGRAM)
    whole, part = recorded(), recorded(start=program.symbols["done"])
    skipped = whole.length - part.length
    assert skipped > 10
    assert part.scene(0)["console"] == ""
    one, other = part.scene(3)["processors"]["0"], whole.scene(skipped + 3)["processors"]["0"]
    assert one["registers"] == other["registers"]  # the time-stamp counter goes on as well


@pytest.mark.parametrize("source, what", [
    ("bits 64\norg 0x100000\nagain: jmp again", "not ended"),
    ("bits 64\norg 0x100000\nfld1\nhlt", "outside the model"),
])
def test_a_program_that_cannot_be_recorded_whole_says_why(source, what):
    with pytest.raises(VmvizError, match=what):
        recorded(source, longest=1000)


def test_a_start_that_is_never_reached_is_an_error():
    with pytest.raises(VmvizError, match="does not come to its start"):
        recorded(start=0x123)


# ---- the lesson

def test_every_scene_and_event_can_travel_and_holds_no_null(lesson):
    for at in positions(lesson):
        for value in (lesson.scene(*at), lesson.events(*at)):
            exactly(value)
            assert not nulls(value)
    assert not nulls(lesson.outline()) and not nulls(lesson.listing())


def test_whichever_way_one_comes_a_position_looks_the_same(lesson):
    everywhere = positions(lesson)
    forwards = {at: exactly(lesson.scene(*at)) for at in everywhere}
    events = {at: exactly(lesson.events(*at)) for at in everywhere}
    another = Recording("another", lesson.journal, lesson.regions)
    wandering = everywhere[::-1] + random.Random(1).sample(everywhere, len(everywhere))
    for at in wandering:
        assert exactly(another.scene(*at)) == forwards[at], at
        assert exactly(another.events(*at)) == events[at], at


def test_recording_twice_gives_the_same(lesson):
    again = lesson_recorded(load("first-guests"))
    assert again.key == lesson.key
    assert exactly(again.outline()) == exactly(lesson.outline())
    for at in positions(lesson)[::7]:
        assert exactly(again.scene(*at)) == exactly(lesson.scene(*at))


@given(data=st.data())
def test_snapshot_plus_deltas_is_the_full_scene(lesson, data):
    everywhere = positions(lesson)
    walk = data.draw(st.lists(st.sampled_from(everywhere), min_size=2, max_size=5))
    scene = lesson.scene(*walk[0])
    for before, at in zip(walk, walk[1:], strict=False):
        scene = apply_patch(scene, diff(lesson.scene(*before), lesson.scene(*at)))
        assert exactly(scene) == exactly(lesson.scene(*at))


def test_lanes_cover_the_recording_without_gaps_and_agree_with_the_scenes(lesson):
    lanes = lesson.outline()["lanes"]
    assert lanes[0]["from"] == 0 and lanes[-1]["to"] == lesson.length
    assert all(one["to"] == other["from"] for one, other in zip(lanes, lanes[1:], strict=False))
    for lane in lanes:
        for step in (lane["from"], lane["to"] - 1):
            processor = lesson.scene(step)["processors"]["0"]
            assert processor.get("vm", processor["mode"]) == lane["lane"], step


def test_the_outline_agrees_with_the_scenes_about_exits_and_entries(lesson):
    outline = lesson.outline()
    for number, found in enumerate(outline["exits"], 1):
        scene = lesson.scene(found["step"])
        assert scene["processors"]["0"]["exits"] == number
        last = scene["vms"][found["vm"]]["last_exit"]
        assert {key: last[key] for key in ("reason", "name", "step", "rip")} == {
            key: found[key] for key in ("reason", "name", "step", "rip")}
        assert any(event["type"] == "vm_exit" for event in lesson.events(found["step"]))
    for number, found in enumerate(outline["entries"], 1):
        scene = lesson.scene(found["step"])
        assert scene["processors"]["0"]["entries"] == number and scene["vms"][found["vm"]]["state"] == "running"


def test_phases_of_entries_and_exits_are_positions_with_a_transition_under_way(lesson):
    phased = lesson.outline()["phased"]
    assert phased
    for step, phases in phased.items():
        count = len(phases["names"])
        assert count == lesson.phases(int(step))
        for phase in range(1, count):
            under_way = lesson.scene(int(step), phase)[phases["of"]]
            assert under_way["phase"] == phase and under_way["of"] == count
            assert lesson.events(int(step), phase)[0]["type"] in ("instruction", "phase", "interrupt")
    resting = [lesson.scene(step) for step in range(lesson.length + 1)]
    assert not any("entry" in scene or "exit" in scene for scene in resting)


def test_the_two_guests_are_born_run_stop_and_end(lesson):
    seen = {"A": [], "B": []}
    for step in range(lesson.length + 1):
        for name, vm in lesson.scene(step)["vms"].items():
            if not seen[name] or seen[name][-1] != vm["state"]:
                seen[name].append(vm["state"])
    for states in seen.values():
        assert states[:4] == ["created", "ready", "running", "stopped"], states


def test_changed_fields_of_a_vmcs_are_those_that_differ_from_the_step_before(lesson):
    for step in range(1, lesson.length + 1):
        before, after = lesson.scene(step - 1)["vmcs"], lesson.scene(step)["vmcs"]
        for address in before:
            differ = {name: before[address]["fields"][name] for name, value in after[address]["fields"].items()
                      if before[address]["fields"][name] != value}
            assert after[address]["changed"] == differ, (step, address)


def test_stops_are_positions_in_order_and_regions_are_lit_by_rip(lesson):
    assert list(lesson.stops) == sorted(lesson.stops) and 12 <= len(lesson.stops) <= 32    # questions stop too
    assert set(lesson.stops) <= set(positions(lesson))
    lit = {lesson.scene(step).get("region") for step in range(lesson.length)}
    assert {region["id"] for region in lesson.outline()["regions"]} <= lit


def test_the_memory_of_a_recording_is_free_as_soon_as_nobody_has_it():
    made = recorded()
    made.scene(1)
    memories = [weakref.ref(machine.cpu.memory) for machine in (made.journal, made._cursor)]
    gc.disable()
    try:
        del made
        assert [memory() for memory in memories] == [None, None]
    finally:
        gc.enable()
