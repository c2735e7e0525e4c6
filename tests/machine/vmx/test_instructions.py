"""The ladders of the VMX instructions: each guard, in order, and what a refusal leaves unchanged."""
from __future__ import annotations

import pytest

from tests.machine.vmx.scenes import VMCS, VMXON_REGION, in_root
from vmviz import events as ev
from vmviz.machine.isa.vmx import outcome_of
from vmviz.machine.memory import MEMORY_SLOT, place_of
from vmviz.machine.processor import Processor
from vmviz.machine.registers import (
    AR_L,
    BY_MOV_SS,
    CPL,
    CR4,
    CR4_VMXE,
    CS_RIGHTS,
    CURRENT_VMCS,
    INTERRUPTIBILITY,
    NO_VMCS,
    OFF,
    OPERATION,
    OUTCOME,
    RAX,
    RCX,
    RFLAGS,
    RIP,
    SLOT_NAMES,
    ZF,
)
from vmviz.machine.step import tell
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx.vmcs import LAUNCHED, OFFSET, Region

AT = 0x30_0000                      # the memory operand of the instructions below: [rax], rax = AT
CODE = {
    "vmxon": b"\xf3\x0f\xc7\x30", "vmclear": b"\x66\x0f\xc7\x30",
    "vmptrld": b"\x0f\xc7\x30", "vmptrst": b"\x0f\xc7\x38",
    "vmread": b"\x0f\x78\x08", "vmwrite": b"\x0f\x79\x08", "vmlaunch": b"\x0f\x01\xc2", "vmresume": b"\x0f\x01\xc3",
    "vmcall": b"\x0f\x01\xc1", "vmxoff": b"\x0f\x01\xc4",
    "invept": b"\x66\x0f\x38\x80\x08", "invvpid": b"\x66\x0f\x38\x81\x08",
}
STATUS = 0x8D5
TABLES = frozenset(range(0x1_0000, 0x1_6000, 8))      # accessed flags of the bench's paging structures


def ready(name: str, operand: int = 0, **changes: int) -> Processor:
    """A processor in root operation about to execute an instruction whose memory operand holds `operand`."""
    cpu, _ = in_root(CODE[name], **changes)
    cpu.memory.load(AT, operand.to_bytes(8, "little"))
    cpu.reg[RAX] = AT
    cpu.reg[RFLAGS] |= STATUS
    return cpu


def outcome(cpu: Processor) -> tuple[str, int]:
    """Make one step; the result and the error number of the VMX instruction."""
    step = tell(cpu)
    assert step is not None
    found = outcome_of(cpu.reg[OUTCOME])
    assert found is not None
    flags = {"succeed": 0, "fail_invalid": 1, "fail_valid": ZF}[found[1]]
    assert cpu.reg[RFLAGS] & STATUS == flags
    told = [event for event in step.events if isinstance(event, ev.VmxOutcome)]
    assert [(event.result, event.error or 0) for event in told] == [found[1:]]
    return found[1], found[2]


def _vectors(cpu: Processor) -> list[int]:
    """The exceptions that one step tells: the first, and what follows from it without an IDT."""
    step = tell(cpu)
    assert step is not None
    return [event.vector for event in step.events if isinstance(event, ev.FaultEvent)]


@pytest.mark.parametrize("name", [name for name in CODE if name != "vmxon"])
def test_outside_vmx_operation_every_instruction_is_undefined(name: str) -> None:
    cpu = ready(name)
    cpu.reg[OPERATION] = OFF
    assert 6 in _vectors(cpu)


@pytest.mark.parametrize("name", list(CODE))
def test_in_compatibility_mode_every_instruction_is_undefined(name: str) -> None:
    cpu = ready(name)
    cpu.reg[CS_RIGHTS] &= ~AR_L
    cpu.refresh()
    assert 6 in _vectors(cpu)


