"""The pages of the reference and the glossary: whole in every language, every link leads to a place that exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from flask.testing import FlaskClient

from tests.web.fake import FakeShelf
from vmviz import spec
from vmviz.spec.manual import MANUAL
from vmviz.web import i18n
from vmviz.web.application import build
from vmviz.web.handbook.routes import BUILDERS
from vmviz.web.handbook.targets import PAGE_OF_KIND, SECTIONS, target
from vmviz.web.settings import Settings

PATHS = ("/reference", *(f"/reference/{section}" for section in SECTIONS),
         *(f"/reference/instructions/{name.lower()}" for name in spec.VMX_INSTRUCTIONS), "/glossary")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder: Path = tmp_path_factory.mktemp("pages")
    web = build(Settings(sessions=folder / "s.sqlite"), FakeShelf(), "threading")
    yield web.app.test_client()
    web.store.close()


@cache
def page(client: FlaskClient, path: str, lang: str = "en") -> str:
    answer = client.get(path, query_string={"lang": lang})
    assert answer.status_code == 200, path
    return str(answer.text)


@cache
def places(text: str) -> list[str]:
    return [unescape(found) for found in re.findall(r' id="([^"]*)"', text)]


@pytest.mark.parametrize("lang", i18n.available())
@pytest.mark.parametrize("path", PATHS)
def test_a_page_says_everything_in_words_and_names_no_place_twice(client: FlaskClient, path: str, lang: str) -> None:
    text = page(client, path, lang)
    keys = [key for key in i18n.catalogues()["en"] if key.startswith(("reference.", "glossary.", "checks."))]
    assert not [key for key in keys if key.split("#")[0] in re.findall(r"[a-z_]+(?:\.[a-z_]+)+", text)
                and f">{key}<" in text]
    ids = places(text)
    assert all(ids) and len(set(ids)) == len(ids)
    assert f'<html lang="{lang}"' in text and text.count("<h1>") == 1
    assert " style=" not in text and "<script>" not in text


@pytest.mark.parametrize("path", PATHS)
def test_every_link_leads_to_a_place_that_exists(client: FlaskClient, path: str) -> None:
    wrong = []
    for address in set(re.findall(r'href="([^"]*)"', page(client, path))):
        parts = urlsplit(unescape(address).replace("?lang=en", ""))
        if parts.path.startswith(("/static", "data:")) or parts.scheme == "data" or parts.path == "/":
            continue
        where = parts.path or path
        if where.startswith("/lesson/") or parts.query:
            continue
        if parts.fragment and unquote(parts.fragment) not in places(page(client, where)):
            wrong.append(address)
        elif not parts.fragment:
            page(client, where)
    assert not wrong


def test_everything_that_is_explained_has_a_place_of_its_own(client: FlaskClient) -> None:
    here = {name: set(places(page(client, f"/reference/{name}"))) for name in SECTIONS}
    here["glossary"] = set(places(page(client, "/glossary")))
    missing = [key for key in MANUAL if target(key).anchor not in here[target(key).page]]
    # Layouts that no field or register of ours has are not shown.
    assert {key.split(".")[1] for key in missing} <= {"vmcs_encoding", "vmcs_region", "ept_entry", "vmx_abort",
                                                      "rflags_outcome"}
    assert {PAGE_OF_KIND[key.split(".")[0]] for key in MANUAL} <= {*SECTIONS, "glossary"}


def test_links_keep_language_theme_and_prefix(tmp_path: Path) -> None:
    web = build(Settings(sessions=tmp_path / "s.sqlite", prefix="/below"), FakeShelf(), "threading")
    text = web.app.test_client().get("/below/reference/errors?lang=pt-BR&theme=dark").text
    assert 'href="/below/reference/instructions/vmcall?lang=pt-BR&amp;theme=dark"' in text
    assert 'href="/below/glossary?lang=pt-BR&amp;theme=dark"' in text
    web.store.close()


@pytest.mark.parametrize("path", ["/reference/none", "/reference/instructions/vmnothing", "/reference/msr",
                                  "/reference/instructions/VMLAUNCH", "/reference/fields/guest_rip"])
def test_what_is_not_there_is_a_page_that_says_so(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404 and "<h1>" in answer.text


def test_words_in_another_language_than_the_page_say_so(client: FlaskClient) -> None:
    arabic = page(client, "/reference/fields", "ar")
    assert '<p lang="en" dir="ltr">' in arabic
    portuguese = page(client, "/reference/fields", "pt-BR")
    assert '<p lang="en"' not in portuguese and '<span lang="en" dir="auto">Guest RIP</span>' in portuguese


def test_the_header_marks_where_one_is(client: FlaskClient) -> None:
    assert 'href="/reference" aria-current="page"' in page(client, "/reference").replace("?lang=en", "")
    assert 'href="/reference" aria-current="true"' in page(client, "/reference/bits").replace("?lang=en", "")
    assert 'href="/glossary" aria-current="page"' in page(client, "/glossary").replace("?lang=en", "")


def test_every_section_is_built() -> None:
    assert {*BUILDERS, "instructions"} == set(SECTIONS)
