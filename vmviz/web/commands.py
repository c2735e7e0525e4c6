"""What a client may ask: the commands, their arguments, and how anything else is refused.

`parse` turns the name and arguments of a socket message into one of the structs here, or raises ProtocolError with a
code of docs/protocol.md; a message can never raise anything else. Nothing is carried out here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from vmviz.errors import ProtocolError
from vmviz.machine.board import MOST_PROCESSORS
from vmviz.web.seeds import LARGEST_SEED
from vmviz.web.wire import shown

Number = int | float
Address = Annotated[str, Meta(pattern="^[0-9a-f]{1,16}$")]
Name = Annotated[str, Meta(max_length=200)]
Unit = Literal["step", "phase"]
Target = Literal["next_exit", "previous_exit", "next_entry", "previous_entry", "next_stop", "previous_stop",
                 "breakpoint", "end"]


class Place(Struct):
    """A position as a client wishes it."""

    step: Number
    phase: Number = 0

    def whole(self) -> tuple[int, int]:
        """Both as whole numbers."""
        return whole("step", self.step), whole("phase", self.phase)


class Program(Struct):
    """A program that somebody wrote: its source, or an image in base64."""

    source: str | UnsetType = UNSET
    image: str | UnsetType = UNSET
    model: Name = "tigerlake"
    processors: Annotated[int, Meta(ge=1, le=MOST_PROCESSORS)] = 1


class Open(Struct):
    """Look at something: a lesson or a program; traces are not there yet."""

    lesson: Name | UnsetType = UNSET
    seed: Annotated[int, Meta(ge=0, le=LARGEST_SEED)] = 0
    program: Program | UnsetType = UNSET
    trace: Any = UNSET
    at: Place | None = None
    session: Any = None


class Step(Struct):
    """Move on (or back, when negative) by steps or phases."""

    by: Number
    unit: Unit = "step"


class Seek(Place):
    """Move to a position."""


class Run(Struct):
    """Move to the next or previous event of a kind."""

    to: Target


class Play(Struct):
    """Move on by itself, so many times a second."""

    rate: Number
    unit: Unit = "step"


class Pause(Struct):
    """Stop playing."""


class Breakpoints(Struct):
    """Replace the breakpoints: linear addresses of instructions."""

    set: Annotated[list[Address], Meta(max_length=64)]


class Range(Struct):
    """A piece of physical memory, or what begins there."""

    address: Address
    length: Number = 64


class Inspect(Struct):
    """Look closer at something that the scene does not hold, or at one part of it."""

    what: Literal["memory", "vmcs", "registers", "translation", "tlb", "outline", "instruction"]
    range: Range | None = None
    access: Literal["read", "write", "fetch"] = "read"
    processor: Annotated[int, Meta(ge=0, lt=MOST_PROCESSORS)] | UnsetType = UNSET


class LastChange(Struct):
    """When was this, or some bits of it, last changed?"""

    slot: Name
    bits: Address = "0"


class Answer(Struct):
    """Answer a question of the lesson; without `given`: give up, and be told what is right."""

    question: Annotated[str, Meta(max_length=40)]
    given: Annotated[list[Annotated[str, Meta(max_length=80)]], Meta(min_length=1, max_length=16)] | UnsetType = UNSET


PointName = Annotated[str, Meta(max_length=20)]


class Drive(Struct):
    """The learner drives: be asked what comes next, answer, or (without `given`) be shown; `on: false`: no longer."""

    seed: Annotated[int, Meta(ge=0, le=LARGEST_SEED)] = 0
    on: bool = True
    answered: Annotated[list[PointName], Meta(max_length=1000)] = []
    point: PointName | UnsetType = UNSET
    given: Annotated[str, Meta(max_length=80)] | UnsetType = UNSET


class Change(Struct):
    """One thing that a learner changes: a slot as `last_change` names it, or a signal that arrives."""

    slot: Name | UnsetType = UNSET
    value: Address | UnsetType = UNSET
    interrupt: Annotated[int, Meta(ge=16, le=255)] | UnsetType = UNSET
    nmi: bool = False


class Fork(Struct):
    """Change something here and look what follows."""

    changes: Annotated[list[Change], Meta(min_length=1, max_length=16)]


Command = Open | Step | Seek | Run | Play | Pause | Breakpoints | Inspect | LastChange | Answer | Drive | Fork
COMMANDS: dict[str, type[Command]] = {
    "open": Open, "step": Step, "seek": Seek, "run": Run, "play": Play, "pause": Pause, "breakpoints": Breakpoints,
    "inspect": Inspect, "last_change": LastChange, "answer": Answer, "drive": Drive,
    "fork": Fork,
}
WITHOUT_ARGUMENT = frozenset({"pause"})


def parse(name: Any, arguments: tuple[Any, ...]) -> Command:
    """The command that a message asks for; ProtocolError when it asks for none."""
    if not isinstance(name, str) or name not in COMMANDS:
        raise ProtocolError("unknown_command", "There is no such command.", command=shown(name))
    if not arguments and name in WITHOUT_ARGUMENT:
        arguments = ({},)
    if len(arguments) != 1:
        raise _refused(name, f"takes one object, got {len(arguments)} arguments")
    if not isinstance(arguments[0], dict):
        raise _refused(name, f"takes one object, got {shown(arguments[0]) or 'an empty text'}")
    try:
        return msgspec.convert(arguments[0], COMMANDS[name])
    except (msgspec.ValidationError, RecursionError, UnicodeError) as error:
        raise _refused(name, shown(str(error))) from None


def whole(key: str, number: Number) -> int:
    """A whole number of any size; ProtocolError for fractions, NaN and infinity."""
    if isinstance(number, float) and not number.is_integer():
        raise ProtocolError("bad_arguments", f"{key} must be a whole number.", reason=f"{key} is not whole")
    return int(number)


def _refused(command: str, reason: str) -> ProtocolError:
    return ProtocolError("bad_arguments", f"{command}: {reason}.", reason=reason)
