"""A trial: what is changed in the standard scene before a VM entry, or a sequence in VMX root operation.

`encode` makes the operations that driver.asm reads; `elements` and `without` are what shrinking needs. The addresses
are those of driver.asm.
"""
from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from functools import cache

from vmviz.asm import assemble
from vmviz.machine.vmx.controls import VIRTUAL_NMIS
from vmviz.spec import FIELD_BY_NAME

TRIALS, CODE, ROOT_CODE, SLOTS, DATA = 0x11D000, 0x110000, 0x118000, 0x303F00, 0x300000
STACK, RING0_STACK, REAL_CODE, STUBS = DATA + 0x2800, DATA + 0x3800, 0x8000, 0x112000
IDT, IDT32, GDT, TSS = 0x111000, 0x11B000, 0x113000, 0x113400
PML4, PAGE_TABLE, PD32, PDPT_PAE = 0x114000, 0x117000, 0x119000, 0x11A000
TABLE_LIMIT = 0x13F000 - TRIALS
_END, _VMWRITE, _POKE, _ENTER, _ROOT, _BEGIN, _FINISH, _WRMSR = range(8)
_RESUME = -8 * 18             # resume_rip and resume_rsp of lib/vmxlab.inc, from where the guest's registers are kept
REGISTERS = ("rax", "rcx", "rdx", "rbx", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16)))


@dataclass(frozen=True)
class Trial:
    """One program: `action` is "enter" (VMLAUNCH) or "root"; `code` are instructions for the guest, or for the VMM."""

    kind: str
    number: int = 0
    fields: tuple[tuple[str, int], ...] = ()
    pokes: tuple[tuple[int, bytes], ...] = ()       # 8-byte aligned, multiples of 8 bytes
    registers: tuple[tuple[str, int], ...] = ()
    code: tuple[str, ...] = ()
    bits: int = 64
    at: int = CODE                                  # where the code lies; in real-address mode at REAL_CODE
    action: str = "enter"
    entries: int = 1                                # VMLAUNCH, then VMRESUME
    scene: str = ""                                 # its name, and the fields that come from it
    given: tuple[tuple[str, int], ...] = ()

    def elements(self) -> list[tuple[str, int]]:
        """What may be left out, the scene's fields aside: (which tuple, index)."""
        return [(name, n) for name in ("fields", "pokes", "registers", "code")
                for n, item in enumerate(getattr(self, name)) if name != "fields" or item not in self.given]

    def in_standard_scene(self) -> Trial:
        """The trial without the fields that come from its scene alone."""
        return replace(self, fields=tuple(item for item in self.fields if item not in self.given), scene="", given=())

    def without(self, element: tuple[str, int]) -> Trial:
        """The trial without an element."""
        name, index = element
        items = getattr(self, name)
        return replace(self, **{name: items[:index] + items[index + 1:]})

    def text(self) -> str:
        """The trial for a person."""
        lines = [f"{self.kind} {self.number}: {self.action}, {self.bits} bits, {self.scene}"]
        lines += [f"  VMW {name}, {value:#x}" for name, value in self.fields if (name, value) not in self.given]
        lines += [f"  poke {address:#x}: {data.hex(' ', 8)}" for address, data in self.pokes]
        lines += [f"  {name} = {value:#x}" for name, value in self.registers]
        return "\n".join(lines + [f"    {line}" for line in self.code])


@cache
def _assembled(text: str, bits: int, at: int) -> bytes:
    return assemble(f"bits {bits}\norg {at:#x}\n{text}\n").image


def code_bytes(trial: Trial, variables: int = 0) -> bytes:
    """The trial's code: each instruction alone, then VMCALL, or RET in root operation."""
    code = b""
    for n, line in enumerate(trial.code):
        if trial.action == "root":
            code += _wrapped(n, line, ROOT_CODE + len(code), variables + _RESUME)
        else:
            code += _assembled(line, trial.bits, trial.at + len(code))
    return code + (b"\xC3" if trial.action == "root" else b"\x0F\x01\xC1\xF4")


def _wrapped(n: int, line: str, at: int, resume: int) -> bytes:
    """A VMM's instruction with all flags set before; its flags and the VMCS's error number go to a slot. Where `resume`
    is kept the driver's fault handler finds that it shall go on behind the instruction."""
    slot = SLOTS + 8 * (n % 16)
    return _assembled(f"""mov qword [{resume:#x}], behind
        mov [{resume + 8:#x}], rsp
        push 0x8D7
        popfq
        {line}
behind: pushfq
        pop qword [{slot:#x}]
        push rax
        push rcx
        mov qword [{resume:#x}], told
        mov [{resume + 8:#x}], rsp
        mov eax, 0x4400
        xor ecx, ecx
        vmread rcx, rax
told:   mov [{slot + 4:#x}], ecx
        pop rcx
        pop rax""", 64, at)


def encode(trial: Trial, variables: int) -> bytes:
    """The operations of a trial; `variables`: where the driver keeps the guest's registers."""
    fields = dict(trial.fields)
    virtual_nmis = bool(fields.get("pin_based_controls", 0) & VIRTUAL_NMIS)
    out = [struct.pack("<Q", _BEGIN | ("ept_pointer" in fields) << 32 | virtual_nmis << 33)]
    pokes = list(trial.pokes)
    for name, value in trial.registers:
        pokes.append((variables + 8 * REGISTERS.index(name), value.to_bytes(8, "little")))
    if trial.code or trial.action == "root":
        code = code_bytes(trial, variables)
        pokes.append((ROOT_CODE if trial.action == "root" else trial.at, code.ljust(-(-len(code) // 8) * 8, b"\x90")))
    for address, data in pokes:
        out.append(struct.pack("<QQ", _POKE | len(data) // 8 << 16, address) + data)
    for name, value in trial.fields:
        out.append(struct.pack("<QQ", _VMWRITE | FIELD_BY_NAME[name].encoding << 32, value))
    if trial.action == "root":
        out.append(struct.pack("<Q", _ROOT))
    else:
        out += [struct.pack("<Q", _ENTER | min(n, 1) << 32) for n in range(trial.entries)]
    return b"".join(out) + struct.pack("<Q", _FINISH)


def table(encoded: list[bytes]) -> bytes:
    """The table of a batch."""
    return b"".join(encoded) + struct.pack("<Q", _END)
