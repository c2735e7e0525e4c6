"""Recordings that are kept: made at first use, shared by everybody, under a limit in bytes.

What was not used for longest goes first, and is made again when somebody needs it. Two who ask for the same recording
at once get the same one: the second waits while it is made. What somebody still looks at stays theirs when it goes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """Something that knows about how many bytes it holds."""

    @property
    def size(self) -> int:
        """Bytes, about."""
        ...


R = TypeVar("R", bound=Sized)


class Library(Generic[R]):
    """Things by key, least recently used first."""

    def __init__(self, limit: int) -> None:
        """`limit` in bytes; the thing used last is kept even when it is larger."""
        self.limit = limit
        self._kept: OrderedDict[str, R] = OrderedDict()
        self._making: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes that are kept, about."""
        return sum(thing.size for thing in list(self._kept.values()))

    def get(self, key: str, make: Callable[[], R]) -> R:
        """The thing of that key, made when it is not here."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            try:
                made = make()
                with self._lock:
                    self._kept[key] = made
                    while len(self._kept) > 1 and self.size > self.limit:
                        self._kept.popitem(last=False)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return made
