"""Where the manual speaks of a thing, and which bits a value is made of.

`MANUAL` has one entry for everything that the page can explain, by key: `field.guest_rip`,
`control.primary.hlt_exiting`, `exit.10`, `error.7`, `register.cr4`, `bit.cr4.vmxe`, `term.vm_entry`. The words
themselves are in vmviz/web/languages/reference, one file a language; titles of sections are the manual's own and are
not translated.

`LAYOUT_OF` says by which rows of bit_layouts.csv or control_bits.csv a VMCS field or register is taken apart; the exit
qualification goes by the exit reason (SDM volume 3, "Exit Qualification").
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from vmviz.spec import BIT_LAYOUTS, CONTROL_BIT_ROWS, CONTROL_FIELDS, FIELDS
from vmviz.spec.rows import ManualEntry, read_rows

MANUAL: Final[Mapping[str, ManualEntry]] = MappingProxyType(
    {row.key: row for row in read_rows("manual_sections", ManualEntry)})

QUALIFICATION_LAYOUTS: Final[Mapping[int, str]] = MappingProxyType({
    9: "task_switch_qualification", 28: "cr_access_qualification", 29: "dr_access_qualification",
    30: "io_qualification", 33: "entry_failure_qualification", 44: "apic_access_qualification",
    48: "ept_violation_qualification",
})
_NAMED: Final = {
    "exit_reason": "exit_reason", "ept_pointer": "eptp", "exception_bitmap": "exceptions",
    "entry_interruption_info": "interruption_info", "exit_interruption_info": "interruption_info",
    "idt_vectoring_info": "interruption_info", "guest_interruptibility_state": "interruptibility_state",
    "guest_activity_state": "activity_state", "guest_pending_debug_exceptions": "pending_debug_exceptions",
    "guest_interrupt_status": "guest_interrupt_status", "vm_function_controls": "vm_function_controls",
    "ia32_feature_control": "feature_control",
    **{f"{whose}{register}": register for whose in ("", "guest_", "host_") for register in ("cr0", "cr4", "rflags")
       if (whose, register) != ("host_", "rflags")},
    **{f"cr{n}_{what}": f"cr{n}" for n in (0, 4) for what in ("guest_host_mask", "read_shadow")},
    "efer": "efer", "guest_ia32_efer": "efer", "host_ia32_efer": "efer",
}
LAYOUT_OF: Final[Mapping[str, str]] = MappingProxyType({
    **{field.name: group for group, field in CONTROL_FIELDS.items()},
    **{field.name: "access_rights" for field in FIELDS if field.name.endswith("_access_rights")},
    **_NAMED,
})


def layouts() -> dict[str, list[tuple[str, str]]]:
    """Every layout as its bits ("7", "3:0" or "value 1") and their keys; reserved bits have the key ""."""
    made: dict[str, list[tuple[str, str]]] = {}
    for structure, bits, kind, name in _bits():
        reserved = name.startswith("reserved")
        made.setdefault(structure, []).append((bits, "" if reserved else f"{kind}.{structure}.{name}"))
    return made


def _bits() -> Iterator[tuple[str, str, str, str]]:
    for control in CONTROL_BIT_ROWS:
        yield control.group, str(control.bit), "control", control.name
    used = {*LAYOUT_OF.values(), *QUALIFICATION_LAYOUTS.values(), "debug_qualification"}
    for structure, rows in BIT_LAYOUTS.items():
        if structure in used:
            for row in rows:
                yield structure, row.bits, "bit", row.name
