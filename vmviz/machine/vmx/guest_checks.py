"""VM entry, third checks: the guest's registers and non-register state. A broken rule is VM exit 33 with bit 31.

SDM volume 3, "Checks on the Guest State Area". The exit qualification is 0 but for the PDPTEs (2), an NMI injected
under blocking by STI (3) and the VMCS link pointer (4). Segment registers are in guest_segment_checks.py; the rules
on BNDCFGS, RTIT_CTL, LBR_CTL, PKRS and UINV are not here: no model has these controls.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from vmviz.machine.msr import DEBUGCTL_BITS, is_cet, is_pat, performance_counters
from vmviz.machine.registers import (
    AR_DPL,
    AR_L,
    BY_MOV_SS,
    BY_NMI,
    BY_SMI,
    BY_STI,
    CR0_PE,
    CR0_PG,
    CR0_WP,
    CR4_CET,
    CR4_PAE,
    CR4_PCIDE,
    EFER_LMA,
    EFER_LME,
    HLT,
    IF,
    SHUTDOWN,
    TF,
)
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx import controls as c
from vmviz.machine.vmx import guest_segment_checks, host_state
from vmviz.machine.vmx.checks import EFER_BITS, Candidate, Check
from vmviz.machine.vmx.controls_checks import EXTERNAL, HARDWARE, NMI, OTHER

_REGISTERS: Final = "Checks on Guest Control Registers, Debug Registers, and MSRs"
_TABLES: Final = "Checks on Guest Descriptor-Table Registers"
_RIP: Final = "Checks on Guest RIP, RFLAGS, and SSP"
_NON_REGISTER: Final = "Checks on Guest Non-Register State"
_PDPTES: Final = "Checks on Guest Page-Directory-Pointer-Table Entries"
_ENTRY: Final = "vm_entry_controls"
_BASE_ENTRY: Final = 0x11FB | c.IA32E_MODE_GUEST
_BAD_ADDRESS: Final = 0x8000_0000_0000
_SHADOWS: Final = BY_STI | BY_MOV_SS
_BTF, _BS = 2, 1 << 14
PENDING_BITS: Final = 0x500F                        # B3-B0, enabled breakpoint, BS; neither RTM nor bus-lock detection
_EPT: Final = {"primary_processor_based_controls": 0x0400_6172 | c.ACTIVATE_SECONDARY_CONTROLS,
               "secondary_processor_based_controls": c.ENABLE_EPT, "ept_pointer": 0x30_001E}


def _row(id: str, order: int, section: str, good: Callable[[Candidate], bool], breaks: Mapping[str, int],
         needs: Mapping[str, int] | None = None, qualification: int = 0) -> Check:
    return Check(f"guest.{id}", order, good, breaks, needs or {}, section, qualification)


def _cr0_fixed(s: Candidate) -> bool:
    must, may = cap.fixed_cr0(s.model)
    if s.unrestricted:
        must &= ~(CR0_PE | CR0_PG)
    value = s["guest_cr0"]
    return not must & ~value and not value & ~may


def _cr4_fixed(s: Candidate) -> bool:
    must, may = cap.fixed_cr4(s.model)
    value = s["guest_cr4"]
    return not must & ~value and not value & ~may


def _efer_mode(s: Candidate) -> bool:
    if not s.entry & c.ENTRY_LOAD_EFER:
        return True
    efer = s["guest_ia32_efer"]
    active = bool(efer & EFER_LMA)
    return active == s.ia32e and (not s.paging or active == bool(efer & EFER_LME))


def _cet(s: Candidate) -> bool:
    return not s.entry & c.ENTRY_LOAD_CET or (is_cet(s["guest_ia32_s_cet"])
                                              and s.canonical("guest_ia32_interrupt_ssp_table_addr"))


def _ssp(s: Candidate) -> bool:
    if not s.entry & c.ENTRY_LOAD_CET:
        return True
    return not s["guest_ssp"] & 3 and (s.canonical("guest_ssp") if _code_64(s) else not s["guest_ssp"] >> 32)


def _code_64(s: Candidate) -> bool:
    return s.ia32e and bool(s["guest_cs_access_rights"] & AR_L)


def _rip_64(s: Candidate) -> bool:
    """Only the bits above the linear-address width are compared: 48 bits, so 0000800000000000h passes."""
    return not _code_64(s) or s["guest_rip"] >> 48 in (0, 0xFFFF)


def _rflags_reserved(s: Candidate) -> bool:
    value = s["guest_rflags"]
    return not value & ~0x3F_7FD7 and bool(value & 2)


def _blocking(s: Candidate) -> int:
    return s["guest_interruptibility_state"]


def _injects(s: Candidate, kind: int) -> bool:
    return s.injected is not None and s.injected[0] == kind


def _activity_supported(s: Candidate) -> bool:
    activity = s["guest_activity_state"]
    return activity == 0 or (activity <= 3 and bool(cap.msr(s.model, cap.MISC) >> 5 + activity & 1))


def _injection_reaches(s: Candidate) -> bool:
    """Events that bring a processor out of its activity state: in HLT interrupts, NMIs, #DB, #MC, pending MTF."""
    activity = s["guest_activity_state"]
    if s.injected is None or activity == 0:
        return True
    kind, vector = s.injected
    if activity == HLT:
        return kind in (EXTERNAL, NMI) or (kind == HARDWARE and vector in (1, 18)) or (kind == OTHER and vector == 0)
    return activity == SHUTDOWN and (kind == NMI or (kind == HARDWARE and vector == 18))


