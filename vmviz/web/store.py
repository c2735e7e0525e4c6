"""Sessions on disk: one SQLite file, so that a restarted server finds every learner where they were.

A row is small and written late: `put` notes it, `flush` writes all that were noted in one transaction, and the server
flushes at most once a second. After a crash a session is at most that far behind. Write-ahead logging, so that what
was committed survives a killed process. Safe to use from several threads.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path
from typing import NamedTuple

from vmviz.errors import VmvizError

DAY = 86_400
SCHEMA = """
CREATE TABLE IF NOT EXISTS session (
    id TEXT PRIMARY KEY, lesson TEXT NOT NULL, step INTEGER NOT NULL, phase INTEGER NOT NULL,
    breakpoints TEXT NOT NULL, used INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS session_used ON session (used);
"""


class Row(NamedTuple):
    """What is kept of a session."""

    id: str
    lesson: str
    step: int
    phase: int
    breakpoints: str  # addresses with a space between


class Store:
    """The session database."""

    def __init__(self, path: Path) -> None:
        """Open or make the file; VmvizError when that is not possible."""
        self.path = path
        self._noted: dict[str, Row] = {}
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise VmvizError(f"The session database {path} cannot be opened ({error}). "
                             "Set VMVIZ_SESSIONS to a file that can be written.") from error

    def get(self, session_id: str) -> Row | None:
        """A session as last noted or written."""
        with self._lock:
            if session_id in self._noted:
                return self._noted[session_id]
            found = self._db.execute("SELECT id, lesson, step, phase, breakpoints FROM session WHERE id = ?",
                                     (session_id,)).fetchone()
        return Row(*found) if found else None

    def put(self, row: Row) -> None:
        """Note a session, to be written by the next flush."""
        with self._lock:
            self._noted[row.id] = row

    def flush(self, wait: float = -1) -> None:
        """Write what was noted; gives up when another flush holds on for `wait` seconds (-1: never)."""
        if not self._noted or not self._lock.acquire(timeout=wait):
            return
        try:
            rows, self._noted = self._noted, {}
            now = int(time.time())
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?, ?)",
                                     [(*row, now) for row in rows.values()])
                self._db.execute("COMMIT")
            except sqlite3.Error:
                self._noted = rows
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        finally:
            self._lock.release()

    def forget_older_than(self, days: int) -> int:
        """Drop the sessions that nobody has used for so long; how many."""
        with self._lock:
            return self._db.execute("DELETE FROM session WHERE used < ?", (int(time.time()) - days * DAY,)).rowcount

    def close(self) -> None:
        """Write what was noted and let go of the file."""
        self.flush()
        with self._lock:
            self._db.close()

    def check(self) -> None:
        """Raise sqlite3.Error when the database cannot be read."""
        with self._lock:
            self._db.execute("SELECT 1 FROM session LIMIT 1").fetchone()
