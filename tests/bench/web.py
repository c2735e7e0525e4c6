"""Bytes a frame, and the round trip of a step against an empty echo on the same server, in each async mode.

A step's time is from the command to its ack, which comes after the frame. Steps and echoes alternate on one
connection, so that both meet the same machine; the second row adds other learners who step all the time.
"""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

from tests.bench.socket_client import SocketClient
from tools.server import LESSON, Server

ROUNDS = 1500
OTHERS = 8
MODES = ("eventlet", "threading", "gevent")


def percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def frame_sizes(client: SocketClient, length: int) -> list[int]:
    """The bytes of every frame of a walk through the whole lesson, phases included."""
    client.command("seek", {"step": 0})
    sizes = []
    while True:
        ack, _ = client.command("step", {"by": 1, "unit": "phase"})
        sizes += [len(text.encode()) for text in client.frames if text.startswith('42["frame"')]
        if ack["position"]["step"] >= length:
            return sizes


def round_trips(client: SocketClient, length: int) -> tuple[list[float], list[float]]:
    """Milliseconds of steps (through the lesson and again from its start) and of echoes."""
    steps, echoes = [], []
    for number in range(ROUNDS):
        if number % length == 0:
            client.command("seek", {"step": 0})
        steps.append(client.command("step", {"by": 1})[1] * 1000)
        echoes.append(client.command("echo")[1] * 1000)
    return steps, echoes


def walk_until(port: int, stop: threading.Event) -> None:
    client = SocketClient(port)
    client.command("open", {"lesson": LESSON})
    while not stop.wait(0.05):  # a learner who steps twenty times a second
        ack, _ = client.command("step", {"by": 1})
        if ack.get("position", {}).get("step", 0) > 100:
            client.command("seek", {"step": 0})
    client.close()


def row(what: str, steps: list[float], echoes: list[float]) -> None:
    figures = [percentile(values, part) for values in (steps, echoes) for part in (0.5, 0.99)]
    print(f"{what:34} " + " ".join(f"{figure:9.2f}" for figure in figures)
          + f" {figures[0] / figures[2]:9.1f}")


def report() -> None:
    print(f"{'round trip, ms':34} {'step p50':>9} {'step p99':>9} {'echo p50':>9} {'echo p99':>9} {'p50 ratio':>9}")
    sizes: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        for mode in MODES:
            with Server(mode, Path(folder), module="tests.bench.echo_server") as server:
                client = SocketClient(server.port)
                length = client.command("open", {"lesson": LESSON})[0]["length"]
                sizes = frame_sizes(client, length)
                row(mode, *round_trips(client, length))
                stop = threading.Event()
                others = [threading.Thread(target=walk_until, args=(server.port, stop)) for _ in range(OTHERS)]
                for other in others:
                    other.start()
                row(f"{mode}, {OTHERS} others stepping", *round_trips(client, length))
                stop.set()
                for other in others:
                    other.join()
                client.close()
    print(f"bytes a frame over {len(sizes)} frames of {LESSON}: median {percentile(sizes, 0.5)}, "
          f"p90 {percentile(sizes, 0.9)}, largest {max(sizes)}, mean {sum(sizes) // len(sizes)}")


if __name__ == "__main__":
    report()
