"""Closer looks at a processor at rest, as they travel: the translation of an address, the TLB.

They are not part of the scene, since nobody needs them at every step.
"""

from __future__ import annotations

from typing import Any

from vmviz.machine import registers as r
from vmviz.machine import tlb
from vmviz.machine.processor import Processor
from vmviz.machine.translation import ACCESSES, explain

_PAGE_NUMBER = (1 << 36) - 1
_FRAME = 0x000F_FFFF_FFFF_F000
_FLAGS = (("w", tlb.WRITABLE), ("u", tlb.USER), ("d", tlb.DIRTY), ("g", tlb.GLOBAL), ("large", tlb.LARGE),
          ("nx", tlb.NO_EXECUTE))


def translation(cpu: Processor, linear: int, access: str) -> dict[str, Any]:
    """How a linear address is translated now, entry by entry; nothing of the processor changes."""
    found = explain(cpu, linear, ACCESSES[access])
    rows: list[dict[str, Any]] = []
    for row in found.rows:
        wire: dict[str, Any] = {"level": row.level, "ept": [
            {"level": entry.level, "address": f"{entry.address:x}", "value": f"{entry.value:x}"} for entry in row.ept]}
        if row.at is not None:
            wire["address"] = f"{row.at:x}"
        if row.value is not None:
            wire["value"] = f"{row.value:x}"
        rows.append(wire)
    told = {"linear": f"{linear:x}", "access": access, "outcome": found.outcome, "cached": found.cached,
            "references": found.references, "rows": rows}
    return told if found.physical is None else {**told, "physical": f"{found.physical:x}"}


def tlb_entries(cpu: Processor) -> list[dict[str, Any]]:
    """The valid entries of the TLB, by VPID, EPT, PCID and linear address."""
    reg = cpu.reg
    found = []
    for at in range(r.TLB, r.TLB + 3 * r.TLB_ENTRIES, 3):
        key, tag, mapping = reg[at:at + 3]
        if tag & tlb.VALID:
            linear = (key & _PAGE_NUMBER) << 12
            linear |= 0xFFFF_0000_0000_0000 if linear >> 47 else 0
            found.append({"linear": f"{linear:x}", "physical": f"{mapping & _FRAME:x}", "vpid": key >> 48,
                          "pcid": key >> 36 & 0xFFF, "ept": f"{tag & _FRAME:x}",
                          "flags": [name for name, bit in _FLAGS if mapping & bit]})
    return sorted(found, key=lambda entry: (entry["vpid"], entry["ept"], entry["pcid"], int(entry["linear"], 16)))
