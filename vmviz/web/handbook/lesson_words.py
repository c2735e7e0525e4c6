"""The words of the lessons, piece by piece, each with the place in the lesson where it is shown.

A piece is the introduction, what a stop says, or what a question asks; answers and hints stay in the lesson.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any, Final, NamedTuple

from vmviz.errors import LessonError
from vmviz.web.handbook.beside import unhurried
from vmviz.web.shelf import Shelf

log = logging.getLogger(__name__)
_QUOTED: Final = frozenset({"code", "pre", "a", "h3"})      # where the page marks no term


class Piece(NamedTuple):
    """Words of a lesson: its name, title and the language of its words; the piece's title, its text (and what of it may
    name a term), and the position at which it is shown, as in an address ("" for the beginning)."""

    lesson: str
    lesson_title: str
    lang: str
    title: str
    text: str
    plain: str
    at: str


def pieces(shelf: Shelf, lang: str) -> Iterator[Piece]:
    """Of all lessons, in the order of the course; one that is broken is left out."""
    for name in unhurried(shelf.names()):
        try:
            yield from _of_lesson(shelf, name, lang)
        except (LessonError, KeyError) as error:
            log.error("the words of lesson %s are not found: %s", name, error)


def _of_lesson(shelf: Shelf, name: str, lang: str) -> Iterator[Piece]:
    said = shelf.text(name, lang)
    recorded = shelf.recording(name)

    def piece(title: str, html: str, at: str) -> Piece:
        text, plain = words_of(html)
        return Piece(name, said["title"], said["lang"], title, text, plain, at)

    yield piece("", said.get("intro", ""), "")
    places = {stop["id"]: _address(stop["step"], stop["phase"]) for stop in recorded.outline()["stops"]}
    for ident, stop in said["stops"].items():
        if ident in places:
            yield piece(stop["title"], stop["html"], places[ident])
    asked: Mapping[str, Any] = said.get("questions", {})
    for question in recorded.questions:
        if question.id in asked:
            words = asked[question.id]
            yield piece(words["title"], words["html"], _address(question.at.step, question.at.phase))


def _address(step: int, phase: int) -> str:
    return f"{step}.{phase}" if phase else f"{step}"


class _Words(HTMLParser):
    """The text of HTML, and the text outside of code, links and headings."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.plain: list[str] = []
        self._quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._quoted += tag in _QUOTED

    def handle_endtag(self, tag: str) -> None:
        self._quoted -= tag in _QUOTED

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        self.plain.append("\n" if self._quoted else data)


def words_of(html: str) -> tuple[str, str]:
    """The text of a lesson's HTML on one line, and what of it may name a term."""
    parser = _Words()
    parser.feed(html.replace("</p>", "</p> ").replace("</li>", "</li> ").replace("</td>", "</td> "))
    parser.close()
    return " ".join("".join(parser.text).split()), "".join(parser.plain)
