"""The search: exact names first, then titles, then words; no input is an error; what it shows is escaped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from tests.web.handbook.test_glossary import WordyShelf
from vmviz.web.application import build
from vmviz.web.handbook.documents import KINDS, Document, documents, name_of
from vmviz.web.handbook.routes import BUILDERS, groups
from vmviz.web.handbook.search import LONGEST, MOST_WORDS, Index, words_in
from vmviz.web.settings import Settings

HOSTILE = ['"', "'", '""*', "a OR", "NEAR(a b)", "title:", "^a", "a*b", "-a", "(", "\x00", "a\x00b",
           "\u200fguest\u202e", "x" * 10_000, "guest " * 3_000, "\ud800", "<script>alert(1)</script>", "%", "\\",
           "{title} : x", "\U0001f600", "'; DROP TABLE found; --", "٠١", "ß", "ﬁ", "\u0301"]


def found(lang: str, query: str, most: int = 20) -> list[tuple[str, str]]:
    return [(each.document.kind, each.document.title) for each in index(lang).find(query, most)]


@cache
def index(lang: str) -> Index:
    return Index(documents(WordyShelf(), lang, [(name, groups(name, lang)) for name in BUILDERS]))


@pytest.mark.parametrize(("query", "kind", "title"), [
    ("VMRESUME", "instruction", "VMRESUME"), ("vmresume", "instruction", "VMRESUME"),
    ("guest_rip", "field", "Guest RIP"), ("Guest RIP", "field", "Guest RIP"),
    ("0x681C", "field", "Guest RSP"), ("681Ch", "field", "Guest RSP"),
    ("exit 10", "exit", "CPUID"), ("10", "exit", "CPUID"),
    ("error 7", "error", "VM entry with invalid control field(s)"),
    ("hlt exiting", "control", "HLT exiting"), ("primary.hlt_exiting", "control", "HLT exiting"),
    ("CR4", "register", "CR4"), ("VM exit", "term", "VM exit"), ("host.cs_tr_not_null", "check", None),
    ("the other one", "lesson", "The other one"),
])
def test_an_exact_name_comes_first(query: str, kind: str, title: str | None) -> None:
    first = found("en", query)[0]
    assert first[0] == kind and title in (None, first[1])


@pytest.mark.parametrize(("lang", "query", "title"), [
    ("pt-BR", "saída 10", "CPUID"), ("pt-BR", "saida 10", "CPUID"), ("pt-BR", "convidado", "Convidado (guest)"),
    ("pt-BR", "area de estado do hospedeiro", "Área de estado do hospedeiro"), ("es", "salida 10", "CPUID"),
    ("ar", "guest", "Guest"),
])
def test_accents_do_not_matter_and_each_language_has_its_own_words(lang: str, query: str, title: str) -> None:
    assert found(lang, query)[0][1] == title


def test_the_beginning_of_a_word_is_enough_and_titles_come_before_words() -> None:
    assert ("instruction", "VMRESUME") in found("en", "vmres")
    few = Index([Document("stop", "Other", (), "a word about timers"), Document("stop", "Timers", (), "nothing")])
    assert [each.document.title for each in few.find("timer", 9)] == ["Timers", "Other"]


def test_a_stop_is_found_by_its_words_and_leads_to_its_place() -> None:
    stop = next(each for each in index("en").find("two VM exits", 50) if each.document.kind == "stop")
    assert (stop.document.lesson, stop.document.at, stop.document.beside) == ("other", "20.3", "The other one")
    assert ("two", True) in stop.snippet and "".join(text for text, _ in stop.snippet).startswith("VMXON, then")


def test_words_that_stand_nowhere_together_are_found_alone() -> None:
    assert ("field", "Guest RIP") in found("en", "guest_rip zzzzzz", 500) and found("en", "zzzzzz") == []


@pytest.mark.parametrize("query", HOSTILE, ids=lambda query: ascii(query[:12]))
def test_hostile_input_is_no_error(query: str) -> None:
    assert len(words_in(query)) <= MOST_WORDS and all(len(word) <= LONGEST for word in words_in(query))
    index("en").find(query, 5)


@given(st.text(max_size=60))
def test_nothing_that_can_be_typed_is_an_error(query: str) -> None:
    assert len(index("en").find(query, 5)) <= 5


def test_marks_that_turn_the_direction_are_dropped() -> None:
    assert found("en", "\u200fguest\u202e_\u2066rip") == found("en", "guest_rip")


def test_many_may_look_at_once() -> None:
    results: list[object] = []

    def look() -> None:
        results.extend(found("es", query)[0] for query in ("VMXON", "0x681C") * 20)

    tasks = [threading.Thread(target=look) for _ in range(6)]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()
    assert len(results) == 240 and set(results) == {("instruction", "VMXON"), ("field", "Guest RSP")}


def test_every_document_has_a_kind_and_somewhere_to_go() -> None:
    for document in documents(WordyShelf(), "en", [(name, groups(name, "en")) for name in BUILDERS]):
        assert document.kind in KINDS and document.title, document
        assert (document.target is None) == bool(document.lesson)
        assert all(name == name_of(name) and name for name in document.names), document


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder: Path = tmp_path_factory.mktemp("search")
    web = build(Settings(sessions=folder / "s.sqlite", prefix="/below"), WordyShelf(), "threading")
    client = web.app.test_client()
    for lang in ("en", "pt-BR"):
        while "being prepared" in (text := client.get(f"/below/search?q=x&lang={lang}").text) or "preparada" in text:
            pass
    yield client
    web.store.close()


def test_the_page_shows_what_was_found_with_marks_and_keeps_language_and_theme(client: FlaskClient) -> None:
    text = client.get("/below/search?q=guest_rip&lang=pt-BR&theme=dark").text
    assert '<a href="/below/reference/fields?lang=pt-BR&amp;theme=dark#guest_rip">' in text
    assert "<mark>Guest</mark> <mark>RIP</mark>" in text and 'value="guest_rip"' in text
    assert '<input type="hidden" name="theme" value="dark">' in text


def test_a_part_of_the_page_is_the_list_alone(client: FlaskClient) -> None:
    text = client.get("/below/search?part=results&q=two+VM+exits").text
    assert "<html" not in text and "<ol" in text and text.count("<li>") <= 8
    assert 'href="/below/lesson/other#step=20.3"' in text


@pytest.mark.parametrize("query", ["", "   ", "()", "\u200f"])
def test_a_query_without_words_gets_a_hint(client: FlaskClient, query: str) -> None:
    answer = client.get("/below/search", query_string={"q": query})
    assert answer.status_code == 200 and "0x681C" in answer.text and "<ol" not in answer.text


@pytest.mark.parametrize("query", [each for each in HOSTILE if each != "\ud800"], ids=lambda each: ascii(each[:12]))
def test_hostile_input_gets_a_page(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/below/search?q={quote(query)}")
    assert answer.status_code == 200 and "<script>alert" not in answer.text
    assert len(answer.data) < 100_000


def test_bytes_that_are_no_text_get_a_page(client: FlaskClient) -> None:
    assert client.get("/below/search?q=%ff%fe&lang=xx&part=zzz").status_code == 200
