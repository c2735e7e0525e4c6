"""Every row of the tables of model-specific registers, on every model: who has it, what it holds, what it refuses.

That the bits are those of a processor is what the programs `msr-bits-*` show; here nothing may fall between the rows.
"""
from __future__ import annotations

from collections.abc import Callable

import pytest

from vmviz.machine import models, msr
from vmviz.machine.bench import processor
from vmviz.machine.outcome import GP, Fault, OutsideModel
from vmviz.machine.processor import Processor
from vmviz.machine.registers import APIC_BASE, FEATURE_CONTROL
from vmviz.spec import VMX_MSRS

MODELS = tuple(models.NAMES)
INTEL = [index for index in VMX_MSRS if index < 0xC000_0000]
# What RDMSR and WRMSR may do with those that are no plain storage (SDM volume 4, "Architectural MSRs").
READ_ONLY, WRITE_ONLY, BOTH = "r", "w", "rw"
SPECIAL = {
    msr.TSC: BOTH, msr.APIC_BASE_MSR: BOTH, msr.FEATURE_CONTROL_MSR: BOTH, msr.TSC_ADJUST_MSR: BOTH,
    msr.MISC_ENABLE_MSR: BOTH, msr.BIOS_SIGN_ID: BOTH, msr.TSC_DEADLINE: BOTH, msr.EFER_MSR: BOTH,
    msr.PRED_CMD: WRITE_ONLY, msr.FLUSH_CMD: WRITE_ONLY, 0xFE: READ_ONLY, 0x10A: READ_ONLY}
ARCH_CAPABILITIES = (7, 3, 29)
# SDM volume 3, "Local APIC Register Address Map Supported by x2APIC".
X2_READABLE = {0x802, 0x803, 0x808, 0x80A, 0x80D, 0x80F, *range(0x810, 0x829), 0x82F, 0x830, *range(0x832, 0x83A),
               0x83E}
X2_WRITABLE = {0x808, 0x80B, 0x80F, 0x828, 0x82F, 0x830, *range(0x832, 0x839), 0x83E, 0x83F}


def made(model: str) -> Processor:
    cpu = processor(b"", model)
    cpu.rips = [0]
    return cpu


def allowed(of: Callable[[], object]) -> bool:
    """Does RDMSR or WRMSR complete? Else it is #GP(0)."""
    try:
        of()
    except Fault as fault:
        assert (fault.vector, fault.error) == (GP, 0)
        return False
    return True


def holds(cpu: Processor, index: int, value: int) -> bool:
    """Is a value accepted and read back? One that is refused changes nothing."""
    before, length = list(cpu.reg), len(cpu.journal)
    if allowed(lambda: msr.write(cpu, index, value)):
        return msr.read(cpu, index) == value
    assert (cpu.reg, len(cpu.journal)) == (before, length)
    return False


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("index", sorted(msr.TABLE), ids=hex)
def test_storage_has_the_bits_of_its_row_and_no_others(index: int, model: str) -> None:
    cpu, row = made(model), msr.TABLE[index]
    bits = row.bits(cpu.model)
    assert allowed(lambda: msr.read(cpu, index)) == (bits is not None)
    if bits is None:
        assert not allowed(lambda: msr.write(cpu, index, 0))
        return
    good = msr.read(cpu, index) if row.check is not None else 0
    for bit in range(64):
        value = good ^ 1 << bit
        fits = not value & ~bits and (row.check is None or row.check(value))
        assert holds(cpu, index, value) == (fits and not value & ~row.kept), bit
        assert allowed(lambda value=value: msr.write(cpu, index, value)) == fits  # type: ignore[misc]
        msr.write(cpu, index, good)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("index", sorted(SPECIAL), ids=hex)
def test_the_others_can_be_read_or_written_as_the_manual_has_it(index: int, model: str) -> None:
    cpu = made(model)
    feature = ARCH_CAPABILITIES if index == 0x10A else msr.FEATURES.get(index)
    there = feature is None or cpu.model.has(*feature)
    value = msr.read(cpu, index) if there and "r" in SPECIAL[index] else 0
    assert allowed(lambda: msr.read(cpu, index)) == (there and "r" in SPECIAL[index])
    assert allowed(lambda: msr.write(cpu, index, value)) == (there and "w" in SPECIAL[index])


def test_every_name_has_a_row_here() -> None:
    assert set(SPECIAL) == set(msr.NAMES)
    assert not set(SPECIAL) & set(msr.TABLE)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("index", INTEL, ids=hex)
def test_capabilities_of_vmx_are_the_models_and_read_only(index: int, model: str) -> None:
    cpu = made(model)
    if index == msr.FEATURE_CONTROL_MSR:
        assert msr.read(cpu, index) == cpu.reg[FEATURE_CONTROL]
        return
    there = index in cpu.model.msrs
    assert allowed(lambda: msr.read(cpu, index)) == there
    assert not allowed(lambda: msr.write(cpu, index, cpu.model.msrs.get(index, 0)))


@pytest.mark.parametrize("model", MODELS)
def test_no_other_number_is_a_register(model: str) -> None:
    cpu = made(model)
    known = {*msr.TABLE, *SPECIAL, *cpu.model.msrs}
    for index in (*range(0x2000), *range(0xC000_0000, 0xC000_1000), *range(0xC001_0000, 0xC001_0200)):
        if index not in known:
            assert not allowed(lambda index=index: msr.read(cpu, index)), hex(index)  # type: ignore[misc]
            assert not allowed(lambda index=index: msr.write(cpu, index, 0)), hex(index)  # type: ignore[misc]


@pytest.mark.parametrize("index", msr.X2APIC, ids=hex)
def test_registers_of_the_x2apic_can_be_read_and_written_as_their_table_says(index: int) -> None:
    cpu = made("tigerlake")
    assert not allowed(lambda: msr.read(cpu, index)) and not allowed(lambda: msr.write(cpu, index, 0))
    msr.write(cpu, msr.APIC_BASE_MSR, cpu.reg[APIC_BASE] | 0x400)
    assert allowed(lambda: msr.read(cpu, index)) == (index in X2_READABLE)
    assert allowed(lambda: msr.write(cpu, index, 0x10 if index == 0x83F else 0)) == (index in X2_WRITABLE)


@pytest.mark.parametrize("bit", [22, 34])
def test_what_takes_features_away_is_left_out_by_name(bit: int) -> None:
    with pytest.raises(OutsideModel, match="IA32_MISC_ENABLE"):
        msr.write(made("tigerlake"), msr.MISC_ENABLE_MSR, 1 << bit)


def test_bits_that_only_tell_are_not_written() -> None:
    cpu = made("tigerlake")
    msr.write(cpu, msr.MISC_ENABLE_MSR, 0x1881)
    assert msr.read(cpu, msr.MISC_ENABLE_MSR) == 1
    assert not allowed(lambda: msr.write(cpu, msr.MISC_ENABLE_MSR, 2))


@pytest.mark.parametrize("index", [msr.PRED_CMD, msr.FLUSH_CMD], ids=hex)
def test_a_command_has_one_bit(index: int) -> None:
    cpu = made("tigerlake")
    msr.write(cpu, index, 1)
    assert not allowed(lambda: msr.write(cpu, index, 2))
