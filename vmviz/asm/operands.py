"""Operands: what the text of an instruction says (parsed once), and what it means in one pass (resolved).

`parse_operand` reads a register, an immediate with its keywords (byte, strict, short, far ...), a far pointer
`seg:offset` or an effective address in brackets. `resolve` evaluates it: the result is a hashable tuple that the
encoder can match and cache. Which operands an instruction takes is not known here.

Effective addresses follow NASM: the first register is the base, [reg*2] becomes [reg+reg] and [reg*3] [reg+reg*2]
unless `nosplit`, ESP is moved to the base.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from vmviz.asm.expressions import ExpressionParser, Node, Scope, Value, signed
from vmviz.asm.lexer import Cursor, Kind, Token
from vmviz.asm.registers import ADDRESS_BITS, REGISTERS, SEGMENTS, RegisterName, is_register
from vmviz.asm.source import Trouble

SIZES = {"byte": 8, "word": 16, "dword": 32, "qword": 64, "tword": 80, "oword": 128, "yword": 256}
DISTANCES = ("short", "near", "far")


class Reg(NamedTuple):
    """A register operand."""

    register: RegisterName


class Imm(NamedTuple):
    """A number; `section` is what it is relative to (None: plain), `value` then already holds the section's address."""

    value: int
    simple: bool
    unknown: bool
    size: int
    strict: bool
    distance: str
    section: object


class Far(NamedTuple):
    """A far pointer `segment:offset`."""

    segment: int
    offset: int
    size: int


class Mem(NamedTuple):
    """An effective address; `relative` means it is to be reached from RIP and `displacement` is the address itself."""

    base: str
    scaled: str
    scale: int
    displacement: int
    simple: bool
    displacement_size: int
    segment: str
    size: int
    address_bits: int
    relative: bool
    distance: str


Resolved = Reg | Imm | Far | Mem


@dataclass(slots=True)
class Operand:
    """A parsed operand; `kind` is register, immediate, far or memory."""

    kind: str
    token: Token
    size: int = 0
    strict: bool = False
    distance: str = ""
    register: RegisterName | None = None
    expression: Node | None = None
    selector: Node | None = None
    segment: str = ""
    inner_size: int = 0
    reach: str = ""
    split: bool = True

    def resolve(self, scope: Scope, bits: int, default_relative: bool) -> Resolved:
        """What the operand is in this pass."""
        if self.register is not None:
            return Reg(self.register)
        assert self.expression is not None
        value = self.expression.evaluate(scope)
        if self.kind == "memory":
            return self._address(value, bits, default_relative)
        section, number = located_number(value, self.token)
        if self.selector is not None:
            _, selector = located_number(self.selector.evaluate(scope), self.token)
            return Far(selector & 0xFFFF, number, self.size)
        return Imm(number, value.simple, value.unknown, self.size, self.strict, self.distance, section)

    def _address(self, value: Value, bits: int, default_relative: bool) -> Mem:
        counts = {part: count for part, count in value.parts if isinstance(part, str)}
        rest = Value(value.number, tuple((part, count) for part, count in value.parts if not isinstance(part, str)))
        section, number = located_number(rest, self.token)
        base, index, scale = _shape(counts, self.token, self.split)
        widths = {ADDRESS_BITS[name] for name in counts if name in ADDRESS_BITS}
        if len(widths) > 1:
            raise Trouble("registers of different sizes in one address", self.token.column, token=self.token.text)
        plain = not counts
        address_bits = widths.pop() if widths else self._width_without_registers(bits)
        if 16 in (address_bits,) and counts:
            base, index = _ordered_16(base, index, scale, self.token)
        if bits == 64 and address_bits == 16:
            raise Trouble("16-bit addresses do not exist in 64-bit mode", self.token.column, token=self.token.text)
        wanted = self.reach or ("rel" if default_relative and self.segment not in ("fs", "gs") else "abs")
        relative = bits == 64 and plain and wanted == "rel" and section is not None and self.inner_size != 64
        return Mem(
            base,
            index,
            scale,
            number,
            rest.simple and not value.unknown,
            self.inner_size,
            self.segment,
            self.size,
            address_bits,
            relative,
            self.distance,
        )

    def _width_without_registers(self, bits: int) -> int:
        if self.inner_size in (16, 32) and bits != 64:
            return self.inner_size
        return bits


