"""VM entry and VM exit by phases: what they tell, in which order, and where the processor stands afterwards."""
from __future__ import annotations

import pytest

from tests.machine.vmx.scenes import GUEST_RIP, HOST_RIP, VMCS, in_root
from vmviz import events as ev
from vmviz.machine.processor import Processor
from vmviz.machine.registers import (
    ACTIVITY,
    CR3,
    CURRENT_VMCS,
    DR7,
    EXITS,
    GDTR_LIMIT,
    NEVER,
    NON_ROOT,
    OPERATION,
    RFLAGS,
    RIP,
    ROOT,
    RSP,
    SHUTDOWN,
    TIMER_DEADLINE,
)
from vmviz.machine.step import Step, tell
from vmviz.machine.vmx import exit as vmx_exit
from vmviz.machine.vmx.entry import PHASES
from vmviz.machine.vmx.vmcs import ABORT_AT, LAUNCHED, Region

VMCALL, CPUID = b"\x0f\x01\xc1", b"\x0f\xa2"


def step(cpu: Processor) -> Step:
    """One step, told."""
    made = tell(cpu)
    assert made is not None
    cpu.base_step += 1
    return made


def entered(code: bytes = VMCALL, **changes: int) -> tuple[Processor, Region]:
    """A processor in the guest, before its first instruction."""
    cpu, region = in_root(**changes)
    cpu.memory.load(GUEST_RIP, code)
    step(cpu)
    assert cpu.reg[OPERATION] == NON_ROOT
    return cpu, region


def test_an_entry_has_six_phases_and_ends_in_the_guest() -> None:
    cpu, region = in_root()
    made = step(cpu)
    assert [(phase.of, phase.number, phase.name) for phase in made.phases] == [
        ("entry", n + 1, name) for n, name in enumerate(PHASES)]
    assert made.phases[-1].events_end == len(made.events)
    assert cpu.reg[RIP] == GUEST_RIP and cpu.non_root and region.launch == LAUNCHED
    told = [event for event in made.events if isinstance(event, ev.ModeChange | ev.VmEntry | ev.Vm)]
    assert [type(event) for event in told] == [ev.ModeChange, ev.VmEntry, ev.Vm]


def test_an_exit_has_five_phases_and_ends_at_the_host_state() -> None:
    cpu, region = entered()
    made = step(cpu)
    assert [(phase.of, phase.number, phase.name) for phase in made.phases] == [
        ("exit", n + 1, name) for n, name in enumerate(vmx_exit.PHASES)]
    assert (cpu.reg[RIP], cpu.reg[RSP], cpu.reg[RFLAGS]) == (HOST_RIP, 0x8000, 2)
    assert (cpu.reg[DR7], cpu.reg[GDTR_LIMIT]) == (0x400, 0xFFFF)
    assert cpu.reg[OPERATION] == ROOT and cpu.reg[EXITS] == 1
    assert region.read("exit_reason") == 18 and region.read("guest_rip") == GUEST_RIP
    assert region.read("exit_instruction_length") == 3
    told = [event for event in made.events if isinstance(event, ev.VmExit)]
    assert [(event.reason, event.name, event.rip, event.length) for event in told] == [(18, "VMCALL", GUEST_RIP, 3)]


def test_an_exit_tells_only_the_fields_that_change() -> None:
    cpu, _ = entered()
    made = step(cpu)
    writes = [event for event in made.events if isinstance(event, ev.VmcsWrite)]
    assert writes and all(event.old != event.new for event in writes)


def test_a_refused_control_is_error_7_named_and_ends_at_its_phase() -> None:
    cpu, region = in_root(cr3_target_count=5)
    made = step(cpu)
    assert [phase.name for phase in made.phases] == ["controls"]
    failed = [event for event in made.events if isinstance(event, ev.EntryFailed)]
    assert [(event.reason, event.check) for event in failed] == [(7, "controls.cr3_target_count")]
    assert region.read("vm_instruction_error") == 7 and cpu.reg[OPERATION] == ROOT and cpu.reg[RIP] == 0x10_0003


def test_a_refused_host_state_is_error_8_after_the_controls() -> None:
    cpu, region = in_root(host_rip=1 << 47)
    made = step(cpu)
    assert [phase.name for phase in made.phases] == ["controls", "host_state"]
    assert region.read("vm_instruction_error") == 8


