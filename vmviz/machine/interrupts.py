"""Between two instructions: which event comes next, in the manual's order.

The step loop calls `boundary` before each instruction that may not simply run on; it takes at most one event:
INIT, MTF exit, debug trap, preemption timer, NMI-window exit, NMI, interrupt-window exit, interrupt,
instruction breakpoint (SDM volume 3, "Prioritization of Concurrent Events"; "Monitor Trap Flag"; "VMX-
Preemption Timer"). `armed` says whether the next instruction needs such a look, `horizon` how many can run
before a timer does. What an instruction leaves behind is in completion.py, how an event is delivered in
delivery.py.

Left out: machine checks, SMI, posted interrupts.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmviz.machine import apic, debug, delivery, reset, signals
from vmviz.machine.delivery import B0_TO_B3, BS, BT
from vmviz.machine.gates import EXCEPTION, EXTERNAL, NMI, OTHER, PRIVILEGED, SOFTWARE, SOFTWARE_EXCEPTION, Event
from vmviz.machine.outcome import DB, Fault, VmExit
from vmviz.machine.outcome import NMI as NMI_VECTOR
from vmviz.machine.registers import (
    ACTIVE,
    ACTIVITY,
    APIC,
    APIC_TIMER_DEADLINE,
    BY_MOV_SS,
    BY_NMI,
    BY_STI,
    DR7,
    HLT,
    IF,
    INIT_PENDING,
    INTERRUPTIBILITY,
    MTF_PENDING,
    NEVER,
    NMI_PENDING,
    OPERATION,
    PENDING_DEBUG,
    RF,
    RFLAGS,
    RIP,
    ROOT,
    SHUTDOWN_PORT,
    SIPI_PENDING,
    TF,
    TIMER_DEADLINE,
    TSC_ADJUST,
    VIRTUAL_NMI_BLOCKING,
    WAIT_FOR_SIPI,
)
from vmviz.machine.vmx import controls, virtual_apic
from vmviz.machine.vmx import exit as vmx_exit

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

_SHADOWS: Final = BY_STI | BY_MOV_SS
_NMI_EXIT: Final = 1 << 31 | NMI << 8 | NMI_VECTOR
EXTERNAL_INTERRUPT, INIT_SIGNAL, START_UP_IPI, INTERRUPT_WINDOW, NMI_WINDOW, MONITOR_TRAP, TIMER = 1, 3, 4, 7, 8, 37, 52


# ---- one event before an instruction

def boundary(cpu: Processor) -> bool:
    """Take the event that comes before the next instruction, if there is one; the step then is that event."""
    reg = cpu.reg
    apic.tick(cpu)
    activity, shadow = reg[ACTIVITY], reg[INTERRUPTIBILITY] & _SHADOWS
    if activity == WAIT_FOR_SIPI:
        return _start_up(cpu)
    if reg[INIT_PENDING] and reg[OPERATION] != ROOT:
        return _init(cpu)
    if cpu.non_root and reg[MTF_PENDING]:
        cpu.set(MTF_PENDING, 0)
        return _exit(cpu, VmExit(MONITOR_TRAP))
    pending = reg[PENDING_DEBUG]
    if pending and not shadow & BY_MOV_SS:
        cpu.set(PENDING_DEBUG, 0)
        if pending & (debug.ENABLED | BS | BT):
            return _deliver(cpu, Event(DB, EXCEPTION, debug=pending & (B0_TO_B3 | BS | BT)))
    if cpu.non_root and cpu.now() >= reg[TIMER_DEADLINE]:
        return _exit(cpu, VmExit(TIMER))
    words = cpu.controls.primary
    if words & controls.NMI_WINDOW_EXITING and not reg[VIRTUAL_NMI_BLOCKING] and not shadow & BY_MOV_SS:
        return _exit(cpu, VmExit(NMI_WINDOW))
    if _nmi_is_due(cpu) and not shadow & BY_MOV_SS:
        cpu.set(NMI_PENDING, 0)
        if cpu.controls.pin & controls.NMI_EXITING:
            return _exit(cpu, VmExit(delivery.EXCEPTION_OR_NMI, interruption=_NMI_EXIT))
        return _deliver(cpu, Event(NMI_VECTOR, NMI))
    if activity in (ACTIVE, HLT) and not shadow:
        if words & controls.INTERRUPT_WINDOW_EXITING and reg[RFLAGS] & IF:
            return _exit(cpu, VmExit(INTERRUPT_WINDOW))
        if _interrupt(cpu):
            return True
    if activity == ACTIVE and not shadow & BY_MOV_SS:
        hits = debug.at_instruction(cpu)
        if hits:
            return _deliver(cpu, Event(DB, EXCEPTION, debug=hits))
    return False


def _exit(cpu: Processor, cause: VmExit) -> bool:
    """A VM exit that no instruction causes; the activity state is saved as it is."""
    vmx_exit.vm_exit(cpu, cause)
    return True


def _deliver(cpu: Processor, event: Event) -> bool:
    delivery.deliver(cpu, event)
    _trap_after_delivery(cpu)
    return True


def _trap_after_delivery(cpu: Processor) -> None:
    """The monitor trap flag also counts the delivery of an event."""
    if cpu.non_root and cpu.controls.primary & controls.MONITOR_TRAP_FLAG:
        cpu.set(MTF_PENDING, 1)
    cpu.attention = True


def _interrupt(cpu: Processor) -> bool:
    """A maskable interrupt: external, or virtual (SDM volume 3, "Virtual-Interrupt Delivery")."""
    enabled = cpu.reg[RFLAGS] & IF
    vector = apic.pending(cpu)
    if vector >= 0 and cpu.controls.pin & controls.EXTERNAL_INTERRUPT_EXITING:      # whatever IF is
        interruption = 0
        if cpu.controls.exit & controls.ACKNOWLEDGE_INTERRUPT:
            interruption = 1 << 31 | EXTERNAL << 8 | apic.acknowledge(cpu)
        return _exit(cpu, VmExit(EXTERNAL_INTERRUPT, interruption=interruption))
    if vector >= 0 and enabled:
        return _deliver(cpu, Event(apic.acknowledge(cpu), EXTERNAL))
    if enabled and cpu.non_root and virtual_apic.pending(cpu):
        return _deliver(cpu, Event(virtual_apic.deliver(cpu), EXTERNAL))
    return False


def _nmi_is_due(cpu: Processor) -> bool:
    return bool(cpu.reg[NMI_PENDING]) and not cpu.reg[INTERRUPTIBILITY] & BY_NMI


def _init(cpu: Processor) -> bool:
    """INIT: a VM exit in a guest, a reset outside VMX operation; VMX root operation blocks it."""
    cpu.set(INIT_PENDING, 0)
    if cpu.non_root:
        return _exit(cpu, VmExit(INIT_SIGNAL))
    reset.init(cpu)
    return True


def _start_up(cpu: Processor) -> bool:
    """Wait-for-SIPI: nothing but a start-up IPI ends it."""
    vector = cpu.reg[SIPI_PENDING] & 0xFF
    if not cpu.reg[SIPI_PENDING]:
        return False
    cpu.set(SIPI_PENDING, 0)
    if cpu.non_root:
        return _exit(cpu, VmExit(START_UP_IPI, vector))
    reset.start_up(cpu, vector)
    return True


# ---- when to look, and how far time may run

def armed(cpu: Processor) -> bool:
    """Must the step loop look at events before the next instruction?"""
    reg, words = cpu.reg, cpu.controls
    flags = reg[RFLAGS]
    if flags & (TF | RF) or reg[ACTIVITY] != ACTIVE or reg[INTERRUPTIBILITY] & _SHADOWS or reg[PENDING_DEBUG]:
        return True
    if reg[MTF_PENDING] or _nmi_is_due(cpu) or reg[SHUTDOWN_PORT] >= len("Shutdown") or debug.armed(reg[DR7]):
        return True
    if reg[INIT_PENDING] and reg[OPERATION] != ROOT:
        return True
    if words.primary & (controls.MONITOR_TRAP_FLAG | controls.NMI_WINDOW_EXITING):
        return True
    if _window_or_virtual_interrupt(cpu):
        return True
    return _interrupt_can_come(cpu) and apic.pending(cpu) >= 0


def _window_or_virtual_interrupt(cpu: Processor) -> bool:
    """Does IF = 1 let an interrupt-window exit or a virtual interrupt come?"""
    if not cpu.non_root or not cpu.reg[RFLAGS] & IF:
        return False
    return bool(cpu.controls.primary & controls.INTERRUPT_WINDOW_EXITING or virtual_apic.pending(cpu))


def _interrupt_can_come(cpu: Processor) -> bool:
    """Would the processor take an external interrupt now?"""
    return bool(cpu.reg[RFLAGS] & IF or cpu.controls.pin & controls.EXTERNAL_INTERRUPT_EXITING)


def horizon(cpu: Processor) -> int:
    """How many steps may be made before a timer runs out."""
    reg = cpu.reg
    deadline = min(reg[APIC_TIMER_DEADLINE], reg[TIMER_DEADLINE]) if cpu.non_root else reg[APIC_TIMER_DEADLINE]
    return max(deadline - _next_time(cpu), 0)


def _next_time(cpu: Processor) -> int:
    """The time-stamp counter in the next step."""
    return cpu.reg[TSC_ADJUST] + cpu.base_step + len(cpu.rips)


def can_wake(cpu: Processor) -> bool:
    """Can anything that is pending, or a timer that is set, end the processor's inactive state?"""
    return wakes_in(cpu) != NEVER


