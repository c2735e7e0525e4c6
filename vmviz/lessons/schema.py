"""The form of lesson.yaml: what may be written there, and nothing else.

A lesson names its program's start, its virtual machines, the regions that light up as boxes, and its stops. Words are
not here: they are in text.LANG.md. `on` of a stop is checked against the event types, so that a misspelt field is
found when the lesson is loaded and not when its stop never fires.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from vmviz.events import EVENT_TYPES, wire_fields
from vmviz.lessons.expressions import ExpressionError, read
from vmviz.lessons.form import Form, explain
from vmviz.lessons.outside import Outside, check_outside
from vmviz.lessons.yaml_places import Document, Path
from vmviz.machine.board import MOST_PROCESSORS

LANGUAGES = ("en", "pt-BR")
EXPRESSIONS = "docs/lessons.md says what an expression may hold; for example: vmcs.exit_reason == 10"
LAST = 9999                         # place in the course of a lesson that names none
RIGHT, OTHER = "right", "other"    # names of explanations: of the right answer, of a wrong one that nobody foresaw
RESERVED = (RIGHT, OTHER)
PARTS = ("A", "B", "C", "D", "E")   # of the course, in their order
LEVELS = ("beginner", "intermediate", "advanced")

Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Label = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_.$][\w.$]{0,79}$")]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
VmName = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Za-z0-9]{0,7}$")]


class InLanguages(Form, frozen=True, rename={"pt_br": "pt-BR"}, kw_only=True):
    """The same words in every language of the course."""

    en: Words
    pt_br: Words

    def in_language(self, language: str) -> str:
        """The words in `language`; English for one that the course does not have."""
        return self.pt_br if language == "pt-BR" else self.en

    def to_wire(self) -> dict[str, str]:
        """{language: words}."""
        return {language: self.in_language(language) for language in LANGUAGES}


Claim = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class VirtualMachine(Form, frozen=True, kw_only=True):
    """A virtual machine and the symbol (label or equ) of the address of its VMCS."""

    name: VmName
    vmcs: Label


class Region(Form, frozen=True, kw_only=True):
    """A box of the picture: code from label `from` up to, not including, label `to`; `where` is root or a VM."""

    id: Id
    name: InLanguages
    where: str
    ring: Literal[0, 1, 2, 3] = 0
    from_: Label = msgspec.field(name="from")
    to: Label


class Condition(Form, frozen=True, kw_only=True):
    """What a run comes to: the nth event that matches `on`, or the nth arrival at a label."""

    on: dict[str, Any]

    @property
    def nth(self) -> int:
        """Which of the matching events, counted from 1."""
        return int(self.on.get("nth", 1))

    @property
    def label(self) -> str | None:
        """The label that execution must reach, for a stop of the form `on: {at: label}`."""
        return self.on.get("at")

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the event that must match."""
        return {key: value for key, value in self.on.items() if key not in ("event", "nth", "at")}

    @property
    def processor(self) -> int | None:
        """The processor that must reach the label, for a stop at one."""
        return self.on.get("processor")

    @property
    def named(self) -> str:
        """What messages call it."""
        return "this"


class Stop(Condition, frozen=True, kw_only=True):
    """A place where the lesson has something to say.

    Without `phase` the stop is after the step that held the event; with it, inside that step, after so many phases.
    """

    id: Id
    phase: Annotated[int, msgspec.Meta(ge=1, le=6)] | None = None

    @property
    def named(self) -> str:
        """What messages call it."""
        return f"the stop '{self.id}'"


class Expectation(Condition, frozen=True, kw_only=True):
    """Something that the words claim: the expression `that` holds after the step of `on`, at a label before it."""

    that: Claim
    phase: Annotated[int, msgspec.Meta(ge=1, le=6)] | None = None

    @property
    def named(self) -> str:
        """What messages call it."""
        return f"the place of the claim '{self.that}'"


class Choice(Form, frozen=True, kw_only=True):
    """Something that can be answered: what it says about the machine, and which common mistake it is (COURSE list)."""

    id: Id
    is_: Claim = msgspec.field(name="is")


