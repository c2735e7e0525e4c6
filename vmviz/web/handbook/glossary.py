"""The glossary: every term in the visitor's language with the other language's word beside it."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import NamedTuple

from vmviz.spec.manual import MANUAL
from vmviz.web.reference import words

SECOND = "pt-BR"    # beside English; beside every other language stands English


class Term(NamedTuple):
    """A term: its id, its name and further forms, its name in the other language, the words, the manual's section."""

    id: str
    name: str
    forms: tuple[str, ...]
    other: str
    text: str
    volume: int
    section: str
    letter: str


def other(lang: str) -> str:
    """The language whose word stands beside a term."""
    return SECOND if lang == "en" else "en"


@cache
def terms(lang: str) -> tuple[Term, ...]:
    """All terms, in alphabetical order without regard to accents."""
    mine, others = words(lang)["term"], words(other(lang))["term"]
    found = []
    for name, said in mine.items():
        manual = MANUAL[f"term.{name}"]
        forms = tuple(form for form in said["words"] if form.casefold() not in said["name"].casefold())
        found.append(Term(name, said["name"], forms, others[name]["name"], said["text"], manual.volume, manual.section,
                          _plain(said["name"])[0].upper()))
    return tuple(sorted(found, key=lambda term: _plain(term.name)))


def _plain(text: str) -> str:
    """Small letters without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
