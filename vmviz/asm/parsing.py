"""From an expanded line to a Statement: labels, directives, data, instructions.

The parser holds the state that follows the text and not the section: bits, default rel/abs, the last full label
(which local labels belong to). A name at the start of a line that is no keyword is a label, with or without a
colon.
"""

from __future__ import annotations

from dataclasses import dataclass

from vmviz.asm import statements as st
from vmviz.asm.aliases import ALIASES, BY_MODE, SIZED
from vmviz.asm.encoder import PREFIXES
from vmviz.asm.expressions import ExpressionParser, Node
from vmviz.asm.forms import known_mnemonics
from vmviz.asm.lexer import Cursor, Kind, Token, tokenize
from vmviz.asm.operands import Operand, parse_operand
from vmviz.asm.registers import REGISTERS, SEGMENTS
from vmviz.asm.source import Expanded, Trouble, suggestion

WIDTHS = {"db": 1, "dw": 2, "dd": 4, "dq": 8}
RESERVES = {"resb": 1, "resw": 2, "resd": 4, "resq": 8}
DIRECTIVES = frozenset(
    {
        "bits",
        "use16",
        "use32",
        "use64",
        "org",
        "section",
        "segment",
        "default",
        "global",
        "cpu",
        "align",
        "alignb",
        "times",
        "equ",
    }
)
MNEMONICS = frozenset(known_mnemonics() | ALIASES.keys() | BY_MODE.keys() | SIZED.keys())
KEYWORDS = frozenset(MNEMONICS | PREFIXES | WIDTHS.keys() | RESERVES.keys() | DIRECTIVES)
DEEPEST_TIMES = 4


def full_name(name: str, parent: str) -> str:
    """A local label's full name: `.x` after `a` is `a.x`; `$name` is `name`."""
    if name.startswith(".") and not name.startswith("..@"):
        return parent + name
    return name[1:] if name.startswith("$") else name


