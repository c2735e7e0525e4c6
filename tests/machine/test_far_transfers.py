"""Far transfers between modes: where code goes on."""
from __future__ import annotations

import pytest

from vmviz.asm import assemble
from vmviz.machine import bench
from vmviz.machine.registers import CS_SELECTOR, RIP, RSP
from vmviz.machine.step import tell

FAR_POINTER = "p: dq 0x40_0010_0100\ndw 8"


@pytest.mark.parametrize(("text", "steps", "stack"), [
    (f"o64 jmp far [rel p]\n{FAR_POINTER}", 1, 0x9000), (f"o64 call far [rel p]\n{FAR_POINTER}", 1, 0x8FF0),
    ("mov rax, 0x40_0010_0100\npush 8\npush rax\no64 retf", 4, 0x9000),
    ("push 0x10\npush 0x9000\npush 2\nmov rax, 0x40_0010_0100\npush 8\npush rax\niretq", 7, 0x9000),
])
def test_a_target_outside_64_bit_mode_has_32_bits_also_of_a_64_bit_operand(text: str, steps: int, stack: int) -> None:
    cpu = bench.processor(assemble(f"bits 64\norg 0x100000\n{text}\n").image)
    for _ in range(steps):
        assert tell(cpu) is not None
        cpu.base_step += 1
    assert (cpu.reg[CS_SELECTOR], cpu.reg[RIP], cpu.reg[RSP], cpu.bits) == (8, 0x10_0100, stack, 32)
