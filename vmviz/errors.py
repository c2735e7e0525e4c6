"""What can be wrong with something a person handed to us.

Every error here is about an input: a program, a lesson, a trace or a message. Bugs are other exceptions, and what a
processor refuses (#GP, VMfailInvalid, a failed entry) is a value of the machine, never an exception.
The message of an error says what is wrong and what to do next, in one or two sentences.
"""

from __future__ import annotations

LONGEST_LINE_SHOWN = 160


class VmvizError(Exception):
    """Base of all errors about input; `str()` is fit to show to the person who gave the input."""


class LessonError(VmvizError):
    """A lesson cannot be loaded, or does not do what it says (a stop that never fires).

    `line` and `column` count from 1 and are 0 when the trouble has no place in a file; `remedy` says what to do.
    """

    def __init__(self, message: str, *, file: str = "", line: int = 0, column: int = 0, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        self.remedy = remedy

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return "".join((f"{place}: " if place else "", self.message, f" ({self.remedy})" if self.remedy else ""))


class TraceError(VmvizError):
    """A trace file cannot be read."""


class ProtocolError(VmvizError):
    """A message on the wire is malformed; `code` is the id that travels, `params` fill the sentence."""

    def __init__(self, code: str, message: str = "", **params: object) -> None:
        super().__init__(message or code)
        self.code = code
        self.params = params


class ProgramError(VmvizError):
    """A program cannot be assembled: where (file, line and column count from 1), the line itself, what was expected.

    `line` and `column` are 0 when the trouble has no place in the text (an image that is too large).
    `str()` is one line; `pretty()` adds the line of source and a caret.
    """

    def __init__(self, message: str, *, file: str = "program.asm", line: int = 0, column: int = 0,
                 text: str = "", expected: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        self.text = text
        self.expected = expected

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        hint = f" ({self.expected})" if self.expected else ""
        return f"{place}: {self.message}{hint}"

    def pretty(self) -> str:
        """The message, then the line and a caret under the column; tabs become one space so that the caret fits."""
        if not self.line or not self.text:
            return str(self)
        shown = self.text.expandtabs(1)
        first = max(0, self.column - 1 - LONGEST_LINE_SHOWN // 2) if len(shown) > LONGEST_LINE_SHOWN else 0
        shown = shown[first:first + LONGEST_LINE_SHOWN]
        caret = " " * max(0, self.column - 1 - first) + "^" if self.column else ""
        return "\n".join(part for part in (str(self), "  " + shown, "  " + caret if caret else "") if part)
