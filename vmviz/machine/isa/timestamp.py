"""Counters and random numbers: RDTSC, RDTSCP, RDPID, RDPMC, RDRAND, RDSEED.

Simplified: random numbers come from a generator of fixed beginning whose state is a journaled slot, so that a program
does the same every time; the performance counters exist and stand still at 0.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iced_x86 import Mnemonic as M

from vmviz.machine import msr
from vmviz.machine.isa.registry import instruction
from vmviz.machine.outcome import GP, Fault
from vmviz.machine.registers import (
    CF,
    CPL,
    CR0,
    CR0_PE,
    CR4,
    CR4_PCE,
    CR4_TSD,
    MASK32,
    MASK64,
    MSR_SPARE,
    RAX,
    RCX,
    RDX,
    TSC_AUX,
)
from vmviz.machine.vmx import controls, intercepts

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

RANDOM_STATE: Final = MSR_SPARE + 63
_FIXED_COUNTERS: Final = 1 << 30


def _need_tsc(cpu: Processor) -> None:
    if cpu.reg[CR4] & CR4_TSD and cpu.reg[CPL]:
        raise Fault(GP)


def _leave_tsc(cpu: Processor) -> None:
    value = msr.time_stamp(cpu)
    cpu.set_reg(RAX, value & MASK32)
    cpu.set_reg(RDX, value >> 32)


@instruction(M.RDTSC, summary="Reads the time-stamp counter into EDX:EAX.", source="RDTSC—Read Time-Stamp Counter")
def rdtsc(cpu: Processor, ins: Instruction) -> None:
    _need_tsc(cpu)
    intercepts.rdtsc(cpu, ins)
    _leave_tsc(cpu)


@instruction(M.RDTSCP, summary="Reads the time-stamp counter, and IA32_TSC_AUX into ECX.",
             source="RDTSCP—Read Time-Stamp Counter and Processor ID")
def rdtscp(cpu: Processor, ins: Instruction) -> None:
    intercepts.allow(cpu, controls.ENABLE_RDTSCP)
    _need_tsc(cpu)
    intercepts.rdtscp(cpu, ins)
    _leave_tsc(cpu)
    cpu.set_reg(RCX, cpu.reg[TSC_AUX] & MASK32)


@instruction(M.RDPID, summary="Reads IA32_TSC_AUX.", source="RDPID—Read Processor ID")
def rdpid(cpu: Processor, ins: Instruction) -> None:
    intercepts.rdpid(cpu, ins)
    ins.set_dst(cpu, cpu.reg[TSC_AUX])


@instruction(M.RDPMC, summary="Reads the performance counter that ECX names.",
             source="RDPMC—Read Performance-Monitoring Counters")
def rdpmc(cpu: Processor, ins: Instruction) -> None:
    if cpu.reg[CPL] and not cpu.reg[CR4] & CR4_PCE and cpu.reg[CR0] & CR0_PE:
        raise Fault(GP)
    intercepts.rdpmc(cpu, ins)
    a, _, _, d = cpu.model.leaf(0xA)
    index = cpu.reg[RCX] & MASK32
    count = d & 0x1F if index & _FIXED_COUNTERS else a >> 8 & 0xFF
    if index & ~_FIXED_COUNTERS >= count:
        raise Fault(GP)
    cpu.set_reg(RAX, 0)
    cpu.set_reg(RDX, 0)


def _random(cpu: Processor, bits: int) -> int:
    """The next number of a 64-bit generator (SplitMix64: an odd step, then two rounds of mixing)."""
    state = cpu.reg[RANDOM_STATE] + 0x9E37_79B9_7F4A_7C15 & MASK64
    cpu.set(RANDOM_STATE, state)
    state = (state ^ state >> 30) * 0xBF58_476D_1CE4_E5B9 & MASK64
    state = (state ^ state >> 27) * 0x94D0_49BB_1331_11EB & MASK64
    return (state ^ state >> 31) & (1 << bits) - 1


@instruction(M.RDRAND, summary="A random number; CF tells that there was one.", source="RDRAND—Read Random Number")
def rdrand(cpu: Processor, ins: Instruction) -> None:
    intercepts.rdrand(cpu, ins)
    ins.set_dst(cpu, _random(cpu, ins.bits))
    cpu.set_flags(CF)


@instruction(M.RDSEED, summary="A random seed; CF tells that there was one.", source="RDSEED—Read Random SEED")
def rdseed(cpu: Processor, ins: Instruction) -> None:
    intercepts.rdseed(cpu, ins)
    ins.set_dst(cpu, _random(cpu, ins.bits))
    cpu.set_flags(CF)
