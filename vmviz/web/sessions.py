"""All sessions that are alive, and the sockets that have them.

A session is found by its id (from memory, else from the session database) and belongs to the socket that opened it
last. A socket pays for each command from a purse that fills at a steady rate. `tend` is called once a second: it
writes down what was noted and lets go of what nobody has used for long.
"""

from __future__ import annotations

import logging
import re
import secrets
import sqlite3
import threading
import time
from typing import Any

from vmviz.errors import ProtocolError
from vmviz.recording.positions import START
from vmviz.web.frames import Frames
from vmviz.web.session import Send, Session
from vmviz.web.settings import Settings
from vmviz.web.shelf import Recorded
from vmviz.web.store import Store

log = logging.getLogger(__name__)
SESSION_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
UNUSED = 600  # seconds until a session without a socket leaves memory (the database keeps it)
SWEEP = 60  # seconds between looks for sessions to let go


class Connection:
    """One socket: the session it has opened, and what it may still send."""

    def __init__(self, at_once: float) -> None:
        self.session: Session | None = None
        self.purse = at_once
        self.filled = time.monotonic()

    def pay(self, settings: Settings) -> None:
        """Pay for one command; ProtocolError when the purse is empty."""
        now = time.monotonic()
        rate = settings.commands_per_second
        self.purse = min(self.purse + (now - self.filled) * rate, settings.commands_at_once)
        self.filled = now
        if self.purse < 1:
            raise ProtocolError("too_fast", "Too many commands; this one was not carried out.", per_second=rate)
        self.purse -= 1


class Sessions:
    """Sessions by id, connections by socket."""

    def __init__(self, store: Store, frames: Frames, settings: Settings, send: Send) -> None:
        self._store = store
        self._frames = frames
        self._settings = settings
        self._send = send
        self._live: dict[str, Session] = {}
        self._connections: dict[str, Connection] = {}
        self._lock = threading.Lock()
        self._swept = time.monotonic()

    # ---- sockets

    def connect(self, sid: str) -> None:
        """A socket has come."""
        self._connections[sid] = Connection(self._settings.commands_at_once)

    def disconnect(self, sid: str) -> None:
        """A socket has gone; its session stays for it to come back."""
        connection = self._connections.pop(sid, None)
        session = connection.session if connection else None
        if session is None:
            return
        with session.lock:
            if session.sid == sid:
                session.sid = None
                session.used = time.monotonic()
                session.stop_playing("pause")

    def connection(self, sid: str) -> Connection:
        """A socket's connection."""
        found = self._connections.get(sid)
        if found is None:  # it closed while its message was waiting
            raise ProtocolError("not_open", "The connection is closed.")
        return found

    def of(self, sid: str) -> Session:
        """The session that a socket has opened."""
        session = self.connection(sid).session
        if session is None:
            raise ProtocolError("not_open", "Open a lesson first.")
        return session

    def counts(self) -> tuple[int, int]:
        """How many sockets, how many live sessions."""
        return len(self._connections), len(self._live)

    def looked_at(self, recorded: Recorded) -> bool:
        """Does a socket look at this recording?"""
        return any(session.recorded is recorded and session.sid is not None for session in list(self._live.values()))

    def looked_at_by(self, sid: str) -> Recorded | None:
        """What a socket looks at."""
        session = self.connection(sid).session
        return session.recorded if session and session.sid == sid else None

    def grown(self, recorded: Recorded, growth: dict[str, Any], wait: bool) -> None:
        """Tell all who look at a recording that it has grown; those that are busy just now only if we may `wait`."""
        for session in list(self._live.values()):
            if session.recorded is recorded and session.sid is not None and session.lock.acquire(blocking=wait):
                try:
                    if session.recorded is recorded:
                        session.grown(growth)
                finally:
                    session.lock.release()

    # ---- sessions

    def open(self, wished: Any, lesson: str, recorded: Recorded) -> Session:
        """The session of that id, or a new one when there is none."""
        with self._lock:
            known = wished if isinstance(wished, str) and SESSION_ID.fullmatch(wished) else None
            if known in self._live:
                return self._live[known]
            row = self._store.get(known) if known else None
            if len(self._live) >= self._settings.max_sessions:
                self._let_go(0)
                if len(self._live) >= self._settings.max_sessions:
                    raise ProtocolError("full", "The server has as many sessions as it takes; try again later.")
            session = Session(row.id if row else secrets.token_urlsafe(18), lesson, recorded, self._frames, self._send)
            if row and row.lesson == lesson:
                session.await_place(row.step, row.phase)
                session.breakpoints = tuple(row.breakpoints.split())
            self._live[session.id] = session
            return session

    def take(self, session: Session, sid: str, lesson: str, recorded: Recorded) -> None:
        """Give a session to a socket (its lock is held): whoever had it is told, and it shows this lesson."""
        connection = self.connection(sid)
        session.stop_playing("moved")
        if session.sid not in (None, sid):
            session.send("closed", {"reason": "taken"})
        previous = connection.session
        if previous is not None and previous is not session and previous.sid == sid:
            if previous.playing is not None:
                previous.playing.end()
            previous.sid = previous.playing = None
        connection.session = session
        session.sid = sid
        session.used = time.monotonic()
        if session.lesson != lesson:
            session.at, session.awaited, session.breakpoints = START, None, ()
        if session.recorded is not recorded:
            session.driving = ()
        session.lesson, session.recorded = lesson, recorded
        session.at = session.place(*session.at)
        self._live[session.id] = session  # in case it was let go between `open` and now

    def note(self, session: Session) -> None:
        """Have a session written down soon."""
        self._store.put(session.row())

    def tend(self) -> None:
        """Write what was noted; now and then let go of what nobody uses."""
        try:
            self._store.flush()
            if time.monotonic() - self._swept > SWEEP:
                self._swept = time.monotonic()
                with self._lock:
                    self._let_go(UNUSED)
                self._close_idle()
                self._store.forget_older_than(self._settings.session_days)
        except sqlite3.Error as error:
            log.error("sessions cannot be written to %s: %s", self._store.path, error)

    def _let_go(self, unused: float) -> None:
        limit = time.monotonic() - unused
        for session in [s for s in list(self._live.values()) if s.sid is None and s.used <= limit]:
            del self._live[session.id]

    def _close_idle(self) -> None:
        limit = time.monotonic() - 60 * self._settings.idle_minutes
        for session in [s for s in list(self._live.values()) if s.sid is not None and s.used <= limit]:
            with session.lock:
                session.stop_playing("pause")
                session.send("closed", {"reason": "idle"})
                session.sid = None
