"""Between two instructions: which event comes first, what wakes a processor, and what shadows and timers do."""
from __future__ import annotations

import pytest

from tests.machine.vmx.scenes import GUEST_RIP, in_root
from vmviz import events as ev
from vmviz.asm import assemble
from vmviz.machine import apic, bench, interrupts
from vmviz.machine.journal import Journal
from vmviz.machine.processor import Processor
from vmviz.machine.registers import (
    ACTIVE,
    ACTIVITY,
    BY_MOV_SS,
    BY_NMI,
    BY_STI,
    CR2,
    CS_SELECTOR,
    DR0,
    DR6,
    DR7,
    HLT,
    IF,
    INIT_PENDING,
    INTERRUPTIBILITY,
    MTF_PENDING,
    NMI_PENDING,
    NON_ROOT,
    OPERATION,
    PENDING_DEBUG,
    RAX,
    RCX,
    RFLAGS,
    RIP,
    ROOT,
    SHUTDOWN,
    SIPI_PENDING,
    TIMER_DEADLINE,
    WAIT_FOR_SIPI,
)
from vmviz.machine.step import Step, ended, tell

EXTERNAL_INTERRUPT_EXITING, NMI_EXITING, VIRTUAL_NMIS, TIMER = 1, 8, 0x20, 0x40
INTERRUPT_WINDOW, NMI_WINDOW, MONITOR_TRAP = 1 << 2, 1 << 22, 1 << 27


def bench_with(text: str) -> Processor:
    return bench.processor(assemble(f"bits 64\norg 0x100000\n{text}\n").image)


def step(cpu: Processor) -> Step:
    told = tell(cpu)
    assert told is not None
    cpu.base_step += 1
    return told


def steps(cpu: Processor, count: int) -> None:
    for _ in range(count):
        step(cpu)


def guest(text: str, pin: int = 0, primary: int = 0, **fields: int) -> Processor:
    """A processor that has just entered a guest with this code at GUEST_RIP."""
    cpu, region = in_root()
    cpu.rips.append(0)
    region.write("pin_based_controls", region.read("pin_based_controls") | pin)
    region.write("primary_processor_based_controls", region.read("primary_processor_based_controls") | primary)
    for name, value in fields.items():
        region.write(name, value)
    cpu.rips.clear()
    cpu.journal.clear()
    cpu.memory.load(GUEST_RIP, assemble(f"bits 64\norg {GUEST_RIP}\n{text}\n").image)
    step(cpu)
    assert cpu.reg[OPERATION] == NON_ROOT, cpu.marks
    return cpu


def exit_reason(cpu: Processor) -> int:
    """Make a step that must be a VM exit; its reason."""
    told = step(cpu)
    reasons = [event.reason for event in told.events if isinstance(event, ev.VmExit)]
    assert len(reasons) == 1, told.events
    return reasons[0]


# ---- the order of simultaneous events

def test_events_of_a_guest_come_in_the_order_of_the_manual() -> None:
    """INIT, monitor trap, debug trap, preemption timer, NMI window, NMI, interrupt window, external interrupt."""
    seen = []
    causes = ("init", "mtf", "debug", "timer", "nmi_window", "nmi", "window", "interrupt")
    wanted = (3, 37, 0, 52, 8, 0, 7, 1)
    for n in range(len(causes)):
        left = causes[n:]
        primary = (NMI_WINDOW if "nmi_window" in left else 0) | (INTERRUPT_WINDOW if "window" in left else 0)
        cpu = guest("nop\nnop", pin=EXTERNAL_INTERRUPT_EXITING | NMI_EXITING | VIRTUAL_NMIS | TIMER, primary=primary,
                    exception_bitmap=2, guest_rflags=IF | 2, vmx_preemption_timer_value=0 if "timer" in left else 1000)
        cpu.rips.append(0)
        apic.write_register(cpu, apic.SVR, 0x1FF)
        for name, slot, value in (("init", INIT_PENDING, 1), ("mtf", MTF_PENDING, 1), ("debug", PENDING_DEBUG, 1 << 14),
                                  ("nmi", NMI_PENDING, 1)):
            if name in left:
                cpu.set(slot, value)
        apic.accept(cpu, 0x50)
        cpu.rips.clear()
        cpu.journal.clear()
        assert interrupts.armed(cpu) or interrupts.horizon(cpu) == 0
        seen.append(exit_reason(cpu))
    assert tuple(seen) == wanted


def test_mov_ss_holds_back_debug_traps_nmis_and_interrupts() -> None:
    cpu = bench_with("nop\nnop")
    apic.accept(cpu, 0x50)
    cpu.reg[NMI_PENDING], cpu.reg[PENDING_DEBUG] = 1, 1 << 14
    cpu.reg[RFLAGS] |= IF
    cpu.reg[INTERRUPTIBILITY] = BY_MOV_SS
    cpu.base_step = 5                                   # set by an earlier step than the one to come
    step(cpu)
    assert cpu.reg[RIP] == 0x100001
    assert not cpu.reg[INTERRUPTIBILITY] & BY_MOV_SS
    assert cpu.reg[PENDING_DEBUG] == 1 << 14


