"""What a trial left, as the driver prints it: a record of 8-byte cells with names, and what of it is defined.

`defined` keeps only what the manual defines for the outcome (SDM volume 3, "Recording VM-Exit Information and Updating
VM-Entry Control Fields"); the rest may hold anything.
"""
from __future__ import annotations

import struct
from collections.abc import Mapping

from tests.conformance.fuzz.trial import REGISTERS

MARK = b"~!TRIAL!"
_SEGMENTS = ("es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr")
FIELDS = (
    "reason", "qualification", "interruption", "interruption error", "vectoring", "vectoring error", "length",
    "information", "gpa", "gla", "error", "entry interruption", "entry controls", "rip", "rsp", "rflags", "cr0", "cr3",
    "cr4", "dr7", "debugctl", "efer", "pat", "interruptibility", "pending debug", "activity", "sysenter cs",
    "sysenter esp", "sysenter eip", "gdtr base", "gdtr limit", "idtr base", "idtr limit",
    *(f"{segment} {part}" for segment in _SEGMENTS for part in ("selector", "base", "limit", "rights")),
    "pml index", "pdpte0", "interrupt status")
HOST = ("host cr0", "host cr2", "host cr3", "host cr4", "host dr7", "host dr6", "host gdtr", "host gdtr base",
        "host idtr", "host idtr base", "host selectors", "host selectors 2", "host rsp")
MSRS = ("host efer", "host fs base", "host gs base", "host sysenter cs", "host sysenter esp",
        "host sysenter eip", "host pat")
MEMORY = (*(f"data {n}" for n in range(8)), *(f"stack {0x27C0 + 8 * n:x}" for n in range(8)),
          *(f"ring 0 stack {0x37C0 + 8 * n:x}" for n in range(8)), *(f"slot {n}" for n in range(16)),
          "virtual tpr", "virtual ppr", *(f"virtual {name} {n}" for name in ("isr", "irr") for n in (1, 2, 3)))
NAMES = ("number", "kind", "flags", "vector", "fault error", "fault rip", "current", *REGISTERS, *HOST, *MSRS, *FIELDS,
         *MEMORY)
SIZE = 8 * len(NAMES)
FAILED, EXITED, FAULTED, ROOT = range(4)
FAILED_ENTRY = 1 << 31
VALID, SOFTWARE_TYPES = 1 << 31, (4, 5, 6)
STATUS_FLAGS = 0x8D5
UNUSABLE = 1 << 16
_WITH_LENGTH = frozenset({10, 12, 13, 14, 15, 16, *range(18, 28), 28, 29, 30, 31, 32, 36, 39, 40, 46, 47, 50, 51,
                          53, 54, 55, 57, 58, 59, 61, 63, 64})
_WITH_INFORMATION = frozenset({19, 21, 22, 23, 25, 27, 46, 47, 50, 53, 57, 58, 61})
_WITH_DISPLACEMENT = frozenset({19, 21, 22, 23, 25, 27, 46, 47, 50, 53, 58})
_EPT_VIOLATION, _EPT_MISCONFIGURATION, _IO, _TASK_SWITCH = 48, 49, 30, 9
Outcome = Mapping[str, int]
OUTSIDE: Outcome = {}           # the model met what it leaves out (docs/model.md): there is nothing to compare


def records(output: bytes) -> list[dict[str, int]]:
    """The records in what a run has printed."""
    found, at = [], output.find(MARK)
    while at >= 0:
        cells = output[at + len(MARK):at + len(MARK) + SIZE]
        if len(cells) < SIZE:
            break
        found.append(dict(zip(NAMES, struct.unpack(f"<{len(NAMES)}Q", cells), strict=True)))
        at = output.find(MARK, at + len(MARK) + SIZE)
    return found


def defined(record: Mapping[str, int]) -> Outcome:
    """The part of a record that the manual defines, plus "event": the outcome in one number."""
    known = {name: value for name, value in record.items() if name != "number"}
    match record["kind"]:
        case 0:
            known["flags"] &= STATUS_FLAGS
            if not known["flags"] & 0x40:
                del known["error"]
        case 1:
            _exit(known)
            if not known["reason"] & FAILED_ENTRY:
                _segments(known)
        case 2:
            del known["flags"]
    return known


def _exit(known: dict[str, int]) -> None:
    reason = known["reason"] & 0xFFFF
    del known["error"]
    if known["reason"] & FAILED_ENTRY:
        for name in ("interruption", "interruption error", "vectoring", "vectoring error", "length", "information",
                     "gpa", "gla"):
            del known[name]
        return
    kinds = []
    for name in ("interruption", "vectoring"):
        value = known[name]
        if not value & VALID:
            known[name] = 0
        else:
            kinds.append(value >> 8 & 7)
        if not value & VALID or not value & 1 << 11:
            del known[name + " error"]
    if reason == _TASK_SWITCH:
        with_length = known["qualification"] >> 30 & 3 != 3 or bool(set(kinds) & set(SOFTWARE_TYPES))
    else:
        with_length = reason in _WITH_LENGTH or bool(set(kinds) & set(SOFTWARE_TYPES))
    if not with_length:
        del known["length"]
    if reason in _WITH_DISPLACEMENT and not known["information"] >> 9 & 1:
        known["qualification"] &= 0xFFFF_FFFF if known["information"] >> 7 & 1 else 0xFFFF     # the address's width
    string_io = reason == _IO and known["qualification"] & 0x10
    if reason in (57, 61):
        known["information"] &= 0x1878
    elif string_io:
        known["information"] &= 0x380 if known["qualification"] & 8 else 0x38380
    elif reason not in _WITH_INFORMATION:
        del known["information"]
    if reason not in (_EPT_VIOLATION, _EPT_MISCONFIGURATION):
        del known["gpa"]
    if not (reason == _EPT_VIOLATION and known["qualification"] & 0x80) and not string_io:
        del known["gla"]


def _segments(known: dict[str, int]) -> None:
    """What is saved of an unusable segment register (SDM volume 3, "Saving Segment Registers and Descriptor-Table
    Registers")."""
    for segment in _SEGMENTS:
        rights = known[f"{segment} rights"]
        if not rights & UNUSABLE or segment == "cs":
            continue
        known[f"{segment} rights"] = rights & (0x1_0F60 if segment == "ss" else 0x1_0F00)
        del known[f"{segment} limit"]
        if segment not in ("fs", "gs"):
            del known[f"{segment} base"]


def difference(bochs: Outcome, vmviz: Outcome) -> dict[str, tuple[int | None, int | None]]:
    """What differs: name -> (Bochs's value, vmviz's); None where one does not define it."""
    return {name: (bochs.get(name), vmviz.get(name)) for name in NAMES if bochs.get(name) != vmviz.get(name)}
