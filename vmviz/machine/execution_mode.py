"""In which mode a processor executes, and how it pages: what a person calls "the guest is in real mode".

Names only, for those who look; the processor itself goes by the bits (SDM volume 3, "Modes of Operation"; "Paging Modes
and Control Bits").
"""
from __future__ import annotations

from typing import Final, NamedTuple

from vmviz.machine.registers import AR_L, CR0_PE, CR0_PG, CR4_PAE, VM

MODES: Final = ("real", "virtual_8086", "protected", "compatibility", "64_bit")
PAGING: Final = ("off", "32_bit", "pae", "4_level")


class Execution(NamedTuple):
    """One of MODES and one of PAGING."""

    mode: str
    paging: str


def execution(*, cr0: int, cr4: int, lma: bool, rflags: int, cs_rights: int) -> Execution:
    """The mode of these control registers, IA32_EFER.LMA (`lma`), RFLAGS and access rights of CS."""
    if not cr0 & CR0_PE:
        mode = "real"
    elif lma:
        mode = "64_bit" if cs_rights & AR_L else "compatibility"
    else:
        mode = "virtual_8086" if rflags & VM else "protected"
    if not cr0 & CR0_PG:
        return Execution(mode, "off")
    return Execution(mode, "4_level" if lma else "pae" if cr4 & CR4_PAE else "32_bit")
