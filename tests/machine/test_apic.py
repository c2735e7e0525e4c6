"""The local APIC's registers as memory, and the rules of interrupts coming in and going out.

What a program sees of it from outside is in system/apic.asm.
"""
from __future__ import annotations

import pytest

from vmviz.machine import apic
from vmviz.machine.bench import processor
from vmviz.machine.processor import Processor
from vmviz.machine.registers import APIC_BASE, INIT_PENDING, NMI_PENDING

PAGE = 0xFEE0_0000


@pytest.fixture
def cpu() -> Processor:
    made = processor(b"")
    made.rips = [0]
    made.write32(PAGE + apic.SVR, 0x1FF)
    return made


def test_only_aligned_words_of_32_bits_write_a_register(cpu: Processor) -> None:
    cpu.write8(PAGE + apic.TPR, 0x20)
    cpu.write16(PAGE + apic.TPR, 0x20)
    cpu.write32(PAGE + apic.TPR + 4, 0x20)
    assert cpu.read32(PAGE + apic.TPR) == 0
    cpu.write32(PAGE + apic.TPR, 0x120)
    assert cpu.read32(PAGE + apic.TPR) == 0x20
    assert cpu.read8(PAGE + apic.TPR) == 0x20
    assert cpu.read16(PAGE + apic.VERSION + 2) == 5


@pytest.mark.parametrize("offset", [apic.VERSION, apic.PPR, apic.ISR, apic.IRR, apic.TMR, apic.CURRENT_COUNT])
def test_read_only_registers_keep_their_value(cpu: Processor, offset: int) -> None:
    before = cpu.read32(PAGE + offset)
    cpu.write32(PAGE + offset, 0xFFFF_FFFF)
    assert cpu.read32(PAGE + offset) == before


def test_a_disabled_apic_is_not_there(cpu: Processor) -> None:
    cpu.set(APIC_BASE, 0xFEE0_0100)
    cpu.refresh()
    assert cpu.read32(PAGE + apic.VERSION) == 0xFFFF_FFFF


def test_the_page_can_be_moved_over_ram_and_back(cpu: Processor) -> None:
    cpu.write32(0x30_0030, 0x1234_5678)
    cpu.set(APIC_BASE, 0x30_0900)
    cpu.refresh()
    assert cpu.read32(0x30_0030) == 0x5_0014
    cpu.set(APIC_BASE, 0xFEE0_0900)
    cpu.refresh()
    assert cpu.read32(0x30_0030) == 0x1234_5678


def test_a_software_disabled_apic_accepts_nothing_fixed(cpu: Processor) -> None:
    cpu.write32(PAGE + apic.SVR, 0xFF)
    cpu.write32(PAGE + apic.ICR_LOW, 0x4_4050)
    assert apic.pending(cpu) == -1
    cpu.write32(PAGE + apic.ICR_LOW, 0x400)
    assert cpu.reg[NMI_PENDING] == 1


@pytest.mark.parametrize(("high", "low", "arrives"), [
    (0, 0x4050, True), (0xFF00_0000, 0x4050, True), (0x0100_0000, 0x4050, False), (0, 0x4_4050, True),
    (0, 0x8_4050, True), (0, 0xC_4050, False), (0x0100_0000, 0x4850, True), (0x0200_0000, 0x4850, False)])
def test_destinations(cpu: Processor, high: int, low: int, arrives: bool) -> None:
    cpu.write32(PAGE + apic.LDR, 0x0100_0000)
    cpu.write32(PAGE + apic.ICR_HIGH, high)
    cpu.write32(PAGE + apic.ICR_LOW, low)
    assert (apic.pending(cpu) == 0x50) == arrives


def test_a_level_deassert_of_init_does_nothing(cpu: Processor) -> None:
    cpu.write32(PAGE + apic.ICR_LOW, 0x8500)
    assert cpu.reg[INIT_PENDING] == 0
    cpu.write32(PAGE + apic.ICR_LOW, 0xC500)
    assert cpu.reg[INIT_PENDING] == 1


def test_priority_classes(cpu: Processor) -> None:
    apic.accept(cpu, 0x52)
    apic.accept(cpu, 0x5A)
    assert apic.acknowledge(cpu) == 0x5A
    assert apic.pending(cpu) == -1                      # the same class does not nest
    apic.accept(cpu, 0x61)
    assert apic.acknowledge(cpu) == 0x61
    assert apic.processor_priority(cpu) == 0x60
    apic.end_of_interrupt(cpu)
    assert apic.processor_priority(cpu) == 0x50
    apic.end_of_interrupt(cpu)
    assert apic.pending(cpu) == 0x52


@pytest.mark.parametrize(("divide", "by"), [(0, 2), (1, 4), (2, 8), (3, 16), (8, 32), (9, 64), (0xA, 128), (0xB, 1)])
def test_the_timer_counts_down_by_its_divisor(cpu: Processor, divide: int, by: int) -> None:
    cpu.write32(PAGE + apic.DIVIDE, divide)
    cpu.write32(PAGE + apic.LVT_TIMER, 0x40)
    cpu.write32(PAGE + apic.INITIAL_COUNT, 10)
    cpu.base_step += 3 * by
    assert cpu.read32(PAGE + apic.CURRENT_COUNT) == 7
    cpu.base_step += 7 * by - 1
    apic.tick(cpu)
    assert apic.pending(cpu) == -1
    cpu.base_step += 1
    apic.tick(cpu)
    assert apic.pending(cpu) == 0x40
    assert cpu.read32(PAGE + apic.CURRENT_COUNT) == 0


def test_a_periodic_timer_keeps_its_phase(cpu: Processor) -> None:
    cpu.write32(PAGE + apic.DIVIDE, 0xB)
    cpu.write32(PAGE + apic.LVT_TIMER, apic.PERIODIC | 0x40)
    cpu.write32(PAGE + apic.INITIAL_COUNT, 100)
    cpu.base_step += 250                                # nobody looked for two and a half periods
    apic.tick(cpu)
    assert cpu.read32(PAGE + apic.CURRENT_COUNT) == 50
