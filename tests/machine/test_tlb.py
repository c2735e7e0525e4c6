"""The TLB: a flush takes what matches, all of it and nothing else, and the journal can bring it back."""
from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from vmviz.asm import assemble
from vmviz.machine import tlb
from vmviz.machine.bench import processor
from vmviz.machine.journal import Cursor, Journal
from vmviz.machine.registers import TLB, TLB_ENTRIES
from vmviz.machine.undo import take_back

PAGES = st.sampled_from([0, 1, 0x200, 0x3_FFFF, 0x4_0000, 0xF_FFFF_FFFF])
EPTPS = st.sampled_from([0, 0x30_0000, 0x30_001E, 0x31_001E])
ENTRY = st.tuples(PAGES, st.sampled_from([0, 1, 2]), st.sampled_from([0, 1, 9]), EPTPS,
                  st.sampled_from([0, tlb.GLOBAL, tlb.LARGE, tlb.GLOBAL | tlb.LARGE]))
CRITERIA = st.fixed_dictionaries({}, optional={
    "vpid": st.sampled_from([0, 1, 9]), "pcid": st.sampled_from([0, 1, 2]), "ept": EPTPS,
    "linear": PAGES.map(lambda page: page << 12 | 0x123), "keep_global": st.booleans()})


def matches(entry: tuple[int, int, int, int, int], wanted: dict[str, Any]) -> bool:
    """The rule of `tlb.flush`, in words of its own."""
    page, pcid, vpid, ept, flags = entry
    shared = bool(flags & tlb.GLOBAL)
    same_page = "linear" not in wanted or page == wanted["linear"] >> 12
    same_gigabyte = "linear" in wanted and flags & tlb.LARGE and page >> 18 == wanted["linear"] >> 30
    return (vpid == wanted.get("vpid", vpid) and ept >> 12 == wanted.get("ept", ept) >> 12
            and (shared or pcid == wanted.get("pcid", pcid)) and not (shared and wanted.get("keep_global"))
            and bool(same_page or same_gigabyte))


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.integers(0, TLB_ENTRIES - 1), ENTRY, max_size=12), CRITERIA)
def test_a_flush_takes_what_matches_and_nothing_else(entries: dict[int, Any], wanted: dict[str, Any]) -> None:
    cpu = processor(b"\xf4")
    for place, (page, pcid, vpid, ept, flags) in entries.items():
        at = TLB + 3 * place
        cpu.reg[at:at + 3] = page | pcid << 36 | vpid << 48, ept & ~0xFFF | tlb.VALID, 0x50_0000 | flags
    before = list(cpu.reg)
    tlb.flush(cpu, **wanted)
    left = {place for place in range(TLB_ENTRIES) if cpu.reg[TLB + 3 * place + 1]}
    assert left == {place for place, entry in entries.items() if not matches(entry, wanted)}
    take_back(cpu, 0)
    assert cpu.reg == before


ACTIONS = st.lists(st.one_of(st.tuples(st.just("fill"), PAGES, st.sampled_from([0, 1, 9])),
                             st.tuples(st.just("flush"), CRITERIA), st.tuples(st.just("back"), st.integers(0, 20))),
                   max_size=12)


@settings(max_examples=150, deadline=None)
@given(ACTIONS)
def test_the_places_known_to_be_taken_are_those_with_a_tag(actions: list[Any]) -> None:
    cpu = processor(b"\xf4")
    cpu.rips = [0]
    for kind, *what in actions:
        if kind == "fill":
            cpu.vpid = what[1]
            tlb.fill(cpu, what[0] << 12, 0x50_0000)
        elif kind == "flush":
            tlb.flush(cpu, **what[0])
        else:
            take_back(cpu, max(len(cpu.journal) - 3 * what[0], 0))
        assert tlb.taken(cpu) == {at for at in range(TLB, TLB + 3 * TLB_ENTRIES, 3) if cpu.reg[at + 1]}


def test_a_seek_knows_the_places_of_where_it_went() -> None:
    image = assemble("bits 64\norg 100000h\nagain: mov al, [rdi]\nadd rdi, 1000h\ntest edi, 1ffffh\njnz again\n"
                     "mov rax, cr3\nmov cr3, rax\njmp again").image
    journal = Journal(processor(image))
    journal.record(20_000)
    cursor = Cursor(journal)
    for step in (19_999, 3, 8_200, 8_190, 131, 132, 0):
        cursor.seek(step)
        for _ in range(3):
            cursor.tell()
            reg = cursor.cpu.reg
            assert tlb.taken(cursor.cpu) == {at for at in range(TLB, TLB + 3 * TLB_ENTRIES, 3) if reg[at + 1]}
