"""A worker process: what it makes is what a run here makes, and it keeps its limits and says which one it met."""

from __future__ import annotations

import json
import os
import resource
import socket

import pytest

from tests.hostile import PROGRAMS, START
from vmviz.asm import assemble
from vmviz.machine.bench import processor
from vmviz.machine.journal import CHUNK, Journal
from vmviz.machine.received import Received
from vmviz.recording.listing import listing
from vmviz.recording.messages import Begun, Ended, Gained, Job, encode, part_of, receive
from vmviz.web.workers import start

MIB = 1 << 20


def work(source, image=b"", steps=50_000, size=16 * MIB, seconds=20.0, memory=512 * MIB, model="tigerlake"):
    """All that a worker says about a job, and what its process took."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = start(theirs)
        ours.settimeout(120)
        ours.sendall(encode(Job(source, image, model, 1, steps, size, seconds, memory)))
        said = []
        while (message := receive(ours)) is not None:
            said.append(message)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return said, usage


def received(said, model="tigerlake"):
    journal = Received(processor(said[0].image, model))
    for message in said[1:-1]:
        assert isinstance(message, Gained)
        journal.append(part_of(message))
    return journal


def test_what_a_worker_records_is_what_is_recorded_here():
    source = PROGRAMS["self-modifying"]
    said, _ = work(source, steps=3 * CHUNK + 5)
    program = assemble(source)
    here = Journal(processor(program.image))
    here.record(3 * CHUNK + 5)
    there = received(said)
    assert there.length == here.length and said[-1] == Ended("steps")
    for number in range(4):
        assert [list(column) for column in there.chunk(number)] == [list(column) for column in here.chunk(number)]
    assert isinstance(said[0], Begun) and json.loads(said[0].listing) == listing(source, program)


def test_an_image_runs_as_it_is_on_the_model_that_was_asked_for():
    image = assemble(START + "mov eax, 7\ncpuid\nhlt\n").image
    said, _ = work(None, image, model="no-ept")
    assert said[0].image == image and said[-1] == Ended("ended", {"how": "idle"})
    assert received(said, "no-ept").length == 3


@pytest.mark.parametrize("name, limits, reason", [
    ("endless loop", {}, "steps"), ("gigabytes touched", {}, "memory"), ("a console full", {"size": MIB}, "memory"),
    ("a million VM exits", {"size": 2 * MIB}, "memory"), ("devices that are not there", {"seconds": 1.0}, "time"),
    ("repeated", {"seconds": 0.5}, "time"), ("endless loop", {"size": 1}, "memory"),
    ("gigabytes touched", {"size": 1 << 40, "memory": 200 * MIB}, "memory"),
])
def test_a_limit_that_is_met_is_named_and_memory_stays_bounded(name, limits, reason):
    said, usage = work(PROGRAMS[name], **limits)
    assert said[-1].reason == reason
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss       # a new process begins with its parent's mark
    assert usage.ru_maxrss <= max(ours, limits.get("memory", 512 * MIB) >> 10)
    assert usage.ru_utime + usage.ru_stime < limits.get("seconds", 20) + 8      # the start counts, and one slow step


def test_a_worker_has_no_environment_of_ours_and_no_folder_to_write_to(monkeypatch):
    monkeypatch.setenv("VMVIZ_SECRET", "s3cret")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = start(theirs)
        theirs.close()
        environment = open(f"/proc/{process.pid}/environ", "rb")
        folder = os.readlink(f"/proc/{process.pid}/cwd")
        with environment:
            assert b"s3cret" not in environment.read()
        assert folder.endswith("(deleted)")
    assert process.wait(60) == 0                    # nobody has a job for it: it goes
