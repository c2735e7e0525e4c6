"""VM entry: VMLAUNCH and VMRESUME after their own guards, by six phases.

1 check controls, 2 check host state, 3 check guest state, 4 load guest state, 5 load MSRs, 6 inject event (SDM
volume 3, chapter "VM Entries"). A broken rule of phase 1 or 2 ends the entry as VMfailValid(7) or (8); one of phase
3, or an MSR of phase 5, ends it as a VM exit 33 or 34 that loads the host state. Nothing has changed before phase 4
but the error field.

Simplified: the checks of controls and host state run in the manual's order, controls first; a processor may mix
them.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

from vmviz import events as ev
from vmviz.machine import interrupts
from vmviz.machine.outcome import VmExit
from vmviz.machine.registers import ENTRIES, NON_ROOT, OPERATION, RIP
from vmviz.machine.vmx import controls as c
from vmviz.machine.vmx import controls_checks, guest_checks, host_checks, loaded_state, virtual_apic, vmcs
from vmviz.machine.vmx import exit as vmx_exit
from vmviz.machine.vmx.checks import Candidate, Check, Kept
from vmviz.machine.vmx.entry_rules import MSR_LOAD_FIELDS, MSR_LOAD_SECTION

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

PHASES: Final = ("controls", "host_state", "guest_state", "load_guest", "load_msrs", "inject")
INVALID_CONTROLS, INVALID_HOST_STATE = 7, 8
GUEST_STATE, MSR_LOADING = 33, 34
VALID: Final = 1 << 31
MOST_KEPT: Final = 16                               # VMCSs of which the kept rules are remembered


def enter(cpu: Processor, region: vmcs.Region, kind: Literal["launch", "resume"]) -> int:
    """Enter the guest of a VMCS. Gives the error number of a VMfailValid, 0 when the instruction has no more to say."""
    candidate = Candidate(cpu, region)
    for number, error, rows in ((1, INVALID_CONTROLS, controls_checks.ROWS), (2, INVALID_HOST_STATE, host_checks.ROWS)):
        broken = _check(cpu, number, rows, candidate)
        if broken is not None:
            _refuse(cpu, region, error, broken)
            return error
    broken = _check(cpu, 3, guest_checks.ROWS, candidate)
    if broken is not None:
        _refuse(cpu, region, GUEST_STATE, broken)
        vmx_exit.failed_entry(cpu, region, GUEST_STATE, broken.qualification)
        return 0
    _begin(cpu, 4)
    loaded_state.load(cpu, candidate)
    _end(cpu, 4)
    _begin(cpu, 5)
    failed, rule = vmx_exit.load_msrs(cpu, candidate["entry_msr_load_address"], candidate["entry_msr_load_count"])
    if failed:
        _end(cpu, 5)
        _fail(cpu, region, MSR_LOADING, f"msr_load.{rule}", MSR_LOAD_FIELDS, MSR_LOAD_SECTION)
        vmx_exit.failed_entry(cpu, region, MSR_LOADING, failed)
        return 0
    _go(cpu, region, kind)
    _end(cpu, 5)
    _begin(cpu, 6)
    _inject(cpu, candidate)
    if cpu.non_root:
        _end(cpu, 6)
        _after(cpu, candidate)
    return 0


def _check(cpu: Processor, number: int, rows: Sequence[Check], candidate: Candidate) -> Check | None:
    _begin(cpu, number)
    broken = _kept(cpu, candidate.region.address).first_broken(rows, candidate)
    _end(cpu, number)
    return broken


def _kept(cpu: Processor, address: int) -> Kept:
    kept = cpu.kept_checks.get(address)
    if kept is None:
        if len(cpu.kept_checks) >= MOST_KEPT:
            cpu.kept_checks.clear()
        kept = cpu.kept_checks[address] = Kept()
    return kept


def _begin(cpu: Processor, number: int) -> None:
    if cpu.telling:
        cpu.emit(ev.Phase(of="entry", number=number, name=PHASES[number - 1]))


def _end(cpu: Processor, number: int) -> None:
    cpu.phase_done("entry", number, PHASES[number - 1])


def _refuse(cpu: Processor, region: vmcs.Region, reason: int, broken: Check) -> None:
    _fail(cpu, region, reason, broken.id, broken.fields, broken.section)


def _fail(cpu: Processor, region: vmcs.Region, reason: int, check: str, fields: tuple[str, ...], section: str) -> None:
    named = tuple(field for field in fields if field in vmcs.NUMBER)
    cpu.mark(ev.EntryFailed(reason=reason, check=check, fields=named, section=section, vmcs=region.address,
                            vm=cpu.vm_name(region.address)))


def _go(cpu: Processor, region: vmcs.Region, kind: Literal["launch", "resume"]) -> None:
    """The guest runs from here: non-root operation, launch state, what is told."""
    if kind == "launch":
        region.set_launch(vmcs.LAUNCHED)
    cpu.set(OPERATION, NON_ROOT)
    cpu.set(ENTRIES, cpu.reg[ENTRIES] + 1)
    cpu.refresh()
    name = cpu.vm_name(region.address)
    cpu.mark(ev.ModeChange(processor=cpu.number, from_="root", to="non_root"))
    cpu.mark(ev.VmEntry(kind=kind, vmcs=region.address, vm=name, rip=cpu.reg[RIP]))
    cpu.mark(ev.Vm(vm=name, state="running"))
    cpu.commit = len(cpu.journal)                   # what the event's delivery meets takes back nothing of the entry


def _inject(cpu: Processor, candidate: Candidate) -> None:
    """Phase 6 (SDM volume 3, "Event Injection")."""
    info = candidate["entry_interruption_info"]
    if info & VALID:
        interrupts.inject(cpu, info, candidate["entry_exception_error_code"], candidate["entry_instruction_length"])


def _after(cpu: Processor, candidate: Candidate) -> None:
    """A TPR below its threshold ends the stay at once, where APIC accesses are virtualized ("TPR Virtualization")."""
    cpu.attention = True
    words = cpu.controls
    if not words.primary & c.USE_TPR_SHADOW:
        return
    if words.secondary & c.VIRTUAL_INTERRUPT_DELIVERY:
        virtual_apic.update_priority(cpu)
    elif not words.secondary & c.VIRTUALIZE_APIC_ACCESSES:
        return
    elif virtual_apic.tpr_shadow(cpu) < candidate["tpr_threshold"] & 0xF:
        vmx_exit.vm_exit(cpu, VmExit(virtual_apic.TPR_BELOW_THRESHOLD))

