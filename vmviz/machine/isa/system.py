"""System instructions without a family: CPUID, HLT, the interrupt flag, PUSHF and POPF, TLB and cache control,
MONITOR, MWAIT, XGETBV, XSETBV, and those of modes that are not here (GETSEC, RSM).

Simplified: caches are not modelled, so INVD and WBINVD change nothing. Left out: CR4.VME and CR4.PVI.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iced_x86 import Code as C
from iced_x86 import Mnemonic as M

from vmviz import events as ev
from vmviz.machine import completion, debug, outside, paging, tlb
from vmviz.machine.isa.control_registers import need_privilege
from vmviz.machine.isa.implicit import address
from vmviz.machine.isa.registry import instruction
from vmviz.machine.isa.stack import pop, push
from vmviz.machine.operands import SEGMENT_INDEX
from vmviz.machine.outcome import GP, UD, Fault
from vmviz.machine.paging import READ
from vmviz.machine.registers import (
    AC,
    ACTIVITY,
    BY_STI,
    CPL,
    CR0,
    CR0_PE,
    CR4,
    CR4_OSXSAVE,
    CR4_PCIDE,
    CR4_SMXE,
    DF,
    DS,
    HLT,
    ID,
    IF,
    IOPL,
    MASK32,
    MASK64,
    MONITOR_ADDRESS,
    NEVER,
    NT,
    RAX,
    RBX,
    RCX,
    RDX,
    RF,
    RFLAGS,
    STATUS_FLAGS,
    TF,
    VM,
    XCR0,
)
from vmviz.machine.segmentation import canonical
from vmviz.machine.vmx import controls, intercepts

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

_FLAG_BITS: Final = {C.PUSHFW: 16, C.PUSHFD: 32, C.PUSHFQ: 64, C.POPFW: 16, C.POPFD: 32, C.POPFQ: 64}
_POPF: Final = STATUS_FLAGS | TF | DF | NT | AC | ID


@instruction(M.CPUID, summary="What the processor is and can do.", source="CPUID—CPU Identification")
def cpuid(cpu: Processor, ins: Instruction) -> None:
    intercepts.cpuid(cpu, ins)
    leaf, subleaf = cpu.reg[RAX] & MASK32, cpu.reg[RCX] & MASK32
    values = cpu.model.cpuid(cpu.reg, leaf, subleaf, cpu.number, len(cpu.board.processors))
    for slot, value in zip((RAX, RBX, RCX, RDX), values, strict=True):
        cpu.set_reg(slot, value)


@instruction(M.HLT, summary="Stops until an interrupt comes.", source="HLT—Halt")
def hlt(cpu: Processor, ins: Instruction) -> None:
    need_privilege(cpu)
    intercepts.hlt(cpu, ins)
    cpu.set(ACTIVITY, HLT)
    cpu.mark(ev.Halt(processor=cpu.number))
    cpu.attention = True


# ---- flags

def _need_io_privilege(cpu: Processor) -> None:
    flags = cpu.reg[RFLAGS]
    if cpu.reg[CR0] & CR0_PE and cpu.reg[CPL] > (flags & IOPL) >> 12:
        outside.refuse_virtual_interrupts(cpu)
        raise Fault(GP)


@instruction(M.CLI, summary="Masks interrupts.", source="CLI—Clear Interrupt Flag")
def cli(cpu: Processor, ins: Instruction) -> None:
    _need_io_privilege(cpu)
    cpu.set_rflags(cpu.reg[RFLAGS] & ~IF)


@instruction(M.STI, summary="Unmasks interrupts, from the end of the next instruction on.",
             source="STI—Set Interrupt Flag")
def sti(cpu: Processor, ins: Instruction) -> None:
    _need_io_privilege(cpu)
    if not cpu.reg[RFLAGS] & IF:
        cpu.set_rflags(cpu.reg[RFLAGS] | IF)
        completion.shadow(cpu, BY_STI)


def _need_v86_privilege(cpu: Processor) -> None:
    flags = cpu.reg[RFLAGS]
    if flags & VM and flags & IOPL != IOPL:
        outside.refuse_virtual_interrupts(cpu)
        raise Fault(GP)


@instruction(M.PUSHF, M.PUSHFD, M.PUSHFQ, summary="Pushes the flags; VM and RF read 0.",
             source="PUSHF/PUSHFD/PUSHFQ—Push EFLAGS Register Onto the Stack")
def pushf(cpu: Processor, ins: Instruction) -> None:
    _need_v86_privilege(cpu)
    push(cpu, cpu.reg[RFLAGS] & ~(VM | RF), _FLAG_BITS[ins.iced.code])


@instruction(M.POPF, M.POPFD, M.POPFQ, summary="Pops the flags that this privilege may change.",
             source="POPF/POPFD/POPFQ—Pop Stack Into EFLAGS Register")
def popf(cpu: Processor, ins: Instruction) -> None:
    _need_v86_privilege(cpu)
    bits = _FLAG_BITS[ins.iced.code]
    value, flags = pop(cpu, bits), cpu.reg[RFLAGS]
    mask = _POPF
    if cpu.reg[CPL] <= (flags & IOPL) >> 12 or not cpu.reg[CR0] & CR0_PE:
        mask |= IF
    if cpu.reg[CPL] == 0:
        mask |= IOPL
    if bits == 16:
        mask &= 0xFFFF
    cpu.set_rflags((flags & ~mask | value & mask | 2) & ~RF)


@instruction(M.STAC, M.CLAC, summary="Sets or clears AC: lets CPL 0 to 2 through SMAP, or not.",
             source="STAC—Set AC Flag in EFLAGS Register")
def stac_clac(cpu: Processor, ins: Instruction) -> None:
    if cpu.reg[CPL]:
        raise Fault(UD)
    flags = cpu.reg[RFLAGS]
    cpu.set_rflags(flags | AC if ins.iced.mnemonic == M.STAC else flags & ~AC)


# ---- TLB and caches

@instruction(M.INVLPG, summary="Drops the translations of one linear address.",
             source="INVLPG—Invalidate TLB Entries")
def invlpg(cpu: Processor, ins: Instruction) -> None:
    need_privilege(cpu)
    linear = ins.address(cpu, READ)
    intercepts.invlpg(cpu, ins, linear)
    if cpu.bits == 64 and not canonical(linear):
        return
    tlb.flush(cpu, vpid=cpu.vpid, pcid=tlb.pcid(cpu), linear=linear, action="flush_page")


@instruction(M.INVPCID, summary="Drops translations by PCID.",
             source="INVPCID—Invalidate Process-Context Identifier")
def invpcid(cpu: Processor, ins: Instruction) -> None:
    intercepts.allow(cpu, controls.ENABLE_INVPCID)
    need_privilege(cpu)
    intercepts.invpcid(cpu, ins)
    kind = ins.dst(cpu)
    descriptor = cpu.read_slow(ins.address(cpu, READ), 16)
    pcid, linear = descriptor & 0xFFF, descriptor >> 64
    if kind > 3 or (descriptor & MASK64) > 0xFFF or (kind < 2 and pcid and not cpu.reg[CR4] & CR4_PCIDE):
        raise Fault(GP)
    if kind == 0:
        if not canonical(linear):
            raise Fault(GP)
        tlb.flush(cpu, vpid=cpu.vpid, pcid=pcid, linear=linear, keep_global=True, action="flush_page")
    elif kind == 1:
        tlb.flush(cpu, vpid=cpu.vpid, pcid=pcid, keep_global=True)
    else:
        tlb.flush(cpu, vpid=cpu.vpid, keep_global=kind == 3)


@instruction(M.INVD, summary="Drops the caches.", source="INVD—Invalidate Internal Caches")
def invd(cpu: Processor, ins: Instruction) -> None:
    need_privilege(cpu)
    intercepts.invd(cpu, ins)


@instruction(M.WBINVD, M.WBNOINVD, summary="Writes the caches back.",
             source="WBINVD—Write Back and Invalidate Cache")
def wbinvd(cpu: Processor, ins: Instruction) -> None:
    need_privilege(cpu)
    intercepts.wbinvd(cpu, ins)


# ---- waiting for a store

def _extensions(cpu: Processor) -> int:
    """What MONITOR and MWAIT look at: RCX in 64-bit mode, else ECX."""
    return cpu.reg[RCX] if cpu.bits == 64 else cpu.reg[RCX] & MASK32


@instruction(M.MONITOR, summary="Watches an address for stores.", source="MONITOR—Set Up Monitor Address")
def monitor(cpu: Processor, ins: Instruction) -> None:
    if cpu.reg[CPL]:
        raise Fault(UD)
    intercepts.monitor(cpu, ins)
    if _extensions(cpu):
        raise Fault(GP)
    bits = {C.MONITORW: 16, C.MONITORD: 32, C.MONITORQ: 64}[ins.iced.code]
    segment = SEGMENT_INDEX.get(ins.iced.segment_prefix, DS)
    linear = address(cpu, segment, cpu.reg[RAX] & (1 << bits) - 1, 1, READ)
    cpu.read8(linear)
    debug.load_hit(cpu, linear)
    cpu.set(MONITOR_ADDRESS, paging.translate(cpu, linear, READ, cpu.reg[CPL] == 3) & ~0x3F)


@instruction(M.MWAIT, summary="Waits for a store to the watched address.", source="MWAIT—Monitor Wait")
def mwait(cpu: Processor, ins: Instruction) -> None:
    """Simplified: nobody else stores on a machine with one processor, so an armed MWAIT waits as HLT does. With several
    it ends at once, as it may for reasons of the processor's own."""
    if cpu.reg[CPL]:
        raise Fault(UD)
    intercepts.mwait(cpu, ins)
    if _extensions(cpu) & ~1:
        raise Fault(GP)
    if cpu.reg[MONITOR_ADDRESS] != NEVER:
        cpu.set(MONITOR_ADDRESS, NEVER)
        if cpu.board.several:
            return
        cpu.set(ACTIVITY, HLT)
        cpu.mark(ev.Halt(processor=cpu.number))
        cpu.attention = True