@pytest.mark.parametrize("name", list(CODE))
def test_above_cpl_0_every_instruction_is_a_general_protection_fault(name: str) -> None:
    cpu = ready(name)
    cpu.reg[CPL] = 3
    cpu.refresh()
    assert 13 in _vectors(cpu)


def test_vmxon_with_vmxe_clear_is_undefined() -> None:
    cpu = ready("vmxon")
    cpu.reg[OPERATION] = OFF
    cpu.reg[CR4] &= ~CR4_VMXE
    assert 6 in _vectors(cpu)


def test_vmxon_in_root_operation_fails_with_error_15() -> None:
    assert outcome(ready("vmxon", VMXON_REGION)) == ("fail_valid", 15)


@pytest.mark.parametrize("address", [VMXON_REGION + 8, 1 << 45])
def test_vmxon_with_a_bad_address_fails_without_a_vmcs(address: int) -> None:
    cpu = ready("vmxon", address)
    cpu.reg[OPERATION], cpu.reg[CURRENT_VMCS] = OFF, NO_VMCS
    assert outcome(cpu) == ("fail_invalid", 0)
    assert cpu.reg[OPERATION] == OFF


@pytest.mark.parametrize(("name", "operand", "error"), [
    ("vmclear", VMCS + 8, 2), ("vmclear", 1 << 45, 2), ("vmclear", VMXON_REGION, 3),
    ("vmptrld", VMCS + 8, 9), ("vmptrld", 1 << 45, 9), ("vmptrld", VMXON_REGION, 10), ("vmptrld", 0x20_7000, 11),
])
def test_a_refused_pointer_changes_nothing_but_the_error_field(name: str, operand: int, error: int) -> None:
    cpu = ready(name, operand)
    step = tell(cpu)
    assert step is not None
    assert outcome_of(cpu.reg[OUTCOME]) == (name, "fail_valid", error)
    assert cpu.reg[CURRENT_VMCS] == VMCS
    written = {place_of(change.slot)[0] for change in step.changes if change.slot >= MEMORY_SLOT}
    assert written - TABLES == {VMCS + OFFSET["vm_instruction_error"]}
    named = {SLOT_NAMES[slot] for slot, old, new in step.changes if slot < MEMORY_SLOT and old != new}
    assert {name for name in named if not name.startswith("tlb_")} <= {"rflags", "vmx_outcome"}


def test_a_refused_pointer_without_a_current_vmcs_is_fail_invalid() -> None:
    cpu = ready("vmptrld", VMCS + 8)
    cpu.reg[CURRENT_VMCS] = NO_VMCS
    assert outcome(cpu) == ("fail_invalid", 0)


def test_vmclear_of_the_current_vmcs_takes_it_away_and_clears_its_launch_state() -> None:
    cpu = ready("vmclear", VMCS)
    region = Region(cpu, VMCS)
    cpu.rips.append(0)
    region.set_launch(LAUNCHED)
    cpu.rips.clear()
    assert outcome(cpu) == ("succeed", 0)
    assert cpu.reg[CURRENT_VMCS] == NO_VMCS and region.launch == 0 and not region.active


def test_vmptrld_makes_a_vmcs_current_and_active() -> None:
    cpu = ready("vmptrld", 0x20_2000)
    cpu.memory.load(0x20_2000, cap.revision(cpu.model).to_bytes(4, "little"))
    step = tell(cpu)
    assert step is not None and cpu.reg[CURRENT_VMCS] == 0x20_2000
    states = {event.vmcs: event for event in step.events if isinstance(event, ev.VmcsState)}
    assert states[0x20_2000].current and states[0x20_2000].active and not states[VMCS].current


def test_vmptrst_stores_all_ones_without_a_current_vmcs() -> None:
    cpu = ready("vmptrst")
    cpu.reg[CURRENT_VMCS] = NO_VMCS
    assert outcome(cpu) == ("succeed", 0)
    assert cpu.memory.read(AT, 8) == NO_VMCS


