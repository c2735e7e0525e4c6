"""A trial: one lesson from elsewhere is loaded, recorded and checked in a process of its own, under limits.

`python -m vmviz.lessons.trial` with a socket as its standard input: a `Trial` comes as JSON, ended by the other side's
shutdown; a `Tried` goes. The process limits itself as a worker does (vmviz/recording/worker.py) before it reads
anything. What passes is known to be bounded, so that a server may then load it itself.
"""

from __future__ import annotations

import os
import socket
import traceback
from pathlib import Path

import msgspec

from vmviz.errors import LessonError, ProgramError
from vmviz.lessons.check import check
from vmviz.lessons.loader import load_folder
from vmviz.lessons.performance import prepare
from vmviz.lessons.recorded import record
from vmviz.recording.worker import TimeIsUp, close_doors, limit

LONGEST = 64 * 1024     # bytes of a Trial or a Tried


class Trial(msgspec.Struct):
    """A lesson's folder, and what its trial may take: bytes of address space and seconds of processor time."""

    folder: str
    memory: int
    seconds: float


class Trouble(msgspec.Struct):
    """What is wrong with a lesson: a LessonError or ProgramError as it travels, or a limit that was met."""

    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    remedy: str = ""

    def error(self) -> LessonError:
        """As an error again."""
        return LessonError(self.message, file=self.file, line=self.line, column=self.column, remedy=self.remedy)


class Tried(msgspec.Struct):
    """How a trial went: what `lesson check` says, or what is wrong; `recorded`: it can be shown all the same."""

    said: str = ""
    trouble: Trouble | None = None
    recorded: bool = False


def tried(folder: Path) -> Tried:
    """Load, record and check a lesson; never an error for anything that is wrong with it."""
    recorded = False
    try:
        lesson = load_folder(folder)
        record(prepare(lesson))
        recorded = True
        return Tried(check(lesson), None, True)
    except LessonError as error:
        return Tried("", Trouble(error.message, error.file, error.line, error.column, error.remedy), recorded)
    except ProgramError as error:
        return Tried("", Trouble(error.message, error.file, error.line, error.column, error.expected), recorded)
    except MemoryError:
        return Tried("", out_of("memory"), recorded)
    except TimeIsUp:
        return Tried("", out_of("time"), recorded)


def out_of(what: str) -> Trouble:
    """What is said of a lesson that met a limit."""
    if what == "memory":
        return Trouble("loading and running the lesson takes more memory than it may have",
                       remedy="make the files shorter, or the program touch less memory")
    return Trouble("loading and running the lesson takes longer than it may",
                   remedy="make the files shorter, or the program run for fewer steps")


def main() -> None:
    """Do one trial."""
    channel = socket.socket(fileno=os.dup(0))
    channel.setblocking(True)
    close_doors()
    trial = msgspec.json.decode(read_all(channel), type=Trial)
    limit(trial.memory, trial.seconds)
    try:
        answer = tried(Path(trial.folder))
    except Exception:
        answer = Tried("", Trouble("this is a bug: " + traceback.format_exc()[-2000:]))
    channel.sendall(msgspec.json.encode(answer))


def read_all(channel: socket.socket) -> bytes:
    """Everything until the other end says no more; ValueError when that is too much."""
    parts = b""
    while part := channel.recv(LONGEST):
        parts += part
        if len(parts) > LONGEST:
            raise ValueError("more than one message")
    return parts


if __name__ == "__main__":
    main()
