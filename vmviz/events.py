"""The event types: the narrow waist of the whole program.

Everything a source (the machine, a trace, another system) tells is one of these; everything a page shows is made of
them. An event is what a person would tell, in order. docs/protocol.md lists them and a test compares the two.

On the wire an event is a JSON object with `type` and its fields. Fields of type `Hex` hold 64-bit values and travel as
lower-case hexadecimal strings without a prefix; a field that is None is left out.
"""
from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec

Hex = Annotated[int, "hex"]
Mode = Literal["off", "root", "non_root"]
Access = Literal["read", "write", "fetch"]
TlbAction = Literal["fill", "flush", "flush_page", "flush_vpid", "flush_ept"]


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Base of all events."""


class TableEntry(msgspec.Struct, frozen=True):
    """One entry of a paging structure on a walk: its level (4 = PML4 .. 1 = page table), address and value."""

    level: int
    address: Hex
    value: Hex


class Instruction(Event, frozen=True, kw_only=True, tag="instruction"):
    """An instruction was begun; `bytes` are its code in hexadecimal, `text` its disassembly."""

    processor: int = 0
    rip: Hex
    length: int
    bytes: str
    text: str


class ModeChange(Event, frozen=True, kw_only=True, tag="mode"):
    """The processor changed its VMX operation."""

    processor: int = 0
    from_: Mode = msgspec.field(name="from")
    to: Mode


class VmxOutcome(Event, frozen=True, kw_only=True, tag="vmx_outcome"):
    """A VMX instruction completed or failed; a VM entry that succeeds is a `vm_entry` instead."""

    instruction: str
    result: Literal["succeed", "fail_invalid", "fail_valid"]
    error: int | None = None


class VmxGuard(Event, frozen=True, kw_only=True, tag="vmx_guard"):
    """A VMX instruction ends here, before its effect: the guard that decided, told before what it leads to.

    `guard` is the id of its row in vmviz.spec.VMX_OUTCOMES, `result` what it gives, `section` the title of the
    instruction's section in the manual; `check` is the same rule among those of VM entry, for VMLAUNCH and VMRESUME.
    """

    instruction: str
    guard: str
    result: Literal["fault", "exit", "fail"]
    section: str
    check: str | None = None


class VmEntry(Event, frozen=True, kw_only=True, tag="vm_entry"):
    """Control passed to a guest at `rip`."""

    kind: Literal["launch", "resume"]
    vmcs: Hex
    vm: str
    rip: Hex


class VmExit(Event, frozen=True, kw_only=True, tag="vm_exit"):
    """Control came back from a guest: `reason` is the basic exit reason, `rip` the guest RIP that was saved."""

    isa: Literal["vmx", "svm"] = "vmx"
    reason: int
    name: str
    qualification: Hex
    vmcs: Hex
    vm: str
    rip: Hex
    length: int | None = None


class EntryFailed(Event, frozen=True, kw_only=True, tag="entry_failed"):
    """A VM entry was refused: error 7 or 8, or exit reason 33, 34 or 41.

    `check` is the id of the broken rule, `fields` the VMCS fields it looks at, `section` the manual's section title.
    """

    reason: int
    check: str
    fields: tuple[str, ...] = ()
    section: str = ""
    vmcs: Hex
    vm: str


class Phase(Event, frozen=True, kw_only=True, tag="phase"):
    """A phase of a VM entry or VM exit begins; the events up to the next one belong to it."""

    of: Literal["entry", "exit"]
    number: int
    name: str


class VmcsRead(Event, frozen=True, kw_only=True, tag="vmcs_read"):
    """A field of a VMCS was read by VMREAD."""

    vmcs: Hex
    field: str
    value: Hex


class VmcsWrite(Event, frozen=True, kw_only=True, tag="vmcs_write"):
    """A field of a VMCS changed: by VMWRITE, or because a VM exit saved into it."""

    vmcs: Hex
    field: str
    old: Hex
    new: Hex


class VmcsState(Event, frozen=True, kw_only=True, tag="vmcs_state"):
    """The state of a VMCS after an instruction that can change it."""

    vmcs: Hex
    active: bool
    current: bool
    launch: Literal["clear", "launched"]


class FaultEvent(Event, frozen=True, kw_only=True, tag="fault"):
    """An exception is being delivered; `rip` is the instruction's address."""

    vector: int
    error: int | None = None
    rip: Hex


class Interrupt(Event, frozen=True, kw_only=True, tag="interrupt"):
    """An interrupt or another asynchronous event is being delivered."""

    vector: int
    source: Literal["external", "nmi", "software", "injected", "init", "sipi"]


