"""The learner drives: at chosen steps one says what the processor does next, and the machine says whether it does.

Where is the lesson's choice (`drive` of lesson.yaml; without it every VM entry and VM exit), what is asked is the
machine's (drive_families.py). A seed decides which of the things that can be asked about a step is asked, with which
wrong answers and in what order, so that neighbours differ and a seed always gives the same. No answer leaves this
module but by `grade`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from random import Random
from typing import Any, Final

from vmviz.lessons.drive_families import Family, families
from vmviz.lessons.performance import Prepared
from vmviz.lessons.stops import Moment, find
from vmviz.recording.positions import Position
from vmviz.recording.recording import Recording

KINDS: Final = ("control", "phase", "field")
WRONG: Final = 3                    # at most so many wrong answers
SEEDS_KEPT: Final = 64


@dataclass(frozen=True)
class Point:
    """What is asked at one step: all answers in the order in which they are shown, and what each deserves to hear."""

    id: str
    family: Family
    choices: tuple[str, ...]

    @property
    def at(self) -> Position:
        """Where it is asked."""
        return self.family.at

    @property
    def answered(self) -> Position:
        """Where the machine answers."""
        return self.family.answered

    @property
    def right(self) -> str:
        """The right answer."""
        return self.family.right

    def to_wire(self) -> dict[str, Any]:
        """{id, step, phase, kind, asks?, choices}: the right answer stays here."""
        asks = {"asks": self.family.asks} if self.family.asks else {}
        return {"id": self.id, "step": self.at.step, "phase": self.at.phase, "kind": self.family.kind, **asks,
                "choices": list(self.choices)}

    def grade(self, given: str) -> tuple[bool, str]:
        """Is an answer right, and what there is to say to it: of a wrong one the kind of mistake."""
        if given == self.right:
            return True, self.family.about
        return False, next((wrong.why for wrong in self.family.wrong if wrong.id == given), "other")


class Drive:
    """The steps of a recording at which a learner may be asked."""

    def __init__(self, recording: Recording, steps: Sequence[int], handlers: Sequence[int] = ()) -> None:
        """`steps`: each is the position before the step, in order; `handlers`: where exceptions lead."""
        self._recording = recording
        self._handlers = tuple(handlers)
        self.steps = tuple(steps)
        self._families: list[tuple[Family, ...]] | None = None
        self._made = lru_cache(maxsize=SEEDS_KEPT)(self._make)

    def points(self, seed: int) -> Sequence[Point]:
        """What is asked with this seed, in the order of the recording; never where the lesson itself asks."""
        return self._made(seed)

    def _make(self, seed: int) -> tuple[Point, ...]:
        if self._families is None:
            taken = {question.at for question in self._recording.questions}
            self._families = [tuple(family for family in families(self._recording, step, self._handlers)
                                    if family.at not in taken) for step in self.steps]
        made = (_point(str(step), step, found, seed, seed + number)
                for number, (step, found) in enumerate(zip(self.steps, self._families, strict=True)) if found)
        return tuple(made)


def _point(name: str, step: int, found: Sequence[Family], seed: int, turn: int) -> Point:
    """One of the questions about a step: the kinds take turns."""
    chance = Random(f"{seed}.{step}")               # nothing secret: the same for the same seed, everywhere
    kinds = [KINDS[(turn + n) % len(KINDS)] for n in range(len(KINDS))]
    kind = next(kind for kind in kinds if any(family.kind == kind for family in found))
    family = chance.choice([family for family in found if family.kind == kind])
    likely = [choice.id for choice in family.wrong]
    wrong = likely[:WRONG - 1] + chance.sample(likely[WRONG - 1:], min(1, len(likely[WRONG - 1:])))
    choices = [family.right, *wrong]
    chance.shuffle(choices)
    return Point(name, family, tuple(choices))


def resolve_drive(prepared: Prepared, recording: Recording, told: Sequence[Moment]) -> Drive:
    """Where the lesson lets its learner drive; LessonError for a place that never comes or has nothing to ask."""
    lesson, form = prepared.lesson, prepared.lesson.form.drive
    conditions = form.conditions()
    found = dict(zip((path for path, _ in conditions), find(lesson, conditions, told, prepared.symbols), strict=True))
    first = found[("drive", "from")].index if ("drive", "from") in found else 0
    last = found[("drive", "to")].index if ("drive", "to") in found else recording.length
    if form.on is None:
        return Drive(recording, [moment.index for moment in told if moment.phases and first <= moment.index <= last])
    named = [path for path, _ in conditions if path[1] == "on"]
    for path in named:
        if not families(recording, found[path].index):
            raise lesson.document.error(path, f"there is nothing to ask about step {found[path].index}",
                                        "name a step that crosses between root and non-root operation, or a fault")
    handlers = sorted({behind.rip for moment, behind in pairwise(told)
                       if any(event["type"] == "fault" for event in moment.events) and not moment.phases})
    steps = sorted({found[path].index for path in named if first <= found[path].index <= last})
    return Drive(recording, steps, handlers)
