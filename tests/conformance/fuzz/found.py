"""Trials that once differed, each a file of found/ with the outcome on Bochs: they are replayed on vmviz alone.

A file has the trial as it was shrunk, `why` the outcome is right, and the outcome, "name=value" in hexadecimal; what
is 0 is left out.
"""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conformance.fuzz.machines import Pair
from tests.conformance.fuzz.record import Outcome
from tests.conformance.fuzz.trial import Trial

FOLDER = Path(__file__).resolve().parent / "found"


@dataclass(frozen=True)
class Found:
    """A trial, what it is about, and what it did on Bochs."""

    trial: Trial
    why: str
    bochs: Outcome

    def pair(self, vmviz: Outcome) -> Pair:
        """With an outcome on vmviz; what both have is defined, so what Bochs's lacks was 0."""
        return Pair(self.trial, {name: self.bochs.get(name, 0) for name in vmviz}, vmviz)


def load(path: Path) -> Found:
    """Read a file."""
    data = json.loads(path.read_text())
    plain = data["trial"]
    numbers = {name: tuple((key, int(value, 16)) for key, value in plain.pop(name, {}).items())
               for name in ("fields", "registers")}
    pokes = tuple((int(address, 16), bytes.fromhex(value)) for address, value in plain.pop("pokes", {}).items())
    trial = Trial(plain.pop("kind"), pokes=pokes, code=tuple(plain.pop("code", ())), **numbers, **plain)
    outcome = {name: int(value, 16) for name, _, value in (part.partition("=") for part in data["outcome"].split(", "))}
    return Found(trial, data["why"], outcome)


def save(path: Path, found: Found) -> None:
    """Write a file."""
    trial = found.trial
    plain: dict[str, Any] = {"kind": trial.kind, "scene": trial.scene}
    plain |= {name: getattr(trial, name) for name in ("bits", "at", "action", "entries")
              if getattr(trial, name) != Trial.__dataclass_fields__[name].default}
    plain["fields"] = {name: f"{value:#x}" for name, value in trial.fields}
    plain["registers"] = {name: f"{value:#x}" for name, value in trial.registers}
    plain["pokes"] = {f"{address:#x}": value.hex(" ", -8) for address, value in trial.pokes}
    plain["code"] = trial.code
    outcome = ", ".join(f"{name}={value:x}" for name, value in found.bochs.items() if value)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"why": found.why, "trial": {name: value for name, value in plain.items() if value},
                                "outcome": outcome}, indent=1) + "\n")
