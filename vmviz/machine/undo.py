"""Taking back what a step has changed, up to a place in its journal.

The step loop does it for an instruction that did not complete, event delivery for an event that met an
exception on its way. Registers and memory return to their old values; what the processor derives from them is
derived anew. What the page walker has written stays: accessed and dirty flags and the entries of the page-modification
log tell that an entry was used for a translation, whatever became of the instruction (SDM volume 3, "Accessed and
Dirty Flags", "Page-Modification Logging").
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from vmviz.machine.board import FOREIGN
from vmviz.machine.memory import MEMORY_SLOT, place_of

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor


def take_back(cpu: Processor, start: int) -> None:
    """Undo the journal's entries from offset `start` on and forget them."""
    journal, reg = cpu.journal, cpu.reg
    if len(journal) == start:
        return
    walked = [(slot, journal[n + 2]) for step, n, slot in cpu.walked
              if step == cpu.step_number and start <= n < len(journal) and journal[n] == slot]
    cpu.walked = [entry for entry in cpu.walked if entry[1] < start]
    for n in range(len(journal) - 3, start - 1, -3):
        slot = journal[n]
        if slot < FOREIGN:
            reg[slot] = journal[n + 1]
        elif slot < MEMORY_SLOT:
            cpu.board.set_foreign(slot, journal[n + 1])
        else:
            cpu.memory.poke(slot, journal[n + 1])
    del journal[start:]
    for slot, value in walked:
        cpu.write_walked(*place_of(slot), value)
    cpu.put_back()


def forget(cpu: Processor, start: int) -> None:
    """Undo the journal's entries from offset `start` on, the page walker's too: the step has not happened."""
    cpu.walked.clear()
    take_back(cpu, start)
