"""Bytes for one instruction: the forms that fit are encoded by iced-x86 and the one that NASM would choose wins.

NASM's choice is nearly always the shortest encoding, then a sign-extended byte, then the order of the tables; the
exceptions are `_preference` and `_narrow_move`. Encoding happens at address 0 with relative targets, so that a
result does not depend on where the instruction stands and can be cached. Prefixes come in NASM's order: lock or
rep, segment, 66, 67.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import iced_x86 as iced

from vmviz.asm.forms import KIND_NAMES, Form
from vmviz.asm.matching import HERE, Request, canonical, matching_forms
from vmviz.asm.operands import Far, Imm, Mem, Reg, Resolved
from vmviz.asm.registers import REGISTERS, SEGMENTS, RegisterName
from vmviz.asm.source import Trouble

REPEATS: Final = {
    "lock": 0xF0,
    "rep": 0xF3,
    "repe": 0xF3,
    "repz": 0xF3,
    "repne": 0xF2,
    "repnz": 0xF2,
    "xacquire": 0xF2,
    "xrelease": 0xF3,
    "bnd": 0xF2,
}
SIZE_PREFIXES: Final = {"o16": 16, "o32": 32, "o64": 64}
ADDRESS_PREFIXES: Final = {"a16": 16, "a32": 32, "a64": 64}
PREFIXES: Final = frozenset({*REPEATS, *SIZE_PREFIXES, *ADDRESS_PREFIXES})
IMMEDIATES: Final = {
    "IMM8": "IMMEDIATE8",
    "IMM8_CONST_1": "IMMEDIATE8",
    "IMM16": "IMMEDIATE16",
    "IMM32": "IMMEDIATE32",
    "IMM64": "IMMEDIATE64",
    "IMM8SEX16": "IMMEDIATE8TO16",
    "IMM8SEX32": "IMMEDIATE8TO32",
    "IMM8SEX64": "IMMEDIATE8TO64",
    "IMM32SEX64": "IMMEDIATE32TO64",
}
STRINGS: Final = {
    "ES_RDI": {16: "MEMORY_ESDI", 32: "MEMORY_ESEDI", 64: "MEMORY_ESRDI"},
    "SEG_RSI": {16: "MEMORY_SEG_SI", 32: "MEMORY_SEG_ESI", 64: "MEMORY_SEG_RSI"},
}
WIDE: Final = frozenset({"invpcid"})
SELECTOR_SOURCES: Final = frozenset({"ltr", "lldt", "verr", "verw", "lmsw", "arpl"})
TABLE_BASE: Final = {16: "bx", 32: "ebx", 64: "rbx"}
LEGACY_PREFIXES: Final = frozenset(b"\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3")
ELSEWHERE: Final = "elsewhere"
MASK: Final = (1 << 64) - 1


def _op_kind(name: str) -> Any:
    return getattr(iced.OpKind, name)


@lru_cache(maxsize=3)
def _encoder(bits: int) -> iced.Encoder:
    return iced.Encoder(bits)


def encode(
    mnemonic: str,
    operands: tuple[Resolved, ...],
    bits: int,
    prefixes: tuple[str, ...] = (),
    address: int = 0,
    section: object = None,
) -> bytes:
    """The bytes of an instruction at `address`, a place in `section`, in code of `bits` bits; Trouble without any."""
    branch = may_branch(mnemonic, operands)
    placed = tuple(_from_here(operand, branch, address, section) for operand in operands)
    return _cached(mnemonic, placed, bits, prefixes)


def _from_here(operand: Resolved, branch: bool, address: int, section: object) -> Resolved:
    """The operand with what depends on the place made relative to it."""
    if isinstance(operand, Imm) and (branch or operand.section is not None):
        where = None if operand.section is None else HERE if operand.section is section else ELSEWHERE
        return operand._replace(value=operand.value - address if branch else operand.value, section=where)
    if isinstance(operand, Mem) and operand.relative:
        return operand._replace(displacement=operand.displacement - address)
    return operand


def may_branch(mnemonic: str, operands: tuple[Resolved, ...]) -> bool:
    """Whether the bytes may depend on the address of the instruction: a jump, call or loop to a number."""
    return len(operands) > 0 and isinstance(operands[0], Imm) and mnemonic[0] in "jclx"


@lru_cache(maxsize=16384)
def _cached(mnemonic: str, operands: tuple[Resolved, ...], bits: int, prefixes: tuple[str, ...]) -> bytes:
    name, operands, operand_size, address_size = canonical(mnemonic, operands, bits)
    for prefix in prefixes:
        operand_size = SIZE_PREFIXES.get(prefix, operand_size)
        address_size = ADDRESS_PREFIXES.get(prefix, address_size)
    operands = _narrow_move(name, operands, bits)
    request = Request(name, operands, bits, operand_size, address_size)
    best: tuple[tuple[int, int, int], bytes, Form] | None = None
    problem = ""
    for form, ordered in matching_forms(request):
        try:
            data = _bytes_of(form, ordered, request, prefixes)
        except ValueError as error:
            _encoder(bits).take_buffer()
            problem = str(error)
            continue
        key = (len(data), *_preference(form, name))
        if best is None or key < best[0]:
            best = key, data, form
    if best is None:
        raise Trouble(f"this combination cannot be encoded ({problem})")
    _check_prefixes(best[2], request, prefixes)
    return _with_prefixes(best[1], best[2], request, prefixes)


def _check_prefixes(form: Form, request: Request, prefixes: tuple[str, ...]) -> None:
    """Refuses size prefixes that contradict what the operands say."""
    sized = (
        any(slot.register or slot.fixed or slot.number in ("branch", "far") for slot in form.slots)
        or any(slot.memory for slot in form.slots)
        and form.memory_bits in (8, 16, 32, 64)
    )
    if sized and any(prefix in SIZE_PREFIXES for prefix in prefixes):
        raise Trouble(
            "a size prefix on an instruction whose operands already have a size",
            expected="another register, or word, dword or qword before the operand",
        )
    if not form.implicit and not form.address_size and any(prefix in ADDRESS_PREFIXES for prefix in prefixes):
        raise Trouble(
            "an address-size prefix on an instruction that has no address of its own",
            expected="the registers in the brackets say how wide the address is",
        )


def _preference(form: Form, name: str) -> tuple[int, int]:
    sign_extended = any(slot.number == "sign" for slot in form.slots)
    return (0 if sign_extended else 1, form.order)


def _narrow_move(name: str, operands: tuple[Resolved, ...], bits: int) -> tuple[Resolved, ...]:
    """MOV forms that do the same with a smaller register, which is what NASM writes (and LTR and its like).

    A plain number below 2**32 for a 64-bit register goes to its lower half, which clears the rest; a segment register
    moves through the size that needs no prefix.
    """
    if name in SELECTOR_SOURCES:
        return tuple(
            Reg(_resized(operand.register, 16 if bits == 16 else 32))
            if isinstance(operand, Reg) and operand.register.cls in ("r16", "r32", "r64")
            else operand
            for operand in operands
        )
    if name == "sldt" and operands and isinstance(operands[0], Reg) and operands[0].register.cls == "r64":
        return (Reg(_resized(operands[0].register, 32)),)
    if name != "mov" or len(operands) != 2 or not any(isinstance(operand, Reg) for operand in operands):
        return operands
    target, source = operands
    if isinstance(target, Reg) and isinstance(source, Reg):
        if target.register.cls == "seg" and source.register.cls in ("r16", "r32", "r64"):
            return target, Reg(_resized(source.register, 16 if bits == 16 else 32))
        if source.register.cls == "seg" and target.register.cls == "r64":
            return Reg(_resized(target.register, 32)), source
    if (
        isinstance(target, Reg)
        and target.register.cls == "r64"
        and isinstance(source, Imm)
        and source.simple
        and not source.strict
        and source.size in (0, 64)
        and 0 <= source.value <= 0xFFFFFFFF
    ):
        return Reg(_resized(target.register, 32)), source._replace(size=0)
    return operands


@lru_cache(maxsize=256)
def _resized(register: RegisterName, bits: int) -> RegisterName:
    """The general register of `bits` bits with the same number."""
    firsts = {16: iced.Register.AX, 32: iced.Register.EAX, 64: iced.Register.RAX}
    code = register.code - firsts[register.bits] + firsts[bits]
    return next(other for other in REGISTERS.values() if other.code == code)


def _bytes_of(form: Form, operands: tuple[Resolved, ...], request: Request, prefixes: tuple[str, ...]) -> bytes:
    instruction = iced.Instruction()
    instruction.code = form.code
    kinds = [KIND_NAMES[kind] for kind in iced.OpCodeInfo(form.code).op_kinds()]
    if len(kinds) != len(operands):
        _set_implicit(instruction, kinds, request)
    else:
        for position, (kind, operand) in enumerate(zip(kinds, operands, strict=True)):
            _set_operand(instruction, position, kind, operand, request)
    for prefix in prefixes:
        if prefix in SEGMENTS:
            instruction.segment_prefix = SEGMENTS[prefix].code
    encoder = _encoder(request.bits)
    encoder.encode(instruction, 0)
    return encoder.take_buffer()


def _set_implicit(instruction: iced.Instruction, kinds: list[str], request: Request) -> None:
    """The operands of string instructions, which NASM does not write."""
    size = request.address_size or request.bits
    for position, kind in enumerate(kinds):
        if kind in STRINGS:
            instruction.set_op_kind(position, _op_kind(STRINGS[kind][size]))
        elif kind == "SEG_RBX_AL":
            instruction.set_op_kind(position, iced.OpKind.MEMORY)
            instruction.memory_base = REGISTERS[TABLE_BASE[size]].code
            instruction.memory_index = iced.Register.AL
        else:
            instruction.set_op_kind(position, iced.OpKind.REGISTER)
            instruction.set_op_register(position, REGISTERS[kind.lower()].code)


def _set_operand(instruction: iced.Instruction, position: int, kind: str, operand: Resolved, request: Request) -> None:
    if isinstance(operand, Reg):
        instruction.set_op_kind(position, iced.OpKind.REGISTER)
        instruction.set_op_register(position, operand.register.code)
    elif isinstance(operand, Mem):
        _set_memory(instruction, position, operand, request)
    elif isinstance(operand, Far):
        wide = "32" if kind == "FARBR4_2" else "16"
        instruction.set_op_kind(position, _op_kind(f"FAR_BRANCH{wide}"))
        setattr(instruction, f"far_branch{wide}", operand.offset & (0xFFFFFFFF if wide == "32" else 0xFFFF))
        instruction.far_branch_selector = operand.segment
    elif kind in IMMEDIATES:
        second = (
            kind == "IMM8"
            and position > 0
            and instruction.op_kind(position - 1) != iced.OpKind.REGISTER
            and instruction.op_kind(position - 1) != iced.OpKind.MEMORY
        )
        instruction.set_op_kind(position, _op_kind("IMMEDIATE8_2ND" if second else IMMEDIATES[kind]))
        instruction.set_immediate_i64(position, _wrapped(kind, operand.value))
    else:
        width = min(request.bits, int(kind[2:4])) if kind.startswith("BR") else request.bits
        instruction.set_op_kind(position, _op_kind(f"NEAR_BRANCH{width}"))
        target = 0 if operand.unknown else operand.value
        setattr(instruction, f"near_branch{width}", target & ((1 << width) - 1))


def _wrapped(kind: str, value: int) -> int:
    """Sign-extended immediates are given as the encoder wants them: the signed byte."""
    if kind.startswith("IMM8"):
        return (value & 0xFF) - ((value & 0x80) << 1)
    return value


def _set_memory(instruction: iced.Instruction, position: int, operand: Mem, request: Request) -> None:
    instruction.set_op_kind(position, iced.OpKind.MEMORY)
    if operand.segment:
        instruction.segment_prefix = SEGMENTS[operand.segment].code
    displacement = operand.displacement
    if operand.relative:
        instruction.memory_base = iced.Register.RIP
        instruction.memory_displacement = displacement & MASK
        instruction.memory_displ_size = 8
        return
    if operand.base:
        instruction.memory_base = REGISTERS[operand.base].code
    if operand.scaled:
        instruction.memory_index = REGISTERS[operand.scaled].code
        instruction.memory_index_scale = operand.scale
    _check_displacement(operand)
    instruction.memory_displacement = displacement & ((1 << operand.address_bits) - 1)
    instruction.memory_displ_size = _displacement_size(operand)


def _check_displacement(operand: Mem) -> None:
    low, high = -(1 << 31), 1 << (31 if operand.address_bits == 64 else 32)
    if operand.address_bits == 64 and operand.displacement_size == 64:
        return
    if not low <= operand.displacement < high:
        raise Trouble(
            f"the address {operand.displacement:#x} does not fit in 32 bits",
            expected="load it into a register first, or use [rel ...]",
        )


def _displacement_size(operand: Mem) -> int:
    """0 none, 1 a byte, else the address size, as the encoder counts."""
    full = operand.address_bits // 8
    if not operand.base and not operand.scaled:
        return full
    if operand.displacement_size == 8:
        return 1
    if operand.displacement_size or not operand.simple:
        return full
    wrapped = (operand.displacement + (1 << operand.address_bits - 1)) % (1 << operand.address_bits) - (
        1 << operand.address_bits - 1
    )
    if not wrapped:
        return 0
    return 1 if -128 <= wrapped <= 127 else full


def _with_prefixes(data: bytes, form: Form, request: Request, prefixes: tuple[str, ...]) -> bytes:
    """Puts lock and rep first and adds a size prefix that was asked for and made no difference to the form."""
    front = bytes(REPEATS[prefix] for prefix in prefixes if prefix in REPEATS)
    asked = next((SIZE_PREFIXES[prefix] for prefix in prefixes if prefix in SIZE_PREFIXES), 0)
    if request.bits == 64 and (request.name in WIDE or (asked == 64 and form.operand_size != 64)):
        return front + _with_rex_w(data)
    if asked in (16, 32) and form.operand_size != asked and asked != (32 if request.bits == 64 else request.bits):
        return front + b"\x66" + data
    return front + data


def _with_rex_w(data: bytes) -> bytes:
    """The same instruction with REX.W, which NASM writes for `o64` and, needlessly, for INVPCID."""
    at = next(position for position, byte in enumerate(data) if byte not in LEGACY_PREFIXES)
    if data[at] & 0xF0 == 0x40:
        return data[:at] + bytes([data[at] | 8]) + data[at + 1 :]
    return data[:at] + b"\x48" + data[at:]
