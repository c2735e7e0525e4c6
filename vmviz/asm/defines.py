"""Single-line macros: %define, %xdefine, %assign, with or without parameters.

Expansion works on words outside of strings and comments, again and again until nothing changes; a macro is not
expanded inside itself. How much one line may grow is limited.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from vmviz.asm.source import Trouble

PIECE = re.compile(
    r"""('[^']*'|"[^"]*"|`(?:\\.|[^`\\])*`)|(;.*)|([A-Za-z_.?@$][A-Za-z0-9_.?@$#~]*|[0-9][0-9A-Za-z_]*)""", re.DOTALL
)
HEADER = re.compile(r"\s*([A-Za-z_.?@$][A-Za-z0-9_.?@$#~]*)(?:\(([^)]*)\))?\s?(.*)$", re.DOTALL)
MOST_EXPANSIONS = 2_000
LONGEST_BODY = 8_192
LONGEST_EXPANSION = 65_536


@dataclass(frozen=True, slots=True)
class Define:
    """A single-line macro; `parameters` is None when it takes none."""

    parameters: tuple[str, ...] | None
    body: str


@dataclass
class Defines:
    """The single-line macros that are known at this point of the program."""

    known: dict[str, Define] = field(default_factory=lambda: {"__SECT__": Define(None, "[section .text]")})
    folded: dict[str, str] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.known or name.lower() in self.folded

    def define(self, name: str, body: str, parameters: tuple[str, ...] | None = None) -> None:
        if not re.fullmatch(r"[A-Za-z_.?@$][A-Za-z0-9_.?@$#~]*", name):
            raise Trouble(f"'{name[:40]}' cannot be the name of a macro", expected="a name, then its value", token=name)
        if len(body) > LONGEST_BODY:
            raise Trouble(f"the macro is longer than {LONGEST_BODY} characters", token=name)
        self.known[name] = Define(parameters, body)

    def directive(self, name: str, rest: str) -> None:
        """%define, %xdefine, %idefine or %undef with what follows it."""
        header = HEADER.match(_without_comment(rest))
        if header is None:
            raise Trouble(f"%{name} needs a name", expected=f"%{name} NAME value")
        word, arguments, body = header[1], header[2], header[3].strip()
        if name == "undef":
            self.known.pop(word, None)
            return
        if name == "xdefine":
            body = self.expand(body)
        if name == "idefine":
            self.folded[word.lower()] = word
        parameters = None if arguments is None else tuple(part.strip() for part in arguments.split(","))
        self.define(word, body, parameters)

    def expand(self, text: str) -> str:
        """`text` with every single-line macro replaced."""
        if not self.known:
            return text
        return self._expand(text, frozenset(), [0, 0])

    def _expand(self, text: str, inside: frozenset[str], count: list[int]) -> str:
        out: list[str] = []
        at = 0
        while match := PIECE.search(text, at):
            word = match[3]
            out.append(text[at : match.start()])
            at = match.end()
            name = self._name(word) if word else ""
            if not name or name in inside:
                out.append(match[0])
                continue
            count[0] += 1
            count[1] += len(self.known[name].body)
            if count[0] > MOST_EXPANSIONS or count[1] > LONGEST_EXPANSION or len(inside) > 40:
                raise Trouble(
                    "macros make this line too long", expected="does a %define refer to itself twice?", token=word
                )
            define = self.known[name]
            if define.parameters is None:
                out.append(self._expand(define.body, inside | {name}, count))
                continue
            arguments, end = _arguments(text, at)
            if arguments is None or len(arguments) != len(define.parameters):
                out.append(match[0])
                continue
            at = end
            values = dict(zip(define.parameters, arguments, strict=True))
            body = PIECE.sub(
                lambda part, values=values: values.get(part[3], part[0]) if part[3] else part[0],  # type: ignore[misc]
                define.body,
            )
            count[1] += len(body)
            out.append(self._expand(body, inside | {name}, count))
        out.append(text[at:])
        return "".join(out)

    def _name(self, word: str) -> str:
        return word if word in self.known else self.folded.get(word.lower(), "")


def _without_comment(text: str) -> str:
    for match in PIECE.finditer(text):
        if match[2] is not None:
            return text[: match.start()]
    return text


def _arguments(text: str, at: int) -> tuple[list[str] | None, int]:
    """The comma-separated arguments in parentheses at `at`, or None."""
    opening = re.compile(r"\s*\(").match(text, at)
    if opening is None:
        return None, at
    depth, start, parts = 1, opening.end(), []
    for match in re.compile(r"""'[^']*'|"[^"]*"|`[^`]*`|[(),]""").finditer(text, opening.end()):
        mark = match[0]
        depth += (mark == "(") - (mark == ")")
        if not depth or (depth == 1 and mark == ","):
            parts.append(text[start : match.start()].strip())
            start = match.end()
        if not depth:
            return parts, match.end()
    return None, at
