"""The course as a map: its parts with their lessons, and those that belong to no part.

A part that has no lesson yet is still there, so that the map can say that it is coming; nothing in it leads anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from vmviz.errors import LessonError
from vmviz.lessons.schema import PARTS
from vmviz.web import i18n
from vmviz.web.shelf import Shelf

Entry = dict[str, Any]
Link = Callable[..., str]


class Part(NamedTuple):
    """A part of the course, by its letter; "" for the lessons that belong to none."""

    letter: str
    lessons: list[Entry]


def parts(entries: Sequence[Entry]) -> list[Part]:
    """All parts in their order, and after them, where there are any, the lessons without one."""
    found = [Part(letter, [entry for entry in entries if entry.get("part") == letter]) for letter in PARTS]
    others = [entry for entry in entries if entry.get("part") not in PARTS]
    return [*found, *([Part("", others)] if others else [])]


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    """The lessons as the map has them."""
    return [entry for part in parts(entries) for entry in part.lessons]


def needed(entry: Entry, entries: Sequence[Entry]) -> list[Entry]:
    """The lessons that one builds on, as far as this server has them; what one of those needs goes without saying."""
    known = {other["name"]: other for other in entries}
    mine = [name for name in entry["prerequisites"] if name in known]
    implied = {name for other in mine for name in _behind(other, known)}
    return [known[name] for name in mine if name not in implied]


def _behind(name: str, known: dict[str, Entry]) -> set[str]:
    """All that a lesson builds on, directly or not."""
    found: set[str] = set()
    ahead = [name]
    while ahead:
        for other in known[ahead.pop()]["prerequisites"]:
            if other in known and other not in found:
                found.add(other)
                ahead.append(other)
    return found


def boot(entries: Sequence[Entry], lang: str, link: Link, asset: Link, shown: str | None) -> dict[str, Any]:
    """What the home page's script starts from: the lessons in the order of the map, its words, and of which lesson
    (`shown`) it draws the live picture."""
    lessons = [{"name": entry["name"], "title": i18n.of(entry["title"], lang),
                "url": link("lesson", name=entry["name"]),
                **{key: entry[key] for key in ("stops", "questions", "prerequisites")}} for entry in in_order(entries)]
    picture = {"lesson": shown, "words": asset(f"languages/{lang}.js")}
    return {"lessons": lessons, **({"picture": picture} if shown else {}),
            "words": i18n.sentences(lang, ("home.word.", "language.direction"))}


def onward(name: str, shelf: Shelf, lang: str, link: Link) -> dict[str, Any]:
    """Where to go from the end of a lesson, in words: {title, course, next?, last?}, links as {words, url}."""
    t = i18n.translator(lang)
    way: dict[str, Any] = {"title": t("onward.title"), "course": {"words": t("onward.course"), "url": link("home")}}
    after = next((later for one, later in pairwise(shelf.names()) if one == name), None)
    try:
        title = shelf.text(after, lang)["title"] if after else ""
    except LessonError:         # the next one is not in order; the course's page says what else there is
        return way
    if not after:
        return {**way, "last": t("onward.last")}
    return {**way, "next": {"words": t("onward.next", title=title), "url": link("lesson", name=after)}}
