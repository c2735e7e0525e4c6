"""The passes: statements are emitted again and again until no symbol and no size changes.

The first pass runs while the preprocessor yields lines; names defined further down are unknown in it, jumps to them
are taken to be short, and later passes let them grow. Trouble in a pass counts only when nothing changes any more:
before that addresses are guesses. The number of passes is limited.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vmviz.asm.expressions import UNKNOWN, Value
from vmviz.asm.lexer import Token
from vmviz.asm.parsing import Parser, full_name
from vmviz.asm.preprocessor import Preprocessor
from vmviz.asm.sections import LARGEST_IMAGE, Section, image_of, layout
from vmviz.asm.source import Expanded, SourceLine, Trouble, located, suggestion
from vmviz.asm.statements import LARGEST_SPACE, Equ, Space, Statement

MOST_PASSES = 64
MOST_WORK = 500_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """The bytes of one statement."""

    statement: Statement
    section: Section
    offset: int
    data: bytes


@dataclass(slots=True)
class Symbol:
    """A name, what it stands for and where it was defined."""

    value: Value
    line: Expanded
    label: bool
    defined_in: int


class Passes:
    """The state of one assembly; it is the scope that expressions and statements see."""

    def __init__(self) -> None:
        self.section = Section(".text", align=1)
        self.sections: dict[str, Section] = {".text": self.section}
        self.symbols: dict[str, Symbol] = {}
        self.origin = 0
        self.offset = 0
        self.line_start: int | None = None  # where a repeated line begins: `$` stays there
        self.touched = False
        self.work = 0
        self.number = 1
        self.statement = Statement(Expanded("", SourceLine("", 1, "")))
        self.chunks: list[Chunk] = []
        self.changed = False
        self.trouble: tuple[Trouble, Expanded] | None = None

    def symbol(self, token: Token) -> Value:
        self.touched = True
        known = self.symbols.get(full_name(token.text, self.statement.parent))
        if known is not None:
            return known.value
        if self.number == 1:
            return UNKNOWN
        if self.trouble is not None:
            raise Trouble("another name is not known either")
        raise Trouble(
            f"nothing is called '{token.text}'",
            token.column,
            token=token.text,
            expected=self._near(token.text) or "a label, or a name defined with equ",
        )

    def _near(self, word: str) -> str:
        if word.startswith("."):
            prefix = self.statement.parent
            locals_here = [name.removeprefix(prefix) for name in self.symbols if name.startswith(prefix + ".")]
            return suggestion(word, locals_here)
        names = [name for name in self.symbols if not name.startswith("..@")]
        folded = next((name for name in names if name.lower() == word.lower()), "")
        return f"did you mean {folded}?" if folded else suggestion(word, names)

    def here(self) -> Value:
        self.touched = True
        return Value(self.offset if self.line_start is None else self.line_start, ((self.section, 1),))

    def section_start(self) -> Value:
        self.touched = True
        return Value(0, ((self.section, 1),))

    def define(self, token: Token, name: str, value: Value, *, label: bool) -> None:
        known = self.symbols.get(name)
        if known is None:
            if self.number > 1:
                self.changed = True
            self.symbols[name] = Symbol(value, self.statement.line, label, self.number)
            return
        if known.defined_in == self.number:
            if known.value == value and not label:
                return
            first = known.line.origin
            raise Trouble(
                f"'{token.text}' is defined twice",
                token.column,
                token=token.text,
                expected=f"it was defined in line {first.number} of {first.file}",
            )
        if known.value != value:
            self.changed = True
        known.value, known.defined_in = value, self.number

    def enter_section(self, name: str, options: dict[str, str], token: Token) -> None:
        section = self.sections.get(name)
        if section is None:
            nobits = name == ".bss" and "progbits" not in options or "nobits" in options
            section = self.sections[name] = Section(name, nobits)
            if len(self.sections) > 256:
                raise Trouble("more than 256 sections", token.column)
        if "start" in options:
            section.start = int(options["start"])
        if "vstart" in options:
            section.vstart = int(options["vstart"])
        if "align" in options:
            section.align = max(1, int(options["align"]))
        self.section.size, self.section = self.offset, section
        self.offset = section.size

    def set_origin(self, value: int) -> None:
        if not 0 <= value < 1 << 32:
            raise Trouble("the origin must be an address below 4 GiB", expected="org 0x100000")
        self.origin = value

    def run(self, statement: Statement) -> None:
        """Emits one statement in this pass."""
        self.statement = statement
        self.work += 1
        if self.work > MOST_WORK:
            raise Trouble("the program takes too long to assemble", expected="fewer lines, or fewer forward references")
        if statement.label is not None:
            self.define(statement.label, statement.name, Value(self.offset, ((self.section, 1),)), label=True)
        if statement.body is None:
            return
        section, offset = self.section, self.offset
        try:
            result = statement.body.emit(self)
        except Trouble as trouble:
            if self.number == 1 and isinstance(statement.body, Equ) and statement.body.name not in self.symbols:
                self.symbols[statement.body.name] = Symbol(UNKNOWN, statement.line, False, self.number)
            self.trouble = self.trouble or (trouble, statement.line)
            self.offset += statement.size
            return
        size = result.size if isinstance(result, Space) else len(result)
        self.changed = self.changed or (size != statement.size and self.number > 1)
        statement.size = size
        if size:
            self.offset = offset + size
            if self.offset > (LARGEST_SPACE if section.nobits else LARGEST_IMAGE):
                raise Trouble(f"the program is larger than {LARGEST_IMAGE} bytes", expected="fewer or smaller tables")
            if not isinstance(result, Space):
                self.chunks.append(Chunk(statement, section, offset, result))

    def begin(self, number: int) -> None:
        self.number, self.changed, self.trouble, self.chunks = number, False, None, []
        self.section, self.offset = self.sections[".text"], 0
        for section in self.sections.values():
            section.size = 0

    def end(self) -> None:
        """Closes a pass: sections get their places."""
        self.section.size = self.offset
        before = [section.address for section in self.sections.values()]
        try:
            layout(list(self.sections.values()), self.origin)
        except Trouble as trouble:
            self.trouble = self.trouble or (trouble, self.statement.line)
        self.changed = self.changed or before != [section.address for section in self.sections.values()]


def assemble_passes(text: str, name: str, include: Callable[[str], str | None]) -> Passes:
    """All passes over a program; the last one's symbols and chunks are the result."""
    passes, parser = Passes(), Parser()
    statements: list[Statement] = []
    for line in Preprocessor(include, passes).lines(text, name):
        try:
            statement = parser.statement(line)
            passes.run(statement)
        except Trouble as trouble:
            raise located(trouble, line) from None
        if statement.label is not None or statement.body is not None:
            statements.append(statement)
    passes.end()
    for number in range(2, MOST_PASSES):
        settled = number > 2 and not passes.changed
        if settled:
            break
        passes.begin(number)
        for statement in statements:
            try:
                passes.run(statement)
            except Trouble as trouble:
                raise located(trouble, statement.line) from None
        passes.end()
    else:
        passes.trouble = passes.trouble or (
            Trouble("sizes and addresses never settle", expected="a size here depends on itself"),
            passes.statement.line,
        )
    _refuse_trouble(passes)
    return passes


def _refuse_trouble(passes: Passes) -> None:
    if passes.trouble is not None:
        raise located(*passes.trouble)
    for symbol in passes.symbols.values():
        if symbol.value.unknown:
            raise located(Trouble("this value depends on itself", expected="a number or a label"), symbol.line)


def flat_image(passes: Passes) -> bytes:
    """The image from the origin on."""
    whole: dict[Section, bytearray] = {
        section: bytearray(section.size) for section in passes.sections.values() if not section.nobits
    }
    for chunk in passes.chunks:
        whole[chunk.section][chunk.offset : chunk.offset + len(chunk.data)] = chunk.data
    try:
        return image_of([(section, bytes(data)) for section, data in whole.items()], passes.origin)
    except Trouble as trouble:
        raise located(trouble, passes.statement.line) from None
