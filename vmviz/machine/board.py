"""What the logical processors of one machine share besides memory, and how one journals an effect on another.

A step belongs to one processor, and its journal entries name that processor's slots by their plain numbers. What
happens to another one within the step (an interrupt that it is sent, a jump of the clock) is journaled under a foreign
slot: FOREIGN | number of the processor << 16 | slot. A machine with one processor has no foreign slots.

State that belongs to no single processor (whose turn it is, what has arrived from outside, how much of "Shutdown" was
written, the names of VMCSs) is in slots of the first one.
"""
from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from weakref import finalize

from vmviz.machine.registers import MASK64, TSC_ADJUST, TSC_WRITTEN

if TYPE_CHECKING:
    from vmviz import events as ev
    from vmviz.machine.processor import Processor
    from vmviz.machine.signals import Arrival

MOST_PROCESSORS: Final = 8
FOREIGN: Final = 1 << 61                # below memory.MEMORY_SLOT


def foreign(number: int, slot: int) -> int:
    """The journal slot of another processor's slot."""
    return FOREIGN | number << 16 | slot


def owner_of(slot: int, stepping: int) -> tuple[int, int]:
    """Which processor a journal slot that is not memory's belongs to in a step of `stepping`, and its plain number."""
    return (slot >> 16 & 0xFF, slot & 0xFFFF) if slot >= FOREIGN else (stepping, slot)


class Board:
    """The processors of one machine in the order of their numbers, which are their initial APIC IDs."""

    def __init__(self) -> None:
        self.processors: list[Processor] = []
        self.outside: tuple[Arrival, ...] = ()      # what comes from outside, by time
        self.by_turns = False                       # must turns.py be asked: several processors, or an outside world

    def add(self, cpu: Processor) -> int:
        """Take a new processor in; its number."""
        self.processors.append(cpu)
        self.by_turns = self.by_turns or self.several
        return len(self.processors) - 1

    def belongs_to(self, owner: object) -> None:
        """The machine goes with `owner`, at once: board and processors name each other, and would wait for the garbage
        collector with all their memory."""
        finalize(owner, self.processors.clear).atexit = False

    def expect(self, outside: Iterable[Arrival]) -> None:
        """What will come from outside."""
        self.outside = tuple(sorted(outside, key=lambda arrival: arrival.tick))
        self.by_turns = self.several or bool(self.outside)

    @property
    def several(self) -> bool:
        """Is there more than one processor?"""
        return len(self.processors) > 1

    @property
    def first(self) -> Processor:
        """The bootstrap processor."""
        return self.processors[0]

    def attach(self, journal: list[int], rips: list[int], marks: list[tuple[int, ev.Event]], base_step: int) -> None:
        """Let every processor write its steps here from now on; `base_step` is the number of the next one."""
        for cpu in self.processors:
            cpu.journal, cpu.log, cpu.rips, cpu.marks = journal, journal.extend, rips, marks
            cpu.base_step, cpu.commit = base_step, 0

    def count_from(self, base_step: int) -> None:
        """The journal and its RIPs have been emptied: steps go on from this number."""
        for cpu in self.processors:
            cpu.base_step, cpu.commit = base_step, 0

    def put(self, number: int, slot: int, value: int) -> None:
        """Give a slot of a processor a value, whoever is stepping; that processor will look up."""
        cpu = self.processors[number]
        old = cpu.reg[slot]
        if old != value:
            cpu.log((foreign(number, slot) if self.several else slot, old, value))
            cpu.reg[slot] = value
        cpu.attention = True

    def set_foreign(self, slot: int, value: int) -> None:
        """Set what a foreign slot names; not journaled."""
        self.processors[slot >> 16 & 0xFF].reg[slot & 0xFFFF] = value

    def registers(self) -> array[int]:
        """The slots of all processors, one after the other."""
        kept = array("Q", self.first.reg)
        for cpu in self.processors[1:]:
            kept.extend(cpu.reg)
        return kept

    def set_registers(self, kept: array[int]) -> None:
        """The opposite of `registers`."""
        size = len(self.first.reg)
        for cpu in self.processors:
            cpu.reg[:] = kept[cpu.number * size:(cpu.number + 1) * size]

    def put_back(self) -> None:
        """Slots and memory were set to what they were at another time: every processor derives everything anew."""
        for cpu in self.processors:
            cpu.put_back()

    # ---- time

    @property
    def clock(self) -> int:
        """The time at which the next step begins: the time-stamp counter as it is where no software wrote to it."""
        cpu = self.first
        return cpu.reg[TSC_ADJUST] - cpu.reg[TSC_WRITTEN] + cpu.base_step + len(cpu.rips) & MASK64

    def jump(self, ticks: int) -> None:
        """Time passes for every processor while none of them runs."""
        for cpu in self.processors:
            self.put(cpu.number, TSC_ADJUST, cpu.reg[TSC_ADJUST] + ticks & MASK64)
