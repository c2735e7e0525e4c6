"""What kind of code a virtual machine runs: mode, paging, EPT. docs/protocol.md, "Scene", has its form on the wire.

Of a running guest the processor says it; of one that stands still its VMCS does, as soon as that has all that decides.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from vmviz.machine import registers as r
from vmviz.machine.execution_mode import Execution, execution
from vmviz.machine.processor import Processor
from vmviz.machine.vmx import controls as c
from vmviz.machine.vmx import vmcs

# The slots that decide, by the names that `execution` gives them.
_SLOTS: Final = {"cr0": r.CR0, "cr4": r.CR4, "efer": r.EFER, "rflags": r.RFLAGS, "cs_rights": r.CS_RIGHTS}


def running(cpu: Processor, before: Mapping[int, int]) -> dict[str, Any]:
    """Of the guest that a processor runs; `before`: the old values of the slots that the last step changed."""
    now = _of({name: cpu.reg[slot] for name, slot in _SLOTS.items()})
    drawn = _wire(now, bool(cpu.ept), cpu.bits)
    if r.OPERATION not in before and any(slot in before for slot in _SLOTS.values()):
        was = _of({name: before.get(slot, cpu.reg[slot]) for name, slot in _SLOTS.items()})
        if was != now:
            drawn["was"] = was._asdict()
    return drawn


def standing(region: vmcs.Region) -> dict[str, Any] | None:
    """Of the guest that a VMCS describes; None while a field that decides has never been written (none of a guest that
    can be entered is 0)."""
    rights, cr0, rflags = (region.read(f"guest_{name}") for name in ("cs_access_rights", "cr0", "rflags"))
    words = c.read(region)
    if not (rights and cr0 and rflags and words.entry):
        return None
    found = execution(cr0=cr0, cr4=region.read("guest_cr4"), lma=bool(words.entry & c.IA32E_MODE_GUEST),
                      rflags=rflags, cs_rights=rights)
    bits = 64 if found.mode == "64_bit" else 32 if rights & r.AR_DB else 16
    return _wire(found, bool(words.secondary & c.ENABLE_EPT), bits)


def _of(values: Mapping[str, int]) -> Execution:
    return execution(cr0=values["cr0"], cr4=values["cr4"], lma=bool(values["efer"] & r.EFER_LMA),
                     rflags=values["rflags"], cs_rights=values["cs_rights"])


def _wire(found: Execution, ept: bool, bits: int) -> dict[str, Any]:
    return {**found._asdict(), "ept": ept, "bits": bits}
