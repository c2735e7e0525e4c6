"""The glossary: every term once, in order, with the other language's word; taught where a lesson's words mark it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.fake import FakeShelf
from vmviz.web import i18n
from vmviz.web.handbook.glossary import other, terms
from vmviz.web.handbook.lesson_words import pieces, words_of
from vmviz.web.handbook.taught import lessons_of_terms
from vmviz.web.reference import words

WORDS = "<p>VMXON, then the <code>VMCLEAR</code>; a VM exit, two VM exits. <strong>guests</strong></p>"


class WordyShelf(FakeShelf):
    """A lesson whose first stop has terms in its words."""

    def text(self, name: str, lang: str, variant: int = 0) -> dict[str, Any]:
        self.recording(name)
        html = WORDS if name == "other" else "<p>nothing</p>"
        return {"name": name, "lang": "en", "title": f"The {name} one", "intro": "<p>Begin.</p>", "stops": {
            "inside": {"title": "Inside", "html": html}, "never": {"title": "Never", "html": html}}}


@pytest.mark.parametrize("lang", i18n.available())
def test_every_term_stands_there_once_in_alphabetical_order(lang: str) -> None:
    found = terms(lang)
    assert {term.id for term in found} == set(words(lang)["term"]) and len(found) == len(words(lang)["term"])
    letters = [term.letter for term in found]
    assert letters == sorted(letters) and all(term.text and term.section for term in found)


def test_the_word_of_the_other_language_stands_beside() -> None:
    assert next(term.other for term in terms("en") if term.id == "guest") == "Convidado (guest)"
    assert next(term.other for term in terms("pt-BR") if term.id == "guest") == "Guest"
    assert (other("en"), other("pt-BR"), other("es"), other("ar")) == ("pt-BR", "en", "en", "en")


def test_accents_do_not_change_the_order() -> None:
    names = [term.name for term in terms("pt-BR")]
    assert names.index("Área de estado do convidado") < names.index("Bits de uma tradução")


def test_a_term_is_taught_where_the_words_mark_it_and_not_where_code_names_it() -> None:
    lessons = lessons_of_terms(WordyShelf(), "en")
    assert [(each.lesson, each.title, each.at) for each in lessons["vmxon"]] == [("other", "Inside", "20.3")]
    assert lessons["vm_exit"] and lessons["guest"] and "vmclear" not in lessons


def test_pieces_are_what_is_shown_and_where() -> None:
    found = [piece for piece in pieces(WordyShelf(), "pt-BR") if piece.lesson == "other"]
    assert [(piece.title, piece.at) for piece in found] == [("", ""), ("Inside", "20.3")], "no stop that is not shown"
    assert found[1].text == "VMXON, then the VMCLEAR; a VM exit, two VM exits. guests"


def test_the_text_of_html_keeps_words_apart() -> None:
    assert words_of("<p>a</p><p>b &lt; c</p><pre>d</pre>")[0] == "a b < c d"
    assert "d" not in words_of("<p>a <code>d</code></p>")[1]
