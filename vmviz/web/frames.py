"""Frames and snapshots, encoded once for everybody who looks at the same recording.

A frame is a function of the recording and of two positions, a snapshot of one: no session, language or clock goes in.
What was encoded is kept under a limit in bytes; what was not used for longest goes first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import msgspec

from vmviz.recording import Position, diff
from vmviz.web.excerpt import excerpt
from vmviz.web.shelf import Recorded
from vmviz.web.wire import encode

OVERHEAD = 200  # bytes of bookkeeping for each kept payload, about


class Frames:
    """The payloads of `frame` and `snapshot`."""

    def __init__(self, limit: int) -> None:
        """`limit` in bytes."""
        self.limit = limit
        self.size = 0
        self.hits = 0
        self.misses = 0
        self._kept: OrderedDict[tuple[Any, ...], msgspec.Raw] = OrderedDict()
        self._lock = threading.Lock()

    def frame(self, recorded: Recorded, before: Position, at: Position) -> msgspec.Raw:
        """What a client at `before` needs to be at `at`."""
        def make() -> dict[str, Any]:
            return {"from": before.to_wire(), "position": at.to_wire(), "events": recorded.events(*at),
                    "delta": diff(recorded.scene(*before), recorded.scene(*at))}

        return self._get((recorded.key, before, at), make)

    def snapshot(self, recorded: Recorded, at: Position) -> msgspec.Raw:
        """All that a client needs to be at `at`, wherever it was."""
        def make() -> dict[str, Any]:
            return {"position": at.to_wire(), "length": recorded.length, "scene": recorded.scene(*at),
                    "events": recorded.events(*at)}

        return self._get((recorded.key, recorded.length, at), make)

    def outline(self, recorded: Recorded) -> msgspec.Raw:
        """The recording's outline."""
        return self._get((recorded.key, recorded.length, "outline"), recorded.outline)

    def listing(self, recorded: Recorded) -> msgspec.Raw:
        """The program's listing."""
        return self._get((recorded.key, "listing"), recorded.listing)

    def excerpt(self, recorded: Recorded) -> msgspec.Raw:
        """A short piece of the run for a small picture."""
        return self._get((recorded.key, recorded.length, "excerpt"), lambda: excerpt(recorded))

    def _get(self, key: tuple[Any, ...], make: Callable[[], Any]) -> msgspec.Raw:
        with self._lock:
            payload = self._kept.get(key)
            if payload is not None:
                self._kept.move_to_end(key)
                self.hits += 1
                return payload
        payload = encode(make())  # outside the lock: making may wait for the recording's own
        with self._lock:
            self.misses += 1
            if key not in self._kept:
                self._kept[key] = payload
                self.size += len(memoryview(payload)) + OVERHEAD
            while self.size > self.limit and len(self._kept) > 1:
                _, old = self._kept.popitem(last=False)
                self.size -= len(memoryview(old)) + OVERHEAD
        return payload
