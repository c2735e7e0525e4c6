"""INVPCID: which types and descriptors it refuses."""
from __future__ import annotations

import pytest

from vmviz.asm import assemble
from vmviz.machine import bench
from vmviz.machine.registers import ACTIVITY, RAX, SHUTDOWN
from vmviz.machine.step import tell


@pytest.mark.parametrize(("kind", "low", "linear", "good"), [
    (0, 0, 0x1000, True), (0, 0, 1 << 47, False), (0, 1, 0x1000, False), (1, 0, 1 << 47, True), (1, 1, 0, False),
    (2, 0xFFF, 1 << 47, True), (3, 1, 0, True), (4, 0, 0, False),
    *((kind, 1 << 12, 0, False) for kind in range(4)), (3, 1 << 63, 0, False),
])
def test_invpcid_checks_its_type_and_descriptor(kind: int, low: int, linear: int, good: bool) -> None:
    """CR4.PCIDE is 0: a PCID is refused where it counts, reserved bits with every type. No IDT: #GP is a shutdown."""
    cpu = bench.processor(assemble("bits 64\norg 0x100000\ninvpcid rax, [0x300000]\nnop\n").image)
    cpu.memory.load(0x30_0000, low.to_bytes(8, "little") + linear.to_bytes(8, "little"))
    cpu.reg[RAX] = kind
    assert tell(cpu) is not None
    assert (cpu.reg[ACTIVITY] != SHUTDOWN) == good
