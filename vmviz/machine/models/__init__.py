"""Processor models: what a processor calls itself (CPUID), what its VMX can do (capability MSRs), how it comes
out of reset.

A model is data: a module of this package with the tables CPUID and MSRS, made from what the reference
emulator's model of the same name reports. `Model` answers CPUID from them, putting in the few bits that follow
the processor's state. How an instruction behaves on a model belongs to the instruction, which asks the model's
capabilities.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from vmviz.errors import VmvizError
from vmviz.machine.models import no_ept, sandy_bridge, tigerlake
from vmviz.machine.registers import (
    APIC,
    APIC_BASE,
    APIC_TIMER_DEADLINE,
    AR_L,
    CR4,
    CR4_OSXSAVE,
    CR4_PKE,
    CS_RIGHTS,
    DR6,
    DR7,
    EFER,
    EFER_LMA,
    FMASK,
    MISC_ENABLE,
    MONITOR_ADDRESS,
    NEVER,
    PAT,
    XCR0,
)

CpuidTable = Mapping[tuple[int, "int | None"], tuple[int, int, int, int]]
_ZEROS: Final = (0, 0, 0, 0)
_BY_SUBLEAF: Final = frozenset({4, 7, 0xB, 0xD})
_XSAVE_SIZES: Final = {2: (0x240, 0x100), 5: (0x440, 0x40), 6: (0x480, 0x200), 7: (0x680, 0x400), 9: (0xA80, 8)}
RESET_PAT: Final = 0x0007_0406_0007_0406
APIC_ENABLED, APIC_X2, APIC_BSP = 1 << 11, 1 << 10, 1 << 8


class Model:
    """One processor model. Instances are compared by identity; `load` gives the same one each time."""

    def __init__(self, name: str, cpuid: CpuidTable, msrs: Mapping[int, int]) -> None:
        self.name = name
        self.msrs = msrs                                # read-only MSRs: capabilities
        self._cpuid = cpuid
        self.physical_address_bits = self.leaf(0x8000_0008)[0] & 0xFF
        self.linear_address_bits = self.leaf(0x8000_0008)[0] >> 8 & 0xFF
        self.reserved_address_bits = 0x000F_FFFF_FFFF_FFFF & -(1 << self.physical_address_bits)
        self.largest_page_shift = 30 if self.leaf(0x8000_0001)[3] & 1 << 26 else 21

    def leaf(self, leaf: int, subleaf: int = 0) -> tuple[int, int, int, int]:
        """EAX, EBX, ECX and EDX as tabled, before anything follows the processor's state."""
        return self._cpuid.get((leaf, subleaf if leaf in _BY_SUBLEAF else None), _ZEROS)

    def has(self, leaf: int, register: int, bit: int, subleaf: int = 0) -> bool:
        """Is a feature bit set? `register`: 0 EAX, 1 EBX, 2 ECX, 3 EDX."""
        return bool(self.leaf(leaf, subleaf)[register] >> bit & 1)

    def cpuid(self, reg: Sequence[int], leaf: int, subleaf: int, number: int = 0,
              processors: int = 1) -> tuple[int, int, int, int]:
        """What CPUID gives for EAX = `leaf`, ECX = `subleaf` in the state `reg` (SDM volume 2, "CPUID").

        `number` is the initial APIC ID. Several processors are cores of one package, with one thread each.
        """
        highest = self.leaf(0x8000_0000)[0] if leaf >= 0x8000_0000 else self.leaf(0)[0]
        if leaf > highest:                              # out of range: the data of the highest basic leaf
            leaf = self.leaf(0)[0]
        a, b, c, d = self.leaf(leaf, subleaf)
        if leaf == 1:
            b = b & 0xFFFF | (1 << (processors - 1).bit_length()) << 16 | number << 24
            c = c & ~(1 << 27) | (1 << 27 if reg[CR4] & CR4_OSXSAVE else 0)
            d = d if reg[APIC_BASE] & APIC_ENABLED else d & ~(1 << 9)
        elif leaf == 7 and subleaf == 0:
            c = c & ~(1 << 4) | (1 << 4 if reg[CR4] & CR4_PKE else 0)
        elif leaf == 0xB:
            if processors > 1 and subleaf < 2:          # threads of a core, then cores of the package
                shift = (processors - 1).bit_length() if subleaf else 0
                a, b, c = shift, processors if subleaf else 1, subleaf + 1 << 8 | subleaf
            d = number
        elif leaf == 0xD and subleaf == 0:
            b = max([0x240, *(at + size for bit, (at, size) in _XSAVE_SIZES.items() if reg[XCR0] >> bit & 1)])
        elif leaf == 0x8000_0001 and not (reg[EFER] & EFER_LMA and reg[CS_RIGHTS] & AR_L):
            d &= ~(1 << 11)                             # SYSCALL exists in 64-bit mode only
        return a, b, c, d

    def reset(self, reg: list[int], number: int = 0) -> None:
        """Put the registers that no program has touched yet into their state after reset; number 0 is the BSP."""
        reg[DR6], reg[DR7] = 0xFFFF_0FF0, 0x400
        reg[PAT], reg[FMASK], reg[XCR0], reg[MISC_ENABLE] = RESET_PAT, 0x2_0200, 1, 1
        reg[APIC_BASE] = 0xFEE0_0000 | APIC_ENABLED | (0 if number else APIC_BSP)
        reg[APIC_TIMER_DEADLINE] = reg[MONITOR_ADDRESS] = NEVER
        self.reset_apic(reg, number)

    def reset_apic(self, reg: list[int], number: int = 0) -> None:
        """The local APIC's registers after reset (SDM volume 3, "Local APIC State After Power-Up or Reset")."""
        for register in range(64):
            reg[APIC + register] = 0
        reg[APIC + 0x02] = number << 24                 # the APIC ID
        reg[APIC + 0x03] = 0x5_0014                     # version 14h, six entries in the local vector table
        reg[APIC + 0x0E] = 0xFFFF_FFFF                  # destination format: flat
        reg[APIC + 0x0F] = 0xFF                         # spurious vector; software-disabled
        for register in (0x2F, *range(0x32, 0x38)):
            reg[APIC + register] = 0x1_0000             # the local vector table: masked


_MODELS: Final = {
    "tigerlake": Model("tigerlake", tigerlake.CPUID, tigerlake.MSRS),
    "sandy-bridge": Model("sandy-bridge", sandy_bridge.CPUID, sandy_bridge.MSRS),
    "no-ept": Model("no-ept", no_ept.CPUID, no_ept.MSRS),
}
NAMES: Final = tuple(_MODELS)


def load(name: str) -> Model:
    """The model of a name. Raises VmvizError for an unknown one."""
    if name not in _MODELS:
        raise VmvizError(f"there is no processor model `{name}`: use one of {', '.join(NAMES)}")
    return _MODELS[name]
