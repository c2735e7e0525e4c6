"""Task switches: from one TSS to another, of 32 or 16 bits (SDM volume 3, "Task Management").

They exist outside IA-32e mode only: by a far JMP or CALL to a TSS or task gate, by an interrupt through a task
gate, and by IRET with NT set. In a guest each is a VM exit instead. First come the checks, then the old task's
state goes into its TSS, then the new one's comes out of its own.

Simplified: an exception that comes from loading the new task's segment registers is delivered in the old task. What a
16-bit TSS leaves of the upper halves of the general registers the manual does not say: ones, as on the reference
emulator.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vmviz.machine import control_state, paging
from vmviz.machine import segmentation as seg
from vmviz.machine.outcome import GP, NP, TS, Fault
from vmviz.machine.registers import (
    CPL,
    CR0,
    CR0_PG,
    CR3,
    CS,
    DR7,
    DS,
    ES,
    FS,
    GS,
    LDTR,
    MASK32,
    NT,
    PENDING_DEBUG,
    RAX,
    RFLAGS,
    RIP,
    SS,
    TR,
    VM,
    segment,
)
from vmviz.machine.stack import Stack
from vmviz.machine.vmx import intercepts

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

BY_CALL, BY_IRET, BY_JMP, BY_GATE = range(4)            # as the exit qualification has them
CR0_TS: Final = 8
BT: Final = 1 << 15                                     # a pending debug exception, as DR6 has it: debug.py
LINK: Final = 0                                         # in a TSS of either kind


class Layout(NamedTuple):
    """Offsets in a TSS, and the width of what it holds in bytes; a 16-bit one has no CR3, no FS and GS, no T bit."""

    width: int
    ip: int
    flags: int
    general: int
    segments: int
    held: int                                           # how many segment registers
    ldt: int
    size: int
    cr3: int = 0
    trap: int = 0

    @classmethod
    def of(cls, rights: int) -> Layout:
        """The layout that the type in a TSS's access rights says."""
        return TSS_32 if rights & 8 else TSS_16


TSS_32: Final = Layout(4, 0x20, 0x24, 0x28, 0x48, 6, 0x60, 0x68, cr3=0x1C, trap=0x64)
TSS_16: Final = Layout(2, 0x0E, 0x10, 0x12, 0x22, 4, 0x2A, 0x2C)
LOCAL: Final = 0x155                                    # L0 to L3 and LE of DR7
_SEGMENTS: Final = (ES, CS, SS, DS, FS, GS)             # in the order of the TSS


def switch(cpu: Processor, selector: int, source: int, error: int | None = None) -> None:
    """Switch to the task of a TSS; `selector` names the TSS (or, for a gate in the IDT, the gate's TSS selector).

    `error` is pushed on the new task's stack, for an exception through a task gate.
    """
    found = _new_tss(cpu, selector, source)
    if cpu.non_root:
        intercepts.task_switch(cpu, selector, source)
    reg = cpu.reg
    old_selector, old_base = reg[segment(TR, 0)], reg[segment(TR, 1)]
    old, new = Layout.of(reg[segment(TR, 3)]), Layout.of(found.rights)
    for at in (found.base, found.base + new.size - 1, old_base + old.ip, old_base + old.ldt - 1):
        paging.translate(cpu, at & MASK32, paging.WRITE, False)         # all that can fault does so before a change
    _save(cpu, old, old_base, reg[RFLAGS] & ~NT if source == BY_IRET else reg[RFLAGS])
    if source in (BY_JMP, BY_IRET):
        _set_busy(cpu, seg.descriptor(cpu, old_selector, TS), False)
    if source != BY_IRET:
        _set_busy(cpu, found, True)
    if source in (BY_CALL, BY_GATE):
        cpu.write_system(found.base + LINK, 2, old_selector)
    cpu.set(CR0, reg[CR0] | CR0_TS)
    seg.set_segment(cpu, TR, selector, found.base, found.limit, found.rights | 2)
    trap = new.trap and cpu.read_system(found.base + new.trap, 2) & 1
    _load(cpu, new, found.base, nested=source in (BY_CALL, BY_GATE))
    cpu.set(DR7, reg[DR7] & ~LOCAL)
    if trap:                                            # before the new task's first instruction
        cpu.set(PENDING_DEBUG, reg[PENDING_DEBUG] | BT)
        cpu.attention = True
    if error is not None:
        stack = Stack.current(cpu)
        stack.push(error, new.width)
        stack.leave_pointer()


