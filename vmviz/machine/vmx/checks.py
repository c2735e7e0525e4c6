"""The form of a VM-entry check, and what a check may look at.

A check is a row: an id, the number of the rule in vmviz.spec.ENTRY_CHECKS (which has the rule in one sentence and the
fields it reads), a predicate, and an example that breaks it. The same rows run the check, give `entry_failed` its name,
fill the docs and make the tests. A predicate gives True when the rule is kept; it changes nothing.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING

from vmviz.machine.registers import CR0_PE, CR0_PG, VM
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx import controls as c
from vmviz.machine.vmx.vmcs import NUMBER
from vmviz.spec import ENTRY_CHECKS

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor
    from vmviz.machine.vmx.vmcs import Region

_RULES = {row.order: row for row in ENTRY_CHECKS}
AR_UNUSABLE = 1 << 16


class Candidate:
    """A VMCS about to be entered, as the checks see it: fields, the control words in effect, the processor.

    It notes what a rule looks at: the fields in `looked_at`, and in `beyond` whether it asked the processor or memory.
    """

    def __init__(self, cpu: Processor, region: Region) -> None:
        self._cpu, self.region, self.model = cpu, region, cpu.model
        self.values = region.read_all()
        self.looked_at: set[int] = set()
        self.beyond = False
        words = c.Controls(region)
        self.pin, self.primary, self.secondary = words.pin, words.primary, words.secondary
        self.exit, self.entry = words.exit, words.entry

    def __getitem__(self, name: str) -> int:
        """The value of a field."""
        number = NUMBER[name]
        self.looked_at.add(number)
        return self.values[number]

    @property
    def cpu(self) -> Processor:
        """The processor, for rules that look beyond the VMCS."""
        self.beyond = True
        return self._cpu

    @property
    def words(self) -> tuple[int, ...]:
        """The control words in effect; every rule may hang on them."""
        return self.pin, self.primary, self.secondary, self.exit, self.entry

    # ---- what many rules ask

    def canonical(self, *names: str) -> bool:
        """Do the fields hold canonical addresses (48 bits)?"""
        return all(is_canonical(self[name]) for name in names)

    def in_width(self, value: int) -> bool:
        """Has a physical address no bits above the processor's width?"""
        return not value >> self.model.physical_address_bits

    def page(self, name: str) -> bool:
        """Is the field the address of a page within the physical-address width?"""
        value = self[name]
        return not value & 0xFFF and self.in_width(value)

    def area(self, address: str, count: str) -> bool:
        """Is an MSR list, unless empty, aligned to 16 bytes and within the physical-address width?"""
        number = self[count]
        return not number or (not self[address] & 0xF and self.in_width(self[address])
                              and self.in_width(self[address] + 16 * number - 1))

    @property
    def ia32e(self) -> bool:
        """Is the guest to be in IA-32e mode?"""
        return bool(self.entry & c.IA32E_MODE_GUEST)

    @property
    def unrestricted(self) -> bool:
        """Is "unrestricted guest" 1?"""
        return bool(self.secondary & c.UNRESTRICTED_GUEST)

    @property
    def v8086(self) -> bool:
        """Is the guest to be in virtual-8086 mode?"""
        return bool(self["guest_rflags"] & VM)

    @property
    def protected(self) -> bool:
        """Is the guest's CR0.PE 1?"""
        return bool(self["guest_cr0"] & CR0_PE)

    @property
    def paging(self) -> bool:
        """Is the guest's CR0.PG 1?"""
        return bool(self["guest_cr0"] & CR0_PG)

    @property
    def injected(self) -> tuple[int, int] | None:
        """Type and vector of the event to be injected, or None."""
        info = self["entry_interruption_info"]
        return (info >> 8 & 7, info & 0xFF) if info >> 31 else None

    def has_secondary(self, control: int) -> bool:
        """May the processor's secondary controls have a bit set?"""
        return bool(cap.allowed(self.model, "secondary").may & control)

    def usable(self, segment: str) -> bool:
        """Is a segment register of the guest usable?"""
        return not self[f"guest_{segment}_access_rights"] & AR_UNUSABLE


@dataclass(frozen=True)
class Check:
    """One rule of VM entry. `needs` sets the scene in which `breaks` breaks it (field values, for the tests)."""

    id: str
    order: int
    good: Callable[[Candidate], bool]
    breaks: Mapping[str, int]
    needs: Mapping[str, int] = field(default_factory=dict)
    section: str = ""
    qualification: int = 0

    @property
    def rule(self) -> str:
        """The rule in one sentence."""
        return _RULES[self.order].check

    @property
    def fields(self) -> tuple[str, ...]:
        """What it looks at."""
        return _RULES[self.order].fields


class Kept:
    """Which rules a VMCS has kept, and with which values of the fields they look at.

    A rule is a function of those fields and the control words, so it need not be asked again until one of them has
    changed; rules that look beyond the VMCS are always asked. Derived: dropping it changes no outcome.
    """

    def __init__(self) -> None:
        self._words: tuple[int, ...] = ()
        self._rules: dict[str, tuple[Callable[[Sequence[int]], object], object]] = {}

    def first_broken(self, rows: Iterable[Check], candidate: Candidate) -> Check | None:
        """The first rule that a VMCS breaks, in the order of the rows."""
        if candidate.words != self._words:
            self._words = candidate.words
            self._rules.clear()
        rules, values = self._rules, candidate.values
        for row in rows:
            known = rules.get(row.id)
            if known is not None and known[0](values) == known[1]:
                continue
            candidate.looked_at, candidate.beyond = set(), False
            if not row.good(candidate):
                return row
            if not candidate.beyond:
                # Two more fields, because a getter of less than two gives no tuple.
                getter = itemgetter(*candidate.looked_at, 0, 0)
                rules[row.id] = getter, getter(values)
        return None


def is_canonical(address: int) -> bool:
    """Are bits 63:47 all equal?"""
    return address + 0x8000_0000_0000 & (1 << 64) - 1 < 1 << 48


def is_pat(value: int) -> bool:
    """Is each byte of a PAT a memory type: 0, 1, 4, 5, 6 or 7?"""
    return all(value >> shift & 0xFF in (0, 1, 4, 5, 6, 7) for shift in range(0, 64, 8))


def is_cet(value: int) -> bool:
    """May IA32_S_CET hold this: canonical, bits 9:6 zero, not both suppressed and waiting for ENDBRANCH?"""
    return is_canonical(value) and not value & 0x3C0 and value & 0xC00 != 0xC00


def perf_global_ctrl_bits(candidate: Candidate) -> int:
    """The bits of IA32_PERF_GLOBAL_CTRL that are counters, by CPUID leaf 0Ah."""
    a, _, _, d = candidate.model.leaf(0xA)
    return (1 << (a >> 8 & 0xFF)) - 1 | ((1 << (d & 0x1F)) - 1) << 32


EFER_BITS = 0xD01
"""SCE, LME, LMA, NXE: all that the models have."""
