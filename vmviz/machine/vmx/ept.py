"""Extended page tables: guest-physical addresses to physical ones, with violations, misconfigurations and A/D flags.

A walk of four levels (SDM volume 3, "The Extended Page Table Mechanism (EPT)"). Each entry is looked at in turn: not
present is a violation, a meaningless one a misconfiguration; the rights are the AND of all entries. What was found is
cached with the linear translation in the TLB (paging.py); nothing is cached here.

A walk for an entry of the guest's own paging structures counts as a write when EPT accessed and dirty flags are on.
Simplified: a violation by a read-modify-write reports the write alone, as the reference emulator does.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmviz import events as ev
from vmviz.machine.outcome import VE, Fault, Interruption, VmExit
from vmviz.machine.registers import CR0, CR0_PE
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx import controls as c

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

READ, WRITE, EXECUTE, DIRTY_SET = 1, 2, 4, 8
RIGHTS: Final = READ | WRITE | EXECUTE
LARGE, ACCESSED, DIRTY = 1 << 7, 1 << 8, 1 << 9
ADDRESS: Final = 0x000F_FFFF_FFFF_F000
EPTP_ACCESSED_DIRTY: Final = 1 << 6
LINEAR_VALID, FINAL, NMI_UNBLOCKING = 1 << 7, 1 << 8, 1 << 12
VIOLATION, MISCONFIGURATION, PML_FULL = 48, 49, 62
SUBPAGE, SUPPRESS_VE = 1 << 61, 1 << 63
_WANTED: Final = (READ, WRITE, EXECUTE)            # by paging's READ, WRITE, FETCH
_ACCESS_NAMES: Final[tuple[ev.Access, ...]] = ("read", "write", "fetch")
_GOOD_TYPES: Final = frozenset({0, 1, 4, 5, 6})


def translate(cpu: Processor, guest_physical: int, access: int, linear: int | None, final: bool) -> tuple[int, int]:
    """The physical address of a guest-physical one, and the rights: READ, WRITE, EXECUTE, DIRTY_SET.

    `access`: 0 read, 1 write, 2 fetch. `linear`: the linear address on whose behalf, None when there is none;
    `final`: it is the translation of that address itself, not of a paging-structure entry on the way. DIRTY_SET:
    nothing is left to do for a write. Raises VmExit (EPT violation, EPT misconfiguration, page-modification log
    full).
    """
    flags_on = bool(cpu.ept & EPTP_ACCESSED_DIRTY)
    wanted = _WANTED[access]
    if flags_on and linear is not None and not final:
        wanted = READ | WRITE
    seen: list[tuple[int, int, int]] = []
    table, rights, entry, shift = cpu.ept & ADDRESS, RIGHTS, 0, 39
    while True:
        at = table + ((guest_physical >> shift & 511) << 3)
        entry = cpu.memory.read(at, 8)
        seen.append(((shift - 3) // 9, at, entry))
        rights &= entry
        if not entry & RIGHTS:
            _tell(cpu, guest_physical, None, access, seen)
            raise _violation(cpu, guest_physical, linear, final, wanted, rights, entry)
        if misconfigured(cpu, entry, shift):
            _tell(cpu, guest_physical, None, access, seen)
            raise VmExit(MISCONFIGURATION, physical=guest_physical, linear=linear)
        if shift == 12 or entry & LARGE:
            break
        table, shift = entry & ADDRESS, shift - 9
    if wanted & ~rights:
        if entry & SUBPAGE and shift == 12 and wanted & WRITE and cpu.controls.secondary & c.SUBPAGE_WRITE_PERMISSIONS:
            raise cpu.outside("a sub-page write permission")
        _tell(cpu, guest_physical, None, access, seen)
        raise _violation(cpu, guest_physical, linear, final, wanted, rights, entry)
    physical = entry & ADDRESS & -(1 << shift) | guest_physical & (1 << shift) - 1
    dirty_set = True
    if flags_on:
        write = bool(wanted & WRITE)
        _set_flags(cpu, guest_physical, seen, write)
        dirty_set = write or bool(entry & DIRTY)
    _tell(cpu, guest_physical, physical, access, seen)
    return physical, rights & RIGHTS | (DIRTY_SET if dirty_set else 0)


def misconfigured(cpu: Processor, entry: int, shift: int) -> bool:
    """Is a present entry that maps 2^shift bytes one that software may not write (SDM, "EPT Misconfigurations")?"""
    if entry & (READ | WRITE) == WRITE:
        return True
    if entry & RIGHTS == EXECUTE and not cap.msr(cpu.model, cap.EPT_VPID) & cap.EXECUTE_ONLY:
        return True
    if entry & cpu.model.reserved_address_bits:
        return True
    if shift == 12 or (entry & LARGE and shift < 39):
        if shift > 12:
            needed = cap.PAGES_2M if shift == 21 else cap.PAGES_1G
            if not cap.msr(cpu.model, cap.EPT_VPID) & needed or entry & ADDRESS & (1 << shift) - 1:
                return True
        return entry >> 3 & 7 not in _GOOD_TYPES
    return bool(entry & 0xF8)


class VirtualizationException(Fault):
    """An EPT violation that becomes #VE in the guest instead of a VM exit; it is recorded at its delivery."""

    def __init__(self, qualification: int, linear: int | None, physical: int) -> None:
        super().__init__(VE)
        self.qualification, self.linear, self.physical = qualification, linear or 0, physical

    def record(self, cpu: Processor) -> None:
        """Fill the virtualization-exception information area (SDM volume 3, "Virtualization-Exception Information")."""
        region = cpu.guest_fields()
        area = region.read("virtualization_exception_info_address")
        for offset, size, value in (
            (0, 4, VIOLATION), (4, 4, 0xFFFF_FFFF), (8, 8, self.qualification), (16, 8, self.linear),
            (24, 8, self.physical), (32, 2, region.read("eptp_index")),
        ):
            cpu.write_physical(area + offset, size, value)


