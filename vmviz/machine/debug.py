"""Debug exceptions: breakpoints of DR0 to DR3, single step, and what is pending between two instructions.

Pending debug exceptions are kept in the slot PENDING_DEBUG in the format of the VMCS: bits 3:0 B0 to B3, bit 12
an enabled breakpoint was met, bit 14 BS (SDM volume 3, "Debug Exception Conditions"; "Guest Non-Register
State"); and bit 15 BT as DR6 has it, which no VM exit ever sees, since guests switch no tasks. completion.py asks here
around each instruction, and only while DR7 enables something or RFLAGS.TF is set.

Simplified: a data breakpoint on a repeated string instruction traps when the step ends, not after the
iteration.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

import iced_x86 as ix
from iced_x86 import FlowControl, MemorySizeExt, Mnemonic, OpAccess, OpKind, Register

from vmviz.machine.operands import NUMBER, SEGMENT_INDEX
from vmviz.machine.registers import (
    BASE,
    CR4,
    CR4_DE,
    CS_BASE,
    DEBUGCTL,
    DR0,
    DR7,
    FS,
    MASK32,
    MASK64,
    PENDING_DEBUG,
    RCX,
    RDI,
    RF,
    RFLAGS,
    RIP,
    RSI,
    SEGMENTS,
    TF,
    ZF,
)

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

ENABLED, BS = 1 << 12, 1 << 14
BTF: Final = 2                          # of IA32_DEBUGCTL
EXECUTE, WRITE, IO, READ_WRITE = range(4)
_LENGTHS: Final = (1, 2, 8, 4)
_WRITES: Final = frozenset({OpAccess.WRITE, OpAccess.READ_WRITE, OpAccess.COND_WRITE, OpAccess.READ_COND_WRITE})
_TOUCHES: Final = _WRITES | {OpAccess.READ, OpAccess.COND_READ}
_STRING: Final = {OpKind.MEMORY_SEG_SI: (RSI, 16), OpKind.MEMORY_SEG_ESI: (RSI, 32), OpKind.MEMORY_SEG_RSI: (RSI, 64),
                  OpKind.MEMORY_ESDI: (RDI, 16), OpKind.MEMORY_ESEDI: (RDI, 32), OpKind.MEMORY_ESRDI: (RDI, 64)}
_BRANCHES: Final = frozenset({FlowControl.UNCONDITIONAL_BRANCH, FlowControl.INDIRECT_BRANCH, FlowControl.RETURN,
                              FlowControl.CALL, FlowControl.INDIRECT_CALL})
_NO_BRANCHES: Final = frozenset({Mnemonic.VMCALL, Mnemonic.VMLAUNCH, Mnemonic.VMRESUME})     # where they fail
_INT: Final = frozenset({Mnemonic.INT, Mnemonic.INT1, Mnemonic.INT3, Mnemonic.INTO})
_COUNT_ZERO: Final = frozenset({Mnemonic.JCXZ, Mnemonic.JECXZ, Mnemonic.JRCXZ})
_LOOP_WHILE: Final = {Mnemonic.LOOP: (0, ZF), Mnemonic.LOOPE: (ZF,), Mnemonic.LOOPNE: (0,)}     # ZF with which it does
_information = ix.InstructionInfoFactory()

Watch = list[tuple[int, int, bool]]     # (linear address, size, is a write) of the accesses of an instruction


def armed(dr7: int) -> bool:
    """Does DR7 enable a breakpoint?"""
    return bool(dr7 & 0xFF)


def _matches(cpu: Processor, kinds: tuple[int, ...], start: int, end: int) -> int:
    """B0 to B3 of the breakpoints of some kinds that lie in [start, end); bit 12 when one of them is enabled."""
    reg, hits = cpu.reg, 0
    dr7 = reg[DR7]
    for n in range(4):
        control = dr7 >> 16 + 4 * n
        if control & 3 not in kinds or (control & 3 == IO and not reg[CR4] & CR4_DE):
            continue
        length = _LENGTHS[control >> 2 & 3] if control & 3 != EXECUTE else 1
        first = reg[DR0 + n] & ~(length - 1)
        if first < end and start < first + length:
            hits |= 1 << n | (ENABLED if dr7 >> 2 * n & 3 else 0)
    return hits


def at_instruction(cpu: Processor) -> int:
    """B0 to B3 of enabled instruction breakpoints on RIP, unless RF suppresses them; else 0."""
    if not armed(cpu.reg[DR7]) or cpu.reg[RFLAGS] & RF:
        return 0
    rip = cpu.reg[RIP] if cpu.bits == 64 else cpu.reg[RIP] + cpu.reg[CS_BASE] & MASK32
    hits = _matches(cpu, (EXECUTE,), rip, rip + 1)
    return hits & 0xF if hits & ENABLED else 0


def steps(cpu: Processor, ins: Instruction, flags: int) -> bool:
    """Does a complete instruction that began with RFLAGS = `flags` leave a single step pending?

    Software interrupts and a SYSCALL that clears TF do not. With IA32_DEBUGCTL.BTF only an instruction that took a
    branch does (SDM volume 3, "Single-Stepping on Branches").
    """
    mnemonic = ins.iced.mnemonic
    if not flags & TF or mnemonic in _INT or (mnemonic == Mnemonic.SYSCALL and not cpu.reg[RFLAGS] & TF):
        return False
    return not cpu.reg[DEBUGCTL] & BTF or _branched(cpu, ins, flags)


def _branched(cpu: Processor, ins: Instruction, flags: int) -> bool:
    """Did an instruction take a branch, be it to the next instruction? It is complete, and `flags` are from before."""
    mnemonic, flow = ins.iced.mnemonic, ins.iced.flow_control
    if flow != FlowControl.CONDITIONAL_BRANCH:
        return flow in _BRANCHES and mnemonic not in _NO_BRANCHES
    left = cpu.reg[RCX] & ins.mask
    if mnemonic in _COUNT_ZERO:
        return not left
    if mnemonic in _LOOP_WHILE:
        return bool(left) and flags & ZF in _LOOP_WHILE[mnemonic]
    return bool(ins.condition(flags))


def watch(cpu: Processor, ins: Instruction) -> Watch:
    """The memory that an instruction is about to access; pushes and pops included, string operands not."""
    accesses: Watch = []
    for used in _information.info(ins.iced).used_memory():
        if used.access not in _TOUCHES:
            continue
        size = MemorySizeExt.size(used.memory_size) or 1
        accesses.append((_address(cpu, used), size, used.access in _WRITES))
    return accesses


def _address(cpu: Processor, used: ix.UsedMemory) -> int:
    reg = cpu.reg
    offset = used.displacement
    if used.base in NUMBER:
        offset += reg[NUMBER[used.base][0]]
    if used.index in NUMBER:
        offset += reg[NUMBER[used.index][0]] * used.scale
    bits = 64 if cpu.bits == 64 else 32 if cpu.bits == 32 else 16
    for register in (used.base, used.index):
        if register in NUMBER:
            bits = NUMBER[register][1]
    offset &= (1 << bits) - 1
    segment = SEGMENT_INDEX.get(used.segment, 3) if used.segment != Register.NONE else 3
    if cpu.bits == 64:
        return offset + (reg[SEGMENTS + 4 * segment + BASE] if segment >= FS else 0) & MASK64
    return offset + reg[SEGMENTS + 4 * segment + BASE] & MASK32


def string_span(cpu: Processor, ins: Instruction, before: tuple[int, int]) -> Watch:
    """The memory between where RSI and RDI stood before a string instruction and where they stand after it."""
    spans: Watch = []
    for n in range(ins.iced.op_count):
        place = _STRING.get(ins.iced.op_kind(n))
        if place is None:
            continue
        slot, bits = place
        old, new = before[slot == RDI], cpu.reg[slot]
        low, high = min(old, new), max(old, new)
        size = MemorySizeExt.size(ins.iced.memory_size) or 1
        if new < old:
            low, high = low + size, high + size
        spans.append((low & (1 << bits) - 1, high - low, n == 0 and slot == RDI))
    return spans


def data_hits(cpu: Processor, accesses: Watch) -> None:
    """Note in PENDING_DEBUG which data breakpoints the completed accesses met."""
    hits = 0
    for linear, size, is_write in accesses:
        hits |= _matches(cpu, (WRITE, READ_WRITE) if is_write else (READ_WRITE,), linear, linear + size)
    if hits & ENABLED:
        cpu.set(PENDING_DEBUG, cpu.reg[PENDING_DEBUG] | hits)
        cpu.attention = True


def load_hit(cpu: Processor, linear: int) -> None:
    """An instruction without a memory operand (MONITOR) loaded a byte: note the data breakpoints that it met."""
    if armed(cpu.reg[DR7]):
        data_hits(cpu, [(linear, 1, False)])


def io_hit(cpu: Processor, port: int, size: int) -> None:
    """An I/O instruction accessed a port: note the I/O breakpoints that it met."""
    if armed(cpu.reg[DR7]):
        hits = _matches(cpu, (IO,), port, port + size)
        if hits & ENABLED:
            cpu.set(PENDING_DEBUG, cpu.reg[PENDING_DEBUG] | hits)
            cpu.attention = True
