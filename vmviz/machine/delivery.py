"""Delivering events: exceptions, interrupts and injected events, with what an exception on the way turns them
into.

`deliver` takes one event to its end: its handler's first instruction, a VM exit, or shutdown. In non-root
operation an exception first meets the exception bitmap. When an exception arises during delivery, what the
delivery has changed is taken back, and the two make a second event: served one after the other, a double fault,
or a triple fault (SDM volume 3, "Interrupt 8—Double Fault Exception", "Conditions for Generating a Double
Fault").

While an event is under way `cpu.vectoring` holds it, so that a VM exit records it as IDT-vectoring information.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmviz import events as ev
from vmviz.machine import gates
from vmviz.machine.gates import EXCEPTION, EXTERNAL, NMI, OTHER, PRIVILEGED, SOFTWARE, SOFTWARE_EXCEPTION, Event
from vmviz.machine.outcome import (
    AC,
    CONTRIBUTORY,
    DB,
    DF,
    PAGE_FAULTS,
    PF,
    PUSHES_ERROR_CODE,
    Fault,
    OutsideModel,
    VmExit,
)
from vmviz.machine.registers import (
    ACTIVE,
    ACTIVITY,
    BY_MOV_SS,
    BY_NMI,
    BY_STI,
    CR0,
    CR0_PE,
    CR2,
    DEBUGCTL,
    DR6,
    DR7,
    INTERRUPTIBILITY,
    PENDING_DEBUG,
    RF,
    RFLAGS,
    RIP,
    SHUTDOWN,
    VIRTUAL_NMI_BLOCKING,
)
from vmviz.machine.undo import take_back
from vmviz.machine.vmx import controls, ept
from vmviz.machine.vmx import exit as vmx_exit

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

EXCEPTION_OR_NMI, TRIPLE_FAULT = 0, 2
NMI_UNBLOCKED_BY_IRET: Final = 1 << 12
B0_TO_B3, BD, BS, BT, RTM = 0xF, 1 << 13, 1 << 14, 1 << 15, 1 << 16
DR7_GD: Final = 1 << 13
_SHADOWS: Final = BY_STI | BY_MOV_SS
_SOURCES: Final[dict[int, str]] = {EXTERNAL: "external", NMI: "nmi", SOFTWARE: "software"}


def of_fault(cpu: Processor, fault: Fault, debug: int = 0) -> Event:
    """The event that an exception is; it has an error code in protected mode only."""
    with_error = fault.vector in PUSHES_ERROR_CODE and cpu.reg[CR0] & CR0_PE
    return Event(fault.vector, EXCEPTION, fault.error if with_error else None, 0, fault.address, debug)


def deliver(cpu: Processor, event: Event, injected: bool = False, origin: int | None = None) -> None:
    """Deliver an event that is not part of an instruction under way.

    `injected`: by a VM entry, so that the event itself causes no exit.

    RIP already is what the handler shall return to; `origin` is the RIP to go back to when the delivery fails.
    """
    may_exit = not injected
    rip = cpu.reg[RIP] if origin is None else origin
    unaligned = event.vector == AC and event.kind == EXCEPTION
    while True:
        if may_exit and exits(cpu, event):
            exit_for(cpu, event)
            return
        _prepare(cpu, event, injected)
        start = len(cpu.journal)
        cpu.vectoring = event.information, event.error or 0, event.length
        try:
            gates.enter(cpu, event)
        except Fault as second:
            _back(cpu, start, rip)
            _tell(cpu, event, rip, injected)
            met = _met_during(cpu, event, second)
            if cpu.non_root and exits(cpu, met):        # before the two make a double fault
                exit_for(cpu, met)
                return
            if met.vector == AC and unaligned:          # benign: no double fault ends it, and no event comes between
                raise OutsideModel("an alignment check whose delivery meets another, without end", rip) from None
            unaligned = unaligned or met.vector == AC
            if met.vector == PF:                        # CR2 tells of the last one, whatever becomes of the two
                cpu.set(CR2, met.address)
            following = combine(cpu, event, met)
            if following is None:
                cpu.vectoring = None
                triple_fault(cpu)
                return
            if following.vector == DF:
                cpu.vectoring = None                    # an exit for the double fault itself is not one during delivery
            event, may_exit, injected = following, True, False
        except VmExit as cause:
            _back(cpu, start, rip)
            vmx_exit.vm_exit(cpu, cause, injected)
            cpu.vectoring = None
            return
        else:
            cpu.vectoring = None
            _tell(cpu, event, rip, injected)
            return


def software(cpu: Processor, event: Event) -> None:
    """INT n, INT1, INT3, INTO: deliver as part of the instruction; what is met on the way unwinds the instruction."""
    if exits(cpu, event):
        raise VmExit(EXCEPTION_OR_NMI, event.debug, interruption=event.information, length=event.length)
    if event.vector == DB:
        _update_dr6(cpu, event.debug)
    if cpu.reg[RFLAGS] & RF:
        cpu.set(RFLAGS, cpu.reg[RFLAGS] & ~RF)          # at the start of a software interrupt: pushed as 0
    rip = cpu.rips[-1]
    cpu.vectoring = event.information, 0, event.length
    gates.enter(cpu, event)                             # a fault or exit leaves `vectoring` for those who deliver it
    cpu.vectoring = None
    _tell(cpu, event, rip, False)


def of_instruction(cpu: Processor, fault: Fault) -> None:
    """Deliver the exception that an instruction raised: a fault, RIP at the instruction."""
    if isinstance(fault, ept.VirtualizationException):
        fault.record(cpu)
    event = of_fault(cpu, fault, debug=fault.address if fault.vector == DB else 0)
    if cpu.vectoring is not None and cpu.vectoring[0] >> 8 & 7 == PRIVILEGED and event.error is not None:
        event = event._replace(error=event.error | 1)
    deliver(cpu, event)
    cpu.vectoring = None


def exits(cpu: Processor, event: Event) -> bool:
    """Does an exception cause a VM exit by the exception bitmap (SDM volume 3, "Exception Bitmap")?"""
    words = cpu.controls
    if not cpu.non_root or event.kind not in (EXCEPTION, PRIVILEGED, SOFTWARE_EXCEPTION):
        return False
    if event.vector == PF:
        return words.page_fault_exits(event.error or 0)
    return bool(words.exception_bitmap >> event.vector & 1)


def exit_for(cpu: Processor, event: Event) -> None:
    """The VM exit that an exception causes; CR2 and DR6 keep their values."""
    if _is_fault(event):
        cpu.set(RFLAGS, cpu.reg[RFLAGS] | RF)           # as the pushed image would have it
    information = event.information
    if event.vector != DF and vmx_exit.nmi_unblocked_by_iret(cpu):
        information |= NMI_UNBLOCKED_BY_IRET
    qualification = event.address if event.vector == PF else event.debug if event.vector == DB else 0
    vmx_exit.vm_exit(cpu, VmExit(EXCEPTION_OR_NMI, qualification, interruption=information, error=event.error or 0,
                                 length=event.length or None))
    cpu.vectoring = None


def _met_during(cpu: Processor, first: Event, second: Fault) -> Event:
    """The exception met during the delivery of an event; its error code tells of events from outside the program."""
    event = of_fault(cpu, second)
    external = first.kind not in (SOFTWARE, SOFTWARE_EXCEPTION)
    if external and event.error is not None and event.vector not in (AC, PF):       # that of #AC is 0 always
        event = event._replace(error=event.error | 1)
    return event


def combine(cpu: Processor, first: Event, second: Event) -> Event | None:
    """What an exception during the delivery of an event makes of the two; None for a triple fault."""
    serious = second.vector in CONTRIBUTORY or second.vector in PAGE_FAULTS
    if first.kind == EXCEPTION:
        if first.vector == DF and serious:
            return None
        both_contributory = first.vector in CONTRIBUTORY and second.vector in CONTRIBUTORY
        if both_contributory or (first.vector in PAGE_FAULTS and serious):
            return Event(DF, EXCEPTION, 0 if cpu.reg[CR0] & CR0_PE else None)
    return second


def triple_fault(cpu: Processor) -> None:
    """An exception during the delivery of a double fault: VM exit 2 in a guest, else shutdown."""
    if cpu.non_root:
        vmx_exit.vm_exit(cpu, VmExit(TRIPLE_FAULT))
        return
    cpu.set(ACTIVITY, SHUTDOWN)
    cpu.mark(ev.Note(id="triple_fault", values={"rip": f"{cpu.reg[RIP]:x}"}))
    cpu.mark(ev.Halt(processor=cpu.number))
    cpu.attention = True


def _is_fault(event: Event) -> bool:
    """Does the pushed RFLAGS image get RF = 1: an exception of class fault, debug exceptions aside?"""
    return event.kind == EXCEPTION and event.vector != DB


def _prepare(cpu: Processor, event: Event, injected: bool) -> None:
    """What an event changes before its gate is looked at, and keeps even when its delivery fails."""
    reg = cpu.reg
    if reg[INTERRUPTIBILITY] & _SHADOWS:
        cpu.set(INTERRUPTIBILITY, reg[INTERRUPTIBILITY] & ~_SHADOWS)
    if reg[ACTIVITY] != ACTIVE:
        cpu.set(ACTIVITY, ACTIVE)
    if event.kind == NMI:
        if cpu.non_root and cpu.controls.pin & controls.VIRTUAL_NMIS:
            cpu.set(VIRTUAL_NMI_BLOCKING, 1)
        else:
            cpu.set(INTERRUPTIBILITY, reg[INTERRUPTIBILITY] | BY_NMI)
    if injected:
        return
    if event.vector == PF and event.kind == EXCEPTION:
        cpu.set(CR2, event.address)
    elif event.vector == DB and event.kind in (EXCEPTION, PRIVILEGED):
        _update_dr6(cpu, event.debug)
    if _is_fault(event):
        cpu.set(RFLAGS, reg[RFLAGS] | RF)


def _update_dr6(cpu: Processor, debug: int) -> None:
    """A debug exception tells why in DR6, and opens the debug registers and stops branch records.

    Whether INT1, which has no reason to tell, clears B3 to B0 the manual leaves open: not on the reference emulator.
    """
    cpu.set(DR6, cpu.reg[DR6] & ~(B0_TO_B3 if debug else 0) | debug & (B0_TO_B3 | BD | BS | BT))
    cpu.set(DR7, cpu.reg[DR7] & ~DR7_GD)
    cpu.set(DEBUGCTL, cpu.reg[DEBUGCTL] & ~3)
    cpu.set(PENDING_DEBUG, 0)


def _back(cpu: Processor, start: int, rip: int) -> None:
    take_back(cpu, start)
    cpu.reg[RIP] = rip


def _tell(cpu: Processor, event: Event, rip: int, injected: bool) -> None:
    if injected and event.kind != OTHER:
        cpu.mark(ev.Interrupt(vector=event.vector, source="injected"))
    elif event.kind in _SOURCES:
        source = _SOURCES[event.kind]
        cpu.mark(ev.Interrupt(vector=event.vector, source=source))  # type: ignore[arg-type]
    else:
        cpu.mark(ev.FaultEvent(vector=event.vector, error=event.error, rip=rip))
