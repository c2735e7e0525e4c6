"""A real server in a process of its own, and real Socket.IO clients over websocket.

`start` gives a server and `Client` talks to it. Nothing sleeps here to see whether something has happened: `Client`
keeps what it receives and waits for a condition.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import engineio
import pytest
import socketio
from flask.testing import FlaskClient

from tests.web.fake import FakeShelf
from vmviz.web.application import Web, build
from vmviz.web.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0


class Server:
    """One process of the server under test."""

    def __init__(self, folder: Path, script: str = "tests/web/serve_fake.py", **environment: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.prefix = environment.get("VMVIZ_PREFIX", "")
        self.environment = {**os.environ, "PORT": str(self.port), "HOST": "127.0.0.1",
                            "VMVIZ_SESSIONS": str(folder / "sessions.sqlite"), **environment}
        self.script = script
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, self.script], cwd=ROOT, env=self.environment)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(self.url + "/healthz", timeout=PATIENCE):
                    return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()


class InOrder(engineio.Client):  # type: ignore[misc]
    """Hands on each message when it comes: the library gives each one a thread, and threads overtake each other."""

    def start_background_task(self, target: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        if target == self.handlers.get("message"):
            return target(*arguments, **named)
        return super().start_background_task(target, *arguments, **named)


class OrderedClient(socketio.Client):  # type: ignore[misc]
    """A Socket.IO client whose events and acks come in the order in which the server sent them."""

    def _engineio_client_class(self) -> type[engineio.Client]:
        return InOrder


class Client:
    """A Socket.IO client that keeps what it receives."""

    def __init__(self, server: Server, acknowledge: bool = True) -> None:
        self.server = server
        self.received: list[tuple[str, Any]] = []
        self.changed = threading.Condition()
        self.io = (OrderedClient if acknowledge else socketio.Client)(reconnection=False)
        for event in ("frame", "snapshot", "playing", "closed", "recording"):
            self.io.on(event, self._keep(event, acknowledge))
        self.io.connect(server.url, transports=["websocket"], socketio_path=f"{server.prefix}/socket.io",
                        wait_timeout=PATIENCE)
        self.websocket = self.io.eio.ws

    def _keep(self, event: str, acknowledge: bool) -> Callable[[Any], None]:
        def keep(payload: Any) -> None:
            with self.changed:
                self.received.append((event, payload))
                self.changed.notify_all()
            if not acknowledge and event in ("frame", "snapshot"):
                threading.Event().wait(PATIENCE)  # never returns in time: so it never acknowledges

        return keep

    def ask(self, name: str, *arguments: Any) -> dict[str, Any]:
        """The ack of a command."""
        data = arguments[0] if len(arguments) == 1 else tuple(arguments) if arguments else None
        return self.io.call(name, data, timeout=PATIENCE)

    def open(self, lesson: str = "tiny", **more: Any) -> dict[str, Any]:
        ack = self.ask("open", {"lesson": lesson, **more})
        assert ack["ok"], ack
        return ack

    def got(self, *events: str) -> list[Any]:
        """The payloads received of these events."""
        with self.changed:
            return [payload for event, payload in self.received if event in events]

    def wait(self, condition: Callable[[], Any]) -> Any:
        """Wait until something that depends on what was received is true; nothing is received while it is looked at."""
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE), f"never came; received {self.received[-3:]}"
            return condition()

    def close(self) -> None:
        self.io.disconnect()
        self.websocket.shutdown()  # the library leaves it open when the server closed first


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that the tests of a module share."""
    served = Server(tmp_path_factory.mktemp("server"))
    yield served
    served.stop()


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[..., Client]]:
    """`connect()` gives one more client of the shared server."""
    clients: list[Client] = []

    def make(**options: Any) -> Client:
        clients.append(Client(server, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(connect: Callable[..., Client]) -> Client:
    """A client of the shared server."""
    return connect()


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of the real lessons; a module that wants its clients there says so by a fixture `server`."""
    served = Server(tmp_path_factory.mktemp("course"), script="tests/web/serve_course.py", VMVIZ_PROGRAM_STEPS="50000")
    yield served
    served.stop()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., FlaskClient]]:
    """`make(**settings)`: an HTTP client of an app of this test's own, in this process."""
    webs: list[Web] = []

    def build_one(**settings: Any) -> FlaskClient:
        webs.append(build(Settings(sessions=tmp_path / "s.sqlite", **settings), FakeShelf(), "threading"))
        return webs[-1].app.test_client()

    yield build_one
    for web in webs:
        web.store.close()
