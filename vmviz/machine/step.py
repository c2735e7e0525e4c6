"""The step loop: what happens between two positions of a recording.

A step is one instruction, one delivered event (an interrupt, a trap, a VM exit that no instruction caused), or a jump
of the clock while the processor is halted and a timer is set. `advance` has two ways to make steps: `_careful` looks at
everything that may come before and after an instruction; `_burst` runs instructions for as long as nothing can (nobody
set `attention`, no timer runs out). Both make the same steps. Where there are several processors, or signals come from
outside, turns.py says after each step whose the next one is.

A fault or VM exit unwinds to here as an `Interruption`: the step's changes are taken back up to the last completed
iteration of a string instruction, and it is delivered within the same step.
"""
from __future__ import annotations

from typing import Final, NamedTuple

from vmviz import events as ev
from vmviz.machine import completion, disassembly, interrupts, turns
from vmviz.machine.board import Board
from vmviz.machine.decode import fetch
from vmviz.machine.outcome import Fault, Interruption, VmExit
from vmviz.machine.processor import Processor
from vmviz.machine.registers import ACTIVE, ACTIVITY, CS_BASE, RIP, SHUTDOWN_PORT
from vmviz.machine.undo import forget, take_back
from vmviz.machine.vmx import exit as vmx_exit

MOST_CHANGES: Final = 16_384    # in a journal, about: behind the next large step there is time to put it away
LARGE_STEP: Final = 128         # changes; nearly all such steps are of repeated string instructions


class Change(NamedTuple):
    """One entry of the journal; `slot` is a register's slot or `memory.slot_of(...)`."""

    slot: int
    old: int
    new: int


class PhaseEnd(NamedTuple):
    """Where a phase of a VM entry or exit ends: in the step's events and in its changes."""

    of: str
    number: int
    name: str
    events_end: int
    changes_end: int


class Step(NamedTuple):
    """What one step did: its number, the RIP it began at, and everything needed to tell it and to take it back.

    `processor` is whose step it was, None on a machine with one.
    """

    number: int
    rip: int
    events: tuple[ev.Event, ...]
    changes: tuple[Change, ...]
    phases: tuple[PhaseEnd, ...]
    processor: int | None = None


def ended(cpu: Processor) -> str | None:
    """Why no further step can come to its machine: "shutdown_port", "idle" (nothing pending can wake a processor), or
    None."""
    if cpu.board.by_turns:
        return turns.ended(cpu.board)
    if cpu.reg[SHUTDOWN_PORT] >= len("Shutdown"):
        return "shutdown_port"
    if cpu.reg[ACTIVITY] != ACTIVE and not interrupts.can_wake(cpu):
        return "idle"
    return None


def advance(cpu: Processor, starts: list[int], count: int, who: list[int] | None = None) -> int:
    """Make up to `count` steps of its machine into the journal; gives how many were made.

    Fewer: the run has ended, or the journal is `full`. `starts` gets each step's offset in the journal, `who` its
    processor's number. Raises OutsideModel with the step under way taken back.
    """
    if cpu.board.by_turns:
        return _by_turns(cpu.board, starts, count, who if who is not None else [])
    done = 0
    try:
        while done < count and not (done and full(cpu, starts)):
            quiet = _quiet(cpu)
            if quiet:
                before = len(starts)
                _burst(cpu, starts, min(count - done, quiet))
                done += len(starts) - before
            elif ended(cpu):
                break
            else:
                _careful(cpu, starts)
                done += 1
    except Interruption:
        raise
    except Exception:
        _abandon(cpu, starts)
        raise
    return done


def full(cpu: Processor, starts: list[int]) -> bool:
    """Is the journal of the steps that begin at `starts` to be put away: did a large step bring it over MOST_CHANGES?

    A large step asks for attention, so `advance` comes here behind it however many steps it was to make: what is put
    away together does not hang on how a run is cut into pieces.
    """
    end = len(cpu.journal)
    return end >= 3 * MOST_CHANGES and end - starts[-1] >= 3 * LARGE_STEP


def _by_turns(board: Board, starts: list[int], count: int, who: list[int]) -> int:
    first = len(starts)
    while (left := count - (len(starts) - first)) > 0 and not turns.ended(board):
        if len(starts) > first and full(board.first, starts):
            break
        cpu = turns.whose(board)
        before = len(starts)
        try:
            quiet = _quiet(cpu)
            if quiet:
                _burst(cpu, starts, min(left, turns.room(board), quiet))
            else:
                _careful(cpu, starts)
        except Interruption:
            raise
        except Exception:
            _abandon(cpu, starts)
            raise
        finally:
            who.extend([cpu.number] * (len(starts) - before))
        if len(starts) > before:
            turns.settle(board, cpu)
    return len(starts) - first