def wakes_in(cpu: Processor) -> int:
    """In how many ticks that happens if nobody sends it anything: 0 for the next step, NEVER for not at all."""
    reg, words = cpu.reg, cpu.controls
    if reg[ACTIVITY] == WAIT_FOR_SIPI:
        return 0 if reg[SIPI_PENDING] else NEVER
    if (reg[INIT_PENDING] and reg[OPERATION] != ROOT) or _nmi_is_due(cpu) or reg[PENDING_DEBUG]:
        return 0
    if cpu.non_root and reg[MTF_PENDING]:
        return 0
    if words.primary & controls.NMI_WINDOW_EXITING and not reg[VIRTUAL_NMI_BLOCKING]:
        return 0
    deadline = reg[TIMER_DEADLINE] if cpu.non_root else NEVER
    if reg[ACTIVITY] == HLT:
        if _window_or_virtual_interrupt(cpu):
            return 0
        if _interrupt_can_come(cpu):
            if apic.pending(cpu) >= 0:
                return 0
            if _timer_can_interrupt(cpu):
                deadline = min(deadline, reg[APIC_TIMER_DEADLINE])
    return NEVER if deadline == NEVER else max(0, deadline - _next_time(cpu))


def _timer_can_interrupt(cpu: Processor) -> bool:
    """Will the local APIC's timer, when it fires, make an interrupt that is delivered?"""
    reg = cpu.reg
    entry = reg[APIC + (apic.LVT_TIMER >> 4)]
    return (reg[APIC_TIMER_DEADLINE] != NEVER and not entry & apic.MASKED
            and entry >> 4 & 0xF > apic.processor_priority(cpu) >> 4)


