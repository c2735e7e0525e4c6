"""INIT and start-up: what a processor is after an INIT signal, and where a start-up IPI makes it begin.

SDM volume 3, "Processor State After Reset" (table of power up, reset and INIT) and "MP Initialization Protocol
Algorithm". Simplified: there is no firmware at the reset vector, so after INIT the processor waits for a start-
up IPI, as an application processor does.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from vmviz import events as ev
from vmviz.machine.registers import (
    ACTIVE,
    ACTIVITY,
    APIC,
    APIC_TIMER_DEADLINE,
    CPL,
    CR0,
    CR0_CD,
    CR0_ET,
    CR0_NW,
    CR2,
    CR3,
    CR4,
    CS,
    DR0,
    DR6,
    DR7,
    DS,
    EFER,
    ES,
    FS,
    GDTR_BASE,
    GDTR_LIMIT,
    GS,
    IDTR_BASE,
    IDTR_LIMIT,
    INTERRUPTIBILITY,
    LDTR,
    NEVER,
    PENDING_DEBUG,
    RAX,
    RFLAGS,
    RIP,
    SS,
    TR,
    WAIT_FOR_SIPI,
)
from vmviz.machine.segmentation import enter_code, set_segment

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

_DX = 2
_ID = 2      # the APIC ID register's place among the local APIC's


def init(cpu: Processor) -> None:
    """An INIT signal arrives outside VMX operation."""
    initial_state(cpu)
    cpu.mark(ev.Interrupt(vector=0, source="init"))


def initial_state(cpu: Processor) -> None:
    """What INIT makes of a processor; those that are not the first come out of reset so."""
    reg = cpu.reg
    for slot in range(RAX, RAX + 16):
        cpu.set(slot, 0)
    cpu.set(RAX + _DX, cpu.model.leaf(1)[0])
    cpu.set(RFLAGS, 2)
    cpu.set(CR0, reg[CR0] & (CR0_CD | CR0_NW) | CR0_ET)
    for slot in (CR2, CR3, CR4, EFER, *range(DR0, DR0 + 4), GDTR_BASE, IDTR_BASE, INTERRUPTIBILITY, PENDING_DEBUG):
        cpu.set(slot, 0)
    cpu.set(DR6, 0xFFFF_0FF0)
    cpu.set(DR7, 0x400)
    cpu.set(GDTR_LIMIT, 0xFFFF)
    cpu.set(IDTR_LIMIT, 0xFFFF)
    for index in (ES, SS, DS, FS, GS):
        set_segment(cpu, index, 0, 0, 0xFFFF, 0x93)
    set_segment(cpu, LDTR, 0, 0, 0xFFFF, 0x82)
    set_segment(cpu, TR, 0, 0, 0xFFFF, 0x8B)
    set_segment(cpu, CS, 0xF000, 0xFFFF_0000, 0xFFFF, 0x9B)
    cpu.set(RIP, 0xFFF0)
    cpu.set(CPL, 0)
    cpu.set(ACTIVITY, WAIT_FOR_SIPI)
    _reset_apic(cpu)
    cpu.refresh()


def _reset_apic(cpu: Processor) -> None:
    """SDM volume 3, "Local APIC State After It Receives an INIT Reset": as after power-up, but the ID stays."""
    own_id = cpu.reg[APIC + _ID]
    after = list(cpu.reg[:APIC + 64])
    cpu.model.reset_apic(after)
    after[APIC + _ID] = own_id
    for slot in range(APIC, APIC + 64):
        cpu.set(slot, after[slot])
    cpu.set(APIC_TIMER_DEADLINE, NEVER)


def start_up(cpu: Processor, vector: int) -> None:
    """A start-up IPI: begin at vector * 4096 in real-address mode."""
    cpu.set(ACTIVITY, ACTIVE)
    cpu.mark(ev.Interrupt(vector=vector, source="sipi"))
    enter_code(cpu, vector << 8, vector << 12, 0xFFFF, 0x9B, 0, 0)
