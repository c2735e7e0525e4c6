"""The listing of a program: its source, line by line, with what each line became.

Statements written by a macro belong to the line that called it. Files that were included are not listed: their labels
are among the symbols.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec

from vmviz.asm import Program

MOST_BYTES = 16  # shown of one line
MOST_SYMBOLS = 2_000  # of a program that a learner wrote


def listing(source: str, program: Program) -> dict[str, Any]:
    """{lines: [{n, text, address?, bytes?}], symbols: {name: address}} of a program's main file."""
    made: dict[int, tuple[int, bytes]] = {}
    for line in program.lines:
        if line.file == program.name and line.data:
            address, before = made.get(line.number, (line.address, b""))
            made[line.number] = address, before + line.data
    lines: list[dict[str, Any]] = []
    for number, text in enumerate(source.splitlines(), 1):
        row: dict[str, Any] = {"n": number, "text": text}
        if number in made:
            address, data = made[number]
            row |= {"address": f"{address:x}", "bytes": data[:MOST_BYTES].hex()}
        lines.append(row)
    return {"lines": lines, "symbols": {name: f"{address:x}" for name, address in program.symbols.items()}}


def encoded(source: str, program: Program | None) -> bytes:
    """The same as JSON, of any program that somebody wrote: no more symbols than a page can use; empty without one."""
    if program is None:
        return b'{"lines":[],"symbols":{}}'
    listed = listing(source, program)
    listed["symbols"] = dict(islice(listed["symbols"].items(), MOST_SYMBOLS))
    return msgspec.json.encode(listed)