# ---- extended state

@instruction(M.XGETBV, summary="Reads an extended control register.",
             source="XGETBV—Get Value of Extended Control Register")
def xgetbv(cpu: Processor, ins: Instruction) -> None:
    if not cpu.reg[CR4] & CR4_OSXSAVE:
        raise Fault(UD)
    if cpu.reg[RCX] & MASK32:
        raise Fault(GP)
    cpu.set_reg(RAX, cpu.reg[XCR0] & MASK32)
    cpu.set_reg(RDX, cpu.reg[XCR0] >> 32)


@instruction(M.XSETBV, summary="Sets an extended control register.", source="XSETBV—Set Extended Control Register")
def xsetbv(cpu: Processor, ins: Instruction) -> None:
    if not cpu.reg[CR4] & CR4_OSXSAVE:
        raise Fault(UD)
    need_privilege(cpu)
    intercepts.xsetbv(cpu, ins)
    value = (cpu.reg[RDX] & MASK32) << 32 | cpu.reg[RAX] & MASK32
    a, _, _, d = cpu.model.leaf(0xD)
    if cpu.reg[RCX] & MASK32 or not value & 1 or value & ~(d << 32 | a):
        raise Fault(GP)
    if (value & 4 and not value & 2) or value & 0xE0 not in (0, 0xE0) or (value & 0xE0 and value & 6 != 6):
        raise Fault(GP)
    cpu.set(XCR0, value)


# ---- what is not here

@instruction(M.GETSEC, summary="Safer-mode functions; there is no safer mode here.",
             source="GETSEC—Safer Mode Extensions")
def getsec(cpu: Processor, ins: Instruction) -> None:
    if not cpu.reg[CR4] & CR4_SMXE:
        raise Fault(UD)
    intercepts.getsec(cpu, ins)
    raise cpu.outside("safer mode (GETSEC)")


@instruction(M.RSM, summary="Leaves system-management mode; there is none here.",
             source="RSM—Resume From System Management Mode")
def rsm(cpu: Processor, ins: Instruction) -> None:
    intercepts.rsm(cpu, ins)
    raise Fault(UD)
