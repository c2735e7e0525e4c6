"""How a linear address is translated at a moment, reference by reference: a walk that leaves no trace.

`explain` lets the processor walk as it would for an access, notes every entry of a paging structure that it reads, and
takes everything back (accessed and dirty flags, the TLB entry, the log of modified pages). With EPT each entry of the
guest's tables is reached by a walk of its own: up to 4 * (4 + 1) + 4 = 24 references (SDM volume 3, "4-Level Paging";
"The Extended Page Table Mechanism (EPT)").
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vmviz import events as ev
from vmviz.machine import paging, tlb
from vmviz.machine.outcome import Fault, OutsideModel, VmExit
from vmviz.machine.registers import CPL, CR4, CR4_PSE
from vmviz.machine.undo import forget

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

ACCESSES: Final = {name: number for number, name in enumerate(paging.ACCESS_NAMES)}
_EXITS: Final = {48: "ept_violation", 49: "ept_misconfiguration", 62: "pml_full"}


class Row(NamedTuple):
    """One address on the way: of an entry of a paging structure (`level` 4 to 1), or of the page itself (`level` 0).

    `at` is its (guest-)physical address, None where the entry is a register; `ept` the entries that translated that
    address, top level first; `value` what the entry holds, None for the page and where the walk did not get so far.
    """

    level: int
    at: int | None
    ept: tuple[ev.TableEntry, ...]
    value: int | None


class Translation(NamedTuple):
    """`outcome`: translated, page_fault, ept_violation, ept_misconfiguration, pml_full or outside.

    `physical` is None unless translated; `cached`: the TLB had it already, so that no access would walk.
    """

    linear: int
    physical: int | None
    outcome: str
    cached: bool
    rows: tuple[Row, ...]

    @property
    def references(self) -> int:
        """How many times memory was read for it."""
        return sum(len(row.ept) + (row.value is not None and row.at is not None) for row in self.rows)


def explain(cpu: Processor, linear: int, access: int) -> Translation:
    """The translation of a linear address for an access (0 read, 1 write, 2 fetch) at the present privilege level."""
    kept = cpu.journal, cpu.log, cpu.events, cpu.telling, cpu.commit
    cpu.journal = []
    cpu.log, cpu.events, cpu.telling, cpu.commit = cpu.journal.extend, [], True, 0
    cached, physical, outcome = bool(tlb.look_up(cpu, linear)), None, "translated"
    seen: list[tuple[int, int, int]] = []
    try:
        physical = paging.walk(cpu, linear, access, cpu.reg[CPL] == 3, seen)
    except Fault:
        outcome = "page_fault"
    except VmExit as what:
        outcome = _EXITS.get(what.reason, "ept_violation")
    except OutsideModel:
        outcome = "outside"
    finally:
        walks = [event for event in cpu.events if isinstance(event, ev.EptWalk)]
        forget(cpu, 0)
        cpu.journal, cpu.log, cpu.events, cpu.telling, cpu.commit = kept
    return Translation(linear, physical, outcome, cached, tuple(_rows(cpu, seen, walks, physical)))


def _rows(cpu: Processor, seen: list[tuple[int, int, int]], walks: list[ev.EptWalk], physical: int | None) -> list[Row]:
    """A row for each entry of the guest's tables and one for the page, with the EPT walk that led to each."""
    by_address: dict[int, ev.EptWalk] = {}
    for walk in walks:                      # walks that repeat one set an accessed or dirty flag; one that fails counts
        if walk.guest_physical not in by_address or walk.physical is None:
            by_address[walk.guest_physical] = walk
    rows = []
    for level, at, value in seen:
        led = by_address.pop(at, None) if at else None
        rows.append(Row(level, at or None, led.entries if led else (), value))
    if not cpu.ept:
        return [*rows, Row(0, physical, (), None)] if physical is not None else rows
    for walk in by_address.values():        # the page's own, or the one at which it ended
        rows.append(Row(0 if _is_last(cpu, seen) else _next_level(cpu, seen), walk.guest_physical, walk.entries, None))
    return rows


def _is_last(cpu: Processor, seen: list[tuple[int, int, int]]) -> bool:
    """Did the guest's tables lead to a page?"""
    if not seen:
        return cpu.paging == paging.NO_PAGING
    level, _, value = seen[-1]
    large = bool(value & paging.PS) and level in (2, 3) and (cpu.paging != paging.PAGING_PAE or level == 2)
    return level == 1 or (large and (cpu.paging != paging.PAGING_32 or bool(cpu.reg[CR4] & CR4_PSE)))


def _next_level(cpu: Processor, seen: list[tuple[int, int, int]]) -> int:
    return seen[-1][0] - 1 if seen else {paging.PAGING_4_LEVEL: 4, paging.PAGING_PAE: 2}.get(cpu.paging, 2)
