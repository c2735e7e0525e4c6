"""NASM's preprocessor: includes, conditions, %define, %assign, macros and %rep, as a stream of expanded lines.

The lines come one by one, so that constants the assembler has met (equ) can be used in %if and %assign. A stack of
sources holds what is being read: files, macro bodies, repetitions. All sizes are limited, so that no input can make
it run on. Single-line macros live in `defines.py`, text of macro calls in `macros.py`. What the lines mean is not
known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from vmviz.asm.conditions import holds
from vmviz.asm.defines import Defines
from vmviz.asm.expressions import ExpressionParser, Scope
from vmviz.asm.lexer import Cursor, tokenize
from vmviz.asm.macros import Call, Macro, MacroTable, parse_header
from vmviz.asm.source import Expanded, SourceLine, Trouble, located, suggestion

LARGEST_SOURCE = 1 << 20
MOST_LINES = 100_000
DEEPEST_INCLUDE = 16
DEEPEST_MACRO = 64
MOST_REPEATS = 65_536
LONGEST_LINE = 8_192

DIRECTIVE = re.compile(r"\s*%([A-Za-z]\w*)(.*)$", re.DOTALL)
SECTION = re.compile(r"\s*(?:section|segment)\s+(.*)$", re.IGNORECASE)
LABELLED = re.compile(r"\s*([A-Za-z_.?@$][\w.$#@~?]*)(?:\s*:\s*|\s+)([A-Za-z_.?@][\w.$#@~?]*)(.*)$", re.DOTALL)
CALL = re.compile(r"\s*([A-Za-z_.?@][\w.$#@~?]*)(.*)$", re.DOTALL)
CONDITIONAL = re.compile(r"(el)?if(n?)(def|idni|idn|num|id|str|empty|macro|)$")
NAMES = (
    "include",
    "define",
    "xdefine",
    "idefine",
    "undef",
    "assign",
    "macro",
    "imacro",
    "endmacro",
    "endm",
    "rep",
    "endrep",
    "exitrep",
    "exitmacro",
    "rotate",
    "error",
    "fatal",
    "warning",
    "if",
    "ifdef",
    "ifndef",
    "ifidn",
    "ifidni",
    "ifnum",
    "ifid",
    "ifstr",
    "ifempty",
    "ifmacro",
    "elif",
    "else",
    "endif",
)


@dataclass(slots=True)
class Source:
    """Something being read: a file, a macro's body or a repetition."""

    kind: str
    lines: list[SourceLine]
    name: str
    call: Call | None = None
    origin: SourceLine | None = None
    at: int = 0
    repeats: int = 0
    conditions: int = 0


@dataclass(slots=True)
class Condition:
    """An open %if: `active` while its lines count, `taken` once a branch has been, `outer`: is it read at all?"""

    active: bool
    taken: bool
    outer: bool
    line: Expanded
    seen_else: bool = False


