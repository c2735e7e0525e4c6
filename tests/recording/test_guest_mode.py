"""A scene says what kind of code each guest runs: of a running one as the processor stands, else as its VMCS has it."""
from __future__ import annotations

import pytest

from vmviz.lessons import load
from vmviz.machine import registers as r
from vmviz.machine.execution_mode import MODES, PAGING, Execution, execution
from vmviz.web.lesson_shelf import recorded

PROTECTED = r.CR0_PE | r.CR0_PG


@pytest.mark.parametrize(("expected", "state"), [
    (("real", "off"), {}),
    (("protected", "off"), {"cr0": r.CR0_PE}),
    (("protected", "32_bit"), {"cr0": PROTECTED}),
    (("protected", "pae"), {"cr0": PROTECTED, "cr4": r.CR4_PAE}),
    (("virtual_8086", "32_bit"), {"cr0": PROTECTED, "rflags": r.VM}),
    (("compatibility", "4_level"), {"cr0": PROTECTED, "cr4": r.CR4_PAE, "lma": True}),
    (("64_bit", "4_level"), {"cr0": PROTECTED, "cr4": r.CR4_PAE, "lma": True, "cs_rights": r.AR_L}),
    (("real", "off"), {"cs_rights": r.AR_L, "rflags": 2}),
])
def test_the_control_bits_decide_mode_and_paging(expected, state):
    found = execution(**{"cr0": 0, "cr4": 0, "lma": False, "rflags": 2, "cs_rights": 0x9B, **state})
    assert found == Execution(*expected)
    assert found.mode in MODES and found.paging in PAGING


@pytest.fixture(scope="module")
def lesson():
    return recorded(load("first-guests"))


def test_a_vm_has_a_mode_once_its_vmcs_says_so_and_keeps_it_while_it_runs(lesson):
    entered = lesson.outline()["entries"][0]["step"]
    guest = {"mode": "64_bit", "paging": "4_level", "ept": False, "bits": 64}
    assert lesson.scene(entered - 1)["vms"]["A"]["guest"] == guest
    assert lesson.scene(entered)["vms"]["A"]["guest"] == guest  # entering is not a switch of the guest's own
    cleared = next(step for step in range(lesson.length) if lesson.scene(step)["vms"])
    assert "guest" not in lesson.scene(cleared)["vms"]["A"]