class Question(Condition, frozen=True, kw_only=True):
    """Something to predict before the step of `on` (with `phase`: inside it), answered by the machine at `answer`.

    kind     the right answer
    choice   the one of `choices` whose `is` is true
    several  those of `choices` whose `is` is true
    value    the value of `value`; `choices` are known wrong values
    place    the region where execution goes on; `choices` are not needed
    order    the phases of the step, in their order; `choices` are not needed
    """

    id: Id
    kind: Literal["choice", "several", "value", "place", "order"]
    phase: Annotated[int, msgspec.Meta(ge=1, le=6)] | None = None
    answer: dict[str, Any] | None = None        # a condition; None: after the step of `on`
    choices: Annotated[tuple[Choice, ...], msgspec.Meta(max_length=8)] = ()
    value: Claim | None = None

    @property
    def named(self) -> str:
        """What messages call it."""
        return f"the question '{self.id}'"

    @property
    def answered(self) -> Condition | None:
        """Where the machine answers, where that is said."""
        return None if self.answer is None else Condition(on=self.answer)


class Drive(Form, frozen=True, kw_only=True):
    """Where a learner who drives is asked: at the steps of `on`, else at every VM entry and exit; from `from`, to `to`.

    All are conditions in the form of a stop's `on`.
    """

    on: Annotated[tuple[dict[str, Any], ...], msgspec.Meta(max_length=40)] | None = None
    from_: dict[str, Any] | None = msgspec.field(default=None, name="from")
    to: dict[str, Any] | None = None

    def conditions(self) -> list[tuple[Path, Condition]]:
        """Each place that is named, with its path in lesson.yaml."""
        bounds = [(("drive", key), on) for key, on in (("from", self.from_), ("to", self.to)) if on is not None]
        return [(path, Condition(on=on)) for path, on in
                (*bounds, *((("drive", "on", n), on) for n, on in enumerate(self.on or ())))]


Processors = Annotated[int, msgspec.Meta(ge=1, le=MOST_PROCESSORS)]


Variant = Annotated[dict[Label, int], msgspec.Meta(min_length=1, max_length=16)]    # other values of `equ` constants


class LessonForm(Form, frozen=True, kw_only=True):
    """lesson.yaml as a whole."""

    name: Id
    title: InLanguages
    summary: InLanguages
    model: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,39}$")] = "tigerlake"
    processors: Processors = 1
    outside: Outside = ()
    number: Annotated[int, msgspec.Meta(ge=1, le=9999)] = LAST
    minutes: Annotated[int, msgspec.Meta(ge=1, le=30)]
    part: Literal["A", "B", "C", "D", "E"] | None = None
    level: Literal["beginner", "intermediate", "advanced"] = "beginner"
    goals: Annotated[tuple[InLanguages, ...], msgspec.Meta(min_length=1, max_length=6)] = ()
    prerequisites: Annotated[tuple[Id, ...], msgspec.Meta(max_length=12)] = ()
    vms: Annotated[tuple[VirtualMachine, ...], msgspec.Meta(max_length=8)] = ()
    start: Label
    regions: Annotated[tuple[Region, ...], msgspec.Meta(max_length=40)] = ()
    stops: Annotated[tuple[Stop, ...], msgspec.Meta(min_length=1, max_length=40)]
    variants: Annotated[tuple[Variant, ...], msgspec.Meta(max_length=8)] = ()
    questions: Annotated[tuple[Question, ...], msgspec.Meta(max_length=12)] = ()
    drive: Drive = Drive()
    expects: Annotated[tuple[Expectation, ...], msgspec.Meta(max_length=100)] = ()


