"""Whose step is next on a machine with several processors or with an outside world.

Round robin in the order of the processors' numbers: a turn is QUANTUM steps, as many as on the reference emulator. A
processor that halts, shuts down or waits for a start-up IPI passes its turn at once, and is passed over until something
wakes it. When nobody can run, the one that wakes first makes a step in which the clock jumps there.

Both are settled at the end of each step and belong to it: whose turn it is (TURN) always names the processor of the
next step. The same state gives the same order, however the run is cut into pieces.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmviz.machine import interrupts, signals
from vmviz.machine.registers import ACTIVE, ACTIVITY, NEVER, SHUTDOWN_PORT, TURN, TURN_ENDS

if TYPE_CHECKING:
    from vmviz.machine.board import Board
    from vmviz.machine.processor import Processor

QUANTUM: Final = 16


def whose(board: Board) -> Processor:
    """The processor that makes the next step."""
    return board.processors[board.first.reg[TURN]]


def ended(board: Board) -> str | None:
    """Why no further step can come: "shutdown_port", "idle" (nothing can wake a processor any more), or None."""
    if board.first.reg[SHUTDOWN_PORT] >= len("Shutdown"):
        return "shutdown_port"
    if whose(board).reg[ACTIVITY] == ACTIVE or signals.until_next(board) != NEVER:
        return None
    return None if any(interrupts.can_wake(cpu) for cpu in board.processors) else "idle"


def room(board: Board) -> int:
    """How many steps its processor may make before the turn or something from outside must be looked at; at least 1."""
    left = signals.until_next(board)
    if board.several:
        left = min(left, board.first.reg[TURN_ENDS] - board.clock)
    return max(left, 1)


def settle(board: Board, cpu: Processor) -> None:
    """The end of a step of `cpu`: let arrive what is due, and pass the turn if it is over."""
    if board.outside:
        signals.arrive(board, cpu)
    if board.several and (board.first.reg[TURN_ENDS] <= board.clock or not _can_run(cpu)):
        _pass(board, cpu)


def _can_run(cpu: Processor) -> bool:
    return cpu.reg[ACTIVITY] == ACTIVE or interrupts.wakes_in(cpu) == 0


def _pass(board: Board, cpu: Processor) -> None:
    others = board.processors[cpu.number + 1:] + board.processors[:cpu.number]
    order = [*others, cpu]
    for following in order:
        if _can_run(following):
            board.put(0, TURN, following.number)
            board.put(0, TURN_ENDS, board.clock + QUANTUM)
            return
    board.put(0, TURN, min(order, key=interrupts.wakes_in).number)
