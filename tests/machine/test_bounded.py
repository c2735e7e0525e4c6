"""What no program can do: make anything grow but the recording itself, which says how much it holds."""
from __future__ import annotations

import gc
import tracemalloc

import pytest

from tests.bench.hostile import PROGRAMS, run
from tests.machine.vmx.scenes import VMCS, in_root
from vmviz.machine.decode import MOST_DECODED
from vmviz.machine.journal import CHUNK
from vmviz.machine.marks import PACK
from vmviz.machine.registers import TLB_ENTRIES
from vmviz.machine.vmx.entry import MOST_KEPT, enter
from vmviz.machine.vmx.vmcs import Region

STEPS = {"strings": 100}        # where a step keeps very much


@pytest.mark.parametrize("name", PROGRAMS)
def test_whatever_a_program_does_what_is_derived_stays_small(name: str) -> None:
    steps = STEPS.get(name, 40_000)
    journal = run(name, steps)
    cpu = journal.cpu
    assert journal.length == steps
    assert len(cpu.decoded) <= MOST_DECODED
    assert sum(len(code) for pages in cpu.code_pages.values() for code in pages.values()) <= MOST_DECODED
    for soft in cpu._soft:
        assert len(soft.code) <= MOST_DECODED
        assert max(len(soft.read), len(soft.write), len(soft.fetch)) <= TLB_ENTRIES
    assert len(cpu.memory.has_code) <= len(cpu.memory.pages) <= cpu.memory.frames
    assert len(cpu.marks) <= PACK + 6 * CHUNK
    assert len(cpu.kept_checks) <= MOST_KEPT


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_recording_says_about_how_many_bytes_it_holds(name: str) -> None:
    run(name, 100)              # what the first run of all loads and keeps
    gc.collect()
    tracemalloc.start()
    try:
        journal = run(name, STEPS.get(name, 2 * CHUNK + 100))
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert 0.9 * held < journal.bytes_kept < 2 * held + 50_000


def test_many_vmcss_do_not_make_the_kept_rules_many() -> None:
    cpu, region = in_root()
    cpu.rips = [0]
    page = bytes(cpu.memory.pages[VMCS >> 12])
    for n in range(3 * MOST_KEPT):
        address = 0x80_0000 + 0x1000 * n
        cpu.memory.load(address, page)
        enter(cpu, Region(cpu, address), "launch")
        assert len(cpu.kept_checks) <= MOST_KEPT
