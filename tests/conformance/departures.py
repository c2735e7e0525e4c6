"""Where Bochs departs from the manual: departures.csv, one row for each thing that it does otherwise.

Of a row, `lines` are the beginnings (separated by " | ") of the lines of NAME.bochs and NAME.expected that differ for
this reason; `section` is the title of the manual's section that supports NAME.expected.
"""
from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

TABLE = Path(__file__).resolve().with_suffix(".csv")


@dataclass(frozen=True)
class Departure:
    """A row of the table."""

    program: str
    lines: str
    bochs: str
    manual: str
    section: str

    def explains(self, line: str) -> bool:
        """Is this one of the lines that differ for this reason?"""
        return line.startswith(tuple(self.lines.split(" | ")))


def departures() -> list[Departure]:
    """The rows."""
    with TABLE.open(newline="") as file:
        return [Departure(**row) for row in csv.DictReader(file)]


def differing_lines(source: Path) -> Iterator[str]:
    """The lines of a program's expected file that Bochs does not print, and those that it prints instead."""
    expected = source.with_suffix(".expected").read_text().splitlines()
    printed = source.with_suffix(".bochs").read_text().splitlines()
    for kind, a, b, c, d in SequenceMatcher(None, expected, printed, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from expected[a:b]
            yield from printed[c:d]
