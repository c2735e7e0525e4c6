"""Several processors in one machine: their order, what they share, and what one does to another."""
from __future__ import annotations

import pytest

from tests.machine.two import ALLOW_VMX, run, running, step
from vmviz import events as ev
from vmviz.errors import VmvizError
from vmviz.machine import apic
from vmviz.machine.bench import processor
from vmviz.machine.journal import Journal
from vmviz.machine.outcome import OutsideModel
from vmviz.machine.registers import (
    ACTIVITY,
    APIC_BASE,
    HLT,
    RAX,
    RBX,
    TSC_ADJUST,
    WAIT_FOR_SIPI,
)
from vmviz.machine.turns import QUANTUM

PAGE = 0xFEE0_0000


def owners(journal: Journal) -> list[int]:
    return [journal.who(n) for n in range(journal.length)]


# ---- the order

def test_processors_take_turns_of_one_quantum() -> None:
    first, _ = running("jmp $\nsecond: jmp $")
    assert owners(run(first, 64)) == ([0] * QUANTUM + [1] * QUANTUM) * 2


def test_who_halts_passes_its_turn_at_once_and_is_passed_over() -> None:
    first, *_ = running("jmp $\nsecond: nop\nnop\nhlt")
    assert owners(run(first, 40)) == [0] * 16 + [1] * 3 + [0] * 21


def test_three_processors_in_the_order_of_their_numbers() -> None:
    first, *_ = running("jmp $\nsecond: jmp $", 3)
    assert owners(run(first, 50)) == [0] * 16 + [1] * 16 + [2] * 16 + [0] * 2


def test_the_order_does_not_hang_on_how_a_run_is_cut() -> None:
    text = "mov ecx, 50\na: loop a\nhlt\nsecond: mov ecx, 70\nb: push rcx\npop rcx\nloop b\nhlt"
    whole, pieces = Journal(running(text)[0]), Journal(running(text)[0])
    whole.record(1000)
    while not pieces.ending:
        pieces.record(7)
    assert owners(whole) == owners(pieces)
    assert [whole.rip(n) for n in range(whole.length)] == [pieces.rip(n) for n in range(pieces.length)]


def test_further_processors_come_out_of_reset_waiting_for_a_start_up_ipi() -> None:
    first, second = processor(b"\xF4", processors=2).board.processors
    assert second.reg[ACTIVITY] == WAIT_FOR_SIPI
    assert (first.reg[APIC_BASE], second.reg[APIC_BASE]) == (0xFEE0_0900, 0xFEE0_0800)
    assert run(first).ending == "idle"


def test_the_run_ends_when_nobody_can_be_woken() -> None:
    first, *_ = running("hlt\nsecond: jmp next\nnext: hlt")
    journal = run(first)
    assert (journal.ending, journal.length) == ("idle", 3)


def test_time_passes_for_all_while_nobody_runs() -> None:
    """The timer of the second processor is the only thing that can wake anybody."""
    first, second = running("hlt\nsecond: sti\nhlt")
    for cpu in (first, second):
        cpu.rips = [0]
        cpu.write32(PAGE + apic.SVR, 0x1FF)
    second.write32(PAGE + apic.LVT_TIMER, 0x40)
    second.write32(PAGE + apic.DIVIDE, 0xB)
    second.write32(PAGE + apic.INITIAL_COUNT, 1000)
    first.board.attach([], [], [], 0)
    while second.reg[ACTIVITY] != HLT:
        step(first)
    assert step(first).processor == 1               # the jump
    assert first.reg[TSC_ADJUST] == second.reg[TSC_ADJUST] > 900
    assert first.reg[ACTIVITY] == HLT


def test_at_most_eight_processors() -> None:
    assert len(processor(b"\xF4", processors=8).board.processors) == 8
    for count in (0, 9):
        with pytest.raises(VmvizError, match="1 to 8"):
            processor(b"\xF4", processors=count)


# ---- identity

def test_cpuid_says_who_and_how_many() -> None:
    text = "mov eax, 1\ncpuid\nhlt\nsecond: mov eax, 1\ncpuid\nhlt"
    for cpu in running(text, 3):
        run(cpu.board.first)
        assert cpu.reg[RBX] >> 24 == cpu.number
        assert cpu.reg[RBX] >> 16 & 0xFF == 4                               # room for IDs: the next power of two
        assert cpu.model.cpuid(cpu.reg, 0xB, 0, cpu.number, 3) == (0, 1, 0x100, cpu.number)
        assert cpu.model.cpuid(cpu.reg, 0xB, 1, cpu.number, 3) == (2, 3, 0x201, cpu.number)


