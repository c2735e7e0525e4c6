"""Interprocessor interrupts: what a write to the interrupt-command register sends, and to whom.

SDM volume 3, "Issuing Interprocessor Interrupts" and "Determining IPI Destination"; for x2APIC mode "Extended XAPIC
(x2APIC)". A destination is matched against each processor's local APIC in the mode that this one is in. Among the
destinations of a lowest-priority interrupt the one with the lowest processor priority takes it, at equal priority the
one with the lowest number (the manual leaves it to the model).
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmviz.machine import apic, signals
from vmviz.machine.models import APIC_ENABLED, APIC_X2
from vmviz.machine.registers import APIC, APIC_BASE

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

FIXED, LOWEST_PRIORITY, SMI, _, NMI, INIT, START_UP, _ = range(8)
LOGICAL: Final = 1 << 11
ONLY_SELF, ALL, ALL_BUT_SELF = 1, 2, 3
_FLAT: Final = 0xF
_COMMAND_BITS: Final = 0xC_CFFF
_KINDS: Final[dict[int, signals.Kind]] = {FIXED: "interrupt", LOWEST_PRIORITY: "interrupt", NMI: "nmi", INIT: "init",
                                          START_UP: "sipi"}


def send_from_page(cpu: Processor, command: int) -> None:
    """A write to the lower half of the ICR in xAPIC mode; the upper half holds the destination."""
    cpu.set(APIC + (apic.ICR_LOW >> 4), command & _COMMAND_BITS)
    _send(cpu, command, cpu.reg[APIC + (apic.ICR_HIGH >> 4)] >> 24, 0xFF)


def send(cpu: Processor, command: int) -> None:
    """A write to the ICR as x2APIC mode has it: 64 bits, destination in the upper half."""
    cpu.set(APIC + (apic.ICR_LOW >> 4), command & _COMMAND_BITS)
    cpu.set(APIC + (apic.ICR_HIGH >> 4), command >> 32)
    cpu.attention = True
    _send(cpu, command & 0xFFFF_FFFF, command >> 32, 0xFFFF_FFFF)


def logical_x2apic_id(cpu: Processor) -> int:
    """The LDR in x2APIC mode: the cluster in bits 31:16, a bit for the processor in it below."""
    return cpu.number >> 4 << 16 | 1 << (cpu.number & 15)


def _send(cpu: Processor, command: int, destination: int, everyone: int) -> None:
    vector, mode = command & 0xFF, command >> 8 & 7
    if mode in (FIXED, LOWEST_PRIORITY) and vector < 16:
        apic.error(cpu, apic.RECEIVE_ILLEGAL_VECTOR if command >> 18 & 3 in (ONLY_SELF, ALL)
                   else apic.SEND_ILLEGAL_VECTOR)
        return
    if mode == SMI:
        raise cpu.outside("a system-management interrupt (SMI)")
    if mode not in _KINDS or (mode == INIT and command & 0xC000 == 0x8000):     # a level de-assert does nothing
        return
    targets = _targets(cpu, command, destination, everyone)
    if mode == LOWEST_PRIORITY:
        able = [target for target in targets if apic.software_enabled(target)]
        targets = [min(able, key=lambda target: (apic.processor_priority(target), target.number))] if able else []
    for target in targets:
        signals.send(cpu, target, _KINDS[mode], vector)


def _targets(cpu: Processor, command: int, destination: int, everyone: int) -> list[Processor]:
    shorthand, all_of_them = command >> 18 & 3, cpu.board.processors
    if shorthand == ONLY_SELF:
        return [cpu]
    if shorthand:
        return [target for target in all_of_them if _listens(target) and (target is not cpu or shorthand == ALL)]
    matches = _logically if command & LOGICAL else _physically
    return [target for target in all_of_them
            if _listens(target) and (destination == everyone or matches(target, destination))]


def _listens(cpu: Processor) -> bool:
    return bool(cpu.reg[APIC_BASE] & APIC_ENABLED)


def _in_x2apic_mode(cpu: Processor) -> bool:
    return bool(cpu.reg[APIC_BASE] & APIC_X2)


def _physically(cpu: Processor, destination: int) -> bool:
    return destination == (cpu.number if _in_x2apic_mode(cpu) else cpu.reg[APIC + (apic.ID >> 4)] >> 24)


def _logically(cpu: Processor, destination: int) -> bool:
    """The message's destination against LDR and DFR: flat, or clusters of four."""
    if _in_x2apic_mode(cpu):
        own = logical_x2apic_id(cpu)
        return own >> 16 == destination >> 16 and bool(own & destination & 0xFFFF)
    own = cpu.reg[APIC + (apic.LDR >> 4)] >> 24
    if cpu.reg[APIC + (apic.DFR >> 4)] >> 28 == _FLAT:
        return bool(own & destination)
    return destination >> 4 in (own >> 4, 0xF) and bool(own & destination & 0xF)
