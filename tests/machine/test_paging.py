"""Paging and the TLB, one rule a test: programs change the tables of the bench and look at what an access does."""
from __future__ import annotations

import pytest

from vmviz.machine import paging, tlb
from vmviz.machine.bench import PDPT, PML4, processor
from vmviz.machine.decode import fetch
from vmviz.machine.outcome import PF, Fault
from vmviz.machine.processor import Processor
from vmviz.machine.registers import (
    CR0,
    CR0_WP,
    CR2,
    CR3,
    CR4,
    CR4_PAE,
    CR4_PSE,
    CR4_SMAP,
    CR4_SMEP,
    EFER,
    EFER_NXE,
    PDPTE0,
)
from vmviz.machine.undo import forget, take_back

PT = 0x30000
READ, WRITE, FETCH = paging.READ, paging.WRITE, paging.FETCH


@pytest.fixture
def cpu() -> Processor:
    """The bench, with a page table at 30000h for the linear addresses 40000000h..401FFFFFh."""
    made = processor(b"\xf4")
    made.rips = [0]
    made.write_physical(0x13000, 8, PT | 7)          # the second page directory's first entry
    return made


def put(cpu: Processor, page: int, entry: int) -> int:
    """Set a page-table entry; gives the page's linear address."""
    cpu.write_physical(PT + 8 * page, 8, entry)
    return 0x4000_0000 + 0x1000 * page


def fault_of(cpu: Processor, linear: int, access: int, user: bool) -> int:
    with pytest.raises(Fault) as caught:
        paging.translate(cpu, linear, access, user)
    assert caught.value.vector == PF
    assert caught.value.address == linear
    return caught.value.error


def test_a_walk_sets_accessed_and_only_a_write_sets_dirty(cpu: Processor) -> None:
    linear = put(cpu, 1, 0x50_0007)
    assert paging.translate(cpu, linear + 0x123, READ, False) == 0x50_0123
    assert cpu.memory.read(PT + 8, 8) == 0x50_0027
    paging.translate(cpu, linear, WRITE, False)
    assert cpu.memory.read(PT + 8, 8) == 0x50_0067


def test_what_the_walker_has_set_stays_when_the_instruction_is_taken_back(cpu: Processor) -> None:
    linear = put(cpu, 1, 0x50_0007)
    before = len(cpu.journal)
    cpu.set(CR2, 0x1234)
    paging.translate(cpu, linear, WRITE, False)
    take_back(cpu, before)
    assert (cpu.memory.read(PT + 8, 8), cpu.reg[CR2]) == (0x50_0067, 0)
    forget(cpu, before)                                     # a step that has not happened leaves nothing
    assert cpu.memory.read(PT + 8, 8) == 0x50_0007


@pytest.mark.parametrize(("entry", "access", "user", "error"), [
    (0x50_0006, READ, False, 0), (0x50_0006, WRITE, True, 6), (0x50_0003, READ, True, 5), (0x50_0005, WRITE, True, 7),
    (0x50_0007 | 1 << 45, READ, False, 9),
])
def test_error_codes_of_page_faults(cpu: Processor, entry: int, access: int, user: bool, error: int) -> None:
    assert fault_of(cpu, put(cpu, 2, entry), access, user) == error


def test_wp_decides_whether_the_supervisor_may_write_read_only_pages(cpu: Processor) -> None:
    linear = put(cpu, 3, 0x50_0005)
    assert paging.translate(cpu, linear, WRITE, False) == 0x50_0000
    cpu.reg[CR0] |= CR0_WP
    assert fault_of(cpu, linear, WRITE, False) == 3


def test_nx_forbids_fetches_only_when_enabled(cpu: Processor) -> None:
    linear = put(cpu, 4, 0x50_0007 | 1 << 63)
    assert fault_of(cpu, linear, READ, False) == 9          # reserved while EFER.NXE is 0
    cpu.reg[EFER] |= EFER_NXE
    assert paging.translate(cpu, linear, READ, False) == 0x50_0000
    assert fault_of(cpu, linear, FETCH, False) == 0x11


