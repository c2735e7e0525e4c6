"""Lessons from folders outside the package: each is tried in a limited process before the server loads it itself.

A lesson is tried at its first use and again when a file of it has changed (only where `fresh` says so: otherwise who
changes one starts the server again). What a trial found wrong is kept too, so that a broken lesson costs once.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import threading
import time
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from vmviz.errors import LessonError
from vmviz.lessons import Lesson, load_folder
from vmviz.lessons.loader import is_name, lesson_folders, place_in
from vmviz.lessons.trial import Trial, Tried, Trouble, out_of, read_all
from vmviz.web.learners_recording import Aside
from vmviz.web.workers import WALL, meaning, reap, start

MOST_FILES = 1_000      # of a folder, that are looked at for changes
log = logging.getLogger(__name__)


class Limits(NamedTuple):
    """What one trial may take: bytes of address space, seconds of processor time."""

    memory: int
    seconds: float


class Kept(NamedTuple):
    """What is known of a lesson: which state of its files, how its trial went, and the lesson when it can be shown."""

    version: str
    tried: Tried
    lesson: Lesson | None


class OutsideLessons:
    """The lessons of some folders, by name."""

    def __init__(self, folders: Iterable[Path], limits: Limits, aside: Aside, fresh: bool = False,
                 taken: Sequence[str] = ()) -> None:
        """`folders` hold a folder for each lesson, or are one; `taken`: names that are not to be had."""
        self.aside, self.fresh, self._limits = aside, fresh, limits
        self._folders: dict[str, Path] = {}
        for folder in folders:
            for lesson in lesson_folders(folder.resolve()):
                if lesson.name in taken or lesson.name in self._folders or not is_name(lesson.name):
                    log.error("%s is not shown: %s; give its folder and its `name` another one", lesson,
                              "there is a lesson of that name" if is_name(lesson.name) else "that is no lesson's name")
                else:
                    self._folders[lesson.name] = lesson
        self._kept: dict[str, Kept] = {}
        self._locks = {name: threading.Lock() for name in self._folders}

    def places(self) -> dict[str, tuple[str, int]]:
        """The names of the lessons, each with its place in the course."""
        return {name: place_in(folder) for name, folder in self._folders.items()}

    def __contains__(self, name: object) -> bool:
        return name in self._folders

    def lesson(self, name: str) -> tuple[str, Lesson]:
        """A lesson with its version; LessonError for one that is not in order, KeyError for none.

        Where lessons are `fresh`, one whose claims are not all true is shown: who writes it wants to see it.
        """
        kept = self.state(name)
        if kept.lesson is None or kept.tried.trouble is not None and not self.fresh:
            raise (kept.tried.trouble or Trouble("the lesson cannot be shown")).error()
        return kept.version, kept.lesson

    def state(self, name: str) -> Kept:
        """What is known of a lesson, as its files are now; KeyError for none."""
        folder = self._folders[name]
        with self._locks[name]:
            kept = self._kept.get(name)
            if kept is None or self.fresh and kept.version != version(folder):
                kept = self._kept[name] = self._try(folder)
                if kept.tried.trouble is not None:
                    log.error("%s: %s", folder, kept.tried.trouble.error())
                elif self.fresh:
                    log.warning("%s: %s", name, kept.tried.said)
            return kept

    def _try(self, folder: Path) -> Kept:
        before = version(folder)
        tried = try_apart(folder, self._limits)
        if not tried.recorded:
            return Kept(before, tried, None)
        try:
            lesson = self.aside(lambda: load_folder(folder))
        except LessonError as error:
            return Kept(before, Tried("", Trouble(str(error))), None)
        if version(folder) != before:
            return Kept(before, Tried("", Trouble("its files were changed while they were read")), None)
        return Kept(before, tried, lesson)


def version(folder: Path) -> str:
    """A short hash that is another one when a file of a lesson, or one beside its folder, is another one."""
    state = hashlib.sha256()
    for place in (folder, folder.parent):
        try:
            with os.scandir(place) as entries:
                for entry in sorted(islice(entries, MOST_FILES), key=lambda entry: entry.name):
                    if entry.is_file():
                        stat = entry.stat()
                        state.update(repr((entry.path, stat.st_size, stat.st_mtime_ns)).encode())
        except OSError as error:
            state.update(repr(error).encode())
    return state.hexdigest()[:16]


def try_apart(folder: Path, limits: Limits) -> Tried:
    """The trial of a lesson in a process of its own; it waits as sockets do, so that other tasks go on."""
    until = time.monotonic() + WALL * limits.seconds
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = start(theirs, "vmviz.lessons.trial")
        try:
            ours.settimeout(max(until - time.monotonic(), 1))
            ours.sendall(msgspec.json.encode(Trial(str(folder), limits.memory, limits.seconds)))
            ours.shutdown(socket.SHUT_WR)
            answer = read_all(ours)
            if answer:
                return msgspec.json.decode(answer, type=Tried)
        except TimeoutError:
            return Tried("", out_of("time"))
        except (ConnectionError, ValueError, msgspec.DecodeError) as error:
            log.warning("the trial of %s said nothing of use: %s", folder, error)
        finally:
            reap(process)
    ended = meaning(process.returncode)
    return Tried("", out_of(ended.reason) if ended.reason in ("time", "memory") else
                 Trouble("the lesson cannot be tried: its process ended without a word"))


