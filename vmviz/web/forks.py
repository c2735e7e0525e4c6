"""What if: a recording that goes on otherwise from a position, because a learner changed something there.

The run up to there is the same, for the same program gives the same steps; the changes come with the outside world
(vmviz/machine/signals.py) at the time of the position. A worker records it like a program that a learner wrote: nobody
knows what it will do.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET

from vmviz.errors import ProtocolError, VmvizError
from vmviz.machine import interventions
from vmviz.machine.signals import SET, Arrival
from vmviz.web import commands as c
from vmviz.web.learners_recording import LearnersRecording
from vmviz.web.programs import Programs
from vmviz.web.seeds import recalled
from vmviz.web.session import Session
from vmviz.web.shelf import Shelf
from vmviz.web.wire import shown


def fork(session: Session, changes: Sequence[c.Change], shelf: Shelf, programs: Programs) -> LearnersRecording:
    """The recording that parts from the session's at its position; ProtocolError for a change that cannot be made."""
    if session.at.phase or not session.at.step:
        raise ProtocolError("bad_arguments", "fork: changes are made at a whole step behind the first.",
                            reason="not at a whole step")
    acting = session.recorded.scene(*session.at).get("acting", 0)
    tick = session.recorded.clock(session.at)
    arrivals = [_arrival(change, tick, acting) for change in changes]
    recorded = session.recorded
    base = programs.base(recorded) if isinstance(recorded, LearnersRecording) else shelf.base(*recalled(session.lesson))
    return programs.fork(base, arrivals, session.at.step)


def _arrival(change: c.Change, tick: int, processor: int) -> Arrival:
    kinds = [change.slot is not UNSET, change.interrupt is not UNSET, change.nmi]
    if sum(kinds) != 1 or (change.slot is UNSET) != (change.value is UNSET):
        raise ProtocolError("bad_arguments", "fork: a change is a slot with its value, an interrupt, or an nmi.",
                            reason="not one change")
    if change.nmi:
        return Arrival(tick, "nmi", 0, processor)
    if isinstance(change.interrupt, int):
        return Arrival(tick, "interrupt", change.interrupt, processor)
    what, value = str(change.slot), int(str(change.value), 16)
    try:
        interventions.check(what, value)
    except VmvizError as error:
        raise ProtocolError("bad_arguments", str(error), reason=shown(str(error))) from None
    return Arrival(tick, SET, 0, processor, what, value)
