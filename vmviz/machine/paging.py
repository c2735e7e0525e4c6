"""Linear addresses to physical ones: the paging modes, page faults, accessed and dirty flags.

Modes: none, 32-bit, PAE, 4-level (SDM volume 3, "Paging"). Under EPT every guest-physical address on the way, those
of the tables included, is translated by `vmx.ept`. What a walk found goes into the TLB (tlb.py); a later access whose
rights the cached entry does not grant walks again, so a fault is never raised on the word of the TLB alone.

Simplified: there are no paging-structure caches, and the TLB caches large pages as fragments of 4 KiB; the manual
allows both ("Caching Translation Information"). Left out: 5-level paging, protection keys, shadow-stack pages.
"""
from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from vmviz import events as ev
from vmviz.machine import tlb
from vmviz.machine.outcome import PF, Fault
from vmviz.machine.registers import (
    AC,
    CPL,
    CR0,
    CR0_PG,
    CR0_WP,
    CR3,
    CR4,
    CR4_PAE,
    CR4_PGE,
    CR4_PSE,
    CR4_SMAP,
    CR4_SMEP,
    EFER,
    EFER_LMA,
    EFER_NXE,
    PDPTE0,
    RFLAGS,
)
from vmviz.machine.vmx import ept

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

READ, WRITE, FETCH = 0, 1, 2
ACCESS_NAMES: Final = ("read", "write", "fetch")
NO_PAGING, PAGING_32, PAGING_PAE, PAGING_4_LEVEL = range(4)

P, RW, US, ACCESSED, DIRTY, PS, GLOBAL, NX = 1, 2, 4, 0x20, 0x40, 0x80, 0x100, 1 << 63
ERROR_P, ERROR_W, ERROR_U, ERROR_RSVD, ERROR_I = 1, 2, 4, 8, 16
ADDRESS: Final = 0x000F_FFFF_FFFF_F000
MOST_WALKS: Final = 64                              # that are kept
_FETCH_INPUTS: Final = itemgetter(CR0, CR3, CR4, EFER)


class Walk(NamedTuple):
    """A walk of 4-level paging that was made: where its entries lie, what they are, and the TLB's mapping."""

    places: tuple[int, ...]
    entries: list[int]
    mapping: int


def mode(cpu: Processor) -> int:
    """The paging mode that CR0, CR4 and EFER select (SDM volume 3, "Paging Modes and Control Bits")."""
    reg = cpu.reg
    if not reg[CR0] & CR0_PG:
        return NO_PAGING
    if reg[EFER] & EFER_LMA:
        return PAGING_4_LEVEL
    return PAGING_PAE if reg[CR4] & CR4_PAE else PAGING_32


def translate(cpu: Processor, linear: int, access: int, user: bool | None) -> int:
    """The physical address of a canonical linear address, through the TLB or by a walk.

    `user`: a user-mode access; None: a supervisor access that is implicit (to descriptor tables, TSS, IDT). Raises
    Fault(#PF) or VmExit (EPT violation, misconfiguration).
    """
    hit = tlb.look_up(cpu, linear)
    if hit and _allowed(cpu, hit, access, user):
        return hit & ADDRESS | linear & 0xFFF
    if access != FETCH or cpu.ept or cpu.telling or cpu.paging != PAGING_4_LEVEL:
        return walk(cpu, linear, access, user, [])
    return _walk_again(cpu, linear, user)


def _walk_again(cpu: Processor, linear: int, user: bool | None) -> int:
    """A walk for code, which VM entries and exits that flush the TLB ask for again and again.

    While what it hangs on and the entries on its way are the same, so is its outcome.
    """
    inputs = linear >> 12, user, *_FETCH_INPUTS(cpu.reg)
    known = cpu.walks.get(inputs)
    if known is not None and [*map(cpu.memory.read_entry, known.places)] == known.entries:
        tlb.fill(cpu, linear, known.mapping)
        return known.mapping & ADDRESS | linear & 0xFFF
    seen: list[tuple[int, int, int]] = []
    physical = walk(cpu, linear, FETCH, user, seen)
    if len(cpu.walks) >= MOST_WALKS:
        cpu.walks.clear()
    _, places, _ = zip(*seen, strict=True)
    entries = [*map(cpu.memory.read_entry, places)]     # with their accessed flags set
    cpu.walks[inputs] = Walk(places, entries, tlb.look_up(cpu, linear))
    return physical


