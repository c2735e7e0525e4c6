"""The checks of a VM entry in the manual's order, for a page that shows which one failed.

The rows are those that the machine asks (vmviz.machine.vmx.entry_rules); their sentences are in the catalogues, by id.
"""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import Any

import msgspec

from vmviz.machine.vmx import controls_checks, guest_checks, host_checks
from vmviz.machine.vmx.checks import Check
from vmviz.machine.vmx.entry_rules import GUARDS, MSR_LOAD_SECTION
from vmviz.web.wire import encode

GUARD_SECTION = "Basic VM-Entry Checks"
MSR_LOAD_ORDER = ("bases", "x2apic", "reserved", "refused")     # in which an entry of the MSR-load list is asked


@cache
def checks() -> msgspec.Raw:
    """{groups: [{id, sections: [{title, rows: [ID, ...]}]}]}, as JSON."""
    return encode({"groups": [
        {"id": "guards", "sections": [{"title": GUARD_SECTION, "rows": [f"guard.{number}" for number in GUARDS]}]},
        *({"id": name, "sections": _sections(rows)} for name, rows in (
            ("controls", controls_checks.ROWS), ("host_state", host_checks.ROWS), ("guest_state", guest_checks.ROWS))),
        {"id": "load_msrs", "sections": [{"title": MSR_LOAD_SECTION, "rows": [
            f"msr_load.{name}" for name in MSR_LOAD_ORDER]}]},
    ]})


def _sections(rows: tuple[Check, ...]) -> list[dict[str, Any]]:
    return [{"title": title, "rows": [row.id for row in some]}
            for title, some in groupby(rows, lambda row: row.section)]
