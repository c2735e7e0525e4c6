"""Every row of vmx_outcomes.csv: a scene in which the machine decides by it and says so, or why there is none."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pytest
from iced_x86 import Decoder

from tests.machine.vmx.exits import ept, guest, poke, secondary
from tests.machine.vmx.scenes import VMCS, VMXON_REGION, in_root, put
from tests.machine.vmx.test_instructions import AT, CODE
from vmviz import events as ev
from vmviz.machine import registers as r
from vmviz.machine.isa.vmx_guards import NAMES
from vmviz.machine.journal import Journal
from vmviz.machine.processor import Processor
from vmviz.machine.step import Step, tell
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx.vmcs import LAUNCHED, SHADOW, Region
from vmviz.spec import FIELD_BY_NAME, VMX_OUTCOMES

CODES: Final = {**CODE, "vmfunc": b"\x0f\x01\xd4"}          # memory operands: [rax]; register operands: rcx
UNMAPPED, NON_CANONICAL, OTHER_PAGE = 5 << 30, 1 << 47, 0x20_7000
VECTORS: Final = {"#UD": 6, "#SS(0)": 12, "#GP(0)": 13, "#PF": 14}
EPTP, EPTP_LIST = 0x30_001E, 0x30_4000

_DUAL = "there is no dual-monitor treatment of SMIs"
_SMM = "there is no SMM"
NEVER: Final[Mapping[str, str]] = {
    **{f"{name}.register_operand": "with a register operand the bytes are another instruction, or none"
       for name in ("vmxon", "vmptrld", "vmptrst", "vmclear", "invept", "invvpid")},
    "vmxon.a20m": "there is no A20M mode",
    "vmxoff.dual_monitor": _DUAL,
    **{f"vmcall.{name}": _DUAL for name in ("no_vmcs", "launch_state", "exit_controls", "mseg_revision",
                                            "mseg_features")},
    "vmresume.stale": "simplified: a launched VMCS can be resumed after a new VMXON",
    **{f"{name}.executive_{what}": _SMM for name in ("vmlaunch", "vmresume")
       for what in ("pointer", "launch_state", "vmxon_pointer", "controls")},
}
# Told as `entry_failed`, with the check of VM entry that failed.
BY_CHECKS: Final[Mapping[str, dict[str, int]]] = {
    **{f"{name}.controls": {"pin_based_controls": 0} for name in ("vmlaunch", "vmresume")},
    **{f"{name}.host_state": {"host_cr0": 0} for name in ("vmlaunch", "vmresume")},
}
ROWS = [guard for guard in VMX_OUTCOMES if guard not in NEVER and guard not in BY_CHECKS]


def root(name: str, operand: int = 0, model: str = "tigerlake", **changes: int) -> Processor:
    """In root operation, about to execute an instruction whose memory operand holds `operand`."""
    cpu, _ = in_root(CODES[name], model, **changes)
    cpu.memory.load(AT, operand.to_bytes(8, "little"))
    cpu.reg[r.RAX], cpu.reg[r.RCX] = AT, FIELD_BY_NAME["guest_rip"].encoding
    return cpu


def off(name: str, operand: int = VMXON_REGION) -> Processor:
    """The same outside VMX operation."""
    cpu = root(name, operand)
    cpu.reg[r.OPERATION], cpu.reg[r.CURRENT_VMCS] = r.OFF, r.NO_VMCS
    return cpu


def inside(name: str, **fields: int) -> Processor:
    """In a guest, about to execute the instruction."""
    cpu, _ = guest(CODES[name], **fields)
    poke(cpu, {r.RAX: AT, r.RCX: FIELD_BY_NAME["guest_rip"].encoding})
    return cpu


def with_registers(cpu: Processor, **values: int) -> Processor:
    """With other values in registers, given by the names of their slots."""
    poke(cpu, {getattr(r, name.upper()): value for name, value in values.items()})
    cpu.refresh()
    return cpu


def narrow(cpu: Processor, cr0: int, rflags: int = 2, cpl: int = 0) -> Processor:
    """Without paging and outside IA-32e mode."""
    return with_registers(cpu, cr0=cr0, rflags=rflags, cpl=cpl, efer=0, cs_rights=cpu.reg[r.CS_RIGHTS] & ~r.AR_L)


def vmfunc(enabled: int, **registers: int) -> Processor:
    """In a guest with VM functions, EPTP switching among them if `enabled`; its list is empty."""
    cpu = inside("vmfunc", **secondary("enable_vm_functions", "enable_ept"), ept_pointer=EPTP,
                 vm_function_controls=enabled, eptp_list_address=EPTP_LIST)
    ept(cpu)
    return with_registers(cpu, **registers)


def moved(name: str, launch: bool = False, shadow: bool = False) -> Processor:
    """VMLAUNCH or VMRESUME of a VMCS that is not as they want it."""
    cpu = root(name)
    cpu.rips.append(0)
    if launch:
        Region(cpu, VMCS).set_launch(LAUNCHED)
    cpu.rips.clear()
    cpu.journal.clear()
    if shadow:
        cpu.memory.load(VMCS, (cap.revision(cpu.model) | SHADOW).to_bytes(4, "little"))
    return cpu


def descriptor(name: str, kind: int, low: int = 0, high: int = 0) -> Processor:
    """A flush instruction with a type and a descriptor."""
    cpu = with_registers(root(name, low), rcx=kind)
    cpu.memory.load(AT + 8, high.to_bytes(8, "little"))
    return cpu


SHARED: Final[Mapping[str, Callable[[str], Processor]]] = {
    "outside": off,
    "real_mode": lambda name: narrow(inside(name), cr0=0x30),
    "v8086": lambda name: narrow(root(name) if name == "vmcall" else inside(name), cr0=0x31, rflags=2 | r.VM, cpl=3),
    "compatibility": lambda name: with_registers(cpu := root(name), cs_rights=cpu.reg[r.CS_RIGHTS] & ~r.AR_L),
    "guest": inside,
    "cpl": lambda name: with_registers(root(name), cpl=3),
    "operand": lambda name: with_registers(off(name) if name == "vmxon" else root(name), rax=UNMAPPED),
    "address": lambda name: off(name, VMXON_REGION + 8) if name == "vmxon" else root(name, VMCS + 8),
    "vmxon_pointer": lambda name: root(name, VMXON_REGION),
    "revision": lambda name: off(name, OTHER_PAGE) if name == "vmxon" else root(name, OTHER_PAGE),
    "no_vmcs": lambda name: with_registers(root(name), current_vmcs=r.NO_VMCS),
    "field": lambda name: with_registers(root(name), rcx=0xFFFE),
    "shadow": lambda name: moved(name, shadow=True),
    "mov_ss": lambda name: with_registers(root(name), interruptibility=r.BY_MOV_SS),
    "unsupported": lambda name: root(name, model="no-ept"),
    "type": lambda name: descriptor(name, 9),
}
OWN: Final[Mapping[str, Callable[[], Processor]]] = {
    "vmxon.vmxe": lambda: with_registers(cpu := off("vmxon"), cr4=cpu.reg[r.CR4] & ~r.CR4_VMXE),
    "vmxon.root": lambda: root("vmxon", VMXON_REGION),
    "vmxon.fixed_bits": lambda: with_registers(cpu := off("vmxon"), cr0=cpu.reg[r.CR0] & ~0x20),
    "vmxon.lock": lambda: with_registers(off("vmxon"), feature_control=4),
    "vmxon.allowed": lambda: with_registers(off("vmxon"), feature_control=1),
    "vmwrite.read_only": lambda: with_registers(root("vmwrite", model="no-ept"),
                                                rcx=FIELD_BY_NAME["exit_reason"].encoding),
    "vmlaunch.launch_state": lambda: moved("vmlaunch", launch=True),
    "vmresume.launch_state": lambda: moved("vmresume"),
    "vmcall.dual_monitor": lambda: root("vmcall"),
    **{f"{name}.operand": lambda name=name: with_registers(descriptor(name, 2), rax=UNMAPPED)    # type: ignore[misc]
       for name in ("invept", "invvpid")},
    "invept.eptp": lambda: descriptor("invept", 1),
    "invvpid.reserved_bits": lambda: descriptor("invvpid", 1, 1 << 16 | 1),
    "invvpid.vpid": lambda: descriptor("invvpid", 1),
    "invvpid.canonical": lambda: descriptor("invvpid", 0, 1, NON_CANONICAL),
    "vmfunc.non_root": lambda: root("vmfunc"),
    "vmfunc.control": lambda: inside("vmfunc"),
    "vmfunc.number": lambda: vmfunc(1, rax=64, rcx=0),
    "vmfunc.function": lambda: vmfunc(0, rax=0, rcx=0),
    "vmfunc.index": lambda: vmfunc(1, rax=0, rcx=512),
    "vmfunc.eptp": lambda: vmfunc(1, rax=0, rcx=0),
}


def scene(guard: str) -> Processor:
    """A processor whose next instruction ends at a guard."""
    name, _, own = guard.partition(".")
    return OWN[guard]() if guard in OWN else SHARED[own](name)


def made(cpu: Processor) -> Step:
    step = tell(cpu)
    assert step is not None
    return step


def guards(step: Step) -> list[ev.VmxGuard]:
    return [event for event in step.events if isinstance(event, ev.VmxGuard)]


@pytest.mark.parametrize("guard", ROWS)
def test_each_row_decides_in_some_program_and_leads_where_the_table_says(guard: str) -> None:
    row = VMX_OUTCOMES[guard]
    step = made(scene(guard))
    (told,) = guards(step)
    assert (told.instruction, told.guard, told.result, told.check) == (row.instruction, guard, row.kind, row.check)
    after = step.events[step.events.index(told) + 1:]
    if row.kind == "fault":
        first = next(event for event in after if isinstance(event, ev.FaultEvent))
        assert first.vector in [VECTORS[code] for code in row.code.split("; ")]
    elif row.kind == "exit":
        left = next(event for event in after if isinstance(event, ev.VmExit))
        assert left.reason == int(row.code)
    else:
        outcome = next(event for event in after if isinstance(event, ev.VmxOutcome))
        assert (outcome.result, outcome.error) == (
            ("fail_invalid", None) if row.code == "invalid" else ("fail_valid", int(row.code)))


def test_no_row_is_both_reached_and_said_to_be_out_of_reach() -> None:
    assert not {*NEVER, *BY_CHECKS, *OWN} - set(VMX_OUTCOMES)
    assert not {*NEVER, *BY_CHECKS} & set(OWN)
    assert {guard.partition(".")[2] for guard in ROWS if guard not in OWN} == set(SHARED)


@pytest.mark.parametrize("guard", BY_CHECKS)
def test_what_the_checks_of_vm_entry_refuse_is_named_by_its_check(guard: str) -> None:
    row = VMX_OUTCOMES[guard]
    cpu = moved(row.instruction, launch=row.instruction == "vmresume")
    cpu.rips.append(0)
    put(Region(cpu, VMCS), BY_CHECKS[guard])
    cpu.rips.clear()
    step = made(cpu)
    assert not guards(step)
    assert [event.reason for event in step.events if isinstance(event, ev.EntryFailed)] == [int(row.code)]


@pytest.mark.parametrize("guard", [guard for guard in NEVER if guard.endswith(".register_operand")])
def test_with_a_register_operand_the_bytes_are_no_vmx_instruction(guard: str) -> None:
    code = CODES[VMX_OUTCOMES[guard].instruction]
    found = Decoder(64, code[:-1] + bytes([code[-1] | 0xC0])).decode()
    assert found.mnemonic not in NAMES


@pytest.mark.parametrize("guard", [guard for guard in ROWS if guard.endswith(".operand")])
@pytest.mark.parametrize(("address", "vector"), [(UNMAPPED, 14), (NON_CANONICAL, 13)])
def test_every_fault_of_the_memory_operand_is_of_its_row(guard: str, address: int, vector: int) -> None:
    step = made(with_registers(scene(guard), rax=address))
    assert [told.guard for told in guards(step)] == [guard]
    assert next(event for event in step.events if isinstance(event, ev.FaultEvent)).vector == vector


@pytest.mark.parametrize(("name", "operand"), [
    ("vmclear", VMCS), ("vmptrld", VMCS), ("vmptrst", 0), ("vmread", 0), ("vmwrite", 0), ("vmlaunch", 0),
    ("vmxoff", 0)])
def test_an_instruction_that_does_its_work_tells_no_guard(name: str, operand: int) -> None:
    assert not guards(made(root(name, operand)))


def test_a_guard_is_told_only_to_those_who_listen() -> None:
    journal = Journal(root("vmptrld", VMCS + 8))
    journal.record(1)
    assert not [event for _, event in journal.marks if isinstance(event, ev.VmxGuard)]
    assert [event.error for _, event in journal.marks if isinstance(event, ev.VmxOutcome)] == [9]
