"""Model-specific registers: what each refuses with #GP(0), and what a write brings with it."""
from __future__ import annotations

import pytest

from vmviz.machine import apic, msr
from vmviz.machine.bench import processor
from vmviz.machine.outcome import GP, Fault
from vmviz.machine.processor import Processor
from vmviz.machine.registers import (
    APIC_TIMER_DEADLINE,
    CR0,
    CR0_PG,
    EFER,
    EFER_LMA,
    FEATURE_CONTROL,
    NEVER,
    TIMER_DEADLINE,
)

NOT_CANONICAL = 0x8000_0000_0000_0000


@pytest.fixture
def cpu() -> Processor:
    made = processor(b"")
    made.rips = [0]
    return made


def refuses(cpu: Processor, index: int, value: int) -> None:
    """WRMSR is #GP(0), and nothing has changed."""
    before, length = list(cpu.reg), len(cpu.journal)
    with pytest.raises(Fault) as caught:
        msr.write(cpu, index, value)
    assert (caught.value.vector, caught.value.error) == (GP, 0)
    assert cpu.reg == before
    assert len(cpu.journal) == length


@pytest.mark.parametrize("index", [0xC001_0117, 0x9B, 0x1234, 0x802, 0xD90])
def test_what_the_model_does_not_have_cannot_be_read(cpu: Processor, index: int) -> None:
    with pytest.raises(Fault) as caught:
        msr.read(cpu, index)
    assert caught.value.vector == GP


@pytest.mark.parametrize("index", [0xFE, *range(0x480, 0x492)])
def test_capabilities_can_be_read_and_not_written(cpu: Processor, index: int) -> None:
    assert msr.read(cpu, index) == cpu.model.msrs[index]
    refuses(cpu, index, cpu.model.msrs[index])


@pytest.mark.parametrize(("index", "value"), [
    (0xC000_0080, 0x502), (0xC000_0080, 0x1500),                                   # reserved bits, SVME
    (0xC000_0082, NOT_CANONICAL), (0xC000_0100, NOT_CANONICAL), (0xC000_0102, NOT_CANONICAL), (0x175, NOT_CANONICAL),
    (0xC000_0084, 1 << 32), (0xC000_0103, 1 << 32),              # 32 bits wide
    (0x277, 2), (0x277, 3 << 56), (0x250, 7), (0x2FF, 2), (0x200, 2),              # memory types
    (0x3A, 8), (0x1B, 0xFEE0_0A00), (0x1B, 1 << 40 | 0x900), (0x1B, 0x500), (0x1D9, 4), (0x38F, 1 << 8)])
def test_a_value_that_the_register_cannot_hold_is_refused(cpu: Processor, index: int, value: int) -> None:
    refuses(cpu, index, value)


@pytest.mark.parametrize(("index", "value"), [
    (0xC000_0081, 0x0023_0010 << 32), (0xC000_0100, 0xFFFF_8000_0000_0000), (0x200, 0xF_F000_0006),
    (0x26F, 0x0606_0606_0606_0606), (0x2FF, 0xC06), (0x277, 0x0007_0406_0007_0401), (0x48, 1), (0xDA0, 0)])
def test_storage_keeps_what_was_written(cpu: Processor, index: int, value: int) -> None:
    msr.write(cpu, index, value)
    assert msr.read(cpu, index) == value


def test_unused_bits_of_sysenter_cs_are_lost(cpu: Processor) -> None:
    msr.write(cpu, 0x174, 0x12_0000_0023)
    assert msr.read(cpu, 0x174) == 0x23


def test_feature_control_can_be_written_until_it_is_locked(cpu: Processor) -> None:
    msr.write(cpu, 0x3A, 4)
    msr.write(cpu, 0x3A, 5)
    refuses(cpu, 0x3A, 5)
    assert cpu.reg[FEATURE_CONTROL] == 5


def test_lma_cannot_be_written_and_lme_not_while_paging_is_on(cpu: Processor) -> None:
    refuses(cpu, 0xC000_0080, 0x400)
    msr.write(cpu, 0xC000_0080, 0x101)
    assert cpu.reg[EFER] == 0x501
    cpu.reg[CR0] &= ~CR0_PG
    cpu.reg[EFER] &= ~EFER_LMA
    msr.write(cpu, 0xC000_0080, 0)
    assert cpu.reg[EFER] == 0


def test_older_models_lack_what_came_later() -> None:
    old = processor(b"", "no-ept")
    for index in (0x48, 0x6E0, 0xC000_0103, 0xDA0, 0x48C, 0x491):
        with pytest.raises(Fault):
            msr.read(old, index)


def test_writing_the_time_stamp_counter_moves_no_timer(cpu: Processor) -> None:
    apic.write_register(cpu, apic.INITIAL_COUNT, 1000)
    cpu.set(TIMER_DEADLINE, cpu.now() + 50)
    left = cpu.reg[APIC_TIMER_DEADLINE] - cpu.now()
    msr.write(cpu, 0x10, 0x1_0000_0000)
    assert msr.read(cpu, 0x10) == 0x1_0000_0000
    assert cpu.reg[APIC_TIMER_DEADLINE] - cpu.now() == left
    assert cpu.reg[TIMER_DEADLINE] - cpu.now() == 50
    assert msr.read(cpu, 0x3B) == 0x1_0000_0000


def test_the_deadline_msr_works_in_tsc_deadline_mode_only(cpu: Processor) -> None:
    apic.write_register(cpu, apic.SVR, 0x1FF)
    msr.write(cpu, 0x6E0, 500)
    assert msr.read(cpu, 0x6E0) == 0
    apic.write_register(cpu, apic.LVT_TIMER, apic.TSC_DEADLINE | 0x50)
    msr.write(cpu, 0x6E0, 500)
    assert msr.read(cpu, 0x6E0) == cpu.reg[APIC_TIMER_DEADLINE] == 500
    msr.write(cpu, 0x6E0, 0)
    assert cpu.reg[APIC_TIMER_DEADLINE] == NEVER


def test_x2apic_mode_is_entered_from_xapic_mode_and_left_only_by_disabling(cpu: Processor) -> None:
    msr.write(cpu, 0x1B, 0xFEE0_0D00)
    assert apic.frame(cpu) == -1
    assert msr.read(cpu, 0x803) == 0x5_0014
    refuses(cpu, 0x1B, 0xFEE0_0900)
    msr.write(cpu, 0x1B, 0xFEE0_0100)
    refuses(cpu, 0x1B, 0xFEE0_0D00)
    msr.write(cpu, 0x1B, 0xFEE0_0900)
    assert apic.frame(cpu) == 0xFEE00


def test_x2apic_registers_send_and_end_interrupts(cpu: Processor) -> None:
    msr.write(cpu, 0x1B, 0xFEE0_0D00)
    msr.write(cpu, 0x80F, 0x1FF)
    msr.write(cpu, 0x83F, 0x45)
    assert apic.acknowledge(cpu) == 0x45
    assert msr.read(cpu, 0x812) == 1 << 5
    refuses(cpu, 0x80B, 1)
    msr.write(cpu, 0x80B, 0)
    assert msr.read(cpu, 0x812) == 0
    refuses(cpu, 0x808, 1 << 32)
    refuses(cpu, 0x803, 0)
