"""The control words of the current VMCS, decoded once for a stay in the guest, and the address space they select.

The constants are the bits of the words by the names of vmviz.spec.CONTROL_BITS. `Processor.controls` holds the words
that are in force in non-root operation; in root operation and outside VMX operation it is `NONE`, all zero, so asking
for a control needs no question about the mode. Secondary and tertiary words are 0 unless they are activated
(SDM volume 3, "VM-Execution Control Fields").

Words are decoded once for each set of values (`of`), so a `Controls` belongs to nobody and never changes.

Simplified: the words are read again whenever the processor derives its state anew, so that a guest which overwrites
its own VMCS by ordinary stores, which the manual forbids to software, would meet the new ones.
"""
from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from vmviz.machine.vmx import vmcs
from vmviz.spec import CONTROL_BITS

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor


def _bit(group: str, name: str) -> int:
    return 1 << CONTROL_BITS[group][name]


# Pin-based VM-execution controls.
EXTERNAL_INTERRUPT_EXITING: Final = _bit("pin_based", "external_interrupt_exiting")
NMI_EXITING: Final = _bit("pin_based", "nmi_exiting")
VIRTUAL_NMIS: Final = _bit("pin_based", "virtual_nmis")
ACTIVATE_PREEMPTION_TIMER: Final = _bit("pin_based", "activate_preemption_timer")
PROCESS_POSTED_INTERRUPTS: Final = _bit("pin_based", "process_posted_interrupts")
# Primary processor-based VM-execution controls.
INTERRUPT_WINDOW_EXITING: Final = _bit("primary", "interrupt_window_exiting")
USE_TSC_OFFSETTING: Final = _bit("primary", "use_tsc_offsetting")
HLT_EXITING: Final = _bit("primary", "hlt_exiting")
INVLPG_EXITING: Final = _bit("primary", "invlpg_exiting")
MWAIT_EXITING: Final = _bit("primary", "mwait_exiting")
RDPMC_EXITING: Final = _bit("primary", "rdpmc_exiting")
RDTSC_EXITING: Final = _bit("primary", "rdtsc_exiting")
CR3_LOAD_EXITING: Final = _bit("primary", "cr3_load_exiting")
CR3_STORE_EXITING: Final = _bit("primary", "cr3_store_exiting")
ACTIVATE_TERTIARY_CONTROLS: Final = _bit("primary", "activate_tertiary_controls")
CR8_LOAD_EXITING: Final = _bit("primary", "cr8_load_exiting")
CR8_STORE_EXITING: Final = _bit("primary", "cr8_store_exiting")
USE_TPR_SHADOW: Final = _bit("primary", "use_tpr_shadow")
NMI_WINDOW_EXITING: Final = _bit("primary", "nmi_window_exiting")
MOV_DR_EXITING: Final = _bit("primary", "mov_dr_exiting")
UNCONDITIONAL_IO_EXITING: Final = _bit("primary", "unconditional_io_exiting")
USE_IO_BITMAPS: Final = _bit("primary", "use_io_bitmaps")
MONITOR_TRAP_FLAG: Final = _bit("primary", "monitor_trap_flag")
USE_MSR_BITMAPS: Final = _bit("primary", "use_msr_bitmaps")
MONITOR_EXITING: Final = _bit("primary", "monitor_exiting")
PAUSE_EXITING: Final = _bit("primary", "pause_exiting")
ACTIVATE_SECONDARY_CONTROLS: Final = _bit("primary", "activate_secondary_controls")
# Secondary processor-based VM-execution controls.
VIRTUALIZE_APIC_ACCESSES: Final = _bit("secondary", "virtualize_apic_accesses")
ENABLE_EPT: Final = _bit("secondary", "enable_ept")
DESCRIPTOR_TABLE_EXITING: Final = _bit("secondary", "descriptor_table_exiting")
ENABLE_RDTSCP: Final = _bit("secondary", "enable_rdtscp")
VIRTUALIZE_X2APIC_MODE: Final = _bit("secondary", "virtualize_x2apic_mode")
ENABLE_VPID: Final = _bit("secondary", "enable_vpid")
WBINVD_EXITING: Final = _bit("secondary", "wbinvd_exiting")
UNRESTRICTED_GUEST: Final = _bit("secondary", "unrestricted_guest")
APIC_REGISTER_VIRTUALIZATION: Final = _bit("secondary", "apic_register_virtualization")
VIRTUAL_INTERRUPT_DELIVERY: Final = _bit("secondary", "virtual_interrupt_delivery")
PAUSE_LOOP_EXITING: Final = _bit("secondary", "pause_loop_exiting")
RDRAND_EXITING: Final = _bit("secondary", "rdrand_exiting")
ENABLE_INVPCID: Final = _bit("secondary", "enable_invpcid")
ENABLE_VM_FUNCTIONS: Final = _bit("secondary", "enable_vm_functions")
VMCS_SHADOWING: Final = _bit("secondary", "vmcs_shadowing")
RDSEED_EXITING: Final = _bit("secondary", "rdseed_exiting")
ENABLE_PML: Final = _bit("secondary", "enable_pml")
EPT_VIOLATION_VE: Final = _bit("secondary", "ept_violation_ve")
ENABLE_XSAVES_XRSTORS: Final = _bit("secondary", "enable_xsaves_xrstors")
MODE_BASED_EXECUTE_CONTROL: Final = _bit("secondary", "mode_based_execute_control")
SUBPAGE_WRITE_PERMISSIONS: Final = _bit("secondary", "subpage_write_permissions")
PT_USES_GUEST_PHYSICAL: Final = _bit("secondary", "pt_uses_guest_physical")
PASID_TRANSLATION: Final = _bit("secondary", "pasid_translation")
USE_TSC_SCALING: Final = _bit("secondary", "use_tsc_scaling")
# Tertiary processor-based VM-execution controls.
ENABLE_HLAT: Final = _bit("tertiary", "enable_hlat")
IPI_VIRTUALIZATION: Final = _bit("tertiary", "ipi_virtualization")
# VM-exit controls.
SAVE_DEBUG_CONTROLS: Final = _bit("vm_exit", "save_debug_controls")
HOST_ADDRESS_SPACE_SIZE: Final = _bit("vm_exit", "host_address_space_size")
EXIT_LOAD_PERF_GLOBAL_CTRL: Final = _bit("vm_exit", "load_ia32_perf_global_ctrl")
ACKNOWLEDGE_INTERRUPT: Final = _bit("vm_exit", "acknowledge_interrupt")
SAVE_PAT: Final = _bit("vm_exit", "save_ia32_pat")
EXIT_LOAD_PAT: Final = _bit("vm_exit", "load_ia32_pat")
SAVE_EFER: Final = _bit("vm_exit", "save_ia32_efer")
EXIT_LOAD_EFER: Final = _bit("vm_exit", "load_ia32_efer")
SAVE_PREEMPTION_TIMER: Final = _bit("vm_exit", "save_preemption_timer")
CLEAR_BNDCFGS: Final = _bit("vm_exit", "clear_ia32_bndcfgs")
CLEAR_RTIT_CTL: Final = _bit("vm_exit", "clear_ia32_rtit_ctl")
EXIT_LOAD_CET: Final = _bit("vm_exit", "load_cet_state")
EXIT_LOAD_PKRS: Final = _bit("vm_exit", "load_pkrs")
SAVE_PERF_GLOBAL_CTRL: Final = _bit("vm_exit", "save_ia32_perf_global_ctrl")
EXIT_ACTIVATE_SECONDARY: Final = _bit("vm_exit", "activate_secondary_controls")
# VM-entry controls.
LOAD_DEBUG_CONTROLS: Final = _bit("vm_entry", "load_debug_controls")
IA32E_MODE_GUEST: Final = _bit("vm_entry", "ia32e_mode_guest")
ENTRY_TO_SMM: Final = _bit("vm_entry", "entry_to_smm")
DEACTIVATE_DUAL_MONITOR: Final = _bit("vm_entry", "deactivate_dual_monitor")
ENTRY_LOAD_PERF_GLOBAL_CTRL: Final = _bit("vm_entry", "load_ia32_perf_global_ctrl")
ENTRY_LOAD_PAT: Final = _bit("vm_entry", "load_ia32_pat")
ENTRY_LOAD_EFER: Final = _bit("vm_entry", "load_ia32_efer")
ENTRY_LOAD_BNDCFGS: Final = _bit("vm_entry", "load_ia32_bndcfgs")
ENTRY_LOAD_RTIT_CTL: Final = _bit("vm_entry", "load_ia32_rtit_ctl")
ENTRY_LOAD_UINV: Final = _bit("vm_entry", "load_uinv")
ENTRY_LOAD_CET: Final = _bit("vm_entry", "load_cet_state")
ENTRY_LOAD_LBR_CTL: Final = _bit("vm_entry", "load_ia32_lbr_ctl")
ENTRY_LOAD_PKRS: Final = _bit("vm_entry", "load_pkrs")