def test_a_mode_change_or_halt_tells_whose_it_is() -> None:
    first, *_ = running("hlt\nsecond: hlt")
    journal = run(first)
    assert [(step, event.processor) for step, event in journal.marks if isinstance(event, ev.Halt)] == [(0, 0), (1, 1)]


# ---- what they share

def test_code_that_another_processor_changes_is_decoded_anew() -> None:
    """The second one runs `patched` many times; then the first one changes its immediate, which the next call sees."""
    text = """
        mov ecx, 60
w:      loop w
        mov dword [patched + 1], 77
        mov byte [0x7000], 1
        hlt
second: call patched
        cmp byte [0x7000], 1
        jne second
        call patched
        hlt
patched: mov eax, 5
        ret
    """
    first, second = running(text)
    run(first)
    assert second.reg[RAX] == 77


def test_a_page_that_another_processor_decodes_leaves_the_fast_path_of_writers() -> None:
    """The first one writes the page often before the second one runs code there for the first time."""
    text = """
        mov ecx, 100
w:      mov byte [there + 1], cl
        loop w
        mov byte [there + 1], 9
        mov byte [0x7000], 1
        hlt
second: call there
        cmp byte [0x7000], 1
        jne second
        call there
        hlt
align 4096
there:  mov al, 5
        ret
    """
    first, second = running(text)
    run(first)
    assert second.reg[RAX] & 0xFF == 9


def test_a_translation_stays_in_the_tlb_of_who_did_not_flush_it() -> None:
    """Both have read 400000h; the first one moves its page and flushes its own entry. (The flush instructions of VMX
    work on the same TLB.)"""
    text = """
        mov al, [0x400000]
        mov byte [0x7000], 1
w:      cmp byte [0x7001], 1
        jne w
        mov qword [0x12010], 0x600087           ; 400000h is at 600000h now
        mov byte [0x600000], 5
        invlpg [0x400000]
        mov al, [0x400000]
        mov byte [0x7000], 2
        hlt
second: mov al, [0x400000]
        mov byte [0x7001], 1
x:      cmp byte [0x7000], 2
        jne x
        mov al, [0x400000]
        invlpg [0x400000]
        mov bl, [0x400000]
        hlt
    """
    first, second = running(text)
    run(first)
    assert (first.reg[RAX], second.reg[RAX], second.reg[RBX]) == (5, 0, 5)


# ---- VMX

def vmx(first: str, second: str) -> str:
    """Both enter VMX operation, each with a region of its own, and go on as given; eax is the revision."""
    return f"""
{ALLOW_VMX}
        mov [0x200000], eax
        mov [0x202000], eax
        mov qword [0x7000], 0x200000
        mov qword [0x7010], 0x202000
        vmxon [0x7000]
        {first}
        hlt
second: {ALLOW_VMX}
        mov [0x201000], eax
        mov qword [0x7020], 0x201000
w:      cmp byte [0x7040], 1
        jne w
        {second}
        hlt
"""


GO = "mov byte [0x7040], 1"


def outside(text: str) -> OutsideModel:
    journal = run(running(text)[0])
    assert journal.outside is not None
    return journal.outside


@pytest.mark.parametrize(("second", "words"), [
    ("vmxon [0x7020]\nvmptrld [0x7010]", "VMPTRLD on processor 1 of the VMCS at 202000h, active on processor 0"),
    ("vmxon [0x7020]\nvmclear [0x7010]", "VMCLEAR on processor 1 of the VMCS at 202000h, active on processor 0"),
    ("vmxon [0x7010]", "VMXON on processor 1 of the VMCS at 202000h, active on processor 0"),
    ("vmxon [0x7000]", "VMXON on processor 1 of the VMXON region of processor 0 at 200000h"),
    ("vmxon [0x7020]\nvmptrld [0x7000]", "VMPTRLD on processor 1 of the VMXON region of processor 0 at 200000h"),
])
def test_what_another_processor_uses_stops_the_run_by_name(second: str, words: str) -> None:
    assert words in str(outside(vmx(f"vmclear [0x7010]\nvmptrld [0x7010]\n{GO}", second)))


def test_a_vmcs_moves_by_vmclear_on_the_one_and_vmptrld_on_the_other() -> None:
    text = vmx(f"vmclear [0x7010]\nvmptrld [0x7010]\nvmclear [0x7010]\n{GO}", "vmxon [0x7020]\nvmptrld [0x7010]")
    first, second = running(text)
    journal = run(first)
    assert journal.outside is None
    states = [(journal.who(step), event.active) for step, event in journal.marks if isinstance(event, ev.VmcsState)]
    assert states == [(0, False), (0, True), (0, False), (1, True)]
    assert [(event.processor, event.to) for _, event in journal.marks if isinstance(event, ev.ModeChange)] == [
        (0, "root"), (1, "root")]
