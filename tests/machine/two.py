"""Programs for machines with several processors, for the tests of those.

`booting`: the first one starts the second by INIT and a start-up IPI; a trampoline brings it into 64-bit mode.
`running`: all of them are in the bench state at once.
"""
from __future__ import annotations

from vmviz.asm import assemble
from vmviz.machine.bench import processor, start_state
from vmviz.machine.journal import Journal
from vmviz.machine.processor import Processor
from vmviz.machine.registers import ACTIVE, ACTIVITY, RIP, RSP
from vmviz.machine.signals import Arrival
from vmviz.machine.step import Step, tell

TRAMPOLINE = """
        bits 64
        default abs
        org 0x100000
        jmp start
gdt:    dq 0, 0x00CF9B000000FFFF, 0x00CF93000000FFFF, 0x00AF9B000000FFFF
gdtr:   dw 0x1F
        dd gdt
AP_AT   equ 0x8000
ap:     bits 16
        cli
        xor ax, ax
        mov ds, ax
        o32 lgdt [AP_AT + pointer - ap]
        mov eax, 0x20
        mov cr4, eax
        mov eax, 0x10000
        mov cr3, eax
        mov ecx, 0xC0000080
        rdmsr
        or eax, 0x100
        wrmsr
        mov eax, 0x80000031
        mov cr0, eax
        jmp dword 0x18:second
pointer: dw 0x1F
        dd gdt
ap_end:
        bits 64
boot:   mov esi, ap
        mov edi, AP_AT
        mov ecx, ap_end - ap
        rep movsb
        mov ebx, 0xFEE00000
        mov dword [rbx + 0xF0], 0x1FF
        mov dword [rbx + 0x310], 1 << 24
        mov dword [rbx + 0x300], 0x4500
        mov dword [rbx + 0x300], 0x4608
        ret
shut:   mov esi, word_
        mov edx, 0x8900
        mov ecx, 8
        rep outsb
        hlt
word_:  db "Shutdown"
"""

# May VMX operation be entered: IA32_FEATURE_CONTROL and CR4.VMXE; EAX is then the VMCS revision.
ALLOW_VMX = """
        mov ecx, 0x3A
        mov eax, 5
        xor edx, edx
        wrmsr
        mov rax, cr4
        or eax, 0x2000
        mov cr4, rax
        mov ecx, 0x480
        rdmsr
"""


def booting(text: str, count: int = 2, outside: tuple[Arrival, ...] = ()) -> Processor:
    """The first processor at `start`; `call boot` starts the second one, at `second`."""
    return processor(assemble(TRAMPOLINE + text).image, processors=count, outside=outside)


def running(text: str, count: int = 2, outside: tuple[Arrival, ...] = ()) -> list[Processor]:
    """All processors in the bench state, number 0 at 100000h and number n at label `second`; stacks apart."""
    program = assemble(f"bits 64\norg 0x100000\n{text}\n")
    board = processor(program.image, processors=count, outside=outside).board
    for cpu in board.processors[1:]:
        start_state(cpu.reg)
        cpu.reg[RIP], cpu.reg[RSP], cpu.reg[ACTIVITY] = program.symbols["second"], 0x9000 + 0x800 * cpu.number, ACTIVE
    board.put_back()
    return board.processors


def step(cpu: Processor) -> Step:
    """One step of the machine, told."""
    told = tell(cpu)
    assert told is not None
    cpu.board.count_from(cpu.base_step + 1)
    return told


def run(cpu: Processor, count: int = 10_000) -> Journal:
    """A recording of the machine from here on."""
    journal = Journal(cpu)
    journal.record(count)
    return journal
