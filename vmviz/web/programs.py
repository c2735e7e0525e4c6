"""Programs that learners write: recorded by workers, shared by all who send the same, kept under a limit in bytes.

`Programs.open` gives a `LearnersRecording` as soon as there is something to look at. What was used last is kept; what
is put away says so and is recorded again when opened.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec import UNSET

from vmviz.errors import ProtocolError, VmvizError
from vmviz.machine import models
from vmviz.machine.signals import Arrival
from vmviz.recording.messages import Ended, Job
from vmviz.recording.sources import ProgramSource, digest
from vmviz.web.commands import Program
from vmviz.web.learners_recording import Aside, LearnersRecording
from vmviz.web.settings import Settings
from vmviz.web.shelf import Base
from vmviz.web.wire import shown
from vmviz.web.workers import Workers

LARGEST_PROGRAM = 48 * 1024     # bytes of a source or of an image's base64: with escapes a message has room for 64 KiB
SHORT = 0.05                    # seconds more, for a program that is nearly done
PATIENCE = 6.0                  # seconds that an `open` waits for its program to begin
FOR_PLACE = 2.0                 # seconds that it waits for the step that is wished for; later it comes by itself
ASIDE = 2                       # that may be busy aside at once


class Watch(NamedTuple):
    """What Programs asks and tells of those who look at recordings."""

    looked_at: Callable[[LearnersRecording], bool]
    grown: Callable[[LearnersRecording], None]


class Programs:
    """Learners' recordings by what they are recordings of."""

    def __init__(self, settings: Settings, aside: Aside, limited: Callable[[str], None] = lambda _: None) -> None:
        """`aside` carries out a function in a thread of the system and gives its result."""
        self.settings = settings
        self.aside = aside
        self.turns = threading.Semaphore(ASIDE)
        self.workers = Workers(settings.workers, settings.worker_queue, limited)
        self.watch = Watch(lambda _: False, lambda _: None)
        self._kept: OrderedDict[str, LearnersRecording] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes that are kept, about."""
        return sum(recording.size for recording in list(self._kept.values()))

    def open(self, program: Program, step: int = 0) -> LearnersRecording:
        """The recording of a program, with its first steps up to `step` if they come in time.

        ProtocolError when there is none to be had.
        """
        job = self._job(program)
        name = f"program:{digest(job.source, job.image, job.model, job.processors)}"
        return self._begun(name, lambda: LearnersRecording(name, job, self), step)

    def base(self, recording: LearnersRecording) -> Base:
        """What one of ours is made of, for one that goes on otherwise."""
        job = recording.job
        source = ProgramSource(recording.image, job.model, job.names, job.start, processors=job.processors,
                               outside=tuple(job.outside))
        return Base(source, recording.regions, bytes(recording.listing()))

    def fork(self, base: Base, arrivals: Sequence[Arrival], step: int) -> LearnersRecording:
        """The recording of a program that goes on otherwise from a step, where something arrives; as `open` has it."""
        source, s = base.source, self.settings
        outside = [*source.outside, *arrivals]
        job = Job(None, source.image, source.model, source.processors, s.program_steps, s.program_bytes,
                  s.program_seconds, s.worker_bytes, dict(source.names), source.start, outside)
        name = f"fork:{digest(source.key, [tuple(arrival) for arrival in arrivals])}"
        return self._begun(name, lambda: LearnersRecording(name, job, self, base.regions, base.listing), step)

    def _begun(self, name: str, make: Callable[[], LearnersRecording], step: int) -> LearnersRecording:
        with self._lock:
            recording = self._kept.get(name)
            if recording is None or recording.useless:
                recording = make()
                recording.waiting = 1
                if not self.workers.submit(recording):
                    raise _busy()
                self._kept[name] = recording
            else:
                recording.waiting += 1
            self._kept.move_to_end(name)
        try:
            begun = recording.begun.wait(PATIENCE)
            if begun:
                recording.wait_for(step, FOR_PLACE)
            recording.ended.wait(SHORT)
        finally:
            recording.waiting -= 1
        if not begun:
            raise _busy()
        if recording.gone:
            raise _refused(recording.end)
        return recording

    def looked_at(self, recording: LearnersRecording) -> bool:
        """Does a socket look at it?"""
        return self.watch.looked_at(recording)

    def grown(self, recording: LearnersRecording) -> None:
        """It has more steps."""
        self._make_room()
        self.watch.grown(recording)

    def ended(self, recording: LearnersRecording) -> None:
        """It grows no more."""
        with self._lock:
            if recording.useless and self._kept.get(recording.name) is recording:
                del self._kept[recording.name]
        self._make_room()
        self.watch.grown(recording)

    def used(self, recording: LearnersRecording) -> None:
        """Somebody looks at it now."""
        with self._lock:
            if self._kept.get(recording.name) is recording:
                self._kept.move_to_end(recording.name)

    def left(self, recording: LearnersRecording) -> None:
        """Somebody looks at something else now: a run that nobody wants is ended."""
        if not recording.done and not recording.wanted():
            self.workers.stop(recording)

    def _make_room(self) -> None:
        """Put away what was used longest ago, what still grows aside."""
        size = self.size
        if size <= self.settings.programs_bytes:
            return
        for name, recording in list(self._kept.items())[:-1]:
            if recording.done:
                size -= recording.size
                with self._lock:
                    if self._kept.get(name) is recording:
                        del self._kept[name]
                recording.put_away()
                if size <= self.settings.programs_bytes:
                    return

    def _job(self, program: Program) -> Job:
        if (program.source is UNSET) == (program.image is UNSET):
            raise ProtocolError("bad_arguments", "open: a program has either a source or an image.",
                                reason="not one of source and image")
        text = program.source if isinstance(program.source, str) else str(program.image)
        try:
            size = len(text.encode())
        except UnicodeEncodeError:
            raise ProtocolError("bad_arguments", "open: a program is text.", reason="not text") from None
        if size > LARGEST_PROGRAM:
            raise ProtocolError("too_large", "The program is larger than a message can carry.", limit=LARGEST_PROGRAM)
        try:
            models.load(program.model)
        except VmvizError as error:
            raise ProtocolError("unknown_model", str(error), model=shown(program.model)) from None
        s = self.settings
        return Job(text if program.image is UNSET else None, b"" if program.image is UNSET else _image(text),
                   program.model, program.processors, s.program_steps, s.program_bytes, s.program_seconds,
                   s.worker_bytes)


def _image(text: str) -> bytes:
    try:
        image = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        image = b""
    if not image:
        raise ProtocolError("bad_arguments", "open: an image is base64 of at least one byte.", reason="no image")
    return image


def _busy() -> ProtocolError:
    return ProtocolError("busy", "All workers are busy; try again in a few seconds.")


def _refused(end: Ended | None) -> ProtocolError:
    """Why there is nothing to look at."""
    if end is None or end.reason == "dropped":
        return _busy()
    if end.reason == "not_assembled":
        return ProtocolError("not_assembled", str(end.params.get("reason", "")), **end.params)
    return ProtocolError("not_recorded", "The program met a limit before its first step.", reason=end.reason)