def test_the_shadow_of_sti_covers_one_instruction_and_a_second_sti_does_not_renew_it() -> None:
    cpu = bench_with("sti\nsti\nnop")
    step(cpu)
    assert cpu.reg[INTERRUPTIBILITY] == BY_STI
    step(cpu)
    assert cpu.reg[INTERRUPTIBILITY] == 0


def test_sti_behind_mov_ss_leaves_blocking_by_sti_alone() -> None:
    cpu = bench_with("mov eax, 0x10\nmov ss, eax\nsti\nnop")
    steps(cpu, 2)
    assert cpu.reg[INTERRUPTIBILITY] == BY_MOV_SS
    step(cpu)
    assert cpu.reg[INTERRUPTIBILITY] == BY_STI
    step(cpu)
    assert cpu.reg[INTERRUPTIBILITY] == 0


# ---- debug exceptions

def test_int1_leaves_b0_to_b3_of_dr6_and_a_single_step_clears_them() -> None:
    cpu = bench_with("""lidt [rel table]
        int1
        nop
handler: hlt
align 8
table:  dw 0x1F
        dq gates
gates:  dq 0, 0
        dw handler - $$, 0x18, 0x8E00, 0x10, 0, 0, 0, 0""")
    step(cpu)
    cpu.reg[DR6] = 0xFFFF_0FF5
    step(cpu)
    assert cpu.reg[DR6] == 0xFFFF_0FF5
    cpu.reg[RIP], cpu.reg[DR6] = 0x100008, 0xFFFF_0FF5
    cpu.reg[PENDING_DEBUG] = 1 << 14
    step(cpu)
    assert cpu.reg[DR6] == 0xFFFF_4FF0


@pytest.mark.parametrize(("text", "rcx", "good"), [
    ("monitor", 0, True), ("monitor", 1, False), ("monitor", 1 << 63, False), ("mwait", 0, True), ("mwait", 1, True),
    ("mwait", 2, False), ("mwait", 1 << 32, False),
])
def test_monitor_and_mwait_look_at_the_whole_of_rcx_in_64_bit_mode(text: str, rcx: int, good: bool) -> None:
    cpu = bench_with(f"{text}\nnop")
    cpu.reg[RCX] = rcx
    step(cpu)                                           # #GP has no handler here
    assert (cpu.reg[ACTIVITY] != SHUTDOWN) == good


@pytest.mark.parametrize(("kind", "hit"), [(3, True), (1, False)])
def test_monitor_meets_data_breakpoints_as_a_load_of_a_byte(kind: int, hit: bool) -> None:
    cpu = bench_with("monitor\nnop")
    cpu.reg[RAX] = cpu.reg[DR0] = 0x300000
    cpu.reg[DR7] = 0x400 | kind << 16 | 1
    step(cpu)
    assert cpu.reg[PENDING_DEBUG] == (1 << 12 | 1 if hit else 0)


# ---- monitor trap flag

def test_the_monitor_trap_comes_after_each_iteration_of_a_string_instruction() -> None:
    cpu = guest("mov ecx, 3\nmov edi, 0x300000\nrep stosb\nvmcall", primary=MONITOR_TRAP)
    for _ in range(2):
        step(cpu)
        assert exit_reason(cpu) == 37
        resume(cpu)
    for left in (2, 1, 0):
        step(cpu)
        assert cpu.reg[RCX] == left
        assert exit_reason(cpu) == 37
        resume(cpu)


def resume(cpu: Processor) -> None:
    """VMRESUME from wherever the VMM is."""
    cpu.memory.load(cpu.reg[RIP], b"\x0f\x01\xc3")
    cpu.forget_decoded()
    cpu.drop_soft_tables()
    step(cpu)
    assert cpu.reg[OPERATION] == NON_ROOT


# ---- what exits keep

def test_an_exit_for_a_page_fault_leaves_cr2_and_one_for_a_debug_exception_dr6() -> None:
    cpu = guest("mov rax, 0x4000000000\nmov [rax], eax", exception_bitmap=1 << 14)
    step(cpu)
    assert exit_reason(cpu) == 0
    assert cpu.reg[CR2] == 0
    cpu = guest("int1", exception_bitmap=2)
    before = cpu.reg[DR6]
    assert exit_reason(cpu) == 0
    assert cpu.reg[DR6] == before


