"""Changing CR0, CR3, CR4 and IA32_EFER: what they refuse, and what hangs on them (paging mode, IA-32e mode, TLB).

These are the rules of the registers themselves (SDM volume 3, "Control Registers"; "Initializing IA-32e Mode";
"Operations that Invalidate TLBs and Paging-Structure Caches"); instructions add their privilege checks and their VM
exits. Everything is checked before anything changes; a refusal is #GP(0).
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmviz.machine import paging, tlb
from vmviz.machine.outcome import GP, Fault
from vmviz.machine.registers import (
    AR_L,
    CR0,
    CR0_CD,
    CR0_ET,
    CR0_NW,
    CR0_PE,
    CR0_PG,
    CR0_WP,
    CR3,
    CR4,
    CR4_CET,
    CR4_LA57,
    CR4_PAE,
    CR4_PCIDE,
    CR4_PGE,
    CR4_PSE,
    CR4_SMAP,
    CR4_SMEP,
    CS_RIGHTS,
    EFER,
    EFER_LMA,
    EFER_LME,
    EFER_NXE,
    EFER_SCE,
    MASK32,
    PDPTE0,
    S_CET,
    TR,
    U_CET,
    segment,
)
from vmviz.machine.vmx import capabilities, ept, intercepts_cr

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

CR0_WRITABLE: Final = 0xE005_002F                       # PG CD NW AM WP NE TS EM MP PE
NO_FLUSH: Final = 1 << 63
_PDPTE_RESERVED: Final = 0xFFF0_0000_0000_01E6
_FLUSHING_CR4: Final = CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP
_PDPTE_CR0, _PDPTE_CR4 = CR0_PG | CR0_CD | CR0_NW, CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP
_CET_ENABLES: Final = 1 | 1 << 2                        # of IA32_U_CET and IA32_S_CET: SH_STK_EN, ENDBR_EN
TSS16: Final = 3


def set_cr0(cpu: Processor, value: int) -> None:
    """Give CR0 a value: mode switches, IA-32e mode, PDPTEs."""
    reg = cpu.reg
    old, efer = reg[CR0], reg[EFER]
    if value > MASK32 or (value & CR0_PG and not value & CR0_PE) or (value & CR0_NW and not value & CR0_CD):
        raise Fault(GP)
    intercepts_cr.check_fixed_cr0(cpu, value)
    value = value & CR0_WRITABLE | CR0_ET
    if value & CR0_PG and not old & CR0_PG and efer & EFER_LME:
        if not reg[CR4] & CR4_PAE or reg[CS_RIGHTS] & AR_L or reg[segment(TR, 3)] & 0xF == TSS16:
            raise Fault(GP)
        efer |= EFER_LMA
    elif old & CR0_PG and not value & CR0_PG:
        if cpu.bits == 64 or reg[CR4] & CR4_PCIDE:
            raise Fault(GP)
        efer &= ~EFER_LMA
    if not value & CR0_WP and reg[CR4] & CR4_CET:
        raise Fault(GP)
    if value & CR0_PG and not efer & EFER_LMA and reg[CR4] & CR4_PAE and (old ^ value) & _PDPTE_CR0:
        load_pdptes(cpu, reg[CR3])
    cpu.set(CR0, value)
    cpu.set(EFER, efer)
    if (old ^ value) & (CR0_PG | CR0_PE):
        tlb.flush(cpu, vpid=cpu.vpid)
    cpu.refresh()


def load_cr3(cpu: Processor, value: int) -> None:
    """Give CR3 a value: reserved bits, PCIDs, PDPTEs; translations of the old address space go."""
    reg = cpu.reg
    pcid = 0
    keep = False
    if reg[EFER] & EFER_LMA:
        if reg[CR4] & CR4_PCIDE:
            pcid, keep = value & 0xFFF, bool(value & NO_FLUSH)
            value &= ~NO_FLUSH
        if value >> cpu.model.physical_address_bits:
            raise Fault(GP)
    else:
        value &= MASK32
        if reg[CR0] & CR0_PG and reg[CR4] & CR4_PAE:
            load_pdptes(cpu, value)
    cpu.set(CR3, value)
    if not keep:
        tlb.flush(cpu, vpid=cpu.vpid, pcid=pcid, keep_global=True)
    cpu.drop_soft_tables()
    cpu.attention = True


def set_cr4(cpu: Processor, value: int) -> None:
    """Give CR4 a value: only bits that the model has, and no way out of IA-32e mode through PAE."""
    reg = cpu.reg
    old = reg[CR4]
    if value & ~capabilities.fixed_cr4(cpu.model)[1]:
        raise Fault(GP)
    if reg[EFER] & EFER_LMA and (not value & CR4_PAE or (old ^ value) & CR4_LA57):
        raise Fault(GP)
    if value & CR4_PCIDE and not old & CR4_PCIDE and (not reg[EFER] & EFER_LMA or reg[CR3] & 0xFFF):
        raise Fault(GP)
    if value & CR4_CET and not reg[CR0] & CR0_WP:
        raise Fault(GP)
    intercepts_cr.check_fixed_cr4(cpu, value)
    if reg[CR0] & CR0_PG and value & CR4_PAE and not reg[EFER] & EFER_LMA and (old ^ value) & _PDPTE_CR4:
        load_pdptes(cpu, reg[CR3])
    cpu.set(CR4, value)
    refuse_cet(cpu)
    if (old ^ value) & _FLUSHING_CR4:
        tlb.flush(cpu, vpid=cpu.vpid)
    cpu.refresh()


def refuse_cet(cpu: Processor) -> None:
    """CR4.CET alone changes nothing; with shadow stacks or branch tracking enabled as well it is left out."""
    reg = cpu.reg
    if reg[CR4] & CR4_CET and (reg[S_CET] | reg[U_CET]) & _CET_ENABLES:
        raise cpu.outside("control-flow enforcement (CR4.CET with IA32_S_CET or IA32_U_CET)")


def set_efer(cpu: Processor, value: int) -> None:
    """WRMSR to IA32_EFER: LMA stays what paging makes it; LME cannot change while paging is on."""
    reg = cpu.reg
    old = reg[EFER]
    if value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE):
        raise Fault(GP)
    if (old ^ value) & EFER_LME and reg[CR0] & CR0_PG:
        raise Fault(GP)
    cpu.set(EFER, value & ~EFER_LMA | old & EFER_LMA)
    if (old ^ value) & EFER_NXE:
        tlb.flush(cpu, vpid=cpu.vpid)
    cpu.refresh()


def load_pdptes(cpu: Processor, cr3: int) -> None:
    """PAE paging: read the four PDPTEs at CR3 into their registers. Raises #GP(0) for a reserved bit that is set."""
    at = cr3 & 0xFFFF_FFE0
    entries = []
    for n in range(4):
        physical = ept.translate(cpu, at + 8 * n, paging.READ, None, False)[0] if cpu.ept else at + 8 * n
        entries.append(cpu.memory.read(physical, 8))
    if any(entry & 1 and entry & (_PDPTE_RESERVED | cpu.model.reserved_address_bits) for entry in entries):
        raise Fault(GP)
    for n, entry in enumerate(entries):
        cpu.set(PDPTE0 + n, entry)
