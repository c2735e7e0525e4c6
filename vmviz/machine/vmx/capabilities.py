"""What a processor model says of its VMX: the capability MSRs, decoded (SDM volume 3, "VMX Capability Reporting
Facility").

The values are the model's; nothing here invents any. A group of controls has two words: bits that must be 1
(allowed 0-settings) and bits that may be 1 (allowed 1-settings).
"""
from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from vmviz.spec import CONTROL_BITS, CONTROL_GROUP_OF

if TYPE_CHECKING:
    from vmviz.machine.models import Model

BASIC, PIN, PRIMARY, EXIT, ENTRY, MISC = range(0x480, 0x486)
CR0_FIXED0, CR0_FIXED1, CR4_FIXED0, CR4_FIXED1, ENUM, SECONDARY, EPT_VPID = range(0x486, 0x48D)
TRUE_PIN, TRUE_PRIMARY, TRUE_EXIT, TRUE_ENTRY, VMFUNC, TERTIARY, EXIT_SECONDARY = range(0x48D, 0x494)
_MSR_OF: Final = {"pin_based": (PIN, TRUE_PIN), "primary": (PRIMARY, TRUE_PRIMARY), "vm_exit": (EXIT, TRUE_EXIT),
                  "vm_entry": (ENTRY, TRUE_ENTRY)}

# IA32_VMX_EPT_VPID_CAP.
EXECUTE_ONLY, WALK_4, UNCACHEABLE, WRITE_BACK, PAGES_2M, PAGES_1G = 1, 1 << 6, 1 << 8, 1 << 14, 1 << 16, 1 << 17
INVEPT, ACCESSED_DIRTY, SUPERVISOR_SHADOW_STACK, INVEPT_SINGLE, INVEPT_ALL = 1 << 20, 1 << 21, 1 << 23, 1 << 25, 1 << 26
INVVPID, INVVPID_TYPE_0 = 1 << 32, 1 << 40


class Allowed(NamedTuple):
    """Which settings a word of controls may have."""

    must: int
    may: int

    def accepts(self, word: int) -> bool:
        """Does a word of controls respect the allowed settings?"""
        return not self.must & ~word and not word & ~self.may


def msr(model: Model, number: int) -> int:
    """A capability MSR; 0 when the model does not have it."""
    return model.msrs.get(number, 0)


@cache
def allowed(model: Model, group: str) -> Allowed:
    """The allowed settings of a group of controls, by the TRUE MSRs where there are some."""
    if group in _MSR_OF:
        plain, true = _MSR_OF[group]
        value = msr(model, true if msr(model, BASIC) >> 55 & 1 else plain)
        return Allowed(value & 0xFFFF_FFFF, value >> 32)
    if group == "secondary":
        value = msr(model, SECONDARY) if allowed(model, "primary").may >> 31 & 1 else 0
        return Allowed(value & 0xFFFF_FFFF, value >> 32)
    if group == "tertiary":
        return Allowed(0, msr(model, TERTIARY) if allowed(model, "primary").may >> 17 & 1 else 0)
    return Allowed(0, msr(model, EXIT_SECONDARY) if allowed(model, "vm_exit").may >> 31 & 1 else 0)


@cache
def allowed_ones(model: Model) -> tuple[tuple[str, int], ...]:
    """The bits each group may have set, with the VM functions under "vm_functions"."""
    words = [(group, allowed(model, group).may) for group in CONTROL_BITS]
    functions = msr(model, VMFUNC) if allowed(model, "secondary").may >> 13 & 1 else 0
    return (*words, ("vm_functions", functions))


def has_control(words: dict[str, int], group: str, control: str) -> bool:
    """May `control` of a group (in the table's short form: pin, exit, exit2, entry) be 1?"""
    name = CONTROL_GROUP_OF.get(group, "")
    bit = CONTROL_BITS.get(name, {}).get(control)
    return bit is not None and bool(words[name] >> bit & 1)


def revision(model: Model) -> int:
    """The VMCS revision identifier."""
    return msr(model, BASIC) & 0x7FFF_FFFF


def fixed_cr0(model: Model) -> tuple[int, int]:
    """Bits of CR0 that must be 1 and that may be 1 in VMX operation (bits 63:32 may not)."""
    return msr(model, CR0_FIXED0), msr(model, CR0_FIXED1)


def fixed_cr4(model: Model) -> tuple[int, int]:
    """Bits of CR4 that must be 1 and that may be 1 in VMX operation."""
    return msr(model, CR4_FIXED0), msr(model, CR4_FIXED1)


def shadow_vmcs(model: Model) -> bool:
    """Does the processor have VMCS shadowing?"""
    return bool(allowed(model, "secondary").may >> CONTROL_BITS["secondary"]["vmcs_shadowing"] & 1)
