"""A bare processor for tests of single instructions: 16-, 32- or 64-bit code, flat segments, no events delivered."""
from __future__ import annotations

from tests.machine.isa.forms import DATA, STACK, Place
from vmviz.machine import bench
from vmviz.machine.decode import fetch
from vmviz.machine.outcome import Fault
from vmviz.machine.processor import Processor
from vmviz.machine.registers import CS_RIGHTS, RFLAGS, RIP, SS_RIGHTS


def processor(bits: int) -> Processor:
    """The bench's processor, made to run code of a width; the stack is as wide as the code."""
    cpu = bench.processor(b"")
    if bits < 64:
        cpu.reg[CS_RIGHTS] = 0xC09B if bits == 32 else 0x809B
        cpu.reg[SS_RIGHTS] = 0xC093 if bits == 32 else 0x8093
    cpu.refresh()
    return cpu


def execute(cpu: Processor, place: Place) -> tuple[int | None, list[int], int, int, bytes]:
    """Run one instruction: (vector of its fault or None, general registers, RFLAGS, RIP, memory)."""
    cpu.journal.clear()
    cpu.log = cpu.journal.extend
    cpu.commit = 0
    cpu.memory.load(place.rip, place.code)
    cpu.memory.load(DATA, place.data)
    cpu.memory.load(STACK, place.stack)
    cpu.decoded.clear()
    cpu.drop_soft_tables()
    reg = cpu.reg
    reg[:16] = place.registers
    reg[RFLAGS], reg[RIP] = place.flags, place.rip
    vector = None
    try:
        cpu.rips[:] = [reg[RIP]]
        ins = fetch(cpu, reg[RIP])
        reg[RIP] = ins.next_rip
        ins.execute(cpu, ins)
    except Fault as fault:
        vector = fault.vector
    return vector, reg[:16], reg[RFLAGS], reg[RIP], memory(cpu)


def memory(cpu: Processor) -> bytes:
    """What lies from DATA to the end of the stack."""
    return b"".join(bytes(cpu.memory.page(n) or b"") for n in range(DATA >> 12, (STACK >> 12) + 2))
