"""Where text came from, and trouble with it before anybody knows the place.

A `SourceLine` is a line a person wrote. Macros and includes make an `Expanded` of it, which remembers
the written line so that an error always points at something the person can see. Inside the assembler errors are
`Trouble`, with a column in the expanded text; `located()` turns them into a ProgramError at the written line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from vmviz.errors import ProgramError

LONGEST_WORD = 40
MOST_WORDS = 5_000


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line as written; `number` counts from 1."""

    file: str
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Expanded:
    """One line after macros; `origin` is the written line of the outermost file, `macro` names what made it, if any."""

    text: str
    origin: SourceLine
    macro: str = ""


class Trouble(Exception):
    """Something is wrong at `column` (from 1; 0 when unknown) of the text being read; `token` is the offending word."""

    def __init__(self, message: str, column: int = 0, *, expected: str = "", token: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.expected = expected
        self.token = token


def located(trouble: Trouble, line: Expanded) -> ProgramError:
    """The error as a person sees it: at the written line, under the offending word where that can be found."""
    written = line.origin.text
    column = trouble.column
    if written != line.text:
        column = written.find(trouble.token) + 1 if trouble.token else 0
    if not column:
        column = len(written) - len(written.lstrip()) + 1
    message = f"{trouble.message} (in macro {line.macro}: {line.text.strip()[:100]})" if line.macro else trouble.message
    return ProgramError(
        message,
        file=line.origin.file,
        line=line.origin.number,
        column=min(column, len(written) + 1),
        text=written,
        expected=trouble.expected,
    )


def suggestion(word: str, known: Iterable[str]) -> str:
    """'did you mean X?' or nothing; long words and long lists are not compared."""
    if len(word) > LONGEST_WORD:
        return ""
    close = difflib.get_close_matches(word, list(islice(known, MOST_WORDS)), n=1, cutoff=0.7)
    return f"did you mean {close[0]}?" if close else ""
