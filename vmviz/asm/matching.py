"""Which forms an instruction's operands fit, and the rewriting that NASM does before it looks.

`canonical` gives the encoder's name for a mnemonic and rewrites operands (IMUL r, imm; TEST and XCHG the other way
round; MOVSX from 32 bits). `matching_forms` filters the forms. How a number's size decides follows NASM's
optimizer: sign-extended bytes only for plain numbers, short jumps only within a section, and a size keyword or
`strict` says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from vmviz.asm.aliases import ALIASES, BY_MODE, REVERSIBLE, SIZED
from vmviz.asm.expressions import signed
from vmviz.asm.forms import Form, Slot, forms_of
from vmviz.asm.operands import Far, Imm, Mem, Reg, Resolved
from vmviz.asm.source import Trouble

SIZED_BY_NUMBER = frozenset({"mov", "add", "or", "adc", "sbb", "and", "sub", "xor", "cmp", "test"})
HERE = "here"
COUNTERS = {"cx": 16, "ecx": 32, "rcx": 64}


@dataclass(frozen=True, slots=True)
class Request:
    """An instruction ready for matching; `operand_size` is what a prefix or a name like RETFQ demands (0: nothing)."""

    name: str
    operands: tuple[Resolved, ...]
    bits: int
    operand_size: int
    address_size: int


def canonical(mnemonic: str, operands: tuple[Resolved, ...], bits: int) -> tuple[str, tuple[Resolved, ...], int, int]:
    """The encoder's name, the operands it takes, a forced operand size and a forced address size (0: none)."""
    name = ALIASES.get(mnemonic, mnemonic)
    size, counter = 0, 0
    if name in SIZED:
        name, size = SIZED[name]
    if name in BY_MODE and mnemonic not in ALIASES:
        name = BY_MODE[name][bits]
    if name.startswith("loop") and len(operands) == 2 and isinstance(operands[1], Reg):
        counter = COUNTERS.get(operands[1].register.name, 0)
        operands = operands[:1]
    if name == "imul" and len(operands) == 2 and isinstance(operands[1], Imm):
        operands = (operands[0], operands[0], operands[1])
    if name in ("aam", "aad") and not operands:
        operands = (Imm(10, True, False, 0, False, "", None),)
    if name == "movsx" and len(operands) == 2 and _source_bits(operands[1]) == 32:
        name = "movsxd"
    if name in SIZED_BY_NUMBER and len(operands) == 2:
        target, number = operands
        if isinstance(target, Mem) and not target.size and isinstance(number, Imm) and number.size:
            operands = (target._replace(size=number.size), number)
    if name == "push" and operands and isinstance(operands[0], Imm):
        wanted = operands[0].size
        size = size or (wanted if wanted == 16 or (wanted == 32 and bits != 64) else bits)
    return name, operands, size, counter


def _source_bits(operand: Resolved) -> int:
    return operand.register.bits if isinstance(operand, Reg) else operand.size


def matching_forms(request: Request) -> list[tuple[Form, tuple[Resolved, ...]]]:
    """The forms that fit, each with its operands in order; Trouble says why there is none."""
    orders = [request.operands]
    if request.name in REVERSIBLE and len(request.operands) == 2:
        orders = (
            [request.operands[::-1], request.operands] if request.name == "xchg" else [*orders, request.operands[::-1]]
        )
    reasons: list[str] = []
    found = [
        (form, operands)
        for operands in orders
        for form in forms_of(request.name, request.bits)
        if _fits(form, operands, request, reasons)
    ]
    found = _narrowed(found, request)
    if not found:
        raise _no_form(request, reasons)
    _demand_a_size(found, request)
    return found


def _no_form(request: Request, reasons: list[str]) -> Trouble:
    if reasons:
        return Trouble(reasons[0])
    forms = forms_of(request.name, request.bits)
    if not forms:
        modes = [str(bits) for bits in (16, 32, 64) if forms_of(request.name, bits)]
        return Trouble(
            f"{request.name} does not exist in {request.bits}-bit code",
            expected=f"it exists in {' and '.join(modes)}-bit code" if modes else "",
        )
    texts = list(dict.fromkeys(form.text for form in forms))
    more = ", ..." if len(texts) > 6 else ""
    return Trouble(f"{request.name} does not take these operands", expected="it takes " + ", ".join(texts[:6]) + more)


def _narrowed(
    found: list[tuple[Form, tuple[Resolved, ...]]], request: Request
) -> list[tuple[Form, tuple[Resolved, ...]]]:
    """Keeps the forms of the operand and address size that were asked for, where forms differ in that."""
    if request.operand_size:
        sized = [pair for pair in found if pair[0].operand_size in (request.operand_size, 0)]
        found = sized if request.name == "push" else sized or found
    if request.name == "xchg" and request.bits == 64 and all(_is_eax(operand) for operand in request.operands):
        # 90h is NOP there, and does not clear the upper half of RAX as XCHG EAX, EAX does.
        found = [pair for pair in found if not any(slot.fixed for slot in pair[0].slots)]
    if len({form.address_size for form, _ in found}) > 1:
        found = [pair for pair in found if pair[0].address_size in (0, request.address_size or request.bits)]
    return found


def _is_eax(operand: Resolved) -> bool:
    return isinstance(operand, Reg) and operand.register.name == "eax"


