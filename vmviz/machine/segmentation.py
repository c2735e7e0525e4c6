"""Segmentation: logical addresses to linear ones, descriptors, and loading segment registers.

In 64-bit code only FS and GS have a base and nothing has a limit, so `linear` and the fetch checks serve the
other modes; the loading of segment registers serves all of them (SDM volume 3, "Protected-Mode Memory
Management"; "Protection"). Real-address and virtual-8086 mode load selector * 16 and no descriptor.

Checks come before changes: a load that faults has changed nothing. Far transfers are in far_transfers.py, stack
frames in stack.py, task switches in task_switch.py.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vmviz.machine.outcome import GP, NP, Fault
from vmviz.machine.outcome import SS as SS_FAULT
from vmviz.machine.registers import (
    AR_DB,
    AR_G,
    AR_L,
    AR_S,
    AR_TYPE,
    AR_UNUSABLE,
    BASE,
    CPL,
    CR0,
    CR0_PE,
    CS,
    CS_BASE,
    CS_LIMIT,
    EFER,
    EFER_LMA,
    GDTR_BASE,
    GDTR_LIMIT,
    LDTR,
    LIMIT,
    MASK32,
    RFLAGS,
    RIGHTS,
    RIP,
    SEGMENTS,
    SELECTOR,
    SS,
    VM,
    segment,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmviz.machine.processor import Processor

CODE, CONFORMING, WRITABLE, ACCESSED = 8, 4, 2, 1       # bits of the type of code and data segments
READABLE, EXPAND_DOWN = WRITABLE, CONFORMING
# Types of system descriptors.
TSS16_AVAILABLE, LDT, TSS16_BUSY, CALL_GATE16, TASK_GATE, INTERRUPT_GATE16, TRAP_GATE16 = range(1, 8)
TSS_AVAILABLE, TSS_BUSY, CALL_GATE, INTERRUPT_GATE, TRAP_GATE = 9, 0xB, 0xC, 0xE, 0xF
UNUSABLE: Final = AR_UNUSABLE


class Descriptor(NamedTuple):
    """A descriptor as read from a table: where it lies and its eight bytes.

    A system descriptor of IA-32e mode may have sixteen.
    """

    selector: int
    address: int
    raw: int

    @property
    def base(self) -> int:
        """The segment's base: 32 bits, or 64 for a system descriptor of sixteen bytes."""
        raw = self.raw
        return raw >> 16 & 0xFF_FFFF | (raw >> 56 & 0xFF) << 24 | (raw >> 64 & MASK32) << 32

    @property
    def limit(self) -> int:
        """The segment's limit in bytes."""
        limit = self.raw & 0xFFFF | self.raw >> 32 & 0xF_0000
        return limit << 12 | 0xFFF if self.rights & AR_G else limit

    @property
    def rights(self) -> int:
        """Access rights in the format of the VMCS."""
        return self.raw >> 40 & 0xF0FF

    @property
    def type(self) -> int:
        """The four bits of the type."""
        return self.raw >> 40 & 0xF

    @property
    def dpl(self) -> int:
        """The descriptor privilege level."""
        return self.raw >> 45 & 3

    @property
    def present(self) -> bool:
        """Is the segment or gate present?"""
        return bool(self.raw >> 47 & 1)

    @property
    def is_system(self) -> bool:
        """A system segment or gate (S = 0)?"""
        return not self.raw >> 44 & 1

    @property
    def is_code(self) -> bool:
        """A code segment?"""
        return self.raw >> 43 & 3 == 3

    @property
    def is_writable_data(self) -> bool:
        """A data segment that may be written, fit for a stack?"""
        return self.raw >> 40 & (AR_S | CODE | WRITABLE) == AR_S | WRITABLE


def protected(reg: Sequence[int]) -> bool:
    """Do selectors name descriptors: protected mode, and not virtual-8086 mode?"""
    return bool(reg[CR0] & CR0_PE) and not reg[RFLAGS] & VM


def canonical(address: int) -> bool:
    """Are bits 63:47 of a 64-bit address all equal?"""
    return address + 0x8000_0000_0000 & 0xFFFF_FFFF_FFFF_FFFF < 1 << 48


# ---- addresses, outside 64-bit code

