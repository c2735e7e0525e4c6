"""VM exits: what the processor records, saves and loads, by five phases.

1 record the reason, 2 save the guest state, 3 store MSRs, 4 load the host state, 5 load MSRs (SDM volume 3, chapter
"VM Exits"; the order within the phases is that of vmviz.spec.EXIT_STATE). A VM entry that fails at the guest state or
at loading MSRs records only reason and qualification and goes on with phases 4 and 5 ("VM-Entry Failures During or
After Loading Guest State"). Something wrong in phases 3 to 5 is a VMX abort: the processor shuts down.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from vmviz import events as ev
from vmviz.machine import msr
from vmviz.machine.outcome import Fault, VmExit
from vmviz.machine.registers import (
    ACTIVITY,
    EXITS,
    INTERRUPTIBILITY,
    MASK32,
    NEVER,
    NON_ROOT,
    OPERATION,
    RF,
    RFLAGS,
    RIP,
    ROOT,
    SHUTDOWN,
    TIMER_DEADLINE,
    VIRTUAL_NMI_BLOCKING,
)
from vmviz.machine.vmx import host_state, saved_state, vmcs
from vmviz.spec import EXIT_REASONS

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

PHASES: Final = ("reason", "save_guest", "store_msrs", "load_host", "load_msrs")
LAST_BEFORE_INJECTION: Final = ("entry", 5)
ENTRY_FAILURE: Final = 1 << 31
VALID: Final = 1 << 31
EXCEPTION_OR_NMI, EXTERNAL_INTERRUPT, TRIPLE_FAULT = 0, 1, 2
TYPE_NMI: Final = 2
NMI_UNBLOCKED_BY_IRET: Final = 1 << 12
UNBLOCKING_REASONS: Final = frozenset({48, 62, 66})   # whose qualification tells of it; exceptions: delivery.py
ABORT_STORE_MSRS, ABORT_HOST_PDPTES, ABORT_LOAD_MSRS = 1, 2, 4
_ACCESSES: Final = frozenset({44, 48, 49, 62, 66})    # to memory: they come in the middle of an instruction
_INSTRUCTIONS: Final = frozenset(reason.number for reason in EXIT_REASONS.values()
                                 if reason.cls in ("unconditional", "conditional")) - _ACCESSES - {9}
_BY_SOFTWARE: Final = (4, 5, 6)                       # types of events
_X2APIC: Final = range(0x800, 0x900)
_BASES: Final = (0xC000_0100, 0xC000_0101)       # IA32_FS_BASE, IA32_GS_BASE


def vm_exit(cpu: Processor, cause: VmExit, injecting: bool = False) -> None:
    """Leave the guest: RIP already is what is to be saved. `injecting`: during the delivery of an injected event."""
    region = cpu.guest_fields()
    if not injecting and not cause.trap:            # what injection pushes has the RF of the guest-state area
        _settle_resume_flag(cpu, cause)
    if cpu.phases and cpu.phases[-1][:2] == LAST_BEFORE_INJECTION:
        cpu.phase_done("entry", 6, "inject")        # the event that a VM entry injects ends in this exit
    begin(cpu, 1)
    _record(cpu, region, cause)
    end(cpu, 1)
    begin(cpu, 2)
    saved_state.save(cpu, region)
    end(cpu, 2)
    begin(cpu, 3)
    failed = store_msrs(cpu, region.read("exit_msr_store_address"), region.read("exit_msr_store_count"))
    end(cpu, 3)
    if failed:
        vmx_abort(cpu, region, ABORT_STORE_MSRS)
        return
    nmi = cause.reason == EXCEPTION_OR_NMI and cause.interruption >> 8 & 7 == TYPE_NMI
    _to_host(cpu, region, "crashed" if cause.reason == TRIPLE_FAULT else "stopped", nmi)


def _settle_resume_flag(cpu: Processor, cause: VmExit) -> None:
    """RF as it is to be saved (SDM volume 3, "Saving RIP, RSP, RFLAGS, and SSP"). Exceptions have set it already; exits
    that come between instructions save it as it is."""
    flags, delivering = cpu.reg[RFLAGS], cpu.vectoring
    event = cause.interruption or (delivering[0] if delivering is not None else 0)
    if cause.reason in _ACCESSES and delivering is None:
        flags |= RF
    elif cause.reason in _INSTRUCTIONS or (event >> 8 & 7 in _BY_SOFTWARE and cpu.interrupted_length):
        flags &= ~RF                    # not of an injected event: its image has RF as the VMCS has it
    if flags != cpu.reg[RFLAGS]:
        cpu.set(RFLAGS, flags)


def nmi_unblocked_by_iret(cpu: Processor) -> bool:
    """Did the IRET that has just faulted unblock NMIs?

    If so, its change of the blocking was committed and is the journal's last, what exceptions do to RFLAGS and what the
    page walker has written aside.
    """
    journal, end = cpu.journal, cpu.commit
    aside = {RFLAGS, *(slot for step, _, slot in cpu.walked if step == cpu.step_number)}
    if not end or end > len(journal) or not aside.issuperset(journal[end::3]):
        return False
    slot, old, new = journal[end - 3:end]
    return slot in (INTERRUPTIBILITY, VIRTUAL_NMI_BLOCKING) and new < old


def failed_entry(cpu: Processor, region: vmcs.Region, reason: int, qualification: int) -> None:
    """A VM entry failed after the checks of controls and host state: exit reason 33, 34 or 41. The VM is as it was."""
    region.write("exit_reason", reason | ENTRY_FAILURE)
    region.write("exit_qualification", qualification)
    _to_host(cpu, region, None, nmi=False)


def begin(cpu: Processor, number: int) -> None:
    """Tell that a phase of a VM exit begins."""
    if cpu.telling:
        cpu.emit(ev.Phase(of="exit", number=number, name=PHASES[number - 1]))


def end(cpu: Processor, number: int) -> None:
    """A phase of a VM exit is complete: positions can stop here."""
    cpu.phase_done("exit", number, PHASES[number - 1])


def _record(cpu: Processor, region: vmcs.Region, cause: VmExit) -> None:
    """Phase 1 (SDM volume 3, "Recording VM-Exit Information and Updating VM-Entry Control Fields")."""
    write = region.write
    qualification = cause.qualification
    if cause.reason in UNBLOCKING_REASONS and cpu.vectoring is None and nmi_unblocked_by_iret(cpu):
        qualification |= NMI_UNBLOCKED_BY_IRET
    write("exit_reason", cause.reason)
    write("exit_qualification", qualification)
    if cause.linear is not None:
        write("guest_linear_address", cause.linear)
    if cause.physical is not None:
        write("guest_physical_address", cause.physical)
    write("exit_interruption_info", cause.interruption)
    if cause.interruption >> 11 & 1:
        write("exit_interruption_error_code", cause.error)
    length, undefined_length = cause.length, cpu.interrupted_length
    if cpu.vectoring is not None:
        info, error, vectoring_length = cpu.vectoring
        write("idt_vectoring_info", info | VALID)
        if info >> 11 & 1:
            write("idt_vectoring_error_code", error)
        if length is None:
            length, undefined_length = vectoring_length or None, 0
        cpu.vectoring = None
    else:
        write("idt_vectoring_info", 0)
    # Where the manual leaves the length undefined it is the interrupted instruction's, as on the reference emulator.
    write("exit_instruction_length", undefined_length if length is None else length)
    if cause.information is not None:
        write("exit_instruction_info", cause.information)
    write("entry_interruption_info", region.read("entry_interruption_info") & ~VALID)
    cpu.set(EXITS, cpu.reg[EXITS] + 1)
    cpu.mark(ev.VmExit(reason=cause.reason, name=EXIT_REASONS[cause.reason].name, qualification=qualification,
                       vmcs=region.address, vm=cpu.vm_name(region.address), rip=cpu.reg[RIP], length=length))


def _to_host(cpu: Processor, region: vmcs.Region, left: Literal["stopped", "crashed"] | None, nmi: bool) -> None:
    """Phases 4 and 5: the processor becomes what the host-state area says, and the VM is `left` so, None as before."""
    begin(cpu, 4)
    if cpu.reg[OPERATION] == NON_ROOT:
        cpu.set(OPERATION, ROOT)
        cpu.mark(ev.ModeChange(processor=cpu.number, from_="non_root", to="root"))
    cpu.set(TIMER_DEADLINE, NEVER)
    pdptes_are_good = host_state.load(cpu, region)
    if nmi:
        host_state.block_nmis(cpu)
    if left is not None:
        cpu.mark(ev.Vm(vm=cpu.vm_name(region.address), state=left))
    end(cpu, 4)
    if not pdptes_are_good:
        vmx_abort(cpu, region, ABORT_HOST_PDPTES)
        return
    begin(cpu, 5)
    count = region.read("exit_msr_load_count")
    failed, _ = load_msrs(cpu, region.read("exit_msr_load_address"), count)
    end(cpu, 5)
    if count:
        cpu.refresh()
    if failed:
        vmx_abort(cpu, region, ABORT_LOAD_MSRS)


def vmx_abort(cpu: Processor, region: vmcs.Region, indicator: int) -> None:
    """The exit cannot be completed (SDM volume 3, "VMX Aborts"): the indicator says why; nothing runs any more."""
    region.set_abort(indicator)
    cpu.set(ACTIVITY, SHUTDOWN)
    if cpu.reg[OPERATION] == NON_ROOT:
        cpu.set(OPERATION, ROOT)
        cpu.mark(ev.ModeChange(processor=cpu.number, from_="non_root", to="root"))
    cpu.mark(ev.Vm(vm=cpu.vm_name(region.address), state="crashed"))
    cpu.mark(ev.Note(id="vmx_abort", values={"indicator": str(indicator), "vm": cpu.vm_name(region.address)}))
    cpu.refresh()


def store_msrs(cpu: Processor, address: int, count: int) -> int:
    """Store the MSRs that a list names; gives the number of the entry that failed, counted from 1, or 0.

    An entry is 16 bytes: index, reserved, value (SDM volume 3, "Saving MSRs").
    """
    for n in range(count):
        at = address + 16 * n
        index = cpu.memory.read(at, 8)
        if index >> 32 or index in _X2APIC:
            return n + 1
        try:
            value = msr.read(cpu, index)
        except Fault:
            return n + 1
        cpu.write_physical(at + 8, 8, value)
    return 0


def load_msrs(cpu: Processor, address: int, count: int) -> tuple[int, str]:
    """Load the MSRs that a list names; gives the entry that failed, counted from 1, and its broken rule; or (0, "").

    SDM volume 3, "Loading MSRs": not the bases of FS and GS, not those of x2APIC mode, nothing that WRMSR would refuse.
    """
    for n in range(count):
        broken = _load_msr(cpu, address + 16 * n)
        if broken:
            return n + 1, broken
    return 0, ""


def _load_msr(cpu: Processor, at: int) -> str:
    index = cpu.memory.read(at, 8)
    if index & MASK32 in _BASES:
        return "bases"
    if index & MASK32 in _X2APIC:
        return "x2apic"
    if index >> 32:
        return "reserved"
    try:
        msr.write(cpu, index, cpu.memory.read(at + 8, 8))
    except Fault:
        return "refused"
    return ""