def test_a_refused_guest_state_loads_the_host_state_and_saves_nothing() -> None:
    cpu, region = in_root(guest_rflags=0, entry_interruption_info=0x8000_0030)
    made = step(cpu)
    assert [(phase.of, phase.name) for phase in made.phases] == [
        ("entry", "controls"), ("entry", "host_state"), ("entry", "guest_state"),
        ("exit", "load_host"), ("exit", "load_msrs")]
    assert region.read("exit_reason") == 1 << 31 | 33 and region.read("exit_qualification") == 0
    assert region.read("entry_interruption_info") == 0x8000_0030 and region.launch != LAUNCHED
    assert cpu.reg[RIP] == HOST_RIP and cpu.reg[OPERATION] == ROOT
    written = {event.field for event in made.events if isinstance(event, ev.VmcsWrite)}
    assert written <= {"exit_reason", "exit_qualification"}
    assert not [event for event in made.events if isinstance(event, ev.Vm)]      # the VM is as it was


def test_a_refused_msr_gives_its_number_and_skips_the_injection() -> None:
    cpu, region = in_root(entry_msr_load_address=0x20_C000, entry_msr_load_count=2)
    cpu.memory.load(0x20_C000, b"".join(word.to_bytes(8, "little") for word in (0x174, 1, 0xC000_0100)))
    made = step(cpu)
    assert region.read("exit_reason") == 1 << 31 | 34 and region.read("exit_qualification") == 2
    assert cpu.reg[RIP] == HOST_RIP and "inject" not in [phase.name for phase in made.phases]


@pytest.mark.parametrize(("fields", "indicator"), [
    ({"exit_msr_store_address": 0x20_C000, "exit_msr_store_count": 1}, 1),
    ({"exit_msr_load_address": 0x20_C000, "exit_msr_load_count": 1}, 4),
])
def test_a_bad_msr_list_at_an_exit_is_a_vmx_abort(fields: dict[str, int], indicator: int) -> None:
    cpu, region = entered(**fields)
    cpu.memory.load(0x20_C000, (0x808).to_bytes(8, "little"))
    made = step(cpu)
    assert cpu.memory.read(VMCS + ABORT_AT, 4) == indicator
    assert cpu.reg[ACTIVITY] == SHUTDOWN
    assert [event.state for event in made.events if isinstance(event, ev.Vm)][-1] == "crashed"
    assert tell(cpu) is None and region.launch == LAUNCHED


def test_an_exit_by_cpuid_can_be_resumed_behind_it() -> None:
    cpu, region = entered(CPUID + VMCALL)
    cpu.memory.load(HOST_RIP, b"\x0f\x01\xc3")
    step(cpu)
    cpu.rips.append(0)
    region.write("guest_rip", GUEST_RIP + 2)
    cpu.rips.clear()
    made = step(cpu)
    assert [event.kind for event in made.events if isinstance(event, ev.VmEntry)] == ["resume"]
    step(cpu)
    assert region.read("exit_reason") == 18


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_preemption_timer_allows_as_many_instructions_as_it_says(count: int) -> None:
    cpu, region = entered(b"\x90" * 8, pin_based_controls=0x56, vmx_preemption_timer_value=count)
    for _ in range(count):
        step(cpu)
        assert cpu.reg[OPERATION] == NON_ROOT
    step(cpu)
    assert region.read("exit_reason") == 52 and region.read("guest_rip") == GUEST_RIP + count
    assert cpu.reg[TIMER_DEADLINE] == NEVER


def test_the_general_registers_and_the_current_vmcs_survive_an_exit() -> None:
    cpu, _ = entered()
    cpu.reg[3] = 0xBEEF
    step(cpu)
    assert cpu.reg[3] == 0xBEEF and cpu.reg[CURRENT_VMCS] == VMCS and cpu.reg[CR3] == 0x1_0000


def test_an_injection_that_ends_in_an_exit_has_the_phases_of_both() -> None:
    cpu, _ = in_root(entry_interruption_info=0x8000_0306, guest_idtr_limit=0)
    made = step(cpu)
    assert [(phase.of, phase.number) for phase in made.phases] == [
        *(("entry", n) for n in range(1, 7)), *(("exit", n) for n in range(1, 6))]
    assert cpu.reg[RIP] == HOST_RIP


def test_a_triple_fault_is_an_exit_that_crashes_the_vm() -> None:
    cpu, region = entered(b"\x0f\x0b", guest_idtr_limit=0)
    made = step(cpu)
    assert region.read("exit_reason") == 2
    assert [event.state for event in made.events if isinstance(event, ev.Vm)] == ["crashed"]
