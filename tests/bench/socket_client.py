"""A Socket.IO client of forty lines, so that what is measured is the server and the bytes on the wire are exact."""

from __future__ import annotations

import json
import time
from typing import Any

from websocket import WebSocket, create_connection


class SocketClient:
    """One connection, one command at a time; `frames` are the texts of the server's events since the last command."""

    def __init__(self, port: int) -> None:
        url = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
        self.socket: WebSocket = create_connection(url, timeout=30)
        self.next_id = 0
        self.frames: list[str] = []
        self._read()  # Engine.IO's greeting
        self.socket.send("40")
        self._read()  # the namespace is connected

    def _read(self) -> str:
        while True:
            text = self.socket.recv()
            text = text.decode() if isinstance(text, bytes) else text
            if text != "2":
                return text
            self.socket.send("3")  # a ping wants its pong

    def command(self, name: str, *arguments: Any) -> tuple[Any, float]:
        """Send a command and wait for its ack: (the ack, seconds)."""
        self.next_id += 1
        self.frames.clear()
        message = f"42{self.next_id}" + json.dumps([name, *arguments], separators=(",", ":"))
        begin = time.perf_counter()
        self.socket.send(message)
        while True:
            text = self._read()
            if text.startswith(f"43{self.next_id}["):
                seconds = time.perf_counter() - begin
                return json.loads(text[2 + len(str(self.next_id)):])[0], seconds
            self.frames.append(text)

    def close(self) -> None:
        self.socket.close()
