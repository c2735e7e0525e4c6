"""The explanations: every row of the tables has one in every language, and they are served once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.web.fake import FakeShelf
from vmviz import spec
from vmviz.recording.scene import REGISTERS
from vmviz.spec.manual import LAYOUT_OF, MANUAL, QUALIFICATION_LAYOUTS, layouts
from vmviz.web.application import build
from vmviz.web.reference import KINDS, marks, reference, words
from vmviz.web.settings import Settings

FOLDER = Path(__file__).parents[2] / "vmviz" / "web" / "languages" / "reference"
LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.json"))
SEGMENTS = ("cs", "ss", "ds", "es", "fs", "gs", "tr", "ldtr", "gdtr", "idtr")


def rows_of_the_tables() -> set[str]:
    """The keys that the tables ask for."""
    parts = {f"{segment}_{part}" for segment in SEGMENTS for part in ("selector", "base", "limit", "rights")}
    return {
        *(f"field.{field.name}" for field in spec.FIELDS),
        *(f"control.{row.group}.{row.name}" for row in spec.CONTROL_BIT_ROWS if not row.name.startswith("reserved")),
        *(f"exit.{number}" for number, row in spec.EXIT_REASONS.items() if row.cls != "reserved"),
        *(f"error.{row.number}" for row in spec.INSTRUCTION_ERROR_ROWS if row.raised_by),
        *(f"bit.{row.structure}.{row.name}" for row in spec.BIT_LAYOUT_ROWS if not row.name.startswith("reserved")),
        *(f"term.{mnemonic.lower()}" for mnemonic in spec.VMX_INSTRUCTIONS),
        *(f"register.{name}" for name in {*REGISTERS, "cr8", "tsc", *SEGMENTS} - parts),
    }


def test_the_languages_of_the_page_have_a_reference() -> None:
    assert {"en", "pt-BR", "es"} <= set(LANGUAGES)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_row_of_the_tables_is_explained(lang: str) -> None:
    explained = {f"{kind}.{name}" for kind in KINDS for name in words(lang)[kind]}
    assert not sorted(rows_of_the_tables() - explained), "without an explanation"
    assert not sorted(key for key in explained - rows_of_the_tables() if not key.startswith("term.")), "no such row"
    assert len(words(lang)["term"]) >= 60


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_reference_explains_what_english_explains(lang: str) -> None:
    for kind in (*KINDS, "value", "words"):
        english, other = words("en")[kind], words(lang)[kind]
        assert not sorted(set(english) - set(other)), f"{kind}: not translated"
        assert not sorted(set(other) - set(english)), f"{kind}: not in English"
        for name, said in other.items():
            texts = said.values() if isinstance(said, dict) else [said]
            assert all(texts), f"{kind}.{name} is empty"
            if lang != "en" and kind not in ("term", "value", "words"):
                assert said != english[name], f"{kind}.{name} is still English"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_words_around_an_explanation_fill_in_the_same_values(lang: str) -> None:
    def holes(language: str) -> dict[str, list[str]]:
        return {key: sorted(re.findall(r"\{\w+\}", said)) for key, said in words(language)["words"].items()}

    assert holes(lang) == holes("en")
    assert {*KINDS} <= set(words(lang)["words"]), "every kind has a name"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_explanation_is_one_to_four_plain_sentences(lang: str) -> None:
    for kind in KINDS:
        for name, said in words(lang)[kind].items():
            text = said["text"] if isinstance(said, dict) else said
            assert 4 < len(text) <= 340 and text[0] == text[0].upper(), f"{kind}.{name}"
            assert text.endswith((".", "...")), f"{kind}.{name} ends without a full stop"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_word_leads_to_one_term(lang: str) -> None:
    forms = [form.lower() for term in words(lang)["term"].values() for form in term["words"]]
    assert sorted({form for form in forms if forms.count(form) > 1}) == []
    assert marks(lang)["vmcs"] == "vmcs"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_reference_names_no_key_twice(path: Path) -> None:
    def no_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), sorted({key for key in keys if keys.count(key) > 1})
        return dict(pairs)

    json.loads(path.read_text(), object_pairs_hook=no_doubles)


def test_every_explanation_cites_the_manual_by_a_title_without_numbers() -> None:
    explained = {f"{kind}.{name}" for kind in KINDS for name in words("en")[kind]}
    assert set(MANUAL) == explained
    for entry in MANUAL.values():
        assert 1 <= entry.volume <= 4 and not entry.section[0].isdigit(), entry
        event, _, reason = entry.seen.partition(" ")
        assert event in ("none", "vm_exit", "vm_entry", "entry_failed", "vmx_on"), entry
        assert not reason or int(reason) in spec.EXIT_REASONS, entry


def test_layouts_belong_to_things_that_exist_and_their_bits_do_not_overlap() -> None:
    made = layouts()
    assert {*LAYOUT_OF.values(), *QUALIFICATION_LAYOUTS.values()} <= set(made)
    assert set(LAYOUT_OF) <= {*spec.FIELD_BY_NAME, *REGISTERS}
    for structure, bits in made.items():
        places: list[object] = []
        for where, key in bits:
            assert not key or key in MANUAL
            high, _, low = where.partition(":")
            places += [where] if where.startswith("value") else range(int(low or high), int(high) + 1)
        assert len(set(places)) == len(places), structure
    for key in words("en")["value"]:
        assert f"bit.{key.rsplit('.', 1)[0]}" in MANUAL


def test_the_reference_is_served_in_the_language_of_the_one_who_asks_and_once(tmp_path: Path) -> None:
    web = build(Settings(sessions=tmp_path / "s.sqlite"), FakeShelf(), "threading")
    client = web.app.test_client()
    first = client.get("/api/reference?lang=pt-BR")
    assert first.json["lang"] == "pt-BR" and first.json == json.loads(bytes(reference("pt-BR")))
    assert first.json["entries"]["field.guest_rip"]["section"] == "Guest Register State"
    assert set(first.json["pages"]) == set(KINDS) and first.json["pages"]["field"] == "/reference/fields"
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    again = client.get("/api/reference?lang=pt-BR", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and not again.data
    assert client.get("/api/reference?lang=xx").json["lang"] == "en"
    without = client.get("/api/reference?lang=ar").json
    assert without["lang"] == "en", "a language of the interface without explanations gets English, and is told"
    web.store.close()
