"""The first lesson on the reference: the same bytes make the same VM entries, VM exits and output on Bochs."""

from __future__ import annotations

import dataclasses
import re
from functools import lru_cache

import pytest

from tests.conformance.bochs import run_image
from vmviz.lessons import Lesson, load
from vmviz.lessons.performance import Prepared, perform, prepare

STORY = [
    ("launch", 0x201000), ("exit", 10), ("resume", 0x201000), ("exit", 30), ("resume", 0x201000), ("exit", 12),
    ("launch", 0x202000), ("exit", 18), ("resume", 0x202000), ("exit", 52),
    ("resume", 0x201000), ("exit", 18),
]
_TRANSITION = re.compile(
    r"VM(LAUNCH|RESUME) VMCS ptr: (0x[0-9a-f]+)|VMEXIT reason = (\d+) .*qualification=(0x[0-9a-f]+)")
_CONSOLE = re.compile(r"^\(0\) \[0x0*fffffff0\][^\n]*\n(.*?)={40}", re.DOTALL | re.MULTILINE)

Transitions = list[tuple[str, int] | tuple[str, int, int]]


@lru_cache(maxsize=8)
def prepared(time_slice: int | None = None) -> Prepared:
    """The lesson as it is, or with another time slice for the guest that never yields."""
    lesson: Lesson = load("first-guests")
    if time_slice is None:
        return prepare(lesson)
    program, count = re.subn(r"^(TIME_SLICE +equ) \d+", rf"\g<1> {time_slice}", lesson.program, flags=re.MULTILINE)
    assert count == 1
    return prepare(dataclasses.replace(lesson, program=program))


def on_bochs(time_slice: int | None = None) -> tuple[Transitions, str]:
    """What Bochs did: transitions in order, and what was printed."""
    run = run_image(prepared(time_slice).program.image, timeout=30, why=True)
    assert "shutdown requested" in run.output, run.output[-800:]
    transitions: Transitions = []
    for line in run.why:
        if found := _TRANSITION.search(line):
            kind, vmcs, reason, qualification = found.groups()
            transitions.append((kind.lower(), int(vmcs, 16)) if kind
                               else ("exit", int(reason), int(qualification, 16)))
    printed = _CONSOLE.search(run.output)
    assert printed, run.output[-800:]
    return transitions, printed.group(1)


def on_vmviz(time_slice: int | None = None) -> tuple[Transitions, str]:
    """What the model did, in the same words."""
    transitions: Transitions = []
    console = ""
    for moment in perform(prepared(time_slice)):
        for event in moment.events:
            if event["type"] == "vm_entry":
                transitions.append((event["kind"], int(event["vmcs"], 16)))
            elif event["type"] == "vm_exit":
                transitions.append(("exit", event["reason"], int(event["qualification"], 16)))
            elif event["type"] == "console":
                console += event["text"]
    return transitions, console


def story(transitions: Transitions) -> Transitions:
    """The transitions without qualifications."""
    return [transition[:2] for transition in transitions]


def test_bochs_does_what_the_lesson_tells() -> None:
    transitions, console = on_bochs()
    assert story(transitions) == STORY
    assert console == "AB"


def test_the_model_does_exactly_what_bochs_does() -> None:
    assert on_vmviz() == on_bochs()


@pytest.mark.parametrize("time_slice", [0, 1, 7, 500])
def test_the_story_does_not_hang_on_how_long_the_time_slice_is(time_slice: int) -> None:
    assert story(on_vmviz(time_slice)[0]) == STORY
    assert story(on_bochs(time_slice)[0]) == STORY
