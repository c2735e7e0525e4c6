"""What must hold of every recording, for the tests of those: to and fro is exact, a step told is the one recorded."""
from __future__ import annotations

from array import array

from hypothesis import strategies as st

from vmviz.machine.board import Board
from vmviz.machine.journal import Cursor, Journal
from vmviz.machine.memory import PAGE, FlatMemory

ZERO = bytes(PAGE)


def fingerprint(board: Board) -> tuple[bytes, dict[int, bytes]]:
    """All registers of all processors, and every page that is not zero."""
    memory = board.first.memory
    frames = range(memory.frames) if isinstance(memory, FlatMemory) else list(memory.pages)
    pages = {frame: bytes(memory.page(frame) or b"") for frame in frames}
    return board.registers().tobytes(), {frame: page for frame, page in pages.items() if page != ZERO}


def check_to_and_fro(journal: Journal, data: st.DataObject, near: int) -> None:
    """Wherever a cursor goes, back at the start it finds what was there. `near`: steps of a short way."""
    cursor = Cursor(journal)
    start = data.draw(st.integers(0, journal.length))
    cursor.seek(start)
    before = fingerprint(cursor.board)
    for _ in range(data.draw(st.integers(1, 3))):
        cursor.seek(data.draw(st.one_of(st.integers(0, journal.length),
                                        st.integers(max(0, start - near), min(journal.length, start + near)))))
    cursor.seek(start)
    assert fingerprint(cursor.board) == before


def check_telling(journal: Journal, data: st.DataObject) -> None:
    """A step that is told again makes the changes that were recorded, and leaves the state that seeking gives."""
    cursor = Cursor(journal)
    step = data.draw(st.integers(0, journal.length - 1))
    cursor.seek(step)
    told = cursor.tell()
    assert told is not None
    assert (told.number, told.rip, told.processor or 0) == (step, journal.rip(step), journal.who(step) or 0)
    assert array("Q", (value for change in told.changes for value in change)) == array("Q", journal.changes(step))
    after = fingerprint(cursor.board)
    cursor.seek(step)
    cursor.seek(step + 1)
    assert fingerprint(cursor.board) == after
