"""Where recordings come from: a source makes a journal, and says by its key what makes two of them the same.

`ProgramSource` runs an image on the bench, in this process: for programs that are trusted and short, such as lessons'.
A source for programs that learners write will run in a worker process with limits and hand over its journal in
chunks; it only has to be a `Source` as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from vmviz.errors import VmvizError
from vmviz.machine.bench import IMAGE_AT, Machine
from vmviz.machine.journal import Journal
from vmviz.machine.outcome import OutsideModel
from vmviz.machine.registers import RIP, TSC_ADJUST

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

    @property
    def key(self) -> str:
        """A hash of program, model and inputs."""
        return digest(self.image, self.model, sorted(self.names.items()), self.start, self.longest)

    def record(self) -> Journal:
        """Run it to its end; VmvizError for one that has no end or leaves the model."""
        machine = Machine(self.image, self.model, dict(self.names))
        cpu = machine.cpu
        done = self._set_up(machine)
        cpu.reg[TSC_ADJUST] = cpu.reg[TSC_ADJUST] + done & MASK64  # steps count from 0 again, time goes on
        journal = Journal(cpu)
        journal.record(self.longest)
        if journal.outside is not None:
            raise VmvizError(str(journal.outside))
        if journal.ending is None:
            raise VmvizError(f"the program has not ended after {self.longest} steps")
        return journal

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
