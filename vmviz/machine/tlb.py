"""The translation lookaside buffer: state of its own, in journaled slots, tagged as the manual tags it.

512 entries, direct-mapped by page number and VPID, 4 KiB each. An entry has three slots:
key      bits 35:0 linear page number, 47:36 PCID, 63:48 VPID
tag      bit 0 valid, bits 51:12 the EPTP's bits 51:12 (EP4TA; 0 without EPT)
mapping  bits 51:12 the page frame, and the flags below
(SDM volume 3, "Caching Translation Information".) Whether an access may use an entry is decided in paging.py.
Flushing tells the processor to drop its soft tables, which may only ever repeat what stands here. The processor also
remembers which places are taken (`Processor.tlb_taken`), derived from the slots, so that a flush looks at those only.
"""
from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING, Final

from vmviz import events as ev
from vmviz.events import TlbAction
from vmviz.machine.registers import CR3, CR4, CR4_PCIDE, TLB, TLB_ENTRIES

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

WRITABLE, USER, DIRTY, GLOBAL, LARGE, EPT_NO_EXECUTE, EPT_NO_READ = (1 << n for n in range(7))
NO_EXECUTE: Final = 1 << 63
VALID: Final = 1
_ENTRIES: Final = range(TLB, TLB + 3 * TLB_ENTRIES, 3)
_TAGS: Final = slice(TLB + 1, TLB + 3 * TLB_ENTRIES, 3)
_PAGE_NUMBER: Final = (1 << 36) - 1
_PCID: Final = 0xFFF << 36


def _index(page_number: int, vpid: int) -> int:
    return TLB + 3 * ((page_number ^ page_number >> 9 ^ vpid * 0x9D) & TLB_ENTRIES - 1)


def pcid(cpu: Processor) -> int:
    """The current PCID: CR3 bits 11:0 when CR4.PCIDE is set, else 0."""
    return cpu.reg[CR3] & 0xFFF if cpu.reg[CR4] & CR4_PCIDE else 0


def look_up(cpu: Processor, linear: int) -> int:
    """The mapping slot's value for a linear address in the present context, or 0."""
    reg = cpu.reg
    page_number = linear >> 12 & _PAGE_NUMBER
    at = _index(page_number, cpu.vpid)
    if reg[at + 1] != cpu.ept & ~0xFFF | VALID:
        return 0
    difference = reg[at] ^ (page_number | pcid(cpu) << 36 | cpu.vpid << 48)
    mapping = reg[at + 2]
    if difference and (difference & ~_PCID or not mapping & GLOBAL):
        return 0
    return mapping


def fill(cpu: Processor, linear: int, mapping: int) -> None:
    """Put a translation into its place; what stood there is evicted."""
    page_number = linear >> 12 & _PAGE_NUMBER
    at = _index(page_number, cpu.vpid)
    evicted = cpu.reg[at] & _PAGE_NUMBER
    if evicted != page_number and cpu.reg[at + 1]:
        cpu.drop_soft_page(evicted)
    cpu.set(at, page_number | pcid(cpu) << 36 | cpu.vpid << 48)
    cpu.set(at + 1, cpu.ept & ~0xFFF | VALID)
    if cpu.tlb_taken is not None:
        cpu.tlb_taken.add(at)
    cpu.set(at + 2, mapping)
    if cpu.telling:
        cpu.emit(ev.Tlb(action="fill", linear=linear & ~0xFFF, vpid=cpu.vpid or None, ept=cpu.ept & ~0xFFF or None))


def taken(cpu: Processor) -> set[int]:
    """The first slots of the entries that are valid."""
    if cpu.tlb_taken is None:
        cpu.tlb_taken = set(compress(_ENTRIES, cpu.reg[_TAGS]))
    return cpu.tlb_taken


def flush(cpu: Processor, *, vpid: int | None = None, pcid: int | None = None, ept: int | None = None,
          linear: int | None = None, keep_global: bool = False, action: TlbAction = "flush") -> None:
    """Invalidate the entries that match everything given; None matches all.

    `linear` matches the page of 4 KiB, and every fragment of a large page whose 1 GiB region holds the address.
    """
    reg = cpu.reg
    places = taken(cpu)
    cpu.attention = True            # the step can be a large one: step.full
    for at in sorted(places):
        key, tag, mapping = reg[at:at + 3]
        if vpid is not None and key >> 48 != vpid:
            continue
        if ept is not None and tag & ~0xFFF != ept & ~0xFFF:
            continue
        if mapping & GLOBAL and keep_global:
            continue
        if pcid is not None and key >> 36 & 0xFFF != pcid and not mapping & GLOBAL:
            continue
        if linear is not None:
            page_number, wanted = key & _PAGE_NUMBER, linear >> 12 & _PAGE_NUMBER
            if page_number != wanted and not (mapping & LARGE and page_number >> 18 == wanted >> 18):
                continue
        cpu.set(at + 1, 0)
        places.discard(at)
    cpu.drop_soft_tables()
    if cpu.telling:
        cpu.emit(ev.Tlb(action=action, linear=linear, vpid=vpid, ept=ept))
