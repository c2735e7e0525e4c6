"""Explaining a translation: every reference is there, in order, and nothing changes."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmviz.machine import paging, tlb
from vmviz.machine.bench import processor
from vmviz.machine.processor import Processor
from vmviz.machine.registers import CR0, CR0_WP
from vmviz.machine.translation import explain

READ, WRITE, FETCH = paging.READ, paging.WRITE, paging.FETCH
PT, EPT = 0x30000, 0x40000


@pytest.fixture
def cpu() -> Processor:
    """The bench, with a page table at 30000h for 40000000h..401FFFFFh."""
    made = processor(b"\xf4")
    made.rips = [0]
    made.write_physical(0x13000, 8, PT | 7)
    made.write_physical(PT + 8, 8, 0x50_0007)
    return made


def with_ept(cpu: Processor) -> Processor:
    """An identity EPT of 4-KiB pages for the first 2 MiB and of 2-MiB pages above, used although no guest runs."""
    cpu.write_physical(EPT, 8, EPT + 0x1000 | 7)
    cpu.write_physical(EPT + 0x1000, 8, EPT + 0x2000 | 7)
    cpu.write_physical(EPT + 0x2000, 8, EPT + 0x3000 | 7)
    for n in range(1, 16):
        cpu.write_physical(EPT + 0x2000 + 8 * n, 8, n << 21 | 0xB7)
    for n in range(512):
        cpu.write_physical(EPT + 0x3000 + 8 * n, 8, n << 12 | 0x37)
    cpu.refresh = lambda: None      # type: ignore[method-assign]   # what it derives would be without EPT
    cpu.ept = EPT | 0x1E
    return cpu


def test_a_walk_of_four_levels_has_four_references(cpu: Processor) -> None:
    found = explain(cpu, 0x4000_1234, READ)
    assert (found.physical, found.outcome, found.references, found.cached) == (0x50_0234, "translated", 4, False)
    assert [row.level for row in found.rows] == [4, 3, 2, 1, 0]
    assert found.rows[3].at == PT + 8 and found.rows[3].value == 0x50_0007
    assert found.rows[4].at == 0x50_0234


def test_under_ept_it_has_twenty_four(cpu: Processor) -> None:
    cpu.write_physical(PT + 8, 8, 0x5_0007)     # a page that EPT maps by 4 KiB, too
    found = explain(with_ept(cpu), 0x4000_1234, READ)
    assert (found.physical, found.outcome, found.references) == (0x5_0234, "translated", 24)
    assert [len(row.ept) for row in found.rows] == [4, 4, 4, 4, 4]


def test_large_pages_shorten_both_ways(cpu: Processor) -> None:
    assert explain(cpu, 0x20_0000, READ).references == 3
    found = explain(with_ept(cpu), 0x20_0000, READ)
    assert found.physical == 0x20_0000 and [len(row.ept) for row in found.rows] == [4, 4, 4, 3]


@pytest.mark.parametrize("linear, access, rows", [(0x4000_2000, READ, 4), (0x80_0000_0000, READ, 1)])
def test_a_page_fault_ends_at_the_entry_that_is_not_there(cpu: Processor, linear: int, access: int, rows: int) -> None:
    found = explain(cpu, linear, access)
    assert (found.physical, found.outcome, len(found.rows)) == (None, "page_fault", rows)
    assert found.rows[-1].value == 0


def test_rights_count(cpu: Processor) -> None:
    cpu.write_physical(PT + 8, 8, 0x50_0005)
    cpu.reg[CR0] |= CR0_WP
    assert explain(cpu, 0x4000_1000, READ).outcome == "translated"
    assert explain(cpu, 0x4000_1000, WRITE).outcome == "page_fault"


@pytest.mark.parametrize("broken, level", [(PT, 1), (0x50_0000, 0)])
def test_an_ept_violation_ends_at_the_address_that_ept_does_not_map(cpu: Processor, broken: int, level: int) -> None:
    with_ept(cpu)
    at = EPT + 0x3000 + 8 * (broken >> 12) if broken < 0x20_0000 else EPT + 0x2000 + 8 * (broken >> 21)
    cpu.write_physical(at, 8, 0)
    found = explain(cpu, 0x4000_1000, READ)
    assert (found.outcome, found.physical) == ("ept_violation", None)
    assert found.rows[-1].level == level and found.rows[-1].ept[-1].value == 0 and found.rows[-1].value is None


def test_a_misconfigured_ept_entry_is_named(cpu: Processor) -> None:
    with_ept(cpu)
    cpu.write_physical(EPT + 0x2000 + 8 * 2, 8, 2 << 21 | 0xB2)        # writable, not readable
    assert explain(cpu, 0x4000_1000, READ).outcome == "ept_misconfiguration"


@given(linear=st.integers(0, (1 << 47) - 1) | st.integers(0x4000_0000, 0x4020_0000),
       access=st.sampled_from((READ, WRITE, FETCH)), ept=st.booleans())
def test_nothing_changes(linear: int, access: int, ept: bool) -> None:
    cpu = processor(b"\xf4")
    cpu.rips = [0]
    if ept:
        with_ept(cpu)
    before = list(cpu.reg), {frame: bytes(page) for frame, page in cpu.memory.pages.items()}, list(cpu.journal)
    explain(cpu, linear, access)
    assert cpu.reg == before[0] and cpu.journal == before[2]
    assert {frame: bytes(page) for frame, page in cpu.memory.pages.items() if frame in before[1]} == before[1]


def test_it_says_what_the_tlb_has(cpu: Processor) -> None:
    paging.translate(cpu, 0x4000_1000, READ, False)
    assert tlb.look_up(cpu, 0x4000_1000)
    assert explain(cpu, 0x4000_1000, READ).cached
