"""A small recording and a shelf with it, for tests of the way to the screen: no machine, everything by arithmetic.

Sixty steps; every tenth is a VM exit with five phases, the one after it a VM entry with six. Stops are at 5, at 20.3
(inside an exit) and at 40. RIP is 100000h + 4 * step. A scene shows its position, and `old` only in even steps.
"""

from __future__ import annotations

from typing import Any

from vmviz.errors import LessonError
from vmviz.recording import Position

LENGTH = 60
RIP = 0x100000
STOPS = [{"id": "first", "step": 5, "phase": 0}, {"id": "inside", "step": 20, "phase": 3},
         {"id": "last", "step": 40, "phase": 0}]


class FakeRecording:
    """What the web needs of a recording."""

    done = True
    gone = False
    questions = ()
    drive = None

    def __init__(self, key: str, length: int = LENGTH) -> None:
        self.key = key
        self.length = length
        self.drawn = 0  # how many scenes have been made
        self.stops = [Position(stop["step"], stop["phase"]) for stop in STOPS]
        self.exits = [Position(step + 1) for step in range(length) if self.phases(step) == 5]
        self.entries = [Position(step + 1) for step in range(length) if self.phases(step) == 6]

    def phases(self, step: int) -> int:
        return {0: 5, 1: 6}.get(step % 10, 0) if step >= 10 else 0

    def scene(self, step: int, phase: int = 0) -> dict[str, Any]:
        self.drawn += 1
        rip = f"{RIP + 4 * step:x}"
        scene: dict[str, Any] = {
            "processors": {"0": {"mode": "root", "rip": rip, "registers": {"rip": rip, "rax": f"{step % 3:x}"}}},
            "vmcs": {"201000": {"order": 0, "fields": {"guest_rip": f"{phase:x}"}}}, "vms": {},
            "console": "x" * (step // 7),
        }
        if phase:
            scene["exit"] = {"phase": phase, "of": self.phases(step)}
        if step % 2 == 0:
            scene["old"] = step
        return scene

    def events(self, step: int, phase: int = 0) -> list[dict[str, Any]]:
        at = step if phase else step - 1
        return [{"type": "instruction", "rip": f"{RIP + 4 * at:x}"}] if at >= 0 else []

    def outline(self) -> dict[str, Any]:
        return {"length": self.length, "lanes": [{"from": 0, "to": self.length, "lane": "root"}], "exits": [],
                "entries": [], "failures": [], "stops": STOPS, "questions": [], "vms": [], "phased": {}, "regions": []}

    def listing(self) -> dict[str, Any]:
        return {"lines": [{"n": 1, "text": "start:"}], "symbols": {"start": f"{RIP:x}"}}

    def next_rip(self, addresses: Any, after: int) -> int | None:
        wanted = set(addresses)
        return next((step for step in range(after + 1, self.length) if RIP + 4 * step in wanted), None)

    def memory(self, at: Position, address: int, length: int) -> bytes | None:
        return bytes([at.step] * length) if address < 0x10000 else None

    def translation(self, at: Position, linear: int, access: str, processor: int | None = None) -> dict[str, Any]:
        return {"linear": f"{linear:x}", "access": access, "outcome": "page_fault", "cached": False, "references": 0,
                "rows": []}

    def tlb(self, at: Position, processor: int | None = None) -> list[dict[str, Any]]:
        return []

    def last_change(self, slot: str, at: Position, bits: int = 0) -> dict[str, Any] | None:
        if slot != "rax":
            raise LookupError(slot)
        return {"step": at.step - 1, "rip": "0", "old": "0", "new": "1"} if at.step else None


class FakeShelf:
    """Two lessons, one that does not do what it says, and one with markup in its words."""

    def __init__(self, *_: object) -> None:
        self.recordings = {name: FakeRecording(name) for name in ("tiny", "other")}
        self.recordings["long"] = FakeRecording("long", 5_000)

    def names(self) -> list[str]:
        return ["tiny", "other", "long", "broken"]

    def entry(self, name: str) -> dict[str, Any]:
        return {"name": name, "title": {"en": f"The {name} one", "pt-BR": f"A {name}"},
                "summary": {"en": "", "pt-BR": ""}, "steps": self.recording(name).length,
                "minutes": 3, "level": "beginner", **({"part": "B"} if name == "tiny" else {}),
                "goals": [{"en": "Say it.", "pt-BR": "Dizer."}],
                "prerequisites": ["tiny", "gone"] if name == "other" else [],
                "stops": [stop["id"] for stop in STOPS], "questions": []}

    def card(self, name: str) -> dict[str, Any]:
        return {key: value for key, value in self.entry(name).items() if key != "steps"}

    def teaching(self, name: str, lang: str) -> dict[str, Any] | None:
        return {"title": f"For teachers <{lang}>", "html": "<p>Ask.</p>"} if name == "tiny" else None

    def variants(self, name: str) -> int:
        if name not in self.names():
            raise KeyError(name)
        return 1

    def text(self, name: str, lang: str, variant: int = 0) -> dict[str, Any]:
        self.recording(name)
        return {"name": name, "lang": lang, "title": "</script><b>&",
                "stops": {"first": {"title": "One", "html": "<p>1</p>"}}}

    def recording(self, name: str, variant: int = 0) -> FakeRecording:
        if name == "broken":
            raise LessonError("a stop never fires")
        return self.recordings[name]
