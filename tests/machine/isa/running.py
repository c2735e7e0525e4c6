"""A bare processor for tests of single instructions: 16-, 32- or 64-bit code, flat segments, no events delivered."""
from __future__ import annotations

from tests.machine.isa.forms import DATA, STACK, Place
from vmviz.asm import assemble
from vmviz.machine import bench
from vmviz.machine.decode import fetch
from vmviz.machine.outcome import Fault
from vmviz.machine.processor import Processor
from vmviz.machine.registers import CS_LIMIT, CS_RIGHTS, RFLAGS, RIP, SLOT, SS_RIGHTS

CODE = 0x4000


def processor(bits: int) -> Processor:
    """The bench's processor, made to run code of a width; the stack is as wide as the code."""
    cpu = bench.processor(b"")
    if bits < 64:
        cpu.reg[CS_RIGHTS] = 0xC09B if bits == 32 else 0x809B
        cpu.reg[SS_RIGHTS] = 0xC093 if bits == 32 else 0x8093
        cpu.reg[CS_LIMIT] = 0xFFFF_FFFF if bits == 32 else 0xFFFF
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
    cpu.forget_decoded()
    cpu.drop_soft_tables()
    reg = cpu.reg
    reg[:16] = place.registers
    reg[RFLAGS], reg[RIP] = place.flags, place.rip
    vector = None
    try:
        _one(cpu)
    except Fault as fault:
        vector = fault.vector
    return vector, reg[:16], reg[RFLAGS], reg[RIP], memory(cpu)


def _one(cpu: Processor) -> None:
    rip = cpu.reg[RIP]
    cpu.rips[:] = [rip]
    ins = fetch(cpu, rip)
    cpu.reg[RIP] = ins.next_rip
    ins.execute(cpu, ins)


def memory(cpu: Processor) -> bytes:
    """What lies from DATA to the end of the stack."""
    return b"".join(bytes(cpu.memory.page(n) or b"") for n in range(DATA >> 12, (STACK >> 12) + 2))


class Program:
    """Assembled text on a bare processor, with the registers by name: `program["rax"]`."""

    def __init__(self, cpu: Processor, length: int) -> None:
        self.cpu, self.end = cpu, CODE + length

    def __getitem__(self, name: str) -> int:
        return self.cpu.reg[SLOT[name]]

    def __setitem__(self, name: str, value: int) -> None:
        self.cpu.reg[SLOT[name]] = value

    def step(self, count: int = 1) -> Program:
        """Run instructions; a Fault comes out."""
        for _ in range(count):
            _one(self.cpu)
        return self

    def all(self) -> Program:
        """Run until the end of the text is reached."""
        for _ in range(10_000):
            if self["rip"] == self.end:
                return self
            _one(self.cpu)
        raise AssertionError("the program does not end")

    def read(self, address: int, size: int) -> int:
        """Memory as it is."""
        return self.cpu.memory.read(address, size)


def start(text: str, bits: int = 64, **registers: int) -> Program:
    """Text (or hex bytes after "db ") at CODE, in code of a width, with registers set by name."""
    cpu = processor(bits)
    code = assemble(f"bits {bits}\norg {CODE}\n{text}\n").image
    cpu.memory.load(CODE, code)
    program = Program(cpu, len(code))
    for name, value in {"rsp": STACK + 0x800, "rip": CODE, **registers}.items():
        program[name] = value
    return program
