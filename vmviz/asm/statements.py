"""Statements: what one expanded line asks for, and the bytes it gives in one pass.

Each class has `emit(scope)`: bytes for the image, or a Space where nothing is stored. A statement is made once and
emitted in every pass with the symbols of that pass. How lines become statements is in `parsing.py`, how passes run
in `passes.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from vmviz.asm.encoder import encode, may_branch
from vmviz.asm.expressions import Node, Scope, Value
from vmviz.asm.lexer import Token
from vmviz.asm.operands import Operand, located_number
from vmviz.asm.sections import LARGEST_IMAGE, Section
from vmviz.asm.source import Expanded, Trouble

LARGEST_SPACE = 32 << 20


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes that are reserved and not stored."""

    size: int


class PassScope(Scope, Protocol):
    """A pass, as statements see it: the place of the statement being emitted, and whether it looked at a symbol."""

    section: Section
    offset: int
    line_start: int | None
    touched: bool
    work: int

    def define(self, token: Token, name: str, value: Value, *, label: bool) -> None: ...
    def enter_section(self, name: str, options: dict[str, str], token: Token) -> None: ...
    def set_origin(self, value: int) -> None: ...


class Body:
    """What a statement does besides defining its label."""

    __slots__ = ()

    def emit(self, scope: PassScope) -> bytes | Space:
        raise NotImplementedError


@dataclass(slots=True)
class Statement:
    """A line: its label, if any (with its full name), and its body."""

    line: Expanded
    label: Token | None = None
    name: str = ""
    body: Body | None = None
    parent: str = ""
    size: int = 0


@dataclass(slots=True)
class Instruction(Body):
    """A machine instruction; `fixed` keeps its bytes when nothing in it can change."""

    mnemonic: str
    token: Token
    operands: tuple[Operand, ...]
    prefixes: tuple[str, ...]
    bits: int
    relative: bool
    fixed: bytes | None = None

    def emit(self, scope: PassScope) -> bytes:
        if self.fixed is not None:
            return self.fixed
        scope.touched, before = False, scope.touched
        operands = tuple(operand.resolve(scope, self.bits, self.relative) for operand in self.operands)
        address = scope.section.address + scope.offset
        try:
            data = encode(self.mnemonic, operands, self.bits, self.prefixes, address, scope.section)
        except Trouble as trouble:
            raise Trouble(
                trouble.message,
                trouble.column or self.token.column,
                expected=trouble.expected,
                token=trouble.token or self.token.text,
            ) from None
        if not scope.touched and not may_branch(self.mnemonic, operands):
            self.fixed = data
        scope.touched = scope.touched or before or may_branch(self.mnemonic, operands)
        return data


@dataclass(slots=True)
class Data(Body):
    """DB, DW, DD or DQ: numbers of `width` bytes and strings, which are padded to a multiple of it."""

    width: int
    items: tuple[tuple[Token, Node | bytes], ...]

    def emit(self, scope: PassScope) -> bytes:
        parts = []
        for token, item in self.items:
            if isinstance(item, bytes):
                parts.append(item + bytes(-len(item) % self.width))
            else:
                value = item.evaluate(scope)
                number = 0 if value.unknown else located_number(value, token)[1]
                parts.append(self._number(number, token))
        return b"".join(parts)

    def _number(self, number: int, token: Token) -> bytes:
        bits = self.width * 8
        if bits < 64 and not -(1 << bits - 1) <= number < 1 << bits:
            raise Trouble(
                f"the value {number:#x} does not fit in {bits} bits",
                token.column,
                token=token.text,
                expected="a wider directive (dw, dd, dq) or a smaller value",
            )
        return (number & ((1 << bits) - 1)).to_bytes(self.width, "little")


def constant(node: Node, scope: Scope, what: str) -> int:
    """A plain number; 0 while it is unknown."""
    value = node.evaluate(scope)
    if value.parts:
        raise Trouble(
            f"{what} must be a plain number",
            node.token.column,
            token=node.token.text,
            expected="the difference of two labels is a plain number",
        )
    return 0 if value.unknown else value.number


