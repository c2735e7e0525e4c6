"""Tokens of NASM's syntax: names, numbers, strings and operators, each with its column.

Numbers follow NASM: 0x10, 10h, $10, 0b101, 101b, 0o17, 17o, 17q, 0d10, 10d, with underscores anywhere after the
first digit. Strings: 'as is', "as is", and `with C escapes`. A comment runs from a semicolon to the end of the
line. What a token means (register, mnemonic, symbol) is not decided here.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from vmviz.asm.source import Trouble


class Kind(enum.Enum):
    """The kinds of token; END closes every line."""

    NAME = "name"
    NUMBER = "number"
    STRING = "string"
    SYMBOL = "symbol"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A token; `number` is the value of a NUMBER, `data` the bytes of a STRING."""

    kind: Kind
    text: str
    column: int
    number: int = 0
    data: bytes = b""


TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\f\v\xa0]+|;.*)
  | (?P<number>\$?[0-9][0-9A-Za-z_]*)
  | (?P<here>\$\$|\$(?![A-Za-z_.?@]))
  | (?P<name>\$?(?:[A-Za-z_.@]|\?(?=[A-Za-z0-9_.?@$\#~]))[A-Za-z0-9_.?@$\#~]*)
  | (?P<string>'[^']*'|"[^"]*"|`(?:\\.|[^`\\])*`)
  | (?P<symbol><<<|>>>|<<|>>|==|!=|<>|<=|>=|&&|\|\||\^\^|//|%%|[-+*/%&|^~!<>=(),:\[\]?{}])
  | (?P<bad>.)
""",
    re.VERBOSE | re.DOTALL,
)

PREFIXES = {"0x": 16, "0h": 16, "0b": 2, "0y": 2, "0o": 8, "0q": 8, "0d": 10, "0t": 10}
SUFFIXES = {"h": 16, "x": 16, "b": 2, "y": 2, "o": 8, "q": 8, "d": 10, "t": 10}
ESCAPES = {"n": 10, "r": 13, "t": 9, "a": 7, "b": 8, "v": 11, "f": 12, "e": 27, "0": 0}
LONGEST_NUMBER = 200


def number(text: str, column: int = 0) -> int:
    """The value of a NASM number; Trouble when it is none."""
    digits = text.replace("_", "").lower()
    if len(digits) <= LONGEST_NUMBER:
        for body, base in _readings(digits):
            try:
                return int(body, base)
            except ValueError:
                continue
    raise Trouble(
        f"'{text[:40]}' is not a number", column, token=text, expected="a number such as 42, 0x2A, 2Ah or 0b101010"
    )


def _readings(digits: str) -> list[tuple[str, int]]:
    if digits[0] == "$":
        return [(digits[1:], 16)]
    readings = []
    if digits[:2] in PREFIXES and len(digits) > 2:
        readings.append((digits[2:], PREFIXES[digits[:2]]))
    if digits[-1] in SUFFIXES:
        readings.append((digits[:-1], SUFFIXES[digits[-1]]))
    return [*readings, (digits, 10)]


def unescape(body: str) -> bytes:
    """The bytes of a backquoted string."""

    def one(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] == "x":
            return chr(0xDC00 + int(code[1:], 16))
        if code[0] in "uU":
            return chr(int(code[1:], 16))
        if code[0] in "01234567":
            return chr(0xDC00 + (int(code, 8) & 0xFF))
        return chr(ESCAPES[code]) if code in ESCAPES else code

    text = re.sub(r"\\(x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{4}|U000[0-9A-Fa-f]{5}|[0-7]{1,3}|.)", one, body)
    return b"".join(
        bytes([ord(char) - 0xDC00]) if 0xDC00 <= ord(char) <= 0xDCFF else char.encode("utf-8", "replace")
        for char in text
    )


def tokenize(text: str) -> list[Token]:
    """The tokens of one line, closed by END."""
    tokens = []
    for match in TOKEN.finditer(text):
        group, word, column = match.lastgroup, match[0], match.start() + 1
        if group == "space":
            continue
        if group == "number":
            tokens.append(Token(Kind.NUMBER, word, column, number=number(word, column)))
        elif group == "name":
            tokens.append(Token(Kind.NAME, word, column))
        elif group == "here" or group == "symbol":
            tokens.append(Token(Kind.SYMBOL, word, column))
        elif group == "string":
            body = word[1:-1]
            data = unescape(body) if word[0] == "`" else body.encode("utf-8", "replace")
            tokens.append(Token(Kind.STRING, word, column, data=data))
        else:
            what = "a string without its closing quote" if word in "'\"`" else f"unexpected character {word!r}"
            raise Trouble(what, column, token=word)
    tokens.append(Token(Kind.END, "", len(text.split(";")[0].rstrip()) + 1))
    return tokens


class Cursor:
    """A place in a line of tokens."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    @property
    def word(self) -> str:
        """The current token in lower case; empty for a string, so that strings are never taken for keywords."""
        token = self.tokens[self.at]
        return "" if token.kind is Kind.STRING else token.text.lower()

    def peek(self) -> Token:
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def advance(self) -> Token:
        token = self.tokens[self.at]
        if token.kind is not Kind.END:
            self.at += 1
        return token

    def take(self, text: str) -> bool:
        """Steps over the symbol `text` if it is next."""
        token = self.tokens[self.at]
        if token.kind is Kind.SYMBOL and token.text == text:
            self.at += 1
            return True
        return False

    def demand(self, text: str, expected: str) -> None:
        if not self.take(text):
            raise self.trouble(expected)

    @property
    def ended(self) -> bool:
        return self.tokens[self.at].kind is Kind.END

    def trouble(self, expected: str) -> Trouble:
        """That the current token is not what was expected."""
        token = self.token
        found = f"'{token.text}'" if token.text else "the end of the line"
        return Trouble(f"unexpected {found}", token.column, expected=f"expected {expected}", token=token.text)
