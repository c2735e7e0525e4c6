"""Processor models: data that answers CPUID, and the few bits of it that follow the processor's state."""
from __future__ import annotations

import pytest

from vmviz.errors import VmvizError
from vmviz.machine import models
from vmviz.machine.bench import processor
from vmviz.machine.registers import APIC_BASE, CR4, CR4_OSXSAVE, CR4_PKE, CS_RIGHTS, XCR0

MODELS = models.NAMES


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_vmx_and_forty_physical_bits(name: str) -> None:
    model = models.load(name)
    assert model.has(1, 2, 5)
    assert model.physical_address_bits == 40
    assert model.reserved_address_bits == 0x000F_FF00_0000_0000
    assert all(0x480 + n in model.msrs for n in range(0xB))


def test_an_unknown_model_is_refused_with_the_names_of_the_others() -> None:
    with pytest.raises(VmvizError, match="tigerlake, sandy-bridge, no-ept"):
        models.load("z80")


def test_only_newer_models_have_ept_vpid_and_unrestricted_guest() -> None:
    allowed = {name: models.load(name).msrs[0x48B] >> 32 for name in MODELS}
    for bit in (1, 5, 7):
        assert [name for name in MODELS if allowed[name] >> bit & 1] == ["tigerlake", "sandy-bridge"]
    assert 0x48C not in models.load("no-ept").msrs


def test_only_tigerlake_has_pages_of_1_gib() -> None:
    assert [models.load(name).largest_page_shift for name in MODELS] == [30, 21, 21]


@pytest.mark.parametrize(("leaf", "register", "bit", "slot", "value"), [
    (1, 2, 27, CR4, CR4_OSXSAVE), (7, 2, 4, CR4, CR4_PKE), (1, 3, 9, APIC_BASE, 1 << 11)])
def test_a_bit_of_cpuid_follows_the_state(leaf: int, register: int, bit: int, slot: int, value: int) -> None:
    cpu = processor(b"")
    for wanted in (0, 1):
        cpu.reg[slot] = cpu.reg[slot] & ~value | (value if wanted else 0)
        assert cpu.model.cpuid(cpu.reg, leaf, 0)[register] >> bit & 1 == wanted


def test_syscall_is_reported_in_64_bit_mode_only() -> None:
    cpu = processor(b"")
    assert cpu.model.cpuid(cpu.reg, 0x8000_0001, 0)[3] >> 11 & 1
    cpu.reg[CS_RIGHTS] = 0xC09B
    assert not cpu.model.cpuid(cpu.reg, 0x8000_0001, 0)[3] >> 11 & 1


def test_the_size_of_the_save_area_follows_xcr0() -> None:
    cpu = processor(b"")
    sizes = []
    for value in (1, 3, 7, 0xE7):
        cpu.reg[XCR0] = value
        sizes.append(cpu.model.cpuid(cpu.reg, 0xD, 0)[1])
    assert sizes == [0x240, 0x240, 0x340, 0xA80]


def test_a_leaf_out_of_range_gives_the_highest_basic_leaf() -> None:
    cpu = processor(b"", "sandy-bridge")
    assert cpu.model.cpuid(cpu.reg, 0x4000_0000, 0) == cpu.model.cpuid(cpu.reg, 0xD, 0)
    assert cpu.model.cpuid(cpu.reg, 0x8000_0009, 0) == cpu.model.cpuid(cpu.reg, 0xD, 0)


def test_a_subleaf_that_is_not_there_is_zero() -> None:
    cpu = processor(b"")
    assert cpu.model.cpuid(cpu.reg, 4, 9) == (0, 0, 0, 0)
