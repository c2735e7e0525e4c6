"""Recordings of the machine: back after forward is the identity, telling repeats the run, seeking is exact."""
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.machine.replay import check_telling, check_to_and_fro, fingerprint
from vmviz.asm import assemble
from vmviz.machine.bench import processor
from vmviz.machine.journal import CHUNK, Cursor, Journal, last_of_each
from vmviz.machine.memory import Memory, slot_of

PROGRAM = """
        bits 64
        org 0x100000
        mov rbx, 0x200000
        mov ecx, 9000
again:  lea rax, [rcx + rcx*4 + 17]
        mov [rbx + rcx*8], rax
        push rax
        xor rdx, rax
        pop rsi
        test cl, 63
        jnz skip
        call patch
skip:   dec ecx
        jnz again
        mov al, 'x'
        out 0xE9, al
        hlt
patch:  inc dword [number + 1]
number: mov edi, 5
        rol rdi, 7
        mov [0x400000 + rdi], rdi
        ret
"""


@pytest.fixture(scope="module")
def journal() -> Journal:
    kept = Journal(processor(assemble(PROGRAM).image))
    kept.record(1_000_000)
    return kept


def test_the_run_ends_idle_after_hlt(journal: Journal) -> None:
    assert journal.ending == "idle"
    assert journal.length > 8 * CHUNK


def test_two_runs_are_byte_identical(journal: Journal) -> None:
    other = Journal(processor(assemble(PROGRAM).image))
    other.record(1_000_000)
    assert other.length == journal.length
    for number in range(journal.length // CHUNK + 1):
        for mine, theirs in zip(journal.chunk(number), other.chunk(number), strict=True):
            assert list(mine) == list(theirs)


def test_a_run_recorded_in_small_parts_is_the_same_run(journal: Journal) -> None:
    other = Journal(processor(assemble(PROGRAM).image))
    while not other.ending:
        other.record(997)
    assert other.length == journal.length
    assert fingerprint(other.board) == fingerprint(journal.board)


def test_the_cursor_at_the_end_is_the_recorders_state(journal: Journal) -> None:
    cursor = Cursor(journal)
    cursor.seek(journal.length)
    assert fingerprint(cursor.board) == fingerprint(journal.board)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_back_after_forward_is_the_identity(journal: Journal, data: st.DataObject) -> None:
    check_to_and_fro(journal, data, near=3)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_telling_a_step_gives_what_was_recorded(journal: Journal, data: st.DataObject) -> None:
    check_telling(journal, data)


def test_part_of_a_step_can_be_applied_and_taken_back(journal: Journal) -> None:
    cursor = Cursor(journal)
    step = next(s for s in range(journal.length) if len(journal.changes(s)) >= 6)
    cursor.seek(step)
    before = fingerprint(cursor.board)
    cursor.seek(step, 1)
    assert cursor.partial == 1
    cursor.seek(step)
    assert fingerprint(cursor.board) == before


def test_positions_outside_the_run_are_refused(journal: Journal) -> None:
    cursor = Cursor(journal)
    with pytest.raises(IndexError):
        cursor.seek(journal.length + 1)
    with pytest.raises(IndexError):
        cursor.seek(-1)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 24), st.sampled_from((1, 2, 4, 8)), st.integers(0, 2**64 - 1)), max_size=60))
def test_of_many_changes_the_last_of_each_slot_is_enough(writes: list[tuple[int, int, int]]) -> None:
    slots = [slot_of(at, size) for at, size, _ in writes]
    values = [value & (1 << 8 * size) - 1 for _, size, value in writes]
    every, net = Memory(4096), Memory(4096)
    for slot, value in zip(slots, values, strict=True):
        every.poke(slot, value)
    for slot, value in last_of_each(slots, values):
        net.poke(slot, value)
    assert net.read(0, 40) == every.read(0, 40)