def test_smep_and_smap_keep_the_supervisor_off_user_pages(cpu: Processor) -> None:
    linear = put(cpu, 5, 0x50_0007)
    cpu.reg[CR4] |= CR4_SMEP | CR4_SMAP
    assert fault_of(cpu, linear, FETCH, False) == 0x11
    assert fault_of(cpu, linear, READ, False) == 1


def test_a_stale_translation_is_used_until_it_is_invalidated(cpu: Processor) -> None:
    from vmviz.machine import tlb
    linear = put(cpu, 6, 0x50_0007)
    paging.translate(cpu, linear, READ, False)
    put(cpu, 6, 0x60_0007)
    assert paging.translate(cpu, linear, READ, False) == 0x50_0000
    tlb.flush(cpu, linear=linear)
    assert paging.translate(cpu, linear, READ, False) == 0x60_0000


def test_a_fault_is_never_raised_on_the_word_of_the_tlb_alone(cpu: Processor) -> None:
    linear = put(cpu, 7, 0x50_0005)
    paging.translate(cpu, linear, READ, True)
    put(cpu, 7, 0x50_0007)
    assert paging.translate(cpu, linear, WRITE, True) == 0x50_0000


def test_32_bit_paging_with_large_pages(cpu: Processor) -> None:
    reg = cpu.reg
    reg[EFER], reg[CR4], reg[CR3] = 0, CR4_PSE, 0x40000
    cpu.refresh()
    assert cpu.paging == paging.PAGING_32
    cpu.write_physical(0x40000 + 4, 4, 0x40_0087)
    assert paging.translate(cpu, 0x0041_2345, WRITE, True) == 0x0041_2345
    assert cpu.memory.read(0x40000 + 4, 4) == 0x40_00E7


def test_pae_paging_starts_at_the_pdpte_registers(cpu: Processor) -> None:
    reg = cpu.reg
    reg[EFER], reg[CR4] = 0, CR4_PAE
    reg[PDPTE0 + 1] = 0x13001
    cpu.refresh()
    assert cpu.paging == paging.PAGING_PAE
    linear = put(cpu, 8, 0x50_0007)
    assert paging.translate(cpu, linear, READ, True) == 0x50_0000
    assert fault_of(cpu, 0x8000_0000, READ, False) == 0


@pytest.mark.parametrize("linear", [0x80_0000, 0xFFFF_8000_0080_0000])
def test_what_the_tlb_evicts_no_soft_table_repeats(cpu: Processor, linear: int) -> None:
    cpu.write_physical(PML4 + 8 * 256, 8, PDPT | 7)  # the upper half like the lower one
    fetch(cpu, linear)
    cpu.read64(linear)
    cpu.write64(linear, 1)
    assert all(linear >> 12 in table for table in (cpu.soft.fetch, cpu.soft.read, cpu.soft.write))
    other = linear
    while tlb.look_up(cpu, linear):
        other += 0x1000
        cpu.read8(other)
    assert not any(linear >> 12 in table for table in (cpu.soft.fetch, cpu.soft.read, cpu.soft.write))


def test_a_walk_for_code_is_made_again_when_its_entries_or_its_rules_have_changed(cpu: Processor) -> None:
    linear = put(cpu, 8, 0x50_0007)
    for frame in (0x50_0000, 0x60_0000, 0x60_0000):
        put(cpu, 8, frame | 7)
        tlb.flush(cpu)
        assert paging.translate(cpu, linear + 5, FETCH, False) == frame + 5
        assert cpu.memory.read(PT + 8 * 8, 8) == frame | 0x27           # the accessed flag is set each time
        assert tlb.look_up(cpu, linear) & paging.ADDRESS == frame
    cpu.write_physical(0x13000, 8, 0)                                   # the directory on its way is gone
    tlb.flush(cpu)
    assert fault_of(cpu, linear, FETCH, False) == 0
    cpu.write_physical(0x13000, 8, PT | 7)
    cpu.reg[CR4] |= CR4_SMEP
    tlb.flush(cpu)
    assert fault_of(cpu, linear, FETCH, False) == 0x11
    assert paging.translate(cpu, linear, FETCH, True) == 0x60_0000
