"""Recordings of the machine: back after forward is the identity, telling repeats the run, seeking is exact."""
from __future__ import annotations

from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vmviz.asm import assemble
from vmviz.machine.bench import processor
from vmviz.machine.journal import CHUNK, Cursor, Journal
from vmviz.machine.processor import Processor

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


def fingerprint(cpu: Processor) -> tuple[bytes, dict[int, bytes]]:
    """All registers and every page that is not zero."""
    pages = {frame: bytes(page) for frame, page in cpu.memory.pages.items() if any(page)}
    return array("Q", cpu.reg).tobytes(), pages


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
    assert fingerprint(other.cpu) == fingerprint(journal.cpu)


def test_the_cursor_at_the_end_is_the_recorders_state(journal: Journal) -> None:
    cursor = Cursor(journal)
    cursor.seek(journal.length)
    assert fingerprint(cursor.cpu) == fingerprint(journal.cpu)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_back_after_forward_is_the_identity(journal: Journal, data: st.DataObject) -> None:
    cursor = Cursor(journal)
    start = data.draw(st.integers(0, journal.length))
    cursor.seek(start)
    before = fingerprint(cursor.cpu)
    for _ in range(data.draw(st.integers(1, 3))):
        cursor.seek(data.draw(st.one_of(st.integers(0, journal.length),
                                        st.integers(max(0, start - 3), min(journal.length, start + 3)))))
    cursor.seek(start)
    assert fingerprint(cursor.cpu) == before


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_telling_a_step_gives_what_was_recorded(journal: Journal, data: st.DataObject) -> None:
    cursor = Cursor(journal)
    step = data.draw(st.integers(0, journal.length - 1))
    cursor.seek(step)
    told = cursor.tell()
    assert told is not None
    assert told.number == step
    assert told.rip == journal.rip(step)
    assert [value for change in told.changes for value in change] == list(journal.changes(step))
    after = fingerprint(cursor.cpu)
    cursor.seek(step)
    cursor.seek(step + 1)
    assert fingerprint(cursor.cpu) == after


def test_part_of_a_step_can_be_applied_and_taken_back(journal: Journal) -> None:
    cursor = Cursor(journal)
    step = next(s for s in range(journal.length) if len(journal.changes(s)) >= 6)
    cursor.seek(step)
    before = fingerprint(cursor.cpu)
    cursor.seek(step, 1)
    assert cursor.partial == 1
    cursor.seek(step)
    assert fingerprint(cursor.cpu) == before


def test_positions_outside_the_run_are_refused(journal: Journal) -> None:
    cursor = Cursor(journal)
    with pytest.raises(IndexError):
        cursor.seek(journal.length + 1)
    with pytest.raises(IndexError):
        cursor.seek(-1)