def _violation(cpu: Processor, guest_physical: int, linear: int | None, final: bool, wanted: int, rights: int,
               entry: int) -> Interruption:
    """What an access that the entries do not allow causes (SDM, "Exit Qualification for EPT Violations")."""
    qualification = wanted | (rights & RIGHTS) << 3
    if linear is not None:
        qualification |= LINEAR_VALID | (FINAL if final else 0)
    if cpu.controls.secondary & c.EPT_VIOLATION_VE and not entry & SUPPRESS_VE and _may_convert(cpu):
        return VirtualizationException(qualification, linear, guest_physical)
    return VmExit(VIOLATION, qualification, physical=guest_physical, linear=linear)


def _may_convert(cpu: Processor) -> bool:
    """#VE needs protected mode, no event under delivery, and an information area that its reader has released."""
    if not cpu.reg[CR0] & CR0_PE or cpu.vectoring is not None:
        return False
    return not cpu.memory.read(cpu.guest_fields().read("virtualization_exception_info_address") + 4, 4)


def _set_flags(cpu: Processor, guest_physical: int, seen: list[tuple[int, int, int]], write: bool) -> None:
    """Accessed in every entry used, dirty in the leaf of a write; a page that becomes dirty is logged first."""
    leaf = len(seen) - 1
    changes = [(at, entry | ACCESSED | (DIRTY if write and n == leaf else 0), entry)
               for n, (_, at, entry) in enumerate(seen)]
    if all(new == old for _, new, old in changes):
        return
    if cpu.controls.secondary & c.ENABLE_PML:
        log_page(cpu, guest_physical, write and not seen[leaf][2] & DIRTY)
    for at, new, old in changes:
        if new != old:
            cpu.write_walked(at, 8, new)


def log_page(cpu: Processor, guest_physical: int, dirtied: bool) -> None:
    """Page-modification logging (SDM volume 3, "Page-Modification Logging").

    Asked whenever a flag is about to be set: a full log is a VM exit then; only a page that becomes dirty is entered.
    """
    region = cpu.guest_fields()
    index = region.read("pml_index")
    if index > 511:
        raise VmExit(PML_FULL)
    if dirtied:
        cpu.write_walked(region.read("pml_address") + 8 * index, 8, guest_physical & ~0xFFF)
        region.write("pml_index", index - 1, by=cpu.write_walked)


def _tell(cpu: Processor, guest_physical: int, physical: int | None, access: int, seen: list[tuple[int, int,
          int]]) -> None:
    if cpu.telling:
        cpu.emit(ev.EptWalk(guest_physical=guest_physical, physical=physical, access=_ACCESS_NAMES[access],
                            entries=tuple(ev.TableEntry(*entry) for entry in seen)))


def eptp_is_good(cpu: Processor, eptp: int) -> bool:
    """May VM entry, INVEPT and VMFUNC use this EPT pointer?"""
    return eptp_type_is_good(cpu, eptp) and eptp_walk_is_good(cpu, eptp) and eptp_flags_are_good(cpu, eptp) \
        and eptp_reserved_are_zero(cpu, eptp)


def eptp_type_is_good(cpu: Processor, eptp: int) -> bool:
    """Memory type 0 or 6, as far as the processor supports it."""
    supported = cap.msr(cpu.model, cap.EPT_VPID)
    return bool({0: supported & cap.UNCACHEABLE, 6: supported & cap.WRITE_BACK}.get(eptp & 7, 0))


def eptp_walk_is_good(cpu: Processor, eptp: int) -> bool:
    """Bits 5:3 are the walk length less 1: four levels."""
    return eptp >> 3 & 7 == 3 and bool(cap.msr(cpu.model, cap.EPT_VPID) & cap.WALK_4)


def eptp_flags_are_good(cpu: Processor, eptp: int) -> bool:
    """Accessed and dirty flags only where the processor has them."""
    return not eptp & EPTP_ACCESSED_DIRTY or bool(cap.msr(cpu.model, cap.EPT_VPID) & cap.ACCESSED_DIRTY)


def eptp_reserved_are_zero(cpu: Processor, eptp: int) -> bool:
    """Bits 11:8, those above the physical-address width, and bit 7 where supervisor shadow stacks are not supported."""
    reserved = 0xF00 if cap.msr(cpu.model, cap.EPT_VPID) & cap.SUPERVISOR_SHADOW_STACK else 0xF80
    return not eptp & (reserved | cpu.model.reserved_address_bits | 0xFFF0_0000_0000_0000)
