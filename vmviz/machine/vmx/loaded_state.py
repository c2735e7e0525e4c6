"""Loading the guest state: phase 4 of a VM entry, from the guest-state area into the processor.

Rules of SDM volume 3, "Loading Guest State": which values come from the VMCS, which follow from the controls, what an
entry flushes and which timers it starts. All of it has been checked before; nothing here can fail.

What a guest seldom changes between two entries (control registers, MSRs, segments) is worked out once for each set of
fields (`_state`); what changes with every entry is loaded on its own.
"""
from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from vmviz.machine import control_state, tlb
from vmviz.machine.gates import OTHER, SOFTWARE, SOFTWARE_EXCEPTION
from vmviz.machine.registers import (
    ACTIVITY,
    BNDCFGS,
    BY_MOV_SS,
    BY_NMI,
    CPL,
    CR0,
    CR0_PG,
    CR3,
    CR4,
    CR4_CET,
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
    RIGHTS,
    SEGMENT_NAMES,
    SHADOW_STEP,
    SHUTDOWN,
    TIMER_DEADLINE,
    VIRTUAL_NMI_BLOCKING,
    WAIT_FOR_SIPI,
    segment,
)
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx import controls as c
from vmviz.machine.vmx import host_state
from vmviz.machine.vmx.saved_state import (
    CET_FIELDS,
    CONTROL_FIELDS,
    POINTER_FIELDS,
    SEGMENT_FIELDS,
    SYSENTER_FIELDS,
    TABLE_FIELDS,
    TIMER_RATE_BITS,
)
from vmviz.machine.vmx.vmcs import NUMBER, Slots

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor
    from vmviz.machine.vmx.checks import Candidate

KEPT_CR0: Final = host_state.KEPT_CR0
DR7_ZERO: Final = 0xD000                            # bits 12, 14, 15 are 0 and bit 10 is 1, whatever the field says
RESERVED_RIGHTS: Final = 0xFFFE_0F00                # a segment register has no place for these
_MSRS_BY_CONTROL: Final = (
    (c.LOAD_DEBUG_CONTROLS, "guest_ia32_debugctl", DEBUGCTL), (c.ENTRY_LOAD_EFER, "guest_ia32_efer", EFER),
    (c.ENTRY_LOAD_PAT, "guest_ia32_pat", PAT),
    (c.ENTRY_LOAD_PERF_GLOBAL_CTRL, "guest_ia32_perf_global_ctrl", PERF_GLOBAL_CTRL),
    (c.ENTRY_LOAD_BNDCFGS, "guest_ia32_bndcfgs", BNDCFGS),
    *((c.ENTRY_LOAD_CET, name, slot) for name, slot in CET_FIELDS.pairs))
_AS_THEY_ARE: Final = SYSENTER_FIELDS.pairs + SEGMENT_FIELDS.pairs + TABLE_FIELDS.pairs
_FIELDS: Final = (*CONTROL_FIELDS.fields, "guest_dr7", *(name for _, name, _ in _MSRS_BY_CONTROL),
                  *(name for name, _ in _AS_THEY_ARE))
_of_values: Final = itemgetter(*(NUMBER[name] for name in _FIELDS))
_NON_REGISTERS: Final = Slots(VIRTUAL_NMI_BLOCKING, INTERRUPTIBILITY, ACTIVITY, PENDING_DEBUG, MTF_PENDING,
                              MONITOR_ADDRESS, PLE_FIRST, PLE_LAST, TIMER_DEADLINE)


def load(cpu: Processor, s: Candidate) -> None:
    """Make the processor what the guest-state area says."""
    slots, state = _state(_of_values(s.values), s.entry, cpu.reg[CR0] & KEPT_CR0, cpu.reg[EFER])
    slots.set(cpu, state)
    if cpu.reg[CR4] & CR4_CET:
        control_state.refuse_cet(cpu)
    POINTER_FIELDS.load(cpu, s.values)
    _non_register_state(cpu, s)
    _pdptes(cpu, s)
    if not s.secondary & c.ENABLE_VPID:
        tlb.flush(cpu, vpid=0)


