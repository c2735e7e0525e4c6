"""What VM entries and the other VMX instructions ask, in order, for a page that shows where one of them failed.

The checks of a VM entry are those that the machine asks (vmviz.machine.vmx.entry_rules), the guards of an instruction
the rows of vmviz.spec.VMX_OUTCOMES, by which the machine names the one that decided. Their sentences are in the
catalogues, by id.
"""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import Any

import msgspec

from vmviz.machine.vmx import controls_checks, guest_checks, host_checks
from vmviz.machine.vmx.checks import Check
from vmviz.machine.vmx.entry_rules import GUARDS, MSR_LOAD_SECTION
from vmviz.spec import VMX_INSTRUCTIONS, VMX_OUTCOMES
from vmviz.spec.rows import VmxOutcome
from vmviz.web.handbook.targets import addresses
from vmviz.web.wire import encode

GUARD_SECTION = "Basic VM-Entry Checks"
ENTRIES = ("vmlaunch", "vmresume")      # whose guards are checks of VM entry
MSR_LOAD_ORDER = ("bases", "x2apic", "reserved", "refused")     # in which an entry of the MSR-load list is asked


@cache
def checks() -> msgspec.Raw:
    """{page, groups: [{id, sections: [{title, rows: [ID, ...]}]}], instructions: {NAME: {page, groups}}}, as JSON."""
    pages = addresses()
    return encode({"page": pages["check"], "groups": [
        {"id": "guards", "sections": [{"title": GUARD_SECTION, "rows": [f"guard.{number}" for number in GUARDS]}]},
        *({"id": name, "sections": _sections(rows)} for name, rows in (
            ("controls", controls_checks.ROWS), ("host_state", host_checks.ROWS), ("guest_state", guest_checks.ROWS))),
        {"id": "load_msrs", "sections": [{"title": MSR_LOAD_SECTION, "rows": [
            f"msr_load.{name}" for name in MSR_LOAD_ORDER]}]},
    ], "instructions": {name: {"page": f"{pages['instruction']}/{name}", "groups": _groups(name)}
                        for name in map(str.lower, VMX_INSTRUCTIONS) if name not in ENTRIES}})


def _groups(name: str) -> list[dict[str, Any]]:
    """The guards of an instruction, those of one fault and all VMfails together: {kind, code?, rows: [{id, code}]}."""
    def led_to(row: VmxOutcome) -> tuple[str, str]:
        return row.kind, "" if row.kind == "fail" else row.code

    rows = (row for row in VMX_OUTCOMES.values() if row.instruction == name)
    return [{"kind": kind, **({"code": code} if code else {}),
             "rows": [{"id": row.guard, "code": row.code} for row in some]}
            for (kind, code), some in groupby(rows, led_to)]


def _sections(rows: tuple[Check, ...]) -> list[dict[str, Any]]:
    return [{"title": title, "rows": [row.id for row in some]}
            for title, some in groupby(rows, lambda row: row.section)]