def _pending_step(s: Candidate) -> bool:
    """Where a single-step trap cannot have been delivered yet, BS says whether one is due."""
    if not _blocking(s) & _SHADOWS and s["guest_activity_state"] != HLT:
        return True
    due = bool(s["guest_rflags"] & TF) and not s["guest_ia32_debugctl"] & _BTF
    return bool(s["guest_pending_debug_exceptions"] & _BS) == due


def _linked(s: Candidate) -> bool:
    return s["vmcs_link_pointer"] != (1 << 64) - 1


def _link_revision(s: Candidate) -> bool:
    if not _linked(s):
        return True
    word = s.cpu.memory.read(s["vmcs_link_pointer"], 4)
    shadowing = bool(s.secondary & c.VMCS_SHADOWING)
    return word & 0x7FFF_FFFF == cap.revision(s.model) and bool(word >> 31) == shadowing


def _pae(s: Candidate) -> bool:
    return s.paging and bool(s["guest_cr4"] & CR4_PAE) and not s.ia32e


def _pdpte_fields(s: Candidate) -> bool:
    if not _pae(s) or not s.secondary & c.ENABLE_EPT:
        return True
    return all(host_state.pdpte_is_good(s.cpu, s[f"guest_pdpte{n}"]) for n in range(4))


def _pdptes_in_memory(s: Candidate) -> bool:
    if not _pae(s) or s.secondary & c.ENABLE_EPT:
        return True
    return all(host_state.pdpte_is_good(s.cpu, entry) for entry in host_state.read_pdptes(s.cpu, s["guest_cr3"]))


