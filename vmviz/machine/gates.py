"""Through the interrupt table: from an event to the first instruction of its handler.

`enter` reads the vector's entry by the mode the processor is in (real-address: four bytes of the interrupt
vector table; protected and virtual-8086: a gate of eight bytes; IA-32e: sixteen), checks it, switches stacks
when the privilege or an IST entry asks for it, pushes the return frame and loads CS:RIP (SDM volume 3,
"Interrupt and Exception Handling"). It raises Fault for what it meets on the way; delivery.py decides what
follows from that, and takes the changes back.

Left out: the virtual-8086 mode extensions (CR4.VME).
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vmviz.machine import task_switch
from vmviz.machine.outcome import GP, NP, TS, Fault
from vmviz.machine.outcome import SS as SS_FAULT
from vmviz.machine.registers import (
    AC,
    AR_DB,
    AR_L,
    CPL,
    CR0,
    CR0_PE,
    CS_LIMIT,
    CS_RIGHTS,
    CS_SELECTOR,
    DS,
    EFER,
    EFER_LMA,
    ES,
    FS,
    GS,
    IDTR_BASE,
    IDTR_LIMIT,
    IF,
    MASK32,
    NT,
    RF,
    RFLAGS,
    RIP,
    RSP,
    SS,
    SS_SELECTOR,
    TF,
    TR,
    VM,
    segment,
)
from vmviz.machine.segmentation import (
    CONFORMING,
    INTERRUPT_GATE,
    INTERRUPT_GATE16,
    TASK_GATE,
    TRAP_GATE,
    TRAP_GATE16,
    Descriptor,
    canonical,
    check_code,
    check_target,
    descriptor,
    enter_code,
    enter_code_segment,
    mark_accessed,
    set_segment,
    set_unusable,
    stack_descriptor,
)
from vmviz.machine.stack import Stack

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

EXTERNAL, _RESERVED, NMI, EXCEPTION, SOFTWARE, PRIVILEGED, SOFTWARE_EXCEPTION, OTHER = range(8)
IN_TABLE: Final = 2                                     # error-code bit: the selector index is an index into the IDT


class Event(NamedTuple):
    """An event to deliver: `kind` is the interruption type of the VMCS; `error` None pushes no error code.

    `length`: the instruction's, for events that INT n, INT1, INT3 and INTO make; `address`: CR2 of a page fault;
    `debug`: the bits that a debug exception leaves in DR6.
    """

    vector: int
    kind: int
    error: int | None = None
    length: int = 0
    address: int = 0
    debug: int = 0

    @property
    def information(self) -> int:
        """The event in the format of the VM-exit interruption-information field."""
        return 1 << 31 | (self.error is not None) << 11 | self.kind << 8 | self.vector


def enter(cpu: Processor, event: Event) -> None:
    """Go to the event's handler. Raises Fault for what is wrong on the way, VmExit for what a guest's VMM wants."""
    reg = cpu.reg
    if not reg[CR0] & CR0_PE:
        _enter_real(cpu, event)
    elif reg[EFER] & EFER_LMA:
        _enter_64(cpu, event)
    else:
        _enter_32(cpu, event)


def _enter_real(cpu: Processor, event: Event) -> None:
    reg = cpu.reg
    if 4 * event.vector + 3 > reg[IDTR_LIMIT]:
        raise Fault(GP, event.vector << 3 | IN_TABLE)
    stack = Stack.current(cpu)
    for value in (reg[RFLAGS], reg[CS_SELECTOR], reg[RIP]):
        stack.push(value, 2)
    target = cpu.read_system(reg[IDTR_BASE] + 4 * event.vector & MASK32, 4)     # a stack may lie over the table
    selector, rip = target >> 16, target & 0xFFFF
    if rip > reg[CS_LIMIT]:                             # not in the manual's pseudocode; the reference emulator's rule
        raise Fault(GP)
    stack.leave_pointer()
    cpu.set_rflags(reg[RFLAGS] & ~(IF | TF | RF | AC))
    enter_code(cpu, selector, selector << 4, reg[CS_LIMIT], reg[CS_RIGHTS], 0, rip)


def _gate_error(event: Event) -> int:
    return event.vector << 3 | IN_TABLE


def _check_gate(cpu: Processor, event: Event, gate: Descriptor, allowed: tuple[int, ...]) -> None:
    """Type, privilege of software interrupts, presence."""
    if gate.type not in allowed or not gate.is_system:
        raise Fault(GP, _gate_error(event))
    if event.kind in (SOFTWARE, SOFTWARE_EXCEPTION) and gate.dpl < cpu.reg[CPL]:
        raise Fault(GP, _gate_error(event))
    if not gate.present:
        raise Fault(NP, _gate_error(event))


def _target(cpu: Processor, selector: int) -> Descriptor:
    """The handler's code segment."""
    if selector & ~3 == 0:
        raise Fault(GP)
    found = descriptor(cpu, selector)
    if not found.is_code or found.dpl > cpu.reg[CPL]:
        raise Fault(GP, selector & ~3)
    check_code(cpu, found)
    return found


# ---- IA-32e mode