def read_form(document: Document) -> LessonForm:
    """The lesson in `document`; LessonError at the first thing that does not fit."""
    try:
        form = msgspec.convert(document.value, LessonForm)
    except msgspec.ValidationError as error:
        message, path = explain(str(error))
        raise document.error(path, message, "docs/lessons.md lists the keys of a lesson") from None
    _check_unique(document, "vms", [vm.name for vm in form.vms])
    _check_unique(document, "regions", [region.id for region in form.regions])
    _check_unique(document, "stops", [stop.id for stop in form.stops])
    _check_unique(document, "questions", [question.id for question in form.questions])
    _check_unique(document, "prerequisites", list(form.prerequisites))
    places = ("root", *(vm.name for vm in form.vms))
    for index, region in enumerate(form.regions):
        if region.where not in places:
            raise document.error(("regions", index, "where"), f"'{region.where}' is no place for code",
                                 f"use one of: {', '.join(places)}")
    for index, stop in enumerate(form.stops):
        _check_condition(document, ("stops", index, "on"), stop, stop.phase)
    for index, claim in enumerate(form.expects):
        _check_condition(document, ("expects", index, "on"), claim, claim.phase)
        _check_expression(document, ("expects", index, "that"), claim.that)
    for index, question in enumerate(form.questions):
        _check_question(document, ("questions", index), question)
    for path, condition in form.drive.conditions():
        _check_condition(document, path, condition, None)
    check_outside(document, form.outside, form.processors)
    return form


def _check_unique(document: Document, key: str, names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise document.error((key, index), f"'{name}' is already the name of another one in {key}",
                                 "give it a name of its own")


def _check_expression(document: Document, path: Path, text: str, constant: bool = False) -> None:
    """LessonError for what is no expression; for one that asks nothing, unless it may be `constant`."""
    try:
        asks = read(text).asks
    except ExpressionError as error:
        raise document.error(path, str(error), EXPRESSIONS) from None
    if not asks and not constant:
        raise document.error(path, f"'{text}' asks nothing of the machine", EXPRESSIONS)


def _check_question(document: Document, path: Path, question: Question) -> None:
    _check_condition(document, (*path, "on"), question, question.phase)
    if question.answered is not None:
        _check_condition(document, (*path, "answer"), question.answered, None)
    ids = [choice.id for choice in question.choices]
    for index, choice in enumerate(question.choices):
        if choice.id in RESERVED or choice.id in ids[:index]:
            raise document.error((*path, "choices", index, "id"), f"'{choice.id}' is already the name of an answer",
                                 f"give it a name of its own; {' and '.join(RESERVED)} are taken")
        _check_expression(document, (*path, "choices", index, "is"), choice.is_, constant=question.kind == "value")
    if question.kind in ("choice", "several") and len(ids) < 2:
        raise document.error(path, f"{question.named} needs two choices at least", "write them below 'choices'")
    if question.kind in ("place", "order") and ids:
        raise document.error((*path, "choices"), f"a question of the kind {question.kind} has no choices: the machine "
                             "knows what there is to choose from", "leave 'choices' out")
    if (question.kind == "value") != (question.value is not None):
        raise document.error(path, "'value' belongs to the questions of the kind value, and to each of them",
                             "for example: {kind: value, value: rax}")
    if question.value is not None:
        _check_expression(document, (*path, "value"), question.value)


def _check_condition(document: Document, path: Path, stop: Condition, phase: int | None) -> None:
    nth = stop.on.get("nth", 1)
    if not isinstance(nth, int) or isinstance(nth, bool) or nth < 1:
        raise document.error((*path, "nth"), "'nth' counts from 1", "write a whole number")
    if ("event" in stop.on) == ("at" in stop.on):
        raise document.error(path, "a stop needs either 'event' or 'at'",
                             "for example on: {event: vm_exit, reason: cpuid} or on: {at: exit_handler}")
    if "at" in stop.on:
        if not isinstance(stop.on["at"], str) or set(stop.fields) - {"processor"}:
            raise document.error(path, "'at' takes a label, and 'nth' and 'processor' if you like, and nothing else")
        if phase is not None:
            raise document.error(path, "a stop at a label has no phases", "hang it on the event of that step")
        return
    event_type = EVENT_TYPES.get(stop.on["event"]) if isinstance(stop.on["event"], str) else None
    if event_type is None:
        raise document.error((*path, "event"), f"there is no event '{stop.on['event']}'",
                             f"the events are: {', '.join(sorted(EVENT_TYPES))}")
    for key, value in stop.fields.items():
        if key not in (*wire_fields(event_type), "processor"):
            raise document.error((*path, key), f"the event {stop.on['event']} has no field '{key}'",
                                 f"it has: {', '.join(wire_fields(event_type))}")
        if not isinstance(value, (str, int, bool)):
            raise document.error((*path, key), "only words, numbers, true and false can be matched")
