"""VMX programs in NASM syntax: what each prints on vmviz is what programs/NAME.expected says.

The expected lines were recorded on Bochs 2.7 and then read against the manual. Where Bochs departs, NAME.bochs has what
it prints, and programs/README.md says why.
"""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.bochs import assemble, between_marks, expected_on_bochs, model_of
from vmviz import events as ev
from vmviz.machine.bench import processor
from vmviz.machine.journal import Journal

HERE = Path(__file__).resolve().parent / "programs"
PROGRAMS = sorted(HERE.glob("*.asm"))
MODELS = {"tigerlake": "tigerlake", "corei7_sandy_bridge_2600k": "sandy-bridge"}
STEPS = 900_000


def recorded_lines(program: Path, folder: Path) -> list[str]:
    """What a program prints between BEGIN and END."""
    image = folder / "image"
    assemble(program, image)
    journal = Journal(processor(image.read_bytes(), MODELS[model_of(program)]))
    journal.record(STEPS)
    return between_marks("".join(event.text for _, event in journal.marks if isinstance(event, ev.Console)))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_a_program_prints_what_the_manual_says(program: Path, tmp_path: Path) -> None:
    assert recorded_lines(program, tmp_path) == program.with_suffix(".expected").read_text().splitlines()


def test_each_departure_of_the_reference_is_explained() -> None:
    explained = (HERE / "README.md").read_text()
    departing = {program.stem for program in PROGRAMS if expected_on_bochs(program).suffix == ".bochs"}
    assert departing == {name for name in (p.stem for p in PROGRAMS) if f"| {name} |" in explained}