def _quiet(cpu: Processor) -> int:
    """How many steps can be made before anything may come between two of them; 0: one must look now."""
    if cpu.attention and interrupts.armed(cpu):
        return 0
    cpu.attention = False
    return interrupts.horizon(cpu)


def tell(cpu: Processor) -> Step | None:
    """Make one step of its machine and tell all of it; None when the run has ended. The step is not kept."""
    board = cpu.board
    kept = cpu.journal, cpu.rips, cpu.marks, cpu.base_step
    commits = [each.commit for each in board.processors]
    index = cpu.base_step + len(cpu.rips)
    journal: list[int] = []
    board.attach(journal, [], [], index)
    if board.by_turns:
        cpu = turns.whose(board)
    cpu.events, cpu.phases, cpu.telling = [], [], True
    try:
        if ended(cpu):
            return None
        cpu.attention = True
        _careful(cpu, [])
        if board.by_turns:
            turns.settle(board, cpu)
        return Step(index, cpu.rips[0], tuple(cpu.events),
                    tuple(Change(*journal[n:n + 3]) for n in range(0, len(journal), 3)),
                    tuple(PhaseEnd(*phase[:4], phase[4] // 3) for phase in cpu.phases),
                    cpu.number if board.several else None)
    finally:
        cpu.telling = False
        board.attach(*kept)
        for each, commit in zip(board.processors, commits, strict=True):
            each.commit = commit


def _burst(cpu: Processor, starts: list[int], count: int) -> None:
    """Run instructions until one asks for attention or does not complete."""
    reg, journal, rips = cpu.reg, cpu.journal, cpu.rips
    lookup = cpu.soft.code.get
    cpu.running = None
    try:
        for _ in range(count):
            rip = reg[RIP]
            starts.append(len(journal))
            rips.append(rip)
            ins = lookup(rip) or fetch(cpu, rip)
            reg[RIP] = ins.next_rip
            ins.execute(cpu, ins)
            if cpu.attention:
                break
        _trap(cpu)
    except Interruption as interruption:
        _interrupted(cpu, starts, interruption)


def _careful(cpu: Processor, starts: list[int]) -> None:
    """One step with a look at what comes before and after it."""
    reg = cpu.reg
    starts.append(len(cpu.journal))
    cpu.rips.append(reg[RIP])
    try:
        if not interrupts.boundary(cpu):
            if reg[ACTIVITY] != ACTIVE:
                interrupts.pass_time(cpu)
            else:
                _instruction(cpu)
    except Interruption as interruption:
        _interrupted(cpu, starts, interruption)
    cpu.running = None
    cpu.attention = interrupts.armed(cpu)


def _instruction(cpu: Processor) -> None:
    """Fetch and execute one instruction, with what its end may leave pending (single step, the end of a shadow)."""
    reg = cpu.reg
    rip = reg[RIP]
    ins = cpu.soft.code.get(rip) or fetch(cpu, rip)
    cpu.running = ins
    if cpu.telling:
        linear = rip if cpu.bits == 64 else rip + reg[CS_BASE]
        told = ev.Instruction(processor=cpu.number, rip=linear, length=ins.length, bytes=ins.code.hex(),
                              text=disassembly.text(ins.iced))
        cpu.events.insert(0, told)      # before the page walk of its own fetch
    before = completion.before_instruction(cpu)
    reg[RIP] = ins.next_rip
    ins.execute(cpu, ins)
    completion.after_instruction(cpu, before)
    _trap(cpu)


def _trap(cpu: Processor) -> None:
    """The VM exit for which the instruction had to be complete."""
    if cpu.trap is not None:
        cause, cpu.trap = cpu.trap, None
        raise cause


def _interrupted(cpu: Processor, starts: list[int], interruption: Interruption) -> None:
    """The instruction did not complete: take back what it had changed and deliver what came instead."""
    running = cpu.running or cpu.soft.code.get(cpu.rips[-1])
    cpu.interrupted_length = running.length if running is not None else 0
    cpu.trap = None
    keep = isinstance(interruption, VmExit) and interruption.trap
    if not keep:
        take_back(cpu, max(starts[-1], cpu.commit))
        cpu.reg[RIP] = cpu.rips[-1]
    if isinstance(interruption, Fault):
        interrupts.deliver_fault(cpu, interruption)
    elif isinstance(interruption, VmExit):
        vmx_exit.vm_exit(cpu, interruption)
    cpu.interrupted_length = 0
    cpu.attention = True


def _abandon(cpu: Processor, starts: list[int]) -> None:
    """The step ran into something outside the model: it has not happened."""
    cpu.trap = None
    if cpu.rips:
        forget(cpu, starts[-1] if starts else 0)
        cpu.reg[RIP] = cpu.rips.pop()
        if starts:
            starts.pop()