def test_int_n_refused_in_virtual_8086_mode_is_an_event_under_way() -> None:
    """IOPL below 3: #GP(0), whose VM exit has INT n as IDT-vectoring information."""
    segments = {f"guest_{name}_{part}": value for name in ("cs", "ss", "ds", "es", "fs", "gs")
                for part, value in (("selector", 0x800), ("base", 0x8000), ("limit", 0xFFFF), ("access_rights", 0xF3))}
    cpu, region = in_root(**segments, guest_rflags=0x2_0002, guest_rip=0, guest_rsp=0x800, guest_cr3=0x2_0000,
                          guest_cr4=0x2010, exception_bitmap=1 << 13)
    cpu.rips.append(0)
    region.write("vm_entry_controls", region.read("vm_entry_controls") & ~(1 << 9))
    cpu.rips.clear()
    cpu.memory.load(0x2_0000, (0xE7).to_bytes(4, "little"))
    cpu.memory.load(0x8000, b"\xcd\x40")
    step(cpu)
    assert exit_reason(cpu) == 0
    assert region.read("exit_interruption_info") & 0x7FF == 0x30D
    assert (region.read("idt_vectoring_info"), region.read("exit_instruction_length")) == (0x8000_0440, 2)


def test_a_triple_fault_is_an_exit_in_a_guest_and_shutdown_outside() -> None:
    cpu = guest("ud2", guest_idtr_limit=0)
    assert exit_reason(cpu) == 2
    alone = bench_with("ud2")
    alone.reg[RAX] = 7
    step(alone)
    assert alone.reg[ACTIVITY] == SHUTDOWN
    assert alone.reg[RIP] == 0x100000
    assert ended(alone) == "idle"


# ---- INIT, start-up, halting

def test_init_is_blocked_in_root_operation_and_resets_outside_vmx() -> None:
    cpu, _ = in_root(b"\x90\x90")
    cpu.reg[INIT_PENDING] = 1
    step(cpu)
    assert (cpu.reg[OPERATION], cpu.reg[RIP], cpu.reg[INIT_PENDING]) == (ROOT, 0x100001, 1)
    alone = bench_with("nop")
    alone.reg[INIT_PENDING] = 1
    step(alone)
    assert alone.reg[ACTIVITY] == WAIT_FOR_SIPI
    assert (alone.reg[RIP], alone.reg[CS_SELECTOR], alone.bits) == (0xFFF0, 0xF000, 16)
    assert ended(alone) == "idle"
    alone.reg[SIPI_PENDING] = 0x109
    step(alone)
    assert (alone.reg[ACTIVITY], alone.reg[CS_SELECTOR], alone.reg[RIP]) == (ACTIVE, 0x900, 0)


def test_a_halted_processor_with_nothing_to_wake_it_ends_the_run() -> None:
    cpu = bench_with("hlt")
    step(cpu)
    assert cpu.reg[ACTIVITY] == HLT
    assert ended(cpu) == "idle"
    apic.accept(cpu, 0x50)
    assert ended(cpu) == "idle"                         # IF = 0
    cpu.reg[RFLAGS] |= IF
    apic.write_register(cpu, apic.SVR, 0x1FF)
    apic.accept(cpu, 0x50)
    assert ended(cpu) is None


def test_the_clock_jumps_to_the_timer_that_wakes_a_halted_guest() -> None:
    cpu = guest("hlt", pin=TIMER, vmx_preemption_timer_value=1_000_000)
    step(cpu)
    deadline = cpu.reg[TIMER_DEADLINE]
    step(cpu)
    assert cpu.now() + 1 == deadline
    assert exit_reason(cpu) == 52


def test_iret_ends_the_blocking_of_nmis_even_when_it_faults() -> None:
    cpu = bench_with("iretq")
    cpu.reg[INTERRUPTIBILITY] = BY_NMI
    step(cpu)                                           # a null CS: #GP, which has no handler here
    assert cpu.reg[ACTIVITY] == SHUTDOWN
    assert not cpu.reg[INTERRUPTIBILITY] & BY_NMI


# ---- one way of stepping or the other

PROGRAM = """
        mov ebx, 0xFEE00000
        mov dword [rbx+0xF0], 0x1FF
        mov dword [rbx+0x3E0], 0xB
        mov dword [rbx+0x320], 0x20040
        lidt [rel table]
        lea rax, [rel handler]
        mov [rel gates + 0x400], ax
        mov dword [rbx+0x380], 37
        sti
        xor ecx, ecx
.again: inc ecx
        cmp ecx, 200
        jne .again
        cli
        hlt
handler: inc r15
        mov dword [rbx+0xB0], 0
        iretq
align 16
table:  dw 0xFFF
        dq gates
gates:  times 0x400 db 0
        dw 0, 0x18, 0x8E00, 0x10, 0, 0, 0, 0
        times 0xBF0 db 0
"""


def test_a_timer_fires_at_the_same_steps_however_the_steps_are_made() -> None:
    together, single = bench_with(PROGRAM), bench_with(PROGRAM)
    journal = Journal(together)
    journal.record(5000)
    count = 0
    while tell_one(single):
        count += 1
    assert journal.ending == "idle"
    assert count == journal.length
    assert together.reg == single.reg
    assert together.reg[15] > 10                        # how often the handler ran


def tell_one(cpu: Processor) -> bool:
    told = tell(cpu)
    cpu.base_step += told is not None
    return told is not None

