"""The kept events of a run: what has happened up to a position, and little memory for a run with very many of them."""

from __future__ import annotations

import tracemalloc

from vmviz import events as ev
from vmviz.recording.positions import Behind, Position
from vmviz.recording.story import MOST_SHARED, Story


def exit_(rip: int) -> ev.VmExit:
    return ev.VmExit(reason=10, name="CPUID", qualification=0, vmcs=0x1000, vm="A", rip=rip)


def entry() -> ev.VmEntry:
    return ev.VmEntry(kind="resume", vmcs=0x1000, vm="A", rip=7)


def test_a_position_knows_what_came_before_it() -> None:
    story = Story([(3, entry()), (5, exit_(1)), (8, entry()), (9, ev.Console(text="x")), (11, exit_(2))])
    past = story.before(11)
    assert past.exits == {"A": 1} and past.entries == {"A": 2} and past.console == "x"
    assert past.last_exit == {"A": (6, exit_(1))}
    assert story.before(12).last_exit == {"A": (12, exit_(2))}
    story.add([(12, ev.Note(id="vmx_abort", values={"vm": "A"}))])
    assert story.of_step(12) == [ev.Note(id="vmx_abort", values={"vm": "A"})]
    assert story.of_step(8) == [entry()] and story.of_step(4) == []
    assert [step for step in range(13) if story.has_phases(step)] == [3, 5, 8, 11]


def test_positions_behind_steps_grow_with_them() -> None:
    story = Story([(5, exit_(1))])
    exits = Behind(story.exits.steps)
    story.add([(11, exit_(2)), (20, exit_(1))])
    assert len(exits) == 3 and exits[1] == Position(12) and exits[1:] == [Position(12), Position(21)]
    assert list(exits) == [Position(6), Position(12), Position(21)]


def test_events_that_say_the_same_are_one_object_and_few_different_ones_are_looked_for() -> None:
    story = Story((step, exit_(step % 3)) for step in range(10 * MOST_SHARED))
    assert len({id(event) for _, event in story.exits}) <= 3 * 2
    story.add((10 * MOST_SHARED + step, exit_(step)) for step in range(2 * MOST_SHARED))
    assert [event.rip for _, event in story.exits[-4:]] == [2 * MOST_SHARED - n for n in (4, 3, 2, 1)]
    assert len(story._shared) <= MOST_SHARED


def test_a_hundred_thousand_vm_exits_take_less_than_a_hundred_bytes_each() -> None:
    tracemalloc.start()
    try:
        story = Story((step, exit_(step % 50)) for step in range(100_000))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(story.exits) == 100_000 and taken < 100 * 100_000