def _allowed(cpu: Processor, mapping: int, access: int, user: bool | None) -> bool:
    """Does a cached mapping grant the access without anything left to set or to check?"""
    reg = cpu.reg
    if access == FETCH:
        if mapping & (tlb.NO_EXECUTE | tlb.EPT_NO_EXECUTE):
            return False
        return bool(mapping & tlb.USER) if user else not (mapping & tlb.USER and reg[CR4] & CR4_SMEP)
    if mapping & tlb.EPT_NO_READ:
        return False
    if user:
        if not mapping & tlb.USER:
            return False
    elif mapping & tlb.USER and reg[CR4] & CR4_SMAP and not _smap_open(cpu, user):
        return False
    if access == WRITE:
        if not mapping & tlb.DIRTY:
            return False
        return bool(mapping & tlb.WRITABLE) or (not user and not reg[CR0] & CR0_WP)
    return True


def _smap_open(cpu: Processor, user: bool | None) -> bool:
    """RFLAGS.AC lets explicit supervisor accesses through SMAP; implicit ones and those at CPL 3 never ("Determination
    of Access Rights")."""
    return bool(cpu.reg[RFLAGS] & AC) and cpu.reg[CPL] != 3 and user is not None


def walk(cpu: Processor, linear: int, access: int, user: bool | None, seen: list[tuple[int, int, int]]) -> int:
    """Walk the tables, set accessed and dirty flags, fill the TLB.

    `seen` gets (level, address, value) of each entry, at most four, top level first; address 0 is a PDPTE register.
    """
    kind = cpu.paging
    if kind == NO_PAGING:
        address, flags, shift = linear, RW | US | DIRTY, 12
    else:
        try:
            address, flags, shift = (_walk_32 if kind == PAGING_32 else _walk_64)(cpu, linear, access, user, seen)
        except Fault:
            _tell(cpu, linear, None, access, seen)
            raise
    mapping = (tlb.WRITABLE if flags & RW else 0) | (tlb.USER if flags & US else 0)
    if flags & NX:
        mapping |= tlb.NO_EXECUTE
    if flags & GLOBAL and cpu.reg[CR4] & CR4_PGE:
        mapping |= tlb.GLOBAL
    if shift > 12:
        mapping |= tlb.LARGE
    dirty = bool(flags & DIRTY)
    physical = address
    if cpu.ept:
        physical, rights = ept.translate(cpu, address, access, linear, True)
        dirty = dirty and rights & (ept.WRITE | ept.DIRTY_SET) == ept.WRITE | ept.DIRTY_SET
        mapping |= (0 if rights & ept.EXECUTE else tlb.EPT_NO_EXECUTE) | (0 if rights & ept.READ else tlb.EPT_NO_READ)
    if dirty:
        mapping |= tlb.DIRTY
    if kind != NO_PAGING:
        _tell(cpu, linear, physical, access, seen)
    if kind != NO_PAGING or cpu.ept:
        tlb.fill(cpu, linear, physical & ADDRESS | mapping)
    return physical


def _tell(cpu: Processor, linear: int, physical: int | None, access: int, seen: list[tuple[int, int, int]]) -> None:
    if cpu.telling:
        cpu.emit(ev.PageWalk(linear=linear, physical=physical, access=ACCESS_NAMES[access],
                             entries=tuple(ev.TableEntry(*entry) for entry in seen)))


