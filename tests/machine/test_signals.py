"""The scripted outside world: what arrives when, and that it comes and goes with the steps."""
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.machine.replay import check_telling, check_to_and_fro, fingerprint
from tests.machine.two import booting, running
from vmviz import events as ev
from vmviz.asm import assemble
from vmviz.errors import VmvizError
from vmviz.machine import apic
from vmviz.machine.bench import processor
from vmviz.machine.journal import Cursor, Journal
from vmviz.machine.registers import APIC, NMI_PENDING, RAX
from vmviz.machine.signals import Arrival
from vmviz.machine.undo import take_back

IDT = """
        mov edi, 0x180000
        mov eax, handler
        mov ecx, 256
fill:   mov [rdi], ax
        mov word [rdi + 2], 0x18
        mov word [rdi + 4], 0x8E00
        mov edx, eax
        shr edx, 16
        mov [rdi + 6], edx
        add edi, 16
        loop fill
        lidt [idtr]
        mov ebx, 0xFEE00000
        mov dword [rbx + 0xF0], 0x1FF
"""
HANDLER = """
        align 8
idtr:   dw 4095
        dq 0x180000
handler: inc qword [0x7100]
        mov dword [rbx + 0xB0], 0
        iretq
"""


def counted(text: str, *outside: Arrival) -> Journal:
    """A run of one processor with an interrupt handler that counts."""
    image = assemble(f"bits 64\norg 0x100000\n{IDT}{text}\n{HANDLER}").image
    journal = Journal(processor(image, outside=outside))
    journal.record(10_000)
    return journal


def count(journal: Journal) -> int:
    return journal.cpu.memory.read(0x7100, 8)


def signals(journal: Journal) -> list[tuple[int, ev.Signal]]:
    return [(step, event) for step, event in journal.marks if isinstance(event, ev.Signal)]


def test_it_arrives_before_the_instruction_that_would_read_its_time() -> None:
    image = assemble("bits 64\norg 0x100000\n" + "nop\n" * 20 + "hlt").image
    journal = Journal(processor(image, outside=(Arrival(7, "nmi"),)))
    journal.record(9)
    cursor = Cursor(journal)
    pending = []
    for step in range(9):
        cursor.seek(step)
        pending.append(cursor.cpu.reg[NMI_PENDING])
    assert pending.index(1) == 7
    assert signals(journal) == [(6, ev.Signal(processor=0, kind="nmi"))]


def test_an_interrupt_wakes_a_halted_processor_and_the_clock_jumps_there() -> None:
    journal = counted("sti\nhlt\ncli\nhlt", Arrival(50_000, "interrupt", 0x40))
    assert (count(journal), journal.ending) == (1, "idle")
    assert journal.cpu.now() > 50_000
    assert journal.length < 5_000


def test_an_interrupt_to_who_masks_it_waits_in_the_irr() -> None:
    journal = counted("mov ecx, 2000\nw: loop w\nsti\nnop\nnop\ncli\nhlt", Arrival(3000, "interrupt", 0x40))
    assert count(journal) == 1
    assert signals(journal)[0][0] == 2999
    cursor = Cursor(journal)
    cursor.seek(3000)
    assert cursor.cpu.reg[APIC + (apic.IRR >> 4) + 2] == 1
    cursor.seek(2999)
    assert cursor.cpu.reg[APIC + (apic.IRR >> 4) + 2] == 0


def test_the_time_is_that_of_a_counter_that_nobody_wrote() -> None:
    write = "mov ecx, 0x10\nmov eax, 5\nmov edx, 9\nwrmsr\n"
    plain, written = (counted(f"{text}sti\nhlt\ncli\nhlt", Arrival(9_000, "interrupt", 0x40)) for text in ("", write))
    assert count(plain) == count(written) == 1
    assert plain.board.clock - written.board.clock in (0, 1)


def test_init_and_sipi_from_outside_start_a_processor() -> None:
    copy = "start: mov esi, ap\nmov edi, AP_AT\nmov ecx, ap_end - ap\nrep movsb\nhlt\n"
    first = booting(copy + "second: mov eax, 77\nhlt",
                    outside=(Arrival(100, "init", processor=1), Arrival(200, "sipi", 8, 1)))
    journal = Journal(first)
    journal.record(1000)
    assert first.board.processors[1].reg[RAX] == 77
    assert [(event.processor, event.kind, event.vector, event.sender) for _, event in signals(journal)] == [
        (1, "init", None, None), (1, "sipi", 8, None)]


def test_a_signal_to_a_processor_that_is_not_there_is_refused() -> None:
    with pytest.raises(VmvizError, match="processor 1, and the last one is 0"):
        processor(b"\xF4", outside=(Arrival(5, "nmi", processor=1),))


# ---- back and forth, with two processors and an outside world

MIXED = """
start:  call boot
        mov r8d, 40
again:  mov dword [rbx + 0x310], 1 << 24
        mov dword [rbx + 0x300], 0x4055         ; to the other one
        lock xadd [0x7200], r8
        inc byte [shared + 1]                   ; code that the other one runs
        mov ecx, 30
w:      loop w
        dec r8b
        jnz again
        hlt
second: mov esp, 0xA000
        mov ebp, 200
x:      call shared
        push rax
        pop qword [0x7300 + rbp*8]
        mov ebx, 0xFEE00000
        mov dword [rbx + 0xF0], 0x1FF
        mov dword [rbx + 0x310], 0
        mov dword [rbx + 0x300], 0x4056         ; back
        dec ebp
        jnz x
        hlt
shared: mov eax, 3
        ret
"""
OUTSIDE = (Arrival(150, "interrupt", 0x60), Arrival(999, "interrupt", 0x61, 1), Arrival(40_000, "init", processor=1),
           Arrival(60_000, "sipi", 8, 1))


def mixed() -> Journal:
    kept = Journal(booting(MIXED, outside=OUTSIDE))
    kept.record(30_000)
    return kept


@pytest.fixture(scope="module")
def journal() -> Journal:
    return mixed()


def test_the_run_is_long_and_both_processors_do_much(journal: Journal) -> None:
    owners = [journal.who(step) for step in range(journal.length)]
    assert journal.length > 4096
    assert min(owners.count(0), owners.count(1)) > 1000
    assert len(signals(journal)) > 100


def test_two_runs_are_byte_identical(journal: Journal) -> None:
    other = mixed()
    assert list(other.marks) == list(journal.marks)
    for number in range(journal.length // 4096 + 1):
        assert [list(column) for column in other.chunk(number)] == [list(column) for column in journal.chunk(number)]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_back_after_forward_is_the_identity(journal: Journal, data: st.DataObject) -> None:
    check_to_and_fro(journal, data, near=20)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_telling_a_step_gives_what_was_recorded(journal: Journal, data: st.DataObject) -> None:
    check_telling(journal, data)


def test_the_cursor_at_the_end_is_the_recorders_state(journal: Journal) -> None:
    cursor = Cursor(journal)
    cursor.seek(journal.length)
    assert fingerprint(cursor.board) == fingerprint(journal.board)


def test_what_an_instruction_did_to_another_is_taken_back_with_it() -> None:
    first, second = running("hlt\nsecond: hlt")
    first.rips = [0]
    first.board.put(1, NMI_PENDING, 1)
    assert second.reg[NMI_PENDING] == 1
    take_back(first, 0)
    assert (second.reg[NMI_PENDING], first.journal) == (0, [])
