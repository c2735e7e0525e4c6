"""What takes a while is made once; who asks waits a little, and does without after that."""

from __future__ import annotations

import threading

import pytest

from vmviz.web.handbook import beside as module
from vmviz.web.handbook.beside import BREATH, Beside, unhurried

LONG = 30.0


def test_it_is_made_when_first_asked_for_and_once() -> None:
    made: list[int] = []
    beside = Beside("a number", lambda: made.append(1) or len(made))
    assert not made
    assert beside.get(LONG) == 1 and beside.get(LONG) == 1 and made == [1]


def test_who_asks_does_not_wait_for_long() -> None:
    may_go_on = threading.Event()
    beside = Beside("a number", lambda: may_go_on.wait(LONG))
    assert beside.get(0.01) is None
    may_go_on.set()
    assert beside.get(LONG) is True


def test_what_could_not_be_made_is_tried_again() -> None:
    tries = iter((ValueError("not yet"), 7))

    def make() -> int:
        found = next(tries)
        if isinstance(found, Exception):
            raise found
        return found

    beside = Beside("a number", make)
    assert beside.get(0.01) is None
    while (value := beside.get(0.01)) is None:
        pass
    assert value == 7


def test_others_have_time_after_what_took_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept = [0.0], []
    monkeypatch.setattr(module.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(module.time, "sleep", slept.append)
    for seconds in unhurried([0.0, 1.0, 0.001]):
        now[0] += seconds
    assert slept == [0, BREATH, 0]