@lru_cache(maxsize=64)
def _state(fields: tuple[int, ...], entry_controls: int, kept_cr0: int, efer: int) -> tuple[Slots, tuple[int, ...]]:
    """The slots that are loaded, and their values: from the fields `_FIELDS`, the VM-entry controls, the bits of CR0
    that are kept and EFER as the host had it."""
    guest = dict(zip(_FIELDS, fields, strict=True))
    loaded = {slot: guest[name] for name, slot in _AS_THEY_ARE}
    loaded.update(_control_registers(guest, entry_controls, kept_cr0))
    loaded.update(_msrs(guest, entry_controls, efer))
    for index, name in enumerate(SEGMENT_NAMES):    # of unusable ones; in others the rules refuse reserved bits
        loaded[segment(index, RIGHTS)] = guest[f"guest_{name}_access_rights"] & ~RESERVED_RIGHTS
    loaded[CPL] = guest["guest_ss_access_rights"] >> 5 & 3
    return Slots(*loaded), tuple(loaded.values())


def _control_registers(guest: dict[str, int], entry_controls: int, kept_cr0: int) -> Iterator[tuple[int, int]]:
    yield CR0, kept_cr0 | guest["guest_cr0"] & ~KEPT_CR0
    yield CR3, guest["guest_cr3"]
    yield CR4, guest["guest_cr4"]
    if entry_controls & c.LOAD_DEBUG_CONTROLS:
        yield DR7, guest["guest_dr7"] & ~DR7_ZERO | 0x400


def _msrs(guest: dict[str, int], entry_controls: int, efer: int) -> Iterator[tuple[int, int]]:
    """EFER follows IA-32e mode, with paging also in LME, unless it is loaded."""
    follows = EFER_LMA | (EFER_LME if guest["guest_cr0"] & CR0_PG else 0)
    yield EFER, efer | follows if entry_controls & c.IA32E_MODE_GUEST else efer & ~follows
    yield from ((slot, guest[name]) for control, name, slot in _MSRS_BY_CONTROL if entry_controls & control)


def _non_register_state(cpu: Processor, s: Candidate) -> None:
    """Activity, blocking, pending debug exceptions, timers (SDM volume 3, "Special Features of VM Entry")."""
    blocking, virtual_blocking = s["guest_interruptibility_state"], 0
    if s.pin & c.VIRTUAL_NMIS:
        virtual_blocking = int(bool(blocking & BY_NMI))
        blocking = blocking & ~BY_NMI | cpu.reg[INTERRUPTIBILITY] & BY_NMI
    active = s.injected not in (None, (7, 0))
    deadline = (timer_deadline(cpu, s["vmx_preemption_timer_value"]) if s.pin & c.ACTIVATE_PREEMPTION_TIMER
                else NEVER)
    _NON_REGISTERS.set(cpu, (virtual_blocking, blocking, 0 if active else s["guest_activity_state"],
                             _pending_debug(s), 0, NEVER, 0, 0, deadline))
    cpu.set(SHADOW_STEP, cpu.step_number)


def _pending_debug(s: Candidate) -> int:
    """SDM volume 3, "Delivery of Pending Debug Exceptions after VM Entry": an injected event loses them, but for one of
    software behind a load of SS; so do shutdown and wait-for-SIPI."""
    kind = s.injected[0] if s.injected else OTHER
    if kind == OTHER:
        lost = s["guest_activity_state"] in (SHUTDOWN, WAIT_FOR_SIPI)
    else:
        lost = kind not in (SOFTWARE, SOFTWARE_EXCEPTION) or not s["guest_interruptibility_state"] & BY_MOV_SS
    return 0 if lost else s["guest_pending_debug_exceptions"]


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