_NARROW: Final = {_ENTRY: 0x11FB, "guest_cs_access_rights": 0xC09B, "guest_cr3": 0x50_0000}
_INFO: Final = "entry_interruption_info"
_STATE: Final = "guest_interruptibility_state"
_ACTIVITY: Final = "guest_activity_state"
_REGISTER_ROWS: Final = (
    _row("cr0_fixed", 88, _REGISTERS, _cr0_fixed, {"guest_cr0": 0x8000_0011}),
    _row("cr0_paging", 89, _REGISTERS, lambda s: not s.paging or s.protected, {"guest_cr0": 0x8000_0030},
         {**_EPT, "secondary_processor_based_controls": c.ENABLE_EPT | c.UNRESTRICTED_GUEST}),
    _row("cr4_fixed", 90, _REGISTERS, _cr4_fixed, {"guest_cr4": 0x20}),
    _row("cr4_cet", 91, _REGISTERS, lambda s: not s["guest_cr4"] & CR4_CET or bool(s["guest_cr0"] & CR0_WP),
         {"guest_cr4": 0x2020 | CR4_CET}),
    _row("debugctl", 92, _REGISTERS,
         lambda s: not s.entry & c.LOAD_DEBUG_CONTROLS or not s["guest_ia32_debugctl"] & ~DEBUGCTL_BITS,
         {"guest_ia32_debugctl": 1 << 20}, {_ENTRY: _BASE_ENTRY | c.LOAD_DEBUG_CONTROLS}),
    _row("ia32e_needs_paging", 93, _REGISTERS,
         lambda s: not s.ia32e or (s.paging and bool(s["guest_cr4"] & CR4_PAE)), {"guest_cr4": 0x2000}),
    _row("pcide", 94, _REGISTERS,
         lambda s: s.ia32e or not s["guest_cr4"] & CR4_PCIDE, {"guest_cr4": 0x2_2020}, _NARROW),
    _row("cr3_width", 95, _REGISTERS, lambda s: s.in_width(s["guest_cr3"]), {"guest_cr3": 1 << 45}),
    _row("dr7", 96, _REGISTERS, lambda s: not s.entry & c.LOAD_DEBUG_CONTROLS or not s["guest_dr7"] >> 32,
         {"guest_dr7": 1 << 32}, {_ENTRY: _BASE_ENTRY | c.LOAD_DEBUG_CONTROLS}),
    _row("sysenter_canonical", 97, _REGISTERS,
         lambda s: s.canonical("guest_ia32_sysenter_esp", "guest_ia32_sysenter_eip"),
         {"guest_ia32_sysenter_esp": _BAD_ADDRESS}),
    _row("perf_global_ctrl", 98, _REGISTERS,
         lambda s: not s.entry & c.ENTRY_LOAD_PERF_GLOBAL_CTRL
         or not s["guest_ia32_perf_global_ctrl"] & ~performance_counters(s.model),
         {"guest_ia32_perf_global_ctrl": 1 << 63}, {_ENTRY: _BASE_ENTRY | c.ENTRY_LOAD_PERF_GLOBAL_CTRL}),
    _row("pat", 99, _REGISTERS, lambda s: not s.entry & c.ENTRY_LOAD_PAT or is_pat(s["guest_ia32_pat"]),
         {"guest_ia32_pat": 3}, {_ENTRY: _BASE_ENTRY | c.ENTRY_LOAD_PAT}),
    _row("efer_reserved", 100, _REGISTERS,
         lambda s: not s.entry & c.ENTRY_LOAD_EFER or not s["guest_ia32_efer"] & ~EFER_BITS,
         {"guest_ia32_efer": 0x502}, {_ENTRY: _BASE_ENTRY | c.ENTRY_LOAD_EFER, "guest_ia32_efer": 0x500}),
    _row("efer_mode", 101, _REGISTERS, _efer_mode, {"guest_ia32_efer": 0x100},
         {_ENTRY: _BASE_ENTRY | c.ENTRY_LOAD_EFER, "guest_ia32_efer": 0x500}),
    _row("cet", 104, _REGISTERS, _cet, {"guest_ia32_s_cet": 0x40}, {_ENTRY: _BASE_ENTRY | c.ENTRY_LOAD_CET}),
)
_OTHER_ROWS: Final = (
    _row("tables_canonical", 131, _TABLES, lambda s: s.canonical("guest_gdtr_base", "guest_idtr_base"),
         {"guest_idtr_base": _BAD_ADDRESS}),
    _row("table_limits", 132, _TABLES, lambda s: not (s["guest_gdtr_limit"] | s["guest_idtr_limit"]) >> 16,
         {"guest_gdtr_limit": 0x1_0000}),
    _row("rip_narrow", 133, _RIP, lambda s: _code_64(s) or not s["guest_rip"] >> 32, {"guest_rip": 1 << 32}, _NARROW),
    _row("rip_canonical", 134, _RIP, _rip_64, {"guest_rip": 1 << 48}),
    _row("rflags_reserved", 135, _RIP, _rflags_reserved, {"guest_rflags": 0}),
    _row("rflags_vm", 136, _RIP, lambda s: not s.v8086 or (not s.ia32e and s.protected),
         {_ENTRY: _BASE_ENTRY}, guest_segment_checks.V8086),
    _row("rflags_if", 137, _RIP, lambda s: not _injects(s, EXTERNAL) or bool(s["guest_rflags"] & IF),
         {_INFO: 0x8000_0030}),
    _row("ssp", 138, _RIP, _ssp, {"guest_ssp": 2}, {_ENTRY: _BASE_ENTRY | c.ENTRY_LOAD_CET}),
    _row("activity_supported", 139, _NON_REGISTER, _activity_supported, {_ACTIVITY: 4}),
    _row("activity_hlt_privilege", 140, _NON_REGISTER,
         lambda s: s[_ACTIVITY] != HLT or not s["guest_ss_access_rights"] & AR_DPL,
         {_ACTIVITY: 1, "guest_ss_access_rights": 0xC0F3, "guest_cs_access_rights": 0xA0FB, "guest_ss_selector": 0x13,
          "guest_cs_selector": 0x1B}),
    _row("activity_blocking", 141, _NON_REGISTER, lambda s: not s[_ACTIVITY] or not _blocking(s) & _SHADOWS,
         {_ACTIVITY: 1, _STATE: BY_MOV_SS}),
    _row("activity_injection", 142, _NON_REGISTER, _injection_reaches, {_ACTIVITY: 1, _INFO: 0x8000_0B0D}),
    _row("interruptibility_reserved", 144, _NON_REGISTER, lambda s: not _blocking(s) >> 5, {_STATE: 0x20}),
    _row("sti_and_mov_ss", 145, _NON_REGISTER, lambda s: _blocking(s) & _SHADOWS != _SHADOWS,
         {_STATE: 3, "guest_rflags": 0x202}),
    _row("sti_needs_if", 146, _NON_REGISTER, lambda s: not _blocking(s) & BY_STI or bool(s["guest_rflags"] & IF),
         {_STATE: BY_STI}),
    _row("interrupt_blocked", 147, _NON_REGISTER, lambda s: not _injects(s, EXTERNAL) or not _blocking(s) & _SHADOWS,
         {_STATE: BY_STI}, {_INFO: 0x8000_0030, "guest_rflags": 0x202}),
    _row("nmi_blocked_by_mov_ss", 148, _NON_REGISTER, lambda s: not _injects(s, NMI) or not _blocking(s) & BY_MOV_SS,
         {_STATE: BY_MOV_SS}, {_INFO: 0x8000_0202}),
    _row("nmi_blocked_by_sti", 148, _NON_REGISTER, lambda s: not _injects(s, NMI) or not _blocking(s) & BY_STI,
         {_STATE: BY_STI}, {_INFO: 0x8000_0202, "guest_rflags": 0x202}, 3),
    _row("smi_blocking", 149, _NON_REGISTER, lambda s: not _blocking(s) & BY_SMI, {_STATE: BY_SMI}),
    _row("virtual_nmi_blocked", 150, _NON_REGISTER,
         lambda s: not _injects(s, NMI) or not s.pin & c.VIRTUAL_NMIS or not _blocking(s) & BY_NMI,
         {_STATE: BY_NMI}, {"pin_based_controls": 0x16 | c.NMI_EXITING | c.VIRTUAL_NMIS, _INFO: 0x8000_0202}),
    _row("enclave_interruption", 151, _NON_REGISTER, lambda s: not _blocking(s) & 16, {_STATE: 0x10}),
    _row("pending_debug_reserved", 152, _NON_REGISTER,
         lambda s: not s["guest_pending_debug_exceptions"] & ~PENDING_BITS, {"guest_pending_debug_exceptions": 0x10}),
    _row("pending_debug_step", 153, _NON_REGISTER, _pending_step, {_STATE: BY_MOV_SS, "guest_rflags": 0x102}),
    _row("link_pointer", 154, _NON_REGISTER, lambda s: not _linked(s) or s.page("vmcs_link_pointer"),
         {"vmcs_link_pointer": 0x20_7008}, None, 4),
    _row("link_revision", 155, _NON_REGISTER, _link_revision, {"vmcs_link_pointer": 0x40_0000}, None, 4),
    _row("link_not_current", 156, _NON_REGISTER, lambda s: not _linked(s) or s["vmcs_link_pointer"] != s.region.address,
         {"vmcs_link_pointer": 0x20_1000}, None, 4),
    _row("pdpte_fields", 157, _PDPTES, _pdpte_fields, {"guest_pdpte2": 0x1000_0007},
         {**_EPT, **_NARROW, "guest_pdpte2": 0x1000_0001}, 2),
    _row("pdptes_in_memory", 158, _PDPTES, _pdptes_in_memory, {"guest_cr3": 0x1_0000}, _NARROW, 2),
)
ROWS: Final = (*_REGISTER_ROWS, *guest_segment_checks.ROWS, *_OTHER_ROWS)
