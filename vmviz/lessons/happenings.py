"""Where in a recording the things of the reference really happen, read off its events; nothing here is written by hand.

Keys are those of vmviz.spec.manual, and `instruction.VMLAUNCH`, `check.host.cr0`, `msr.ia32_vmx_basic`. A place is a
position: after the step, or, for what a phase of a VM exit does, after that phase. `how` says what happened there: an
instruction succeeds or fails, a field is read, written, or saved by the processor, a control is set to 1, an exit or
error comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from vmviz.spec import CONTROL_BIT_ROWS, CONTROL_FIELDS, VMX_INSTRUCTIONS, VMX_MSRS

MOST_PLACES: Final = 3          # that are kept of one thing happening in one way
LARGEST_ERROR: Final = 28       # `entry_failed` has an error number up to it, an exit reason above
_GUARDS: Final = {4: "guard.7", 5: "guard.8", 26: "guard.6"}    # errors that are guards of VMLAUNCH and VMRESUME
_GROUPS: Final = {field.name: group for group, field in CONTROL_FIELDS.items()}
_BITS: Final = {group: [(1 << row.bit, f"control.{group}.{row.name}") for row in CONTROL_BIT_ROWS
                        if row.group == group and not row.name.startswith("reserved")] for group in CONTROL_FIELDS}


class Place(NamedTuple):
    """A position, after `phase` phases of the step from `step` on."""

    step: int
    phase: int = 0


class Happening(NamedTuple):
    """In which way, the first places, and how often in all."""

    how: str
    places: tuple[Place, ...]
    times: int


Happenings = Mapping[str, tuple[Happening, ...]]


def happenings(length: int, events: Callable[[int], Sequence[Mapping[str, Any]]]) -> Happenings:
    """Of a recording of `length` steps; `events(n)` are those that led to position n, as they travel."""
    found: dict[str, dict[str, list[Place]]] = {}
    counted: dict[tuple[str, str], int] = {}
    for step in range(length):
        for key, how, place in _of_step(step, events(step + 1)):
            counted[key, how] = counted.get((key, how), 0) + 1
            places = found.setdefault(key, {}).setdefault(how, [])
            if len(places) < MOST_PLACES and place not in places:
                places.append(place)
    return {key: tuple(Happening(how, tuple(places), counted[key, how]) for how, places in ways.items())
            for key, ways in found.items()}


def _of_step(step: int, events: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, Place]]:
    after = inside = Place(step + 1)
    mnemonic, phased = "", False
    for event in events:
        kind = event["type"]
        if kind == "instruction":
            mnemonic = str(event.get("text", "")).partition(" ")[0].upper()
        elif kind == "phase":
            phased = True
            # What a VM entry that fails writes, it writes after its last phase.
            inside = Place(step, event["number"]) if event["of"] == "exit" else after
        elif kind == "vmcs_read":
            yield f"field.{event['field']}", "read", after
        elif kind == "msr":
            if (msr := VMX_MSRS.get(int(event["index"], 16))) is not None:
                yield f"msr.{msr.name.lower()}", "wrmsr" if event["access"] == "write" else "rdmsr", after
        elif kind == "vmcs_write":
            by_program = mnemonic == "VMWRITE" and not phased
            yield f"field.{event['field']}", "written" if by_program else "saved", inside
            if by_program:
                yield from ((key, "set", after) for key in _set_bits(event))
        else:
            yield from ((key, how, after) for key, how in _outcome(event, mnemonic))


def _outcome(event: Mapping[str, Any], mnemonic: str) -> Iterator[tuple[str, str]]:
    """What an event that ends an instruction says about it, and about the exit, error or check."""
    how = ""
    match event["type"]:
        case "vm_entry":
            how = "entered"
        case "fault":
            how = "fault"
        case "vm_exit":
            how = "exit"
            yield f"exit.{event['reason']}", "exit"
        case "vmx_outcome":
            how = event["result"]
            if "error" in event:
                yield f"error.{event['error']}", "error"
                if event["error"] in _GUARDS:
                    yield f"check.{_GUARDS[event['error']]}", "failed"
        case "entry_failed":
            yield f"check.{event['check']}", "failed"
            if event["reason"] > LARGEST_ERROR:     # the others are told by a vmx_outcome too
                how = "failed"
                yield f"exit.{event['reason']}", "exit"
    if how and mnemonic in VMX_INSTRUCTIONS:
        yield f"instruction.{mnemonic}", how


def _set_bits(event: Mapping[str, Any]) -> list[str]:
    """The controls that a VMWRITE turned from 0 to 1."""
    group = _GROUPS.get(event["field"])
    risen = int(event["new"], 16) & ~int(event["old"], 16) if group else 0
    return [key for mask, key in _BITS[group] if risen & mask] if group else []
