"""The latest change of a slot, or of some bits of it, before a position: a search backwards through a journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vmviz.machine.journal import Journal
from vmviz.machine.memory import MEMORY_SLOT, place_of, slot_of

Piece = Callable[[int, int], int]    # (slot, value) -> what of the value is looked at


def latest(journal: Journal, last: int, slots: frozenset[int], piece: Piece,
           wanted: Callable[[int, int], bool] = lambda *_: True) -> dict[str, Any] | None:
    """The latest step up to `last` that gave the piece of one of the slots another value: {step, rip, old, new}."""
    for number in range(journal.place(max(last, 0))[0], -1, -1):
        if slots.isdisjoint(journal.chunk(number).changes):    # quick, and nearly always enough
            continue
        first = journal.first(number)
        following = first + len(journal.chunk(number).starts)
        for step in range(min(last, following - 1), first - 1, -1):
            changes = journal.changes(step)
            for n in range(len(changes) - 3, -1, -3):
                slot, old, new = changes[n:n + 3]
                if slot in slots and piece(slot, old) != piece(slot, new) and wanted(step, slot):
                    return {"step": step, "rip": f"{journal.rip(step):x}", "old": f"{piece(slot, old):x}",
                            "new": f"{piece(slot, new):x}"}
    return None


def piece_of(bits: int, address: int = 0) -> Piece:
    """What of a changed value is looked at: all of it, or the bits of a mask whose bit 0 lies at `address`."""
    if not bits:
        return lambda slot, value: value
    low = (bits & -bits).bit_length() - 1

    def masked(slot: int, value: int) -> int:
        shift = 8 * (place_of(slot)[0] - address) if slot >= MEMORY_SLOT else 0
        return ((value << shift if shift >= 0 else value >> -shift) & bits) >> low
    return masked


def touching(address: int, size: int) -> frozenset[int]:
    """The slots of memory that share a byte with `size` bytes at an address."""
    return frozenset(slot_of(at, length) for length in (1, 2, 4, 8)
                     for at in range(max(address - length + 1, 0), address + size))
