"""Where recordings come from: a source makes a journal, and says by its key what makes two of them the same.

`ProgramSource` runs an image on the bench, in this process: for programs that are trusted and short, such as lessons'.
What learners write is recorded by a worker process (worker.py), which has limits and hands over its journal in parts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vmviz.errors import VmvizError
from vmviz.machine.bench import IMAGE_AT, Machine
from vmviz.machine.journal import Journal
from vmviz.machine.outcome import OutsideModel
from vmviz.machine.processor import Processor
from vmviz.machine.registers import ENTRIES, EXITS, RIP, TSC_ADJUST
from vmviz.machine.signals import Arrival

LONGEST_SETUP = 100_000
LONGEST_RUN = 200_000
MASK64 = (1 << 64) - 1


class Source(Protocol):
    """Something that can be recorded. The same key must always give the same journal."""

    @property
    def key(self) -> str:
        """A hash of everything that decides what is recorded."""
        ...

    def record(self) -> Journal:
        """Run it from the beginning; VmvizError when it cannot be recorded whole."""
        ...


@dataclass(frozen=True)
class ProgramSource:
    """An image on the bench. What runs before `start` (an address) is set-up: it runs, but is not recorded."""

    image: bytes
    model: str = "tigerlake"
    names: Mapping[int, str] = field(default_factory=dict)  # name of the VM by address of its VMCS
    start: int = IMAGE_AT
    longest: int = LONGEST_RUN
    processors: int = 1
    outside: Sequence[Arrival] = ()     # what comes from outside; its times are counted from reset, set-up included

    @property
    def key(self) -> str:
        """A hash of program, model and inputs."""
        return digest(self.image, self.model, sorted(self.names.items()), self.start, self.longest,
                      self.processors, [tuple(arrival) for arrival in self.outside])

    def record(self) -> Journal:
        """Run it to its end; VmvizError for one that has no end or leaves the model."""
        cpu = self.begin()
        journal = Journal(cpu)
        cpu.board.belongs_to(journal)
        journal.record(self.longest)
        if journal.outside is not None:
            raise VmvizError(str(journal.outside))
        if journal.ending is None:
            raise VmvizError(f"the program has not ended after {self.longest} steps")
        return journal

    def begin(self) -> Processor:
        """The first processor of a machine that stands at the start; VmvizError when it does not come there."""
        machine = Machine(self.image, self.model, dict(self.names), self.processors, self.outside)
        done = self._set_up(machine)
        if done:
            for each in machine.board.processors:
                each.reg[TSC_ADJUST] = each.reg[TSC_ADJUST] + done & MASK64     # steps count from 0 again, time goes on
                each.reg[EXITS] = each.reg[ENTRIES] = 0                         # of what is seen
        return machine.cpu

    def _set_up(self, machine: Machine) -> int:
        """Run up to `start`; how many steps that took."""
        done = 0
        while machine.cpu.reg[RIP] != self.start:
            try:
                made = machine.run(1)
            except OutsideModel as outside:
                raise VmvizError(str(outside)) from outside
            if done == LONGEST_SETUP or not made:
                raise VmvizError(f"the program does not come to its start at {self.start:x}h: "
                                 f"it is at {machine.cpu.reg[RIP]:x}h after {done} steps")
            done += 1
        return done


def digest(*parts: object) -> str:
    """A short hash of anything that has an exact `repr`, for keys."""
    return hashlib.sha256("\0".join(repr(part) for part in parts).encode()).hexdigest()[:32]
