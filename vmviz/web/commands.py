"""What a client may ask: the commands, their arguments, and how anything else is refused.

`parse` turns the name and arguments of a socket message into one of the structs here, or raises ProtocolError with a
code of docs/protocol.md; a message can never raise anything else. Nothing is carried out here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from vmviz.errors import ProtocolError
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


class Open(Struct):
    """Look at something: a lesson; programs and traces are not there yet."""

    lesson: Name | UnsetType = UNSET
    program: Any = UNSET
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

    what: Literal["memory", "vmcs", "registers"]
    range: Range | None = None


class LastChange(Struct):
    """When was this last changed?"""

    slot: Name


class Answer(Struct):
    """Answer a question of the lesson."""


class Fork(Struct):
    """Change something and look what follows."""


Command = Open | Step | Seek | Run | Play | Pause | Breakpoints | Inspect | LastChange | Answer | Fork
COMMANDS: dict[str, type[Command]] = {
    "open": Open, "step": Step, "seek": Seek, "run": Run, "play": Play, "pause": Pause, "breakpoints": Breakpoints,
    "inspect": Inspect, "last_change": LastChange, "answer": Answer, "fork": Fork,
}
WITHOUT_ARGUMENT = frozenset({"pause", "answer", "fork"})


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