def _walk_64(cpu: Processor, linear: int, access: int, user: bool | None,
             seen: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    """4-level and PAE paging. Gives the (guest-)physical address, the combined flags and the page's shift."""
    reg = cpu.reg
    no_nx = not reg[EFER] & EFER_NXE
    reserved = cpu.model.reserved_address_bits | (NX if no_nx else 0)
    if cpu.paging == PAGING_PAE:
        reserved |= 0x7FF0_0000_0000_0000
    flags = RW | US
    levels: tuple[int, ...]
    if cpu.paging == PAGING_4_LEVEL:
        table, levels = reg[CR3] & ADDRESS, (39, 30, 21, 12)
    else:
        entry = reg[PDPTE0 + (linear >> 30 & 3)]
        seen.append((3, 0, entry))
        if not entry & P:
            raise _fault(cpu, linear, access, user, 0)
        table, levels = entry & ADDRESS, (21, 12)
    read, in_registers = cpu.memory.read_entry, len(seen)
    for shift in levels:
        at = table + ((linear >> shift & 511) << 3)
        entry = read(_table_entry(cpu, at, linear, READ) if cpu.ept else at)
        seen.append(((shift - 3) // 9, at, entry))
        if not entry & P:
            raise _fault(cpu, linear, access, user, 0)
        if entry & reserved or (shift == 39 and entry & PS):
            raise _fault(cpu, linear, access, user, ERROR_P | ERROR_RSVD)
        flags = flags & (entry | ~(RW | US)) | entry & NX
        if shift == 12 or (entry & PS and shift <= cpu.model.largest_page_shift):
            size = 1 << shift
            if shift > 12 and entry & ADDRESS & size - 1 & ~0x1000:     # bit 12 is the page's PAT bit
                raise _fault(cpu, linear, access, user, ERROR_P | ERROR_RSVD)
            break
        if entry & PS:
            raise _fault(cpu, linear, access, user, ERROR_P | ERROR_RSVD)
        table = entry & ADDRESS
    return _finish(cpu, linear, access, user, flags, seen[in_registers:], 8,
                   entry & ADDRESS & -size | linear & size - 1, shift)


def _walk_32(cpu: Processor, linear: int, access: int, user: bool | None,
             seen: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    """32-bit paging, with pages of 4 MiB when CR4.PSE is set (PSE-36 up to 40 bits)."""
    flags = RW | US
    table = cpu.reg[CR3] & 0xFFFF_F000
    for shift in (22, 12):
        at = table + ((linear >> shift & 1023) << 2)
        entry = cpu.memory.read(_table_entry(cpu, at, linear, READ), 4)
        seen.append((2 if shift == 22 else 1, at, entry))
        if not entry & P:
            raise _fault(cpu, linear, access, user, 0)
        flags &= entry | ~(RW | US)
        if shift == 22 and entry & PS and cpu.reg[CR4] & CR4_PSE:
            if entry & 0x20_0000:
                raise _fault(cpu, linear, access, user, ERROR_P | ERROR_RSVD)
            address = (entry & 0xFFC0_0000) | (entry >> 13 & 0xFF) << 32 | linear & 0x3F_FFFF
            return _finish(cpu, linear, access, user, flags, seen, 4, address, shift)
        table = entry & 0xFFFF_F000
    return _finish(cpu, linear, access, user, flags, seen, 4, table | linear & 0xFFF, 12)


def _finish(cpu: Processor, linear: int, access: int, user: bool | None, flags: int,
            visited: list[tuple[int, int, int]], size: int, address: int, shift: int) -> tuple[int, int, int]:
    """Check the rights, then set the accessed flags and, for a write, the dirty flag of the last entry."""
    reg = cpu.reg
    supervisor_page = not flags & US
    if access == FETCH:
        bad = flags & NX or (supervisor_page if user else not supervisor_page and reg[CR4] & CR4_SMEP)
    elif user:
        bad = supervisor_page or (access == WRITE and not flags & RW)
    else:
        bad = (not supervisor_page and reg[CR4] & CR4_SMAP and not _smap_open(cpu, user)) or (
            access == WRITE and not flags & RW and reg[CR0] & CR0_WP)
    if bad:
        raise _fault(cpu, linear, access, user, ERROR_P)
    wanted, last = 0, len(visited) - 1
    for n, (_, at, entry) in enumerate(visited):
        wanted = entry | ACCESSED | (DIRTY if n == last and access == WRITE else 0)
        if wanted != entry:
            cpu.write_walked(_table_entry(cpu, at, linear, WRITE), size, wanted)
    flags |= wanted & (GLOBAL | DIRTY)
    return address, flags, shift


def _table_entry(cpu: Processor, guest_physical: int, linear: int, access: int) -> int:
    """Where an entry of a paging structure lies: under EPT its address is itself translated."""
    if not cpu.ept:
        return guest_physical
    return ept.translate(cpu, guest_physical, access, linear, False)[0]


def _fault(cpu: Processor, linear: int, access: int, user: bool | None, error: int) -> Fault:
    """The page fault for an access (SDM volume 3, "Page-Fault Exceptions")."""
    if access == WRITE:
        error |= ERROR_W
    if user:
        error |= ERROR_U
    if access == FETCH and (cpu.reg[CR4] & CR4_SMEP or (cpu.reg[EFER] & EFER_NXE and cpu.paging >= PAGING_PAE)):
        error |= ERROR_I
    return Fault(PF, error, linear)
