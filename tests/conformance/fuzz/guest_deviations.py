"""What Bochs 2.7 does otherwise than the manual says in guests and in root operation: rows like those of deviations.py."""
from __future__ import annotations

import re
from functools import partial

from tests.conformance.fuzz import trial as t
from tests.conformance.fuzz.deviations import RESERVED_BITS, STACKS, Excused, Ignored, Scene
from tests.conformance.fuzz.instructions import VEX
from tests.conformance.fuzz.record import EXITED, SOFTWARE_TYPES, difference
from tests.conformance.fuzz.root import OTHER_VMCS
from tests.conformance.fuzz.trial import REGISTERS
from vmviz.machine.gates import EXCEPTION, PRIVILEGED
from vmviz.machine.outcome import AC, DB, GP, PF, UD
from vmviz.machine.registers import CF, MASK32, ZF
from vmviz.machine.vmx.controls import UNRESTRICTED_GUEST, VIRTUAL_INTERRUPT_DELIVERY

_EPT_VIOLATION, _EPT_MISCONFIGURATION, _FULL_LOG = 48, 49, 62
_INTERRUPT_WINDOW, _NMI_WINDOW, _RDRAND, _TIMER, _RDSEED, _INVPCID = 7, 8, 57, 52, 61, 58
_HLT, _TRIPLE_FAULT = 1, 2
_PENDING_SAVED = frozenset({None, 3, 5, 6, 7, 8, 37, 41, 43, 45, 52, 56})


_VEX_NAMES = tuple({line.split("\n")[-1].split()[0] for line in VEX} | {"db 0x66 blsr"})


def _only(scene: Scene, name: str, bits: int) -> bool:
    """Do the two values of a name differ in these bits at most?"""
    return not (scene.bochs.get(name, 0) ^ scene.vmviz.get(name, 0)) & ~bits


def _reason(scene: Scene) -> int | None:
    return scene.vmviz.get("reason")


def _from(scene: Scene, lines: set[int], refused: int, *also: str) -> bool:
    """In a root sequence: do only these lines differ, which vmviz alone refuses with these flags, and the error numbers
    that they leave behind? `also`: what else they change on Bochs."""
    if scene.trial.action != "root" or not lines:
        return False
    for name, (bochs, vmviz) in difference(scene.bochs, scene.vmviz).items():
        slot = int(name[5:]) if name.startswith("slot ") else -1
        if slot in lines:
            if not (vmviz or 0) & refused:
                return False
        elif name not in ("error", *also) and (slot <= min(lines) or ((bochs or 0) ^ (vmviz or 0)) & 0xFFFF_FFFF):
            return False
    return True


def _lines(scene: Scene, *words: str) -> set[int]:
    return {n for n, line in enumerate(scene.trial.code) if all(word in line for word in words)}


def _of_unknown_types(scene: Scene) -> set[int]:
    """The INVEPT and INVVPID whose type is not supported."""
    narrow = {n for n, line in enumerate(scene.trial.code) if re.match(r"mov eax, (?:[034]\ninvept|4\ninvvpid) ", line)}
    return narrow | _lines(scene, "0x10000000", "inv")


def _shadow_enters(scene: Scene) -> bool:
    """Is a shadow VMCS there, and do only entries differ?"""
    shadow = any(address == OTHER_VMCS and data[3] & 0x80 for address, data in scene.trial.pokes)
    return shadow and _from(scene, _lines(scene, "vmlaunch") | _lines(scene, "vmresume"), CF)


def _only_random_registers(scene: Scene) -> bool:
    """Do only registers differ into which the guest has read a random number or the time?"""
    code = "\n".join(scene.trial.code)
    read = {f"r{name}" for name in re.findall(r"rd(?:rand|seed) [er]?(\w+)", code)}
    if "rdtsc" in code:
        read |= {"rax", "rdx"}
    return {name for name in REGISTERS if scene.bochs.get(name) != scene.vmviz.get(name)} <= read


def _ends_with(scene: Scene, vector: int) -> bool:
    """Did vmviz end with this exception: as a VM exit, in one on its way, or in its handler (of real-address mode: at 0900:0000)?"""
    event = EXCEPTION << 8 | vector
    if _reason(scene) == 0 or scene.vmviz.get("vectoring", 0) & 0x7FF == event:
        return event in (scene.vmviz["interruption"] & 0x7FF, scene.vmviz["vectoring"] & 0x7FF)
    return (scene.vmviz.get("cs base", 0), scene.vmviz.get("rip")) in ((0, t.STUBS + 16 * vector), (0x9000, 16 * vector))


