"""What is asked of the learner, and what the machine answers: no right answer is ever written down.

A question is asked before a step, or inside it. The machine has run on: what an expression, the region, or the phases
are at the answer's place is what is right. `resolve_questions` finds all of that once for a recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vmviz.lessons.claims import At
from vmviz.lessons.expressions import ExpressionError, Value, read, shown
from vmviz.lessons.performance import Prepared
from vmviz.lessons.schema import EXPRESSIONS, OTHER, RIGHT, Choice, Condition, Question
from vmviz.lessons.stops import Moment, check_phase, find
from vmviz.lessons.yaml_places import Path
from vmviz.recording.positions import Position
from vmviz.recording.recording import Recording

MASK64 = (1 << 64) - 1


@dataclass(frozen=True)
class Asked:
    """A question in a recording: where it is asked and answered, and what is right there.

    `right`: ids of choices, one region, all phases in order, or one number in hexadecimal. `among`: what there is to
    choose from. `wrong`: the explanations of values that people often give, by value.
    """

    id: str
    kind: str
    at: Position
    answered: Position
    right: tuple[str, ...]
    among: tuple[str, ...]
    wrong: dict[str, str]

    def to_wire(self) -> dict[str, Any]:
        """{id, kind, step, phase, among}: the right answer stays here."""
        return {"id": self.id, "kind": self.kind, "step": self.at.step, "phase": self.at.phase,
                "among": list(self.among)}

    @property
    def about_right(self) -> str:
        """The id of what there is to say to the right answer."""
        return self.right[0] if self.kind == "choice" else RIGHT

    def grade(self, given: Sequence[str]) -> tuple[bool, str]:
        """Is an answer right, and the id of what there is to say to it."""
        if self.kind == "value":
            number = _number(given[0]) if len(given) == 1 else None
            text = "" if number is None else f"{number:x}"
            return text in self.right, RIGHT if text in self.right else self.wrong.get(text, OTHER)
        if self.kind == "several":
            good = sorted(given) == sorted(self.right)
            chosen_wrong = next((name for name in given if name not in self.right), None)
            return good, RIGHT if good else chosen_wrong or OTHER
        good = tuple(given) == self.right
        if self.kind == "choice":
            return good, given[0] if len(given) == 1 and given[0] in self.among else OTHER
        return good, RIGHT if good else OTHER


def _number(text: str) -> int | None:
    """What a learner typed: 5, 0x5, 5h, 10 1000 with spaces or underlines between; decimal unless it says otherwise."""
    plain = text.strip().lower().replace("_", "").replace(" ", "")
    negative, plain = plain.startswith("-"), plain.removeprefix("-")
    try:
        if plain.startswith("0x"):
            number = int(plain[2:], 16)
        elif plain.endswith("h"):
            number = int(plain[:-1], 16)
        else:
            number = int(plain, 10) if plain.isdecimal() else int(plain, 16)
    except ValueError:
        return None
    return (-number if negative else number) & MASK64


def resolve_questions(prepared: Prepared, recording: Recording, told: Sequence[Moment]) -> tuple[Asked, ...]:
    """Every question with its answer; LessonError for one that has none, or more than one, or never comes."""
    lesson, questions = prepared.lesson, prepared.lesson.form.questions
    moments = find(lesson, [(("questions", n, "on"), question) for n, question in enumerate(questions)], told,
                   prepared.symbols)
    elsewhere: list[tuple[Path, Condition]] = [(("questions", n, "answer"), question.answered)
                                               for n, question in enumerate(questions) if question.answered is not None]
    places = iter(find(lesson, elsewhere, told, prepared.symbols))
    asked = []
    for index, (question, moment) in enumerate(zip(questions, moments, strict=True)):
        if question.phase is not None:
            check_phase(lesson, ("questions", index), question.id, question.phase, moment)
        at = Position(moment.index, question.phase or 0)
        answered = Position(moment.index + 1, 0)
        if question.answered is not None:
            there = next(places)
            answered = Position(there.index + (question.answered.label is None), 0)
        if answered <= at:
            raise lesson.document.error(("questions", index, "answer"), f"{question.named} is asked at step {at.step} "
                                        f"and answered at step {answered.step}", "ask before the machine answers")
        asked.append(_Answers(prepared, recording, question, index, at, answered).asked(moment))
    return tuple(asked)


@dataclass(frozen=True)
class _Answers:
    """The answers of one question."""

    prepared: Prepared
    recording: Recording
    question: Question
    index: int
    at: Position
    answered: Position

    def asked(self, moment: Moment) -> Asked:
        """The question with its right answer."""
        kind, choices = self.question.kind, self.question.choices
        wrong: dict[str, str] = {}
        among = tuple(choice.id for choice in choices)
        if kind in ("choice", "several"):
            right = tuple(choice.id for choice in choices if self._holds(choice))
            self._check_choices(right)
        elif kind == "value":
            right, among, wrong = self._values()
        elif kind == "place":
            among = tuple(region.id for region in self.prepared.regions)
            right = (str(self.recording.scene(*self.answered).get("region") or ""),)
            if right[0] not in among:
                raise self._error((), f"at step {self.answered.step} execution is in no region",
                                  "give that code a region, or ask elsewhere")
        else:
            right = tuple(str(event["name"]) for event in moment.events if event["type"] == "phase")
            among = tuple(sorted(right))
            if len(right) < 2:
                raise self._error(("on",), "this step has no phases to put in order", "ask before a VM entry or exit")
        return Asked(self.question.id, kind, self.at, self.answered, right, among, wrong)

    def _check_choices(self, right: tuple[str, ...]) -> None:
        count = len(self.question.choices)
        if self.question.kind == "choice" and len(right) != 1:
            many = f"all of these are right: {', '.join(right)}" if right else "none of the choices is right"
            raise self._error(("choices",), f"{many}, at step {self.answered.step}",
                              "exactly one may be; or use the kind 'several'")
        if not 0 < len(right) < count:
            raise self._error(("choices",), f"{len(right)} of {count} choices are right, at step {self.answered.step}",
                              "some must be right and some wrong")

    def _holds(self, choice: Choice) -> bool:
        found = self._value(choice.is_, ("choices", self.question.choices.index(choice), "is"))
        if not isinstance(found, bool):
            raise self._error(("choices", self.question.choices.index(choice), "is"),
                              f"'{choice.is_}' is {shown(found)}, neither true nor false", EXPRESSIONS)
        return found

    def _values(self) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, str]]:
        right = self._whole(str(self.question.value), ("value",))
        wrong: dict[str, str] = {}
        for n, choice in enumerate(self.question.choices):
            value = self._whole(choice.is_, ("choices", n, "is"))
            if value == right or value in wrong:
                raise self._error(("choices", n), f"'{choice.id}' is {value}h, like "
                                  f"{'the right answer' if value == right else wrong[value]}",
                                  "each wrong value needs to be another one; change the program's numbers")
            wrong[value] = choice.id
        return (right,), (), wrong

    def _whole(self, text: str, path: Path) -> str:
        found = self._value(text, path)
        if not isinstance(found, int) or isinstance(found, bool):
            raise self._error(path, f"'{text}' is {shown(found)}, no number", EXPRESSIONS)
        return f"{found & MASK64:x}"

    def _value(self, text: str, path: Path) -> Value:
        try:
            return read(text).value(At(self.recording, self.answered), At(self.recording, self.at),
                                    self.prepared.symbols)
        except ExpressionError as error:
            raise self._error(path, str(error), EXPRESSIONS) from None

    def _error(self, path: Path, message: str, remedy: str) -> Exception:
        return self.prepared.lesson.document.error(("questions", self.index, *path),
                                                   f"{self.question.named}: {message}", remedy)
