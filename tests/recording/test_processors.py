"""Recordings of machines with several processors or an outside world: who acted, what each shows, what is told."""

from __future__ import annotations

import json

import pytest

from tests.machine.two import ALLOW_VMX, TRAMPOLINE
from vmviz import events as ev
from vmviz.asm import assemble
from vmviz.machine.received import Received, Sender
from vmviz.machine.signals import Arrival
from vmviz.recording import Position, apply_patch, diff
from vmviz.recording.recording import Recording
from vmviz.recording.sources import ProgramSource
from vmviz.recording.story import Story

PROGRAM = TRAMPOLINE + """
start:  call boot
""" + ALLOW_VMX + """
        mov [0x200000], eax
        mov [0x202000], eax
        mov qword [0x7000], 0x200000
        mov qword [0x7010], 0x202000
        vmxon [0x7000]
        vmclear [0x7010]
        vmptrld [0x7010]
w:      cmp byte [0x7020], 1
        jne w
        jmp shut
second: mov edi, 40
x:      dec edi
        jnz x
        mov byte [0x7020], 1
        hlt
"""
OUTSIDE = (Arrival(60, "interrupt", 0x40),)


def source(**options) -> ProgramSource:
    program = assemble(PROGRAM)
    return ProgramSource(program.image, start=program.symbols["start"], processors=2, outside=OUTSIDE, **options)


@pytest.fixture(scope="module")
def two() -> Recording:
    made = source()
    return Recording(made.key, made.record())


def test_the_acting_processor_is_the_one_whose_step_led_there(two: Recording) -> None:
    for step in range(1, two.length + 1):
        scene = two.scene(step)
        assert scene["acting"] == two.step(step - 1).processor
        assert {event["processor"] for event in two.events(step) if event["type"] != "signal"} <= {scene["acting"]}


def test_the_next_instruction_is_shown_at_the_processor_that_makes_the_next_step(two: Recording) -> None:
    for step in range(two.length):
        shown = [number for number, drawn in two.scene(step)["processors"].items() if "next" in drawn]
        instruction = [event for event in two.step(step).events if event.__class__.__name__ == "Instruction"]
        assert shown == ([str(two.step(step).processor)] if instruction else [])


def test_a_scene_shows_each_processor_with_its_own_registers_and_changes(two: Recording) -> None:
    step = next(at for at in range(two.length) if any(event["type"] == "mode" for event in two.events(at)))
    scene = two.scene(step)
    assert (scene["processors"]["0"]["mode"], scene["processors"]["1"]["mode"]) == ("root", "off")
    assert (scene["processors"]["0"]["vmxon_region"], "vmxon_region" in scene["processors"]["1"]) == ("200000", False)
    assert scene["processors"]["1"]["changed"] == {}
    end = two.scene(two.length)
    assert end["vmcs"]["202000"]["processor"] == 0
    assert end["processors"]["1"]["activity"] == "hlt"


def test_a_register_last_changed_on_its_own_processor(two: Recording) -> None:
    at = Position(two.length)
    first, second = two.last_change("rdi", at), two.last_change("processor:1:rdi", at)
    assert first is not None and second is not None
    assert (second["new"], two.journal.who(second["step"])) == ("0", 1)
    assert two.journal.who(first["step"]) == 0
    assert two.last_change("processor:0:rdi", at) == first
    for wrong in ("processor:2:rdi", "processor:x:rdi", "processor:1:nothing"):
        with pytest.raises(LookupError):
            two.last_change(wrong, at)


def test_lanes_cover_the_recording_and_agree_with_the_scenes(two: Recording) -> None:
    at = 0
    for lane in two.outline()["lanes"]:
        assert lane["from"] == at
        at = lane["to"]
        for step in range(lane["from"], lane["to"]):
            assert two.step(step).processor == lane["processor"]
            assert two.scene(step)["processors"][str(lane["processor"])]["mode"] == lane["lane"]
    assert at == two.length


def test_a_lane_ends_with_the_step_that_gives_control_to_another() -> None:
    """The marks of a VM entry and a VM exit on each of two processors, as a run leaves them."""
    exits = {"reason": 10, "name": "CPUID", "qualification": 0, "rip": 0}
    marks = []
    for step, vm, enters in ((2, "A", True), (5, "B", True), (10, "A", False), (11, "A", True), (14, "B", False)):
        if enters:
            marks += [(step, ev.ModeChange(from_="root", to="non_root")),
                      (step, ev.VmEntry(kind="launch", vmcs=0, vm=vm, rip=0))]
        else:
            marks += [(step, ev.VmExit(vmcs=0, vm=vm, **exits)), (step, ev.ModeChange(from_="non_root", to="root"))]
    turns = [(0, 4, 0), (4, 8, 1), (8, 12, 0), (12, 20, 1), (20, 21, 0)]
    assert [(lane["from"], lane["to"], lane["lane"], lane["processor"])
            for lane in Story(marks).lanes_by_turns(["root", "root"], turns)] == [
        (0, 3, "root", 0), (3, 4, "A", 0), (4, 6, "root", 1), (6, 8, "B", 1), (8, 11, "A", 0), (11, 12, "root", 0),
        (12, 15, "B", 1), (15, 20, "root", 1), (20, 21, "A", 0)]


def test_what_comes_from_outside_is_told_and_part_of_the_key(two: Recording) -> None:
    told = [(step, event) for step, _, events, _ in two.walk() for event in events if event["type"] == "signal"]
    assert [event for _, event in told] == [
        {"type": "signal", "processor": 1, "kind": "init", "from": 0},
        {"type": "signal", "processor": 1, "kind": "sipi", "vector": 8, "from": 0},
        {"type": "signal", "processor": 0, "kind": "interrupt", "vector": 64},
    ]
    assert two.scene(told[-1][0] + 1)["processors"]["0"]["registers"]["tsc"] == f"{60:x}"
    keys = {source().key, ProgramSource(source().image).key, ProgramSource(source().image, processors=2).key,
            ProgramSource(source().image, outside=OUTSIDE).key}
    assert len(keys) == 4


def test_snapshot_plus_deltas_is_the_full_scene(two: Recording) -> None:
    for step in range(two.length):
        before, after = two.scene(step), two.scene(step + 1)
        assert json.dumps(apply_patch(before, diff(before, after)), sort_keys=True) == json.dumps(after, sort_keys=True)


@pytest.mark.parametrize("of", [7, 64])
def test_a_run_elsewhere_is_read_as_if_it_ran_here(of: int) -> None:
    from tests.machine.two import booting

    text = PROGRAM.removeprefix(TRAMPOLINE)
    ran, received = source().record(), Received(booting(text, outside=OUTSIDE))
    sender = Sender(ran)
    for part in sender.parts():
        received.append(part)
    for step in range(0, ran.length + 1, of):
        assert (received.who(step), received.rip(step)) == (ran.who(step), ran.rip(step))
        assert [received.rip_of(n, step) for n in (0, 1)] == [ran.rip_of(n, step) for n in (0, 1)]


def test_each_processor_has_a_tlb_and_an_address_space_of_its_own_to_look_at(two: Recording) -> None:
    at = Position(two.length)
    acting = two.scene(*at).get("acting", 0)
    assert two.tlb(at) == two.tlb(at, acting) != two.tlb(at, 1 - acting)
    stands = int(two.scene(*at)["processors"]["1"]["rip"], 16)
    assert two.translation(at, stands, "fetch", 1)["cached"]
