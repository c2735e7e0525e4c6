"""Multi-line macros: their headers, the choice among those of one name, and the parameters of a call.

`%macro NAME 2`, `1-3`, `1-*`, `2+` (the last parameter takes the rest) and defaults are understood. In a body %1 is
a parameter, %0 their number, %%x a label of this call alone, %{1} the same as %1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from vmviz.asm.source import SourceLine, Trouble

HEADER = re.compile(r"\s*([A-Za-z_.?@$][\w.?@$#~]*)\s+(\d+)(?:-(\d+|\*))?(\+)?(\.nolist)?(?:\s+(.*))?$", re.DOTALL)
PART = re.compile(
    r"""('[^']*'|"[^"]*"|`(?:\\.|[^`\\])*`)|(;.*)|%%([A-Za-z_.?@][\w.?@$#~]*)|%(\d+)|%\{(\d+)\}""", re.DOTALL
)
SEPARATOR = re.compile(r"""'[^']*'|"[^"]*"|`(?:\\.|[^`\\])*`|;.*|[{},]""", re.DOTALL)
MOST_PARAMETERS = 1_000


@dataclass(slots=True)
class Macro:
    """A multi-line macro; `most` is None for any number of parameters."""

    name: str
    least: int
    most: int | None
    greedy: bool
    defaults: list[str]
    fold: bool
    body: list[SourceLine] = field(default_factory=list)


@dataclass(slots=True)
class Call:
    """One call of a macro; `number` makes its own labels."""

    macro: Macro
    arguments: list[str]
    number: int
    first: int = 0

    def rotate(self, by: int) -> None:
        if self.arguments:
            self.first = (self.first + by) % len(self.arguments)

    def substitute(self, text: str) -> str:
        """A line of the body with the parameters in place."""
        return PART.sub(self._part, text) if "%" in text else text

    def _part(self, match: re.Match[str]) -> str:
        if match[3]:
            return f"..@{self.number}.{match[3]}"
        digits = match[4] or match[5]
        if not digits:
            return match[0]
        position = int(digits[:6])
        if position == 0:
            return str(len(self.arguments))
        if position > len(self.arguments):
            return ""
        return self.arguments[(position - 1 + self.first) % len(self.arguments)]


class MacroTable:
    """The macros that are known at this point of the program, by name and number of parameters."""

    def __init__(self) -> None:
        self._macros: dict[str, list[Macro]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._macros or any(macro.fold for macro in self._macros.get(name.lower(), ()))

    def add(self, macro: Macro) -> None:
        key = macro.name.lower() if macro.fold else macro.name
        known = self._macros.setdefault(key, [])
        known[:] = [other for other in known if (other.least, other.most) != (macro.least, macro.most)]
        known.insert(0, macro)

    def find(self, name: str, rest: str) -> tuple[Macro, list[str]]:
        """The macro for a call and its arguments, defaults included."""
        given = split_arguments(rest)
        candidates = self._macros.get(name) or self._macros[name.lower()]
        for macro in candidates:
            if len(given) >= macro.least and (macro.most is None or macro.greedy or len(given) <= macro.most):
                return macro, _completed(macro, given)
        takes = " or ".join(_arity(macro) for macro in candidates)
        raise Trouble(f"{name} got {len(given)} parameters", expected=f"it takes {takes}", token=name)


def _arity(macro: Macro) -> str:
    return (
        str(macro.least)
        if macro.least == macro.most
        else f"{macro.least} to {'any number' if macro.most is None else macro.most}"
    )


def _completed(macro: Macro, given: list[str]) -> list[str]:
    if macro.greedy and macro.most and len(given) > macro.most:
        given = [*given[: macro.most - 1], ",".join(given[macro.most - 1 :])]
    missing = len(given) - macro.least
    given = [*given, *macro.defaults[missing:]] if missing < len(macro.defaults) else given
    return given if macro.most is None else given[: max(macro.most, macro.least)]


def parse_header(text: str, fold: bool) -> Macro:
    """The macro that `%macro text` opens, without its body."""
    header = HEADER.match(text.split(";")[0].rstrip())
    if header is None:
        raise Trouble("%macro needs a name and a number of parameters", expected="%macro NAME 2")
    least = int(header[2][:6])
    most = None if header[3] == "*" else int((header[3] or header[2])[:6])
    defaults = split_arguments(header[6] or "")
    if least > MOST_PARAMETERS or (most or 0) > MOST_PARAMETERS:
        raise Trouble(f"more than {MOST_PARAMETERS} parameters")
    return Macro(header[1], least, most, bool(header[4]), defaults, fold)


def split_arguments(text: str) -> list[str]:
    """The arguments of a call: split at commas outside of strings and braces; braces around an argument go."""
    parts, depth, start, end = [], 0, 0, len(text)
    for match in SEPARATOR.finditer(text):
        mark = match[0]
        if mark[0] == ";":
            end = match.start()
            break
        depth += (mark == "{") - (mark == "}")
        if mark == "," and not depth:
            parts.append(text[start : match.start()])
            start = match.end()
    parts.append(text[start:end])
    stripped = [part.strip() for part in parts]
    if len(stripped) > MOST_PARAMETERS:
        raise Trouble(f"more than {MOST_PARAMETERS} parameters")
    if stripped == [""]:
        return []
    return [part[1:-1] if part.startswith("{") and part.endswith("}") else part for part in stripped]
