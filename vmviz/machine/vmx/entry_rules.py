"""Every rule of VM entry in one place: which row, function or reason answers for each rule of vmviz.spec.ENTRY_CHECKS.

A rule is a row of the check tables, or is asked elsewhere (the instruction's own guards, the MSR list), or cannot be
broken on any model for the reason given here. A test holds these against the table: no rule is in none of them or in
two.
"""
from __future__ import annotations

from typing import Final, NamedTuple

from vmviz.machine.vmx import controls_checks, guest_checks, host_checks
from vmviz.machine.vmx.checks import Check

ROWS: Final[tuple[Check, ...]] = (*controls_checks.ROWS, *host_checks.ROWS, *guest_checks.ROWS)
"""The rows in the order in which they are asked."""

# Rules that are no rows: the guards of VMLAUNCH and VMRESUME, which raise faults, exits and errors of their own.
GUARDS: Final = {
    1: "isa.vmx_guards.in_operation", 2: "isa.vmx_guards.exit_from_guest", 3: "isa.vmx_guards.privileged",
    4: "isa.vmx._enter", 5: "isa.vmx._enter", 6: "isa.vmx._enter", 7: "isa.vmx._enter", 8: "isa.vmx._enter",
}
# Rules on entries of the VM-entry MSR-load list (exit.load_msrs): the names that `entry_failed` gives them.
MSR_LOAD: Final = {159: "bases", 160: "x2apic", 161: "refused", 162: "reserved", 163: "refused"}
MSR_LOAD_SECTION: Final = "Loading MSRs"
MSR_LOAD_FIELDS: Final = ("entry_msr_load_address", "entry_msr_load_count")


class Reason(NamedTuple):
    """Why a rule cannot be broken: `controls` (group.name) that no model allows, or that another rule comes first."""

    why: str
    controls: tuple[str, ...] = ()
    refused_by: str = ""


def _without(*controls: str) -> Reason:
    return Reason("no model allows the control", controls)


CANNOT_APPLY: Final = {
    12: _without("primary.activate_tertiary_controls"),
    25: _without("pin_based.process_posted_interrupts"),
    26: _without("pin_based.process_posted_interrupts"),
    27: _without("pin_based.process_posted_interrupts"),
    28: _without("pin_based.process_posted_interrupts"),
    35: _without("secondary.mode_based_execute_control"),
    39: _without("secondary.pt_uses_guest_physical"),
    47: _without("secondary.pasid_translation"),
    48: _without("tertiary.enable_hlat"),
    49: _without("tertiary.ipi_virtualization"),
    51: _without("vm_exit.activate_secondary_controls"),
    66: Reason("both are refused already outside SMM", refused_by="controls.smm"),
    77: _without("vm_exit.load_pkrs"),
    78: _without("vm_exit.activate_secondary_controls", "vm_entry.load_ia32_fred"),
    102: _without("vm_entry.load_ia32_bndcfgs"),
    103: _without("vm_entry.load_ia32_rtit_ctl"),
    105: _without("vm_entry.load_ia32_lbr_ctl"),
    106: _without("vm_entry.load_pkrs"),
    107: _without("vm_entry.load_uinv"),
    143: Reason("entry to SMM is refused already outside SMM", refused_by="controls.smm"),
    164: Reason("no model has a source of machine checks"),
}