@pytest.mark.parametrize("name", ["vmread", "vmwrite", "vmlaunch", "vmresume", "vmcall"])
def test_without_a_current_vmcs_there_is_no_error_number(name: str) -> None:
    cpu = ready(name)
    cpu.reg[CURRENT_VMCS], cpu.reg[RCX] = NO_VMCS, 0x681E
    assert outcome(cpu) == ("fail_invalid", 0)


@pytest.mark.parametrize("encoding", [0x0FFE, 0x681F, 0x4401, 1 << 32 | 0x681E])
@pytest.mark.parametrize("name", ["vmread", "vmwrite"])
def test_an_unsupported_encoding_fails_with_error_12_and_leaves_the_destination(name: str, encoding: int) -> None:
    cpu = ready(name, 0x1234)
    cpu.reg[RCX] = encoding
    assert outcome(cpu) == ("fail_valid", 12)
    assert cpu.memory.read(AT, 8) == 0x1234


def test_vmwrite_to_an_exit_field_fails_with_error_13_where_the_processor_forbids_it() -> None:
    cpu, _ = in_root(CODE["vmwrite"], "sandy-bridge")
    cpu.reg[RAX], cpu.reg[RCX] = AT, 0x4402
    assert outcome(cpu) == ("fail_valid", 13)


def test_vmread_and_vmwrite_of_a_high_half_reach_bits_63_to_32() -> None:
    cpu = ready("vmwrite", 0xAABB_CCDD)
    cpu.reg[RCX] = 0x2011
    assert outcome(cpu) == ("succeed", 0)
    assert Region(cpu, VMCS).read("tsc_offset") == 0xAABB_CCDD_0000_0000


@pytest.mark.parametrize(("name", "launched", "error"), [("vmlaunch", True, 4), ("vmresume", False, 5)])
def test_an_entry_with_the_wrong_launch_state_fails(name: str, launched: bool, error: int) -> None:
    cpu = ready(name)
    cpu.memory.load(VMCS + 8, int(launched).to_bytes(4, "little"))
    assert outcome(cpu) == ("fail_valid", error)


def test_an_entry_under_blocking_by_mov_ss_fails_with_error_26() -> None:
    cpu = ready("vmlaunch")
    cpu.reg[INTERRUPTIBILITY] = BY_MOV_SS
    assert outcome(cpu) == ("fail_valid", 26)


def test_vmcall_in_root_operation_fails_with_error_1() -> None:
    assert outcome(ready("vmcall")) == ("fail_valid", 1)


def test_vmxoff_leaves_vmx_operation_and_the_current_vmcs() -> None:
    cpu = ready("vmxoff")
    assert outcome(cpu) == ("succeed", 0)
    assert cpu.reg[OPERATION] == OFF and cpu.reg[CURRENT_VMCS] == NO_VMCS and cpu.reg[RIP] == 0x10_0003


@pytest.mark.parametrize(("name", "kind", "low", "high", "good"), [
    ("invept", 1, 0x20_801E, 0, True), ("invept", 2, 0, 0, True), ("invept", 0, 0x20_801E, 0, False),
    ("invept", 3, 0x20_801E, 0, False), ("invept", 1, 0x20_8019, 0, False),
    ("invvpid", 0, 1, 0x1000, True), ("invvpid", 1, 1, 0, True), ("invvpid", 2, 0, 0, True), ("invvpid", 3, 1, 0, True),
    ("invvpid", 4, 1, 0, False), ("invvpid", 1, 0, 0, False), ("invvpid", 1, 0x1_0001, 0, False),
    ("invvpid", 0, 1, 0x8000_0000_0000, False),
])
def test_a_flush_checks_its_type_and_descriptor(name: str, kind: int, low: int, high: int, good: bool) -> None:
    cpu = ready(name, low)
    cpu.memory.load(AT + 8, high.to_bytes(8, "little"))
    cpu.reg[RCX] = kind
    assert outcome(cpu) == (("succeed", 0) if good else ("fail_valid", 28))