class Signal(Event, frozen=True, kw_only=True, tag="signal"):
    """An interrupt message has arrived at `processor`, from another (`from`) or from outside; it waits to be taken."""

    processor: int
    kind: Literal["interrupt", "nmi", "init", "sipi"]
    vector: int | None = None
    sender: int | None = msgspec.field(default=None, name="from")


class PageWalk(Event, frozen=True, kw_only=True, tag="page_walk"):
    """The paging structures were walked; `entries` top level first; no `physical` when the walk ended in a fault."""

    linear: Hex
    physical: Hex | None = None
    access: Access
    entries: tuple[TableEntry, ...]


class EptWalk(Event, frozen=True, kw_only=True, tag="ept_walk"):
    """The EPT paging structures were walked for one guest-physical address."""

    guest_physical: Hex
    physical: Hex | None = None
    access: Access
    entries: tuple[TableEntry, ...]


class Tlb(Event, frozen=True, kw_only=True, tag="tlb"):
    """The TLB took in a translation or dropped some; a field that is absent matched everything."""

    action: TlbAction
    linear: Hex | None = None
    vpid: int | None = None
    ept: Hex | None = None


class Port(Event, frozen=True, kw_only=True, tag="port"):
    """An I/O port was read or written; `size` in bytes."""

    direction: Literal["in", "out"]
    port: int
    size: int
    value: Hex


class MemoryAccess(Event, frozen=True, kw_only=True, tag="memory"):
    """A physical address that is not RAM was read or written."""

    physical: Hex
    size: int
    access: Access
    value: Hex
    what: Literal["apic", "unmapped"]


class Msr(Event, frozen=True, kw_only=True, tag="msr"):
    """A model-specific register was read or written by RDMSR or WRMSR."""

    index: Hex
    access: Access
    value: Hex
    name: str | None = None


class Halt(Event, frozen=True, kw_only=True, tag="halt"):
    """A processor stopped executing until an event wakes it."""

    processor: int = 0


class Console(Event, frozen=True, kw_only=True, tag="console"):
    """Text came out of the console port."""

    text: str


class Vm(Event, frozen=True, kw_only=True, tag="vm"):
    """A virtual machine changed its state."""

    vm: str
    state: Literal["created", "ready", "running", "stopped", "crashed"]


class Note(Event, frozen=True, kw_only=True, tag="note"):
    """Something worth a word that has no type of its own: `id` names the sentence, `values` fill it."""

    id: str
    values: dict[str, str] = {}


def _hex_fields(cls: type) -> frozenset[str]:
    def is_hex(hint: Any) -> bool:
        if get_origin(hint) is Annotated:
            return "hex" in get_args(hint)[1:]
        return any(is_hex(part) for part in get_args(hint))

    return frozenset(n for n, hint in get_type_hints(cls, include_extras=True).items() if is_hex(hint))


EVENT_TYPES: Final[dict[str, type[Event]]] = {
    str(cls.__struct_config__.tag): cls for cls in Event.__subclasses__()
}
_STRUCTS: Final[tuple[type[msgspec.Struct], ...]] = (*EVENT_TYPES.values(), TableEntry)
_HEX: Final = {cls: _hex_fields(cls) for cls in _STRUCTS}
_FIELDS: Final = {
    cls: tuple(zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True)) for cls in _STRUCTS
}


def wire_fields(event_type: type) -> tuple[str, ...]:
    """The names of an event type's fields as they travel."""
    return tuple(name for _, name in _FIELDS[event_type])


def to_wire(event: Event, processor: int | None = None) -> dict[str, Any]:
    """The JSON object of an event: `type` first, hexadecimal strings for 64-bit values, nothing for None.

    `processor` is given where a machine has several: whose step it was. A signal says instead where it arrives.
    """
    wire: dict[str, Any] = {"type": event.__struct_config__.tag}
    _put_fields(event, wire)
    if processor is not None and not isinstance(event, Signal):
        wire["processor"] = processor
    return wire


def _put_fields(struct: msgspec.Struct, wire: dict[str, Any]) -> None:
    hexadecimal = _HEX[type(struct)]
    for attribute, name in _FIELDS[type(struct)]:
        value = getattr(struct, attribute)
        if value is None:
            continue
        if attribute in hexadecimal:
            value = f"{value:x}"
        elif attribute == "entries":
            value = [_entry(entry) for entry in value]
        wire[name] = value


def _entry(entry: TableEntry) -> dict[str, Any]:
    wire: dict[str, Any] = {}
    _put_fields(entry, wire)
    return wire
