"""String instructions: repetition over several steps, faults in the middle, single steps, prefixes and segments."""
from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.machine.isa.running import CODE, Program
from vmviz.asm import assemble
from vmviz.machine.bench import Machine, processor
from vmviz.machine.journal import Cursor, Journal
from vmviz.machine.outcome import PF, Fault, OutsideModel
from vmviz.machine.registers import DF, GS_BASE, TF, ZF

Run = Callable[..., Program]


def test_a_step_does_at_most_4096_iterations_and_rip_stays(run: Run) -> None:
    program = run("rep stosb", rcx=5000, rdi=0x200000, rax=0xAB).step()
    assert (program["rip"], program["rcx"], program["rdi"]) == (CODE, 904, 0x201000)
    program.step()
    assert (program["rip"], program["rcx"], program["rdi"]) == (program.end, 0, 0x200000 + 5000)
    assert program.read(0x200000 + 4992, 8) == 0xABABABAB_ABABABAB
    assert program.read(0x200000 + 5000, 1) == 0


def test_a_count_of_zero_does_nothing(run: Run) -> None:
    program = run("rep movsb", rcx=0, rsi=1 << 63, rdi=1 << 63).step()
    assert (program["rsi"], program["rip"]) == (1 << 63, program.end)


def test_iterations_before_a_fault_stay_done(run: Run) -> None:
    program = run("rep movsq", rcx=20, rsi=0x8000, rdi=0x201000 - 24)
    program.cpu.memory.load(0x8000, bytes(range(160)))
    entry = 0x12000 + 8                                     # the page directory's entry for 200000h
    table = 0x300000
    program.cpu.memory.load(table, (0x200000 | 7).to_bytes(8, "little"))
    program.cpu.memory.load(entry, (table | 7).to_bytes(8, "little"))
    with pytest.raises(Fault) as fault:
        program.step()
    assert (fault.value.vector, fault.value.error, fault.value.address) == (PF, 2, 0x201000)
    assert (program["rcx"], program["rsi"], program["rdi"]) == (17, 0x8018, 0x201000)
    assert program.cpu.commit == len(program.cpu.journal) > 0
    assert program.read(0x200FF8, 8) == int.from_bytes(bytes(range(16, 24)), "little")


def test_with_the_trap_flag_an_iteration_is_a_step(run: Run) -> None:
    program = run("rep stosb", rcx=3, rdi=0x8000, rflags=2 | TF).step()
    assert (program["rcx"], program["rip"]) == (2, CODE)


def test_repne_scasb_stops_behind_the_match(run: Run) -> None:
    program = run("repne scasb", rcx=100, rdi=0x8000, rax=ord("!"))
    program.cpu.memory.load(0x8000, b"hello!")
    program.step()
    assert (program["rdi"], program["rcx"], program["rflags"] & ZF) == (0x8006, 94, ZF)


def test_repe_cmpsb_stops_behind_the_difference(run: Run) -> None:
    program = run("repe cmpsb", rcx=100, rsi=0x8000, rdi=0x8100)
    program.cpu.memory.load(0x8000, b"abcx")
    program.cpu.memory.load(0x8100, b"abcy")
    program.step()
    assert (program["rsi"], program["rcx"], program["rflags"] & ZF) == (0x8004, 96, 0)


def test_with_the_direction_flag_addresses_fall(run: Run) -> None:
    program = run("rep movsb", rcx=2, rsi=0x8001, rdi=0x8002, rflags=2 | DF)
    program.cpu.memory.load(0x8000, b"ab")
    program.step()
    assert program.read(0x8001, 2).to_bytes(2, "little") == b"ab"
    assert (program["rsi"], program["rdi"]) == (0x7FFF, 0x8000)


def test_overlapping_forward_copies_repeat_the_beginning(run: Run) -> None:
    program = run("rep movsb", rcx=7, rsi=0x8000, rdi=0x8001)
    program.cpu.memory.load(0x8000, b"z")
    assert program.step().read(0x8000, 8).to_bytes(8, "little") == b"zzzzzzzz"


def test_a_segment_prefix_changes_the_source_only(run: Run) -> None:
    program = run("gs movsb", rsi=0x10, rdi=0x8100)
    program.cpu.reg[GS_BASE] = 0x8000
    program.cpu.memory.load(0x8010, b"q")
    assert program.step().read(0x8100, 1) == ord("q")


def test_32_bit_addresses_clear_the_upper_halves(run: Run) -> None:
    program = run("db 0x67, 0xF3, 0xA4", rcx=1 << 32 | 1, rsi=7 << 32 | 0x8000, rdi=9 << 32 | 0x8100).step()
    assert (program["rcx"], program["rsi"], program["rdi"]) == (0, 0x8001, 0x8101)


def test_the_other_movsd_is_outside_the_model(run: Run) -> None:
    with pytest.raises(OutsideModel):
        run("db 0xF2, 0x0F, 0x10, 0x06", rsi=0x8000, cr4=0x220).step()    # MOVSD of SSE2


def test_the_machine_tells_and_records_the_same_steps() -> None:
    image = assemble("""
        bits 64
        org 0x100000
        mov ecx, 9000
        mov edi, 0x200000
        mov al, 'x'
        rep stosb
        mov ecx, 9000
        mov esi, 0x200000
        mov edi, 0x300000
        rep movsb
        hlt
    """).image
    told = []
    machine = Machine(image)
    while step := machine.step():
        told.append(step)
    journal = Journal(processor(image))
    journal.record(100)
    assert journal.length == len(told) == 3 + 3 + 3 + 3 + 1
    for number, step in enumerate(told):
        flat = [part for change in step.changes for part in change]
        assert list(journal.changes(number)) == flat, number
    cursor = Cursor(journal)
    cursor.seek(journal.length)
    assert cursor.cpu.memory.read(0x300000 + 8999, 1) == ord("x")
    cursor.seek(4)
    assert cursor.cpu.memory.read(0x300000, 1) == 0
