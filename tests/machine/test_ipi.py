"""Interprocessor interrupts: destinations, delivery modes, and what the target makes of them."""
from __future__ import annotations

import pytest

from tests.machine.two import booting, run, running, step
from vmviz import events as ev
from vmviz.machine import apic
from vmviz.machine.processor import Processor
from vmviz.machine.registers import (
    ACTIVITY,
    ACTIVITY_NAMES,
    APIC,
    APIC_BASE,
    CS_BASE,
    INIT_PENDING,
    NMI_PENDING,
    OPERATION,
    RAX,
    RBX,
    RIP,
    ROOT,
    SIPI_PENDING,
)
from vmviz.machine.step import ended

PAGE = 0xFEE0_0000


def enabled(count: int = 3) -> list[Processor]:
    cpus = running("jmp $\nsecond: jmp $", count)
    for cpu in cpus:
        cpu.rips = [0]
        cpu.write32(PAGE + apic.SVR, 0x1FF)
        cpu.write32(PAGE + apic.LDR, 1 << 24 + cpu.number)
    return cpus


def command(cpu: Processor, low: int, destination: int = 0) -> None:
    cpu.write32(PAGE + apic.ICR_HIGH, destination << 24)
    cpu.write32(PAGE + apic.ICR_LOW, low)


def waiting(cpus: list[Processor], vector: int) -> list[int]:
    """Who has the vector in its IRR."""
    return [cpu.number for cpu in cpus
            if cpu.reg[APIC + (apic.IRR >> 4) + (vector >> 5)] >> (vector & 31) & 1]


@pytest.mark.parametrize(("low", "destination", "targets"), [
    (0x4000, 1, [1]),                       # physical
    (0x4000, 0xFF, [0, 1, 2]),
    (0x4000, 7, []),
    (0x4800, 0b110, [1, 2]),                # logical, flat
    (0x4_4000, 2, [0]),                     # self
    (0x8_4000, 2, [0, 1, 2]),               # all
    (0xC_4000, 0, [1, 2]),                  # all but self
])
def test_the_destination_of_a_fixed_interrupt(low: int, destination: int, targets: list[int]) -> None:
    cpus = enabled()
    command(cpus[0], low | 0x55, destination)
    assert waiting(cpus, 0x55) == targets


@pytest.mark.parametrize(("destination", "targets"), [(0x11, [0]), (0x13, [0, 1]), (0x2F, [2]), (0xF1, [0, 2])])
def test_logical_destinations_in_clusters(destination: int, targets: list[int]) -> None:
    cpus = enabled()
    for cpu, logical in zip(cpus, (0x11, 0x12, 0x21), strict=True):
        cpu.write32(PAGE + apic.DFR, 0x0FFF_FFFF)
        cpu.write32(PAGE + apic.LDR, logical << 24)
    command(cpus[1], 0x4855, destination)
    assert waiting(cpus, 0x55) == targets


def test_lowest_priority_takes_the_one_with_the_lowest_priority_then_number() -> None:
    cpus = enabled()
    command(cpus[0], 0x8_4155)
    assert waiting(cpus, 0x55) == [0]
    cpus[0].write32(PAGE + apic.TPR, 0x20)
    cpus[1].write32(PAGE + apic.TPR, 0x30)
    command(cpus[0], 0x8_4156)
    assert waiting(cpus, 0x56) == [2]
    cpus[2].write32(PAGE + apic.SVR, 0xFF)
    command(cpus[0], 0x8_4157)
    assert waiting(cpus, 0x57) == [0]


def test_nmi_and_init_go_past_a_software_disabled_apic_and_fixed_does_not() -> None:
    cpus = enabled(2)
    cpus[1].write32(PAGE + apic.SVR, 0xFF)
    for low in (0x4055, 0x4400, 0x4500):
        command(cpus[0], low, 1)
    assert waiting(cpus, 0x55) == []
    assert cpus[1].reg[NMI_PENDING] == cpus[1].reg[INIT_PENDING] == 1


def test_a_globally_disabled_apic_hears_nothing() -> None:
    cpus = enabled(2)
    cpus[1].set(APIC_BASE, 0xFEE0_0000)
    command(cpus[0], 0xC_4400)
    assert not cpus[1].reg[NMI_PENDING]


def test_a_start_up_ipi_is_ignored_by_who_does_not_wait_for_it() -> None:
    cpus = enabled(2)
    command(cpus[0], 0x4608, 1)
    assert not cpus[1].reg[SIPI_PENDING]
    command(cpus[0], 0x4500, 1)
    command(cpus[0], 0x4609, 1)             # behind an INIT that it is about to take
    assert cpus[1].reg[SIPI_PENDING] == 0x109


def test_a_level_de_assert_of_init_does_nothing() -> None:
    cpus = enabled(2)
    command(cpus[0], 0x8500, 1)
    assert not cpus[1].reg[INIT_PENDING]


def test_root_operation_keeps_an_init_pending() -> None:
    cpus = enabled(2)
    cpus[1].reg[OPERATION] = ROOT
    command(cpus[0], 0x4500, 1)
    command(cpus[0], 0x4608, 1)
    cpus[0].board.attach([], [], [], 0)
    run(cpus[0], 40)
    assert (cpus[1].reg[INIT_PENDING], cpus[1].reg[SIPI_PENDING]) == (1, 0)


def test_x2apic_destinations_are_32_bits_and_ids_follow_the_number() -> None:
    text = """
        cmp byte [0x7000], 1
        jne 0x100000
        mov ecx, 0x1B
        mov eax, 0xFEE00D00
        xor edx, edx
        wrmsr
        mov ecx, 0x830
        mov eax, 0x4800 + 0x55
        mov edx, 1 << 1
        wrmsr
        mov eax, 0x4000 + 0x56
        mov edx, 0xFFFFFFFF
        wrmsr
        hlt
second: mov ecx, 0x1B
        mov eax, 0xFEE00C00
        xor edx, edx
        wrmsr
        mov ecx, 0x80F
        mov eax, 0x1FF
        wrmsr
        mov ecx, 0x80D
        rdmsr
        mov ebx, eax
        mov ecx, 0x802
        rdmsr
        mov byte [0x7000], 1
        hlt
    """
    cpus = running(text)
    run(cpus[0])
    assert (cpus[1].reg[RAX], cpus[1].reg[RBX]) == (1, 2)
    assert waiting(cpus, 0x55) == waiting(cpus, 0x56) == [1]


def test_init_resets_the_local_apic_but_its_id() -> None:
    cpus = enabled(2)
    cpus[1].write32(PAGE + apic.INITIAL_COUNT, 1000)
    command(cpus[0], 0x4500, 1)
    run(cpus[0], 40)
    assert ACTIVITY_NAMES[cpus[1].reg[ACTIVITY]] == "wait_for_sipi"
    assert cpus[1].reg[APIC + (apic.SVR >> 4)] == 0xFF
    assert cpus[1].reg[APIC + (apic.ID >> 4)] == 1 << 24


def test_init_sipi_starts_a_processor_at_the_vectors_page() -> None:
    first = booting("start: call boot\nhlt\nsecond: hlt")
    second = first.board.processors[1]
    while not second.reg[ACTIVITY] == 0:
        told = step(first)
    assert [event for event in told.events if isinstance(event, ev.Interrupt)][0].source == "sipi"
    assert (told.processor, second.reg[RIP], second.reg[CS_BASE]) == (1, 0, 0x8000)
    while ended(first) is None:
        step(first)
    assert second.bits == 64
