"""The tests of %if and its relatives: is a name defined, are two texts the same, what kind of token is this.

Each function answers for one spelling; the negations (%ifndef, %ifnidn) are made by the caller.
"""

from __future__ import annotations

from collections.abc import Callable

from vmviz.asm.defines import Defines
from vmviz.asm.lexer import Kind, Token, tokenize
from vmviz.asm.macros import MacroTable, split_arguments
from vmviz.asm.source import Trouble


def holds(kind: str, rest: str, defines: Defines, macros: MacroTable, number: Callable[[str], int]) -> bool:
    """Whether %if<kind> is true of `rest`."""
    words = rest.split(";")[0].split()
    if kind == "":
        return bool(number(rest))
    if kind == "def":
        return any(word in defines for word in words)
    if kind == "macro":
        return bool(words) and words[0] in macros
    if kind in ("idn", "idni"):
        return _same(defines.expand(rest), kind == "idni")
    tokens = tokenize(defines.expand(rest))[:-1]
    if kind == "empty":
        return not tokens
    return _is_kind(tokens, {"num": Kind.NUMBER, "id": Kind.NAME, "str": Kind.STRING}[kind])


def _same(text: str, fold: bool) -> bool:
    parts = split_arguments(text)
    if not parts and text.strip() == "":
        return True
    if len(parts) != 2:
        raise Trouble("%ifidn compares two texts", expected="%ifidn one, other")
    first, second = (" ".join(token.text for token in tokenize(part)) for part in parts)
    return first.lower() == second.lower() if fold else first == second


def _is_kind(tokens: list[Token], kind: Kind) -> bool:
    if kind is Kind.NUMBER and len(tokens) == 2 and tokens[0].text in ("-", "+"):
        tokens = tokens[1:]
    return bool(tokens) and tokens[0].kind is kind
