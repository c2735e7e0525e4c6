"""What comes from outside the machine, as a lesson or a file of its own says it: interrupts, NMIs, INITs and SIPIs."""

from __future__ import annotations

from typing import Annotated

import msgspec

from vmviz.lessons.form import Form, explain
from vmviz.lessons.yaml_places import Document
from vmviz.machine.board import MOST_PROCESSORS
from vmviz.machine.signals import WITH_VECTOR, Arrival, Kind

OUTSIDE_EXAMPLE = "for example outside: [{tick: 5000, kind: interrupt, vector: 0x40, processor: 0}]"


class Signal(Form, frozen=True, kw_only=True):
    """Something that comes from outside the machine when the time-stamp counter is at `tick`, for one processor."""

    tick: Annotated[int, msgspec.Meta(ge=0, le=1 << 62)]
    kind: Kind
    vector: Annotated[int, msgspec.Meta(ge=0, le=255)] | None = None
    processor: Annotated[int, msgspec.Meta(ge=0, lt=MOST_PROCESSORS)] = 0

    def to_arrival(self) -> Arrival:
        """As the machine takes it."""
        return Arrival(self.tick, self.kind, self.vector or 0, self.processor)


Outside = Annotated[tuple[Signal, ...], msgspec.Meta(max_length=1000)]


class OutsideForm(Form, frozen=True, kw_only=True):
    """A file that holds nothing but what comes from outside."""

    outside: Outside


def read_outside(document: Document, processors: int) -> tuple[Arrival, ...]:
    """What comes from outside, from a file with the key `outside`; LessonError at the first thing that does not fit."""
    try:
        form = msgspec.convert(document.value, OutsideForm)
    except msgspec.ValidationError as error:
        message, path = explain(str(error))
        raise document.error(path, message, OUTSIDE_EXAMPLE) from None
    check_outside(document, form.outside, processors)
    return tuple(signal.to_arrival() for signal in form.outside)


def check_outside(document: Document, outside: tuple[Signal, ...], processors: int) -> None:
    """LessonError for a signal without its vector, with one it cannot have, or to a processor that is not there."""
    for index, signal in enumerate(outside):
        path = ("outside", index)
        if (signal.vector is None) == (signal.kind in WITH_VECTOR):
            raise document.error(path, f"{'an' if signal.kind in ('interrupt', 'init', 'nmi') else 'a'} {signal.kind} "
                                 f"{'needs a vector' if signal.vector is None else 'has no vector'}", OUTSIDE_EXAMPLE)
        if signal.kind == "interrupt" and (signal.vector or 0) < 16:
            raise document.error((*path, "vector"), "the vectors of interrupts are 16 to 255", OUTSIDE_EXAMPLE)
        if signal.processor >= processors:
            raise document.error((*path, "processor"), f"there is no processor {signal.processor}: the last one is "
                                 f"{processors - 1}", "say how many there are with 'processors'")
