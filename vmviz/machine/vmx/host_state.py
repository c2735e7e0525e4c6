"""Loading the host state: what a VM exit makes of the processor, from the host-state area and from constants.

Rules of SDM volume 3, "Loading Host State". Used by VM exits and by VM entries that fail after the host state was
checked. The general registers are not in the VMCS and keep what the guest left in them.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmviz.machine import tlb
from vmviz.machine.registers import (
    ACTIVE,
    ACTIVITY,
    AR_UNUSABLE,
    BASE,
    BNDCFGS,
    BY_MOV_SS,
    BY_NMI,
    BY_STI,
    CPL,
    CR0,
    CR3,
    CR4,
    CR4_PAE,
    CR4_PCIDE,
    CS,
    DEBUGCTL,
    DR7,
    DS,
    EFER,
    EFER_LMA,
    EFER_LME,
    ES,
    FS,
    GDTR_BASE,
    GDTR_LIMIT,
    GS,
    IDTR_BASE,
    IDTR_LIMIT,
    INTERRUPTIBILITY,
    LDTR,
    LIMIT,
    MASK32,
    MONITOR_ADDRESS,
    MTF_PENDING,
    NEVER,
    PAT,
    PDPTE0,
    PENDING_DEBUG,
    PERF_GLOBAL_CTRL,
    PKRS,
    RFLAGS,
    RIGHTS,
    RIP,
    RSP,
    S_CET,
    SELECTOR,
    SS,
    SSP,
    SSP_TABLE,
    SYSENTER_CS,
    SYSENTER_EIP,
    SYSENTER_ESP,
    TR,
    segment,
)
from vmviz.machine.vmx import controls as c

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor
    from vmviz.machine.vmx.vmcs import Region

KEPT_CR0: Final = 0xFFFF_FFFF_7FFA_FFD0         # ET, CD, NW and the reserved bits 63:32, 28:19, 17, 15:6
CODE_64, CODE_32, DATA, BUSY_TSS = 0xA09B, 0xC09B, 0xC093, 0x8B
_PDPTE_RESERVED: Final = 0x1E6                      # bits 2:1 and 8:5 of a PAE PDPTE
_MSRS: Final = (("host_ia32_sysenter_cs", SYSENTER_CS), ("host_ia32_sysenter_esp", SYSENTER_ESP),
                ("host_ia32_sysenter_eip", SYSENTER_EIP))
_CET: Final = (("host_ia32_s_cet", S_CET), ("host_ssp", SSP), ("host_ia32_interrupt_ssp_table_addr", SSP_TABLE))


def load(cpu: Processor, region: Region) -> bool:
    """Load all of it; False when the PDPTEs of a 32-bit PAE host are bad, which is a VMX abort."""
    wide = bool(region.read("primary_vm_exit_controls") & c.HOST_ADDRESS_SPACE_SIZE)
    flush_own = not _uses_vpid(region)
    _load_control_registers(cpu, region, wide)
    _load_msrs(cpu, region, wide)
    _load_segments(cpu, region, wide)
    cpu.set(GDTR_BASE, region.read("host_gdtr_base"))
    cpu.set(IDTR_BASE, region.read("host_idtr_base"))
    cpu.set(GDTR_LIMIT, 0xFFFF)
    cpu.set(IDTR_LIMIT, 0xFFFF)
    cpu.set(RIP, region.read("host_rip"))
    cpu.set(RSP, region.read("host_rsp"))
    cpu.set(RFLAGS, 2)
    cpu.set(ACTIVITY, ACTIVE)
    cpu.set(INTERRUPTIBILITY, cpu.reg[INTERRUPTIBILITY] & ~(BY_STI | BY_MOV_SS))
    cpu.set(PENDING_DEBUG, 0)
    cpu.set(MTF_PENDING, 0)
    cpu.set(MONITOR_ADDRESS, NEVER)
    cpu.refresh()
    if flush_own:
        tlb.flush(cpu, vpid=0)
    return wide or not cpu.reg[CR4] & CR4_PAE or load_pdptes(cpu, cpu.reg[CR3])


def block_nmis(cpu: Processor) -> None:
    """An NMI caused the exit: NMIs are blocked from here until the next IRET."""
    cpu.set(INTERRUPTIBILITY, cpu.reg[INTERRUPTIBILITY] | BY_NMI)


def _uses_vpid(region: Region) -> bool:
    return bool(region.read("primary_processor_based_controls") & c.ACTIVATE_SECONDARY_CONTROLS
                and region.read("secondary_processor_based_controls") & c.ENABLE_VPID)


def _load_control_registers(cpu: Processor, region: Region, wide: bool) -> None:
    cpu.set(CR0, cpu.reg[CR0] & KEPT_CR0 | region.read("host_cr0") & ~KEPT_CR0)
    cpu.set(CR3, region.read("host_cr3"))
    cr4 = region.read("host_cr4")
    cpu.set(CR4, cr4 | CR4_PAE if wide else cr4 & ~CR4_PCIDE)
    cpu.set(DR7, 0x400)
    cpu.set(DEBUGCTL, 0)


def _load_msrs(cpu: Processor, region: Region, wide: bool) -> None:
    exit_controls = region.read("primary_vm_exit_controls")
    for field, slot in _MSRS:
        cpu.set(slot, region.read(field))
    if exit_controls & c.EXIT_LOAD_EFER:
        cpu.set(EFER, region.read("host_ia32_efer"))
    else:
        cpu.set(EFER, cpu.reg[EFER] & ~(EFER_LMA | EFER_LME) | (EFER_LMA | EFER_LME if wide else 0))
    if exit_controls & c.EXIT_LOAD_PAT:
        cpu.set(PAT, region.read("host_ia32_pat"))
    if exit_controls & c.EXIT_LOAD_PERF_GLOBAL_CTRL:
        cpu.set(PERF_GLOBAL_CTRL, region.read("host_ia32_perf_global_ctrl"))
    if exit_controls & c.CLEAR_BNDCFGS:
        cpu.set(BNDCFGS, 0)
    if exit_controls & c.EXIT_LOAD_CET:
        for field, slot in _CET:
            cpu.set(slot, region.read(field))
    if exit_controls & c.EXIT_LOAD_PKRS:
        cpu.set(PKRS, region.read("host_ia32_pkrs"))


def _load_segments(cpu: Processor, region: Region, wide: bool) -> None:
    """Selectors from the VMCS, flat segments from constants; a null selector gives an unusable register."""
    _set(cpu, CS, region.read("host_cs_selector"), 0, MASK32, CODE_64 if wide else CODE_32)
    for index, name in ((SS, "ss"), (DS, "ds"), (ES, "es"), (FS, "fs"), (GS, "gs")):
        selector = region.read(f"host_{name}_selector")
        base = region.read(f"host_{name}_base") if index in (FS, GS) else 0
        _set(cpu, index, selector, base, MASK32, DATA if selector else DATA | AR_UNUSABLE)
    _set(cpu, TR, region.read("host_tr_selector"), region.read("host_tr_base"), 0x67, BUSY_TSS)
    _set(cpu, LDTR, 0, 0, 0, AR_UNUSABLE)
    cpu.set(CPL, 0)


def _set(cpu: Processor, index: int, selector: int, base: int, limit: int, rights: int) -> None:
    cpu.set(segment(index, SELECTOR), selector)
    cpu.set(segment(index, BASE), base)
    cpu.set(segment(index, LIMIT), limit)
    cpu.set(segment(index, RIGHTS), rights)


def read_pdptes(cpu: Processor, cr3: int) -> tuple[int, int, int, int]:
    """The four PDPTEs in memory at CR3 (a physical address)."""
    at = cr3 & 0xFFFF_FFE0
    return (cpu.memory.read(at, 8), cpu.memory.read(at + 8, 8), cpu.memory.read(at + 16, 8),
            cpu.memory.read(at + 24, 8))


def pdpte_is_good(cpu: Processor, entry: int) -> bool:
    """A present PDPTE has its reserved bits 0 (SDM volume 3, "PDPTE Registers")."""
    high = 0xFFF0_0000_0000_0000 | cpu.model.reserved_address_bits
    return not entry & 1 or not entry & (_PDPTE_RESERVED | high)


def load_pdptes(cpu: Processor, cr3: int) -> bool:
    """Load the PDPTE registers from memory; False, with nothing changed, when one has a reserved bit set."""
    entries = read_pdptes(cpu, cr3)
    if not all(pdpte_is_good(cpu, entry) for entry in entries):
        return False
    for n, entry in enumerate(entries):
        cpu.set(PDPTE0 + n, entry)
    return True
