"""Every lesson on the reference: the same bytes make the same VM entries, VM exits and output on Bochs."""

from __future__ import annotations

import dataclasses
import re
from functools import lru_cache

import pytest

from tests.conformance.bochs import run_image
from vmviz.lessons import Lesson, lesson_names, load
from vmviz.lessons.performance import Prepared, perform, prepare

FIRST = "first-guests"
STORY = [
    ("launch", 0x201000), ("exit", 10), ("resume", 0x201000), ("exit", 30), ("resume", 0x201000), ("exit", 12),
    ("launch", 0x202000), ("exit", 18), ("resume", 0x202000), ("exit", 52),
    ("resume", 0x201000), ("exit", 18),
]
_TRANSITION = re.compile(
    r"VM(LAUNCH|RESUME) VMCS ptr: (0x[0-9a-f]+)|VMEXIT reason = (\d+) .*qualification=(0x[0-9a-f]+)|(VMFAIL: )"
    r"(?!VM(?:READ|WRITE|CLEAR|PTR|XO))")
_PROCESSOR = re.compile(r"\w\[CPU(\d) *\]")
FAILED_ENTRIES = (33, 34, 41)       # exit reasons of VM entries that failed
_CONSOLE = re.compile(r"(?:^\(\d\) \[0x0*fffffff0\][^\n]*\n)+(.*?)={40}", re.DOTALL | re.MULTILINE)
_DEBUGGER = re.compile(r"\(\d\)\.\[\d+\] [^\n]*\n")   # what Bochs's debugger says of a triple fault, amid the output

Transitions = list[tuple[str, int] | tuple[str, int, int]]


@lru_cache(maxsize=8)
def prepared(name: str = FIRST, time_slice: int | None = None, variant: int = 0) -> Prepared:
    """A lesson as it is, in a variant, or with another time slice for the guest that never yields."""
    lesson: Lesson = load(name).variant(variant)
    if time_slice is None:
        return prepare(lesson)
    program, count = re.subn(r"^(TIME_SLICE +equ) \d+", rf"\g<1> {time_slice}", lesson.program, flags=re.MULTILINE)
    assert count == 1
    return prepare(dataclasses.replace(lesson, program=program))


def on_bochs(lesson: Prepared) -> tuple[Transitions, str]:
    """What Bochs did: transitions in order, of one processor after the other, and what was printed."""
    run = run_image(lesson.program.image, timeout=30, why=True, processors=lesson.lesson.form.processors)
    assert "shutdown requested" in run.output, run.output[-800:]
    each: dict[int, Transitions] = {}
    for line in run.why:
        if (found := _TRANSITION.search(line)) and (told := _PROCESSOR.match(line)):
            transitions = each.setdefault(int(told.group(1)), [])
            kind, vmcs, reason, qualification, refused = found.groups()
            if kind:
                transitions.append((kind.lower(), int(vmcs, 16)))
            elif refused:                           # the VM entry that was told last
                transitions.pop()
            elif int(reason) in FAILED_ENTRIES:
                transitions[-1] = ("failed", int(reason))
            else:
                transitions.append(("exit", int(reason), int(qualification, 16)))
    printed = _CONSOLE.search(run.output)
    assert printed, run.output[-800:]
    return _one_after_the_other(each), _DEBUGGER.sub("", printed.group(1))


def on_vmviz(lesson: Prepared) -> tuple[Transitions, str]:
    """What the model did, in the same words."""
    each: dict[int, Transitions] = {}
    console = ""
    for moment in perform(lesson):
        for event in moment.events:
            transitions = each.setdefault(event.get("processor", 0), [])
            if event["type"] == "vm_entry":
                transitions.append((event["kind"], int(event["vmcs"], 16)))
            elif event["type"] == "vm_exit":
                transitions.append(("exit", event["reason"], int(event["qualification"], 16)))
            elif event["type"] == "entry_failed" and event["reason"] in FAILED_ENTRIES:
                transitions.append(("failed", event["reason"]))
            elif event["type"] == "console":
                console += event["text"]
    return _one_after_the_other(each), console


def _one_after_the_other(each: dict[int, Transitions]) -> Transitions:
    """The transitions of all processors: how those of two lie in time is not the program's business."""
    return [transition for _, transitions in sorted(each.items()) for transition in transitions]


def story(transitions: Transitions) -> Transitions:
    """The transitions without qualifications."""
    return [transition[:2] for transition in transitions]


def test_bochs_does_what_the_first_lesson_tells() -> None:
    transitions, console = on_bochs(prepared())
    assert story(transitions) == STORY
    assert console == "AB"


@pytest.mark.parametrize(("name", "variant"), [(name, variant) for name in lesson_names()
                                               for variant in range(load(name).variants)])
def test_the_model_does_exactly_what_bochs_does(name: str, variant: int) -> None:
    lesson = prepared(name, variant=variant)
    assert on_vmviz(lesson) == on_bochs(lesson)


@pytest.mark.parametrize("time_slice", [0, 1, 7, 500])
def test_the_first_story_does_not_hang_on_how_long_the_time_slice_is(time_slice: int) -> None:
    lesson = prepared(time_slice=time_slice)
    assert story(on_vmviz(lesson)[0]) == STORY
    assert story(on_bochs(lesson)[0]) == STORY
