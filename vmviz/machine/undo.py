"""Taking back what a step has changed, up to a place in its journal.

The step loop does it for an instruction that did not complete, event delivery for an event that met an
exception on its way. Registers and memory return to their old values; what the processor derives from them is
derived anew.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from vmviz.machine.memory import MEMORY_SLOT

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor


def take_back(cpu: Processor, start: int) -> None:
    """Undo the journal's entries from offset `start` on and forget them."""
    journal, reg = cpu.journal, cpu.reg
    if len(journal) == start:
        return
    for n in range(len(journal) - 3, start - 1, -3):
        slot = journal[n]
        if slot < MEMORY_SLOT:
            reg[slot] = journal[n + 1]
        else:
            cpu.memory.poke(slot, journal[n + 1])
    del journal[start:]
    cpu.refresh()
