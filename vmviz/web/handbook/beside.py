"""What takes a while is made once, beside the requests that want it: an index over all lessons may need recordings
that are not made yet. A request waits for it a little and then does without.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Generic, TypeVar

PATIENCE: Final = 2.0       # seconds that a request waits
BREATH: Final = 0.1         # seconds for other tasks after as long a piece of work, as a lesson that is recorded
T = TypeVar("T")
log = logging.getLogger(__name__)


def unhurried(things: Iterable[T]) -> Iterator[T]:
    """The things one by one; after one that took long, the other tasks of the process have time for theirs."""
    for thing in things:
        began = time.perf_counter()
        yield thing
        time.sleep(BREATH if time.perf_counter() - began > BREATH else 0)


class Beside(Generic[T]):
    """A value that a task of its own makes when somebody first asks for it."""

    def __init__(self, what: str, make: Callable[[], T]) -> None:
        """`what` it is, for the log. `make` gives way to other tasks now and then: `unhurried`."""
        self._what, self._make = what, make
        self._lock = threading.Lock()
        self._begun = False
        self._ready = threading.Event()
        self._value: T | None = None

    def get(self, patience: float = PATIENCE) -> T | None:
        """The value; None when it is not made in so many seconds."""
        with self._lock:
            if not self._begun:
                self._begun = True
                threading.Thread(target=self._run, daemon=True).start()
        self._ready.wait(patience)
        return self._value

    def _run(self) -> None:
        began = time.perf_counter()
        try:
            self._value = self._make()
        except Exception:       # a bug: it is tried again when somebody asks again
            log.exception("%s cannot be made", self._what)
            self._begun = False
            return
        self._ready.set()
        log.info("%s: made in %.2f s", self._what, time.perf_counter() - began)
