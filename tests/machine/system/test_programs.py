"""System programs in NASM syntax: what each prints on vmviz is what NAME.expected says.

The files were recorded on Bochs 2.7 (tests/conformance) and then read against the manual. Where Bochs departs from the
manual NAME.bochs has what it prints; the reasons are in README.md.
"""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.bochs import LIB, assemble, between_marks
from vmviz import events as ev
from vmviz.machine.bench import processor
from vmviz.machine.journal import Journal
from vmviz.machine.memory import MEMORY_SLOT
from vmviz.machine.registers import RIP
from vmviz.machine.step import Change, tell

HERE = Path(__file__).resolve().parent
PROGRAMS = sorted(HERE.glob("*.asm"))
STEPS = 400_000


def output(image: bytes) -> tuple[str, str | None]:
    """What a program prints, and how its run ended."""
    journal = Journal(processor(image))
    journal.record(STEPS)
    return "".join(event.text for _, event in journal.marks if isinstance(event, ev.Console)), journal.ending


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_a_program_prints_what_was_recorded(program: Path, tmp_path: Path) -> None:
    image = tmp_path / "image"
    assemble(program, image, include=(HERE, LIB))
    printed, ending = output(image.read_bytes())
    assert ending == "shutdown_port"
    assert between_marks(printed) == program.with_suffix(".expected").read_text(encoding="latin-1").splitlines()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_single_steps_make_the_same_run_and_can_all_be_taken_back(program: Path, tmp_path: Path) -> None:
    image = tmp_path / "image"
    assemble(program, image, include=(HERE, LIB))
    recorded, single, fresh = (processor(image.read_bytes()) for _ in range(3))
    journal = Journal(recorded)
    journal.record(STEPS)
    changes: list[Change] = []
    count = 0
    while (told := tell(single)) is not None:
        changes += told.changes
        single.base_step += 1
        count += 1
    assert count == journal.length
    assert single.reg == recorded.reg
    for slot, old, _ in reversed(changes):
        if slot < MEMORY_SLOT:
            single.reg[slot] = old
        else:
            single.memory.poke(slot, old)
    single.reg[RIP] = fresh.reg[RIP]                    # its column in a recording covers near control flow
    assert single.reg == fresh.reg
    assert all(page == fresh.memory.page(frame) for frame, page in single.memory.pages.items())