def located_number(value: Value, token: Token) -> tuple[object, int]:
    """The section a value is relative to (None for a plain number) and its number, with the section's address added."""
    if not value.parts:
        return None, value.number
    (part, count), *more = value.parts
    if more or count != 1:
        raise Trouble(
            "this is not an address or a number",
            token.column,
            token=token.text,
            expected="one label plus or minus numbers, or the difference of two labels of one section",
        )
    if isinstance(part, str):
        raise Trouble(
            f"the register {part} cannot be part of a number",
            token.column,
            token=token.text,
            expected="put an address in brackets",
        )
    return part, signed(value.number + part.address)  # type: ignore[attr-defined]


def _shape(counts: dict[str, int], token: Token, split: bool) -> tuple[str, str, int]:
    """Base, index and scale of the registers of an address, in NASM's way."""
    if len(counts) > 2 or any(name not in ADDRESS_BITS for name in counts):
        raise Trouble(
            "this address has too many registers, or one that cannot be there",
            token.column,
            token=token.text,
            expected="base + index*1|2|4|8 + number",
        )
    base, index, scale = "", "", 1
    for name, count in counts.items():
        if count == 1 and not base:
            base = name
        elif not index:
            index, scale = name, count
        else:
            base = ""
    if len(counts) == 1 and not base:
        stack = index in ("esp", "rsp", "sp")
        if scale in (3, 5, 9) or (scale == 2 and split and not stack):
            base, scale = index, scale - 1
    elif len(counts) == 2 and not base:
        scale = 0
    if index in ("esp", "rsp") and scale == 1:
        base, index = index, base
    if (index and scale not in (1, 2, 4, 8)) or index in ("esp", "rsp"):
        raise Trouble(
            "this register cannot be scaled so",
            token.column,
            token=token.text,
            expected="base + index*1|2|4|8 + number, and ESP or RSP only as the base",
        )
    return base, index, scale


def _ordered_16(base: str, index: str, scale: int, token: Token) -> tuple[str, str]:
    if base in ("si", "di") and index in ("bx", "bp"):
        base, index = index, base
    if (base, index) not in {(b, i) for b in ("bx", "bp") for i in ("si", "di", "")} | {
        ("si", ""),
        ("di", ""),
    } or scale != 1:
        raise Trouble(
            "16-bit code cannot use these registers in an address",
            token.column,
            token=token.text,
            expected="bx or bp, plus si or di, plus a number",
        )
    return base, index


def parse_operand(cursor: Cursor) -> Operand:
    """The operand at the cursor."""
    operand = Operand("immediate", cursor.token)
    while True:
        word = cursor.word
        if word in SIZES:
            operand.size = SIZES[word]
        elif word == "strict":
            operand.strict = True
        elif word in DISTANCES:
            operand.distance = word
        elif word not in ("to", "ptr"):
            break
        cursor.advance()
    operand.token = cursor.token
    if cursor.take("["):
        return _parse_memory(cursor, operand)
    if cursor.token.kind is Kind.NAME and is_register(cursor.word):
        follows = cursor.peek()
        if follows.kind is Kind.END or follows.text == ",":
            operand.kind, operand.register = "register", REGISTERS[cursor.word]
            cursor.advance()
            return operand
        raise Trouble(
            f"unexpected '{follows.text}' after a register",
            follows.column,
            token=follows.text,
            expected="addresses are written in brackets, with the segment inside: [es:di+2]",
        )
    operand.expression = ExpressionParser(cursor).parse()
    if cursor.take(":"):
        operand.kind, operand.selector = "far", operand.expression
        while cursor.word in SIZES:
            operand.size = SIZES[cursor.advance().text.lower()]
        operand.expression = ExpressionParser(cursor).parse()
    return operand


def _parse_memory(cursor: Cursor, operand: Operand) -> Operand:
    operand.kind = "memory"
    while True:
        word = cursor.word
        if word in ("rel", "abs"):
            operand.reach = word
        elif word in SIZES:
            operand.inner_size = SIZES[word]
        elif word == "nosplit":
            operand.split = False
        elif word in SEGMENTS and cursor.peek().text == ":":
            operand.segment = word
            cursor.advance()
        else:
            break
        cursor.advance()
    operand.token = cursor.token
    operand.expression = ExpressionParser(cursor, is_register).parse()
    cursor.demand("]", "']'")
    return operand
