"""The recording of a program that a learner wrote: what a worker makes of it, and what a learner sees of it.

It may still grow while it is looked at. All that is costly about it is done `aside`, in a thread of the system, by one
at a time: what a program makes slow is slow for those who look at that program.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from vmviz.errors import ProtocolError
from vmviz.machine.received import Received
from vmviz.recording import Position
from vmviz.recording.asked import Asked, Drives
from vmviz.recording.messages import Begun, Ended, Gained, Job, Message, part_of
from vmviz.recording.recording import Recording
from vmviz.recording.scene import Region

T = TypeVar("T")
Aside = Callable[[Callable[[], Any]], Any]
TOLD_EVERY = 0.2                # seconds between two words about a recording that grows
OVERHEAD = 1 << 20              # bytes of a recording's processor and its tables, about
REFUSED = 1 << 18               # bytes that a refusal counts for: there shall not be too many of them
_numbers = itertools.count()


class Keeper(Protocol):
    """What a recording needs of those who keep it: programs.Programs."""

    aside: Aside
    turns: threading.Semaphore

    def looked_at(self, recording: LearnersRecording) -> bool:
        """Does a socket look at it?"""
        ...

    def used(self, recording: LearnersRecording) -> None:
        """Somebody looks at it now."""
        ...

    def grown(self, recording: LearnersRecording) -> None:
        """It has more steps."""
        ...

    def ended(self, recording: LearnersRecording) -> None:
        """It grows no more."""
        ...


class LearnersRecording:
    """The recording of a learner's program, as the web sees it; and the task that a worker does for it."""

    stops: Sequence[Position] = ()
    questions: Sequence[Asked] = ()
    drive: Drives | None = None

    def __init__(self, name: str, job: Job, keeper: Keeper, regions: Sequence[Region] = (),
                 listing: bytes = b"") -> None:
        """`name` is the same for the same program; `key` is not, for another recording of it may end elsewhere.

        `regions` and `listing` are those of the lesson that it is a fork of.
        """
        self.name, self.job, self.regions = name, job, tuple(regions)
        self.image = b""
        self.key = f"{name}.{next(_numbers)}"
        self.end: Ended | None = None
        self.begun = threading.Event()      # there is something to look at, or it has ended
        self.ended = threading.Event()
        self._awaited: list[tuple[int, threading.Event]] = []   # steps that somebody waits for
        self.waiting = 0                    # how many `open` wait for that
        self._keeper = keeper
        self._told_at = 0.0
        self._turn = threading.Lock()       # of all that goes aside with this recording
        self._recording: Recording | None = None
        self._journal: Received | None = None
        self._listing = listing

    # ---- the worker's side

    def wanted(self) -> bool:
        """Does somebody wait for it or look at it?"""
        return self.waiting > 0 or self._keeper.looked_at(self)

    def wait_for(self, step: int, seconds: float) -> None:
        """Wait until it has that many steps, or grows no more; no longer than that."""
        there = threading.Event()
        self._awaited.append((step, there))
        if self.length < step and not self.done:
            there.wait(seconds)
        self._awaited.remove((step, there))

    def heard(self, message: Message) -> None:
        """What the worker says."""
        if isinstance(message, Begun):
            self._listing = self._listing or message.listing
            with self._turn:
                self.image = message.image
                self._journal = Received(self._keeper.aside(lambda: self.job.begin(message.image)))
                self._recording = Recording(self.key, self._journal, self.regions, done=False)
        elif isinstance(message, Gained):
            with self._turn:
                self._keeper.aside(lambda: self._append(message))
            self.begun.set()
            self._tell_waiting()
            if time.monotonic() - self._told_at > TOLD_EVERY:
                self._told_at = time.monotonic()
                self._keeper.grown(self)
        elif isinstance(message, Ended):
            self.end = message
            with self._turn:
                if self._recording is not None:
                    self._recording.grow(done=True)
            self._keeper.ended(self)
            self.ended.set()
            self.begun.set()
            self._tell_waiting()

    def _tell_waiting(self) -> None:
        for step, there in list(self._awaited):
            if self.done or self.length >= step:
                there.set()

    def _append(self, message: Gained) -> None:
        if self._journal is not None and self._recording is not None:
            self._journal.append(part_of(message))
            self._recording.grow(done=False)

    # ---- the learner's side

    @property
    def done(self) -> bool:
        """Does it grow no more?"""
        return self.end is not None

    @property
    def gone(self) -> bool:
        """Has it been put away, or never begun?"""
        return self._recording is None

    @property
    def useless(self) -> bool:
        """Is it to be recorded again when somebody asks? What cannot be assembled is known once and for all."""
        reason = self.end.reason if self.end else ""
        return reason in ("dropped", "failed") or bool(reason) and self.gone and reason != "not_assembled"

    @property
    def length(self) -> int:
        """Steps that are there so far."""
        recording = self._recording
        return recording.length if recording else 0

    @property
    def exits(self) -> Sequence[Position]:
        """The positions after the VM exits so far."""
        recording = self._recording
        return recording.exits if recording else ()

    @property
    def entries(self) -> Sequence[Position]:
        """The positions after the VM entries so far."""
        recording = self._recording
        return recording.entries if recording else ()

    @property
    def size(self) -> int:
        """Bytes that it holds, about."""
        recording = self._recording
        return OVERHEAD + len(self._listing) + recording.size if recording else REFUSED

    def growth(self) -> dict[str, Any]:
        """How far it is, as it travels."""
        return {"length": self.length, "done": self.done,
                **({"end": {"reason": self.end.reason, **self.end.params}} if self.end else {})}

    def phases(self, step: int) -> int:
        """How many phases a step has."""
        return self._ask(lambda recording: recording.phases(step))

    def scene(self, step: int, phase: int = 0) -> dict[str, Any]:
        """Everything to draw at a position."""
        return self._ask(lambda recording: recording.scene(step, phase))

    def events(self, step: int, phase: int = 0) -> list[dict[str, Any]]:
        """What led to a position."""
        return self._ask(lambda recording: recording.events(step, phase))

    def outline(self) -> dict[str, Any]:
        """What the timeline draws, so far."""
        return self._ask(lambda recording: recording.outline())

    def listing(self) -> Any:
        """The program's source and bytes."""
        return msgspec.Raw(self._listing)

    def next_rip(self, addresses: Iterable[int], after: int) -> int | None:
        """The first step > `after` whose next instruction is at one of the addresses."""
        return self._ask(lambda recording: recording.next_rip(addresses, after))

    def memory(self, at: Position, address: int, length: int) -> bytes | None:
        """Physical memory at a position."""
        return self._ask(lambda recording: recording.memory(at, address, length))

    def translation(self, at: Position, linear: int, access: str, processor: int | None = None) -> dict[str, Any]:
        """How a linear address would be translated at a position."""
        return self._ask(lambda recording: recording.translation(at, linear, access, processor))

    def tlb(self, at: Position, processor: int | None = None) -> list[dict[str, Any]]:
        """The TLB's entries at a position."""
        return self._ask(lambda recording: recording.tlb(at, processor))

    def instruction(self, at: Position) -> dict[str, Any]:
        """The instruction that led to a position, from close."""
        return self._ask(lambda recording: recording.instruction(at))

    def clock(self, at: Position) -> int:
        """The time at a position."""
        return self._ask(lambda recording: recording.clock(at))

    def last_change(self, slot: str, at: Position, bits: int = 0) -> dict[str, Any] | None:
        """The latest change of a slot before a position."""
        return self._ask(lambda recording: recording.last_change(slot, at, bits))

    def _ask(self, what: Callable[[Recording], T]) -> T:
        self._keeper.used(self)
        with self._turn:
            recording = self._recording
            if recording is None:
                raise put_away()
            with self._keeper.turns:
                answer: T = self._keeper.aside(lambda: what(recording))
        return answer

    def put_away(self) -> None:
        """Let go of all that takes memory."""
        with self._turn:
            self._recording = self._journal = None
            self._listing = b""


def put_away() -> ProtocolError:
    """The recording that somebody looks at had to make room."""
    return ProtocolError("put_away", "The recording has been put away; open the program again.")
