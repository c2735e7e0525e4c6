"""The pool: so many at a time, a queue with an end, and a last word about every job, whatever becomes of its worker."""

from __future__ import annotations

import threading
import time

import pytest

from tests.hostile import PROGRAMS, START
from vmviz.recording.messages import Begun, Ended, Gained, Job
from vmviz.web import workers as module
from vmviz.web.workers import Workers

MIB = 1 << 20
LOOP = PROGRAMS["endless loop"]


class Told:
    """A task that keeps what it hears."""

    def __init__(self, source, steps=1000, seconds=20.0):
        self.job = Job(source, b"", "tigerlake", 1, steps, 96 * MIB, seconds, 512 * MIB)
        self.is_wanted = True
        self.said = []
        self.begun = threading.Event()
        self.over = threading.Event()

    def wanted(self):
        return self.is_wanted

    def heard(self, message):
        self.said.append(message)
        self.begun.set()
        if isinstance(message, Ended):
            self.over.set()

    @property
    def reason(self):
        assert self.over.wait(60)
        return self.said[-1].reason


def test_a_job_is_done_and_its_limit_is_counted():
    limited = []
    pool = Workers(1, 1, limited.append)
    task = Told(LOOP)
    assert pool.submit(task)
    assert task.reason == "steps" and limited == ["steps"]
    assert [type(message) for message in task.said][:2] == [Begun, Gained]
    assert sum(isinstance(message, Ended) for message in task.said) == 1


def test_no_more_than_so_many_run_and_wait_and_those_who_go_make_room():
    pool = Workers(1, 2)
    first, second, third, fourth = (Told(LOOP + f";{n}", steps=10**7) for n in range(4))
    assert pool.submit(first) and first.begun.wait(60)
    assert pool.submit(second) and pool.submit(third)
    assert (pool.running, pool.queued) == (1, 2)
    assert not pool.submit(fourth)
    second.is_wanted = False
    assert pool.submit(fourth)              # the one who has gone is dropped for it
    assert second.reason == "dropped" and pool.queued == 2
    third.is_wanted = fourth.is_wanted = False
    pool.stop(first)
    assert [task.reason for task in (first, third, fourth)] == ["dropped"] * 3
    assert (pool.running, pool.queued) == (0, 0)


def test_a_worker_that_does_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(module, "WALL", 0.5)
    task = Told(LOOP, steps=10**9, seconds=4.0)
    began = time.monotonic()
    assert Workers(1, 0).submit(task)
    assert task.reason == "time" and time.monotonic() - began < 30


@pytest.mark.parametrize("said, reason", [
    ("sys.exit(3)", "failed"), ("os.kill(os.getpid(), 9)", "memory"), ("os.kill(os.getpid(), 24)", "time"),
    ("os.write(0, bytes(4) + b'nonsense')", "failed"), ("os.write(0, bytes([255] * 4))", "failed"),
])
def test_a_worker_that_goes_without_a_word_or_with_a_wrong_one_still_has_a_last_word(monkeypatch, said, reason):
    real = module.subprocess.Popen

    def popen(command, **options):
        return real([command[0], "-c", f"import os, sys\nos.read(0, 1)\n{said}"], **options)

    monkeypatch.setattr(module.subprocess, "Popen", popen)
    task = Told(START + "hlt\n")
    assert Workers(1, 0).submit(task)
    assert task.reason == reason
