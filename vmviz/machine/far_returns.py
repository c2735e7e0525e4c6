"""Far RET and IRET: back to the same privilege, to an outer one, to virtual-8086 mode, to the task before.

Rules of SDM volume 2, "RET" and "IRET". IRET also ends the blocking of NMIs, even when it faults afterwards:
that change is committed before anything can go wrong.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmviz.machine import task_switch
from vmviz.machine.outcome import GP, Fault
from vmviz.machine.registers import (
    AC,
    AF,
    AR_DPL,
    AR_L,
    BY_NMI,
    CF,
    CPL,
    CR0,
    CR0_PE,
    CS_LIMIT,
    CS_RIGHTS,
    DF,
    DS,
    EFER,
    EFER_LMA,
    ES,
    FS,
    GS,
    ID,
    IF,
    INTERRUPTIBILITY,
    IOPL,
    NT,
    OF,
    PF,
    RF,
    RFLAGS,
    SF,
    SS,
    TF,
    TR,
    VIF,
    VIP,
    VIRTUAL_NMI_BLOCKING,
    VM,
    ZF,
    segment,
)
from vmviz.machine.segmentation import (
    CODE,
    CONFORMING,
    UNUSABLE,
    Descriptor,
    check_code,
    check_target,
    descriptor,
    enter_code,
    enter_code_segment,
    mark_accessed,
    protected,
    set_segment,
    set_unusable,
    stack_descriptor,
)
from vmviz.machine.stack import Stack
from vmviz.machine.vmx import controls

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

ALWAYS: Final = CF | PF | AF | ZF | SF | TF | DF | OF | NT | RF | AC | ID


def far_return(cpu: Processor, bits: int, release: int) -> None:
    """RET far: pop RIP and CS, then drop `release` bytes of parameters."""
    size = bits >> 3
    stack = Stack.current(cpu)
    rip, selector = stack.pop_frame(size, 2)
    selector &= 0xFFFF
    stack.pointer = stack.pointer + release & stack.mask
    if not protected(cpu.reg):
        if rip > cpu.reg[CS_LIMIT]:
            raise Fault(GP)
        stack.leave_pointer()
        enter_code(cpu, selector, selector << 4, cpu.reg[CS_LIMIT], cpu.reg[CS_RIGHTS], cpu.reg[CPL], rip)
        return
    found = _return_code(cpu, selector)
    if selector & 3 == cpu.reg[CPL]:
        rip = check_target(cpu, found, rip)
        stack.leave_pointer()
        enter_code_segment(cpu, found, selector & 3, rip)
        return
    pointer, stack_selector = stack.pop_frame(size, 2)
    _outward(cpu, found, rip, stack_selector & 0xFFFF, pointer, release)


def interrupt_return(cpu: Processor, bits: int) -> None:
    """IRET, IRETD, IRETQ; `bits` is the operand size."""
    reg = cpu.reg
    _unblock_nmis(cpu)
    if not reg[CR0] & CR0_PE or reg[RFLAGS] & VM:
        _iret_real(cpu, bits)
    elif reg[RFLAGS] & NT:
        if reg[EFER] & EFER_LMA:
            raise Fault(GP)
        task_switch.switch(cpu, cpu.read_system(reg[segment(TR, 1)], 2), task_switch.BY_IRET)
    else:
        _iret_protected(cpu, bits)


def _unblock_nmis(cpu: Processor) -> None:
    """IRET ends the blocking of NMIs (SDM volume 3, "Changes to Instruction Behavior in VMX Non-Root Operation")."""
    pin = cpu.controls.pin
    if pin & controls.VIRTUAL_NMIS:
        slot, value = VIRTUAL_NMI_BLOCKING, 0
    elif pin & controls.NMI_EXITING:
        return
    else:
        slot, value = INTERRUPTIBILITY, cpu.reg[INTERRUPTIBILITY] & ~BY_NMI
    if cpu.reg[slot] != value:
        cpu.set(slot, value)
        cpu.commit = len(cpu.journal)
        cpu.attention = True


def _iret_real(cpu: Processor, bits: int) -> None:
    reg = cpu.reg
    virtual = reg[RFLAGS] & VM
    if virtual and reg[RFLAGS] & IOPL != IOPL:
        raise Fault(GP)
    size = bits >> 3
    stack = Stack.current(cpu)
    rip, selector, flags = stack.pop(size), stack.pop(size) & 0xFFFF, stack.pop(size)
    if rip > reg[CS_LIMIT]:
        raise Fault(GP)
    mask = ALWAYS | IF | (0 if virtual else IOPL)
    stack.leave_pointer()
    _set_flags(cpu, flags, mask, bits)
    enter_code(cpu, selector, selector << 4, reg[CS_LIMIT], reg[CS_RIGHTS], reg[CPL], rip)


def _iret_protected(cpu: Processor, bits: int) -> None:
    reg = cpu.reg
    size, cpl = bits >> 3, reg[CPL]
    stack = Stack.current(cpu)
    rip, selector, flags = stack.pop_frame(size, 3)
    selector &= 0xFFFF
    if flags & VM and bits == 32 and cpl == 0 and not reg[EFER] & EFER_LMA:
        _to_virtual_8086(cpu, stack, rip, selector, flags)
        return
    found = _return_code(cpu, selector)
    mask = ALWAYS | (IF if cpl <= (reg[RFLAGS] & IOPL) >> 12 else 0) | (IOPL | VIF | VIP if cpl == 0 else 0)
    if selector & 3 == cpl and cpu.bits != 64:
        rip = check_target(cpu, found, rip)
        stack.leave_pointer()
        _set_flags(cpu, flags, mask, bits)
        enter_code_segment(cpu, found, cpl, rip)
        return
    pointer, stack_selector = stack.pop_frame(size, 2)
    _outward(cpu, found, rip, stack_selector & 0xFFFF, pointer, 0)
    _set_flags(cpu, flags, mask, bits)


def _set_flags(cpu: Processor, flags: int, mask: int, bits: int) -> None:
    if bits == 16:
        mask &= 0xFFFF
    cpu.set_rflags(cpu.reg[RFLAGS] & ~mask | flags & mask | 2)


def _return_code(cpu: Processor, selector: int) -> Descriptor:
    """The code segment that a return names: never an inner one."""
    if selector & ~3 == 0:
        raise Fault(GP)
    found = descriptor(cpu, selector)
    rpl = selector & 3
    if not found.is_code or rpl < cpu.reg[CPL] or (found.dpl > rpl if found.type & CONFORMING else found.dpl != rpl):
        raise Fault(GP, selector & ~3)
    check_code(cpu, found)
    return found


def _outward(cpu: Processor, found: Descriptor, rip: int, stack_selector: int, pointer: int, release: int) -> None:
    """Load CS and SS:RSP for a return that pops a stack, and take away data segments that are now too privileged."""
    reg = cpu.reg
    rpl = found.selector & 3
    outer = rpl != reg[CPL]
    wide = bool(found.rights & AR_L and reg[EFER] & EFER_LMA)
    if stack_selector & ~3 == 0:
        if not wide or rpl == 3 or stack_selector & 3 != rpl:
            raise Fault(GP)
        rip = check_target(cpu, found, rip)
        set_unusable(cpu, SS, stack_selector, rpl)
        stack = Stack.flat(cpu, pointer, rpl)
    else:
        outer_stack = stack_descriptor(cpu, stack_selector, rpl, GP)
        rip = check_target(cpu, found, rip)
        set_segment(cpu, SS, stack_selector, outer_stack.base, outer_stack.limit, mark_accessed(cpu, outer_stack))
        stack = (Stack.flat(cpu, pointer, rpl) if wide
                 else Stack(cpu, outer_stack.base, outer_stack.limit, outer_stack.rights, pointer, rpl))
    stack.pointer = stack.pointer + release & stack.mask
    stack.leave_pointer()
    enter_code_segment(cpu, found, rpl, rip)
    if outer:
        for index in (ES, DS, FS, GS):
            rights = reg[segment(index, 3)]
            code_that_conforms = rights & (CODE | CONFORMING) == CODE | CONFORMING
            if not rights & UNUSABLE and not code_that_conforms and (rights & AR_DPL) >> 5 < rpl:
                set_unusable(cpu, index, 0)


def _to_virtual_8086(cpu: Processor, stack: Stack, rip: int, selector: int, flags: int) -> None:
    pointer, stack_selector = stack.pop(4), stack.pop(4) & 0xFFFF
    selectors = [stack.pop(4) & 0xFFFF for _ in range(4)]
    if rip > 0xFFFF:
        raise Fault(GP)
    cpu.set_rflags(flags & (ALWAYS | IF | IOPL | VIF | VIP | VM) | 2)
    for index, value in zip((SS, ES, DS, FS, GS), (stack_selector, *selectors), strict=True):
        set_segment(cpu, index, value, value << 4, 0xFFFF, 0xF3)
    Stack(cpu, stack_selector << 4, 0xFFFF, 0x40F3, pointer, 3).leave_pointer()
    enter_code(cpu, selector, selector << 4, 0xFFFF, 0xF3, 3, rip)
