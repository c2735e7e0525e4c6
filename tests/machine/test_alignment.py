"""Alignment checks: accesses are checked exactly while the registers ask for it, and no delivery is endless."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.bochs import HERE, assemble
from vmviz.machine.bench import Machine, processor
from vmviz.machine.outcome import OutsideModel
from vmviz.machine.processor import Processor
from vmviz.machine.registers import AC, CPL, CR0, CR0_AM, RFLAGS
from vmviz.machine.step import advance, ended

ENDLESS = """
%include "vmxlab.inc"
%include "guest32.inc"
CASE
        VMX_ON
        VMCS_32
        CTL G_CR0, 1<<18
        mov word [IDT32 + 8*17 + 2], 0x88       ; conforming code: CPL stays 3
        VMW G_CS_SEL, 0x2B
        VMW G_CS_AR, 0xC0FB
        VMW G_SS_SEL, 0x23
        VMW G_SS_AR, 0xC0F3
        VMW G_RSP, USER32 - 1
        VMW G_RFLAGS, 0x40002
        ENTER "never comes back", vmlaunch
        GUEST
        bits 32
        push eax
        bits 64
"""


def checks_alignment(cpu: Processor) -> bool:
    """Do the registers ask for the checks?"""
    reg = cpu.reg
    return reg[CPL] == 3 and bool(reg[RFLAGS] & AC) and bool(reg[CR0] & CR0_AM)


@pytest.mark.parametrize("name", ["alignment-native", "alignment-guest", "system-modes", "guest-events"])
def test_accesses_are_checked_whenever_the_registers_ask_for_it(name: str, tmp_path: Path) -> None:
    image = tmp_path / "image"
    assemble(HERE / "programs" / f"{name}.asm", image)
    cpu = processor(image.read_bytes())
    starts: list[int] = []
    seen = set()
    while not ended(cpu):
        advance(cpu, starts, 1)
        assert cpu.soft.aligned == checks_alignment(cpu)
        assert not cpu.soft.aligned or not (cpu.soft.read or cpu.soft.write)
        seen.add(cpu.soft.aligned)
    assert seen == ({False, True} if name.startswith("alignment") else {False})


def test_an_alignment_check_that_can_never_be_delivered_stops_the_run(tmp_path: Path) -> None:
    source, image = tmp_path / "endless.asm", tmp_path / "image"
    source.write_text(ENDLESS)
    assemble(source, image)
    with pytest.raises(OutsideModel, match="an alignment check whose delivery meets another, without end at 110000h"):
        Machine(image.read_bytes()).run(100_000)
