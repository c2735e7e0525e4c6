"""What a person changes in the middle of a run: named, checked, journaled, told; the run before is the same."""
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vmviz import events as ev
from vmviz.asm import assemble
from vmviz.errors import VmvizError
from vmviz.machine import interventions
from vmviz.machine.bench import processor
from vmviz.machine.journal import Cursor, Journal
from vmviz.machine.registers import RAX, RFLAGS, RIP
from vmviz.machine.signals import SET, Arrival

PROGRAM = assemble("""
        bits 64
        org 100000h
        mov     ecx, 20
again:  inc     rax
        loop    again
        mov     [200000h], rax
        hlt
other:  mov     ebx, 77
        hlt
""")
AT = 10


def run(*arrivals: Arrival) -> Journal:
    journal = Journal(processor(PROGRAM.image, outside=arrivals))
    journal.record(1000)
    return journal


def change(what: str, value: int, tick: int = AT) -> Arrival:
    interventions.check(what, value)
    return Arrival(tick, SET, 0, 0, what, value)


def test_a_register_has_its_new_value_from_there_on() -> None:
    plain, changed = run(), run(change("rax", 1000))
    assert changed.cpu.reg[RAX] == plain.cpu.reg[RAX] + 1000 - 5
    for step in range(AT - 1):
        assert list(changed.changes(step)) == list(plain.changes(step)) and changed.rip(step) == plain.rip(step)


def test_control_goes_where_rip_is_put() -> None:
    changed = run(change("rip", PROGRAM.symbols["other"]))
    assert changed.rip(AT) == PROGRAM.symbols["other"] and changed.length == AT + 2


def test_memory_that_holds_code_is_decoded_anew() -> None:
    loop = PROGRAM.symbols["again"]
    changed = run(change(f"memory:{loop + 2:x}", 0xC8))         # inc rax becomes dec rax
    assert changed.cpu.reg[RAX] == 5 - (20 - 5) & (1 << 64) - 1


def test_flags_that_do_not_exist_stay_as_they_are() -> None:
    changed = run(change("rflags", 0xFFFF_FFFF_FFFF_FFFF & ~0x100))
    cursor = Cursor(changed)
    cursor.seek(AT)
    assert cursor.cpu.reg[RFLAGS] == 0x3F_7FD7 & ~0x100


def test_it_is_told_with_both_values() -> None:
    changed = run(change("rax", 0x1234))
    notes = [event for step, event in changed.marks if isinstance(event, ev.Note)]
    assert [note.values for note in notes] == [{"slot": "rax", "old": "5", "new": "1234"}]
    cursor = Cursor(changed)
    cursor.seek(AT - 1)
    told = cursor.tell()
    assert told is not None and notes[0] in told.events


@pytest.mark.parametrize("what, value", [
    ("cr0", 1), ("rax", 1 << 64), ("rax", -1), ("vmcs:201000:no_such_field", 0), ("vmcs:x:guest_rip", 0),
    ("memory:10", 256), ("memory:zz", 1), ("", 0),
    ("vmcs:201000:pin_based_controls", 1 << 32), ("rax:1", 0), ("memory:1:2", 0),
])
def test_what_cannot_be_is_refused(what: str, value: int) -> None:
    with pytest.raises(VmvizError):
        interventions.check(what, value)


@given(tick=st.integers(1, 40),
       what=st.sampled_from(["rax", "rcx", "rip", "rflags", "memory:200000", "memory:100003"]),
       value=st.integers(0, 255), seeks=st.lists(st.integers(0, 60), max_size=6))
@settings(max_examples=60, deadline=None)
def test_back_and_forth_is_the_same_run(tick: int, what: str, value: int, seeks: list[int]) -> None:
    arrival = change(what, 0x100000 + value % 8 if what == "rip" else value, tick)
    journal, again = run(arrival), run(arrival)
    assert [list(journal.changes(n)) for n in range(journal.length)] == [
        list(again.changes(n)) for n in range(again.length)]
    cursor, straight = Cursor(journal), Cursor(journal)
    for step in seeks:
        step = min(step, journal.length)
        cursor.seek(step)
        straight.seek(0)
        straight.seek(step)
        assert cursor.cpu.reg == straight.cpu.reg and cursor.cpu.reg[RIP] == journal.rip(step)
