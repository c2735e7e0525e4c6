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
from vmviz.web import forks
from vmviz.web.frames import Frames
from vmviz.web.learners_recording import LearnersRecording, put_away
from vmviz.web.metrics import Metrics
from vmviz.web.playing import Play
from vmviz.web.programs import Programs
from vmviz.web.seeds import remembered, variant_of
from vmviz.web.session import Session
from vmviz.web.sessions import Sessions
from vmviz.web.settings import Settings
from vmviz.web.shelf import Recorded, Shelf
from vmviz.web.wire import shown

log = logging.getLogger(__name__)
Ack = dict[str, Any]
MOST_HITS, LONGEST_SEARCHED = 200, 100_000  # of breakpoints, for the timeline
LONGEST_LOOK = 4096  # bytes of memory in one `inspect`


class Conversation:
    """Everything that sockets may ask."""

    def __init__(self, shelf: Shelf, frames: Frames, sessions: Sessions, settings: Settings, metrics: Metrics,
                 spawn: Callable[..., object], programs: Programs) -> None:
        """`spawn(function)` runs a function as a task of its own."""
        self.shelf = shelf
        self.programs = programs
        self.frames = frames
        self.sessions = sessions
        self.settings = settings
        self.metrics = metrics
        self.spawn = spawn
        self._does: dict[type, Callable[[Session, Any], Ack]] = {
            c.Step: self._step, c.Seek: self._seek, c.Run: self._run, c.Play: self._play, c.Pause: self._pause,
            c.Breakpoints: self._breakpoints, c.Inspect: self._inspect, c.LastChange: self._last_change,
            c.Answer: self._answer, c.Drive: self._drive,
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
        if isinstance(command, c.Open):
            return self._open(sid, command)
        session = self.sessions.of(sid)
        if isinstance(command, c.Fork):
            return self._fork(sid, session, command)
        with session.lock:
            if session.sid != sid:
                raise _taken()
            if session.recorded.gone:
                raise put_away()
            session.used = time.monotonic()
            ack = self._does[type(command)](session, command)
            self.sessions.note(session)
        return ack

    # ---- commands

    def _open(self, sid: str, command: c.Open) -> Ack:
        wished = command.at.whole() if command.at else None
        name, recorded = self._sought(command, wished[0] if wished else 0)
        return self._show(sid, self.sessions.open(command.session, name, recorded), name, recorded, wished)

    def _fork(self, sid: str, session: Session, command: c.Fork) -> Ack:
        with session.lock:
            if session.sid != sid:
                raise _taken()
            at = session.at
            forked = forks.fork(session, command.changes, self.shelf, self.programs)
            return self._show(sid, session, forked.name, forked, at)

    def _show(self, sid: str, session: Session, name: str, recorded: Recorded, wished: tuple[int, int] | None) -> Ack:
        """Let a session look at a recording from now on, and tell its socket all about it."""
        with session.lock:
            before = session.recorded, self.sessions.looked_at_by(sid)
            self.sessions.take(session, sid, name, recorded)
            if wished is not None:
                session.await_place(*wished)
            self.sessions.note(session)
            for other in before:
                if isinstance(other, LearnersRecording) and other is not recorded:
                    self.programs.left(other)
            growth = recorded.growth() if isinstance(recorded, LearnersRecording) else {
                "length": recorded.length, "done": True}
            return {"session": session.id, "length": recorded.length, "position": session.at.to_wire(),
                    "snapshot": session.snapshot(), "outline": self.frames.outline(recorded),
                    "listing": self.frames.listing(recorded), "breakpoints": list(session.breakpoints),
                    "hits": _hits(session), "recording": growth}

    def _sought(self, command: c.Open, step: int) -> tuple[str, Recorded]:
        """What an `open` wants to look at, with the name under which a session remembers it; `step`: where."""
        if command.trace is not UNSET:
            raise _not_available("trace")
        if isinstance(command.program, c.Program):
            program = self.programs.open(command.program, step)
            return program.name, program
        if command.lesson is UNSET:
            raise ProtocolError("bad_arguments", "open: takes a lesson or a program.", reason="no lesson")
        lesson = str(command.lesson)
        try:
            variant = variant_of(command.seed, self.shelf.variants(lesson))
            return remembered(lesson, variant), self.shelf.recording(lesson, variant)
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
        return {"set": list(session.breakpoints), "hits": _hits(session)}

    def _answer(self, session: Session, command: c.Answer) -> Ack:
        for question in session.recorded.questions:
            if question.id == command.question:
                there = {"answered": question.answered.to_wire()}
                if command.given is UNSET:
                    return {"right": False, "answer": list(question.right), "about": question.about_right, **there}
                right, about = question.grade(command.given)
                return {"right": right, "about": about, **there}
        raise ProtocolError("unknown_question", "The lesson has no such question.", question=shown(command.question))

    def _drive(self, session: Session, command: c.Drive) -> Ack:
        drive = session.recorded.drive
        points = drive.points(command.seed) if drive is not None and command.on else ()
        if command.point is UNSET:
            session.driving = tuple(sorted(point.at for point in points if point.id not in command.answered))
            return {"points": [point.to_wire() for point in points]}
        for point in points:
            if point.id == command.point:
                gave_up = command.given is UNSET
                right, about = point.grade(point.right if gave_up else str(command.given))
                if right:
                    session.driving = tuple(at for at in session.driving if at != point.at)
                return {"right": right and not gave_up, "about": about, "answered": point.answered.to_wire(),
                        **({"answer": point.right} if gave_up else {})}
        raise ProtocolError("unknown_question", "Nothing of that name is asked.", question=shown(command.point))

    def _inspect(self, session: Session, command: c.Inspect) -> Ack:
        if command.what == "instruction":
            return {"what": "instruction", **session.recorded.instruction(session.at)}
        if command.what == "outline":
            return {"what": "outline", "outline": self.frames.outline(session.recorded)}
        scene = session.recorded.scene(*session.at)
        processor = scene.get("acting", 0) if command.processor is UNSET else command.processor
        if str(processor) not in scene["processors"]:
            raise ProtocolError("unknown_slot", "There is no such processor.", slot=f"processor:{processor}")
        if command.what == "tlb":
            return {"what": "tlb", "entries": session.recorded.tlb(session.at, processor)}
        if command.what == "registers":
            return {"what": "registers", "registers": scene["processors"][str(processor)]["registers"]}
        if command.range is None:
            raise ProtocolError("bad_arguments", "inspect: takes a range.", reason="no range")
        address = f"{int(command.range.address, 16):x}"
        if command.what == "translation":
            found = session.recorded.translation(session.at, int(address, 16), command.access, processor)
            return {"what": "translation", **found}
        nothing = ProtocolError("outside_memory", "There is nothing at that address.", address=address)
        if command.what == "vmcs":
            if address not in scene["vmcs"]:
                raise nothing
            return {"what": "vmcs", "address": address, "vmcs": scene["vmcs"][address]}
        length = min(max(c.whole("length", command.range.length), 1), LONGEST_LOOK)
        piece = session.recorded.memory(session.at, int(address, 16), length)
        if piece is None:
            raise nothing
        return {"what": "memory", "address": address, "bytes": piece.hex()}

    def _last_change(self, session: Session, command: c.LastChange) -> Ack:
        try:
            change = session.recorded.last_change(command.slot, session.at, int(command.bits, 16))
        except LookupError:
            raise ProtocolError("unknown_slot", "Nothing has that name.", slot=shown(command.slot)) from None
        return {"found": change is not None, **(change or {})}


def _taken() -> ProtocolError:
    return ProtocolError("taken", "The session has been opened elsewhere; open it again to take it back.")


def _hits(session: Session) -> list[int]:
    """The first positions at which a breakpoint is met; none for a long recording, which would take long to search."""
    recorded = session.recorded
    addresses = [int(address, 16) for address in session.breakpoints]
    found: list[int] = []
    step = -1
    while addresses and recorded.length <= LONGEST_SEARCHED and len(found) < MOST_HITS:
        hit = recorded.next_rip(addresses, step)
        if hit is None:
            break
        found.append(hit)
        step = hit
    return found


def refusal(code: str, params: dict[str, Any], message: str) -> Ack:
    """An ack that says no."""
    return {"ok": False, "error": {"code": code, "params": params, "message": message}}


def _not_available(what: str) -> ProtocolError:
    return ProtocolError("not_available", f"This server has no {what} yet.", what=what)
