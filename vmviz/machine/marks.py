"""The kept events of a run, packed: (step, event) in the order in which they happened.

Outlines and searches need every VM entry and VM exit of a recording, and a program can make a million of them. The
events lie in packs, encoded and compressed, which makes them a twentieth; the latest are still objects. Reading goes
by packs, so go through them in order.
"""
from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import islice
from operator import or_
from typing import Final, overload

import msgspec

from vmviz import events as ev

PACK: Final = 512               # events that are packed together, at least
OBJECT_BYTES: Final = 300       # that one of the latest takes
PACK_BYTES: Final = 120         # that a pack takes beside its content

Mark = tuple[int, ev.Event]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[int, reduce(or_, ev.EVENT_TYPES.values())]]).decode  # type: ignore[misc]


class Marks(Sequence[Mark]):
    """(step, event) in order."""

    def __init__(self, latest: list[Mark]) -> None:
        """`latest`: the list that a processor appends to; `pack` empties it."""
        self._latest = latest
        self._packs: list[bytes] = []
        self._ends: list[int] = []              # how many events there are up to the end of each pack
        self._packed_bytes = 0

    def pack(self) -> None:
        """Pack the latest events, when they are many enough."""
        if len(self._latest) >= PACK:
            pack = zlib.compress(_encode(self._latest), 1)
            self._packs.append(pack)
            self._ends.append(self._packed + len(self._latest))
            self._packed_bytes += len(pack) + PACK_BYTES
            self._latest.clear()

    @property
    def bytes_kept(self) -> int:
        """How many bytes they take."""
        return self._packed_bytes + OBJECT_BYTES * len(self._latest)

    @property
    def _packed(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __len__(self) -> int:
        return self._packed + len(self._latest)

    def __iter__(self) -> Iterator[Mark]:
        return self._from(0)

    @overload
    def __getitem__(self, at: int) -> Mark: ...

    @overload
    def __getitem__(self, at: slice) -> list[Mark]: ...

    def __getitem__(self, at: int | slice) -> Mark | list[Mark]:
        """One of them, or those from one on: of slices, those with a step of 1."""
        if isinstance(at, int):
            at = at + len(self) if at < 0 else at
            if not 0 <= at < len(self):
                raise IndexError(at)
            return next(self._from(at))
        start, stop, stride = at.indices(len(self))
        assert stride == 1
        return list(islice(self._from(start), max(stop - start, 0)))

    def _from(self, start: int) -> Iterator[Mark]:
        first = bisect_right(self._ends, start)
        skip = start - (self._ends[first - 1] if first else 0)
        for pack in self._packs[first:]:
            yield from islice(_decode(zlib.decompress(pack)), skip, None)
            skip = 0
        yield from islice(self._latest, skip, None)
