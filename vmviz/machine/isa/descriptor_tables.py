"""Descriptor tables and the questions about descriptors: LGDT, LIDT, SGDT, SIDT, LLDT, LTR, SLDT, STR, LAR,
LSL, VERR, VERW, ARPL."""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iced_x86 import Code as C
from iced_x86 import Mnemonic as M

from vmviz.machine import segmentation as seg
from vmviz.machine.isa.control_registers import need_privilege, need_umip
from vmviz.machine.isa.registry import instruction
from vmviz.machine.outcome import GP, NP, UD, Fault
from vmviz.machine.paging import READ, WRITE
from vmviz.machine.registers import (
    CPL,
    EFER,
    EFER_LMA,
    GDTR_BASE,
    GDTR_LIMIT,
    IDTR_BASE,
    IDTR_LIMIT,
    LDTR,
    RFLAGS,
    TR,
    ZF,
    segment,
)
from vmviz.machine.vmx import intercepts

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

_LGDT, _LIDT = (GDTR_BASE, GDTR_LIMIT), (IDTR_BASE, IDTR_LIMIT)
_SHORT_BASE: Final = frozenset({C.LGDT_M1632_16, C.LIDT_M1632_16})
# System types that LAR and LSL describe, outside and inside IA-32e mode.
_LAR_TYPES: Final = (frozenset({1, 2, 3, 4, 5, 9, 0xB, 0xC}), frozenset({2, 9, 0xB, 0xC}))
_LSL_TYPES: Final = (frozenset({1, 2, 3, 9, 0xB}), frozenset({2, 9, 0xB}))


def _load_table(cpu: Processor, ins: Instruction, base_slot: int, limit_slot: int) -> None:
    need_privilege(cpu)
    intercepts.descriptor_table(cpu, ins)
    linear = ins.address(cpu, READ)
    limit = cpu.read16(linear)
    if cpu.bits == 64:
        base = cpu.read64(linear + 2)
        if not seg.canonical(base):
            raise Fault(GP)
    else:
        base = cpu.read32(linear + 2)
        if ins.iced.code in _SHORT_BASE:
            base &= 0xFF_FFFF
    cpu.set(base_slot, base)
    cpu.set(limit_slot, limit)


def _store_table(cpu: Processor, ins: Instruction, base_slot: int, limit_slot: int) -> None:
    need_umip(cpu)
    intercepts.descriptor_table(cpu, ins)
    linear = ins.address(cpu, WRITE)
    cpu.check_write(linear, ins.memory_bits >> 3)
    cpu.write16(linear, cpu.reg[limit_slot])
    if cpu.bits == 64:
        cpu.write64(linear + 2, cpu.reg[base_slot])
    else:
        cpu.write32(linear + 2, cpu.reg[base_slot] & 0xFFFF_FFFF)


@instruction(M.LGDT, summary="Loads base and limit of the global descriptor table.",
             source="LGDT/LIDT—Load Global/Interrupt Descriptor Table Register")
def lgdt(cpu: Processor, ins: Instruction) -> None:
    _load_table(cpu, ins, *_LGDT)


@instruction(M.LIDT, summary="Loads base and limit of the interrupt descriptor table.",
             source="LGDT/LIDT—Load Global/Interrupt Descriptor Table Register")
def lidt(cpu: Processor, ins: Instruction) -> None:
    _load_table(cpu, ins, *_LIDT)


@instruction(M.SGDT, summary="Stores limit and base of the global descriptor table.",
             source="SGDT—Store Global Descriptor Table Register")
def sgdt(cpu: Processor, ins: Instruction) -> None:
    _store_table(cpu, ins, *_LGDT)


@instruction(M.SIDT, summary="Stores limit and base of the interrupt descriptor table.",
             source="SIDT—Store Interrupt Descriptor Table Register")
def sidt(cpu: Processor, ins: Instruction) -> None:
    _store_table(cpu, ins, *_LIDT)


def _need_protected(cpu: Processor) -> None:
    if not seg.protected(cpu.reg):
        raise Fault(UD)


@instruction(M.LLDT, summary="Loads the local descriptor table register.",
             source="LLDT—Load Local Descriptor Table Register")
def lldt(cpu: Processor, ins: Instruction) -> None:
    _need_protected(cpu)
    need_privilege(cpu)
    intercepts.descriptor_table(cpu, ins)
    selector = ins.dst(cpu) & 0xFFFF
    if selector & ~3 == 0:
        seg.set_unusable(cpu, LDTR, selector)
        return
    if selector & 4:
        raise Fault(GP, selector & ~3)
    found = seg.system_descriptor(cpu, selector)
    if not found.is_system or found.type != seg.LDT:
        raise Fault(GP, selector & ~3)
    _load_system(cpu, LDTR, found)


