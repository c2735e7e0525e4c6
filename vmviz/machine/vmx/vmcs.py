"""The VMCS: a region of physical memory, and access to its fields by name or encoding.

A VMCS lives where software put it: 4 KiB at a physical address, and nowhere else. There is no copy of it inside the
processor, so it moves with memory, is journaled with memory, and VMCLEAR has nothing to write back (Simplified: a
processor may keep it in a cache until then). Layout of a region, all little-endian:

    0   revision identifier, bit 31 = shadow VMCS    (SDM volume 3, "Format of the VMCS Region")
    4   VMX-abort indicator
    8   launch state: 0 clear, 1 launched            (from here on the layout is the processor's own)
    12  1 + the number of the processor on which the VMCS is active, else 0
    16  one cell of 8 bytes for each field, in the order of vmviz.spec.FIELDS

Where there is no RAM, reading gives all ones and writing does nothing, as for any access.
"""
from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from functools import cache
from itertools import compress
from operator import itemgetter, ne
from typing import TYPE_CHECKING, Any, Final

from vmviz import events as ev
from vmviz.machine.memory import PAGE, Page
from vmviz.machine.registers import CURRENT_VMCS, KNOWN_VMCS, NO_VMCS
from vmviz.machine.vmx.capabilities import allowed_ones, has_control
from vmviz.spec import FIELD_BY_ENCODING, FIELD_BY_NAME, FIELDS
from vmviz.spec.rows import Field

if TYPE_CHECKING:
    from vmviz.machine.models import Model
    from vmviz.machine.processor import Processor

REVISION_AT, ABORT_AT, LAUNCH_AT, ACTIVE_AT, FIELDS_AT = 0, 4, 8, 12, 16
SHADOW: Final = 1 << 31
CLEAR, LAUNCHED = 0, 1
LAUNCH_NAMES: Final = ("clear", "launched")
OFFSET: Final = {field.name: FIELDS_AT + 8 * n for n, field in enumerate(FIELDS)}
NUMBER: Final = {field.name: n for n, field in enumerate(FIELDS)}
_CELL: Final = {16: "H6x", 32: "I4x", 64: "Q"}      # the field of that many bits, and the rest of its cell
_ACCESS: Final = {field.name: (struct.Struct("<" + _CELL[field.bits]).unpack_from, OFFSET[field.name],
                               (1 << field.bits) - 1) for field in FIELDS}
_load_all: Final = struct.Struct("<" + "".join(_CELL[field.bits] for field in FIELDS)).unpack_from
_NOTHING: Final = b"\xff" * PAGE                    # what is read where there is no RAM


class Region:
    """The VMCS region at a physical address, through the eyes of a processor."""

    __slots__ = ("cpu", "address", "_page")

    def __init__(self, cpu: Processor, address: int) -> None:
        """`address` is that of a page."""
        self.cpu, self.address = cpu, address
        self._page: bytes | Page = cpu.memory.page(address >> 12) or _NOTHING

    def read(self, field: str) -> int:
        """The value of a field, as wide as the field (natural width: 64 bits)."""
        load, at, _ = _ACCESS[field]
        return load(self._page, at)[0]  # type: ignore[no-any-return]

    def read_all(self) -> tuple[int, ...]:
        """The values of all fields, in the order of vmviz.spec.FIELDS (`NUMBER` gives a field's place)."""
        return _load_all(self._page, FIELDS_AT)

    def read_some(self, fields: Fields) -> tuple[int, ...]:
        """The values of some fields, in their order."""
        return fields.load(self._page, FIELDS_AT)

    def write(self, field: str, value: int, always: bool = False,
              by: Callable[[int, int, int], None] | None = None) -> None:
        """Give a field a value, cut to its width; told when it changes, or `always`. `by`: what writes the memory."""
        load, at, mask = _ACCESS[field]
        value &= mask
        old = load(self._page, at)[0]
        if old != value:
            (by or self.cpu.write_physical)(self.address + at, 8, value)
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
        return self.active_on is not None

    @property
    def active_on(self) -> int | None:
        """The number of the processor on which the VMCS is active."""
        number = self.cpu.memory.read(self.address + ACTIVE_AT, 4) - 1
        return number if 0 <= number < len(self.cpu.board.processors) else None

    def set_launch(self, state: int) -> None:
        """Move to another launch state."""
        self._set(LAUNCH_AT, state)

    def set_active(self, active: bool) -> None:
        """Mark the VMCS active on this processor, or not active."""
        self._set(ACTIVE_AT, 1 + self.cpu.number if active else 0)

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


class Fields:
    """Some fields of a VMCS that are read together."""

    def __init__(self, names: Iterable[str]) -> None:
        """`names`: in the order of vmviz.spec.FIELDS, in which `Region.read_some` gives the values."""
        self.names = tuple(names)
        wanted = set(self.names)
        assert self.names == tuple(field.name for field in FIELDS if field.name in wanted)
        self.load = struct.Struct("<" + "".join(_CELL[field.bits] if field.name in wanted else "8x"
                                                for field in FIELDS)).unpack_from


class Slots:
    """Slots of a processor that are set together: compared as a whole first, since most transitions change few."""

    def __init__(self, *slots: int) -> None:
        """`slots`: at least two, in the order in which they are set."""
        self.numbers = slots
        self.read: Callable[[Any], tuple[int, ...]] = itemgetter(*slots)

    def set(self, cpu: Processor, new: tuple[int, ...]) -> None:
        """Give each slot its value."""
        reg, log = cpu.reg, cpu.log
        old = self.read(reg)
        if old != new:
            for change in compress(zip(self.numbers, old, new, strict=True), map(ne, old, new)):
                log(change)
                reg[change[0]] = change[2]


class Transfer:
    """Fields of a VMCS and the slots that they are loaded into or saved from, one for one."""

    def __init__(self, *pairs: tuple[str, int]) -> None:
        """`pairs`: at least two fields, each with its slot, in the order in which they move."""
        self.pairs = pairs
        self.fields = tuple(field for field, _ in pairs)
        self._slots = Slots(*(slot for _, slot in pairs))
        self._of_values: Callable[[Any], tuple[int, ...]] = itemgetter(*(NUMBER[field] for field in self.fields))

    def load(self, cpu: Processor, values: tuple[int, ...]) -> None:
        """Set the slots to the fields among `values` (`Region.read_all`)."""
        self._slots.set(cpu, self._of_values(values))

    def save(self, cpu: Processor, region: Region, values: tuple[int, ...]) -> None:
        """Write the slots into the fields, which are `values` until now."""
        old, new = self._of_values(values), self._slots.read(cpu.reg)
        if old != new:
            for field, value in compress(zip(self.fields, new, strict=True), map(ne, old, new)):
                region.write(field, value)


def know(cpu: Processor, address: int) -> None:
    """Remember a VMCS by the order in which it was first named: its virtual machine is called A, B, C, ..."""
    known = cpu.board.first.reg[KNOWN_VMCS:KNOWN_VMCS + 16]
    if address in known:
        return
    for n, taken in enumerate(known):
        if taken in (0, NO_VMCS):
            cpu.board.put(0, KNOWN_VMCS + n, address)
            return


@cache
def supported_fields(model: Model) -> frozenset[int]:
    """The encodings (full access) of the fields that a model has."""
    words = dict(allowed_ones(model))
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
    return field.encoding in supported_fields(cpu.model)


__all__ = ["CLEAR", "FIELD_BY_ENCODING", "FIELD_BY_NAME", "LAUNCHED", "Region", "know", "supported", "supported_fields"]
