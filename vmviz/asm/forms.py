"""The forms of every instruction, read from the encoder's own tables (iced-x86's OpCodeInfo); nothing is listed by
hand.

A `Form` is one opcode: its operand slots, the sizes and modes it is for. `forms_of(mnemonic, bits)` gives the
candidates in the encoder's order. Only legacy and VEX encodings are offered: lessons need no more, and NASM prefers
them. Opcodes of processors that no lesson has (iced's decoder options) are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import iced_x86 as iced

from vmviz.asm.aliases import HIDDEN, HIDDEN_FORMS

KIND_NAMES: Final = {
    value: name for name, value in vars(iced.OpCodeOperandKind).items() if isinstance(value, int) and name.isupper()
}
CLASSES: Final = {
    "SEG": "seg",
    "CR": "cr",
    "DR": "dr",
    "STI": "st",
    "MM": "mm",
    "XMM": "xmm",
    "YMM": "ymm",
    "BND": "bnd",
    "R8": "r8",
    "R16": "r16",
    "R32": "r32",
    "R64": "r64",
}
STRING_KINDS: Final = {"ES_RDI", "SEG_RSI", "SEG_RBX_AL"}


@dataclass(frozen=True, slots=True)
class Slot:
    """What one operand may be: a register of class `register`, that one register `fixed`, memory, or a number.

    `number` is imm, sign (an immediate sign-extended from 8 bits), one, branch, far or offset (a full-width address);
    `bits` is its width, or the width it is extended to; `size` its width in the encoding.
    """

    register: str = ""
    fixed: str = ""
    memory: bool = False
    number: str = ""
    bits: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Form:
    """One opcode.

    `memory_bits` is the size of its memory operand (0: none, or not one of NASM's sizes); `implicit`: NASM writes no
    operands (string instructions).
    """

    code: Any
    order: int
    slots: tuple[Slot, ...]
    operand_size: int
    address_size: int
    memory_bits: int
    indirect_far: bool
    implicit: bool
    text: str


def _slot(kind: str) -> Slot | None:
    """The slot for an operand kind of the encoder; None when no operand of NASM's syntax is like it."""
    if match := re.fullmatch(r"(R8|R16|R32|R64|MM|XMM|YMM|BND)_(OR_MEM|OR_MEM_MPX)", kind):
        return Slot(register=CLASSES[match[1]], memory=True)
    if match := re.fullmatch(r"(R8|R16|R32|R64|MM|XMM|YMM|BND|SEG|CR|DR|STI)_(REG|RM|OPCODE|VVVV|IS4|REG_MEM)", kind):
        return Slot(register=CLASSES[match[1]])
    if kind in ("MEM", "MEM_MPX", "MEM_MIB"):
        return Slot(memory=True)
    if kind == "MEM_OFFS":
        return Slot(number="offset")
    if match := re.fullmatch(r"IMM(\d+)", kind):
        return Slot(number="imm", bits=int(match[1]), size=int(match[1]))
    if match := re.fullmatch(r"IMM(8|32)SEX(\d+)", kind):
        return Slot(number="sign" if match[1] == "8" else "imm", bits=int(match[2]), size=int(match[1]))
    if kind == "IMM8_CONST_1":
        return Slot(number="one")
    if match := re.fullmatch(r"(BR|XBEGIN_)(\d+)(?:_(\d))?", kind):
        wide = match[1] == "BR"
        return Slot(number="branch", bits=int(match[2]) if wide else 0, size=int(match[3] if wide else match[2]) * 8)
    if match := re.fullmatch(r"FARBR(\d)_2", kind):
        return Slot(number="far", bits=int(match[1]) * 8)
    if kind in ("AL", "AX", "EAX", "RAX", "CL", "DX", "ES", "CS", "SS", "DS", "FS", "GS", "ST0"):
        return Slot(fixed=kind.lower())
    return None


def _form(code: Any, order: int) -> tuple[str, Form] | None:
    opcode = iced.OpCodeInfo(code)
    if (
        opcode.encoding not in (iced.EncodingKind.LEGACY, iced.EncodingKind.VEX)
        or opcode.decoder_option
        or not opcode.is_instruction
        or opcode.instruction_string in HIDDEN_FORMS
    ):
        return None
    kinds = [KIND_NAMES[kind] for kind in opcode.op_kinds()]
    slots: list[Slot] = []
    implicit = bool(STRING_KINDS.intersection(kinds))
    if not implicit:
        for kind in kinds:
            slot = _slot(kind)
            if slot is None:
                return None
            slots.append(slot)
    mnemonic = MNEMONICS[opcode.mnemonic]
    far = mnemonic in ("jmp", "call") and kinds == ["MEM"]
    return mnemonic, Form(
        code,
        order,
        tuple(slots),
        opcode.operand_size,
        opcode.address_size,
        iced.MemorySizeExt.size(opcode.memory_size) * 8,
        far,
        implicit,
        opcode.instruction_string,
    )


MNEMONICS: Final = {
    value: name.lower() for name, value in vars(iced.Mnemonic).items() if isinstance(value, int) and name.isupper()
}


@lru_cache(maxsize=1)
def _table() -> dict[str, list[Form]]:
    table: dict[str, list[Form]] = {}
    codes = sorted({value for name, value in vars(iced.Code).items() if isinstance(value, int) and name.isupper()})
    for order, code in enumerate(codes):
        found = _form(code, order)
        if found and found[0] not in HIDDEN:
            table.setdefault(found[0], []).append(found[1])
    return table


@lru_cache(maxsize=4096)
def forms_of(mnemonic: str, bits: int) -> tuple[Form, ...]:
    """The forms of `mnemonic` that exist in code of `bits` bits, in the encoder's order."""
    return tuple(form for form in _table().get(mnemonic, ()) if iced.OpCodeInfo(form.code).is_available_in_mode(bits))


def known_mnemonics() -> frozenset[str]:
    """Every mnemonic of the encoder's tables that NASM's syntax can write."""
    return frozenset(_table())