@instruction(M.LTR, summary="Loads the task register and marks the TSS busy.", source="LTR—Load Task Register")
def ltr(cpu: Processor, ins: Instruction) -> None:
    _need_protected(cpu)
    need_privilege(cpu)
    intercepts.descriptor_table(cpu, ins)
    selector = ins.dst(cpu) & 0xFFFF
    if selector & ~3 == 0:
        raise Fault(GP)
    if selector & 4:
        raise Fault(GP, selector & ~3)
    found = seg.system_descriptor(cpu, selector)
    fits = (seg.TSS_AVAILABLE,) if cpu.reg[EFER] & EFER_LMA else (seg.TSS_AVAILABLE, seg.TSS16_AVAILABLE)
    if not found.is_system or found.type not in fits:
        raise Fault(GP, selector & ~3)
    _load_system(cpu, TR, found)


def _load_system(cpu: Processor, index: int, found: seg.Descriptor) -> None:
    if not found.present:
        raise Fault(NP, found.selector & ~3)
    rights = found.rights
    if index == TR:
        cpu.write_system(found.address + 5, 1, found.raw >> 40 & 0xFF | 2)
        rights |= 2
    seg.set_segment(cpu, index, found.selector, found.base, found.limit, rights)


@instruction(M.SLDT, summary="Stores the selector of the local descriptor table.",
             source="SLDT—Store Local Descriptor Table Register")
def sldt(cpu: Processor, ins: Instruction) -> None:
    _store_selector(cpu, ins, LDTR)


@instruction(M.STR, summary="Stores the selector of the task.", source="STR—Store Task Register")
def store_task(cpu: Processor, ins: Instruction) -> None:
    _store_selector(cpu, ins, TR)


def _store_selector(cpu: Processor, ins: Instruction, index: int) -> None:
    _need_protected(cpu)
    need_umip(cpu)
    intercepts.descriptor_table(cpu, ins)
    ins.set_dst(cpu, cpu.reg[segment(index, 0)])


# ---- questions that never fault for what a selector names

def _look_up(cpu: Processor, selector: int) -> seg.Descriptor | None:
    if selector & ~3 == 0:
        return None
    try:
        return seg.descriptor(cpu, selector)
    except Fault as fault:
        if fault.vector != GP:
            raise
        return None


def _visible(cpu: Processor, found: seg.Descriptor) -> bool:
    """May code of this privilege see the descriptor? Conforming code segments are open to all."""
    if not found.is_system and found.type & (seg.CODE | seg.CONFORMING) == seg.CODE | seg.CONFORMING:
        return True
    return max(cpu.reg[CPL], found.selector & 3) <= found.dpl


def _answer(cpu: Processor, yes: bool) -> None:
    cpu.set(RFLAGS, cpu.reg[RFLAGS] | ZF if yes else cpu.reg[RFLAGS] & ~ZF)


def _described(cpu: Processor, ins: Instruction, types: tuple[frozenset[int], frozenset[int]]) -> seg.Descriptor | None:
    """The descriptor that LAR and LSL speak of, if it may be seen and is of a type they know; sets ZF."""
    _need_protected(cpu)
    found = _look_up(cpu, ins.src(cpu) & 0xFFFF)
    wide = bool(cpu.reg[EFER] & EFER_LMA)
    if found is not None and (not _visible(cpu, found) or (found.is_system and found.type not in types[wide])):
        found = None
    _answer(cpu, found is not None)
    return found


@instruction(M.LAR, summary="Loads the access rights of a descriptor; ZF tells whether it may be seen.",
             source="LAR—Load Access Rights Byte")
def lar(cpu: Processor, ins: Instruction) -> None:
    found = _described(cpu, ins, _LAR_TYPES)
    if found is not None:
        ins.set_dst(cpu, found.raw >> 32 & 0xFF_FF00 & ins.mask)


@instruction(M.LSL, summary="Loads the limit of a segment; ZF tells whether it may be seen.",
             source="LSL—Load Segment Limit")
def lsl(cpu: Processor, ins: Instruction) -> None:
    found = _described(cpu, ins, _LSL_TYPES)
    if found is not None:
        ins.set_dst(cpu, found.limit & ins.mask)


@instruction(M.VERR, summary="ZF tells whether a segment can be read.",
             source="VERR/VERW—Verify a Segment for Reading or Writing")
def verr(cpu: Processor, ins: Instruction) -> None:
    _need_protected(cpu)
    found = _look_up(cpu, ins.dst(cpu) & 0xFFFF)
    _answer(cpu, found is not None and not found.is_system and _visible(cpu, found)
            and found.type & (seg.CODE | seg.READABLE) != seg.CODE)


@instruction(M.VERW, summary="ZF tells whether a segment can be written.",
             source="VERR/VERW—Verify a Segment for Reading or Writing")
def verw(cpu: Processor, ins: Instruction) -> None:
    _need_protected(cpu)
    found = _look_up(cpu, ins.dst(cpu) & 0xFFFF)
    _answer(cpu, found is not None and found.is_writable_data and _visible(cpu, found))


@instruction(M.ARPL, summary="Raises the RPL of a selector to that of another; ZF tells whether it did.",
             source="ARPL—Adjust RPL Field of Segment Selector")
def arpl(cpu: Processor, ins: Instruction) -> None:
    _need_protected(cpu)
    value, wanted = ins.dst(cpu), ins.src(cpu) & 3
    raised = value & 3 < wanted
    if raised:
        ins.set_dst(cpu, value & ~3 | wanted)
    _answer(cpu, raised)