def _is_return_address(scene: Scene, name: str) -> bool:
    """Do the two values of a stack's cell differ by an address in the guest's code and the selector of CS at most?"""
    bochs, vmviz = scene.bochs.get(name, 0), scene.vmviz.get(name, 0)
    return all(bochs >> n & MASK32 in (vmviz >> n & MASK32, scene["guest_cs_selector"]) or t.CODE <= bochs >> n & MASK32 < t.CODE + 0x200
               for n in (0, 32))


def _writes_reserved_bits(scene: Scene) -> bool:
    """Is there a WRMSR that sets reserved bits of an MSR of RESERVED_BITS?"""
    return any(int(found[1]) in RESERVED_BITS and int(found[2], 0) << 32 & RESERVED_BITS[int(found[1])]
               for line in scene.trial.code if (found := re.match(r"mov ecx, (\d+)\nmov eax, .*\nmov edx, (\w+)\nwrmsr", line)))


IGNORED = (
    Ignored("push-before-target", "Bochs pushes the return address of a CALL before it finds that the target is not canonical or beyond the "
            "limit; the manual looks first (CALL)", STACKS,
            lambda scene: bool(_lines(scene, "call")) and _ends_with(scene, GP) and all(map(partial(_is_return_address, scene), STACKS))),
    Ignored("half-of-a-pseudo-descriptor", "Bochs leaves the limit that SGDT or SIDT has stored when the store of the base fails the alignment "
            "check; the manual does not say", tuple(f"data {n}" for n in range(8)),
            lambda scene: bool(_lines(scene, "sgdt") | _lines(scene, "sidt")) and _ends_with(scene, AC)),
    Ignored("step-of-int1", "Bochs reports BS for INT1 under RFLAGS.TF, whose own trap comes after the instruction; the cause of "
            "this debug exception is no single step (Exit Qualification for Debug Exceptions)", ("qualification",),
            lambda scene: _reason(scene) == 0 and scene.vmviz["interruption"] & 0x7FF == PRIVILEGED << 8 | DB
            and bool(scene.vmviz["rflags"] & 0x100) and _only(scene, "qualification", 1 << 14)),
    Ignored("random-number", "an event right behind RDRAND, RDSEED or RDTSC shows the number before the guest overwrites it", REGISTERS,
            _only_random_registers),
    Ignored("walk-of-guest-tables", "Bochs reports an access to the guest's paging structures as a write; with EPT accessed and dirty "
            "flags it is a read and a write (Exit Qualification for EPT Violations)", ("qualification",),
            lambda scene: _reason(scene) == _EPT_VIOLATION and bool(scene["ept_pointer"] & 0x40) and _only(scene, "qualification", 1)
            and scene.vmviz["qualification"] & 0x181 == 0x81),
    Ignored("size-of-random", "Bochs mixes up the operand sizes of 16 and 32 bits of RDRAND and RDSEED; the manual has 0 and 1 (Format "
            "of the VM-Exit Instruction-Information Field as Used for RDRAND and RDSEED)", ("information",),
            lambda scene: _reason(scene) in (_RDRAND, _RDSEED) and _only(scene, "information", 0x800)),
    Ignored("bt-of-dr6", "Bochs clears BT of DR6 at each debug exception; but for B0 to B3 the processor clears nothing there (Debug Status "
            "Register)", ("host dr6",),
            lambda scene: _only(scene, "host dr6", 1 << 15) and bool(scene.vmviz["host dr6"] & 1 << 15)
            and bool(_lines(scene, "mov dr6"))),
    Ignored("shadow-lost-by-a-fault", "Bochs saves no blocking by STI or MOV SS when the instruction in the shadow faults or switches "
            "tasks, or when what INT n and its kin deliver exits; the manual saves what was in effect (Saving Non-Register State)",
            ("interruptibility",),
            lambda scene: (_reason(scene) in (0, 9) or scene.vmviz.get("vectoring", 0) >> 8 & 7 in SOFTWARE_TYPES) and _only(scene, "interruptibility", 3)
            and bool(scene.vmviz["interruptibility"] & 3) and not scene.bochs["interruptibility"] & 3),
    Ignored("pending-step", "Bochs saves BS pending when RFLAGS.TF is set; the manual saves no pending debug exception but for a few "
            "exits and under blocking by MOV SS (Saving Non-Register State)", ("pending debug",),
            lambda scene: _reason(scene) not in _PENDING_SAVED and bool(scene.vmviz["rflags"] & 0x100)
            and not scene.vmviz["interruptibility"] & 2
            and _only(scene, "pending debug", 1 << 14) and not scene.vmviz["pending debug"]),
    Ignored("vector-of-a-virtual-interrupt", "when the delivery of a virtual interrupt exits, Bochs shows the event delivered before it; it is "
            "an external interrupt with that vector (Information for VM Exits That Occur During Event Delivery)",
            ("vectoring", "vectoring error", "length"),
            lambda scene: bool(scene["secondary_processor_based_controls"] & VIRTUAL_INTERRUPT_DELIVERY)
            and scene.vmviz["vectoring"] & ~0xFF == 1 << 31 and bool(scene.bochs["vectoring"] >> 31)),
    Ignored("base-before-limit", "in 64-bit code Bochs reads the base that LGDT or LIDT loads before the limit; the manual has no order",
            ("host cr2", "gla", "gpa"),
            lambda scene: bool(_lines(scene, "lgdt") | _lines(scene, "lidt")) and all(
                scene.bochs.get(name, 0) - scene.vmviz.get(name, 0) in (0, 2) for name in ("host cr2", "gla", "gpa"))),
    Ignored("null-from-virtual-8086", "the hidden base of FS and GS after an event has left virtual-8086 mode; the manual says "
            "only that their selectors become null", ("fs base", "gs base"),
            lambda scene: bool(scene["guest_rflags"] & 1 << 17) and not scene.vmviz.get("rflags", 0) & 1 << 17),
)
EXCUSED = (
    Excused("wide-types", "Bochs looks at bits 31:0 of the type of INVEPT and INVVPID; in 64-bit mode the operand has 64 (INVEPT, "
            "INVVPID)", lambda scene: _from(scene, _lines(scene, "0x10000000", "inv"), CF | ZF)),
    Excused("descriptor-before-type", "Bochs reads the descriptor of INVEPT and INVVPID before it looks at the type; one that is "
            "not supported fails first (INVEPT, INVVPID)",
            lambda scene: _from(scene, _of_unknown_types(scene), CF | ZF, "vector", "fault rip", "fault error", "host cr2")),
    Excused("entry-of-a-shadow", "Bochs does not make VMLAUNCH and VMRESUME VMfailInvalid when the current VMCS is a shadow VMCS "
            "(VMLAUNCH/VMRESUME)", _shadow_enters),
    Excused("timer-behind-a-shadow", "Bochs lets blocking by STI or MOV SS delay the exit of a preemption timer that is 0 at the "
            "entry; the manual names no such delay (VMX-Preemption Timer)",
            lambda scene: _reason(scene) == _TIMER and scene["vmx_preemption_timer_value"] == 0
            and bool(scene["guest_interruptibility_state"] & 3)),
    Excused("nmi-window-behind-sti", "Bochs lets blocking by STI delay the exit of an NMI window; the manual only blocking by MOV "
            "SS (Other Causes of VM Exits)",
            lambda scene: _reason(scene) == _NMI_WINDOW and scene["guest_interruptibility_state"] & 3 == 1),
    Excused("window-in-hlt", "Bochs sleeps on when HLT follows STI at once; an interrupt window wakes the processor from HLT (Other "
            "Causes of VM Exits)",
            lambda scene: _reason(scene) == _INTERRUPT_WINDOW and scene.bochs.get("reason") == _TIMER and scene.vmviz["activity"] == 1),
    Excused("step-in-hlt", "Bochs sleeps on when RFLAGS.TF has a single step pending behind HLT; a debug exception ends the sleep (HLT)",
            lambda scene: bool(_lines(scene, "hlt")) and scene.bochs.get("reason") == _TIMER != _reason(scene)
            and scene.bochs["activity"] == _HLT and _ends_with(scene, DB)),
    Excused("virtual-interrupt-in-hlt", "Bochs does not wake from HLT for a virtual interrupt; its delivery wakes from the states from "
            "which an external interrupt would (Virtual-Interrupt Delivery)",
            lambda scene: bool(scene["secondary_processor_based_controls"] & VIRTUAL_INTERRUPT_DELIVERY)
            and scene.bochs.get("reason") == _TIMER != _reason(scene) and scene.bochs["activity"] == _HLT
            and bool(scene.bochs["rflags"] & 0x200)),
    Excused("full-log", "Bochs asks the log at each walk of EPT; the manual only before an accessed or dirty flag is set "
            "(Page-Modification Logging)",
            lambda scene: scene.bochs.get("reason") == _FULL_LOG and scene.bochs["pml index"] > 511
            and (scene.bochs["rip"], scene.bochs["reason"]) != (scene.vmviz.get("rip"), _reason(scene))),
    Excused("pdptes-by-any-bit", "Bochs loads the PDPTEs at each MOV to CR0 and CR4 under PAE paging; the manual when CD, NW, PG, PAE, PGE, PSE "
            "or SMEP changes (PDPTE Registers)",
            lambda scene: scene.bochs.get("reason") in (_EPT_VIOLATION, _EPT_MISCONFIGURATION) and scene.bochs["gpa"] & ~0xFFF == t.PDPT_PAE
            and bool(_lines(scene, "mov cr0") | _lines(scene, "mov cr4"))),
    Excused("alignment-in-virtual-8086", "Bochs does not check alignment after a VM entry to virtual-8086 mode, whose CPL is 3 "
            "(Interrupt 17, Alignment Check Exception)",
            lambda scene: scene["guest_rflags"] & 0x6_0000 == 0x6_0000 and bool(scene["guest_cr0"] & 1 << 18)
            and _ends_with(scene, AC)),
    Excused("smap-of-implicit-accesses", "Bochs lets RFLAGS.AC open accesses to the descriptor tables and the TSS that SMAP forbids; it opens "
            "explicit ones alone (Determination of Access Rights)",
            lambda scene: bool(scene.vmviz.get("cr4", 0) & 1 << 21) and bool(scene.vmviz.get("rflags", 0) & 1 << 18)
            and scene.vmviz["host cr2"] & ~0xFFF in (t.IDT, t.IDT32, t.GDT) and (_reason(scene) == _TRIPLE_FAULT or _ends_with(scene, PF))),
    Excused("wrmsr-reserved", "as msr-reserved, by WRMSR in a guest (WRMSR)",
            lambda scene: _writes_reserved_bits(scene) and _ends_with(scene, GP)),
    Excused("vex-outside-protected-mode", "Bochs executes VEX-coded instructions of general registers in real-address and virtual-8086 mode: "
            "#UD (VEX-Encoded GPR Instructions)",
            lambda scene: (not scene["guest_cr0"] & 1 or bool(scene["guest_rflags"] & 1 << 17)) and _ends_with(scene, UD)
            and any(line.replace("\n", " ").startswith(_VEX_NAMES) for line in scene.trial.code)),
    Excused("null-stack-of-another-ring", "Bochs lets IRETQ and RET in 64-bit mode load a null SS whose RPL is not the new CPL; RPL 3 is refused, "
            "and SS and CS agree always (RET, IRET/IRETD/IRETQ)",
            lambda scene: _ends_with(scene, GP) and bool(_lines(scene, "iretq") | _lines(scene, "o64 retf"))
            and scene.bochs.get("ss selector", 0) in (1, 2, 3) and scene.bochs["ss selector"] != scene.bochs["cs selector"] & 3),
    Excused("iret-to-virtual-8086", "Bochs does not hold EIP against the limit of CS when IRET returns to virtual-8086 mode: #GP(0) "
            "(IRET/IRETD/IRETQ)",
            lambda scene: bool(_lines(scene, "iret")) and _ends_with(scene, GP)
            and (bool(scene.bochs.get("rflags", 0) & 1 << 17) or scene.bochs.get("es rights") == 1 << 16 != scene.vmviz.get("es rights"))),
    Excused("paging-off", "Bochs lets MOV to CR0 clear PG in a guest that is not unrestricted; the bit is fixed to 1 then "
            "(Restrictions on VMX Operation)",
            lambda scene: not scene["secondary_processor_based_controls"] & UNRESTRICTED_GUEST
            and not scene.bochs.get("cr0", 1 << 31) >> 31 and bool(scene.vmviz.get("cr0", 0) >> 31)),
    Excused("invpcid-above-ring-0", "Bochs lets INVPCID exit above CPL 0; faults by the privilege level come before VM exits (Relative "
            "Priority of Faults and VM Exits)",
            lambda scene: scene.bochs.get("reason") == _INVPCID and scene["guest_ss_access_rights"] >> 5 & 3 != 0),
    Excused("timer-in-a-loop", "the guest looped until the preemption timer ended it on Bochs, where each iteration of a string instruction "
            "is a tick of the clock: where it was then hangs on the clock",
            lambda scene: scene.vmviz["kind"] == EXITED and scene.bochs["kind"] == EXITED
            and scene.bochs["reason"] == _TIMER and scene.bochs["activity"] == 0
            and scene["vmx_preemption_timer_value"] > 0),
)