@dataclass(slots=True)
class Reserve(Body):
    """RESB and relatives: `width * count` bytes, zeros in a section that is in the image."""

    width: int
    count: Node

    def emit(self, scope: PassScope) -> bytes | Space:
        return blank(constant(self.count, scope, "a reserved size") * self.width, scope, self.count.token)


def blank(size: int, scope: PassScope, token: Token, fill: bytes = b"\0") -> bytes | Space:
    """`size` bytes that are filled, or only reserved in a section without bytes."""
    if size < 0:
        raise Trouble("a negative size", token.column, token=token.text)
    if size > (LARGEST_SPACE if scope.section.nobits else LARGEST_IMAGE):
        raise Trouble(
            f"{size} bytes are more than a program may have",
            token.column,
            token=token.text,
            expected=f"at most {LARGEST_IMAGE} bytes; address memory outside of the image with equ",
        )
    return Space(size) if scope.section.nobits else fill * size


@dataclass(slots=True)
class Times(Body):
    """TIMES count body."""

    count: Node
    body: Body

    def emit(self, scope: PassScope) -> bytes | Space:
        count = constant(self.count, scope, "the count of times")
        if count < 0:
            raise Trouble(
                f"times got {count}, less than 0",
                self.count.token.column,
                token=self.count.token.text,
                expected="is the code before it longer than the space for it?",
            )
        return repeated(self.body, count, scope, self.count.token)


def repeated(body: Body, count: int, scope: PassScope, token: Token) -> bytes | Space:
    """The bytes of `body`, `count` times, each at its own place."""
    if not count:
        return b""
    start, touched, line_start = scope.offset, scope.touched, scope.line_start
    if line_start is None:
        scope.line_start = start
    parts: list[bytes] = []
    size = 0
    try:
        for turn in range(count):
            scope.touched, scope.offset = False, start + size
            piece = body.emit(scope)
            if isinstance(piece, Space):
                return blank(piece.size * count, scope, token)
            repeats = 1 if scope.touched else count
            touched = touched or scope.touched
            size += len(piece) * repeats
            scope.work += 1
            if size > LARGEST_IMAGE or turn > LARGEST_IMAGE:
                raise Trouble(f"times makes more than {LARGEST_IMAGE} bytes", token.column, token=token.text)
            parts.append(piece * repeats)
            if repeats > 1 or turn + 1 == count:
                break
        return b"".join(parts)
    finally:
        scope.offset, scope.touched, scope.line_start = start, touched, line_start


@dataclass(slots=True)
class Align(Body):
    """ALIGN n, with NOPs or the body given; counts from the start of the section."""

    boundary: Node
    body: Body | None
    token: Token

    def emit(self, scope: PassScope) -> bytes | Space:
        boundary = constant(self.boundary, scope, "an alignment") or 1
        if boundary < 1 or boundary & (boundary - 1):
            raise Trouble(f"{boundary} is not a power of two", self.token.column, token=self.token.text)
        if boundary > LARGEST_IMAGE:
            raise Trouble(
                f"an alignment of {boundary} is larger than an image", self.token.column, token=self.token.text
            )
        scope.section.align = max(scope.section.align, boundary)
        gap = -scope.offset % boundary
        if self.body is not None and not scope.section.nobits:
            return repeated(self.body, gap, scope, self.token)
        return blank(gap, scope, self.token, b"\x90")


@dataclass(slots=True)
class Equ(Body):
    """NAME EQU value; the statement has no label of its own."""

    token: Token
    name: str
    value: Node

    def emit(self, scope: PassScope) -> bytes:
        value = self.value.evaluate(scope)
        if any(isinstance(part, str) for part, _ in value.parts):
            raise Trouble("equ takes a number or an address, not a register", self.value.token.column)
        scope.define(self.token, self.name, value, label=False)
        return b""


@dataclass(slots=True)
class EnterSection(Body):
    """SECTION name options."""

    name: str
    options: dict[str, str] = field(default_factory=dict)
    token: Token | None = None

    def emit(self, scope: PassScope) -> bytes:
        assert self.token is not None
        scope.enter_section(self.name, self.options, self.token)
        return b""


@dataclass(slots=True)
class Origin(Body):
    """ORG address."""

    value: Node

    def emit(self, scope: PassScope) -> bytes:
        scope.set_origin(constant(self.value, scope, "the origin"))
        return b""
