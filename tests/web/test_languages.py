"""The catalogues of the interface: complete in every language, filled in with the same values, and translated.

A failing test here is a translator's list: it names the keys that are missing, left over, or still English.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from babel import Locale

from vmviz.web import i18n

FOLDER = Path(__file__).parents[2] / "vmviz" / "web" / "languages"
FILES = sorted(FOLDER.glob("*.json"))
LANGUAGES = [path.stem for path in FILES]
TRANSLATIONS = [language for language in LANGUAGES if language != "en"]
PLACEHOLDER = re.compile(r"\{(\w+)\}")
# Amounts from 0 to this one decide which plural forms a language must have; CLDR's "many" of Spanish and Portuguese
# begins with a million, which nothing here reaches.
LARGEST_AMOUNT = 999_999

# Words that may stand in a translation as in English: the trade, or the language itself, has no other. What is in
# capitals (mnemonics, names of registers) may always stay.
TERMS = frozenset("""
    vmviz VMfailInvalid VMfailValid VMsucceed PDPTEs xAPIC ltr off ok min
    Auto root Link Zoom console feature control monitor trap machine check linear clear
    real virtual v8086 byte bytes bit Bits Flags error Control
""".split())


def words_of(language: str) -> dict[str, str]:
    return i18n.catalogues()[language]


def required_forms(language: str) -> set[str]:
    """The plural forms that whole numbers meet in a language."""
    form = Locale.parse(language, sep="-").plural_form
    return {form(number) for number in (*range(1_000), 1_000, 10_000, 100_000, LARGEST_AMOUNT)} | {"other"}


def bases(language: str) -> set[str]:
    return {key.split("#")[0] for key in words_of(language)}


def test_the_languages_that_are_promised_are_there() -> None:
    assert {"en", "pt-BR", "es", "ar"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_language_has_every_sentence_of_english_and_no_other(language: str) -> None:
    assert not sorted(bases("en") - bases(language)), "not translated"
    assert not sorted(bases(language) - bases("en")), "not in English"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_with_a_number_has_the_plural_forms_of_the_language(language: str) -> None:
    counted = {key.split("#")[0] for key in words_of("en") if "#" in key}
    assert counted
    for base in sorted(counted):
        forms = {key.split("#")[1] for key in words_of(language) if key.split("#")[0] == base and "#" in key}
        assert forms == required_forms(language), base
        assert base not in words_of(language), f"{base} besides its forms"
    assert not [key for key in words_of(language) if "#" in key and key.split("#")[0] not in counted]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_fills_in_the_same_values_as_the_english_one(language: str) -> None:
    english, mine = words_of("en"), words_of(language)
    for key, sentence in mine.items():
        base, _, form = key.partition("#")
        expected = set(PLACEHOLDER.findall(english.get(f"{base}#other", english.get(base, ""))))
        given = set(PLACEHOLDER.findall(sentence))
        one_number = form in {"zero", "one", "two"} and sum(
            i18n_form == form for i18n_form in map(Locale.parse(language, sep="-").plural_form, range(1_000))) == 1
        assert given == expected or (one_number and given == expected - {"count"}), key
        assert sentence.strip(" ") and sentence.count("{") == len(PLACEHOLDER.findall(sentence)), key


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_nothing_is_left_in_english_but_terms(language: str) -> None:
    english, mine = words_of("en"), words_of(language)
    left = []
    for key in sorted(set(english) & set(mine)):
        words = re.findall(r"[A-Za-z][A-Za-z0-9/]*", PLACEHOLDER.sub("", english[key]))
        plain = [word for word in words if not word.isupper() and word not in TERMS]
        if mine[key] == english[key] and plain:
            left.append(f"{key}: {english[key]}")
    assert not left, "\n".join(left)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_catalogue_names_no_key_twice_and_is_in_order(path: Path) -> None:
    pairs: list[str] = []
    json.loads(path.read_text(), object_pairs_hook=lambda found: pairs.extend(key for key, _ in found))
    assert pairs == sorted(set(pairs))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_says_how_it_is_called_and_written(language: str) -> None:
    found = i18n.language(language)
    assert found.direction == Locale.parse(language, sep="-").text_direction
    assert 1 <= len(found.short) <= 5 and found.name[0] != "{"


def test_numbers_choose_plural_forms_and_are_written_as_the_language_writes_them() -> None:
    english, portuguese = i18n.translator("en"), i18n.translator("pt-BR")
    assert english("home.steps", count=1) == "1 step"
    assert english("home.steps", count=1234) == "1,234 steps"
    assert portuguese("home.steps", count=1234) == "1.234 passos"
    assert english("error.out_of_range", length=12345) == "There is no such step: the program has 12,345."


def test_arabic_has_six_forms_and_isolates_what_it_quotes() -> None:
    t = i18n.translator("ar")
    assert len({t("home.steps", count=count) for count in (0, 1, 2, 3, 11, 100)}) == 6
    assert "\u2068The first two guests\u2069" in t("home.start", title="The first two guests")
