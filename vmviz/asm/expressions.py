"""Expressions with NASM's operators and precedence, over values that may be relative to a section.

A `Value` is a number plus multiples of "parts": a section (what a label is relative to until the sections have
their places) or a register (inside an effective address). Only + and -, and * by a plain number, work on parts;
when they cancel out the value is plain, and NASM's optimizer may use its size. Arithmetic is on 64 bits; / and %
are unsigned, // and %% signed. An expression is parsed once and evaluated in every pass.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from vmviz.asm.lexer import Cursor, Kind, Token
from vmviz.asm.source import Trouble

MASK = (1 << 64) - 1
MOST_OPERATORS = 128


@dataclass(frozen=True, slots=True)
class Value:
    """`number` (signed, 64 bits) plus `parts`; `unknown` while a symbol in it has no value yet."""

    number: int
    parts: tuple[tuple[object, int], ...] = ()
    unknown: bool = False

    @property
    def simple(self) -> bool:
        return not self.parts and not self.unknown


UNKNOWN = Value(0, unknown=True)


class Scope(Protocol):
    """What an expression needs from its surroundings."""

    def symbol(self, token: Token) -> Value: ...
    def here(self) -> Value: ...
    def section_start(self) -> Value: ...


def signed(number: int, bits: int = 64) -> int:
    """`number` wrapped to a signed integer of `bits` bits."""
    number &= (1 << bits) - 1
    return number - (1 << bits) if number >> (bits - 1) else number


class Node:
    """A parsed expression."""

    __slots__ = ("token",)

    def __init__(self, token: Token) -> None:
        self.token = token

    def evaluate(self, scope: Scope) -> Value:
        raise NotImplementedError


class Number(Node):
    __slots__ = ("value",)

    def __init__(self, token: Token, value: int) -> None:
        super().__init__(token)
        self.value = Value(signed(value))

    def evaluate(self, scope: Scope) -> Value:
        return self.value


class Name(Node):
    """A symbol, or `$` and `$$`."""

    __slots__ = ()

    def evaluate(self, scope: Scope) -> Value:
        if self.token.kind is Kind.NAME:
            return scope.symbol(self.token)
        return scope.here() if self.token.text == "$" else scope.section_start()


class Register(Node):
    """A register of an effective address, by its lower-case name."""

    __slots__ = ()

    def evaluate(self, scope: Scope) -> Value:
        return Value(0, ((self.token.text.lower(), 1),))


class Unary(Node):
    __slots__ = ("inner",)

    def __init__(self, token: Token, inner: Node) -> None:
        super().__init__(token)
        self.inner = inner

    def evaluate(self, scope: Scope) -> Value:
        value = self.inner.evaluate(scope)
        if self.token.text == "+":
            return value
        if self.token.text == "-":
            return Value(signed(-value.number), tuple((part, -count) for part, count in value.parts), value.unknown)
        _plain(value, self.token)
        number = ~value.number if self.token.text == "~" else int(not value.number)
        return Value(signed(number), unknown=value.unknown)


class Choice(Node):
    """`condition ? yes : no`."""

    __slots__ = ("condition", "no", "yes")

    def __init__(self, token: Token, condition: Node, yes: Node, no: Node) -> None:
        super().__init__(token)
        self.condition, self.yes, self.no = condition, yes, no

    def evaluate(self, scope: Scope) -> Value:
        condition = _plain(self.condition.evaluate(scope), self.token)
        return (self.yes if condition.number else self.no).evaluate(scope)


class Binary(Node):
    __slots__ = ("left", "right")

    def __init__(self, token: Token, left: Node, right: Node) -> None:
        super().__init__(token)
        self.left, self.right = left, right

    def evaluate(self, scope: Scope) -> Value:
        left, right = self.left.evaluate(scope), self.right.evaluate(scope)
        unknown = left.unknown or right.unknown
        if self.token.text in "+-":
            sign = 1 if self.token.text == "+" else -1
            return Value(signed(left.number + sign * right.number), _joined(left.parts, right.parts, sign), unknown)
        if self.token.text == "*" and (left.parts or right.parts) and not (left.parts and right.parts):
            parts, factor = (left.parts, right.number) if left.parts else (right.parts, left.number)
            scaled = tuple((part, count * factor) for part, count in parts if count * factor)
            return Value(signed(left.number * right.number), scaled, unknown)
        _plain(left, self.token)
        _plain(right, self.token)
        if unknown:
            return UNKNOWN
        if self.token.text in ("/", "//", "%", "%%") and not right.number:
            raise Trouble("division by zero", self.token.column, token=self.token.text)
        return Value(signed(OPERATORS[self.token.text](left.number, right.number)))


def _joined(
    left: tuple[tuple[object, int], ...], right: tuple[tuple[object, int], ...], sign: int
) -> tuple[tuple[object, int], ...]:
    if not right:
        return left
    counts = dict(left)
    for part, count in right:
        counts[part] = counts.get(part, 0) + sign * count
    return tuple((part, count) for part, count in counts.items() if count)


def _plain(value: Value, token: Token) -> Value:
    if value.parts:
        raise Trouble(
            f"'{token.text}' needs plain numbers, not an address or a register",
            token.column,
            expected="the difference of two labels is a plain number",
            token=token.text,
        )
    return value


def _shift(left: int, right: int, *, up: bool, arithmetic: bool = False) -> int:
    if not 0 <= right < 64:
        return -1 if arithmetic and not up and left < 0 else 0
    return left << right if up else (left if arithmetic else left & MASK) >> right


def _divided(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return -quotient if (left < 0) != (right < 0) else quotient


OPERATORS: dict[str, Callable[[int, int], int]] = {
    "||": lambda a, b: int(bool(a) or bool(b)),
    "^^": lambda a, b: int(bool(a) != bool(b)),
    "&&": lambda a, b: int(bool(a) and bool(b)),
    "=": lambda a, b: int(a == b),
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<>": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    "<=": lambda a, b: int(a <= b),
    ">": lambda a, b: int(a > b),
    ">=": lambda a, b: int(a >= b),
    "|": operator.or_,
    "^": operator.xor,
    "&": operator.and_,
    "<<": lambda a, b: _shift(a, b, up=True),
    "<<<": lambda a, b: _shift(a, b, up=True),
    ">>": lambda a, b: _shift(a, b, up=False),
    ">>>": lambda a, b: _shift(a, b, up=False, arithmetic=True),
    "*": operator.mul,
    "/": lambda a, b: (a & MASK) // (b & MASK),
    "%": lambda a, b: (a & MASK) % (b & MASK),
    "//": _divided,
    "%%": lambda a, b: a - b * _divided(a, b),
    "+": operator.add,
    "-": operator.sub,
}
LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",),
    ("^^",),
    ("&&",),
    ("=", "==", "!=", "<>", "<", "<=", ">", ">="),
    ("|",),
    ("^",),
    ("&",),
    ("<<", ">>", "<<<", ">>>"),
    ("+", "-"),
    ("*", "/", "//", "%", "%%"),
)
PRECEDENCE = {text: level for level, texts in enumerate(LEVELS) for text in texts}


@dataclass
class ExpressionParser:
    """Parses one expression at `cursor`; `is_register` says which names are registers (none by default)."""

    cursor: Cursor
    is_register: Callable[[str], bool] = field(default=lambda name: False)
    operators: int = 0

    def parse(self) -> Node:
        node = self._binary(0)
        token = self.cursor.token
        if self.cursor.take("?"):
            self._count(token)
            yes = self.parse()
            self.cursor.demand(":", "':' and the other value of '?'")
            node = Choice(token, node, yes, self.parse())
        return node

    def _binary(self, lowest: int) -> Node:
        node = self._unary()
        while self.cursor.token.kind is Kind.SYMBOL:
            level = PRECEDENCE.get(self.cursor.token.text, -1)
            if level < lowest:
                break
            token = self.cursor.advance()
            self._count(token)
            node = Binary(token, node, self._binary(level + 1))
        return node

    def _count(self, token: Token) -> None:
        """Each operator costs a level of recursion at most, so their number is limited."""
        self.operators += 1
        if self.operators > MOST_OPERATORS:
            raise Trouble("the expression is too long", token.column, expected="name parts of it with equ")

    def _unary(self) -> Node:
        token = self.cursor.token
        if token.kind is Kind.SYMBOL and token.text in ("-", "+", "~", "!"):
            self._count(token)
            self.cursor.advance()
            return Unary(token, self._unary())
        return self._primary()

    def _primary(self) -> Node:
        token = self.cursor.token
        if self.cursor.take("("):
            self._count(token)
            node = self.parse()
            self.cursor.demand(")", "')'")
            return node
        if token.kind is Kind.NUMBER:
            self.cursor.advance()
            return Number(token, token.number)
        if token.kind is Kind.STRING:
            self.cursor.advance()
            if len(token.data) > 8:
                raise Trouble(
                    "a string of more than 8 bytes is not a number",
                    token.column,
                    token=token.text,
                    expected="long strings only stand alone in db, dw, dd, dq",
                )
            return Number(token, int.from_bytes(token.data, "little"))
        if token.kind is Kind.NAME:
            self.cursor.advance()
            return Register(token) if self.is_register(token.text.lower()) else Name(token)
        if token.kind is Kind.SYMBOL and token.text in ("$", "$$"):
            self.cursor.advance()
            return Name(token)
        raise self.cursor.trouble("a number, a name or '('")