def _demand_a_size(found: list[tuple[Form, tuple[Resolved, ...]]], request: Request) -> None:
    """Refuses `mov [rax], 5`: memory whose size nothing tells."""
    unsized = [operand for operand in request.operands if isinstance(operand, Mem) and not operand.size]
    if (
        unsized
        and not request.operand_size
        and request.name not in ("jmp", "call")
        and len({form.memory_bits for form, _ in found}) > 1
    ):
        raise Trouble(
            "the size of the operand in memory is not known",
            expected="write byte, word, dword or qword before the bracket",
        )


def _fits(form: Form, operands: tuple[Resolved, ...], request: Request, reasons: list[str]) -> bool:
    if len(form.slots) != len(operands):
        return False
    if (
        request.name == "mov"
        and form.slots[1].number == "imm"
        and form.slots[1].size == 32
        and form.slots[1].bits == 64
        and _wants_full_width(operands)
    ):
        return False
    for slot, operand in zip(form.slots, operands, strict=True):  # a loop: this is where assembling spends its time
        if not _slot_fits(slot, operand, form, request, reasons):
            return False
    return True


def _wants_full_width(operands: tuple[Resolved, ...]) -> bool:
    """MOV of an address to a 64-bit register: NASM leaves room for all 64 bits unless a dword was asked for."""
    target, number = operands
    return (
        isinstance(target, Reg)
        and isinstance(number, Imm)
        and ((not number.simple and number.size in (0, 64)) or (number.strict and number.size == 64))
    )


def _slot_fits(slot: Slot, operand: Resolved, form: Form, request: Request, reasons: list[str]) -> bool:
    if isinstance(operand, Reg):
        return operand.register.name == slot.fixed or operand.register.cls == slot.register != ""
    if isinstance(operand, Mem):
        return _memory_fits(slot, operand, form, request)
    if isinstance(operand, Far):
        return slot.number == "far" and slot.bits == (operand.size or request.operand_size or request.bits)
    if not slot.number:
        return False
    if slot.number == "branch":
        return _branch_fits(slot, operand, form, request, reasons)
    if operand.distance:
        return False
    return _number_fits(slot, operand, reasons)


def _memory_fits(slot: Slot, operand: Mem, form: Form, request: Request) -> bool:
    if slot.number == "offset":
        plain = not operand.base and not operand.scaled and not operand.relative
        return (
            plain
            and (request.bits != 64 or operand.address_bits == 64)
            and operand.size in (0, form.memory_bits)
            and (request.bits != 64 or operand.displacement_size == 64)
        )
    if not slot.memory or (request.bits == 64 and operand.displacement_size == 64):
        return False
    if request.name in ("jmp", "call"):
        return _indirect_fits(operand, form, request)
    return not operand.size or form.memory_bits == operand.size or form.memory_bits not in (8, 16, 32, 64, 80, 128, 256)


def _indirect_fits(operand: Mem, form: Form, request: Request) -> bool:
    if form.indirect_far != (operand.distance == "far"):
        return False
    wanted = operand.size or request.operand_size or request.bits
    return wanted == (form.memory_bits - 16 if form.indirect_far else form.memory_bits)


@lru_cache(maxsize=256)
def _has_no_near_form(name: str, bits: int) -> bool:
    return not any(form.slots and form.slots[0].size > 8 for form in forms_of(name, bits))


def _branch_fits(slot: Slot, operand: Imm, form: Form, request: Request, reasons: list[str]) -> bool:
    wanted = request.bits
    if request.bits != 64:
        wanted = operand.size if operand.size in (16, 32) else request.operand_size or request.bits
    if (
        operand.distance == "far"
        or (slot.bits and slot.bits != wanted)
        or (not slot.bits and slot.size != min(wanted, 32))
    ):
        return False
    if slot.size != 8:
        return operand.distance != "short"
    only_short = operand.distance == "short" or _has_no_near_form(request.name, request.bits)
    if operand.distance == "near" or (operand.strict and not only_short):
        return False
    if operand.unknown:
        return True
    length = 2 + (form.address_size not in (0, request.bits)) + (wanted != request.bits)
    reach = signed(operand.value - length, wanted)
    if -128 <= reach <= 127:
        return only_short or operand.section == HERE
    if only_short:
        reasons.append(f"the target is {abs(reach)} bytes away and a short jump reaches -128 to 127")
    return False


def _number_fits(slot: Slot, operand: Imm, reasons: list[str]) -> bool:
    value = operand.value
    if slot.number == "one":
        return value == 1 and operand.simple and not (operand.strict or operand.size)
    if operand.size and slot.size and operand.size not in (slot.size, slot.bits) and operand.size != min(slot.bits, 32):
        return False
    if slot.number == "sign":
        if operand.size == 8:
            return operand.unknown or _in_range(value, slot.bits) and -128 <= signed(value, slot.bits) <= 127
        return (
            operand.simple
            and not operand.strict
            and _in_range(value, slot.bits)
            and -128 <= signed(value, slot.bits) <= 127
        )
    if slot.number != "imm" or (operand.size == 8 and slot.size != 8):
        return False
    if operand.unknown or slot.size == 64:
        return True
    fits = -(1 << 31) <= value < 1 << 31 if slot.bits > slot.size else _in_range(value, slot.size)
    if not fits:
        signed_only = ", which the processor sign-extends to 64" if slot.bits > slot.size else ""
        reasons.append(f"the value {value:#x} does not fit in {slot.size} bits{signed_only}")
    return fits


def _in_range(value: int, bits: int) -> bool:
    return -(1 << (bits - 1)) <= value < 1 << bits or bits == 64
