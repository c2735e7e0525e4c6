"""The end of an instruction: shadows that it ends or begins, RF, and the traps that it leaves pending.

The step loop calls `before_instruction` and `after_instruction` around each instruction that may not simply run on;
what is pending then is taken at the next boundary (interrupts.py).
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from iced_x86 import Mnemonic as M

from vmviz.machine import debug
from vmviz.machine.debug import BS
from vmviz.machine.registers import (
    BY_MOV_SS,
    BY_STI,
    DR7,
    INTERRUPTIBILITY,
    MTF_PENDING,
    OPERATION,
    PENDING_DEBUG,
    RDI,
    RF,
    RFLAGS,
    RIP,
    RSI,
    SELECTOR,
    SHADOW_STEP,
    TF,
    TR,
    segment,
)
from vmviz.machine.vmx import controls

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

_SHADOWS: Final = BY_STI | BY_MOV_SS
_TASK: Final = segment(TR, SELECTOR)
_IRET: Final = frozenset({M.IRET, M.IRETD, M.IRETQ})


class Before(NamedTuple):
    """What `after_instruction` must know of the state before the instruction."""

    flags: int
    shadow: int
    operation: int
    task: int
    accesses: debug.Watch
    pointers: tuple[int, int]


def before_instruction(cpu: Processor) -> Before:
    """Remember what the end of the instruction will ask for."""
    reg = cpu.reg
    accesses: debug.Watch = []
    if debug.armed(reg[DR7]) and cpu.running is not None:
        accesses = debug.watch(cpu, cpu.running)
    return Before(reg[RFLAGS], reg[INTERRUPTIBILITY] & _SHADOWS, reg[OPERATION], reg[_TASK], accesses,
                  (reg[RSI], reg[RDI]))


def after_instruction(cpu: Processor, before: Before) -> None:
    """The instruction is complete: end its shadow, clear RF, note single step, data breakpoints and monitor trap."""
    reg, ins = cpu.reg, cpu.running
    if reg[OPERATION] != before.operation:
        return                                          # a VM entry: what it loaded stands
    mnemonic = ins.iced.mnemonic
    if before.shadow and reg[SHADOW_STEP] != cpu.step_number:
        cpu.set(INTERRUPTIBILITY, reg[INTERRUPTIBILITY] & ~before.shadow)
    unfinished = reg[RIP] == cpu.rips[-1] and (ins.iced.has_rep_prefix or ins.iced.has_repne_prefix)
    if before.flags & reg[RFLAGS] & RF and mnemonic not in _IRET and not unfinished:
        cpu.set(RFLAGS, reg[RFLAGS] & ~RF)
    if before.flags & TF and debug.steps(cpu, ins, before.flags) and before.task == reg[_TASK]:
        cpu.set(PENDING_DEBUG, reg[PENDING_DEBUG] | BS)     # behind a load of SS it stays pending for one instruction
    if debug.armed(reg[DR7]):
        debug.data_hits(cpu, before.accesses + debug.string_span(cpu, ins, before.pointers))
    if cpu.controls.primary & controls.MONITOR_TRAP_FLAG:
        cpu.set(MTF_PENDING, 1)


def shadow(cpu: Processor, kind: int) -> None:
    """STI (BY_STI) and loads of SS (BY_MOV_SS) block events until the next instruction is complete.

    A second one of the same kind right behind the first does not block again; one of the other kind takes its place.
    """
    if not cpu.reg[INTERRUPTIBILITY] & kind:
        cpu.set(INTERRUPTIBILITY, cpu.reg[INTERRUPTIBILITY] & ~_SHADOWS | kind)
        cpu.set(SHADOW_STEP, cpu.step_number)
    cpu.attention = True


def one_iteration(cpu: Processor) -> bool:
    """Must a repeated string instruction stop after each iteration: single step, breakpoints, monitor trap, the
    APIC-access page?"""
    reg, words = cpu.reg, cpu.controls
    return bool(reg[RFLAGS] & TF or debug.armed(reg[DR7]) or words.primary & controls.MONITOR_TRAP_FLAG
                or (words.secondary & controls.VIRTUALIZE_APIC_ACCESSES and words.primary & controls.USE_TPR_SHADOW))
