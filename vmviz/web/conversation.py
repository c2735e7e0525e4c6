"""What the server answers to a command: the one home of the protocol's behaviour.

`Conversation.answer` takes a socket's id and a message as it came and gives the ack, whatever the message was. It
knows sockets only by their ids and sends through the function it was given; nothing of Socket.IO or Flask is here.
Commands of a session are carried out under its lock, in the order in which its socket delivers them.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from typing import Any

from msgspec import UNSET

from vmviz.errors import LessonError, ProtocolError
from vmviz.web import commands as c
from vmviz.web.frames import Frames
from vmviz.web.metrics import Metrics
from vmviz.web.playing import Play
from vmviz.web.session import Session
from vmviz.web.sessions import Sessions
from vmviz.web.settings import Settings
from vmviz.web.shelf import Recorded, Shelf
from vmviz.web.wire import shown

log = logging.getLogger(__name__)
Ack = dict[str, Any]
LONGEST_LOOK = 4096  # bytes of memory in one `inspect`


class Conversation:
    """Everything that sockets may ask."""

    def __init__(self, shelf: Shelf, frames: Frames, sessions: Sessions, settings: Settings, metrics: Metrics,
                 spawn: Callable[..., object]) -> None:
        """`spawn(function)` runs a function as a task of its own."""
        self.shelf = shelf
        self.frames = frames
        self.sessions = sessions
        self.settings = settings
        self.metrics = metrics
        self.spawn = spawn
        self._does: dict[type, Callable[[Session, Any], Ack]] = {
            c.Step: self._step, c.Seek: self._seek, c.Run: self._run, c.Play: self._play, c.Pause: self._pause,
            c.Breakpoints: self._breakpoints, c.Inspect: self._inspect, c.LastChange: self._last_change,
        }

    def answer(self, sid: str, name: Any, arguments: tuple[Any, ...]) -> Ack:
        """The ack of a message; the frames that it causes have been sent by then."""
        began = time.perf_counter()
        code = "ok"
        try:
            self.sessions.connection(sid).pay(self.settings)
            ack = {"ok": True, **self._carry_out(sid, c.parse(name, arguments))}
        except ProtocolError as error:
            code = error.code
            named = {"command": name} if code == "bad_arguments" else {}
            ack = refusal(code, {**named, **error.params}, str(error))
        except LessonError as error:
            code = "lesson_broken"
            log.error("a lesson does not do what it says: %s", error)
            ack = refusal(code, {}, "The lesson does not do what it says; the server's log says what.")
        except Exception:
            code = "internal"
            log.exception("command %s failed", shown(name))
            ack = refusal(code, {}, "This is a bug; the server's log has it.")
        known = name if isinstance(name, str) and name in c.COMMANDS else "unknown"
        self.metrics.command(known, code, time.perf_counter() - began)
        return ack

    def _carry_out(self, sid: str, command: c.Command) -> Ack:
        if isinstance(command, c.Answer | c.Fork):
            raise _not_available(type(command).__name__.lower())
        if isinstance(command, c.Open):
            return self._open(sid, command)
        session = self.sessions.of(sid)
        with session.lock:
            if session.sid != sid:
                raise ProtocolError("taken", "The session has been opened elsewhere; open it again to take it back.")
            session.used = time.monotonic()
            ack = self._does[type(command)](session, command)
            self.sessions.note(session)
        return ack

    # ---- commands

    def _open(self, sid: str, command: c.Open) -> Ack:
        for what in ("program", "trace"):
            if getattr(command, what) is not UNSET:
                raise _not_available(what)
        if command.lesson is UNSET:
            raise ProtocolError("bad_arguments", "open: takes a lesson.", reason="no lesson")
        lesson = str(command.lesson)
        wished = command.at.whole() if command.at else None
        recorded = self.recording(lesson)
        session = self.sessions.open(command.session, lesson, recorded)
        with session.lock:
            self.sessions.take(session, sid, lesson, recorded)
            if wished is not None:
                session.at = session.place(*wished)
            self.sessions.note(session)
            return {"session": session.id, "length": recorded.length, "position": session.at.to_wire(),
                    "snapshot": session.snapshot(), "outline": self.frames.outline(recorded),
                    "listing": self.frames.listing(recorded), "breakpoints": list(session.breakpoints)}

    def recording(self, lesson: str) -> Recorded:
        """The recording of a lesson; ProtocolError when there is no such lesson."""
        try:
            return self.shelf.recording(lesson)
        except KeyError:
            raise ProtocolError("unknown_lesson", "There is no lesson of that name.", lesson=shown(lesson)) from None

    def _step(self, session: Session, command: c.Step) -> Ack:
        by = c.whole("by", command.by)
        session.stop_playing("moved")
        session.go(session.moved(by, command.unit))
        return {"position": session.at.to_wire()}

    def _seek(self, session: Session, command: c.Seek) -> Ack:
        step, phase = command.whole()
        session.stop_playing("moved")
        if not session.go(session.place(step, phase)):
            session.send("snapshot", session.snapshot())  # a client that has lost its way asks for where it is
        return {"position": session.at.to_wire()}

    def _run(self, session: Session, command: c.Run) -> Ack:
        session.stop_playing("moved")
        to, found = session.sought(command.to)
        session.go(to)
        return {"position": session.at.to_wire(), "found": found}

    def _play(self, session: Session, command: c.Play) -> Ack:
        if math.isnan(command.rate):
            raise ProtocolError("bad_arguments", "rate must be a number.", reason="rate is not a number")
        if session.playing is not None:
            session.playing.end()
        session.playing = play = Play(session, command.rate, command.unit, self.sessions.note)
        session.send("playing", {"rate": play.rate})
        self.spawn(play.run)
        return {"rate": play.rate}

    def _pause(self, session: Session, command: c.Pause) -> Ack:
        session.stop_playing("pause")
        return {"position": session.at.to_wire()}

    def _breakpoints(self, session: Session, command: c.Breakpoints) -> Ack:
        addresses = {int(address, 16) for address in command.set}
        session.breakpoints = tuple(f"{address:x}" for address in sorted(addresses))
        return {"set": list(session.breakpoints)}

    def _inspect(self, session: Session, command: c.Inspect) -> Ack:
        scene = session.recorded.scene(*session.at)
        if command.what == "registers":
            return {"what": "registers", "registers": scene["processors"]["0"]["registers"]}
        if command.range is None:
            raise ProtocolError("bad_arguments", "inspect: takes a range.", reason="no range")
        address = f"{int(command.range.address, 16):x}"
        nothing = ProtocolError("outside_memory", "There is nothing at that address.", address=address)
        if command.what == "vmcs":
            if address not in scene["vmcs"]:
                raise nothing
            return {"what": "vmcs", "address": address, "vmcs": scene["vmcs"][address]}
        length = min(max(c.whole("length", command.range.length), 1), LONGEST_LOOK)
        found = session.recorded.memory(session.at, int(address, 16), length)
        if found is None:
            raise nothing
        return {"what": "memory", "address": address, "bytes": found.hex()}

    def _last_change(self, session: Session, command: c.LastChange) -> Ack:
        try:
            change = session.recorded.last_change(command.slot, session.at)
        except LookupError:
            raise ProtocolError("unknown_slot", "Nothing has that name.", slot=shown(command.slot)) from None
        return {"found": change is not None, **(change or {})}


def refusal(code: str, params: dict[str, Any], message: str) -> Ack:
    """An ack that says no."""
    return {"ok": False, "error": {"code": code, "params": params, "message": message}}


def _not_available(what: str) -> ProtocolError:
    return ProtocolError("not_available", f"This server has no {what} yet.", what=what)
