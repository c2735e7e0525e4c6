"""Decoded instructions: good for as long as their bytes are there, and never more of them than fit."""
from __future__ import annotations

import pytest

from vmviz.asm import assemble
from vmviz.machine.bench import RAM, processor
from vmviz.machine.decode import MOST_DECODED, fetch
from vmviz.machine.journal import Journal
from vmviz.machine.registers import RIP

CODE = 0x20_0000


def test_an_instruction_is_decoded_again_when_its_bytes_have_changed() -> None:
    cpu = processor(b"\xf4")
    cpu.memory.load(CODE, b"\xb8\x01\x00\x00\x00\x90")          # mov eax, 1
    first = fetch(cpu, CODE)
    cpu.write_physical(CODE + 5, 1, 0xCC)                       # the next instruction changes: this one stands
    assert fetch(cpu, CODE) is first
    cpu.write_physical(CODE + 1, 1, 2)
    assert fetch(cpu, CODE).code == b"\xb8\x02\x00\x00\x00"


def test_no_program_keeps_more_decoded_instructions_than_fit() -> None:
    cpu = processor(b"\xf4")
    for at in range(CODE, RAM, 0x1000):
        cpu.memory.load(at, b"\x90" * 0x1000)
    journal = Journal(cpu)
    cpu.reg[RIP] = CODE
    journal.record(3 * MOST_DECODED)
    assert len(cpu.decoded) <= MOST_DECODED
    assert all(len(soft.code) <= MOST_DECODED for soft in cpu._soft)


@pytest.mark.parametrize(("text", "linear", "stack"), [
    ("bt word [rsp], ax", 0x9000, True), ("bt word [rsp], ax", 0xA000, True), ("bt word [rbx], ax", 0xA000, False),
    ("jmp far [rsp]", 0x9008, True), ("push qword [rbx]", 0, False), ("push qword [rbx]", 0x8FF8, True),
    ("push rax", 0x8FF8, True), ("mov rax, [rbp]", 0, True), ("movsb", 0x9000, False),
])
def test_an_access_that_is_no_push_or_pop_is_one_of_the_memory_operand(text: str, linear: int, stack: bool) -> None:
    """RSP is 9000h, all other registers are 0: at which addresses is a fault #SS rather than #GP?"""
    cpu = processor(b"\xf4")
    cpu.memory.load(CODE, assemble(f"bits 64\norg {CODE}\n{text}\n").image)
    assert fetch(cpu, CODE).uses_stack(cpu, linear) == stack
