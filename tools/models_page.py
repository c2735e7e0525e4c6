"""docs/models.md, made from the processor models: what CPUID reports, VMX controls, capability MSRs, limits.

    python -m tools.models_page           write the page
    python -m tools.models_page --check   exit 1 when the page is not what the data say

A test runs the check, so page and data cannot part.
"""
from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from vmviz.machine import features, models
from vmviz.machine.models import Model
from vmviz.machine.vmx import capabilities as cap
from vmviz.spec import CONTROL_BIT_ROWS, VMX_MSRS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "models.md"
ALL = tuple(models.load(name) for name in models.NAMES)
GROUPS = {
    "pin_based": "Pin-based VM-execution controls", "primary": "Primary processor-based VM-execution controls",
    "secondary": "Secondary processor-based VM-execution controls", "vm_exit": "VM-exit controls",
    "vm_entry": "VM-entry controls"}
LIKE = {"tigerlake": "tigerlake (Core i5-1135G7, 2020)",
        "sandy-bridge": "corei7_sandy_bridge_2600k (Core i7-2600K, 2011)",
        "no-ept": "core2_penryn_t9600 (Core 2 Duo T9600, 2008)"}
# What other CPUID bits say, beside the features of instructions (features.BITS).
OTHER_FEATURES = {
    "PCID": (1, 2, 17, 0), "x2APIC": (1, 2, 21, 0), "TSC-deadline timer": (1, 2, 24, 0), "SMEP": (7, 1, 7, 0),
    "UMIP": (7, 2, 2, 0), "TSC_ADJUST": (7, 1, 1, 0), "SPEC_CTRL": (7, 3, 26, 0),
    "execute-disable": (0x8000_0001, 3, 20, 0), "1-GByte pages": (0x8000_0001, 3, 26, 0),
    "5-level paging": (7, 2, 16, 0), "CET_IBT": (7, 3, 20, 0), "MPX": (7, 1, 14, 0), "processor trace": (7, 1, 25, 0),
    "invariant TSC": (0x8000_0007, 3, 8, 0),
}
HEAD = """# Processor models

Made from the data by `python -m tools.models_page`; do not edit. A lesson chooses a model with `model:`, the command
line with `--model NAME`. Each reports what the reference emulator's model of the first row reports. An instruction
whose feature CPUID does not report is #UD (LZCNT and TZCNT run as BSR and BSF, WBNOINVD as WBINVD); a control that may
not be 1 makes VM entry fail with error 7; a field that comes with such a control is no field (error 12).
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_who(), *_limits(), *_features(), *_controls(), *_msrs()]) + "\n"


def _table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    heading = tuple(heading)
    yield f"| {' | '.join(heading)} |"
    yield "|" + "---|" * len(heading)
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _names() -> tuple[str, ...]:
    return tuple(f"`{model.name}`" for model in ALL)


def _yes(value: object) -> str:
    return "yes" if value else "–"


def _who() -> Iterator[str]:
    rows = [("like Bochs's", *(LIKE[model.name] for model in ALL)),
            ("calls itself", *(_brand(model) for model in ALL)),
            ("family, model, stepping", *(f"{model.leaf(1)[0]:X}h" for model in ALL))]
    yield from _table(("", *_names()), rows)


def _brand(model: Model) -> str:
    words = (word for leaf in range(0x8000_0002, 0x8000_0005) for word in model.leaf(leaf))
    return b"".join(word.to_bytes(4, "little") for word in words).split(b"\0")[0].decode().strip()


def _limits() -> Iterator[str]:
    def row(name: str, ask: Callable[[Model], object]) -> tuple[str, ...]:
        values = (ask(model) for model in ALL)
        return (name, *(_yes(value) if isinstance(value, bool) else str(value) for value in values))

    def misc(low: int, mask: int) -> Callable[[Model], int]:
        return lambda model: cap.msr(model, cap.MISC) >> low & mask

    def ept(bit: int) -> Callable[[Model], bool]:
        return lambda model: bool(cap.msr(model, cap.EPT_VPID) & bit)

    yield "## Limits\n"
    yield from _table(("", *_names()), [
        row("physical-address width", lambda model: model.physical_address_bits),
        row("linear-address width", lambda model: model.linear_address_bits),
        row("largest page", lambda model: "1 GiB" if model.largest_page_shift == 30 else "2 MiB"),
        row("VMCS revision identifier", lambda model: f"{cap.revision(model):X}h"),
        row("CR3-target values", misc(16, 0x1FF)),
        row("MSRs in a list (recommended)", lambda model: 512 * (misc(25, 7)(model) + 1)),
        row("time-stamp ticks for one of the VMX-preemption timer", lambda model: 1 << misc(0, 0x1F)(model)),
        row("activity states beside active", lambda model: ", ".join(
            name for bit, name in ((6, "HLT"), (7, "shutdown"), (8, "wait-for-SIPI"))
            if cap.msr(model, cap.MISC) >> bit & 1)),
        row("VMWRITE to any field", lambda model: bool(misc(29, 1)(model))),
        row("injection with instruction length 0", lambda model: bool(misc(30, 1)(model))),
        row("error code chosen freely at injection", lambda model: bool(cap.msr(model, cap.BASIC) >> 56 & 1)),
        row("EPT: execute-only", ept(cap.EXECUTE_ONLY)),
        row("EPT: 2-MByte pages", ept(cap.PAGES_2M)),
        row("EPT: 1-GByte pages", ept(cap.PAGES_1G)),
        row("EPT: accessed and dirty flags", ept(cap.ACCESSED_DIRTY)),
        row("INVEPT types", lambda model: ", ".join(
            name for bit, name in ((cap.INVEPT_SINGLE, "1"), (cap.INVEPT_ALL, "2"))
            if cap.msr(model, cap.EPT_VPID) & bit) or "–"),
        row("INVVPID types", lambda model: ", ".join(
            str(n) for n in range(4) if cap.msr(model, cap.EPT_VPID) & cap.INVVPID_TYPE_0 << n) or "–"),
        row("VM functions", lambda model: "EPTP switching" if cap.msr(model, cap.VMFUNC) & 1 else "–"),
        row("general-purpose performance counters", lambda model: model.leaf(0xA)[0] >> 8 & 0xFF),
        row("CR4 bits that VMX operation allows", lambda model: f"{cap.fixed_cr4(model)[1]:X}h"),
        row("XCR0 bits", lambda model: f"{model.leaf(0xD)[0]:X}h"),
    ])


def _features() -> Iterator[str]:
    """Features by bit; those that no model has are named in one line."""
    bits = dict(features.BITS)
    for name, (leaf, register, bit, subleaf) in OTHER_FEATURES.items():
        bits[name] = features.FeatureBit(leaf, subleaf, register, bit)
    found = {", ".join(name for name in bits if bits[name] == at):
             (at.text(), tuple(model.has(at.leaf, at.register, at.bit, at.subleaf) for model in ALL))
             for at in dict.fromkeys(bits.values())}
    yield "## Features in CPUID\n"
    yield from _table(("feature", "where", *_names()), (
        (name, where, *map(_yes, there)) for name, (where, there) in found.items() if any(there)))
    yield "No model has: " + ", ".join(name for name, (_, there) in found.items() if not any(there)) + ".\n"


def _controls() -> Iterator[str]:
    yield "## VMX controls\n"
    yield "\"1\" must be 1, \"0 or 1\" is free, \"–\" must be 0. Reserved bits are not shown.\n"
    for group, title in GROUPS.items():
        yield f"### {title}\n"
        rows = (row for row in CONTROL_BIT_ROWS if row.group == group and not row.name.startswith("reserved"))
        yield from _table(("bit", "control", *_names()), (
            (str(row.bit), row.name, *(_setting(model, group, row.bit) for model in ALL)) for row in rows))
    yield "No model has tertiary processor-based or secondary VM-exit controls.\n"


def _setting(model: Model, group: str, bit: int) -> str:
    must, may = cap.allowed(model, group)
    return "1" if must >> bit & 1 else "0 or 1" if may >> bit & 1 else "–"


def _msrs() -> Iterator[str]:
    yield "## Capability MSRs\n"
    numbers = sorted({number for model in ALL for number in model.msrs if number >= 0x480})
    yield from _table(("MSR", "name", *_names()), (
        (f"{number:X}h", VMX_MSRS[number].name if number in VMX_MSRS else "",
         *(f"{model.msrs[number]:016X}" if number in model.msrs else "#GP" for model in ALL)) for number in numbers))


def main(arguments: list[str]) -> int:
    """The command line; the exit status."""
    if arguments == ["--check"]:
        return int(PAGE.read_text(encoding="utf-8") != page())
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