def linear(cpu: Processor, index: int, offset: int, size: int, access: int) -> int:
    """The linear address of `size` bytes at an offset in segment register `index`; checks limit and rights.

    `access` is paging.READ or WRITE. Raises #SS(0) for the stack segment, else #GP(0) (SDM volume 3, "Limit Checking",
    "Type Checking").
    """
    reg = cpu.reg
    at = SEGMENTS + 4 * index
    rights, limit, last = reg[at + RIGHTS], reg[at + LIMIT], offset + size - 1
    kind = rights & AR_TYPE
    if reg[CR0] & CR0_PE and not reg[RFLAGS] & VM:
        if rights & UNUSABLE:
            raise _violation(index)
        if kind & CODE:
            if access == 1 or not kind & READABLE:
                raise _violation(index)
        elif access == 1 and not kind & WRITABLE:
            raise _violation(index)
    if kind & (CODE | EXPAND_DOWN) == EXPAND_DOWN:
        if offset <= limit or last > (MASK32 if rights & AR_DB else 0xFFFF):
            raise _violation(index)
    elif last > limit:
        raise _violation(index)
    return reg[at + BASE] + offset & MASK32


def _violation(index: int) -> Fault:
    return Fault(SS_FAULT if index == SS else GP)


def fetch_address(cpu: Processor, rip: int) -> int:
    """The linear address of the instruction at RIP, outside 64-bit code. Raises #GP(0) beyond the limit."""
    if rip > cpu.reg[CS_LIMIT]:
        raise Fault(GP)
    return cpu.reg[CS_BASE] + rip & MASK32


def check_fetch(cpu: Processor, rip: int, length: int) -> None:
    """All bytes of an instruction must lie within the code segment's limit."""
    if rip + length - 1 > cpu.reg[CS_LIMIT]:
        raise Fault(GP)


# ---- descriptors

def descriptor(cpu: Processor, selector: int, vector: int = GP) -> Descriptor:
    """Read the descriptor that a selector names.

    Raises `vector`(selector) beyond its table's limit, and where there is no LDT.
    """
    reg = cpu.reg
    if selector & 4:
        table = SEGMENTS + 4 * LDTR
        base, limit = reg[table + BASE], reg[table + LIMIT]
        if reg[table + RIGHTS] & UNUSABLE:
            raise Fault(vector, selector & ~3)
    else:
        base, limit = reg[GDTR_BASE], reg[GDTR_LIMIT]
    if selector | 7 > limit:
        raise Fault(vector, selector & ~3)
    address = base + (selector & ~7)
    if not reg[EFER] & EFER_LMA:
        address &= MASK32
    return Descriptor(selector, address, cpu.read_system(address, 8))


def system_descriptor(cpu: Processor, selector: int, vector: int = GP) -> Descriptor:
    """Read a system descriptor whole: sixteen bytes in IA-32e mode, where bits of the second type must be 0."""
    found = descriptor(cpu, selector, vector)
    if cpu.reg[EFER] & EFER_LMA and found.is_system:
        if (selector | 7) + 8 > cpu.reg[GDTR_LIMIT] and not selector & 4:
            raise Fault(vector, selector & ~3)
        upper = cpu.read_system(found.address + 8, 8)
        if upper >> 40 & 0x1F:
            raise Fault(vector, selector & ~3)
        return Descriptor(selector, found.address, found.raw | upper << 64)
    return found


def mark_accessed(cpu: Processor, found: Descriptor) -> int:
    """Set the accessed bit of a code or data segment in its table; gives the access rights with it."""
    if not found.raw >> 40 & ACCESSED:
        cpu.write_system(found.address + 5, 1, found.raw >> 40 & 0xFF | ACCESSED)
    return found.rights | ACCESSED


def set_segment(cpu: Processor, index: int, selector: int, base: int, limit: int, rights: int) -> None:
    """Give a segment register all its parts."""
    at = segment(index, 0)
    cpu.set(at + SELECTOR, selector)
    cpu.set(at + BASE, base)
    cpu.set(at + LIMIT, limit)
    cpu.set(at + RIGHTS, rights)


def set_unusable(cpu: Processor, index: int, selector: int, dpl: int = 0) -> None:
    """Load a null selector: the segment register is unusable."""
    set_segment(cpu, index, selector, 0, 0, UNUSABLE | dpl << 5)


