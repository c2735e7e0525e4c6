"""What the search finds: everything of the reference and the glossary, the lessons, and each stop's words.

`names` are what finds a document exactly: `guest_rip`, `0x681e`, `vmresume`, `exit 10`. They are compared as `name_of`
writes them: small letters, without accents, one blank between words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from vmviz.errors import LessonError
from vmviz.spec.manual import MANUAL
from vmviz.web import i18n
from vmviz.web.handbook import glossary, instructions
from vmviz.web.handbook.beside import unhurried
from vmviz.web.handbook.entries import Entry, Group, Translate
from vmviz.web.handbook.explained import explanation
from vmviz.web.handbook.lesson_words import pieces
from vmviz.web.handbook.targets import Target, target
from vmviz.web.reference import language_of
from vmviz.web.shelf import Shelf

KINDS: Final = ("instruction", "lesson", "term", "field", "exit", "error", "control", "check", "register", "msr",
                "bit", "stop")     # in which order those that have the same name stand
_NUMBERED: Final = ("exit", "error")
_HEXADECIMAL: Final = ("field", "msr")
_WITH_FACTS: Final = ("exit", "check")      # whose words are for a good part in what stands beside them


class Document(NamedTuple):
    """One thing to find. It stands at `target`, or in a lesson: its name and position. `beside`: of what it is part.

    `lang` is the language of the title and of `beside`, `body_lang` that of the body; "" is the page's.
    """

    kind: str
    title: str
    names: tuple[str, ...]
    body: str
    target: Target | None = None
    lesson: str = ""
    at: str = ""
    beside: str = ""
    lang: str = ""
    body_lang: str = ""


def name_of(text: str) -> str:
    """How a name is compared with what somebody looks for."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", plain))


def documents(shelf: Shelf, lang: str, sections: Iterable[tuple[str, tuple[Group, ...]]]) -> Iterator[Document]:
    """All documents in a language; `sections` are the groups of the reference."""
    t = i18n.translator(lang)
    yield from _instructions(lang)
    yield from _lessons(shelf, lang)
    yield from _terms(lang)
    for _, groups in sections:
        for group in groups:
            for entry in group.entries:
                yield from _entry(entry, lang, t)
    yield from _pieces(shelf, lang)


def _instructions(lang: str) -> Iterator[Document]:
    for mnemonic in instructions.names():
        it = instructions.instruction(mnemonic, lang)
        summary = explanation(f"term.{mnemonic.lower()}", lang)
        cases = (case.said.text for outcome in it.outcomes for case in outcome.cases if case.said.text)
        yield Document("instruction", mnemonic, (name_of(mnemonic),), f"{summary.text} {'; '.join(cases)}",
                       target(f"instruction.{mnemonic}"), body_lang=summary.lang)


def _terms(lang: str) -> Iterator[Document]:
    for term in glossary.terms(lang):
        names = {name_of(form) for form in (term.id, term.name, re.sub(r" \(.*\)", "", term.name), *term.forms)}
        other = "" if term.other == term.name else f" · {term.other}"
        yield Document("term", term.name, tuple(sorted(names)), f"{term.text}{other}", target(f"term.{term.id}"),
                       lang=language_of(lang), body_lang=language_of(lang))


def _entry(entry: Entry, lang: str, t: Translate) -> Iterator[Document]:
    kind, _, ident = entry.key.partition(".")
    if kind in KINDS:
        named = (ident, ident.rpartition(".")[2], entry.title.text, entry.name, entry.number)
        names = {name_of(name) for name in named}
        if kind in _HEXADECIMAL:
            names |= {entry.number.lower()[2:], f"{entry.number.lower()[2:]}h"}
        if kind in _NUMBERED:
            names |= {name_of(f"{word} {ident}") for word in f"{kind} {t(f'search.alias.{kind}')}".split()}
        facts = ["".join(part.text for part in fact.parts) for fact in entry.facts if kind in _WITH_FACTS]
        meanings = (bit.text.text for bit in entry.layout)
        body = " · ".join(text for text in (entry.text.text, *facts, *meanings) if text)
        yield Document(kind, entry.title.text, tuple(sorted(names - {""})), body, target(entry.key),
                       lang=entry.title.lang, body_lang=entry.text.lang)
    for bit in entry.layout if kind != "msr" else ():
        structure, _, name = bit.id.partition(".")
        yield Document("bit", bit.name, (name_of(bit.id), name_of(name), name_of(MANUAL[f"bit.{bit.id}"].name)),
                       bit.text.text, Target("bits", bit.id), beside=structure, lang="en", body_lang=bit.text.lang)


def _lessons(shelf: Shelf, lang: str) -> Iterator[Document]:
    for name in unhurried(shelf.names()):
        try:
            card = shelf.card(name)
        except (LessonError, KeyError):
            continue                            # the pages of the lessons say what is wrong
        said = lang if lang in card["title"] else "en"
        title = card["title"].get(said) or name
        yield Document("lesson", title, (name_of(name), name_of(title)), card["summary"].get(said, ""), lesson=name,
                       lang=said, body_lang=said)


def _pieces(shelf: Shelf, lang: str) -> Iterator[Document]:
    for piece in pieces(shelf, lang):
        if piece.text:
            yield Document("stop", piece.title or piece.lesson_title, (), piece.text, lesson=piece.lesson, at=piece.at,
                           beside=piece.lesson_title if piece.title else "", lang=piece.lang, body_lang=piece.lang)
