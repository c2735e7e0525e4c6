"""The worker processes: a few at a time, a queue with an end, and each one watched and ended when it does not end.

A worker (vmviz/recording/worker.py) does one job and is gone; it gets no environment of ours, no files and a folder
that no longer exists. It is spoken to over a socket pair, for sockets and threads are what every async mode makes its
own: while one task waits here for a worker, the others go on.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from vmviz.recording.messages import Ended, Job, Message, encode, receive

ROOT = Path(__file__).resolve().parents[2]
WALL = 3            # times the processor time: how long a worker may take when it has to share its processor
LIMITS = ("steps", "memory", "time")
log = logging.getLogger(__name__)


class Task(Protocol):
    """A job, and who wants what comes of it. All but `wanted` is called by the task that serves the worker."""

    job: Job

    def wanted(self) -> bool:
        """Does anybody still wait for it or look at it?"""
        ...

    def heard(self, message: Message) -> None:
        """What the worker says; the last is an Ended in any case, `dropped` when nobody wanted it any more."""
        ...


class Workers:
    """The pool."""

    def __init__(self, most: int, queue: int, limited: Callable[[str], None] = lambda _: None) -> None:
        """At most `most` at a time, and `queue` jobs that wait; `limited(reason)` counts those that met a limit."""
        self.most, self.queue = most, queue
        self._limited = limited
        self._lock = threading.Lock()
        self._waiting: deque[Task] = deque()
        self._running: dict[Task, subprocess.Popen[bytes] | None] = {}
        self._stopped: set[Task] = set()

    @property
    def running(self) -> int:
        """How many programs are being recorded."""
        return len(self._running)

    @property
    def queued(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def submit(self, task: Task) -> bool:
        """Have a job done, now or later; False when the queue is full."""
        with self._lock:
            if len(self._running) < self.most:
                self._running[task] = None
                threading.Thread(target=self._serve, args=(task,), daemon=True).start()
                return True
            if len(self._waiting) >= self.queue:
                self._drop_unwanted()
            if len(self._waiting) >= self.queue:
                return False
            self._waiting.append(task)
            return True

    def stop(self, task: Task) -> None:
        """Nobody wants it any more."""
        with self._lock:
            process = self._running.get(task)
            if process is not None:
                self._stopped.add(task)
        if process is not None:
            process.kill()

    def _drop_unwanted(self) -> None:
        for task in [task for task in self._waiting if not task.wanted()]:
            self._waiting.remove(task)
            _tell(task, Ended("dropped"))

    def _serve(self, task: Task) -> None:
        """Serve one worker after the other until nothing waits; the body of a task."""
        following: Task | None = task
        while following is not None:
            if following.wanted():
                ended = self._work(following)
                if ended.reason == "failed":
                    log.error("a worker failed: %s", ended.params.pop("trace", "it ended without a word"))
                if ended.reason in LIMITS and following not in self._stopped:
                    self._limited(ended.reason)
            else:
                ended = Ended("dropped")
            with self._lock:
                del self._running[following]
                if following in self._stopped:
                    self._stopped.discard(following)
                    ended = Ended("dropped")
                heard, following = following, self._waiting.popleft() if self._waiting else None
                if following is not None:
                    self._running[following] = None
            _tell(heard, ended)

    def _work(self, task: Task) -> Ended:
        """One worker from its start to its end; its last word, or what its silence means."""
        ours, theirs = socket.socketpair()
        try:
            with ours:
                with theirs:
                    process = start(theirs)
                self._running[task] = process
                ended = self._listen(task, ours, time.monotonic() + WALL * task.job.seconds)
        except Exception:
            return Ended("failed", {"trace": traceback.format_exc()})
        if ended is None:
            reap(process)
            return meaning(process.returncode)
        threading.Thread(target=reap, args=(process,), daemon=True).start()    # its end need not be waited for
        return ended

    def _listen(self, task: Task, channel: socket.socket, until: float) -> Ended | None:
        try:
            channel.settimeout(max(until - time.monotonic(), 1))
            channel.sendall(encode(task.job))
            while True:
                channel.settimeout(max(until - time.monotonic(), 0.001))
                message = receive(channel)
                if message is None or isinstance(message, Ended):
                    return message
                task.heard(message)
                time.sleep(0)       # a worker that is quick must not keep the others from their turn
        except TimeoutError:
            return Ended("time")
        except (ConnectionError, ValueError, msgspec.DecodeError) as error:
            log.warning("a worker said nothing of use: %s", error)
            return None


def _tell(task: Task, ended: Ended) -> None:
    """Say the last word in a task of its own: hearing it may wait for those who look at the recording."""
    threading.Thread(target=task.heard, args=(ended,), daemon=True).start()


def start(channel: socket.socket, module: str = "vmviz.recording.worker") -> subprocess.Popen[bytes]:
    """A worker that listens to `channel`: a Python module whose main limits itself before it reads anything."""
    folder = tempfile.mkdtemp(prefix="vmviz-worker-")
    try:
        return subprocess.Popen([sys.executable, "-P", "-m", module], stdin=channel.fileno(),
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
                                env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"})
    finally:
        os.rmdir(folder)    # it stands in a folder where nothing can be made


def reap(process: subprocess.Popen[bytes]) -> None:
    """See a worker go, which has nothing left to say."""
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def meaning(code: int) -> Ended:
    """Why a worker went without a word: the system ended it for its time or its memory, else it is a bug."""
    if code == -signal.SIGXCPU:
        return Ended("time")
    if code == -signal.SIGKILL:
        return Ended("memory")
    return Ended("failed", {"trace": f"it ended with code {code}"})
