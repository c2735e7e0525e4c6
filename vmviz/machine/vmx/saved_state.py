"""What a VM exit saves of the guest: registers and non-register state into the guest-state area.

Rules of SDM volume 3, "Saving Guest State", in the order of vmviz.spec.EXIT_STATE. A value that the controls do not
ask for stays what it was in the VMCS. Nothing of the processor changes here.
"""
from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from vmviz.machine.registers import (
    ACTIVITY,
    AR_DPL,
    BASE,
    BNDCFGS,
    BY_NMI,
    CPL,
    CR0,
    CR3,
    CR4,
    DEBUGCTL,
    DR7,
    EFER,
    EFER_LMA,
    GDTR_BASE,
    GDTR_LIMIT,
    IDTR_BASE,
    IDTR_LIMIT,
    INTERRUPTIBILITY,
    LIMIT,
    NEVER,
    PAT,
    PDPTE0,
    PENDING_DEBUG,
    PERF_GLOBAL_CTRL,
    RFLAGS,
    RIGHTS,
    RIP,
    RSP,
    S_CET,
    SEGMENT_NAMES,
    SELECTOR,
    SS,
    SSP,
    SSP_TABLE,
    SYSENTER_CS,
    SYSENTER_EIP,
    SYSENTER_ESP,
    TIMER_DEADLINE,
    VIRTUAL_NMI_BLOCKING,
    segment,
)
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx import controls as c
from vmviz.machine.vmx.vmcs import Transfer

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor
    from vmviz.machine.vmx.vmcs import Region

TIMER_RATE_BITS: Final = 0x1F
_PARTS: Final = (("selector", SELECTOR), ("base", BASE), ("limit", LIMIT), ("access_rights", RIGHTS))
SEGMENT_FIELDS: Final = Transfer(*((f"guest_{name}_{part}", segment(index, slot))
                                   for index, name in enumerate(SEGMENT_NAMES) for part, slot in _PARTS))
TABLE_FIELDS: Final = Transfer(("guest_gdtr_base", GDTR_BASE), ("guest_gdtr_limit", GDTR_LIMIT),
                               ("guest_idtr_base", IDTR_BASE), ("guest_idtr_limit", IDTR_LIMIT))
CONTROL_FIELDS: Final = Transfer(("guest_cr0", CR0), ("guest_cr3", CR3), ("guest_cr4", CR4))
SYSENTER_FIELDS: Final = Transfer(("guest_ia32_sysenter_cs", SYSENTER_CS), ("guest_ia32_sysenter_esp", SYSENTER_ESP),
                                  ("guest_ia32_sysenter_eip", SYSENTER_EIP))
CET_FIELDS: Final = Transfer(("guest_ia32_s_cet", S_CET), ("guest_ssp", SSP),
                             ("guest_ia32_interrupt_ssp_table_addr", SSP_TABLE))
POINTER_FIELDS: Final = Transfer(("guest_rip", RIP), ("guest_rsp", RSP), ("guest_rflags", RFLAGS))
_SS_RIGHTS: Final = segment(SS, RIGHTS)


_BY_CONTROL: Final = (
    (c.SAVE_PERF_GLOBAL_CTRL, ("guest_ia32_perf_global_ctrl", PERF_GLOBAL_CTRL)),
    (c.SAVE_PAT, ("guest_ia32_pat", PAT)),
    (c.SAVE_EFER, ("guest_ia32_efer", EFER)))


def save(cpu: Processor, region: Region) -> None:
    """Write the guest's state into its VMCS."""
    reg, words, write = cpu.reg, cpu.controls, region.write
    if cap.msr(cpu.model, cap.MISC) >> 5 & 1:
        entry = region.read("vm_entry_controls") & ~c.IA32E_MODE_GUEST
        write("vm_entry_controls", entry | (c.IA32E_MODE_GUEST if reg[EFER] & EFER_LMA else 0))
    _registers(words.exit, cap.allowed(cpu.model, "vm_entry").may).save(cpu, region, region.read_all())
    write("guest_ss_access_rights", reg[_SS_RIGHTS] & ~AR_DPL | reg[CPL] << 5)
    write("guest_interruptibility_state", interruptibility(cpu))
    write("guest_pending_debug_exceptions", reg[PENDING_DEBUG])
    if words.exit & c.SAVE_PREEMPTION_TIMER and words.pin & c.ACTIVATE_PREEMPTION_TIMER:
        write("vmx_preemption_timer_value", timer_value(cpu))
    if cpu.ept and cpu.paging == 2:                # paging.PAGING_PAE
        for n in range(4):
            write(f"guest_pdpte{n}", reg[PDPTE0 + n])


@lru_cache(maxsize=64)
def _registers(exit_controls: int, entry_may: int) -> Transfer:
    """What is saved as it stands in a slot, by the VM-exit controls and the VM-entry controls that the model has."""
    pairs = list(CONTROL_FIELDS.pairs)
    if exit_controls & c.SAVE_DEBUG_CONTROLS:
        pairs += ("guest_dr7", DR7), ("guest_ia32_debugctl", DEBUGCTL)
    pairs += SYSENTER_FIELDS.pairs
    pairs += (pair for control, pair in _BY_CONTROL if exit_controls & control)
    if entry_may & c.ENTRY_LOAD_BNDCFGS:
        pairs.append(("guest_ia32_bndcfgs", BNDCFGS))
    if entry_may & c.ENTRY_LOAD_CET:
        pairs += CET_FIELDS.pairs
    pairs += SEGMENT_FIELDS.pairs + TABLE_FIELDS.pairs + POINTER_FIELDS.pairs
    return Transfer(*pairs, ("guest_activity_state", ACTIVITY))


def interruptibility(cpu: Processor) -> int:
    """The interruptibility state as the VMCS has it: bit 3 is virtual-NMI blocking where NMIs are virtual."""
    reg = cpu.reg
    state = reg[INTERRUPTIBILITY]
    if cpu.controls.pin & c.VIRTUAL_NMIS:
        state = state & ~BY_NMI | (BY_NMI if reg[VIRTUAL_NMI_BLOCKING] else 0)
    return state


def timer_value(cpu: Processor) -> int:
    """What is left of the VMX-preemption timer: it counts down when bit IA32_VMX_MISC[4:0] of the TSC changes."""
    deadline = cpu.reg[TIMER_DEADLINE]
    if deadline == NEVER:
        return 0
    rate = cap.msr(cpu.model, cap.MISC) & TIMER_RATE_BITS
    return max(0, (deadline >> rate) - (cpu.now() >> rate))


__all__ = ["CET_FIELDS", "CONTROL_FIELDS", "POINTER_FIELDS", "SEGMENT_FIELDS", "SYSENTER_FIELDS", "TABLE_FIELDS",
           "interruptibility", "save", "timer_value"]