@dataclass(slots=True)
class Parser:
    """Makes statements of lines, in the order of the text."""

    bits: int = 16
    relative: bool = False
    parent: str = ""

    def statement(self, line: Expanded) -> st.Statement:
        """The statement of one line; it may be empty."""
        cursor = Cursor(tokenize(line.text))
        statement = st.Statement(line, parent=self.parent)
        if cursor.ended:
            return statement
        if cursor.take("["):
            statement.body = self._directive(cursor, cursor.word)
            cursor.demand("]", "']'")
        else:
            if self._starts_with_label(cursor):
                self._label(cursor, statement)
            if not cursor.ended and statement.body is None:
                statement.body = self._body(cursor)
        if not cursor.ended:
            raise cursor.trouble("the end of the line")
        return statement

    def _starts_with_label(self, cursor: Cursor) -> bool:
        token, follows = cursor.token, cursor.peek()
        if token.kind is not Kind.NAME:
            raise cursor.trouble("a label, an instruction or a directive")
        word = cursor.word
        known = word in KEYWORDS or word in SEGMENTS
        if follows.kind is Kind.SYMBOL and follows.text == ":":
            if (known or word in REGISTERS) and word not in SEGMENTS:
                raise Trouble(
                    f"'{token.text}' is reserved and cannot be a label",
                    token.column,
                    token=token.text,
                    expected="another name, such as ." + word,
                )
            return True
        if known:
            return False
        if follows.kind is Kind.NAME and (follows.text.lower() in KEYWORDS or follows.text.lower() in SEGMENTS):
            return True
        likely = suggestion(word, MNEMONICS)
        if follows.kind is Kind.END and not likely:
            return True
        raise Trouble(
            f"there is no instruction '{token.text}'",
            token.column,
            token=token.text,
            expected=likely + (" (a label alone on a line needs a colon)" if follows.kind is Kind.END else "")
            or "an instruction, a directive, or a label with a colon",
        )

    def _label(self, cursor: Cursor, statement: st.Statement) -> None:
        token = cursor.advance()
        cursor.take(":")
        name = full_name(token.text, self.parent)
        if cursor.word == "equ":
            cursor.advance()
            statement.body = st.Equ(token, name, self._expression(cursor))
            return
        if not token.text.startswith("."):
            self.parent = name
        statement.label, statement.name, statement.parent = token, name, self.parent

    def _expression(self, cursor: Cursor) -> Node:
        return ExpressionParser(cursor).parse()

    def _body(self, cursor: Cursor, depth: int = 0) -> st.Body | None:
        word = cursor.word
        if word == "times":
            if depth >= DEEPEST_TIMES:
                raise Trouble("times inside times inside times", cursor.token.column, expected="multiply the counts")
            cursor.advance()
            count = self._expression(cursor)
            inner = self._body(cursor, depth + 1)
            if inner is None:
                raise cursor.trouble("what to repeat")
            return st.Times(count, inner)
        if word in WIDTHS:
            return self._data(cursor)
        if word in RESERVES:
            cursor.advance()
            return st.Reserve(RESERVES[word], self._expression(cursor))
        if word in DIRECTIVES:
            return self._directive(cursor, word)
        return self._instruction(cursor)

    def _data(self, cursor: Cursor) -> st.Data:
        width = WIDTHS[cursor.advance().text.lower()]
        items: list[tuple[Token, Node | bytes]] = []
        while True:
            token, follows = cursor.token, cursor.peek()
            if token.kind is Kind.STRING and (
                follows.kind is Kind.END or follows.text == "," and follows.kind is Kind.SYMBOL
            ):
                items.append((cursor.advance(), token.data))
            else:
                items.append((token, self._expression(cursor)))
            if not cursor.take(",") or cursor.ended:
                return st.Data(width, tuple(items))

    def _directive(self, cursor: Cursor, word: str) -> st.Body | None:
        token = cursor.advance()
        if word in ("section", "segment"):
            return self._section(cursor)
        if word in ("use16", "use32", "use64"):
            self.bits = int(word[3:])
        elif word == "bits":
            number = cursor.advance()
            if number.number not in (16, 32, 64):
                raise Trouble(
                    "there is no such mode", number.column, expected="bits 16, bits 32 or bits 64", token=number.text
                )
            self.bits = number.number
        elif word == "default":
            if cursor.word not in ("rel", "abs"):
                raise cursor.trouble("rel or abs")
            self.relative = cursor.advance().text.lower() == "rel"
        elif word == "org":
            return st.Origin(self._expression(cursor))
        elif word in ("align", "alignb"):
            boundary = self._expression(cursor)
            inner = self._body(cursor) if cursor.take(",") else None
            zeros = st.Data(1, ((token, b"\0"),)) if word == "alignb" else None
            return st.Align(boundary, inner or zeros, token)
        elif word in ("global", "cpu"):
            while not cursor.ended and cursor.token.text != "]":
                cursor.advance()
        else:
            raise Trouble(
                f"'{token.text}' is not a directive that can stand here",
                token.column,
                token=token.text,
                expected=suggestion(word, DIRECTIVES),
            )
        return None

    def _section(self, cursor: Cursor) -> st.EnterSection:
        token = cursor.token
        if token.kind is not Kind.NAME:
            raise cursor.trouble("the name of a section")
        cursor.advance()
        options: dict[str, str] = {}
        while cursor.token.kind is Kind.NAME:
            option = cursor.advance()
            key = option.text.lower()
            if key in ("start", "vstart", "align"):
                cursor.demand("=", f"'=' after {key}")
                options[key] = str(self._option(cursor))
            elif key in ("progbits", "nobits", "exec", "noexec", "write", "nowrite"):
                options[key] = ""
            else:
                raise Trouble(
                    f"unknown section option '{option.text}'",
                    option.column,
                    token=option.text,
                    expected="start=, vstart=, align=, progbits or nobits",
                )
        return st.EnterSection(token.text, options, token)

    def _option(self, cursor: Cursor) -> int:
        token = cursor.advance()
        if token.kind is not Kind.NUMBER:
            raise Trouble("a section option takes a number", token.column, token=token.text)
        return token.number

    def _instruction(self, cursor: Cursor) -> st.Body:
        prefixes: list[str] = []
        while (cursor.word in PREFIXES or cursor.word in SEGMENTS) and len(prefixes) < 8:
            prefixes.append(cursor.advance().text.lower())
        token = cursor.token
        mnemonic = cursor.word
        if cursor.ended and prefixes:
            raise cursor.trouble("an instruction after the prefix")
        if mnemonic not in MNEMONICS or token.kind is not Kind.NAME:
            raise Trouble(
                f"there is no instruction '{token.text}'",
                token.column,
                token=token.text,
                expected=suggestion(mnemonic, MNEMONICS) or "an instruction or a directive",
            )
        cursor.advance()
        operands: list[Operand] = []
        while not cursor.ended:
            if operands:
                cursor.demand(",", "',' or the end of the line")
            operands.append(parse_operand(cursor))
            if len(operands) > 4:
                raise Trouble("too many operands", cursor.token.column)
        return st.Instruction(mnemonic, token, tuple(operands), tuple(prefixes), self.bits, self.relative)
