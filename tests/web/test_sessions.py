"""Sessions without sockets: limits, what is let go, what is written, and a play that nobody acknowledges."""

from __future__ import annotations

import threading
import time

import pytest

from tests.web.fake import FakeRecording
from vmviz.errors import ProtocolError, VmvizError
from vmviz.recording import Position
from vmviz.web import playing, sessions
from vmviz.web.frames import Frames
from vmviz.web.playing import Play
from vmviz.web.sessions import Sessions
from vmviz.web.settings import Settings
from vmviz.web.store import Row, Store

RECORDED = FakeRecording("tiny")


class Bench:
    """Sessions with a store of their own; what is sent is kept."""

    def __init__(self, path, **settings):
        self.sent = []
        self.settings = Settings(sessions=path, **settings)
        self.store = Store(path)
        self.sessions = Sessions(self.store, Frames(1 << 20), self.settings, self.send)

    def send(self, sid, event, payload, callback=None):
        self.sent.append((sid, event, payload, callback))

    def open(self, sid, session=None, lesson="tiny"):
        self.sessions.connect(sid)
        opened = self.sessions.open(session, lesson, RECORDED)
        self.sessions.take(opened, sid, lesson, RECORDED)
        self.sessions.note(opened)
        return opened


@pytest.fixture
def bench(tmp_path):
    benches = []

    def make(**settings):
        benches.append(Bench(tmp_path / "s.sqlite3", **settings))
        return benches[-1]

    yield make
    for made in benches:
        made.store.close()


def test_a_full_server_refuses_a_new_session_but_not_a_known_one_and_recovers(bench):
    full = bench(max_sessions=2)
    first = full.open("one")
    full.open("two")
    with pytest.raises(ProtocolError) as refused:
        full.open("three")
    assert refused.value.code == "full"
    assert full.open("four", first.id) is first
    full.sessions.disconnect("two")  # a session without a socket makes room
    assert full.open("five").id != first.id


def test_a_session_that_left_memory_comes_back_from_the_database(bench):
    one = bench(max_sessions=1)
    session = one.open("one")
    session.at = Position(20, 3)
    session.breakpoints = ("100004",)
    one.sessions.note(session)
    one.sessions.disconnect("one")
    one.open("two")  # makes the first one leave memory
    one.sessions.disconnect("two")
    one.sessions.tend()
    back = one.open("three", session.id)
    assert back is not session and back.id == session.id
    assert back.at == (20, 3) and back.breakpoints == ("100004",)


def test_a_place_past_the_end_of_a_lesson_that_became_shorter_is_its_end(bench):
    one = bench()
    one.store.put(Row("x" * 20, "tiny", 1000, 2, ""))
    assert one.open("one", "x" * 20).at == (60, 0)


def test_an_idle_socket_is_told_and_loses_its_session(bench, monkeypatch):
    idle = bench(idle_minutes=1)
    session = idle.open("one")
    session.used = time.monotonic() - 61
    monkeypatch.setattr(sessions, "SWEEP", -1)
    idle.sessions.tend()
    assert idle.sent[-1][:3] == ("one", "closed", {"reason": "idle"}) and session.sid is None


def test_a_socket_that_opens_another_session_leaves_the_first_one(bench):
    one = bench()
    first = one.open("one")
    second = one.sessions.open(None, "tiny", RECORDED)
    one.sessions.take(second, "one", "tiny", RECORDED)
    assert first.sid is None and second.sid == "one"


def test_old_sessions_are_forgotten(bench):
    one = bench()
    one.store.put(Row("x" * 20, "tiny", 1, 0, ""))
    one.store.flush()
    assert one.store.forget_older_than(1) == 0 and one.store.get("x" * 20)
    assert one.store.forget_older_than(-1) == 1 and one.store.get("x" * 20) is None


def test_a_database_that_is_none_is_an_error_that_says_what_to_set(tmp_path):
    (tmp_path / "s.sqlite3").write_bytes(b"this is no database, and long enough to be taken for one" * 20)
    with pytest.raises(VmvizError, match="VMVIZ_SESSIONS"):
        Store(tmp_path / "s.sqlite3")


def test_a_play_that_nobody_acknowledges_gives_up(bench, monkeypatch):
    one = bench()
    session = one.open("one")
    monkeypatch.setattr(playing, "PATIENCE", 0.05)
    session.playing = Play(session, 30, "step", lambda _: None)
    session.playing.run()
    assert [event for _, event, _, _ in one.sent] == ["frame", "frame", "playing"]
    assert one.sent[-1][2] == {"rate": 0, "reason": "pause"} and session.playing is None


def test_a_client_that_is_gone_when_something_is_sent_to_it_does_not_lock_its_session(bench):
    """The library tells of a dead socket from inside the sending; the session's lock is held then."""
    one = bench()
    session = one.open("one")
    one.sessions._send = session._send = lambda sid, *_: one.sessions.disconnect(sid)

    def move():
        with session.lock:
            session.go(Position(1))

    mover = threading.Thread(target=move, daemon=True)
    mover.start()
    mover.join(10)
    assert not mover.is_alive() and session.sid is None and session.at == (1, 0)
