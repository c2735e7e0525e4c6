"""Counters for Prometheus: commands by name and outcome, how long they took, sockets, sessions, frames, recordings.

A registry of its own for each app, so that tests can make several. Names of lessons, sessions and visitors are in
none of them.
"""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class Metrics:
    """What /metrics shows."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._commands = Counter("vmviz_commands", "Commands by name and by error code (ok: none)",
                                 ["command", "code"], registry=self.registry)
        self._seconds = Histogram("vmviz_command_seconds", "Time to carry out a command, its frames included",
                                  ["command"], buckets=SECONDS, registry=self.registry)
        self._limited = Counter("vmviz_workers_limited", "Learners' programs that were ended at a limit, by limit",
                                ["limit"], registry=self.registry)
        self._sent = Counter("vmviz_sent", "Messages sent by event", ["event"], registry=self.registry)

    def command(self, name: str, code: str, seconds: float) -> None:
        """A command has been answered."""
        self._commands.labels(name, code).inc()
        self._seconds.labels(name).observe(seconds)

    def limited(self, limit: str) -> None:
        """A program has met a limit."""
        self._limited.labels(limit).inc()

    def sent(self, event: str) -> None:
        """A message has been sent."""
        self._sent.labels(event).inc()

    def gauge(self, name: str, what: str, read: Callable[[], float]) -> None:
        """A value that is read when somebody asks."""
        Gauge(f"vmviz_{name}", what, registry=self.registry).set_function(read)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)
