"""The cells of the tables in other languages: none is missing, none is left over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vmviz.web.handbook import exits, instructions, msrs
from vmviz.web.handbook.phrases import has_words, said

FOLDER = Path(__file__).parents[3] / "vmviz" / "web" / "languages" / "tables"
LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.json"))


def cells() -> set[str]:
    return {cell for cell in (*instructions.phrases(), *exits.conditions(), *msrs.meanings()) if has_words(cell)}


def test_the_languages_of_the_reference_have_the_tables() -> None:
    assert LANGUAGES == ["es", "pt-BR"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_cell_that_is_shown_has_words_in_a_language(lang: str) -> None:
    translated = json.loads((FOLDER / f"{lang}.json").read_text())
    assert not sorted(cells() - set(translated)), "not translated"
    assert not sorted(set(translated) - cells()), "in no table any more"
    assert not [cell for cell, words in translated.items() if words == cell and cell not in (
        "7:0 vector",)], "still English"
    assert list(translated) == sorted(translated)


def test_a_cell_without_words_is_the_same_in_every_language() -> None:
    assert said("CR0.PE=0", "pt-BR") == ("CR0.PE=0", "") and not has_words("#GP(0)")
    assert said("blocking by MOV SS", "pt-BR") == ("bloqueio por MOV SS", "pt-BR")
    assert said("blocking by MOV SS", "ar") == ("blocking by MOV SS", "en")
