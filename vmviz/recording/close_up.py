"""One instruction seen from close: what it reads, and what it changed.

Reads are those that the decoder knows of (registers, flags, operands in memory) with the values that stood there before
the instruction; writes are the journal's. docs/protocol.md has the form, under `inspect`.

Simplified: of a repeated string instruction the reads are those of its first turn; of what a VMX instruction reads of a
VMCS, and of descriptors and stacks that the processor reads by itself, the events tell.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import iced_x86 as ix

from vmviz import events as ev
from vmviz.machine import registers as r
from vmviz.machine.board import owner_of
from vmviz.machine.memory import MEMORY_SLOT, place_of
from vmviz.machine.operands import NUMBER, SEGMENT_INDEX
from vmviz.machine.processor import Processor
from vmviz.machine.translation import ACCESSES, explain
from vmviz.recording.scene import REGISTERS

MOST: Final = 24                    # of each kind that is told
_READS: Final = frozenset({ix.OpAccess.READ, ix.OpAccess.COND_READ, ix.OpAccess.READ_WRITE,
                           ix.OpAccess.READ_COND_WRITE})
_WRITES: Final = frozenset({ix.OpAccess.WRITE, ix.OpAccess.COND_WRITE, ix.OpAccess.READ_WRITE,
                            ix.OpAccess.READ_COND_WRITE})
_NAME: Final = {value: name.lower() for name, value in vars(ix.Register).items() if isinstance(value, int)}
_SLOT_NAME: Final = {slot: name for name, slot in REGISTERS.items()}
_QUIET: Final = frozenset({"rip", "tsc"})
_FLAGS: Final = {"cf": ix.RflagsBits.CF, "pf": ix.RflagsBits.PF, "af": ix.RflagsBits.AF, "zf": ix.RflagsBits.ZF,
                 "sf": ix.RflagsBits.SF, "of": ix.RflagsBits.OF, "df": ix.RflagsBits.DF}
_information = ix.InstructionInfoFactory()


def close_up(cpu: Processor, told: ev.Instruction, changes: Iterable[tuple[int, int, int]]) -> dict[str, Any]:
    """An instruction and its values; `cpu` stands before it, `changes` are those of its step."""
    decoded = ix.Decoder(cpu.bits, bytes.fromhex(told.bytes), ip=told.rip).decode()
    used = _information.info(decoded)
    return {"text": told.text, "bytes": told.bytes, "length": told.length, "rip": f"{told.rip:x}",
            "bits": cpu.bits, "reads": _registers(cpu, used)[:MOST], "flags": _flags(cpu, decoded.rflags_read),
            "affects": [name for name, bit in _FLAGS.items() if decoded.rflags_modified & bit],
            "memory": [_operand(cpu, decoded, operand) for operand in used.used_memory()][:MOST],
            **_changes(cpu, changes)}


def _registers(cpu: Processor, used: Any) -> list[dict[str, str]]:
    found: dict[str, str] = {}
    for register in used.used_registers():
        if register.access not in _READS:
            continue
        name = _NAME.get(register.register, "")
        if register.register in NUMBER:
            slot, bits, shift = NUMBER[register.register]
            found[name] = f"{cpu.reg[slot] >> shift & (1 << bits) - 1:x}"
        elif name in REGISTERS and name not in _QUIET:
            found[name] = f"{cpu.reg[REGISTERS[name]]:x}"
    return [{"name": name, "value": value} for name, value in found.items()]


def _flags(cpu: Processor, read: int) -> dict[str, int]:
    bits = {"cf": 0, "pf": 2, "af": 4, "zf": 6, "sf": 7, "of": 11, "df": 10}
    return {name: cpu.reg[r.RFLAGS] >> bits[name] & 1 for name, bit in _FLAGS.items() if read & bit}


def _operand(cpu: Processor, decoded: Any, used: Any) -> dict[str, Any]:
    """An operand in memory: where it lies, what stood there."""
    def value(register: int) -> int:
        if register in (ix.Register.RIP, ix.Register.EIP):
            return int(decoded.next_ip)
        slot, bits, shift = NUMBER.get(register, (0, 0, 0))
        return cpu.reg[slot] >> shift & (1 << bits) - 1

    offset = used.displacement + value(used.base) + value(used.index) * used.scale
    width = {ix.CodeSize.CODE16: 16, ix.CodeSize.CODE32: 32, ix.CodeSize.CODE64: 64}.get(used.address_size, cpu.bits)
    linear = offset & (1 << width) - 1
    segment = SEGMENT_INDEX.get(used.segment)
    if segment is not None and (cpu.bits != 64 or used.segment in (ix.Register.FS, ix.Register.GS)):
        linear = linear + cpu.reg[r.segment(segment, 1)] & (r.MASK64 if cpu.bits == 64 else r.MASK32)
    size = ix.MemorySizeInfo(used.memory_size).size
    reads, writes = used.access in _READS, used.access in _WRITES
    told: dict[str, Any] = {"linear": f"{linear:x}", "size": size,
                            "access": "both" if reads and writes else "write" if writes else
                            "read" if reads else "address"}
    found = explain(cpu, linear, ACCESSES["read"]).physical if told["access"] != "address" else None
    if found is not None:
        told["physical"] = f"{found:x}"
        if reads and 0 < size <= 8 and (found & 0xFFF) + size <= 0x1000 and found + size <= cpu.memory.frames << 12:
            told["value"] = f"{cpu.memory.read(found, size):x}"
    return told


def _changes(cpu: Processor, changes: Iterable[tuple[int, int, int]]) -> dict[str, Any]:
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for slot, old, new in changes:
        first.setdefault(slot, old)
        last[slot] = new
    writes: list[dict[str, str]] = []
    stores: list[dict[str, Any]] = []
    for slot, new in last.items():
        if slot >= MEMORY_SLOT:
            physical, size = place_of(slot)
            stores.append({"physical": f"{physical:x}", "size": size, "old": f"{first[slot]:x}", "new": f"{new:x}"})
            continue
        number, plain = owner_of(slot, cpu.number)
        name = _SLOT_NAME.get(plain)
        if number == cpu.number and name and name not in _QUIET and new != first[slot]:
            writes.append({"name": name, "old": f"{first[slot]:x}", "new": f"{new:x}"})
    return {"writes": writes[:MOST], "stores": stores[:MOST],
            "more": max(0, len(writes) - MOST) + max(0, len(stores) - MOST)}
