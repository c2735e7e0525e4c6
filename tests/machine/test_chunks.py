"""Chunks end early behind steps of many changes: memory and seeks are bounded, and everything else is as before."""
from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.machine.test_journal import fingerprint
from tests.machine.two import booting
from vmviz.asm import assemble
from vmviz.machine import step as steps
from vmviz.machine.bench import processor
from vmviz.machine.board import Board
from vmviz.machine.journal import CHUNK, Cursor, Journal
from vmviz.machine.processor import Processor
from vmviz.machine.received import Received, Sender
from vmviz.machine.step import LARGE_STEP, MOST_CHANGES

FEW = 1_500         # changes that fill a chunk here, so that short runs have many
FILLING = """
        mov ebp, 30                     ; how often
fill:   mov edi, 0x300000
        mov ecx, {count}
        mov eax, ebp
        rep stosq
        mov esi, 0x300000
        mov edi, 0x380001
        mov ecx, {count}
        rep movsb
        mov ecx, {plain}
plain:  add [0x3F0000], rcx
        dec ecx
        jnz plain
        dec ebp
        jnz fill
"""
ONE = "bits 64\norg 0x100000\n" + FILLING + "hlt\n"
SEVERAL = "start: call boot\n" + FILLING + "jmp shut\nsecond:\n" + """
again:  mov edi, 0x500000
        mov ecx, 700
        mov rax, [0x3F0000]
        rep stosd
        inc qword [0x600000]
        jmp again
"""


@pytest.fixture(scope="module", autouse=True)
def few_changes_fill_a_chunk() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "MOST_CHANGES", FEW)
        yield


def machine(several: bool, count: int, plain: int) -> Processor:
    source = (SEVERAL if several else ONE).format(count=count, plain=plain)
    return booting(source) if several else processor(assemble(source).image)


def recorded(several: bool, count: int, plain: int, at_once: int) -> tuple[Journal, Received]:
    """A run and what arrived of it, recorded and sent `at_once` steps at a time."""
    journal, received = Journal(machine(several, count, plain)), Received(machine(several, count, plain))
    sender = Sender(journal)
    while not journal.ending and journal.length < 1_500:
        journal.record(at_once)
        for part in sender.parts():
            received.append(part)
    return journal, received


def firsts(journal: Journal) -> list[int]:
    return [journal.first(number) for number in range(journal.place(journal.length)[0] + 1)]


@pytest.mark.parametrize("several", [False, True])
def test_chunks_are_bounded_by_their_changes(several: bool) -> None:
    journal, _ = recorded(several, 900, 60, 1_000)
    starts = firsts(journal)
    assert len(starts) > 4 and any(b - a < CHUNK for a, b in zip(starts, starts[1:], strict=False))
    for number in range(len(starts)):
        chunk = journal.chunk(number)
        assert len(chunk.starts) <= CHUNK
        assert len(chunk.changes) < 3 * (FEW + 1_000 + CHUNK * LARGE_STEP)
        if journal.is_sealed(number) and len(chunk.starts) < CHUNK:
            assert len(chunk.changes) >= 3 * FEW


@settings(max_examples=12, deadline=None)
@given(st.booleans(), st.sampled_from([40, 130, 700]), st.integers(1, 60), st.sampled_from([1, 3, 64, 997]))
def test_where_chunks_end_does_not_hang_on_how_the_run_is_cut(several: bool, count: int, plain: int, cut: int) -> None:
    here, received = recorded(several, count, plain, cut)
    there = Journal(machine(several, count, plain))
    there.record(here.length)
    assert there.length == here.length
    assert [there.place(step) for step in range(here.length)] == [here.place(step) for step in range(here.length)]
    for number in range(here.place(here.length - 1)[0] + 1):
        for mine, theirs, sent in zip(here.chunk(number), there.chunk(number), received.chunk(number), strict=True):
            assert list(mine) == list(theirs) == list(sent)


@pytest.fixture(scope="module", params=[False, True], ids=["one", "several"])
def run(request: pytest.FixtureRequest) -> tuple[Journal, Received, list[int]]:
    """A run, the same as it arrived, and the state at every position of a straight run."""
    journal, received = recorded(request.param, 500, 40, 500)
    cpu, states = machine(request.param, 500, 40), []
    straight = Journal(cpu)
    for _ in range(700):
        states.append(hash_of(straight.board))
        straight.record(1)
    return journal, received, states


def hash_of(board: Board) -> int:
    registers, pages = fingerprint(board)
    return hash((registers, tuple(sorted(pages.items()))))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_cursor_anywhere_is_where_a_straight_run_was(run: tuple[Journal, Received, list[int]],
                                                       data: st.DataObject) -> None:
    journal, received, states = run
    cursor = Cursor(data.draw(st.sampled_from([journal, received])))
    for step in data.draw(st.lists(st.integers(0, len(states) - 1), min_size=1, max_size=6)):
        cursor.seek(step)
        assert hash_of(cursor.board) == states[step]
    told = cursor.tell()
    assert told is not None and told.rip == journal.rip(told.number)
    assert [value for change in told.changes for value in change] == list(journal.changes(told.number))


LARGE_STEPS = """
        bits 64
        org 0x100000
again:  mov edi, 0x300000
        mov ecx, 9000
        rep stosq
        jmp again
"""


def test_a_run_of_nothing_but_large_steps_takes_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "MOST_CHANGES", MOST_CHANGES)
    journal = Journal(processor(assemble(LARGE_STEPS).image))
    for _ in range(15):
        journal.record(10)
        assert len(journal.cpu.journal) < 3 * (MOST_CHANGES + 2 * 4096)
    assert journal.is_sealed(5)
