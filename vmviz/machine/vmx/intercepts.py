"""When an instruction of a guest causes a VM exit: one function for each instruction that can.

Called by the functions of isa/ after the faults that come first (SDM volume 3, "Relative Priority of Faults and VM
Exits") and before any effect. In root operation and outside VMX operation they do nothing: the control words in force
are all zero then, and the unconditional ones ask. An exit is raised; functions that give a value give what the
instruction goes on with. (SDM volume 3, "Instructions That Cause VM Exits", "Changes to Instruction Behavior in VMX
Non-Root Operation".) Port and MSR bitmaps, and the exits of control registers, are in intercepts_io.py and
intercepts_cr.py.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iced_x86 import Mnemonic

from vmviz.machine.outcome import UD, Fault, VmExit
from vmviz.machine.registers import CPL, MONITOR_ADDRESS, NEVER, PLE_FIRST, PLE_LAST
from vmviz.machine.vmx import controls as c
from vmviz.machine.vmx import information
from vmviz.machine.vmx.intercepts_cr import clts, lmsw, mov_dr, mov_from_cr, mov_to_cr
from vmviz.machine.vmx.intercepts_io import io, rdmsr, wrmsr

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

TASK_SWITCH, CPUID, GETSEC, HLT, INVD, INVLPG, RDPMC, RDTSC, RSM = 9, 10, 11, 12, 13, 14, 15, 16, 17
MWAIT, MONITOR, PAUSE, GDTR_IDTR, LDTR_TR, RDTSCP, WBINVD, XSETBV = 36, 39, 40, 46, 47, 51, 54, 55
RDRAND, INVPCID, RDSEED, XSAVES, XRSTORS = 57, 58, 61, 63, 64
BY_CALL, BY_IRET, BY_JMP, BY_TASK_GATE = range(4)
_TABLES: Final = {Mnemonic.SGDT: 0, Mnemonic.SIDT: 1, Mnemonic.LGDT: 2, Mnemonic.LIDT: 3}
_SEGMENTS: Final = {Mnemonic.SLDT: 0, Mnemonic.STR: 1, Mnemonic.LLDT: 2, Mnemonic.LTR: 3}


def _exit(ins: Instruction, reason: int, qualification: int = 0, information: int | None = None) -> VmExit:
    return VmExit(reason, qualification, length=ins.length, information=information)


# ---- unconditional

def cpuid(cpu: Processor, ins: Instruction) -> None:
    """CPUID always exits."""
    if cpu.non_root:
        raise _exit(ins, CPUID)


def getsec(cpu: Processor, ins: Instruction) -> None:
    """GETSEC always exits (it is #UD before, without CR4.SMXE)."""
    if cpu.non_root:
        raise _exit(ins, GETSEC)


def invd(cpu: Processor, ins: Instruction) -> None:
    """INVD always exits."""
    if cpu.non_root:
        raise _exit(ins, INVD)


def xsetbv(cpu: Processor, ins: Instruction) -> None:
    """XSETBV always exits."""
    if cpu.non_root:
        raise _exit(ins, XSETBV)


def rsm(cpu: Processor, ins: Instruction) -> None:
    """RSM outside SMM is #UD; there is no SMM here."""
    raise Fault(UD)


def task_switch(cpu: Processor, selector: int, source: int, length: int | None = None) -> None:
    """A task switch never happens in a guest; `source`: 0 CALL, 1 IRET, 2 JMP, 3 task gate in the IDT."""
    if cpu.non_root:
        if length is None and source != BY_TASK_GATE:
            running = cpu.running or cpu.soft.code.get(cpu.rips[-1])
            length = running.length if running is not None else None
        raise VmExit(TASK_SWITCH, selector & 0xFFFF | source << 30, length=length)


# ---- by a control

def hlt(cpu: Processor, ins: Instruction) -> None:
    """HLT with "HLT exiting"."""
    if cpu.controls.primary & c.HLT_EXITING:
        raise _exit(ins, HLT)


def rdtsc(cpu: Processor, ins: Instruction) -> None:
    """RDTSC with "RDTSC exiting"."""
    if cpu.controls.primary & c.RDTSC_EXITING:
        raise _exit(ins, RDTSC)


def rdtscp(cpu: Processor, ins: Instruction) -> None:
    """RDTSCP: #UD unless enabled, then with "RDTSC exiting"."""
    allow(cpu, c.ENABLE_RDTSCP)
    if cpu.controls.primary & c.RDTSC_EXITING:
        raise _exit(ins, RDTSCP)


def rdpid(cpu: Processor, ins: Instruction) -> None:
    """RDPID is #UD where RDTSCP is not enabled."""
    allow(cpu, c.ENABLE_RDTSCP)


def allow(cpu: Processor, control: int) -> None:
    """#UD in a guest unless a secondary control enables the instruction."""
    if cpu.non_root and not cpu.controls.secondary & control:
        raise Fault(UD)


def rdpmc(cpu: Processor, ins: Instruction) -> None:
    """RDPMC with "RDPMC exiting"."""
    if cpu.controls.primary & c.RDPMC_EXITING:
        raise _exit(ins, RDPMC)


def invlpg(cpu: Processor, ins: Instruction, linear: int) -> None:
    """INVLPG with "INVLPG exiting": the qualification is the linear address."""
    if cpu.controls.primary & c.INVLPG_EXITING:
        raise _exit(ins, INVLPG, linear)


def invpcid(cpu: Processor, ins: Instruction) -> None:
    """INVPCID: #UD unless enabled, then with "INVLPG exiting"."""
    allow(cpu, c.ENABLE_INVPCID)
    if cpu.controls.primary & c.INVLPG_EXITING:
        raise _exit(ins, INVPCID, information.displacement(ins), information.with_register(ins))


def wbinvd(cpu: Processor, ins: Instruction) -> None:
    """WBINVD and WBNOINVD with "WBINVD exiting"."""
    if cpu.controls.secondary & c.WBINVD_EXITING:
        raise _exit(ins, WBINVD)


def monitor(cpu: Processor, ins: Instruction) -> None:
    """MONITOR with "MONITOR exiting"."""
    if cpu.controls.primary & c.MONITOR_EXITING:
        raise _exit(ins, MONITOR)


def mwait(cpu: Processor, ins: Instruction) -> None:
    """MWAIT with "MWAIT exiting": the qualification says whether the address monitor is armed."""
    if cpu.controls.primary & c.MWAIT_EXITING:
        raise _exit(ins, MWAIT, int(cpu.reg[MONITOR_ADDRESS] != NEVER))


def pause(cpu: Processor, ins: Instruction) -> None:
    """PAUSE with "PAUSE exiting"; at CPL 0 with "PAUSE-loop exiting" when a loop has spun too long."""
    if cpu.controls.primary & c.PAUSE_EXITING:
        raise _exit(ins, PAUSE)
    if not cpu.controls.secondary & c.PAUSE_LOOP_EXITING or cpu.reg[CPL]:
        return
    region, now = cpu.guest_fields(), cpu.now()
    if now - cpu.reg[PLE_LAST] > region.read("ple_gap") or not cpu.reg[PLE_LAST]:
        cpu.set(PLE_FIRST, now)
    elif now - cpu.reg[PLE_FIRST] > region.read("ple_window"):
        raise _exit(ins, PAUSE)
    cpu.set(PLE_LAST, now)


def rdrand(cpu: Processor, ins: Instruction) -> None:
    """RDRAND with "RDRAND exiting"."""
    if cpu.controls.secondary & c.RDRAND_EXITING:
        raise _exit(ins, RDRAND, 0, information.random(ins))


def rdseed(cpu: Processor, ins: Instruction) -> None:
    """RDSEED with "RDSEED exiting"."""
    if cpu.controls.secondary & c.RDSEED_EXITING:
        raise _exit(ins, RDSEED, 0, information.random(ins))


def descriptor_table(cpu: Processor, ins: Instruction) -> None:
    """LGDT, LIDT, SGDT, SIDT, LLDT, LTR, SLDT, STR with "descriptor-table exiting"."""
    if not cpu.controls.secondary & c.DESCRIPTOR_TABLE_EXITING:
        return
    mnemonic = ins.iced.mnemonic
    if mnemonic in _TABLES:
        raise _exit(ins, GDTR_IDTR, information.displacement(ins), information.descriptor_table(ins, _TABLES[mnemonic]))
    raise _exit(ins, LDTR_TR, information.displacement(ins), information.system_segment(ins, _SEGMENTS[mnemonic]))


__all__ = ["clts", "io", "lmsw", "mov_dr", "mov_from_cr", "mov_to_cr", "rdmsr", "wrmsr"]
