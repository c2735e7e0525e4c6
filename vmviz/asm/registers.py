"""Register names of NASM's syntax, from the encoder's own list.

A register has a class (r8 r16 r32 r64 seg cr dr mm xmm ymm st ...) that operand forms ask for. Only names that NASM
spells differently are written here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

import iced_x86 as iced


@dataclass(frozen=True, slots=True)
class RegisterName:
    """A register: its name in NASM, its number in the encoder, its class, its size in bits."""

    name: str
    code: Any
    cls: str
    bits: int


def _class_of(register: Any, name: str) -> str:
    for cls, test in (
        ("r8", iced.RegisterExt.is_gpr8),
        ("r16", iced.RegisterExt.is_gpr16),
        ("r32", iced.RegisterExt.is_gpr32),
        ("r64", iced.RegisterExt.is_gpr64),
        ("seg", iced.RegisterExt.is_segment_register),
        ("cr", iced.RegisterExt.is_cr),
        ("dr", iced.RegisterExt.is_dr),
        ("mm", iced.RegisterExt.is_mm),
        ("xmm", iced.RegisterExt.is_xmm),
        ("ymm", iced.RegisterExt.is_ymm),
        ("st", iced.RegisterExt.is_st),
        ("bnd", iced.RegisterExt.is_bnd),
    ):
        if test(register):
            return cls
    return ""


def _all() -> dict[str, RegisterName]:
    found = {}
    code: Any
    for attribute, code in vars(iced.Register).items():
        if not isinstance(code, int) or not attribute.isupper() or code == iced.Register.NONE:
            continue
        name = attribute.lower()
        cls = _class_of(code, name)
        if not cls:
            continue
        if cls == "r8" and name.startswith("r"):
            name = name[:-1] + "b"
        found[name] = RegisterName(name, code, cls, iced.RegisterExt.size(cast("Any", code)) * 8)
    return found


REGISTERS: Final = _all()
ADDRESS_BITS: Final = {
    name: register.bits for name, register in REGISTERS.items() if register.cls in ("r16", "r32", "r64")
}
SEGMENTS: Final = {name: register for name, register in REGISTERS.items() if register.cls == "seg"}


def is_register(name: str) -> bool:
    """Whether the lower-case `name` is a register."""
    return name in REGISTERS
