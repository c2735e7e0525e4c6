"""The VMCS: a region of physical memory, and access to its fields by name or encoding.

A VMCS lives where software put it: 4 KiB at a physical address, and nowhere else. There is no copy of it inside the
processor, so it moves with memory, is journaled with memory, and VMCLEAR has nothing to write back (Simplified: a
processor may keep it in a cache until then). Layout of a region, all little-endian:

    0   revision identifier, bit 31 = shadow VMCS    (SDM volume 3, "Format of the VMCS Region")
    4   VMX-abort indicator
    8   launch state: 0 clear, 1 launched            (from here on the layout is the processor's own)
    12  1 while the VMCS is active
    16  one cell of 8 bytes for each field, in the order of vmviz.spec.FIELDS

Where there is no RAM, reading gives all ones and writing does nothing, as for any access.
"""
from __future__ import annotations

import struct
from functools import cache
from operator import and_
from typing import TYPE_CHECKING, Final

from vmviz import events as ev
from vmviz.machine.registers import CURRENT_VMCS, KNOWN_VMCS, NO_VMCS
from vmviz.machine.vmx.capabilities import allowed_ones, has_control
from vmviz.spec import FIELD_BY_ENCODING, FIELD_BY_NAME, FIELDS
from vmviz.spec.rows import Field

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

REVISION_AT, ABORT_AT, LAUNCH_AT, ACTIVE_AT, FIELDS_AT = 0, 4, 8, 12, 16
SHADOW: Final = 1 << 31
CLEAR, LAUNCHED = 0, 1
LAUNCH_NAMES: Final = ("clear", "launched")
OFFSET: Final = {field.name: FIELDS_AT + 8 * n for n, field in enumerate(FIELDS)}
_MASK: Final = {field.name: (1 << field.bits) - 1 for field in FIELDS}
_MASKS: Final = tuple(_MASK.values())
NUMBER: Final = {field.name: n for n, field in enumerate(FIELDS)}
_unpack_all: Final = struct.Struct(f"<{len(FIELDS)}Q").unpack_from


class Region:
    """The VMCS region at a physical address, through the eyes of a processor."""

    __slots__ = ("cpu", "address")

    def __init__(self, cpu: Processor, address: int) -> None:
        self.cpu, self.address = cpu, address

    def read(self, field: str) -> int:
        """The value of a field, as wide as the field (natural width: 64 bits)."""
        return self.cpu.memory.read(self.address + OFFSET[field], 8) & _MASK[field]

    def read_all(self) -> tuple[int, ...]:
        """The values of all fields, in the order of vmviz.spec.FIELDS (`NUMBER` gives a field's place)."""
        page = self.cpu.memory.page(self.address >> 12)
        if page is None:
            return _MASKS
        return tuple(map(and_, _unpack_all(page, FIELDS_AT), _MASKS))

    def write(self, field: str, value: int, always: bool = False) -> None:
        """Give a field a value, cut to its width; told when it changes, or `always`."""
        value &= _MASK[field]
        at = self.address + OFFSET[field]
        old = self.cpu.memory.read(at, 8) & _MASK[field]
        if old != value:
            self.cpu.write_physical(at, 8, value)
        if (old != value or always) and self.cpu.telling:
            self.cpu.emit(ev.VmcsWrite(vmcs=self.address, field=field, old=old, new=value))

    def read_encoding(self, encoding: int) -> int:
        """What VMREAD of an encoding gives: the field, or the upper half of a 64-bit one."""
        value = self.read(FIELD_BY_ENCODING[encoding & ~1].name)
        return value >> 32 if encoding & 1 else value

    def write_encoding(self, encoding: int, value: int) -> None:
        """What VMWRITE to an encoding does: the field, or the upper half of a 64-bit one."""
        name = FIELD_BY_ENCODING[encoding & ~1].name
        if encoding & 1:
            value = self.read(name) & 0xFFFF_FFFF | (value & 0xFFFF_FFFF) << 32
        self.write(name, value, always=True)

    @property
    def revision(self) -> int:
        """Bits 31:0 at offset 0, the shadow indicator included."""
        return self.cpu.memory.read(self.address + REVISION_AT, 4)

    @property
    def launch(self) -> int:
        """The launch state: CLEAR or LAUNCHED."""
        return self.cpu.memory.read(self.address + LAUNCH_AT, 4)

    @property
    def active(self) -> bool:
        """Is the VMCS active (loaded by VMPTRLD and not cleared since)?"""
        return self.cpu.memory.read(self.address + ACTIVE_AT, 4) == 1

    def set_launch(self, state: int) -> None:
        """Move to another launch state."""
        self._set(LAUNCH_AT, state)

    def set_active(self, active: bool) -> None:
        """Mark the VMCS active or not."""
        self._set(ACTIVE_AT, int(active))

    def set_abort(self, indicator: int) -> None:
        """Leave a VMX-abort indicator (SDM volume 3, "VMX Aborts")."""
        self._set(ABORT_AT, indicator)

    def tell_state(self) -> None:
        """Tell where the VMCS stands now, after an instruction that can change it."""
        self.cpu.mark(ev.VmcsState(vmcs=self.address, active=self.active,
                                   current=self.cpu.reg[CURRENT_VMCS] == self.address,
                                   launch="launched" if self.launch == LAUNCHED else "clear"))

    def _set(self, at: int, value: int) -> None:
        if self.cpu.memory.read(self.address + at, 4) != value:
            self.cpu.write_physical(self.address + at, 4, value)


def know(cpu: Processor, address: int) -> None:
    """Remember a VMCS by the order in which it was first named: its virtual machine is called A, B, C, ..."""
    known = cpu.reg[KNOWN_VMCS:KNOWN_VMCS + 16]
    if address in known:
        return
    for n, taken in enumerate(known):
        if taken in (0, NO_VMCS):
            cpu.set(KNOWN_VMCS + n, address)
            return


@cache
def _supported_fields(model_name: str, allowed: tuple[tuple[str, int], ...]) -> frozenset[int]:
    words = dict(allowed)
    return frozenset(field.encoding for field in FIELDS if _exists(field, words))


def _exists(field: Field, allowed: dict[str, int]) -> bool:
    """Does a processor whose controls may have the bits `allowed` have the field?

    A field comes with the control that uses it (SDM volume 3, appendix "Field Encoding in VMCS"). The fields of the
    dual-monitor treatment are on every processor.
    """
    origin = field.introduced_with
    if origin in ("always", "dual_monitor_treatment"):
        return True
    group, _, control = origin.partition(".")
    if group == "vm_function":
        return bool(allowed["vm_functions"])
    return bool(control) and has_control(allowed, group, control)


def supported(cpu: Processor, encoding: int) -> bool:
    """May VMREAD and VMWRITE name this encoding on this processor?"""
    field = FIELD_BY_ENCODING.get(encoding & ~1)
    if field is None or (encoding & 1 and not field.has_high):
        return False
    return field.encoding in _supported_fields(cpu.model.name, allowed_ones(cpu.model))


__all__ = ["CLEAR", "FIELD_BY_ENCODING", "FIELD_BY_NAME", "LAUNCHED", "Region", "know", "supported"]