def _enter_64(cpu: Processor, event: Event) -> None:
    reg = cpu.reg
    if 16 * event.vector + 15 > reg[IDTR_LIMIT]:
        raise Fault(GP, _gate_error(event))
    raw = cpu.read_system(reg[IDTR_BASE] + 16 * event.vector, 16)
    gate = Descriptor(raw >> 16 & 0xFFFF, 0, raw)
    _check_gate(cpu, event, gate, (INTERRUPT_GATE, TRAP_GATE))
    code = _target(cpu, gate.selector)
    if code.rights & (AR_L | AR_DB) != AR_L:
        raise Fault(GP, gate.selector & ~3)
    rip = raw & 0xFFFF | raw >> 32 & 0xFFFF_0000 | (raw >> 64 & MASK32) << 32
    cpl = reg[CPL]
    new_cpl = cpl if code.type & CONFORMING else code.dpl
    ist = raw >> 32 & 7
    if ist:
        pointer = _stack_64(cpu, 0x1C + 8 * ist)
    elif new_cpl < cpl:
        pointer = _stack_64(cpu, 4 + 8 * new_cpl)
    else:
        pointer = reg[RSP]
    if not canonical(rip):
        raise Fault(GP)
    stack = Stack.flat(cpu, pointer & ~0xF, new_cpl)
    for value in (reg[SS_SELECTOR], reg[RSP], reg[RFLAGS], reg[CS_SELECTOR], reg[RIP]):
        stack.push(value, 8)
    if event.error is not None:
        stack.push(event.error, 8)
    if new_cpl < cpl:
        set_unusable(cpu, SS, new_cpl, new_cpl)
    cpu.set_rflags(reg[RFLAGS] & ~(TF | NT | RF | VM | (IF if gate.type == INTERRUPT_GATE else 0)))
    stack.leave_pointer()
    enter_code_segment(cpu, code, new_cpl, rip)


def _stack_64(cpu: Processor, offset: int) -> int:
    """RSPn or ISTn of the 64-bit TSS."""
    reg = cpu.reg
    at = segment(TR, 0)
    if offset + 7 > reg[at + 2]:
        raise Fault(TS, reg[at] & ~3)
    pointer = cpu.read_system(reg[at + 1] + offset, 8)
    if not canonical(pointer):
        raise Fault(SS_FAULT)
    return pointer


# ---- protected mode outside IA-32e mode, virtual-8086 mode included

def _enter_32(cpu: Processor, event: Event) -> None:
    reg = cpu.reg
    if 8 * event.vector + 7 > reg[IDTR_LIMIT]:
        raise Fault(GP, _gate_error(event))
    raw = cpu.read_system(reg[IDTR_BASE] + 8 * event.vector & MASK32, 8)
    gate = Descriptor(raw >> 16 & 0xFFFF, 0, raw)
    _check_gate(cpu, event, gate, (TASK_GATE, INTERRUPT_GATE16, TRAP_GATE16, INTERRUPT_GATE, TRAP_GATE))
    if gate.type == TASK_GATE:
        task_switch.switch(cpu, gate.selector, task_switch.BY_GATE, event.error)
        return
    wide = gate.type in (INTERRUPT_GATE, TRAP_GATE)
    size = 4 if wide else 2
    rip = raw & 0xFFFF | (raw >> 32 & 0xFFFF_0000 if wide else 0)
    code = _target(cpu, gate.selector)
    cpl, flags, virtual = reg[CPL], reg[RFLAGS], reg[RFLAGS] & VM
    new_cpl = cpl if code.type & CONFORMING else code.dpl
    if virtual and new_cpl != 0:
        raise Fault(GP, gate.selector & ~3)
    rip = check_target(cpu, code, rip)
    if new_cpl < cpl:
        stack, selector, found = inner_stack(cpu, new_cpl)
        frame = [reg[SS_SELECTOR], reg[RSP], flags, reg[CS_SELECTOR], reg[RIP]]
        if virtual:
            frame[:0] = [reg[segment(index, 0)] for index in (GS, FS, DS, ES)]
    else:
        stack = Stack.current(cpu)
        frame = [flags, reg[CS_SELECTOR], reg[RIP]]
    for value in frame:
        stack.push(value, size)
    if event.error is not None:
        stack.push(event.error, size)
    clear = TF | NT | RF | VM | (IF if gate.type in (INTERRUPT_GATE, INTERRUPT_GATE16) else 0)
    if new_cpl < cpl:
        set_segment(cpu, SS, selector, found.base, found.limit, mark_accessed(cpu, found))
        if virtual:
            for index in (GS, FS, DS, ES):
                set_unusable(cpu, index, 0)
    cpu.set_rflags(flags & ~clear)
    stack.leave_pointer()
    enter_code_segment(cpu, code, new_cpl, rip)


def inner_stack(cpu: Processor, cpl: int) -> tuple[Stack, int, Descriptor]:
    """The stack that the TSS names for privilege `cpl`: with its selector and descriptor. Raises #TS, #SS."""
    reg = cpu.reg
    at = segment(TR, 0)
    size = 4 if reg[at + 3] & 8 else 2
    offset = size + 2 * size * cpl
    if offset + size + 1 > reg[at + 2]:
        raise Fault(TS, reg[at] & ~3)
    pointer = cpu.read_system(reg[at + 1] + offset & MASK32, size)
    selector = cpu.read_system(reg[at + 1] + offset + size & MASK32, 2)
    if selector & ~3 == 0:
        raise Fault(TS, selector & ~3)
    found = stack_descriptor(cpu, selector, cpl, TS)
    return Stack(cpu, found.base, found.limit, found.rights, pointer, cpl), selector, found