@dataclass
class Preprocessor:
    """`lines(text, name)` yields what the assembler reads. `include` finds a file's text or returns None."""

    include: Callable[[str], str | None]
    scope: Scope
    defines: Defines = field(default_factory=Defines)
    macros: MacroTable = field(default_factory=MacroTable)
    stack: list[Source] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    calls: int = 0

    def lines(self, text: str, name: str) -> Iterator[Expanded]:
        """The expanded lines of a program; errors are ProgramErrors at the line that was written."""
        self.stack = [Source("file", split_lines(text, name), name)]
        read = 0
        while self.stack:
            raw = self._next()
            if raw is None:
                continue
            read += 1
            line = self._in_context(raw)
            try:
                if read > MOST_LINES:
                    raise Trouble(
                        f"the program is longer than {MOST_LINES} lines after macros", expected="fewer repetitions"
                    )
                yield from self._line(line)
            except Trouble as trouble:
                raise located(trouble, line) from None

    def _next(self) -> SourceLine | None:
        source = self.stack[-1]
        if source.at < len(source.lines):
            source.at += 1
            return source.lines[source.at - 1]
        if source.repeats > 1:
            source.repeats -= 1
            source.at = 0
            if not source.lines:
                source.repeats = 0
            return None
        if len(self.conditions) > source.conditions:
            raise located(Trouble("this %if is never closed", expected="%endif"), self.conditions[-1].line)
        self._leave()
        return None

    def _leave(self) -> None:
        source = self.stack.pop()
        del self.conditions[source.conditions :]

    def _in_context(self, raw: SourceLine) -> Expanded:
        """The line with macro parameters in place, and the line of the program that is to blame for it."""
        source = self.stack[-1]
        origin = source.origin or raw
        if source.call is None:
            return Expanded(raw.text, origin)
        return Expanded(source.call.substitute(raw.text), origin, source.call.macro.name)

    def _line(self, line: Expanded) -> Iterator[Expanded]:
        if len(line.text) > LONGEST_LINE:
            raise Trouble(f"the line is longer than {LONGEST_LINE} characters")
        directive = DIRECTIVE.match(line.text) if "%" in line.text else None
        if (
            directive
            and CONDITIONAL.match(directive[1].lower())
            or directive
            and directive[1].lower() in ("else", "endif")
        ):
            self._conditional(directive[1].lower(), directive[2], line)
        elif self.conditions and not self.conditions[-1].active:
            return
        elif directive:
            self._directive(directive[1].lower(), directive[2], line)
        else:
            yield from self._statement(line)

    def _statement(self, line: Expanded) -> Iterator[Expanded]:
        text = self.defines.expand(line.text)
        if len(text) > LONGEST_LINE:
            raise Trouble(f"the line is longer than {LONGEST_LINE} characters after macros")
        call = CALL.match(text)
        if call and call[1] in self.macros:
            self._call(call[1], call[2], line)
            return
        if call and (labelled := LABELLED.match(text)) and labelled[2] in self.macros:
            yield Expanded(f"{labelled[1]}:", line.origin, line.macro)
            self._call(labelled[2], labelled[3], line)
            return
        if section := SECTION.match(text):
            self.defines.define("__SECT__", f"[section {section[1].split(';')[0].strip()}]")
        yield line if text == line.text else Expanded(text, line.origin, line.macro)

    def _call(self, name: str, rest: str, line: Expanded) -> None:
        macro, arguments = self.macros.find(name, rest)
        if sum(source.kind == "macro" for source in self.stack) >= DEEPEST_MACRO:
            raise Trouble(f"macros call each other more than {DEEPEST_MACRO} deep", expected="does one call itself?")
        self.calls += 1
        call = Call(macro, arguments, self.calls)
        self.stack.append(Source("macro", macro.body, name, call, line.origin, conditions=len(self.conditions)))

    def _conditional(self, name: str, rest: str, line: Expanded) -> None:
        if name == "endif":
            self._open_condition("%endif").pop()
            return
        if name == "else":
            current = self._open_condition("%else")[-1]
            if current.seen_else:
                raise Trouble("a second %else", expected="%endif")
            current.seen_else = True
            current.active, current.taken = current.outer and not current.taken, True
            return
        match = CONDITIONAL.match(name)
        assert match is not None
        if match[1]:
            current = self._open_condition("%" + name)[-1]
            current.active = False
            if current.outer and not current.taken:
                current.active = current.taken = self._holds(match, rest)
            return
        outer = not self.conditions or self.conditions[-1].active
        active = outer and self._holds(match, rest)
        self.conditions.append(Condition(active, active, outer, line))

    def _open_condition(self, name: str) -> list[Condition]:
        if len(self.conditions) <= self.stack[-1].conditions:
            raise Trouble(f"{name} without %if", token=name)
        return self.conditions

    def _holds(self, match: re.Match[str], rest: str) -> bool:
        return holds(match[3], rest, self.defines, self.macros, self.number) != bool(match[2])

    def number(self, text: str) -> int:
        """The value of a constant expression; Trouble when it is not constant yet."""
        cursor = Cursor(tokenize(self.defines.expand(text)))
        value = ExpressionParser(cursor).parse().evaluate(self.scope)
        if not cursor.ended:
            raise cursor.trouble("the end of the expression")
        if not value.simple:
            raise Trouble("this must be a constant that is known here", expected="numbers, and names defined above")
        return value.number

    def _directive(self, name: str, rest: str, line: Expanded) -> None:
        action = getattr(self, "_do_" + name, None)
        if name in ("define", "xdefine", "idefine", "undef"):
            self.defines.directive(name, rest)
        elif action is not None:
            action(rest, line)
        elif name not in ("pragma", "line", "warning"):
            raise Trouble(f"unknown directive %{name}", expected=suggestion(name, NAMES), token=name)

    def _do_include(self, rest: str, line: Expanded) -> None:
        name = self.defines.expand(rest.split(";")[0]).strip().strip("\"'<>")
        if sum(source.kind == "file" for source in self.stack) > DEEPEST_INCLUDE:
            raise Trouble(f"files include each other more than {DEEPEST_INCLUDE} deep", token=name)
        text = self.include(name)
        if text is None:
            raise Trouble(f"there is no file {name!r} to include", expected='"vmcs.inc" is always there', token=name)
        self.stack.append(Source("file", split_lines(text, name), name, conditions=len(self.conditions)))

    def _do_assign(self, rest: str, line: Expanded) -> None:
        name, _, value = rest.strip().partition(" ")
        self.defines.define(name, str(self.number(value)))

    def _do_macro(self, rest: str, line: Expanded, fold: bool = False) -> None:
        macro = parse_header(rest, fold)
        macro.body.extend(self._collect(("macro", "imacro"), ("endmacro", "endm"), line))
        self.macros.add(macro)

    def _do_imacro(self, rest: str, line: Expanded) -> None:
        self._do_macro(rest, line, fold=True)

    def _do_rep(self, rest: str, line: Expanded) -> None:
        count = self.number(rest)
        if count > MOST_REPEATS:
            raise Trouble(f"more than {MOST_REPEATS} repetitions", token=rest.strip())
        body = self._collect(("rep",), ("endrep",), line)
        if count > 0 and body:
            outer = self.stack[-1]
            origin = outer.origin
            self.stack.append(
                Source("rep", body, outer.name, outer.call, origin, repeats=count, conditions=len(self.conditions))
            )

    def _collect(self, openers: tuple[str, ...], closers: tuple[str, ...], line: Expanded) -> list[SourceLine]:
        """The raw lines up to the matching closer, in the same source."""
        source, depth, first = self.stack[-1], 1, self.stack[-1].at
        while source.at < len(source.lines):
            directive = DIRECTIVE.match(source.lines[source.at].text)
            source.at += 1
            word = directive[1].lower() if directive else ""
            depth += (word in openers) - (word in closers)
            if not depth:
                return source.lines[first : source.at - 1]
        raise Trouble(f"this %{openers[0]} is never closed", expected="%" + closers[0])

    def _leave_until(self, kind: str) -> None:
        if not any(source.kind == kind for source in self.stack):
            raise Trouble(f"%exit{kind} outside of %{kind}")
        while self.stack[-1].kind != kind:
            self._leave()
        self._leave()

    def _do_exitrep(self, rest: str, line: Expanded) -> None:
        self._leave_until("rep")

    def _do_exitmacro(self, rest: str, line: Expanded) -> None:
        self._leave_until("macro")

    def _do_rotate(self, rest: str, line: Expanded) -> None:
        call = self.stack[-1].call
        if call is None:
            raise Trouble("%rotate outside of a macro")
        call.rotate(self.number(rest))

    def _do_error(self, rest: str, line: Expanded) -> None:
        raise Trouble(self.defines.expand(rest).strip().strip("\"'"))

    _do_fatal = _do_error

    def _do_endmacro(self, rest: str, line: Expanded) -> None:
        raise Trouble("this closes nothing", expected="%macro or %rep before it")

    _do_endm = _do_endrep = _do_endmacro


def split_lines(text: str, name: str) -> list[SourceLine]:
    """The lines of a file; a backslash at the end of a line joins it with the next."""
    if len(text) > LARGEST_SOURCE:
        raise located(
            Trouble(f"{name} is larger than {LARGEST_SOURCE} characters"), Expanded("", SourceLine(name, 1, ""))
        )
    lines: list[SourceLine] = []
    joined, first = "", 0
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\x00", " ").split("\n"), 1):
        first = first or number
        if raw.endswith("\\"):
            joined += raw[:-1]
            continue
        lines.append(SourceLine(name, first, joined + raw))
        joined, first = "", 0
    if joined:
        lines.append(SourceLine(name, first, joined))
    return lines


__all__ = ["Macro", "Preprocessor", "split_lines"]
