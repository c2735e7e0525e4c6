"""Loading the host state: what a VM exit makes of the processor, from the host-state area and from constants.

Rules of SDM volume 3, "Loading Host State". Used by VM exits and by VM entries that fail after the host state was
checked. The general registers are not in the VMCS and keep what the guest left in them.

What is loaded is a function of the host-state area, the VM-exit controls and the bits of CR0 and EFER that an exit
keeps. It is worked out once for each set of these (`_state`), since a VMM hardly ever changes them.
"""
from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from vmviz.machine import control_state, tlb
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
    CR4_CET,
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
from vmviz.machine.vmx.vmcs import Fields, Slots
from vmviz.spec import FIELDS

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor
    from vmviz.machine.vmx.vmcs import Region

KEPT_CR0: Final = 0xFFFF_FFFF_7FFA_FFD0         # ET, CD, NW and the reserved bits 63:32, 28:19, 17, 15:6
CODE_64, CODE_32, DATA, BUSY_TSS = 0xA09B, 0xC09B, 0xC093, 0x8B
_PDPTE_RESERVED: Final = 0x1E6                      # bits 2:1 and 8:5 of a PAE PDPTE
_FIELDS: Final = Fields(field.name for field in FIELDS if field.name.startswith("host_"))
_MSRS: Final = (("host_ia32_sysenter_cs", SYSENTER_CS), ("host_ia32_sysenter_esp", SYSENTER_ESP),
                ("host_ia32_sysenter_eip", SYSENTER_EIP))
_MSRS_BY_CONTROL: Final = (
    (c.EXIT_LOAD_PAT, "host_ia32_pat", PAT), (c.EXIT_LOAD_PERF_GLOBAL_CTRL, "host_ia32_perf_global_ctrl",
                                              PERF_GLOBAL_CTRL),
    (c.EXIT_LOAD_CET, "host_ia32_s_cet", S_CET), (c.EXIT_LOAD_CET, "host_ssp", SSP),
    (c.EXIT_LOAD_CET, "host_ia32_interrupt_ssp_table_addr", SSP_TABLE), (c.EXIT_LOAD_PKRS, "host_ia32_pkrs", PKRS))
_SEGMENTS: Final = (
    *((f"host_{name}_selector", segment(index, SELECTOR))
      for index, name in ((CS, "cs"), (SS, "ss"), (DS, "ds"), (ES, "es"), (FS, "fs"), (GS, "gs"), (TR, "tr"))),
    *((f"host_{name}_base", segment(index, BASE)) for index, name in ((FS, "fs"), (GS, "gs"), (TR, "tr"))),
    ("host_gdtr_base", GDTR_BASE), ("host_idtr_base", IDTR_BASE))
_CONSTANT: Final = (                                # what no field of the host-state area says
    *((segment(index, BASE), 0) for index in (CS, SS, DS, ES, LDTR)),
    *((segment(index, LIMIT), MASK32) for index in (CS, SS, DS, ES, FS, GS)),
    (segment(TR, LIMIT), 0x67), (segment(TR, RIGHTS), BUSY_TSS),
    (segment(LDTR, SELECTOR), 0), (segment(LDTR, LIMIT), 0), (segment(LDTR, RIGHTS), AR_UNUSABLE),
    (GDTR_LIMIT, 0xFFFF), (IDTR_LIMIT, 0xFFFF), (CPL, 0),
    (DR7, 0x400), (DEBUGCTL, 0), (RFLAGS, 2), (ACTIVITY, ACTIVE), (PENDING_DEBUG, 0), (MTF_PENDING, 0),
    (MONITOR_ADDRESS, NEVER))
_POINTERS: Final = (("host_rip", RIP), ("host_rsp", RSP))


def load(cpu: Processor, region: Region) -> bool:
    """Load all of it; False when the PDPTEs of a 32-bit PAE host are bad, which is a VMX abort."""
    reg, words = cpu.reg, c.read(region)
    slots, state = _state(region.read_some(_FIELDS), words.exit, reg[CR0] & KEPT_CR0, reg[EFER])
    slots.set(cpu, state)
    if reg[CR4] & CR4_CET:
        control_state.refuse_cet(cpu)
    cpu.set(INTERRUPTIBILITY, reg[INTERRUPTIBILITY] & ~(BY_STI | BY_MOV_SS))
    if not words.secondary & c.ENABLE_VPID:
        tlb.flush(cpu, vpid=0)
    cpu.refresh()
    wide = words.exit & c.HOST_ADDRESS_SPACE_SIZE
    return bool(wide) or not reg[CR4] & CR4_PAE or load_pdptes(cpu, reg[CR3])


def block_nmis(cpu: Processor) -> None:
    """An NMI caused the exit: NMIs are blocked from here until the next IRET."""
    cpu.set(INTERRUPTIBILITY, cpu.reg[INTERRUPTIBILITY] | BY_NMI)


@lru_cache(maxsize=64)
def _state(fields: tuple[int, ...], exit_controls: int, kept_cr0: int, efer: int) -> tuple[Slots, tuple[int, ...]]:
    """The slots that are loaded, and their values: from the fields `_FIELDS`, the VM-exit controls, the bits of CR0
    that are kept and EFER as the guest had it."""
    host = dict(zip(_FIELDS.names, fields, strict=True))
    loaded = dict(_CONSTANT)
    loaded.update(_control_registers(host, exit_controls, kept_cr0))
    loaded.update(_msrs(host, exit_controls, efer))
    loaded.update(_segments(host, exit_controls))
    loaded.update((slot, host[name]) for name, slot in _POINTERS)
    return Slots(*loaded), tuple(loaded.values())


def _control_registers(host: dict[str, int], exit_controls: int, kept_cr0: int) -> Iterator[tuple[int, int]]:
    yield CR0, kept_cr0 | host["host_cr0"] & ~KEPT_CR0
    yield CR3, host["host_cr3"]
    wide = exit_controls & c.HOST_ADDRESS_SPACE_SIZE
    yield CR4, host["host_cr4"] | CR4_PAE if wide else host["host_cr4"] & ~CR4_PCIDE


def _msrs(host: dict[str, int], exit_controls: int, efer: int) -> Iterator[tuple[int, int]]:
    yield from ((slot, host[name]) for name, slot in _MSRS)
    if exit_controls & c.EXIT_LOAD_EFER:
        yield EFER, host["host_ia32_efer"]
    elif exit_controls & c.HOST_ADDRESS_SPACE_SIZE:
        yield EFER, efer | EFER_LMA | EFER_LME
    else:
        yield EFER, efer & ~(EFER_LMA | EFER_LME)
    yield from ((slot, host[name]) for control, name, slot in _MSRS_BY_CONTROL if exit_controls & control)
    if exit_controls & c.CLEAR_BNDCFGS:
        yield BNDCFGS, 0


def _segments(host: dict[str, int], exit_controls: int) -> Iterator[tuple[int, int]]:
    """Selectors from the VMCS, flat segments from constants; a null selector gives an unusable register."""
    yield from ((slot, host[name]) for name, slot in _SEGMENTS)
    yield segment(CS, RIGHTS), CODE_64 if exit_controls & c.HOST_ADDRESS_SPACE_SIZE else CODE_32
    for index, name in ((SS, "ss"), (DS, "ds"), (ES, "es"), (FS, "fs"), (GS, "gs")):
        yield segment(index, RIGHTS), DATA if host[f"host_{name}_selector"] else DATA | AR_UNUSABLE


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
