"""A worker: assembles and records one program that somebody wrote, in a process of its own, and ends.

`python -m vmviz.recording.worker` with a socket as its standard input: a `Job` comes, `Begun`, `Gained` ... and `Ended`
go. The process limits itself before it reads anything: no files to open or write, no new processes, processor time, and
address space as the job says. It looks at the job's other limits while it runs and says which one it met; whoever
started it ends it when it does not keep them. Nothing but the built-in files can be included.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
import time
import traceback
from types import FrameType

from vmviz.asm import assemble
from vmviz.errors import ProgramError, VmvizError
from vmviz.machine.journal import Journal
from vmviz.machine.received import MARK_BYTES, Sender
from vmviz.recording.listing import encoded
from vmviz.recording.messages import Begun, Ended, Job, encode, gained, receive

OPEN_FILES = 16
SLICE = 64              # steps between two looks at the limits, at most
SLOW = 0.01             # seconds: after a slice that took longer the next one is shorter
SEND_EVERY = 0.1        # seconds
SEND_ENTRIES = 150_000  # numbers in columns, about a MiB
SEND_MARKS = 1_000
GRACE = 2               # seconds of processor time from a limit to the end by the system


class TimeIsUp(BaseException):
    """The processor time is used up; not an Exception, so that nobody takes it for trouble of their own."""


def main() -> None:
    """Do one job."""
    channel = socket.socket(fileno=os.dup(0))
    channel.setblocking(True)       # the other end may have been made by a server that never blocks
    close_doors()
    job = receive(channel)
    if not isinstance(job, Job):
        return
    limit(job.memory, job.seconds)
    try:
        ended = Worker(channel, job).run()
    except MemoryError:
        ended = Ended("memory")     # what filled it has been let go with the frames of `run`
    except TimeIsUp:
        ended = Ended("time")
    except ConnectionError:
        return                      # nobody listens any more
    except Exception:
        ended = Ended("failed", {"trace": traceback.format_exc()[-2000:]})
    channel.sendall(encode(ended))


def close_doors() -> None:
    """Give up what no job needs: writing files, new processes, many open files, and a turn before the server's."""
    os.nice(19)                     # who waits for an answer of the server goes first
    for what, most in ((resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NPROC, 0),
                       (resource.RLIMIT_NOFILE, OPEN_FILES)):
        resource.setrlimit(what, (most, most))
    try:
        with open("/proc/self/oom_score_adj", "w") as score:   # when memory is short this one goes, not the server
            score.write("1000")
    except OSError:
        pass


def limit(memory: int, seconds: float) -> None:
    """Have this process ended past so many bytes of address space (MemoryError) and of processor time (TimeIsUp)."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    last = int(seconds) + GRACE
    resource.setrlimit(resource.RLIMIT_CPU, (last, last + GRACE))

    def time_is_up(_: int, __: FrameType | None) -> None:
        raise TimeIsUp

    signal.signal(signal.SIGPROF, time_is_up)
    signal.setitimer(signal.ITIMER_PROF, seconds)


class Worker:
    """One job under way."""

    def __init__(self, channel: socket.socket, job: Job) -> None:
        self.channel, self.job = channel, job
        self.sent_at = 0.0

    def run(self) -> Ended:
        """Assemble and record; the last word."""
        try:
            image, listing = self._assemble()
            journal = Journal(self.job.begin(image))
        except ProgramError as error:
            return Ended("not_assembled", {
                "file": error.file, "line": error.line, "column": error.column, "text": error.text[:200],
                "expected": error.expected, "reason": error.message})
        except VmvizError as error:
            return Ended("not_assembled", {"reason": str(error)})
        signal.setitimer(signal.ITIMER_PROF, 0)     # from here on the time is looked at between steps
        self.channel.sendall(encode(Begun(image, listing)))
        return self._record(journal)

    def _assemble(self) -> tuple[bytes, bytes]:
        if self.job.source is None:
            return self.job.image, encoded("", None)
        program = assemble(self.job.source)
        if not program.image:
            raise VmvizError("the program has no instructions: there is nothing to run")
        return program.image, encoded(self.job.source, program)

    def _record(self, journal: Journal) -> Ended:
        sender, left, length = Sender(journal), self.job.steps, 1
        reason, self.sent_at = None, time.monotonic()
        while reason is None:
            began = time.monotonic()
            left -= journal.record(min(length, left))
            quick = time.monotonic() - began < SLOW
            length = min(2 * length, SLICE) if quick else max(length // 8, 1)
            reason = self._met(journal, sender, left)
            if reason is not None or self._due(sender):
                self._send(sender)
        if reason == "outside":
            assert journal.outside is not None
            return Ended("outside", {"what": journal.outside.what, "address": f"{journal.outside.address:x}"})
        return Ended("ended", {"how": reason}) if reason == journal.ending else Ended(reason)

    def _met(self, journal: Journal, sender: Sender, left: int) -> str | None:
        """The end of the program, or the limit that it has met."""
        if journal.ending:
            return journal.ending
        if sender.size + 8 * sender.waiting + MARK_BYTES * sender.waiting_marks > self.job.size:
            return "memory"
        if time.process_time() > self.job.seconds:
            return "time"
        return None if left else "steps"

    def _due(self, sender: Sender) -> bool:
        return (sender.waiting > SEND_ENTRIES or sender.waiting_marks > SEND_MARKS
                or time.monotonic() - self.sent_at > SEND_EVERY)

    def _send(self, sender: Sender) -> None:
        for part in sender.parts():
            self.channel.sendall(encode(gained(part)))
        self.sent_at = time.monotonic()


if __name__ == "__main__":
    if sys.platform != "linux":
        sys.exit("workers need the limits of Linux")
    main()
