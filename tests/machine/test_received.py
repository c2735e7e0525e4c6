"""A journal that came in parts is the journal that was sent: same columns, same marks, same seeks."""
from __future__ import annotations

import random

import pytest

from tests.machine.replay import fingerprint
from tests.machine.test_journal import PROGRAM
from tests.machine.two import booting
from vmviz.asm import assemble
from vmviz.machine.bench import processor
from vmviz.machine.journal import CHUNK, Cursor, Journal
from vmviz.machine.received import Received, Sender

IMAGE = assemble(PROGRAM).image


def sent_in_parts(of: int) -> tuple[Journal, Received]:
    """A run recorded `of` steps at a time, and what arrived of it."""
    journal, received = Journal(processor(IMAGE)), Received(processor(IMAGE))
    sender = Sender(journal)
    while not journal.ending:
        journal.record(of)
        for part in sender.parts():
            received.append(part)
        assert received.length == journal.length
        assert received.rip(received.length) == journal.rip(journal.length)
    assert sender.size == received.bytes_kept
    return journal, received


@pytest.mark.parametrize("of", [97, CHUNK, 3 * CHUNK + 5, 1_000_000])
def test_what_arrives_is_what_was_recorded(of: int) -> None:
    journal, received = sent_in_parts(of)
    assert list(received.marks) == list(journal.marks) and journal.marks
    for number in range(journal.length // CHUNK + 1):
        assert received.is_sealed(number) == journal.is_sealed(number)
        for mine, theirs in zip(journal.chunk(number), received.chunk(number), strict=True):
            assert list(mine) == list(theirs)


def test_a_cursor_goes_anywhere_and_tells_the_same_steps() -> None:
    journal, received = sent_in_parts(1000)
    here, there = Cursor(journal), Cursor(received)
    chance = random.Random(7)
    for step in [0, journal.length, *(chance.randrange(journal.length) for _ in range(60))]:
        here.seek(step)
        there.seek(step)
        assert fingerprint(here.board) == fingerprint(there.board)
        assert here.tell() == there.tell()


def test_a_cursor_looks_at_what_is_there_while_more_arrives() -> None:
    journal, received = Journal(processor(IMAGE)), Received(processor(IMAGE))
    sender, looked = Sender(journal), Cursor(received)
    for at in (1, 50, CHUNK - 1, CHUNK + 3, 2 * CHUNK, 3 * CHUNK + 9):
        journal.record(at - journal.length)
        for part in sender.parts():
            received.append(part)
        cursor = Cursor(journal)
        for step in (at, at // 2, max(at - CHUNK, 0)):
            cursor.seek(step)
            looked.seek(step)
            assert fingerprint(looked.board) == fingerprint(cursor.board)


def test_what_waits_to_be_sent_is_known_and_sending_empties_it() -> None:
    journal = Journal(processor(IMAGE))
    sender = Sender(journal)
    journal.record(10)
    assert sender.waiting == len(journal.cpu.journal) > 0
    assert len(list(sender.parts())) == 1
    assert sender.waiting == 0 and list(sender.parts()) == []


TWO = """
start:  call boot
again:  inc qword [0x200000]
        cmp qword [0x200000], 3000
        jb again
        jmp shut
second: lock inc qword [0x200008]
        pause
        jmp second
"""


def test_a_machine_with_several_processors_travels_too() -> None:
    journal, received = Journal(booting(TWO)), Received(booting(TWO))
    sender, looked = Sender(journal), Cursor(received)
    while not journal.ending and journal.length < 20_000:
        journal.record(1111)
        for part in sender.parts():
            received.append(part)
        cursor = Cursor(journal)
        for step in (journal.length, journal.length // 2, journal.length - 700):
            cursor.seek(step)
            looked.seek(step)
            assert received.who(step) == journal.who(step)
            assert fingerprint(looked.board) == fingerprint(cursor.board)
    assert journal.length > 2 * CHUNK and {journal.who(step) for step in range(journal.length)} == {0, 1}


def test_a_cursor_stays_at_the_end_of_a_run_of_several_processors() -> None:
    journal = Journal(booting(TWO))
    journal.record(500)
    cursor = Cursor(journal)
    cursor.seek(500)
    cursor.seek(500)
    assert fingerprint(cursor.board) == fingerprint(journal.board)
