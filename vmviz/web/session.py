"""One learner at one position of one recording: the moves, and what is sent after them.

Whoever changes a session holds its `lock`; so the commands of a session, the ticks of its play and a takeover by
another socket come one after the other, and frames leave in the order of the positions. What is sent goes through
`send`, which never waits for the client.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from vmviz.recording import Position
from vmviz.recording.positions import START, move_phases, move_steps, nearest
from vmviz.web.frames import Frames
from vmviz.web.shelf import Recorded
from vmviz.web.store import Row

if TYPE_CHECKING:
    from vmviz.web.playing import Play

FAR = 64  # steps; a move over more is sent as a snapshot
Send = Callable[..., None]  # send(sid, event, payload, callback=None)


class Session:
    """Where one learner is."""

    def __init__(self, session_id: str, lesson: str, recorded: Recorded, frames: Frames, send: Send) -> None:
        self.id = session_id
        self.lesson = lesson
        self.recorded = recorded
        self.at = START
        self.awaited: Position | None = None  # where to go when the recording has grown so far
        self.breakpoints: tuple[str, ...] = ()
        self.driving: tuple[Position, ...] = ()  # where a learner who drives is still to be asked, in order
        self.sid: str | None = None  # the socket that has it
        self.playing: Play | None = None
        self.lock = threading.RLock()  # sending may find the client gone and come back here to say so
        self.used = time.monotonic()
        self._frames = frames
        self._send = send

    def row(self) -> Row:
        """What is kept on disk."""
        return Row(self.id, self.lesson, *self.at, " ".join(self.breakpoints))

    def send(self, event: str, payload: Any, callback: Callable[..., None] | None = None) -> None:
        """Send to the socket that has this session, if one has."""
        if self.sid is not None:
            self._send(self.sid, event, payload, callback)

    def stop_playing(self, reason: str) -> None:
        """End the play, if there is one, and say so."""
        if self.playing is not None:
            self.playing.end()
            self.playing = None
            self.send("playing", {"rate": 0, "reason": reason})

    # ---- where moves lead

    def place(self, step: int, phase: int) -> Position:
        """The position that exists nearest to a wished one."""
        return nearest(step, phase, self.recorded.length, self.recorded.phases)

    def moved(self, by: int, unit: str) -> Position:
        """`by` steps or phases from here."""
        move = move_phases if unit == "phase" else move_steps
        return move(self.at, by, self.recorded.length, self.recorded.phases)

    def sought(self, to: str) -> tuple[Position, bool]:
        """Where `run` leads, and whether what it looked for is there."""
        end = Position(self.recorded.length)
        if to == "end":
            return end, True
        if to == "breakpoint":
            addresses = {int(address, 16) for address in self.breakpoints}
            step = self.recorded.next_rip(addresses, self.at.step) if addresses else None
            return (end, False) if step is None else (Position(step), True)
        direction, what = to.split("_")
        places = {"exit": self.recorded.exits, "entry": self.recorded.entries, "stop": self.recorded.stops}[what]
        if direction == "next":
            index = bisect_right(places, self.at)
            return (places[index], True) if index < len(places) else (end, False)
        index = bisect_left(places, self.at) - 1
        return (places[index], True) if index >= 0 else (START, False)

    def next_stop(self) -> Position | None:
        """The first place after this position where a play stops: a stop, or where the learner is to drive."""
        after = [places[index] for places in (self.recorded.stops, self.driving)
                 if (index := bisect_right(places, self.at)) < len(places)]
        return min(after, default=None)

    # ---- going there

    def go(self, to: Position, callback: Callable[..., None] | None = None) -> bool:
        """Be at `to` and send what changed; False when that is where it is already (then nothing is sent)."""
        before, self.at, self.awaited = self.at, to, None
        if before == to:
            return False
        if abs(to.step - before.step) <= FAR:
            self.send("frame", self._frames.frame(self.recorded, before, to), callback)
        else:
            self.send("snapshot", self.snapshot(), callback)
        return True

    def await_place(self, step: int, phase: int) -> None:
        """Be at a wished position, or at the end so far until a recording that grows has come there."""
        self.at = self.place(step, phase)
        self.awaited = Position(step, phase) if step > self.recorded.length and not self.recorded.done else None

    def grown(self, growth: Any) -> None:
        """The recording has more steps: say so, and go where this session waits to be."""
        self.send("recording", growth)
        if self.awaited and not self.recorded.gone and (self.awaited.step < self.recorded.length or self.recorded.done):
            self.go(self.place(*self.awaited))

    def snapshot(self) -> msgspec.Raw:
        """All there is to draw here."""
        return self._frames.snapshot(self.recorded, self.at)
