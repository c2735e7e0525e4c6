"""Playing: the server moves a session on by itself, at the rate that was asked for.

A task of its own for each play. Every frame asks the client for an acknowledgement, and no more than two are on their
way: a slow client gets a slower play, never a backlog. It ends at stops and at the end of the recording, and when
the session is told to do something else. The clock here only paces; which positions come is fixed by the recording.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from vmviz.errors import ProtocolError
from vmviz.recording import Position
from vmviz.web.session import Session

SLOWEST, FASTEST = 0.1, 1000.0  # moves a second
FRAMES_A_SECOND = 30.0  # above that a frame covers several moves
ON_THEIR_WAY = 2
PATIENCE = 60.0  # seconds without an acknowledgement until the play gives up


class Play:
    """One play of one session."""

    def __init__(self, session: Session, rate: float, unit: str, moved: Callable[[Session], None]) -> None:
        """`moved` is called with the lock held after each move."""
        self.session = session
        self.rate = min(max(rate, SLOWEST), FASTEST)
        self.unit = unit
        self._moved = moved
        self._ended = threading.Event()
        self._credit = threading.Semaphore(ON_THEIR_WAY)

    def end(self) -> None:
        """Come to an end before the next move."""
        self._ended.set()
        self._credit.release()

    def acknowledged(self, *_: object) -> None:
        """The client has drawn a frame."""
        self._credit.release()

    def run(self) -> None:
        """Move until something ends it; the body of the task."""
        interval = 1 / min(self.rate, FRAMES_A_SECOND)
        due, owed = time.monotonic(), 0.0
        while not self._ended.is_set():
            patient = self._credit.acquire(timeout=PATIENCE)
            wait = due - time.monotonic()
            if wait > 0 and self._ended.wait(wait):
                return
            due = max(due + interval, time.monotonic() - interval)
            owed += self.rate * interval
            with self.session.lock:
                if self._ended.is_set():
                    return
                if not patient:
                    self.session.stop_playing("pause")
                    return
                try:
                    self._advance(int(owed + 1e-6))
                except ProtocolError:   # the recording has been put away
                    self.session.stop_playing("pause")
                    return
            owed -= int(owed + 1e-6)

    def _advance(self, moves: int) -> None:
        session = self.session
        if session.recorded.gone:
            session.stop_playing("pause")
            return
        target, stop = session.moved(moves, self.unit), session.next_stop()
        end = Position(session.recorded.length)
        reason = "end" if target == end and session.recorded.done else None
        if stop is not None and stop <= target:
            target, reason = stop, "stop"
        if session.go(target, self.acknowledged):
            self._moved(session)
        else:
            self._credit.release()  # nothing was sent that could be acknowledged: the recording still grows
        if reason is not None:
            session.stop_playing(reason)
