"""A server to look at, as a subprocess: for the end-to-end tests, the screenshots and the measurements.

A process that eventlet has patched cannot drive a browser as well, so the server is never in the same one.
It gets a port of its own, a session database of its own, and is ended by its own process id. `kill()` is
SIGKILL, for the tests of what survives; `start()` again brings it back on the same port with the same
database.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
SECONDS_TO_START = 60
LESSON = "first-guests"


class Server:
    """`python app.py` (or another module that serves) in one async mode, with its files in `folder`."""

    def __init__(self, mode: str, folder: Path, module: str = "app", **settings: str) -> None:
        self.module = module
        self.mode = mode
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}{settings.get('VMVIZ_PREFIX', '')}"
        self.log = folder / f"{mode}-{self.port}.txt"
        self.environment = {**os.environ, "PORT": str(self.port), "HOST": "127.0.0.1", "VMVIZ_ASYNC": mode,
                            "VMVIZ_SESSIONS": str(folder / f"{mode}-{self.port}.sqlite"), **settings}
        self.process: subprocess.Popen[bytes] | None = None
        self.output: IO[bytes] | None = None

    def start(self) -> Server:
        self.output = self.log.open("ab")
        self.process = subprocess.Popen([sys.executable, "-m", self.module], cwd=ROOT, env=self.environment,
                                        stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT)
        until = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                self.json("/healthz")
                return self
            except (OSError, urllib.error.URLError):
                time.sleep(0.05)  # asking a socket that is not open yet: there is nothing else to wait for
        code = self.process.poll()
        self.stop()
        raise AssertionError(f"the server ({self.mode}) did not answer (ended with {code}):\n"
                             f"{self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        """As a power cut would: nothing is written down any more."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(how)
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout=15)
            self.process = None
        if self.output is not None:
            self.output.close()
            self.output = None

    def json(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return json.load(answer)

    def outline(self, lesson: str = LESSON) -> dict[str, Any]:
        outline: dict[str, Any] = self.json(f"/api/lessons/{lesson}/outline")
        return outline


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
