"""What Bochs 2.7 does otherwise than the manual says, as data: a trial whose difference a row explains is no finding.

A row has a name, why the manual is right, and a test of the trial and its two outcomes. `ignored` rows take single
names out of the comparison; `excused` rows explain the whole trial.
"""
from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from tests.conformance.fuzz import scenes as s
from tests.conformance.fuzz import trial as t
from tests.conformance.fuzz.machines import broken_rules
from tests.conformance.fuzz.record import EXITED, FAILED, MEMORY, Outcome
from tests.conformance.fuzz.trial import Trial
from vmviz.machine.gates import EXCEPTION, SOFTWARE, SOFTWARE_EXCEPTION
from vmviz.machine.vmx.controls import IA32E_MODE_GUEST, UNRESTRICTED_GUEST

CONFORMING = 0x58
STACKS = tuple(name for name in MEMORY if "stack" in name)
EPT_VIOLATION, MONITOR_TRAP, TRIPLE_FAULT = 48, 37, 2
RF, _ACCESSES = 1 << 16, (44, 48, 49, 62)
RESERVED_BITS = {0x1B: 0x2FF, 0xC000_0084: 0xFFFF_FFFF << 32, 0xC000_0103: 0xFFFF_FFFF << 32}
CONTROLS, GUEST_STATE, MSR_LOADING = 7, 0x8000_0021, 0x8000_0022


@dataclass(frozen=True)
class Scene:
    """A trial with its outcomes, and its fields as they were at the entry."""

    trial: Trial
    bochs: Outcome
    vmviz: Outcome

    def __getitem__(self, field: str) -> int:
        return dict(self.trial.fields).get(field, s.standard()[field])

    @property
    def event(self) -> tuple[int, int] | None:
        """Type and vector of the injected event."""
        info = self["entry_interruption_info"]
        return (info >> 8 & 7, info & 0xFF) if info >> 31 else None

    @property
    def gate_rip_is_bad(self) -> bool:
        """Does a 64-bit gate have a RIP that is not canonical: the injected event's, or that of one on its way?"""
        if not self["vm_entry_controls"] & IA32E_MODE_GUEST or self.event is None:
            return False
        pokes = dict(self.trial.pokes)
        for vector in (self.event[1], 8, 10, 11, 12, 13, 14):
            gate = pokes.get(t.IDT + 16 * vector)
            if (int.from_bytes(gate[8:12], "little") if gate else 0x8000 * (vector == 0x46)) not in (0, 1, 0xFFFF_FFFF):
                return True
        return False

    @property
    def differs_by_ss_selector(self) -> bool:
        """Is each difference in an error code, or on a stack, the selector that SS had?"""
        return self._error_codes_differ_by(self["guest_ss_selector"] & 0xFFFC)

    @property
    def differs_by_user_bit(self) -> bool:
        """Is each such difference bit 2, where a gate leads to the conforming segment?"""
        gates = (data for address, data in self.trial.pokes if t.IDT <= address < t.IDT + 0x1000)
        return self._error_codes_differ_by(4) and any(data[2] & ~3 == CONFORMING for data in gates)

    def _error_codes_differ_by(self, bits: int) -> bool:
        names = ("interruption error", "vectoring error", *STACKS)
        changes = {self.bochs.get(name, 0) ^ self.vmviz.get(name, 0) for name in names} - {0}
        return bool(self["vm_entry_controls"] & IA32E_MODE_GUEST) and changes == {bits}

    @property
    def fault_exits(self) -> bool:
        """Is the exit that of an exception of class fault?"""
        info = self.vmviz.get("interruption", 0)
        return self.vmviz.get("reason") == 0 and info >> 8 & 7 == 3 and info & 0xFF not in (1, 8)

    @property
    def one_refuses_by_cs_dpl(self) -> bool:
        """Does only vmviz refuse for CS.DPL other than SS.DPL, or only Bochs for CS.DPL other than CS.RPL?"""
        if self.bochs.get("reason") != GUEST_STATE:
            return self.only_vmviz_refuses_by("guest.cs_dpl")
        dpl = self["guest_cs_access_rights"] >> 5 & 3
        return not self.refused(GUEST_STATE) and dpl != self["guest_cs_selector"] & 3

    @property
    def refused_msr(self) -> tuple[int, int]:
        """Index and value of the MSR at which vmviz ended an entry."""
        at = self["entry_msr_load_address"] + 16 * (self.vmviz["qualification"] - 1)
        for address, data in self.trial.pokes:
            if address <= at < address + len(data):
                index, value = struct.unpack_from("<QQ", data, at - address)
                return index, value
        return 0, 0

    def refused(self, reason: int) -> bool:
        """Did vmviz refuse the entry with an exit reason, or with a VMfail's error number?"""
        if self.vmviz["kind"] == FAILED:
            return self.vmviz.get("error") == reason
        return self.vmviz["kind"] == EXITED and self.vmviz["reason"] == reason

    def only_vmviz_refuses_by(self, *rules: str) -> bool:
        """Did vmviz refuse the entry by one of these rules, and Bochs not with the same number?"""
        number = self.vmviz.get("reason" if self.vmviz["kind"] == EXITED else "error")
        if number not in (CONTROLS, GUEST_STATE) or self.bochs.get("error", self.bochs.get("reason")) == number:
            return False
        return bool(broken_rules(self.trial) & set(rules))


