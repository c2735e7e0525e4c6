"""Far JMP and CALL: to code segments directly, through call gates, to tasks.

Rules of SDM volume 3, "Gate Descriptors", "Accessing a Code Segment Through a Call Gate", and of volume 2,
"JMP", "CALL". Far returns are in far_returns.py. A transfer that faults leaves its changes to the step loop to
take back.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from vmviz.machine import task_switch
from vmviz.machine.gates import inner_stack
from vmviz.machine.outcome import GP, NP, TS, Fault
from vmviz.machine.outcome import SS as SS_FAULT
from vmviz.machine.registers import (
    AR_DB,
    AR_L,
    CPL,
    CS_LIMIT,
    CS_RIGHTS,
    CS_SELECTOR,
    EFER,
    EFER_LMA,
    MASK32,
    RIP,
    RSP,
    SS,
    SS_SELECTOR,
    TR,
    segment,
)
from vmviz.machine.segmentation import (
    CALL_GATE,
    CALL_GATE16,
    CONFORMING,
    TASK_GATE,
    TSS16_AVAILABLE,
    TSS_AVAILABLE,
    Descriptor,
    canonical,
    check_code,
    check_target,
    descriptor,
    enter_code,
    enter_code_segment,
    mark_accessed,
    protected,
    set_segment,
    set_unusable,
)
from vmviz.machine.stack import Stack

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor


def jump(cpu: Processor, selector: int, rip: int, bits: int) -> None:
    """JMP ptr16:16, ptr16:32, m16:64; `bits` is the operand size."""
    rip &= (1 << bits) - 1
    if not protected(cpu.reg):
        _jump_real(cpu, selector, rip)
        return
    found = _named(cpu, selector)
    if found.is_code:
        _check_direct(cpu, found)
        rip = check_target(cpu, found, rip)
        enter_code_segment(cpu, found, cpu.reg[CPL], rip)
    elif _is_call_gate(cpu, found):
        code, rip = _through_gate(cpu, found)
        cpl = cpu.reg[CPL]
        if code.dpl > cpl if code.type & CONFORMING else code.dpl != cpl:
            raise Fault(GP, code.selector & ~3)
        check_code(cpu, code)
        rip = check_target(cpu, code, rip)
        enter_code_segment(cpu, code, cpl, rip)
    else:
        _to_task(cpu, found, task_switch.BY_JMP)


def call(cpu: Processor, selector: int, rip: int, bits: int) -> None:
    """CALL ptr16:16, ptr16:32, m16:64; the return address is CS:RIP."""
    rip &= (1 << bits) - 1
    reg = cpu.reg
    if not protected(reg):
        if rip > reg[CS_LIMIT]:
            raise Fault(GP)
        _push_return(cpu, bits)
        _jump_real(cpu, selector, rip)
        return
    found = _named(cpu, selector)
    if found.is_code:
        _check_direct(cpu, found)
        rip = check_target(cpu, found, rip)
        _push_return(cpu, bits)
        enter_code_segment(cpu, found, reg[CPL], rip)
    elif _is_call_gate(cpu, found):
        _call_gate(cpu, found)
    else:
        _to_task(cpu, found, task_switch.BY_CALL)


def _jump_real(cpu: Processor, selector: int, rip: int) -> None:
    reg = cpu.reg
    if rip > reg[CS_LIMIT]:
        raise Fault(GP)
    enter_code(cpu, selector, selector << 4, reg[CS_LIMIT], reg[CS_RIGHTS], reg[CPL], rip)


def _push_return(cpu: Processor, bits: int) -> None:
    stack = Stack.current(cpu)
    stack.push(cpu.reg[CS_SELECTOR], bits >> 3)
    stack.push(cpu.reg[RIP], bits >> 3)
    stack.leave_pointer()


def _named(cpu: Processor, selector: int) -> Descriptor:
    if selector & ~3 == 0:
        raise Fault(GP)
    found = descriptor(cpu, selector)
    if not found.is_system and not found.is_code:
        raise Fault(GP, selector & ~3)
    return found


def _check_direct(cpu: Processor, found: Descriptor) -> None:
    """A transfer without a gate stays at its privilege level."""
    cpl, selector = cpu.reg[CPL], found.selector
    if found.type & CONFORMING:
        if found.dpl > cpl:
            raise Fault(GP, selector & ~3)
    elif selector & 3 > cpl or found.dpl != cpl:
        raise Fault(GP, selector & ~3)
    check_code(cpu, found)


def _is_call_gate(cpu: Processor, found: Descriptor) -> bool:
    if cpu.reg[EFER] & EFER_LMA:
        if found.type != CALL_GATE:
            raise Fault(GP, found.selector & ~3)
        return True
    return found.type in (CALL_GATE, CALL_GATE16)


def _check_gate(cpu: Processor, gate: Descriptor) -> None:
    if max(cpu.reg[CPL], gate.selector & 3) > gate.dpl:
        raise Fault(GP, gate.selector & ~3)
    if not gate.present:
        raise Fault(NP, gate.selector & ~3)


def _through_gate(cpu: Processor, gate: Descriptor) -> tuple[Descriptor, int]:
    """The code segment and RIP that a call gate names."""
    _check_gate(cpu, gate)
    raw = gate.raw
    selector = raw >> 16 & 0xFFFF
    rip = raw & 0xFFFF | (raw >> 32 & 0xFFFF_0000 if gate.type == CALL_GATE else 0)
    wide = cpu.reg[EFER] & EFER_LMA
    if wide:
        upper = cpu.read_system(gate.address + 8, 8)
        if upper >> 40 & 0x1F:
            raise Fault(GP, gate.selector & ~3)
        rip |= (upper & MASK32) << 32
    if selector & ~3 == 0:
        raise Fault(GP)
    code = descriptor(cpu, selector)
    if not code.is_code or code.dpl > cpu.reg[CPL] or (wide and code.rights & (AR_L | AR_DB) != AR_L):
        raise Fault(GP, selector & ~3)
    return code, rip


def _call_gate(cpu: Processor, gate: Descriptor) -> None:
    reg = cpu.reg
    code, rip = _through_gate(cpu, gate)
    check_code(cpu, code)
    rip = check_target(cpu, code, rip)
    wide = bool(reg[EFER] & EFER_LMA)
    size = 8 if wide else 4 if gate.type == CALL_GATE else 2
    cpl = reg[CPL]
    if code.type & CONFORMING or code.dpl == cpl:
        stack = Stack.flat(cpu, reg[RSP], cpl) if wide else Stack.current(cpu)
        new_cpl = cpl
    else:
        new_cpl = code.dpl
        old = Stack.current(cpu)
        values = [reg[SS_SELECTOR], reg[RSP]]
        if wide:
            stack = Stack.flat(cpu, _stack_64(cpu, new_cpl), new_cpl)
        else:
            stack, selector, found = inner_stack(cpu, new_cpl)
            parameters = [old.pop(size) for _ in range(gate.raw >> 32 & 0x1F)]
            values += reversed(parameters)
        for value in values:
            stack.push(value, size)
        if wide:
            set_unusable(cpu, SS, new_cpl, new_cpl)
        else:
            set_segment(cpu, SS, selector, found.base, found.limit, mark_accessed(cpu, found))
    stack.push(reg[CS_SELECTOR], size)
    stack.push(reg[RIP], size)
    stack.leave_pointer()
    enter_code_segment(cpu, code, new_cpl, rip)


def _stack_64(cpu: Processor, cpl: int) -> int:
    reg = cpu.reg
    at = segment(TR, 0)
    if 4 + 8 * cpl + 7 > reg[at + 2]:
        raise Fault(TS, reg[at] & ~3)
    pointer = cpu.read_system(reg[at + 1] + 4 + 8 * cpl, 8)
    if not canonical(pointer):
        raise Fault(SS_FAULT)
    return pointer


def _to_task(cpu: Processor, found: Descriptor, source: int) -> None:
    """A TSS, or a task gate that names one; IA-32e mode has neither."""
    if cpu.reg[EFER] & EFER_LMA or found.type not in (TASK_GATE, TSS_AVAILABLE, TSS16_AVAILABLE):
        raise Fault(GP, found.selector & ~3)
    if max(cpu.reg[CPL], found.selector & 3) > found.dpl:
        raise Fault(GP, found.selector & ~3)
    selector = found.selector
    if found.type == TASK_GATE:
        if not found.present:
            raise Fault(NP, selector & ~3)
        selector = found.raw >> 16 & 0xFFFF
    task_switch.switch(cpu, selector, source)
