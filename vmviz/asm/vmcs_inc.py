"""The text of `vmcs.inc`: names for VMCS fields, control bits, exit reasons and the structures of the tables, from
vmviz.spec.

A field is its name in capitals (GUEST_RIP); a control is its group's prefix and its name, as a mask
(PRIMARY_HLT_EXITING); an exit reason is EXIT_REASON_CPUID; an MSR is its own name; a VM-instruction error has no
name in the manual and gets none. Both this assembler and NASM read it. Nothing here is written twice: what the
tables do not say is not in the file.
"""

from __future__ import annotations

import re
from functools import lru_cache

from vmviz import spec

PREFIXES = {
    "pin_based": "PIN",
    "primary": "PRIMARY",
    "secondary": "SECONDARY",
    "tertiary": "TERTIARY",
    "vm_exit": "EXIT",
    "vm_exit_secondary": "EXIT2",
    "vm_entry": "ENTRY",
}
STRUCTURES = {
    "interruption_info": "INTR_INFO",
    "interruptibility_state": "INTERRUPTIBILITY",
    "activity_state": "ACTIVITY",
    "access_rights": "AR",
    "pending_debug_exceptions": "PENDING_DEBUG",
    "eptp": "EPTP",
    "ept_entry": "EPT",
}


@lru_cache(maxsize=1)
def vmcs_inc() -> str:
    """The whole file; every line of it is a comment or `NAME equ number`."""
    lines = ["; Made from the tables of the manual: VMCS fields, controls, exit reasons, MSRs."]
    taken: set[str] = set()

    def section(title: str, names: list[tuple[str, str]]) -> None:
        lines.extend(("", f"; {title}"))
        for name, value in names:
            if name not in taken:
                taken.add(name)
                lines.append(f"{name:<44} equ {value}")

    section(
        "VMCS fields; the high half of a 64-bit field is the field + 1",
        [(field.name.upper(), f"{field.encoding:#06x}") for field in spec.FIELDS],
    )
    for group, bits in spec.CONTROL_BITS.items():
        section(
            f"Bits of {spec.CONTROL_FIELDS[group].name}",
            [
                (f"{PREFIXES[group]}_{name.upper()}", f"1<<{bit}")
                for name, bit in bits.items()
                if not name.startswith("reserved_")
            ],
        )
    section(
        "Basic exit reasons",
        [(f"EXIT_REASON_{row.name}", str(row.number)) for row in spec.EXIT_REASONS.values() if row.cls != "reserved"],
    )
    section(
        "Bits and values of other structures; a range gives its lowest bit as _SHIFT",
        [name for structure, prefix in STRUCTURES.items() for name in _structure(structure, prefix)],
    )
    section("MSRs", [(f"MSR_{msr.name}", f"{number:#x}") for number, msr in spec.VMX_MSRS.items()])
    return "\n".join(lines) + "\n"


def _structure(structure: str, prefix: str) -> list[tuple[str, str]]:
    names = []
    for row in spec.BIT_LAYOUTS[structure]:
        name = f"{prefix}_{row.name.upper()}"
        if row.name.startswith("reserved_"):
            continue
        if match := re.fullmatch(r"value (\d+)", row.bits):
            names.append((name, match[1]))
        elif match := re.fullmatch(r"\d+:(\d+)", row.bits):
            names.append((name + "_SHIFT", match[1]))
        else:
            names.append((name, f"1<<{row.bits}"))
    return names
