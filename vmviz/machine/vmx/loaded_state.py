"""Loading the guest state: phase 4 of a VM entry, from the guest-state area into the processor.

Rules of SDM volume 3, "Loading Guest State": which values come from the VMCS, which follow from the controls, what an
entry flushes and which timers it starts. All of it has been checked before; nothing here can fail.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmviz.machine import tlb
from vmviz.machine.registers import (
    ACTIVITY,
    BNDCFGS,
    BY_NMI,
    CPL,
    CR0,
    CR0_PG,
    CR3,
    CR4,
    CR4_PAE,
    DEBUGCTL,
    DR7,
    EFER,
    EFER_LMA,
    EFER_LME,
    INTERRUPTIBILITY,
    MONITOR_ADDRESS,
    MTF_PENDING,
    NEVER,
    PAT,
    PDPTE0,
    PENDING_DEBUG,
    PERF_GLOBAL_CTRL,
    PLE_FIRST,
    PLE_LAST,
    RFLAGS,
    RIP,
    RSP,
    SHADOW_STEP,
    TIMER_DEADLINE,
    VIRTUAL_NMI_BLOCKING,
)
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx import controls as c
from vmviz.machine.vmx import host_state
from vmviz.machine.vmx.saved_state import CET_FIELDS, SEGMENT_FIELDS, SYSENTER_FIELDS, TABLE_FIELDS, TIMER_RATE_BITS

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor
    from vmviz.machine.vmx.checks import Candidate

KEPT_CR0: Final = host_state.KEPT_CR0
DR7_ZERO: Final = 0xD000                            # bits 12, 14, 15 are 0 and bit 10 is 1, whatever the field says


def load(cpu: Processor, s: Candidate) -> None:
    """Make the processor what the guest-state area says."""
    _control_registers(cpu, s)
    _msrs(cpu, s)
    for field, slot in (*SEGMENT_FIELDS, *TABLE_FIELDS):
        cpu.set(slot, s[field])
    cpu.set(CPL, s["guest_ss_access_rights"] >> 5 & 3)
    cpu.set(RIP, s["guest_rip"])
    cpu.set(RSP, s["guest_rsp"])
    cpu.set(RFLAGS, s["guest_rflags"])
    _non_register_state(cpu, s)
    _pdptes(cpu, s)
    if not s.secondary & c.ENABLE_VPID:
        tlb.flush(cpu, vpid=0)


def _control_registers(cpu: Processor, s: Candidate) -> None:
    cpu.set(CR0, cpu.reg[CR0] & KEPT_CR0 | s["guest_cr0"] & ~KEPT_CR0)
    cpu.set(CR3, s["guest_cr3"])
    cpu.set(CR4, s["guest_cr4"])
    if s.entry & c.LOAD_DEBUG_CONTROLS:
        cpu.set(DR7, s["guest_dr7"] & ~DR7_ZERO | 0x400)
        cpu.set(DEBUGCTL, s["guest_ia32_debugctl"])


def _msrs(cpu: Processor, s: Candidate) -> None:
    for field, slot in SYSENTER_FIELDS:
        cpu.set(slot, s[field])
    if s.entry & c.ENTRY_LOAD_EFER:
        cpu.set(EFER, s["guest_ia32_efer"])
    else:
        efer = cpu.reg[EFER] & ~EFER_LMA | (EFER_LMA if s.ia32e else 0)
        if s["guest_cr0"] & CR0_PG:
            efer = efer & ~EFER_LME | (EFER_LME if s.ia32e else 0)
        cpu.set(EFER, efer)
    if s.entry & c.ENTRY_LOAD_PAT:
        cpu.set(PAT, s["guest_ia32_pat"])
    if s.entry & c.ENTRY_LOAD_PERF_GLOBAL_CTRL:
        cpu.set(PERF_GLOBAL_CTRL, s["guest_ia32_perf_global_ctrl"])
    if s.entry & c.ENTRY_LOAD_BNDCFGS:
        cpu.set(BNDCFGS, s["guest_ia32_bndcfgs"])
    if s.entry & c.ENTRY_LOAD_CET:
        for field, slot in CET_FIELDS:
            cpu.set(slot, s[field])


def _non_register_state(cpu: Processor, s: Candidate) -> None:
    """Activity, blocking, pending debug exceptions, timers (SDM volume 3, "Special Features of VM Entry")."""
    state = s["guest_interruptibility_state"]
    blocked = cpu.reg[INTERRUPTIBILITY] & BY_NMI
    if s.pin & c.VIRTUAL_NMIS:
        cpu.set(VIRTUAL_NMI_BLOCKING, int(bool(state & BY_NMI)))
        cpu.set(INTERRUPTIBILITY, state & ~BY_NMI | blocked)
    else:
        cpu.set(VIRTUAL_NMI_BLOCKING, 0)
        cpu.set(INTERRUPTIBILITY, state)
    cpu.set(SHADOW_STEP, cpu.step_number)
    injecting = bool(s.injected)
    cpu.set(ACTIVITY, 0 if injecting and s.injected != (7, 0) else s["guest_activity_state"])
    cpu.set(PENDING_DEBUG, s["guest_pending_debug_exceptions"])
    cpu.set(MTF_PENDING, 0)
    cpu.set(MONITOR_ADDRESS, NEVER)
    cpu.set(PLE_FIRST, 0)
    cpu.set(PLE_LAST, 0)
    cpu.set(TIMER_DEADLINE, timer_deadline(cpu, s["vmx_preemption_timer_value"])
            if s.pin & c.ACTIVATE_PREEMPTION_TIMER else NEVER)


def timer_deadline(cpu: Processor, value: int) -> int:
    """The time-stamp count at which a preemption timer that starts with the guest's first step has counted down.

    It counts down by 1 each time bit IA32_VMX_MISC[4:0] of the time-stamp counter changes.
    """
    rate = cap.msr(cpu.model, cap.MISC) & TIMER_RATE_BITS
    start = cpu.now() + 1
    return (start >> rate) + value << rate if value else start


def _pdptes(cpu: Processor, s: Candidate) -> None:
    """PAE paging: from the VMCS with EPT, else from memory at CR3."""
    if not (s["guest_cr0"] & CR0_PG and s["guest_cr4"] & CR4_PAE) or s.ia32e:
        return
    if s.secondary & c.ENABLE_EPT:
        for n in range(4):
            cpu.set(PDPTE0 + n, s[f"guest_pdpte{n}"])
    else:
        host_state.load_pdptes(cpu, s["guest_cr3"])
