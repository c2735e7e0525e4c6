"""The form of lesson.yaml: what may be written there, and nothing else.

A lesson names its program's start, its virtual machines, the regions that light up as boxes, and its stops. Words are
not here: they are in text.LANG.md. `on` of a stop is checked against the event types, so that a misspelt field is
found when the lesson is loaded and not when its stop never fires.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec

from vmviz.events import EVENT_TYPES, wire_fields
from vmviz.lessons.yaml_places import Document, Path

LANGUAGES = ("en", "pt-BR")

Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Label = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_.$][\w.$]{0,79}$")]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
VmName = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Za-z0-9]{0,7}$")]


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the parts of a lesson: unknown keys are errors."""


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


class Stop(Form, frozen=True, kw_only=True):
    """A place where the lesson has something to say: the nth event that matches `on`, or the nth arrival at a label.

    Without `phase` the stop is after the step that held the event; with it, inside that step, after so many phases.
    """

    id: Id
    on: dict[str, Any]
    phase: Annotated[int, msgspec.Meta(ge=1, le=6)] | None = None

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


class LessonForm(Form, frozen=True, kw_only=True):
    """lesson.yaml as a whole."""

    name: Id
    title: InLanguages
    summary: InLanguages
    model: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,39}$")] = "tigerlake"
    minutes: Annotated[int, msgspec.Meta(ge=1, le=30)]
    vms: Annotated[tuple[VirtualMachine, ...], msgspec.Meta(max_length=8)] = ()
    start: Label
    regions: Annotated[tuple[Region, ...], msgspec.Meta(max_length=40)] = ()
    stops: Annotated[tuple[Stop, ...], msgspec.Meta(min_length=1, max_length=40)]


def read_form(document: Document) -> LessonForm:
    """The lesson in `document`; LessonError at the first thing that does not fit."""
    try:
        form = msgspec.convert(document.value, LessonForm)
    except msgspec.ValidationError as error:
        message, path = _explain(str(error))
        raise document.error(path, message, "docs/lessons.md lists the keys of a lesson") from None
    _check_unique(document, "vms", [vm.name for vm in form.vms])
    _check_unique(document, "regions", [region.id for region in form.regions])
    _check_unique(document, "stops", [stop.id for stop in form.stops])
    places = ("root", *(vm.name for vm in form.vms))
    for index, region in enumerate(form.regions):
        if region.where not in places:
            raise document.error(("regions", index, "where"), f"'{region.where}' is no place for code",
                                 f"use one of: {', '.join(places)}")
    for index, stop in enumerate(form.stops):
        _check_condition(document, ("stops", index, "on"), stop)
    return form


def _explain(error: str) -> tuple[str, Path]:
    """msgspec's message ("... - at `$.stops[0].id`") as a sentence and a path; unknown keys lead to the key itself."""
    message, _, where = error.partition(" - at `$")
    path: list[str | int] = []
    for name, index in re.findall(r"\.?([^.\[\]`]+)|\[(\d+)\]", re.sub(r"\[(\d+)\]", r".\1.", where)):
        word = name or index
        path.append(int(word) if word.isdigit() else word)
    unknown = re.search(r"unknown field `(.+)`", message)
    if unknown:
        return f"there is no key '{unknown.group(1)}' here", (*path, unknown.group(1))
    missing = re.search(r"missing required field `(.+)`", message)
    if missing:
        return f"the key '{missing.group(1)}' is missing here", tuple(path)
    return message[:1].lower() + message[1:], tuple(path)


def _check_unique(document: Document, key: str, names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise document.error((key, index), f"'{name}' is already the name of another one in {key}",
                                 "give it a name of its own")


def _check_condition(document: Document, path: Path, stop: Stop) -> None:
    nth = stop.on.get("nth", 1)
    if not isinstance(nth, int) or isinstance(nth, bool) or nth < 1:
        raise document.error((*path, "nth"), "'nth' counts from 1", "write a whole number")
    if ("event" in stop.on) == ("at" in stop.on):
        raise document.error(path, "a stop needs either 'event' or 'at'",
                             "for example on: {event: vm_exit, reason: cpuid} or on: {at: exit_handler}")
    if "at" in stop.on:
        if not isinstance(stop.on["at"], str) or stop.fields:
            raise document.error(path, "'at' takes a label, and 'nth' if you like, and nothing else")
        if stop.phase is not None:
            raise document.error(path, "a stop at a label has no phases", "hang it on the event of that step")
        return
    event_type = EVENT_TYPES.get(stop.on["event"]) if isinstance(stop.on["event"], str) else None
    if event_type is None:
        raise document.error((*path, "event"), f"there is no event '{stop.on['event']}'",
                             f"the events are: {', '.join(sorted(EVENT_TYPES))}")
    for key, value in stop.fields.items():
        if key not in wire_fields(event_type):
            raise document.error((*path, key), f"the event {stop.on['event']} has no field '{key}'",
                                 f"it has: {', '.join(wire_fields(event_type))}")
        if not isinstance(value, (str, int, bool)):
            raise document.error((*path, key), "only words, numbers, true and false can be matched")
