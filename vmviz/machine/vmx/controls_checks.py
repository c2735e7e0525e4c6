"""VM entry, first checks: the VM-execution, VM-exit and VM-entry control fields. A broken rule is VMfailValid(7).

SDM volume 3, "Checks on VMX Controls". The rules on posted interrupts, tertiary and secondary VM-exit controls,
mode-based execute control, processor trace, PASID translation, HLAT and IPI virtualization are not here: no model
has these controls, so the rule on allowed settings refuses them before.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from vmviz.machine.registers import CR0_PE
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx import controls as c
from vmviz.machine.vmx import ept
from vmviz.machine.vmx.checks import Candidate, Check

_EXECUTION: Final = "Checks on VM-Execution Control Fields"
_EXIT: Final = "Checks on VM-Exit Control Fields"
_ENTRY: Final = "Checks on VM-Entry Control Fields"
_SECONDARY: Final = "secondary_processor_based_controls"
_PRIMARY: Final = "primary_processor_based_controls"
_INFO: Final = "entry_interruption_info"
PUSHES_ERROR_CODE: Final = frozenset({8, 10, 11, 12, 13, 14, 17})
EXTERNAL, RESERVED, NMI, HARDWARE, SOFTWARE_INTERRUPT, PRIVILEGED, SOFTWARE_EXCEPTION, OTHER = range(8)
# Values of the tests' default VMCS with one more thing switched on (secondary controls are activated by bit 31).
_BASE_PRIMARY: Final = 0x0400_6172
_ON: Final = {_PRIMARY: _BASE_PRIMARY | c.ACTIVATE_SECONDARY_CONTROLS}
_EPT: Final = {**_ON, _SECONDARY: c.ENABLE_EPT, "ept_pointer": 0x30_001E}


def _with(*controls: int, **values: int) -> dict[str, int]:
    word = 0
    for control in controls:
        word |= control
    return {**_EPT, _SECONDARY: c.ENABLE_EPT | word, **values}


def _tpr(*controls: int, **values: int) -> dict[str, int]:
    word = 0
    for control in controls:
        word |= control
    return {_PRIMARY: _BASE_PRIMARY | c.USE_TPR_SHADOW | c.ACTIVATE_SECONDARY_CONTROLS, _SECONDARY: word,
            "virtual_apic_address": 0x20_6000, **values}


def _row(id: str, order: int, section: str, good: Callable[[Candidate], bool], breaks: Mapping[str, int],
         needs: Mapping[str, int] | None = None) -> Check:
    return Check(f"controls.{id}", order, good, breaks, needs or {}, section)


def _allowed(group: str, field: str) -> Callable[[Candidate], bool]:
    return lambda s: cap.allowed(s.model, group).accepts(s[field])


def _tpr_threshold_above(s: Candidate) -> bool:
    """Is the threshold above the virtual task priority, while nothing will evaluate it after the entry?"""
    if not s.primary & c.USE_TPR_SHADOW or s.secondary & (c.VIRTUALIZE_APIC_ACCESSES | c.VIRTUAL_INTERRUPT_DELIVERY):
        return False
    return s["tpr_threshold"] & 0xF > s.cpu.memory.read(s["virtual_apic_address"] + 0x80, 4) >> 4 & 0xF


def _error_code_flag(s: Candidate) -> bool:
    """The deliver-error-code bit; with IA32_VMX_BASIC[56] software chooses it for hardware exceptions."""
    if s.injected is None:
        return True
    kind, vector = s.injected
    flag = bool(s[_INFO] >> 11 & 1)
    may_have = kind == HARDWARE and (not s.unrestricted or bool(s["guest_cr0"] & CR0_PE))
    if may_have and cap.msr(s.model, cap.BASIC) >> 56 & 1:
        return True
    return flag == (may_have and vector in PUSHES_ERROR_CODE)


def _length(s: Candidate) -> bool:
    if s.injected is None or s.injected[0] not in (SOFTWARE_INTERRUPT, PRIVILEGED, SOFTWARE_EXCEPTION):
        return True
    length = s["entry_instruction_length"]
    return 1 <= length <= 15 or (length == 0 and bool(cap.msr(s.model, cap.MISC) >> 30 & 1))


def _type(s: Candidate) -> bool:
    if s.injected is None:
        return True
    kind = s.injected[0]
    if kind == OTHER:
        return bool(cap.allowed(s.model, "primary").may & c.MONITOR_TRAP_FLAG)
    return kind != RESERVED


ROWS: Final = (
    _row("pin_based_allowed", 9, _EXECUTION, _allowed("pin_based", "pin_based_controls"), {"pin_based_controls": 0}),
    _row("primary_allowed", 10, _EXECUTION, _allowed("primary", _PRIMARY), {_PRIMARY: 0}),
    _row("secondary_allowed", 11, _EXECUTION,
         lambda s: not s.primary & c.ACTIVATE_SECONDARY_CONTROLS
         or cap.allowed(s.model, "secondary").accepts(s.secondary),
         {_SECONDARY: 1 << 31}, _ON),
    _row("cr3_target_count", 13, _EXECUTION,
         lambda s: s["cr3_target_count"] <= cap.msr(s.model, cap.MISC) >> 16 & 0x1FF,
         {"cr3_target_count": 5}),
    _row("io_bitmaps", 14, _EXECUTION,
         lambda s: not s.primary & c.USE_IO_BITMAPS
         or (s.page("io_bitmap_a_address") and s.page("io_bitmap_b_address")),
         {"io_bitmap_b_address": 0x20_3800}, {_PRIMARY: _BASE_PRIMARY | c.USE_IO_BITMAPS}),
    _row("msr_bitmap", 15, _EXECUTION, lambda s: not s.primary & c.USE_MSR_BITMAPS or s.page("msr_bitmap_address"),
         {"msr_bitmap_address": 1 << 45}, {_PRIMARY: _BASE_PRIMARY | c.USE_MSR_BITMAPS}),
    _row("virtual_apic_address", 16, _EXECUTION,
         lambda s: not s.primary & c.USE_TPR_SHADOW or s.page("virtual_apic_address"),
         {"virtual_apic_address": 0x20_6010}, _tpr()),
    _row("tpr_threshold_reserved", 17, _EXECUTION,
         lambda s: not s.primary & c.USE_TPR_SHADOW or bool(s.secondary & c.VIRTUAL_INTERRUPT_DELIVERY)
         or not s["tpr_threshold"] >> 4, {"tpr_threshold": 0x10}, _tpr()),
    _row("tpr_threshold_value", 18, _EXECUTION, lambda s: not _tpr_threshold_above(s), {"tpr_threshold": 1}, _tpr()),
    _row("virtual_nmis", 19, _EXECUTION, lambda s: bool(s.pin & c.NMI_EXITING) or not s.pin & c.VIRTUAL_NMIS,
         {"pin_based_controls": 0x16 | c.VIRTUAL_NMIS}),
    _row("nmi_window", 20, _EXECUTION, lambda s: bool(s.pin & c.VIRTUAL_NMIS) or not s.primary & c.NMI_WINDOW_EXITING,
         {_PRIMARY: _BASE_PRIMARY | c.NMI_WINDOW_EXITING}),
    _row("apic_access_address", 21, _EXECUTION,
         lambda s: not s.secondary & c.VIRTUALIZE_APIC_ACCESSES or s.page("apic_access_address"),
         {"apic_access_address": 0x20_7001}, {**_ON, _SECONDARY: c.VIRTUALIZE_APIC_ACCESSES}),
    _row("apic_needs_tpr_shadow", 22, _EXECUTION,
         lambda s: bool(s.primary & c.USE_TPR_SHADOW) or not s.secondary
         & (c.VIRTUALIZE_X2APIC_MODE | c.APIC_REGISTER_VIRTUALIZATION | c.VIRTUAL_INTERRUPT_DELIVERY),
         {_SECONDARY: c.APIC_REGISTER_VIRTUALIZATION}, _ON),
    _row("x2apic_or_xapic", 23, _EXECUTION,
         lambda s: not (s.secondary & c.VIRTUALIZE_X2APIC_MODE and s.secondary & c.VIRTUALIZE_APIC_ACCESSES),
         {_SECONDARY: c.VIRTUALIZE_X2APIC_MODE | c.VIRTUALIZE_APIC_ACCESSES}, _tpr()),
    _row("interrupt_delivery", 24, _EXECUTION,
         lambda s: not s.secondary & c.VIRTUAL_INTERRUPT_DELIVERY or bool(s.pin & c.EXTERNAL_INTERRUPT_EXITING),
         {_SECONDARY: c.VIRTUAL_INTERRUPT_DELIVERY}, _tpr()),
    _row("vpid", 29, _EXECUTION, lambda s: not s.secondary & c.ENABLE_VPID or s["vpid"] != 0, {"vpid": 0},
         {**_ON, _SECONDARY: c.ENABLE_VPID, "vpid": 1}),
    _row("eptp_memory_type", 30, _EXECUTION,
         lambda s: not s.secondary & c.ENABLE_EPT or ept.eptp_type_is_good(s.cpu, s["ept_pointer"]),
         {"ept_pointer": 0x30_0019}, _EPT),
    _row("eptp_walk_length", 31, _EXECUTION,
         lambda s: not s.secondary & c.ENABLE_EPT or ept.eptp_walk_is_good(s.cpu, s["ept_pointer"]),
         {"ept_pointer": 0x30_0016}, _EPT),
    _row("eptp_accessed_dirty", 32, _EXECUTION,
         lambda s: not s.secondary & c.ENABLE_EPT or ept.eptp_flags_are_good(s.cpu, s["ept_pointer"]),
         {"ept_pointer": 0x30_005E}, _EPT),
    _row("eptp_reserved", 33, _EXECUTION,
         lambda s: not s.secondary & c.ENABLE_EPT or ept.eptp_reserved_are_zero(s.cpu, s["ept_pointer"]),
         {"ept_pointer": 0x30_011E}, _EPT),
    _row("unrestricted_needs_ept", 34, _EXECUTION,
         lambda s: not s.unrestricted or bool(s.secondary & c.ENABLE_EPT), {_SECONDARY: c.UNRESTRICTED_GUEST}, _ON),
    _row("pml_needs_ept", 36, _EXECUTION,
         lambda s: not s.secondary & c.ENABLE_PML or bool(s.secondary & c.ENABLE_EPT), {_SECONDARY: c.ENABLE_PML}, _ON),
    _row("pml_address", 37, _EXECUTION, lambda s: not s.secondary & c.ENABLE_PML or s.page("pml_address"),
         {"pml_address": 0x20_7800}, _with(c.ENABLE_PML)),
    _row("subpage_permissions", 38, _EXECUTION,
         lambda s: not s.secondary & c.SUBPAGE_WRITE_PERMISSIONS
         or (bool(s.secondary & c.ENABLE_EPT) and s.page("subpage_permission_table_pointer")),
         {"subpage_permission_table_pointer": 1}, _with(c.SUBPAGE_WRITE_PERMISSIONS)),
    _row("vm_functions", 40, _EXECUTION,
         lambda s: not s.secondary & c.ENABLE_VM_FUNCTIONS
         or not s["vm_function_controls"] & ~cap.msr(s.model, cap.VMFUNC),
         {"vm_function_controls": 2}, _with(c.ENABLE_VM_FUNCTIONS)),
    _row("eptp_switching_needs_ept", 41, _EXECUTION,
         lambda s: not s.secondary & c.ENABLE_VM_FUNCTIONS or not s["vm_function_controls"] & 1
         or bool(s.secondary & c.ENABLE_EPT), {_SECONDARY: c.ENABLE_VM_FUNCTIONS, "vm_function_controls": 1}, _ON),
    _row("eptp_list", 42, _EXECUTION,
         lambda s: not s.secondary & c.ENABLE_VM_FUNCTIONS or not s["vm_function_controls"] & 1
         or s.page("eptp_list_address"),
         {"eptp_list_address": 8}, _with(c.ENABLE_VM_FUNCTIONS, vm_function_controls=1)),
    _row("vmread_bitmap", 43, _EXECUTION,
         lambda s: not s.secondary & c.VMCS_SHADOWING or s.page("vmread_bitmap_address"),
         {"vmread_bitmap_address": 0x10}, {**_ON, _SECONDARY: c.VMCS_SHADOWING}),
    _row("vmwrite_bitmap", 44, _EXECUTION,
         lambda s: not s.secondary & c.VMCS_SHADOWING or s.page("vmwrite_bitmap_address"),
         {"vmwrite_bitmap_address": 0x10}, {**_ON, _SECONDARY: c.VMCS_SHADOWING}),
    _row("virtualization_exception", 45, _EXECUTION,
         lambda s: not s.secondary & c.EPT_VIOLATION_VE or s.page("virtualization_exception_info_address"),
         {"virtualization_exception_info_address": 0x10}, _with(c.EPT_VIOLATION_VE)),
    _row("tsc_multiplier", 46, _EXECUTION, lambda s: not s.secondary & c.USE_TSC_SCALING or s["tsc_multiplier"] != 0,
         {"tsc_multiplier": 0}, {**_ON, _SECONDARY: c.USE_TSC_SCALING, "tsc_multiplier": 1 << 48}),
    _row("exit_allowed", 50, _EXIT, _allowed("vm_exit", "primary_vm_exit_controls"),
         {"primary_vm_exit_controls": 0x200}),
    _row("save_preemption_timer", 52, _EXIT,
         lambda s: bool(s.pin & c.ACTIVATE_PREEMPTION_TIMER) or not s.exit & c.SAVE_PREEMPTION_TIMER,
         {"primary_vm_exit_controls": 0x3_6DFB | c.HOST_ADDRESS_SPACE_SIZE | c.SAVE_PREEMPTION_TIMER}),
    _row("exit_msr_store_list", 53, _EXIT, lambda s: s.area("exit_msr_store_address", "exit_msr_store_count"),
         {"exit_msr_store_address": 0x20_C008}, {"exit_msr_store_count": 1}),
    _row("exit_msr_load_list", 54, _EXIT, lambda s: s.area("exit_msr_load_address", "exit_msr_load_count"),
         {"exit_msr_load_address": (1 << 40) - 16}, {"exit_msr_load_count": 2}),
    _row("entry_allowed", 55, _ENTRY, _allowed("vm_entry", "vm_entry_controls"), {"vm_entry_controls": 0x200}),
    _row("injection_type", 56, _ENTRY, _type, {_INFO: 0x8000_0120}),
    _row("injection_nmi", 57, _ENTRY, lambda s: s.injected is None or s.injected[0] != NMI or s.injected[1] == 2,
         {_INFO: 0x8000_0203}),
    _row("injection_exception", 58, _ENTRY,
         lambda s: s.injected is None or s.injected[0] != HARDWARE or s.injected[1] <= 31,
         {_INFO: 0x8000_0320}),
    _row("injection_other", 59, _ENTRY, lambda s: s.injected is None or s.injected[0] != OTHER or s.injected[1] == 0,
         {_INFO: 0x8000_0701}),
    _row("injection_error_code_flag", 60, _ENTRY, _error_code_flag, {_INFO: 0x8000_0820}),
    _row("injection_reserved", 61, _ENTRY,
         lambda s: s.injected is None or not s[_INFO] & 0x7FFF_F000, {_INFO: 0x8000_1020}),
    _row("injection_error_code", 62, _ENTRY,
         lambda s: s.injected is None or not s[_INFO] >> 11 & 1 or not s["entry_exception_error_code"] >> 16,
         {"entry_exception_error_code": 0x1_0000}, {_INFO: 0x8000_0B0D}),
    _row("injection_length", 63, _ENTRY, _length, {"entry_instruction_length": 16},
         {_INFO: 0x8000_0420, "entry_instruction_length": 2}),
    _row("entry_msr_load_list", 64, _ENTRY, lambda s: s.area("entry_msr_load_address", "entry_msr_load_count"),
         {"entry_msr_load_address": 0x20_C004}, {"entry_msr_load_count": 1}),
    _row("smm", 65, _ENTRY, lambda s: not s.entry & (c.ENTRY_TO_SMM | c.DEACTIVATE_DUAL_MONITOR),
         {"vm_entry_controls": 0x11FB | c.IA32E_MODE_GUEST | c.ENTRY_TO_SMM}),
)
