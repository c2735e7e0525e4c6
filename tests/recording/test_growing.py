"""A recording that still grows shows what the complete one shows, at every position it has."""

from __future__ import annotations

import pytest

from tests.recording.test_recording import PROGRAM
from vmviz.asm import assemble
from vmviz.lessons import load
from vmviz.lessons.performance import prepare
from vmviz.machine.bench import processor
from vmviz.machine.journal import Journal
from vmviz.machine.received import Received, Sender
from vmviz.recording import outline as module
from vmviz.recording.recording import Recording
from vmviz.recording.story import LONGEST_CONSOLE


@pytest.fixture(scope="module", params=["a program", "the lesson"])
def image(request):
    return assemble(PROGRAM).image if request.param == "a program" else prepare(load("first-guests")).source.image


def whole(image, longest=10_000):
    journal = Journal(processor(image))
    journal.record(longest)
    return Recording("whole", journal)


def test_every_position_shows_the_same_while_it_grows_and_after(image):
    complete = whole(image)
    journal, received = Journal(processor(image)), Received(processor(image))
    sender, growing = Sender(journal), Recording("growing", received, done=False)
    assert growing.length == 0 and growing.outline()["lanes"] == [{"from": 0, "to": 0, "lane": "off"}]
    while not journal.ending:
        journal.record(9)
        for part in sender.parts():
            received.append(part)
        growing.grow(done=False)
        assert growing.length == journal.length - 1 and not growing.done
        assert all(position.step <= growing.length for position in (*growing.exits, *growing.entries))
        for step in {growing.length, growing.length // 2, max(growing.length - 5, 0)}:
            for phase in range(max(growing.phases(step), 1)):
                assert growing.scene(step, phase) == complete.scene(step, phase)
                assert growing.events(step, phase) == complete.events(step, phase)
    growing.grow(done=True)
    assert growing.done and growing.length == complete.length
    assert growing.outline() == complete.outline()
    assert list(growing.exits) == list(complete.exits) and list(growing.entries) == list(complete.entries)
    assert growing.scene(growing.length) == complete.scene(complete.length)


def test_a_breakpoint_is_found_across_chunks():
    program = assemble("bits 64\norg 0x100000\nmov ecx, 5000\nagain: nop\nloop again\nlast: nop\nhlt\n")
    recording = whole(program.image, 20_000)
    again, last = program.symbols["again"], program.symbols["last"]
    assert recording.next_rip([again], 0) == 1 and recording.next_rip([again], 1) == 3
    assert recording.next_rip([last], 0) == recording.next_rip([last, 0x55], 4096) == 10_001
    assert recording.next_rip([last], 10_001) is None and recording.next_rip([0x55], 0) is None


def test_a_long_console_is_shown_from_its_end():
    program = assemble("bits 64\norg 0x100000\nmov ecx, 5000\nagain: mov al, cl\nand al, 15\nadd al, 'a'\n"
                       "out 0xe9, al\nout 0xe9, al\nloop again\nhlt\n")
    recording = whole(program.image, 40_000)
    console = recording.scene(recording.length)["console"]
    assert len(console) == LONGEST_CONSOLE and console.endswith("ccbb")
    assert recording.scene(6)["console"] == "ii"


def test_an_outline_of_very_many_exits_lists_the_first_and_says_so(image, monkeypatch):
    complete = whole(image).outline()
    monkeypatch.setattr(module, "MOST_LISTED", 3)
    outline = whole(image).outline()
    if len(complete["phased"]) <= 3:
        assert outline == complete
        return
    steps = sorted(map(int, complete["phased"]))
    assert outline["listed"] == steps[3] and sorted(map(int, outline["phased"])) == steps[:3]
    assert outline["length"] == complete["length"]
    for what in ("exits", "entries"):
        assert outline[what] == [event for event in complete[what] if event["step"] <= outline["listed"]]
    assert outline["lanes"][-1]["to"] == outline["listed"]
    assert outline["lanes"][:-1] == complete["lanes"][:len(outline["lanes"]) - 1]


def test_the_phases_in_an_outline_are_those_of_each_step(image):
    recording = whole(image)
    for step, phases in recording.outline()["phased"].items():
        assert phases["names"] == [phase.name for phase in recording.step(int(step)).phases]