@dataclass(frozen=True)
class Ignored:
    """Names that are not compared where the test holds."""

    name: str
    why: str
    names: tuple[str, ...]
    holds: Callable[[Scene], bool]


@dataclass(frozen=True)
class Excused:
    """A difference that the row explains altogether."""

    name: str
    why: str
    holds: Callable[[Scene], bool]


IGNORED = (
    Ignored("real-mode-cs", "Bochs gives CS the rights of a data segment whenever it enters real-address mode; "
            "nothing in the manual changes the rights that CS has", ("cs rights",),
            lambda scene: scene.bochs["cs rights"] == scene.vmviz["cs rights"] & ~0xF | 3
            and bool(scene.vmviz["cs rights"] & 8)),
    Ignored("host-sysenter-cs", "Bochs loads the 16 low bits of the host's IA32_SYSENTER_CS field; the MSR has the "
            "field's 32 (Loading Host Control Registers, Debug Registers, MSRs)", ("host sysenter cs",),
            lambda scene: (scene.bochs["host sysenter cs"] == scene.vmviz["host sysenter cs"] & 0xFFFF
                           and scene.vmviz["host sysenter cs"] == scene["host_ia32_sysenter_cs"])),
    Ignored("rf-of-a-fault", "Bochs saves RFLAGS without RF when the exception bitmap makes a fault exit; the manual "
            "saves what delivery would have put on the stack (Saving RIP, RSP, RFLAGS, and SSP)", ("rflags",),
            lambda scene: scene.fault_exits and scene.bochs["rflags"] == scene.vmviz["rflags"] ^ RF
            and bool(scene.vmviz["rflags"] & RF)),
    Ignored("error-code-in-real-mode", "Bochs reports a valid error code of an exception in real-address mode, where "
            "none is delivered (Information for VM Exits Due to Vectored Events)",
            ("interruption", "interruption error", "vectoring", "vectoring error"),
            lambda scene: not scene.vmviz["cr0"] & 1
            and all((scene.bochs.get(name, 0) ^ scene.vmviz.get(name, 0)) & ~0x800 == 0
                    for name in ("interruption", "vectoring"))),
    Ignored("shadow-at-mtf", "Bochs ends blocking by STI or MOV SS before the exit of an injected MTF; no "
            "instruction has run (Interruptibility State)", ("interruptibility",),
            lambda scene: scene.vmviz.get("reason") == MONITOR_TRAP and scene.event == (7, 0)
            and not (scene.bochs["interruptibility"] ^ scene.vmviz["interruptibility"]) & ~3),
    Ignored("pending-at-mtf", "Bochs loses pending debug exceptions when the VM entry injects an MTF; it is not "
            "vectoring, so they are saved (Delivery of Pending Debug Exceptions after VM Entry)", ("pending debug",),
            lambda scene: scene.vmviz.get("reason") == MONITOR_TRAP and scene.event == (7, 0)
            and scene.bochs["pending debug"] == 0
            and scene.vmviz["pending debug"] == scene["guest_pending_debug_exceptions"]),
    Ignored("activity-at-mtf", "Bochs saves the active state when an injected MTF exits from HLT; the activity state "
            "is that before the exit (Saving Non-Register State)", ("activity",),
            lambda scene: scene.vmviz.get("reason") == MONITOR_TRAP and scene.event == (7, 0)
            and scene.vmviz["activity"] == scene["guest_activity_state"]),
    Ignored("ist-not-canonical", "Bochs has the old SS selector in the error code of #SS for a stack pointer of the "
            "TSS that is not canonical; it is 0 (INT n/INTO/INT3/INT1-Call to Interrupt Procedure)",
            ("interruption error", "vectoring error", *STACKS),
            lambda scene: scene.differs_by_ss_selector),
    Ignored("frame-before-rip", "Bochs writes the frame before it finds that the gate's RIP is not canonical; the "
            "manual looks first (INT n/INTO/INT3/INT1-Call to Interrupt Procedure)", STACKS,
            lambda scene: scene.gate_rip_is_bad),
    Ignored("nmi-behind-sti", "Bochs refuses an NMI that is injected behind STI without the exit qualification 3 "
            "(VM-Entry Failures During or After Loading Guest State)", ("qualification",),
            lambda scene: scene.refused(GUEST_STATE) and scene.bochs.get("reason") == GUEST_STATE
            and scene.vmviz["qualification"] == 3 and scene.bochs["qualification"] == 0
            and scene.event == (2, 2) and bool(scene["guest_interruptibility_state"] & 1)),
    Ignored("frame-of-an-exit-on-the-way", "when an access to the stack exits during the delivery of an event, what has "
            "been pushed stays in memory on Bochs; nothing says that it does (VM Exits During Event Injection)", STACKS,
            lambda scene: scene.vmviz.get("reason") in _ACCESSES and bool(scene.vmviz["vectoring"])),
    Ignored("frame-of-a-conforming-handler", "Bochs writes the frame with the DPL of a conforming code segment where it "
            "stays at CPL 3 with an IST stack: bit 2 of the error code of a page fault (Access Rights)",
            ("interruption error", "vectoring error", *STACKS), lambda scene: scene.differs_by_user_bit),
    Ignored("if-at-shutdown", "Bochs clears RFLAGS.IF in the activity state shutdown", ("rflags",),
            lambda scene: scene["guest_activity_state"] == 2
            and scene.vmviz["rflags"] ^ scene.bochs["rflags"] == 0x200),
    Ignored("rf-of-an-access", "Bochs saves RFLAGS without RF for an exit by an access to memory; the manual saves 1 "
            "(Saving RIP, RSP, RFLAGS, and SSP)", ("rflags",),
            lambda scene: scene.vmviz.get("reason") in _ACCESSES
            and (scene.vmviz["vectoring"] == 0 or scene.vmviz["vectoring"] >> 8 & 7 == EXCEPTION)
            and scene.bochs["rflags"] == scene.vmviz["rflags"] ^ RF and bool(scene.vmviz["rflags"] & RF)),
    Ignored("long-bit-of-system-segments", "Bochs keeps no bit 13 of the rights of LDTR and TR; nothing reserves it",
            ("ldtr rights", "tr rights"),
            lambda scene: all((scene.bochs[name] ^ scene.vmviz[name]) in (0, 0x2000)
                              for name in ("ldtr rights", "tr rights"))),
)
EXCUSED = (
    Excused("error-code-of-other-events", "with IA32_VMX_BASIC[56] = 1 Bochs does not check the deliver-error-code "
            "bit; the manual wants it 0 for all but hardware exceptions (Checks on VM-Entry Control Fields)",
            lambda scene: scene.only_vmviz_refuses_by("controls.injection_error_code_flag")),
    Excused("entry-to-smm", "outside SMM the entry to SMM is a bad control (Checks on VM-Entry Control Fields); "
            "Bochs makes it a failure of the guest state",
            lambda scene: scene.only_vmviz_refuses_by("controls.smm")),
    Excused("pending-debug-bs", "Bochs does not check BS against RFLAGS.TF under blocking by STI or MOV SS and in HLT",
            lambda scene: scene.only_vmviz_refuses_by("guest.pending_debug_step")),
    Excused("virtual-nmi-blocked", "Bochs lets an NMI be injected while virtual NMIs are blocked; blocking by NMI must "
            "be 0 then (Checks on Guest Non-Register State)",
            lambda scene: scene.only_vmviz_refuses_by("guest.virtual_nmi_blocked")),
    Excused("frame-before-rip-faults", "as frame-before-rip, where writing the frame faults or exits",
            lambda scene: scene.gate_rip_is_bad
            and (scene.vmviz.get("interruption", 0) & 0xFF in (0, 13) or scene.vmviz.get("vectoring", 0) & 0xFF == 13)
            and (scene.bochs.get("interruption", 0) & 0xFF in (8, 12, 14)
                 or scene.bochs.get("reason") in (EPT_VIOLATION, TRIPLE_FAULT))),
    Excused("iopl-of-injected-int", "Bochs gives #GP(0) for a software interrupt injected into virtual-8086 mode "
            "with IOPL below 3; there is no such exception (Details of Vectored-Event Injection)",
            lambda scene: scene.event is not None and scene.event[0] == SOFTWARE
            and scene["guest_rflags"] & 0x2_3000 in (0x2_0000, 0x2_1000, 0x2_2000)),
    Excused("pending-behind-mov-ss", "Bochs loses debug exceptions that are pending when a software interrupt or "
            "exception is injected behind MOV SS; they are as if INT n had been executed there (Delivery of Pending "
            "Debug Exceptions after VM Entry)",
            lambda scene: scene.event is not None and scene.event[0] in (SOFTWARE, SOFTWARE_EXCEPTION)
            and bool(scene["guest_interruptibility_state"] & 2)
            and bool(scene["guest_pending_debug_exceptions"] & 0x5000)),
    Excused("pending-debug-high-bits", "Bochs looks at bits 31:0 of the pending debug exceptions; bits 63:32 must be "
            "0",
            lambda scene: bool(scene["guest_pending_debug_exceptions"] >> 32)
            and scene.only_vmviz_refuses_by("guest.pending_debug_reserved")),
    Excused("pending-debug-enabled-breakpoint", "Bochs has nothing pending when bit 12 comes without one of B3 to "
            "B0; the manual has a debug exception pending unless bits 12 and 14 are both 0 (Delivery of Pending "
            "Debug Exceptions after VM Entry)",
            lambda scene: scene["guest_pending_debug_exceptions"] & 0x500F == 0x1000 and scene.vmviz["kind"] == EXITED
            and not scene.vmviz["reason"] >> 31),
    Excused("msr-reserved", "Bochs accepts reserved bits of IA32_APIC_BASE, IA32_FMASK and IA32_TSC_AUX; WRMSR "
            "refuses them, and so does a list of MSRs (Loading MSRs)",
            lambda scene: scene.refused(MSR_LOADING)
            and bool(scene.refused_msr[1] & RESERVED_BITS.get(scene.refused_msr[0], 0))),
    Excused("cs-dpl", "Bochs compares the DPL of a non-conforming CS with CS.RPL, for an unrestricted guest too; the "
            "manual with SS.DPL (Checks on Guest Segment Registers)",
            lambda scene: bool(scene["secondary_processor_based_controls"] & UNRESTRICTED_GUEST)
            and scene["guest_cs_access_rights"] & 0xD == 9 and scene.one_refuses_by_cs_dpl),
    Excused("ia32e-guest-paging", "Bochs does not ask for CR0.PG with \"IA-32e mode guest\" (Checks on Guest Control "
            "Registers, Debug Registers, and MSRs)",
            lambda scene: scene.only_vmviz_refuses_by("guest.ia32e_needs_paging")),
    Excused("order-of-guest-checks", "both refuse a bad VMCS link pointer with something else bad in the guest "
            "state; the checks may come in any order (Checks on the Guest State Area)",
            lambda scene: scene.refused(GUEST_STATE) and scene.bochs.get("reason") == GUEST_STATE
            and {scene.bochs["qualification"], scene.vmviz["qualification"]} == {0, 4}
            and scene["vmcs_link_pointer"] != (1 << 64) - 1),
    Excused("debugctl", "Bochs does not check the reserved bits of IA32_DEBUGCTL",
            lambda scene: scene.only_vmviz_refuses_by("guest.debugctl")),
    Excused("event-into-hlt", "Bochs does not check which event is injected into the activity state HLT",
            lambda scene: scene["guest_activity_state"] == 1
            and scene.only_vmviz_refuses_by("guest.activity_injection")),
)
