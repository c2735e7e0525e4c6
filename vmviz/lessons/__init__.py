"""Lessons: their form, their words, and where their stops are in a run of their program.

A lesson is a folder of `vmviz/course`: lesson.yaml (what), program.asm (the machine code that really runs) and
text.LANG.md (the words). docs/lessons.md says how to write one. Nothing here knows Flask, sockets or sessions.
"""

from __future__ import annotations

from vmviz.lessons.loader import COURSE, Lesson, all_lessons, in_order, lesson_names, load, load_folder
from vmviz.lessons.schema import LANGUAGES
from vmviz.lessons.stops import (
    Moment,
    RegionRange,
    StopPosition,
    resolve_regions,
    resolve_stops,
    start_address,
    vm_names,
)
from vmviz.lessons.text import LessonText, StopText

__all__ = [
    "COURSE", "LANGUAGES", "Lesson", "LessonText", "Moment", "RegionRange", "StopPosition", "StopText", "all_lessons",
    "in_order", "lesson_names", "load", "load_folder", "resolve_regions", "resolve_stops", "start_address", "vm_names",
]
