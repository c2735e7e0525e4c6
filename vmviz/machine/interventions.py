"""What a person changes in the middle of a run: a register, a field of a VMCS, a byte of memory.

No processor does this. It comes with the outside world (signals.py: kind "set"), is journaled like any other change and
told as a note, so a run with an intervention is a recording like every other. What is changed has the names that
`last_change` has on the wire: "rax", "vmcs:ADDRESS:FIELD", "memory:ADDRESS"; numbers in hexadecimal.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmviz import events as ev
from vmviz.errors import VmvizError
from vmviz.machine.registers import RAX, RFLAGS, RIP
from vmviz.machine.vmx.vmcs import Region
from vmviz.spec import FIELD_BY_NAME

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

REGISTERS: Final = {**{name: RAX + n for n, name in enumerate((
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16))))},
    "rip": RIP, "rflags": RFLAGS}
_FLAGS: Final = 0x3F_7FD5                   # the bits of RFLAGS that exist; bit 1 is always 1


def check(what: str, value: int) -> None:
    """Refuse what cannot be changed or does not fit; VmvizError says why."""
    kind, _, rest = what.partition(":")
    place, _, field = rest.partition(":")
    if not rest and kind in REGISTERS:
        width = 64
    elif kind == "vmcs" and field in FIELD_BY_NAME:
        width = FIELD_BY_NAME[field].bits
    elif kind == "memory" and not field:
        width = 8
    else:
        raise VmvizError(f"{what!r} cannot be changed: name a general register, rip, rflags, vmcs:ADDRESS:FIELD or "
                         "memory:ADDRESS")
    if rest:
        try:
            int(place, 16)
        except ValueError:
            raise VmvizError(f"{place!r} is no address in hexadecimal") from None
    if not 0 <= value < 1 << width:
        raise VmvizError(f"{value:x}h does not fit into the {width} bits of {what}")


def apply(cpu: Processor, what: str, value: int) -> ev.Note:
    """Make the change on a processor and say what it was."""
    kind, _, rest = what.partition(":")
    place, _, field = rest.partition(":")
    if kind == "vmcs":
        region = Region(cpu, int(place, 16))
        old = region.read(field)
        region.write(field, value)
    elif kind == "memory":
        address = int(place, 16)
        old = cpu.memory.read(address, 1)
        cpu.write_physical(address, 1, value)
    else:
        slot = REGISTERS[kind]
        old = cpu.reg[slot]
        if slot == RIP:
            cpu.reg[RIP] = value                        # the journal keeps it beside each step
        else:
            cpu.board.put(cpu.number, slot, value & _FLAGS | 2 if slot == RFLAGS else value)
    cpu.put_back()
    cpu.attention = True
    return ev.Note(id="what_if", values={"slot": what, "old": f"{old:x}", "new": f"{value:x}"})
