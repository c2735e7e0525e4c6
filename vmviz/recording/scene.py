"""Everything there is to draw at a position, made from the state of a processor that stands there.

`scene` is a pure function of the processor, of what has happened before (`Past`), and of what the last step changed.
docs/protocol.md describes the result. Values that can have 64 bits are hexadecimal strings; what changes is in objects
keyed by id; what is not known is absent.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from vmviz.machine import registers as r
from vmviz.machine import turns
from vmviz.machine.board import Board, owner_of
from vmviz.machine.isa.vmx import outcome_of
from vmviz.machine.memory import MEMORY_SLOT, PAGE, place_of
from vmviz.machine.processor import Processor
from vmviz.machine.vmx import vmcs
from vmviz.recording import guest_mode
from vmviz.recording.story import Past
from vmviz.spec import FIELDS

_RENAMED: Final = {"ia32_efer": "efer"}
_HIDDEN: Final = ("pdpte", "msr_spare", "cpl")
# Name on the wire -> slot: everything that a person calls a register, in the order of the processor's slots.
REGISTERS: Final = {_RENAMED.get(name, name): slot for slot, name in enumerate(r.SLOT_NAMES[:r.TSC_ADJUST])
                    if not name.startswith(_HIDDEN)}
_NAME_OF: Final = {slot: name for name, slot in REGISTERS.items()}
_TPR: Final = r.APIC + 8  # CR8 is bits 7:4 of the task-priority register
Change = tuple[int, int, int]
_HAS: Final[dict[str, tuple[tuple[int, str, int], ...]]] = {}  # cell, name and mask of each field, by processor model
_CELLS: Final = struct.Struct(f"<{len(FIELDS)}Q")


class Region(NamedTuple):
    """A box of the picture: code from `first` up to, not including, `end`; `wire` is how the outline names it."""

    id: str
    first: int
    end: int
    wire: Mapping[str, Any]


def scene(board: Board, acting: int, past: Past, changes: Iterable[Change], regions: Iterable[Region],
          following: Mapping[str, Any] | None) -> dict[str, Any]:
    """The scene where the processors of `board` stand; `changes`: (slot, old, new) of the last step, one of processor
    `acting`; `following`: the next instruction."""
    before, changed_memory = _before(board, acting, changes)
    following_of = turns.whose(board).number
    drawn: dict[str, Any] = {
        "processors": {str(cpu.number): _processor(cpu, _changed(cpu, before.get(cpu.number, {})),
                                                   following if cpu.number == following_of else None)
                       for cpu in board.processors},
        "vmcs": {}, "vms": {}, "console": past.console,
    }
    if board.several:
        drawn["acting"] = acting
    for order, address in enumerate(known(board.first)):
        name = board.first.vm_name(address)
        drawn["vmcs"][f"{address:x}"] = _vmcs(board, address, order, name, changed_memory)
        drawn["vms"][name] = _vm(board, address, name, past, before)
    rip = board.processors[acting].reg[r.RIP]
    for region in regions:
        if region.first <= rip < region.end:
            drawn["region"] = region.id
    return drawn


def known(cpu: Processor) -> list[int]:
    """The addresses of the VMCSs that the program has named, in the order of their first VMCLEAR; `cpu`: the first
    processor."""
    return [address for address in cpu.reg[r.KNOWN_VMCS:r.KNOWN_VMCS + 16] if address not in (0, r.NO_VMCS)]


def _processor(cpu: Processor, changed: dict[str, str],
               following: Mapping[str, Any] | None) -> dict[str, Any]:
    reg = cpu.reg
    control = reg[r.FEATURE_CONTROL]
    drawn: dict[str, Any] = {
        "mode": r.OPERATION_NAMES[reg[r.OPERATION]], "cpl": reg[r.CPL], "bits": cpu.bits, "rip": f"{reg[r.RIP]:x}",
        "activity": r.ACTIVITY_NAMES[reg[r.ACTIVITY]],
        "feature_control": {"locked": bool(control & 1), "vmxon": bool(control & 4)},
        "vmxe": bool(reg[r.CR4] & r.CR4_VMXE),
        "exits": reg[r.EXITS], "entries": reg[r.ENTRIES],
        "registers": registers(cpu), "changed": changed,
    }
    if cpu.non_root:
        drawn["vm"] = cpu.vm_name(reg[r.CURRENT_VMCS])
    if reg[r.OPERATION] != r.OFF:
        drawn["vmxon_region"] = f"{reg[r.VMXON_POINTER]:x}"
        if reg[r.CURRENT_VMCS] != r.NO_VMCS:
            drawn["current_vmcs"] = f"{reg[r.CURRENT_VMCS]:x}"
    outcome = outcome_of(reg[r.OUTCOME])
    if outcome:
        instruction, result, error = outcome
        drawn["outcome"] = {"instruction": instruction, "result": result, **({"error": error} if error else {})}
    if following:
        drawn["next"] = dict(following)
    return drawn


def registers(cpu: Processor) -> dict[str, str]:
    """The registers by name."""
    reg = cpu.reg
    values = {name: f"{reg[slot]:x}" for name, slot in REGISTERS.items()}
    values["cr8"] = f"{reg[_TPR] >> 4 & 15:x}"
    values["tsc"] = f"{reg[r.TSC_ADJUST] + cpu.base_step & r.MASK64:x}"
    return values


def _before(board: Board, acting: int, changes: Iterable[Change]) -> tuple[dict[int, dict[int, int]], list[Change]]:
    """Old values of the slots that are not what they were, by processor; writes to memory as (address, size, old),
    last first."""
    first: dict[tuple[int, int], int] = {}
    memory: list[Change] = []
    for slot, old, _ in changes:
        if slot >= MEMORY_SLOT:
            memory.append((*place_of(slot), old))
        else:
            first.setdefault(owner_of(slot, acting), old)
    slots: dict[int, dict[int, int]] = {}
    for (number, slot), old in first.items():
        if board.processors[number].reg[slot] != old:
            slots.setdefault(number, {})[slot] = old
    return slots, memory[::-1]


def _changed(cpu: Processor, before: Mapping[int, int]) -> dict[str, str]:
    """Old values by the names of registers."""
    named: dict[str, str] = {}
    for slot, old in before.items():
        if slot in _NAME_OF:
            named[_NAME_OF[slot]] = f"{old:x}"
        elif slot == _TPR and cpu.reg[slot] >> 4 != old >> 4:
            named["cr8"] = f"{old >> 4 & 15:x}"
    return named


def _vmcs(board: Board, address: int, order: int, vm: str, memory: list[Change]) -> dict[str, Any]:
    cpu = board.first
    page = bytes(cpu.memory.page(address >> 12) or bytes(PAGE))
    before = bytearray(page)
    for physical, size, old in memory:
        if physical >> 12 == address >> 12:
            at = physical & 0xFFF
            before[at:at + size] = old.to_bytes(size, "little")
    fields = _fields(cpu, page)
    changed: dict[str, str] = {}
    if before != page:
        changed = {name: value for name, value in _fields(cpu, before).items() if fields[name] != value}
    region = vmcs.Region(cpu, address)
    return {
        "order": order, "vm": vm, "active": region.active,
        **({"processor": region.active_on} if board.several and region.active else {}),
        "current": any(each.reg[r.CURRENT_VMCS] == address for each in board.processors),
        "launch": vmcs.LAUNCH_NAMES[region.launch == vmcs.LAUNCHED],
        "fields": fields, "changed": changed,
    }


def _fields(cpu: Processor, page: bytes | bytearray) -> dict[str, str]:
    """The fields that this processor has, read from the bytes of a VMCS region."""
    model = cpu.model.name
    if model not in _HAS:
        _HAS[model] = tuple((n, field.name, (1 << field.bits) - 1) for n, field in enumerate(FIELDS)
                            if vmcs.supported(cpu, field.encoding))
    return _in_words(model, bytes(page[vmcs.FIELDS_AT:vmcs.FIELDS_AT + _CELLS.size]))


@lru_cache(maxsize=128)
def _in_words(model: str, content: bytes) -> dict[str, str]:
    """The same content gives the same object, which nobody changes: most steps leave every VMCS as it is."""
    cells = _CELLS.unpack(content)
    return {name: f"{cells[n] & mask:x}" for n, name, mask in _HAS[model]}


def _vm(board: Board, address: int, name: str, past: Past, before: Mapping[int, Mapping[int, int]]) -> dict[str, Any]:
    drawn: dict[str, Any] = {"state": past.states.get(name, "created"), "vmcs": f"{address:x}",
                             "exits": past.exits.get(name, 0), "entries": past.entries.get(name, 0)}
    runner = next((cpu for cpu in board.processors if cpu.non_root and cpu.reg[r.CURRENT_VMCS] == address), None)
    guest = (guest_mode.standing(vmcs.Region(board.first, address)) if runner is None
             else guest_mode.running(runner, before.get(runner.number, {})))
    if guest:
        drawn["guest"] = guest
    if name in past.last_exit:
        step, event = past.last_exit[name]
        drawn["last_exit"] = {"reason": event.reason, "name": event.name, "step": step, "rip": f"{event.rip:x}",
                              "qualification": f"{event.qualification:x}"}
    return drawn
