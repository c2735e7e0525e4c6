"""The form of a VM-entry check, and what a check may look at.

A check is a row: an id, the number of the rule in vmviz.spec.ENTRY_CHECKS (which has the rule in one sentence and the
fields it reads), a predicate, and an example that breaks it. The same rows run the check, give `entry_failed` its name,
fill the docs and make the tests. A predicate gives True when the rule is kept; it changes nothing.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress, count
from operator import ne
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

    It notes what a rule looks at: in `looked_at` the fields by number with their bits (-1: all of them), and in
    `beyond` whether it asked the processor or memory.
    """

    def __init__(self, cpu: Processor, region: Region) -> None:
        self._cpu, self.region, self.model = cpu, region, cpu.model
        self.values = region.read_all()
        self.looked_at: dict[int, int] = {}
        self.beyond = False
        words = c.of(self.values)
        self.pin, self.primary, self.secondary = words.pin, words.primary, words.secondary
        self.exit, self.entry = words.exit, words.entry

    def __getitem__(self, name: str) -> int:
        """The value of a field."""
        number = NUMBER[name]
        self.looked_at[number] = -1
        return self.values[number]

    def bit(self, name: str, mask: int) -> bool:
        """Is a bit of a field 1? For rules to which the other bits do not matter."""
        number = NUMBER[name]
        self.looked_at[number] = self.looked_at.get(number, 0) | mask
        return bool(self.values[number] & mask)

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
        return self.bit("guest_rflags", VM)

    @property
    def protected(self) -> bool:
        """Is the guest's CR0.PE 1?"""
        return self.bit("guest_cr0", CR0_PE)

    @property
    def paging(self) -> bool:
        """Is the guest's CR0.PG 1?"""
        return self.bit("guest_cr0", CR0_PG)

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
    """Which rules a VMCS has kept, and what of its fields they looked at.

    A rule is a function of those bits and the control words, so it need not be asked again until one of them has
    changed; rules that look beyond the VMCS are always asked. Derived: dropping it changes no outcome.
    """

    def __init__(self) -> None:
        self._words: tuple[int, ...] = ()
        self._values: tuple[int, ...] = ()
        # A stage of checks goes by the id of its first rule, a rule by its place in the stage.
        self._open: dict[str, set[int]] = {}                            # of a stage: rules not known to be kept
        self._looking: dict[int, dict[tuple[str, int], int]] = {}       # field -> rules that look at it, at which bits

    def first_broken(self, rows: Sequence[Check], candidate: Candidate) -> Check | None:
        """The first rule of a stage that a VMCS breaks, in the order of its rows."""
        if candidate.values is not self._values:
            self._doubt(candidate)
        stage = rows[0].id
        if stage not in self._open:
            self._open[stage] = set(range(len(rows)))
        still_open = self._open[stage]
        for place in sorted(still_open):
            candidate.looked_at, candidate.beyond = {}, False
            if not rows[place].good(candidate):
                return rows[place]
            if not candidate.beyond:
                still_open.discard(place)
                for number, bits in candidate.looked_at.items():
                    self._looking.setdefault(number, {})[stage, place] = bits
        return None

    def _doubt(self, candidate: Candidate) -> None:
        """Go over to other values: the rules that look at what has changed are open again."""
        old, new = self._values, candidate.values
        if candidate.words != self._words:
            self._words = candidate.words
            self._open.clear()
            self._looking.clear()
        else:
            for number in compress(count(), map(ne, old, new)):
                changed = old[number] ^ new[number]
                for (stage, place), bits in self._looking.get(number, {}).items():
                    if bits & changed:
                        self._open[stage].add(place)
        self._values = new


def is_canonical(address: int) -> bool:
    """Are bits 63:47 all equal?"""
    return address + 0x8000_0000_0000 & (1 << 64) - 1 < 1 << 48


EFER_BITS = 0xD01
"""SCE, LME, LMA, NXE: all that the models have."""