class Controls:
    """The words in force; those that are not activated are 0."""

    __slots__ = ("pin", "primary", "secondary", "tertiary", "exit", "entry", "exception_bitmap", "page_fault_mask",
                 "page_fault_match", "cr0_mask", "cr0_shadow", "cr4_mask", "cr4_shadow")

    def __init__(self, *words: int) -> None:
        """The values of `WORDS`, in that order."""
        (self.tertiary, self.pin, self.primary, self.exception_bitmap, self.page_fault_mask,
         self.page_fault_match, self.exit, self.entry, self.secondary, self.cr0_mask, self.cr4_mask,
         self.cr0_shadow, self.cr4_shadow) = words
        if not self.primary & ACTIVATE_SECONDARY_CONTROLS:
            self.secondary = 0
        if not self.primary & ACTIVATE_TERTIARY_CONTROLS:
            self.tertiary = 0

    def page_fault_exits(self, error: int) -> bool:
        """Does a page fault with this error code cause a VM exit (SDM volume 3, "Exception Bitmap")?"""
        matches = error & self.page_fault_mask == self.page_fault_match
        return matches == bool(self.exception_bitmap >> 14 & 1)


WORDS: Final = (
    "tertiary_processor_based_controls", "pin_based_controls", "primary_processor_based_controls",
    "exception_bitmap", "page_fault_error_code_mask", "page_fault_error_code_match", "primary_vm_exit_controls",
    "vm_entry_controls", "secondary_processor_based_controls", "cr0_guest_host_mask", "cr4_guest_host_mask",
    "cr0_read_shadow", "cr4_read_shadow")
