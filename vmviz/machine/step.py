"""The step loop: what happens between two positions of a recording.

A step is one instruction, one delivered event (an interrupt, a trap, a VM exit that no instruction caused), or a jump
of the clock while the processor is halted and a timer is set. `advance` has two ways to make steps: `_careful` looks at
everything that may come before and after an instruction; `_burst` runs instructions for as long as nothing can (nobody
set `attention`, no timer runs out). Both make the same steps.

A fault or VM exit unwinds to here as an `Interruption`: the step's changes are taken back up to the last completed
iteration of a string instruction, and it is delivered within the same step.
"""
from __future__ import annotations

from typing import NamedTuple

from vmviz import events as ev
from vmviz.machine import disassembly, interrupts
from vmviz.machine.decode import fetch
from vmviz.machine.outcome import Fault, Interruption, VmExit
from vmviz.machine.processor import Processor
from vmviz.machine.registers import ACTIVE, ACTIVITY, CS_BASE, RIP, SHUTDOWN_PORT
from vmviz.machine.undo import take_back
from vmviz.machine.vmx import exit as vmx_exit


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
    """What one step did: its number, the RIP it began at, and everything needed to tell it and to take it back."""

    number: int
    rip: int
    events: tuple[ev.Event, ...]
    changes: tuple[Change, ...]
    phases: tuple[PhaseEnd, ...]


def ended(cpu: Processor) -> str | None:
    """Why no further step can come: "shutdown_port", "idle" (nothing pending can wake the processor), or None."""
    if cpu.reg[SHUTDOWN_PORT] >= len("Shutdown"):
        return "shutdown_port"
    if cpu.reg[ACTIVITY] != ACTIVE and not interrupts.can_wake(cpu):
        return "idle"
    return None


def advance(cpu: Processor, starts: list[int], count: int) -> int:
    """Make up to `count` steps into the processor's journal; gives how many were made (fewer: the run has ended).

    `starts` gets each step's offset in the journal. Raises OutsideModel with the step under way taken back.
    """
    done = 0
    try:
        while done < count:
            if cpu.attention:
                if ended(cpu):
                    break
                _careful(cpu, starts)
                done += 1
            else:
                before = len(starts)
                _burst(cpu, starts, min(count - done, interrupts.horizon(cpu)))
                done += len(starts) - before
    except Interruption:
        raise
    except Exception:
        _abandon(cpu, starts)
        raise
    return done


def tell(cpu: Processor) -> Step | None:
    """Make one step and tell all of it; None when the run has ended. The step is not kept."""
    kept = cpu.journal, cpu.rips, cpu.base_step, cpu.marks, cpu.commit
    index = cpu.base_step + len(cpu.rips)
    journal: list[int] = []
    cpu.journal, cpu.log, cpu.rips, cpu.base_step, cpu.commit = journal, journal.extend, [], index, 0
    cpu.marks, cpu.events, cpu.phases, cpu.telling = [], [], [], True
    try:
        if ended(cpu):
            return None
        cpu.attention = True
        _careful(cpu, [])
        return Step(index, cpu.rips[0], tuple(cpu.events),
                    tuple(Change(*journal[n:n + 3]) for n in range(0, len(journal), 3)),
                    tuple(PhaseEnd(*phase[:4], phase[4] // 3) for phase in cpu.phases))
    finally:
        cpu.telling = False
        cpu.journal, cpu.rips, cpu.base_step, cpu.marks, cpu.commit = kept
        cpu.log = cpu.journal.extend


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
        told = ev.Instruction(rip=linear, length=ins.length, bytes=ins.code.hex(), text=disassembly.text(ins.iced))
        cpu.events.insert(0, told)      # before the page walk of its own fetch
    before = interrupts.before_instruction(cpu)
    reg[RIP] = ins.next_rip
    ins.execute(cpu, ins)
    interrupts.after_instruction(cpu, before)


def _interrupted(cpu: Processor, starts: list[int], interruption: Interruption) -> None:
    """The instruction did not complete: take back what it had changed and deliver what came instead."""
    running = cpu.running or cpu.soft.code.get(cpu.rips[-1])
    cpu.interrupted_length = running.length if running is not None else 0
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
    if cpu.rips:
        take_back(cpu, starts[-1] if starts else 0)
        cpu.reg[RIP] = cpu.rips.pop()
        if starts:
            starts.pop()
