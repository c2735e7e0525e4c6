"""In which lessons the things of the reference happen: an index of all recordings, made once, when first asked for.

Each lesson is looked at once, in its variant without a seed; one that does not run is left out, one that is being
written is shown as it was when it was first looked at.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import NamedTuple

from vmviz.errors import LessonError
from vmviz.lessons.happenings import Happening, happenings
from vmviz.web.handbook.beside import unhurried
from vmviz.web.shelf import Shelf

log = logging.getLogger(__name__)


class Seen(NamedTuple):
    """What happens in one lesson: its name, its titles by language, and how."""

    lesson: str
    titles: dict[str, str]
    ways: tuple[Happening, ...]


def sightings(shelf: Shelf) -> Mapping[str, list[Seen]]:
    """The lessons in which each thing happens, in the order of the course, by the keys of vmviz.lessons.happenings."""
    index: dict[str, list[Seen]] = {}
    for name in unhurried(shelf.names()):
        try:
            titles, recorded = shelf.entry(name)["title"], shelf.recording(name)
        except (LessonError, KeyError) as error:
            log.error("lesson %s is not in the reference: %s", name, error)
            continue
        for key, ways in happenings(recorded.length, recorded.events).items():
            index.setdefault(key, []).append(Seen(name, titles, ways))
    return index