def pass_time(cpu: Processor) -> None:
    """No processor runs: the clock jumps to where the next timer runs out or the next signal comes from outside."""
    board = cpu.board
    jump = min(signals.until_next(board), *map(wakes_in, board.processors))
    if 0 < jump < NEVER:
        board.jump(jump)


# ---- events of instructions and of VM entries

def deliver_fault(cpu: Processor, fault: Fault) -> None:
    """Deliver the exception that the instruction under way raised; RIP is the instruction's again."""
    delivery.of_instruction(cpu, fault)
    _trap_after_delivery(cpu)


def software_interrupt(cpu: Processor, vector: int, kind: int, length: int) -> None:
    """INT n (SOFTWARE), INT1 (PRIVILEGED), INT3 and INTO (SOFTWARE_EXCEPTION), within the instruction."""
    delivery.software(cpu, Event(vector, kind, None, length))


def inject(cpu: Processor, information: int, error: int, length: int) -> None:
    """Phase 6 of a VM entry: deliver the event that the VMM asks for (SDM volume 3, "Event Injection").

    `information` is the VM-entry interruption-information field, valid bit included; `length` the VM-entry
    instruction length, for software events. Type 7 (other event) makes an MTF VM exit pending.
    """
    kind = information >> 8 & 7
    if kind == OTHER:
        cpu.set(MTF_PENDING, 1)
        cpu.attention = True
        return
    by_software = kind in (SOFTWARE, PRIVILEGED, SOFTWARE_EXCEPTION)
    event = Event(information & 0xFF, kind, error if information >> 11 & 1 else None, length if by_software else 0)
    origin = cpu.reg[RIP]
    if by_software:
        cpu.set(RIP, origin + length & ((1 << cpu.bits) - 1))
    delivery.deliver(cpu, event, injected=True, origin=origin)
    _trap_after_delivery(cpu)
