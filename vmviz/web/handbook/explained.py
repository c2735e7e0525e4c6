"""Entries that languages/reference explains: what is the same for all of them, made once."""

from __future__ import annotations

from collections.abc import Iterable

from vmviz.machine import models
from vmviz.spec.manual import MANUAL, layouts
from vmviz.web.handbook.entries import Bit, Entry, Fact, Part, Translate, listed
from vmviz.web.handbook.phrases import Said
from vmviz.web.reference import language_of, words

MODELS = tuple(models.load(name) for name in models.NAMES)


def entry(key: str, lang: str, facts: Iterable[Fact] = (), number: str = "", title: Said | None = None,
          name: str | None = None) -> Entry:
    """The entry of a key with its explanation; the title is the manual's name unless another is given."""
    manual = MANUAL[key]
    kind, _, ident = key.partition(".")
    return Entry(key, ident, title or Said(manual.name, "en"), explanation(key, lang), number,
                 ident if name is None else name, tuple(facts), volume=manual.volume, section=manual.section)


def explanation(key: str, lang: str) -> Said:
    """The words about a key, in the language in which a visitor's are."""
    kind, _, ident = key.partition(".")
    found = words(lang)[kind][ident]
    return Said(found["text"] if kind == "term" else found, language_of(lang))


def bits(structure: str, lang: str) -> tuple[Bit, ...]:
    """The rows of a layout, the reserved ones left out."""
    return tuple(Bit(key.partition(".")[2], where, MANUAL[key].name, explanation(key, lang))
                 for where, key in layouts()[structure] if key)


def processors(having: Iterable[str], t: Translate) -> Fact:
    """Which of the models have something."""
    names = tuple(having)
    parts = listed(Part(name, code=True) for name in names) if names else (Part(t("reference.no_processor")),)
    return Fact("reference.processors", parts)
