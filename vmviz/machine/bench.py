"""The bench: the state in which programs start, and a machine with one of them loaded.

64-bit mode, CPL 0, RIP = 100000h where the image lies, RSP = 9000h, all other registers 0, identity paging of the first
4 GiB with 2 MiB pages, 32 MiB of RAM. It is the state that tests/conformance/lib/boot.asm leaves on the reference
emulator. Further processors wait for a start-up IPI in the state after INIT. A run ends when "Shutdown" has been
written to port 8900h, or when no processor can run and nothing pending can wake one.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from vmviz.errors import VmvizError
from vmviz.machine import isa, models, reset, turns
from vmviz.machine.board import MOST_PROCESSORS, Board
from vmviz.machine.memory import Memory
from vmviz.machine.processor import Processor
from vmviz.machine.registers import (
    CR0,
    CR3,
    CR4,
    CS,
    CURRENT_VMCS,
    DS,
    EFER,
    ES,
    FS,
    GDTR_BASE,
    GDTR_LIMIT,
    GS,
    IDTR_LIMIT,
    LDTR,
    NEVER,
    NO_VMCS,
    RFLAGS,
    RIP,
    RSP,
    SS,
    TIMER_DEADLINE,
    TR,
    TURN_ENDS,
    VMXON_POINTER,
    segment,
)
from vmviz.machine.signals import Arrival
from vmviz.machine.step import Step, advance, ended, tell

IMAGE_AT: Final = 0x100000
IMAGE_LIMIT: Final = 252 * 1024
RAM: Final = 32 << 20
GDT_AT: Final = 0xFF0E0
GDT: Final = (0, 0x00CF9B00_0000FFFF, 0x00CF9300_0000FFFF, 0x00AF9B00_0000FFFF)
PML4, PDPT, PD = 0x10000, 0x11000, 0x12000

isa.load()


def processor(image: bytes, model: str = "tigerlake", names: dict[int, str] | None = None, processors: int = 1,
              outside: Iterable[Arrival] = ()) -> Processor:
    """The first processor of a machine in the bench state with `image` at 100000h; `board` leads to the others.

    Raises VmvizError for what cannot be: an image that does not fit, more than 8 processors, a signal to none of them.
    """
    if len(image) > IMAGE_LIMIT:
        raise VmvizError(f"the image has {len(image)} bytes; at most {IMAGE_LIMIT} fit: make it smaller")
    if not 1 <= processors <= MOST_PROCESSORS:
        raise VmvizError(f"there can be 1 to {MOST_PROCESSORS} processors, not {processors}")
    memory = Memory(RAM)
    memory.load(PML4, (PDPT | 7).to_bytes(8, "little"))
    memory.load(PDPT, b"".join((PD + 0x1000 * n | 7).to_bytes(8, "little") for n in range(4)))
    memory.load(PD, b"".join((0x20_0000 * n | 0x87).to_bytes(8, "little") for n in range(2048)))
    memory.load(GDT_AT, b"".join(descriptor.to_bytes(8, "little") for descriptor in GDT))
    memory.load(IMAGE_AT, image)
    board = Board()
    for _ in range(processors):
        cpu = Processor(memory, models.load(model), names, board)
        cpu.model.reset(cpu.reg, cpu.number)
        cpu.reg[VMXON_POINTER], cpu.reg[CURRENT_VMCS], cpu.reg[TIMER_DEADLINE] = NO_VMCS, NO_VMCS, NEVER
        if cpu.number:
            reset.initial_state(cpu)
    start_state(board.first.reg)
    board.first.reg[TURN_ENDS] = turns.QUANTUM
    board.expect(outside)
    for arrival in board.outside:
        if arrival.processor >= processors:
            raise VmvizError(f"a signal from outside is for processor {arrival.processor}, and the last one is "
                             f"{processors - 1}: give the machine more processors")
    board.attach([], [], [], 0)
    board.put_back()
    return board.first


def start_state(reg: list[int]) -> None:
    """The bench state of the processor that runs the program."""
    reg[RIP], reg[RSP], reg[RFLAGS] = IMAGE_AT, 0x9000, 2
    reg[CR0], reg[CR3], reg[CR4], reg[EFER] = 0x8000_0031, PML4, 0x20, 0x500
    reg[GDTR_BASE], reg[GDTR_LIMIT], reg[IDTR_LIMIT] = GDT_AT, 8 * len(GDT) - 1, 0x3FF
    for index, selector, limit, rights in (
        (CS, 0x18, 0xFFFF_FFFF, 0xA09B), (SS, 0x10, 0xFFFF_FFFF, 0xC093), (DS, 0x10, 0xFFFF_FFFF, 0xC093),
        (ES, 0x10, 0xFFFF_FFFF, 0xC093), (FS, 0, 0xFFFF, 0x93), (GS, 0, 0xFFFF, 0x93), (LDTR, 0, 0xFFFF, 0x82),
        (TR, 0, 0xFFFF, 0x8B),
    ):
        at = segment(index, 0)
        reg[at], reg[at + 1], reg[at + 2], reg[at + 3] = selector, 0, limit, rights


class Machine:
    """A machine on the bench, for those who want its steps one by one; recordings use `journal.Journal`."""

    def __init__(self, image: bytes, model: str = "tigerlake", names: dict[int, str] | None = None,
                 processors: int = 1, outside: Iterable[Arrival] = ()) -> None:
        self.cpu = processor(image, model, names, processors, outside)
        self.board = self.cpu.board

    def step(self) -> Step | None:
        """Make one step and tell it; None once the run has ended. Raises OutsideModel."""
        told = tell(self.cpu)
        if told is not None:
            self.board.count_from(self.cpu.base_step + 1)
        return told

    def run(self, count: int) -> int:
        """Make up to `count` steps without telling or keeping them; gives how many were made. Raises OutsideModel."""
        done = 0
        self.board.attach([], [], [], self.cpu.base_step)      # marks of this call: what was printed, entered and left
        while done < count:
            made = advance(self.cpu, [], min(count - done, 8192))
            self.board.attach([], [], self.cpu.marks, self.cpu.base_step + made)
            done += made
            if not made:
                break
        return done

    @property
    def ended(self) -> str | None:
        """Why no further step can come, or None."""
        return ended(self.cpu)
