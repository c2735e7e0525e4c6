"""What survives: a killed server, a stopped one, a lost connection; and the same under every async mode."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time

import pytest

from tests.web.conftest import PATIENCE, ROOT, Client, Server


def rows(server):
    with sqlite3.connect(server.environment["VMVIZ_SESSIONS"]) as database:
        found = dict(database.execute("SELECT id, step FROM session").fetchall())
    database.close()
    return found


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "never came"
        time.sleep(0.02)


@pytest.fixture
def fresh(tmp_path):
    """Start a server of this test's own."""
    servers = []

    def start(**environment):
        servers.append(Server(tmp_path, **environment))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def test_a_killed_server_finds_its_learners_where_they_were_a_second_before(fresh):
    server = fresh()
    client = Client(server)
    session = client.open()["session"]
    client.ask("seek", {"step": 31, "phase": 4})
    client.ask("breakpoints", {"set": ["100010"]})
    wait_until(lambda: rows(server).get(session) == 31)
    client.ask("step", {"by": 5})  # not written yet, perhaps
    server.kill()
    client.close()
    server.start()
    after = Client(server)
    opened = after.open(session=session)
    assert opened["session"] == session and opened["breakpoints"] == ["100010"]
    assert opened["position"] in ({"step": 31, "phase": 4}, {"step": 36, "phase": 0})
    knows_better = after.open(session=session, at={"step": 36})
    assert knows_better["position"] == {"step": 36, "phase": 0}
    after.close()


def test_a_stopped_server_has_written_everything(fresh):
    server = fresh()
    client = Client(server)
    session = client.open()["session"]
    client.ask("step", {"by": 7})
    server.process.terminate()
    server.process.wait(PATIENCE)
    assert rows(server)[session] == 7
    client.close()


@pytest.mark.parametrize("mode", ["eventlet", "threading", "gevent"])
def test_every_async_mode_serves_orders_and_plays(fresh, mode):
    server = fresh(VMVIZ_ASYNC=mode)
    clients = [Client(server) for _ in range(5)]
    sessions = [client.open()["session"] for client in clients]
    for client in clients:
        for by in (1, 1, 1, -1) * 10:
            client.io.emit("step", {"by": by})
    for client in clients:
        assert client.ask("pause")["position"] == {"step": 20, "phase": 0}
        client.ask("seek", {"step": 0})
        client.ask("play", {"rate": 200})
    for client in clients:
        client.wait(lambda client=client: {"rate": 0, "reason": "stop"} in client.got("playing"))
        assert client.ask("pause")["position"] == {"step": 5, "phase": 0}
    second = Client(server)
    assert second.open(session=sessions[0])["position"] == {"step": 5, "phase": 0}
    assert clients[0].wait(lambda: clients[0].got("closed")) == [{"reason": "taken"}]
    for client in (*clients, second):
        client.close()
    wait_until(lambda: sessions[4] in rows(server))
    server.process.terminate()
    assert server.process.wait(PATIENCE) in (143, -15)


def test_below_a_prefix_everything_is_below_it(fresh):
    server = fresh(VMVIZ_PREFIX="/course/vmviz/")
    server.prefix = "/course/vmviz"
    client = Client(server)
    assert client.open()["ok"]
    client.close()


def run(**environment):
    return subprocess.run([sys.executable, "tests/web/serve_fake.py"], cwd=ROOT, capture_output=True, text=True,
                          env=environment, timeout=PATIENCE)


def test_a_taken_port_says_what_to_do(fresh):
    server = fresh()
    again = run(**server.environment)
    assert again.returncode != 0
    assert f"Port {server.port} is taken" in again.stderr and f"PORT={server.port + 1}" in again.stderr
    assert "Traceback" not in again.stderr


@pytest.mark.parametrize("name, value", [("PORT", "many"), ("PORT", "70000"), ("VMVIZ_PREFIX", "/a b"),
                                         ("VMVIZ_ASYNC", "magic"), ("VMVIZ_SESSIONS", "/proc/nowhere/s.sqlite")])
def test_a_setting_that_cannot_be_used_is_named(fresh, tmp_path, name, value):
    refused = run(**{"PORT": "0", "VMVIZ_SESSIONS": str(tmp_path / "s.sqlite"), name: value})
    assert refused.returncode != 0
    assert name in refused.stderr and "Traceback" not in refused.stderr
