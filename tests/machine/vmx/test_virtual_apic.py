"""The APIC-access page: which accesses are virtualized, and what the VM exit of another tells."""
from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.machine.vmx.scenes import GUEST_RIP, in_root
from vmviz.asm import assemble
from vmviz.machine.processor import Processor
from vmviz.machine.registers import NON_ROOT, OPERATION, RAX, RCX, RDI, RFLAGS
from vmviz.machine.step import tell
from vmviz.machine.vmx import controls as c
from vmviz.machine.vmx.vmcs import Region

VIRTUAL_APIC, APIC_ACCESS = 0x20_6000, 0x20_7000


def _guest(text: str, secondary: int = 0, registers: Mapping[int, int] | None = None) -> tuple[Processor, Region]:
    """A guest with the TPR shadow and an APIC-access page, with these registers, behind its first instruction."""
    cpu, region = in_root(virtual_apic_address=VIRTUAL_APIC, apic_access_address=APIC_ACCESS)
    cpu.rips.append(0)
    region.write("pin_based_controls", region.read("pin_based_controls") | c.EXTERNAL_INTERRUPT_EXITING)
    primary = region.read("primary_processor_based_controls") | c.USE_TPR_SHADOW | c.ACTIVATE_SECONDARY_CONTROLS
    region.write("primary_processor_based_controls", primary)
    region.write("secondary_processor_based_controls", c.VIRTUALIZE_APIC_ACCESSES | secondary)
    cpu.rips.clear()
    cpu.journal.clear()
    cpu.memory.load(GUEST_RIP, assemble(f"bits 64\norg {GUEST_RIP}\n{text}\n").image)
    cpu.memory.load(VIRTUAL_APIC + 0x80, bytes((0x50, 0x11, 0x22, 0x33)))
    cpu.memory.load(VIRTUAL_APIC + 0x380, b"\xcc")
    assert tell(cpu) is not None
    cpu.base_step += 1
    for slot, value in (registers or {}).items():
        cpu.reg[slot] = value
    assert tell(cpu) is not None
    cpu.base_step += 1
    return cpu, region


@pytest.mark.parametrize(("operand", "kind", "offset"), [
    ("mov ax, [0x207082]", 0, 0x82), ("mov al, [0x207081]", 0, 0x81), ("mov [0x207082], ax", 1, 0x82),
    ("mov eax, [0x207020]", 0, 0x20), ("mov [0x2070B0], eax", 1, 0xB0),
])
def test_without_register_virtualization_only_the_tpr_at_its_own_offset_is_virtualized(
        operand: str, kind: int, offset: int) -> None:
    """Any other access exits, with its own offset in the page, not that of the register it lies in."""
    _, region = _guest(operand)
    assert region.read("exit_reason") == 44
    assert region.read("exit_qualification") == kind << 12 | offset


@pytest.mark.parametrize(("operand", "secondary", "value"), [
    ("mov eax, [0x207080]", 0, 0x3322_1150), ("mov al, [0x207080]", 0, 0x50),
    ("mov ax, [0x207082]", c.APIC_REGISTER_VIRTUALIZATION, 0x3322),
])
def test_a_virtualized_read_is_one_of_the_virtual_apic_page(operand: str, secondary: int, value: int) -> None:
    cpu, _ = _guest(operand, secondary)
    assert cpu.reg[OPERATION] == NON_ROOT
    assert cpu.reg[RAX] == value


@pytest.mark.parametrize(("operand", "reason", "qualification"), [
    ("mov [0x207080], al", None, 0), ("mov [0x207082], ax", 56, 0x82), ("mov [0x207311], al", None, 0),
    ("mov [0x207301], al", 56, 0x301), ("mov [0x207380], eax", 56, 0x380),
])
def test_apic_write_emulation_goes_by_the_own_offset_of_the_write(
        operand: str, reason: int | None, qualification: int) -> None:
    """With register virtualization a write within a register is virtualized; what follows hangs on where it begins."""
    cpu, region = _guest(operand, c.APIC_REGISTER_VIRTUALIZATION)
    if reason is None:
        assert cpu.reg[OPERATION] == NON_ROOT
    else:
        assert (region.read("exit_reason"), region.read("exit_qualification")) == (reason, qualification)


@pytest.mark.parametrize(("text", "rip", "registers"), [
    ("xadd [0x207380], eax", 8, {RAX: 0xCC}), ("rep stosd", 0, {RCX: 2, RDI: 0x20_7384}),
    ("cmpxchg [0x207380], ecx", 8, {RAX: 0xCC}), ("stosd", 1, {RCX: 3, RDI: 0x20_7384}),
])
def test_an_apic_write_exit_comes_when_its_instruction_or_iteration_is_complete(
        text: str, rip: int, registers: dict[int, int]) -> None:
    cpu, region = _guest(text, c.APIC_REGISTER_VIRTUALIZATION, {RCX: 3, RDI: 0x20_7380})
    assert (region.read("exit_reason"), region.read("exit_qualification")) == (56, 0x380)
    assert region.read("guest_rip") == GUEST_RIP + rip
    assert {slot: cpu.reg[slot] for slot in registers} == registers


def test_an_apic_write_exit_saves_the_single_step_that_its_instruction_leaves_pending() -> None:
    _, region = _guest("mov [0x207380], eax", c.APIC_REGISTER_VIRTUALIZATION, {RFLAGS: 0x102})
    assert region.read("exit_reason") == 56
    assert region.read("guest_pending_debug_exceptions") == 1 << 14


@pytest.mark.parametrize(("command", "virtualized"), [
    (0x4_0041, True), (0x4_4041, True), (0x4_0841, True), (0x4_8041, False), (0x4_1041, False), (0x4_2041, False),
    (0x4_0441, False), (0x4_000F, False), (0x8_0041, False), (0x41, False), (0x14_0041, False),
])
def test_an_interrupt_command_to_self_is_virtualized(command: int, virtualized: bool) -> None:
    """Fixed, by edge, nothing reserved, no vector below 16; its level and destination mode play no part."""
    cpu, region = _guest(f"mov dword [0x207300], {command:#x}", c.VIRTUAL_INTERRUPT_DELIVERY)
    if virtualized:
        assert cpu.reg[OPERATION] == NON_ROOT
        assert region.read("guest_interrupt_status") == 0x41
    else:
        assert (region.read("exit_reason"), region.read("exit_qualification")) == (56, 0x300)
