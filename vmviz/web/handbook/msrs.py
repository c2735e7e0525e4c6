"""The MSRs of VMX as the reference shows them: which bits mean what, and what the models report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vmviz.spec import VMX_MSRS
from vmviz.spec.manual import MANUAL
from vmviz.spec.rows import ManualEntry, Msr
from vmviz.web.handbook.entries import Bit, Entry, Fact, Group, Part, Translate, listed
from vmviz.web.handbook.explained import MODELS
from vmviz.web.handbook.phrases import Said, said

_LARGEST: Final = 0x1000        # the numbers above are AMD's, and IA32_EFER, which is among the registers
_SECTIONS: Final = {0x3A: "register.ia32_feature_control", 0x9B: "exit.5"}     # else the capabilities


def msrs(lang: str, t: Translate) -> tuple[Group, ...]:
    """Intel's MSRs of VMX, by number."""
    return (Group("", Said(""), tuple(_entry(msr, lang) for msr in _all())),)


def meanings() -> Iterator[str]:
    """Every cell of the table that a page shows, for those who translate."""
    for msr in _all():
        yield from (row.meaning for row in msr.bits)


def _all() -> Iterator[Msr]:
    return (msr for number, msr in VMX_MSRS.items() if number < _LARGEST)


def _entry(msr: Msr, lang: str) -> Entry:
    name = msr.name.lower()
    bits = tuple(Bit(f"{name}.{row.bits}", row.bits, "", said(row.meaning, lang)) for row in msr.bits)
    manual = _manual(msr.number)
    return Entry(f"msr.{name}", name, Said(msr.name), number=f"0x{msr.number:X}", facts=tuple(_facts(msr)),
                 layout=bits, volume=manual.volume, section=manual.section)


def _manual(number: int) -> ManualEntry:
    return MANUAL[_SECTIONS.get(number, "term.capability_msr")]


def _facts(msr: Msr) -> Iterator[Fact]:
    values = [Part(f"{model.name} {model.msrs[msr.number]:016X}", code=True) for model in MODELS
              if msr.number in model.msrs]
    if values:
        yield Fact("reference.reports", listed(values))
