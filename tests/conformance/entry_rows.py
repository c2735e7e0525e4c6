"""Every rule of VM entry on both machines: a VMCS that breaks it first, and a legal neighbour.

The rows of vmviz/machine/vmx/*_checks.py bring both as fields; the driver of the random trials (fuzz/driver.asm) enters
all of them in a few runs. What is compared is how an entry was refused: by a VMfail's number, by an exit reason with
bit 31, or not at all. Where Bochs refuses otherwise is data, in NOT_ON_BOCHS.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.conformance.fuzz.machines import Pair, pairs, standard_fields
from tests.conformance.fuzz.record import FAILED, FAILED_ENTRY, Outcome
from tests.conformance.fuzz.scenes import MSR_AREA
from tests.conformance.fuzz.trial import Trial
from tests.machine.vmx.scenes import in_root, put
from vmviz.machine.vmx import entry_rules
from vmviz.machine.vmx.checks import Candidate, Check, Kept

STAGES = {"controls": 7, "host": 8, "guest": 0x8000_0021}       # how a broken rule of the stage is refused
# Rules that no VMCS can break on this model from 64-bit mode: it has what the rule wants, or another rule is first.
UNBREAKABLE = {"controls.eptp_accessed_dirty", "host.from_32_bit", "host.narrow_host"}
_SYSENTER_CS = bytes([0x74, 1]).ljust(16, b"\0")                # an MSR that all three areas may name
MSR_AREAS = {
    "controls.exit_msr_store_list": "exit_msr_store_address", "controls.exit_msr_load_list": "exit_msr_load_address",
    "controls.entry_msr_load_list": "entry_msr_load_address",
}
NOT_ON_BOCHS = {
    "controls.injection_error_code_flag": "with IA32_VMX_BASIC[56] = 1 the bit is not looked at; the guest refuses",
    "controls.smm": "the entry to SMM outside SMM is refused as a bad guest state",
    "host.cr4_cet": "CR4.CET without CR0.WP passes",
    "host.perf_global_ctrl": "reserved bits of IA32_PERF_GLOBAL_CTRL pass",
    "guest.perf_global_ctrl": "reserved bits of IA32_PERF_GLOBAL_CTRL pass",
    "guest.debugctl": "reserved bits of IA32_DEBUGCTL pass",
    "guest.rip_canonical": "bits 63:48 of RIP pass in 64-bit code",
    "guest.activity_injection": "the event that is injected into HLT is not looked at",
    "guest.virtual_nmi_blocked": "an NMI is injected into virtual blocking by NMI",
    "guest.pending_debug_step": "BS is not held against RFLAGS.TF under blocking",
}


@dataclass(frozen=True)
class Case:
    """A row and one of its two entries: how each machine refused it (0: it did not; None: it did not get there)."""

    row: Check
    illegal: bool
    bochs: int | None
    vmviz: int | None

    @property
    def wanted(self) -> int:
        """How the manual has it refused."""
        return STAGES[self.row.id.split(".")[0]] if self.illegal else 0


def fields(row: Check, illegal: bool) -> dict[str, int]:
    """What a row changes in the standard VMCS."""
    area = {MSR_AREAS[row.id]: MSR_AREA} if row.id in MSR_AREAS else {}
    return {**row.needs, **area, **(row.breaks if illegal else {})}


def refused_first(row: Check) -> str:
    """The rule that vmviz finds broken first in a row's illegal VMCS."""
    cpu, region = in_root()
    put(region, {**standard_fields(), **fields(row, True)})
    broken = Kept().first_broken(entry_rules.ROWS, Candidate(cpu, region))
    return broken.id if broken else ""


def cases() -> Iterator[Case]:
    """Enter all of them on both machines."""
    made = [(row, illegal) for row in entry_rules.ROWS if row.id not in UNBREAKABLE for illegal in (False, True)]
    for (row, illegal), pair in zip(made, pairs([_trial(*each) for each in made]), strict=True):
        yield Case(row, illegal, *_refusals(pair))


def _trial(row: Check, illegal: bool) -> Trial:
    pokes = ((MSR_AREA, 2 * _SYSENTER_CS),) if row.id in MSR_AREAS else ()
    return Trial("entry row", fields=tuple(fields(row, illegal).items()), pokes=pokes, code=("nop",))


def _refusals(pair: Pair) -> tuple[int | None, int | None]:
    return _refusal(pair.bochs), _refusal(pair.vmviz)


def _refusal(outcome: Outcome | None) -> int | None:
    if outcome is None:
        return None
    if outcome["kind"] == FAILED:
        return outcome["error"]
    return outcome["reason"] if outcome.get("reason", 0) & FAILED_ENTRY else 0
