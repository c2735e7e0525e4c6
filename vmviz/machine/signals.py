"""What arrives at a processor: interrupt messages from another processor or from outside the machine.

A message waits at its target (in the IRR, or as NMI, INIT or SIPI pending) until the target's turn comes;
interrupts.py decides when it is taken. The outside world is a list of arrivals that is given with the program: each
arrives at the end of the step in which the clock comes to its time, so before the instruction that would read that time
from the time-stamp counter. How many have arrived is state (ARRIVED), so they come and go with the steps.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from vmviz import events as ev
from vmviz.machine import apic, interventions
from vmviz.machine.registers import (
    ACTIVITY,
    ARRIVED,
    INIT_PENDING,
    NEVER,
    NMI_PENDING,
    OFF,
    OPERATION,
    SIPI_PENDING,
    WAIT_FOR_SIPI,
)

if TYPE_CHECKING:
    from vmviz.machine.board import Board
    from vmviz.machine.processor import Processor

Kind = Literal["interrupt", "nmi", "init", "sipi"]
SET: Final = "set"                       # no signal: a person changes something (interventions.py)
WITH_VECTOR: Final = frozenset({"interrupt", "sipi"})


class Arrival(NamedTuple):
    """Something from outside: when (a count of the time-stamp counter), what, its vector if it has one, and where.

    Of kind "set", `what` is changed to `value`, which interventions.check must have found good.
    """

    tick: int
    kind: Kind | Literal["set"]
    vector: int = 0
    processor: int = 0
    what: str = ""
    value: int = 0


def send(sender: Processor, target: Processor, kind: Kind, vector: int) -> None:
    """An interprocessor interrupt arrives within the step of its sender."""
    put = sender.set if sender is target else partial(target.board.put, target.number)
    _receive(target, kind, vector, put)
    sender.mark(ev.Signal(processor=target.number, kind=kind, vector=vector if kind in WITH_VECTOR else None,
                          sender=sender.number))


def arrive(board: Board, teller: Processor) -> None:
    """All that is due arrives; the step that has just been made, one of `teller`, tells it."""
    clock, first = board.clock, board.first
    while (count := first.reg[ARRIVED]) < len(board.outside) and board.outside[count].tick <= clock:
        _, kind, vector, number, what, value = board.outside[count]
        board.put(0, ARRIVED, count + 1)
        if kind == SET:
            teller.mark(interventions.apply(board.processors[number], what, value))
            continue
        _receive(board.processors[number], kind, vector, partial(board.put, number))
        teller.mark(ev.Signal(processor=number, kind=kind, vector=vector if kind in WITH_VECTOR else None))


def until_next(board: Board) -> int:
    """How many ticks it is to the next arrival from outside; NEVER when there is none."""
    count = board.first.reg[ARRIVED]
    return max(board.outside[count].tick - board.clock, 0) if count < len(board.outside) else NEVER


def _receive(target: Processor, kind: Kind, vector: int, put: Callable[[int, int], None]) -> None:
    reg = target.reg
    waiting = reg[ACTIVITY] == WAIT_FOR_SIPI
    target.attention = True
    if kind == "interrupt":
        apic.accept(target, vector, put)
    elif kind == "nmi":
        put(NMI_PENDING, 1)
    elif kind == "init":
        if not waiting or reg[OPERATION] != OFF:        # who waits for a start-up IPI is what INIT would make of it
            put(INIT_PENDING, 1)
    elif waiting or (reg[INIT_PENDING] and reg[OPERATION] == OFF):      # behind an INIT that is about to be taken
        put(SIPI_PENDING, 0x100 | vector)
