"""What the server and a worker say to each other: one job there, then what comes of it, over a socket.

A message is four bytes of length and MessagePack. Columns travel as their bytes; both ends run on one machine.
"""

from __future__ import annotations

import socket
from array import array
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

import msgspec
from msgspec import Struct

from vmviz.events import EVENT_TYPES
from vmviz.machine.bench import IMAGE_AT
from vmviz.machine.processor import Processor
from vmviz.machine.received import Part
from vmviz.machine.signals import Arrival
from vmviz.machine.spans import Span
from vmviz.recording.sources import ProgramSource

LONGEST = 256 << 20     # bytes of one message; a worker that says more is not ours


class Job(Struct, tag=True):
    """A program (source text, or the image itself) and what its recording may take.

    `names`, `start` and `outside` are those of a ProgramSource.
    """

    source: str | None
    image: bytes
    model: str
    processors: int
    steps: int
    size: int           # bytes of the recording
    seconds: float      # of processor time
    memory: int         # bytes of address space
    names: dict[int, str] = {}
    start: int = IMAGE_AT
    outside: list[Arrival] = []

    def begin(self, image: bytes) -> Processor:
        """The processor that runs it, at its start; VmvizError for a program that does not come there."""
        return ProgramSource(image, self.model, self.names, self.start, processors=self.processors,
                             outside=self.outside).begin()


class Begun(Struct, tag=True):
    """It is assembled, and runs: the image as it is loaded, and the listing as JSON."""

    image: bytes
    listing: bytes


class Gained(Struct, tag=True):
    """A part of the journal; `spans`: cells, old and new values of each."""

    starts: bytes
    changes: bytes
    rips: bytes
    who: bytes
    marks: bytes
    registers: bytes
    spans: list[bytes] | None


class Ended(Struct, tag=True):
    """The last word: why it ended (docs/protocol.md lists the reasons), with what belongs to the reason."""

    reason: str
    params: dict[str, Any] = {}


Message = Job | Begun | Gained | Ended
_decode = msgspec.msgpack.Decoder(Message).decode
_marks = msgspec.msgpack.Decoder(list[tuple[int, reduce(or_, EVENT_TYPES.values())]]).decode  # type: ignore[misc]


def encode(message: Message) -> bytes:
    """A message with its length before it."""
    packed = msgspec.msgpack.encode(message)
    return len(packed).to_bytes(4, "little") + packed


def receive(channel: socket.socket) -> Message | None:
    """The next message; None when the other end is gone. Raises ValueError for something that is no message."""
    head = _read(channel, 4)
    if head is None:
        return None
    length = int.from_bytes(head, "little")
    if length > LONGEST:
        raise ValueError(f"a message of {length} bytes")
    packed = _read(channel, length)
    if packed is None:
        return None
    message: Message = _decode(packed)
    return message


def _read(channel: socket.socket, length: int) -> bytearray | None:
    buffer = bytearray(length)
    view, at = memoryview(buffer), 0
    while at < length:
        got = channel.recv_into(view[at:])
        if not got:
            return None
        at += got
    return buffer


def gained(part: Part) -> Gained:
    """A part as it travels."""
    spans = None if part.spans is None else [_bytes("Q", column) for span in part.spans for column in span]
    return Gained(_bytes("I", part.starts), _bytes("Q", part.changes), _bytes("Q", part.rips), _bytes("B", part.who),
                  msgspec.msgpack.encode(part.marks), _bytes("Q", part.registers), spans)


def part_of(message: Gained) -> Part:
    """The part that has travelled."""
    spans = None
    if message.spans is not None:
        columns = [_column("Q", column) for column in message.spans]
        spans = [Span(*columns[n:n + 3]) for n in range(0, len(columns), 3)]
    return Part(_column("I", message.starts), _column("Q", message.changes), _column("Q", message.rips),
                _column("B", message.who), _marks(message.marks), _column("Q", message.registers), spans)


def _bytes(kind: str, column: Sequence[int]) -> bytes:
    return (column if isinstance(column, array) else array(kind, column)).tobytes()


def _column(kind: str, packed: bytes) -> array[int]:
    column: array[int] = array(kind)
    column.frombytes(packed)
    return column