def _new_tss(cpu: Processor, selector: int, source: int) -> seg.Descriptor:
    """The TSS descriptor, checked: in the GDT, available (busy for IRET), present, large enough."""
    vector = TS if source == BY_IRET else GP
    if selector & 4 or selector & ~3 == 0:
        raise Fault(vector, selector & ~3)
    found = seg.descriptor(cpu, selector, vector)
    wanted = (seg.TSS_BUSY, seg.TSS16_BUSY) if source == BY_IRET else (seg.TSS_AVAILABLE, seg.TSS16_AVAILABLE)
    if not found.is_system or found.type not in wanted:
        raise Fault(vector, selector & ~3)
    if not found.present:
        raise Fault(NP, selector & ~3)
    if found.limit < Layout.of(found.rights).size - 1:
        raise Fault(TS, selector & ~3)
    return found


def _set_busy(cpu: Processor, found: seg.Descriptor, busy: bool) -> None:
    byte = found.raw >> 40 & 0xFF
    cpu.write_system(found.address + 5, 1, byte | 2 if busy else byte & ~2)


def _save(cpu: Processor, tss: Layout, base: int, flags: int) -> None:
    """The old task's state into its TSS."""
    reg, width = cpu.reg, tss.width
    mask = (1 << 8 * width) - 1
    cpu.write_system(base + tss.ip, width, reg[RIP] & mask)
    cpu.write_system(base + tss.flags, width, flags & mask)
    for n in range(8):
        cpu.write_system(base + tss.general + width * n, width, reg[RAX + n] & mask)
    for n, index in enumerate(_SEGMENTS[:tss.held]):
        cpu.write_system(base + tss.segments + width * n, 2, reg[segment(index, 0)])


def _load(cpu: Processor, tss: Layout, base: int, nested: bool) -> None:
    """The new task's state out of its TSS."""
    reg, width = cpu.reg, tss.width
    upper = 0xFFFF_0000 if width == 2 else 0
    cr3 = cpu.read_system(base + tss.cr3, 4) if tss.cr3 else reg[CR3]
    rip = cpu.read_system(base + tss.ip, width)
    flags = cpu.read_system(base + tss.flags, width)
    general = [cpu.read_system(base + tss.general + width * n, width) | upper for n in range(8)]
    selectors = [cpu.read_system(base + tss.segments + width * n, 2) if n < tss.held else 0 for n in range(6)]
    ldt = cpu.read_system(base + tss.ldt, 2)
    if reg[CR0] & CR0_PG and cr3 != reg[CR3]:
        control_state.load_cr3(cpu, cr3)
    for n, value in enumerate(general):
        cpu.set(RAX + n, value)
    cpu.set_rflags(flags & 0x37_7FD7 | 2 | (NT if nested else 0))
    _load_ldt(cpu, ldt)
    cs = selectors[1]
    if flags & VM:
        for n, index in enumerate(_SEGMENTS):
            seg.set_segment(cpu, index, selectors[n], selectors[n] << 4, 0xFFFF, 0xF3)
        seg.enter_code(cpu, cs, cs << 4, 0xFFFF, 0xF3, 3, rip & 0xFFFF)
        return
    if cs & ~3 == 0:
        raise Fault(TS)
    code = seg.descriptor(cpu, cs, TS)
    if not code.is_code or (code.dpl > cs & 3 if code.type & seg.CONFORMING else code.dpl != cs & 3):
        raise Fault(TS, cs & ~3)
    if not code.present:
        raise Fault(NP, cs & ~3)
    stack = seg.stack_descriptor(cpu, selectors[2], cs & 3, TS)
    seg.set_segment(cpu, SS, selectors[2], stack.base, stack.limit, seg.mark_accessed(cpu, stack))
    cpu.set(CPL, cs & 3)
    for n in (0, 3, 4, 5):
        seg.load_segment(cpu, _SEGMENTS[n], selectors[n])
    if rip > code.limit:
        raise Fault(GP)
    seg.enter_code_segment(cpu, code, cs & 3, rip)


def _load_ldt(cpu: Processor, selector: int) -> None:
    if selector & ~3 == 0:
        seg.set_unusable(cpu, LDTR, selector)
        return
    found = seg.descriptor(cpu, selector, TS) if not selector & 4 else None
    if found is None or not found.is_system or found.type != seg.LDT or not found.present:
        raise Fault(TS, selector & ~3)
    seg.set_segment(cpu, LDTR, selector, found.base, found.limit, found.rights)
