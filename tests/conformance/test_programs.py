"""Every conformance program gives on vmviz what the manual says, and on Bochs what was recorded there."""
from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conformance.bochs import FOLDERS, assemble, programs
from tests.conformance.run import STEPS, on_bochs, on_vmviz
from vmviz.machine.bench import Machine

VMCS_A, INDICATOR = 0x20_1000, 4        # lib/vmxlab.inc; SDM volume 3, "Format of the VMCS Region"


@pytest.mark.parametrize("source", programs(), ids=lambda source: source.stem)
def test_a_program_gives_what_the_manual_says(source: Path) -> None:
    verdict = on_vmviz(source)
    assert verdict.good, verdict.text()


def test_every_program_gives_on_bochs_what_was_recorded() -> None:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        verdicts = list(pool.map(on_bochs, programs()))
    assert all(verdict.good for verdict in verdicts), "\n\n".join(one.text() for one in verdicts if not one.good)


@pytest.mark.parametrize(("name", "indicator"), [("exit-msr-store", 1), ("host-pdptes", 2), ("exit-msr-load", 4)])
def test_a_vmx_abort_leaves_its_indicator(name: str, indicator: int, tmp_path: Path) -> None:
    assemble(FOLDERS[1] / f"abort-{name}.asm", tmp_path / "image")
    machine = Machine((tmp_path / "image").read_bytes())
    machine.run(STEPS)
    assert machine.cpu.memory.read(VMCS_A + INDICATOR, 4) == indicator
