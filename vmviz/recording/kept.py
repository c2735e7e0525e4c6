"""The latest things that were made, by key, under a limit of their number and one of their weight together."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Things that are costly to make again. Whoever shares one guards it with a lock."""

    def __init__(self, most: int, weigh: Callable[[T], int] = lambda _: 0, heaviest: int = 0) -> None:
        """At most `most` things that weigh `heaviest` together; the last one is kept whatever it weighs."""
        self.weight = 0
        self._most, self._weigh, self._heaviest = most, weigh, heaviest
        self._things: OrderedDict[Any, T] = OrderedDict()

    def __len__(self) -> int:
        return len(self._things)

    def get(self, key: Any, make: Callable[[], T]) -> T:
        """The thing of that key, made when it is not here."""
        if key in self._things:
            self._things.move_to_end(key)
            return self._things[key]
        made = make()
        if key not in self._things:
            self._things[key] = made
            self.weight += self._weigh(made)
        while len(self) > self._most or self.weight > self._heaviest and len(self) > 1:
            self.weight -= self._weigh(self._things.popitem(last=False)[1])
        return made
