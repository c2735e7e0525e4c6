"""A run by single steps is the run of a recording, and every step can be taken back."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.bochs import assemble, processors_of, programs
from vmviz.machine.bench import processor
from vmviz.machine.board import owner_of
from vmviz.machine.journal import Journal
from vmviz.machine.memory import MEMORY_SLOT
from vmviz.machine.registers import RIP
from vmviz.machine.step import Change, tell

PROGRAMS = [program for program in programs()
            if program.stem.startswith(("system-", "guest-events", "guest-nmi", "two-"))]
STEPS = 400_000


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_single_steps_make_the_same_run_and_can_all_be_taken_back(program: Path, tmp_path: Path) -> None:
    image = tmp_path / "image"
    assemble(program, image)
    count = processors_of(program)
    recorded, single, fresh = (processor(image.read_bytes(), processors=count).board for _ in range(3))
    journal = Journal(recorded.first)
    journal.record(STEPS)
    changes: list[tuple[int, Change]] = []
    steps = 0
    while (told := tell(single.first)) is not None:
        assert (told.processor or 0) == journal.who(steps)
        changes += [(told.processor or 0, change) for change in told.changes]
        steps += 1
        single.count_from(steps)
    assert steps == journal.length
    assert single.registers() == recorded.registers()
    for who, (slot, old, _) in reversed(changes):
        if slot < MEMORY_SLOT:
            number, plain = owner_of(slot, who)
            single.processors[number].reg[plain] = old
        else:
            single.first.memory.poke(slot, old)
    for cpu, first in zip(single.processors, fresh.processors, strict=True):
        cpu.reg[RIP] = first.reg[RIP]                   # its column in a recording covers near control flow
    assert single.registers() == fresh.registers()
    assert all(page == fresh.first.memory.page(frame) for frame, page in single.first.memory.pages.items())
