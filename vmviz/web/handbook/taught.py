"""Where the lessons teach a term: the places whose words mark it, by the rule by which the page marks terms.

static/js/model/marks.js has that rule: one of the term's forms as words of their own, the longest form first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from vmviz.web.handbook.lesson_words import Piece, pieces
from vmviz.web.reference import marks
from vmviz.web.shelf import Shelf


class Taught(NamedTuple):
    """The first place of a lesson that marks a term: the lesson, its title, the words' language, title and position."""

    lesson: str
    lesson_title: str
    lang: str
    title: str
    at: str


def lessons_of_terms(shelf: Shelf, lang: str) -> Mapping[str, tuple[Taught, ...]]:
    """The lessons that teach each term, in the order of the course; a term that no words mark is not there."""
    found: dict[str, dict[str, Taught]] = {}
    for piece in pieces(shelf, lang):
        for term in terms_in(piece):
            found.setdefault(term, {}).setdefault(piece.lesson, Taught(
                piece.lesson, piece.lesson_title, piece.lang, piece.title, piece.at))
    return {term: tuple(lessons.values()) for term, lessons in found.items()}


def terms_in(piece: Piece) -> set[str]:
    """The terms that the words of a piece mark."""
    known = marks(piece.lang)
    return {known[form.lower()] for form in _pattern(piece.lang).findall(piece.plain) if form.lower() in known}


@cache
def _pattern(lang: str) -> re.Pattern[str]:
    forms = "|".join(re.escape(form) for form in sorted(marks(lang), key=len, reverse=True))
    return re.compile(rf"(?<![\w#.])(?:{forms})(?!\w)", re.IGNORECASE)