NONE: Final = Controls(*[0] * len(WORDS))
_fields: Final = vmcs.Fields(WORDS)
_of_values: Final = itemgetter(*(vmcs.NUMBER[field] for field in WORDS))
_decoded = lru_cache(maxsize=64)(Controls)


def of(values: tuple[int, ...]) -> Controls:
    """The control words among the values of all fields (`Region.read_all`)."""
    return _decoded(*_of_values(values))


def read(region: vmcs.Region) -> Controls:
    """The control words of a VMCS."""
    return _decoded(*region.read_some(_fields))


def address_space(cpu: Processor, address: int) -> tuple[int, int]:
    """Take the controls of the VMCS at `address` into force; gives its EPTP and VPID, 0 where not used."""
    region = vmcs.Region(cpu, address)
    words = cpu.controls = read(region)
    eptp = region.read("ept_pointer") if words.secondary & ENABLE_EPT else 0
    vpid = region.read("vpid") if words.secondary & ENABLE_VPID else 0
    return eptp, vpid


def special_frames(cpu: Processor, address: int) -> set[int]:
    """The page frames whose accesses are virtualized: the APIC-access page, when the control is set."""
    if not cpu.controls.secondary & VIRTUALIZE_APIC_ACCESSES:
        return set()
    return {vmcs.Region(cpu, address).read("apic_access_address") >> 12}