# ---- loading segment registers

def load_segment(cpu: Processor, index: int, selector: int) -> None:
    """MOV, POP and LDS to LGS: load ES, SS, DS, FS or GS. Raises #GP, #NP, #SS."""
    reg = cpu.reg
    if not protected(reg):
        at = segment(index, 0)
        cpu.set(at + SELECTOR, selector)
        cpu.set(at + BASE, selector << 4)
        if reg[RFLAGS] & VM:
            cpu.set(at + LIMIT, 0xFFFF)
            cpu.set(at + RIGHTS, 0xF3)
        else:                                           # the limit stays: "unreal mode"
            cpu.set(at + RIGHTS, reg[at + RIGHTS] & (AR_G | AR_DB) | 0x93)
    elif index == SS:
        _load_stack_segment(cpu, selector)
    elif selector & ~3 == 0:
        set_unusable(cpu, index, selector)
    else:
        found = descriptor(cpu, selector)
        kind = found.type
        if found.is_system or kind & (CODE | READABLE) == CODE:
            raise Fault(GP, selector & ~3)
        if kind & (CODE | CONFORMING) != CODE | CONFORMING and max(selector & 3, reg[CPL]) > found.dpl:
            raise Fault(GP, selector & ~3)
        if not found.present:
            raise Fault(NP, selector & ~3)
        set_segment(cpu, index, selector, found.base, found.limit, mark_accessed(cpu, found))


def _load_stack_segment(cpu: Processor, selector: int) -> None:
    cpl = cpu.reg[CPL]
    if selector & ~3 == 0:
        if cpu.bits != 64 or cpl == 3 or selector != cpl:
            raise Fault(GP)
        set_unusable(cpu, SS, selector, cpl)
        return
    found = stack_descriptor(cpu, selector, cpl, GP)
    set_segment(cpu, SS, selector, found.base, found.limit, mark_accessed(cpu, found))


def stack_descriptor(cpu: Processor, selector: int, cpl: int, vector: int) -> Descriptor:
    """The descriptor of a stack segment for privilege `cpl`.

    Raises `vector`(selector), or #SS(selector) if the segment is not present.
    """
    found = descriptor(cpu, selector, vector)
    if selector & 3 != cpl or found.dpl != cpl or not found.is_writable_data:
        raise Fault(vector, selector & ~3)
    if not found.present:
        raise Fault(SS_FAULT, selector & ~3)
    return found


def check_code(cpu: Processor, found: Descriptor) -> None:
    """What every load of CS asks of a descriptor: a code segment, present, L and D not both set. Raises #GP, #NP."""
    if not found.is_code or (cpu.reg[EFER] & EFER_LMA and found.rights & (AR_L | AR_DB) == AR_L | AR_DB):
        raise Fault(GP, found.selector & ~3)
    if not found.present:
        raise Fault(NP, found.selector & ~3)


def check_target(cpu: Processor, found: Descriptor, rip: int) -> int:
    """The RIP at which to go on in a new code segment: canonical, or within the segment's limit. Raises #GP(0).

    Outside 64-bit mode it has 32 bits, also of a 64-bit operand (SDM volume 2, operation of CALL).
    """
    if found.rights & AR_L and cpu.reg[EFER] & EFER_LMA:
        if not canonical(rip):
            raise Fault(GP)
        return rip
    rip &= MASK32
    if rip > found.limit:
        raise Fault(GP)
    return rip


def enter_code(cpu: Processor, selector: int, base: int, limit: int, rights: int, cpl: int, rip: int) -> None:
    """Load CS whole and continue at RIP with privilege `cpl`."""
    same_width = cpu.bits == 64 and rights & AR_L and cpu.reg[EFER] & EFER_LMA
    set_segment(cpu, CS, selector, base, limit, rights)
    cpu.set(RIP, rip)
    if same_width:
        cpu.use_privilege(cpl)
    else:
        cpu.set(CPL, cpl)
        cpu.refresh()


def enter_code_segment(cpu: Processor, found: Descriptor, cpl: int, rip: int) -> None:
    """Continue in a code segment that passed its checks; the selector's RPL becomes the CPL."""
    enter_code(cpu, found.selector & ~3 | cpl, found.base, found.limit, mark_accessed(cpu, found), cpl, rip)
