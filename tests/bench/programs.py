"""Steps of a learner while others have hostile programs recorded and look at them: round trips, and memory.

A learner steps the lesson and asks for an empty echo in turn, LEARNERS others step it as well. First nobody else is
there; then HOSTILE clients open the programs of tests/hostile.py one after the other, each a new one to the server, and
seek in them at random, which is the worst that can be done with them. All others are a process of their own, so that
what they do with their answers keeps nobody waiting who is measured. They share the machine's processors with the
server and the one that is measured, so the echo tells how much of it is just that.
"""

from __future__ import annotations

import multiprocessing
import random
import tempfile
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from tests.bench.socket_client import SocketClient
from tests.bench.web import MODES, percentile, walk_until
from tests.hostile import PROGRAMS, WORDS
from tools.server import LESSON, Server

LEARNERS, HOSTILE = 8, 4
SECONDS = 20.0      # of each measurement
PATIENCE = 8.0      # seconds with one program
RUNNING = [PROGRAMS[name] for name, word in WORDS.items() if word != "not_assembled"]


class Memory(threading.Thread):
    """The most memory that the server and any of its workers had, in MiB."""

    def __init__(self, server: int, stop: threading.Event) -> None:
        super().__init__()
        self.server, self.stop = server, stop
        self.of_server = self.of_worker = self.of_all = 0

    def run(self) -> None:
        while not self.stop.wait(0.05):
            children = [child for task in Path(f"/proc/{self.server}/task").glob("*/children")
                        for child in text_of(task).split()]
            server, workers = resident(self.server), [resident(int(child)) for child in children]
            self.of_server = max(self.of_server, server)
            self.of_worker = max(self.of_worker, *workers, 0)
            self.of_all = max(self.of_all, server + sum(workers))


def resident(process: int) -> int:
    """Resident memory in MiB; 0 when the process is gone."""
    lines = text_of(Path(f"/proc/{process}/status")).splitlines()
    return next((int(line.split()[1]) >> 10 for line in lines if line.startswith("VmRSS")), 0)


def text_of(path: Path) -> str:
    """A file of /proc; empty when its process is gone."""
    try:
        return path.read_text()
    except OSError:
        return ""


def be_hostile(port: int, number: int, stop: threading.Event, ends: dict[str, int]) -> None:
    """Open one program after the other and seek in it until it is complete or patience is over."""
    client, chance, turn = SocketClient(port), random.Random(number), number
    while not stop.is_set():
        turn += 1
        text = f"{RUNNING[turn % len(RUNNING)]}\n; {number} {turn}\n"
        ack, _ = client.command("open", {"program": {"source": text}})
        if not ack["ok"]:
            ends[ack["error"]["code"]] = ends.get(ack["error"]["code"], 0) + 1
            continue
        until, length = time.monotonic() + PATIENCE, ack["length"]
        while time.monotonic() < until and not stop.is_set():
            client.command("seek", {"step": chance.randrange(length + 1)})
            for frame in client.frames:
                if frame.startswith('42["recording"'):
                    length = max(length, int(frame.split('"length":')[1].split(",")[0]))
        outline, _ = client.command("inspect", {"what": "outline"})
        ends["looked at"] = ends.get("looked at", 0) + outline["ok"]
    client.close()


def others(port: int, hostile: int, channel: Connection) -> None:
    """The other clients, until something is said on the channel; then what came of the hostile ones is said there."""
    stop = threading.Event()
    ends: dict[str, int] = {}
    threads = [threading.Thread(target=walk_until, args=(port, stop)) for _ in range(LEARNERS)]
    threads += [threading.Thread(target=be_hostile, args=(port, n, stop, ends)) for n in range(hostile)]
    for thread in threads:
        thread.start()
    channel.recv()
    stop.set()
    for thread in threads:
        thread.join()
    channel.send(ends)


def round_trips(client: SocketClient, length: int) -> tuple[list[float], list[float]]:
    """Milliseconds of steps and of echoes, a learner's hundred a second, for SECONDS."""
    steps: list[float] = []
    echoes: list[float] = []
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if len(steps) % length == 0:
            client.command("seek", {"step": 0})
        steps.append(client.command("step", {"by": 1})[1] * 1000)
        echoes.append(client.command("echo")[1] * 1000)
        time.sleep(0.01)
    return steps, echoes


def measured(server: Server, hostile: int) -> tuple[list[float], list[float], Memory, dict[str, int]]:
    """Round trips with so many hostile clients, and the memory that it took."""
    assert server.process is not None
    stop = threading.Event()
    memory = Memory(server.process.pid, stop)
    client = SocketClient(server.port)
    length = client.command("open", {"lesson": LESSON})[0]["length"]
    context = multiprocessing.get_context("spawn")
    channel, theirs = context.Pipe()
    process = context.Process(target=others, args=(server.port, hostile, theirs))
    process.start()
    memory.start()
    steps, echoes = round_trips(client, length)
    channel.send("stop")
    ends = channel.recv()
    process.join()
    stop.set()
    memory.join()
    client.close()
    return steps, echoes, memory, ends


def row(what: str, measure: tuple[list[float], list[float], Memory, dict[str, int]]) -> None:
    steps, echoes, memory, ends = measure
    figures = [percentile(values, part) for values in (steps, echoes) for part in (0.5, 0.99)]
    told = ", ".join(f"{count} {word}" for word, count in sorted(ends.items()))
    print(f"{what:34} " + " ".join(f"{figure:9.2f}" for figure in figures)
          + f" {memory.of_server:8} {memory.of_worker:8} {memory.of_all:8}  {told}")


def report() -> None:
    print(f"{'round trip, ms; most memory, MiB':34} {'step p50':>9} {'step p99':>9} {'echo p50':>9} {'echo p99':>9} "
          f"{'server':>8} {'a worker':>8} {'all':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for mode in MODES:
            with Server(mode, Path(folder), module="tests.bench.echo_server") as server:
                row(f"{mode}, {LEARNERS} others", measured(server, 0))
                row(f"{mode}, and {HOSTILE} hostile", measured(server, HOSTILE))


if __name__ == "__main__":
    report()
