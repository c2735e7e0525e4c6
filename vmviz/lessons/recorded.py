"""A lesson as it is shown: the recording of its program, with its stops, its questions, and where a learner drives."""

from __future__ import annotations

from vmviz.lessons.drive import resolve_drive
from vmviz.lessons.performance import Prepared, moments, run
from vmviz.lessons.questions import resolve_questions
from vmviz.lessons.stops import resolve_stops
from vmviz.recording.recording import Recording


def record(prepared: Prepared) -> Recording:
    """Record a lesson; LessonError when its program does not run, or one of its stops or questions never comes."""
    recording = run(prepared)
    told = list(moments(recording))
    recording.mark_stops(stop.to_wire() for stop in resolve_stops(prepared.lesson, told, prepared.symbols))
    recording.mark_questions(resolve_questions(prepared, recording, told))
    recording.drive = resolve_drive(prepared, recording, told)
    return recording
