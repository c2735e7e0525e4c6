"""Languages: the catalogue of sentences, and which language a visitor gets.

languages/LANG.json maps keys to sentences with {placeholders}; the page's scripts are built from the same files, and
static/js/model/words.js makes sentences by the same rules. A sentence that depends on a number is written once for each
plural form of the language, as KEY#one, KEY#other and what else CLDR has for it; {count} chooses. Amounts (AMOUNTS) are
written as the language writes numbers, in European digits: steps in an address and hexadecimal have those too.
A visitor gets what `?lang=` names, English when that is no language we have, else what the browser prefers (negotiated
by Babel, a sister language standing in: pt-PT gets pt-BR), else English.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

from babel import Locale, negotiate_locale
from babel.numbers import format_decimal

DEFAULT: Final = "en"
AMOUNTS: Final = frozenset({"count", "done", "length", "limit"})
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
# Right to left: a value is isolated, and a sentence says by a mark which way it runs (words.js says why).
_ISOLATED: Final = "\u2068{}\u2069"
_WORD: Final = re.compile(r"[A-Za-z]\w*", re.ASCII)
_MARK: Final = "\u200f"
_RIGHT_TO_LEFT: Final = re.compile("[\u0590-\u08ff]")


class Language(NamedTuple):
    """What the choice of languages shows of one: its own name, an abbreviation, and how it is written."""

    tag: str
    name: str
    short: str
    direction: str


@cache
def catalogues() -> dict[str, dict[str, str]]:
    """Every language's sentences by key."""
    folder = resources.files("vmviz.web") / "languages"
    found = {file.name.removesuffix(".json"): json.loads(file.read_text("utf-8"))
             for file in folder.iterdir() if file.name.endswith(".json")}
    return dict(sorted(found.items())) or {DEFAULT: {}}


def available() -> list[str]:
    """The languages there are, English first."""
    return sorted(catalogues(), key=lambda lang: (lang != DEFAULT, lang))


def languages() -> list[Language]:
    """The languages there are, as each calls itself."""
    said = catalogues()
    return [Language(tag, *(said[tag].get(f"language.{what}", tag) for what in ("name", "short", "direction")))
            for tag in available()]


def language(tag: str) -> Language:
    """One of the languages there are."""
    return next(each for each in languages() if each.tag == tag)


def of(said: Mapping[str, str], lang: str) -> str:
    """The words of a lesson in a language; English for one that it does not have."""
    return said.get(lang) or said.get(DEFAULT) or ""


def choose(asked: str | None, preferred: Iterable[str]) -> str:
    """The language for a visitor: `asked` by address, `preferred` by the browser, best first."""
    if asked:
        return _negotiate([asked]) or DEFAULT
    return _negotiate(preferred) or DEFAULT


def _negotiate(wanted: Iterable[str]) -> str | None:
    have = available()
    for tag in wanted:
        if not re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,3}", tag):
            continue
        tag = tag.replace("_", "-")
        found = negotiate_locale([tag], have, sep="-", aliases={})
        base = tag.split("-")[0].lower()
        sisters = (lang for lang in have if lang.split("-")[0].lower() == base)
        if found or (found := next(sisters, None)):
            return next(lang for lang in have if lang.lower() == found.lower())
    return None


def sentences(lang: str, beginnings: tuple[str, ...]) -> dict[str, str]:
    """The sentences whose keys begin so, in a language; in English those that it lacks."""
    mine, english = catalogues().get(lang, {}), catalogues().get(DEFAULT, {})
    have = {key.split("#")[0] for key in mine}
    return {key: sentence for key, sentence in {**english, **mine}.items()
            if key.startswith(beginnings) and (key in mine or key.split("#")[0] not in have)}


def translator(lang: str) -> Callable[..., str]:
    """`t(key, **values)`: the sentence of a key in a language, in English or the key itself where there is none."""
    mine, english = catalogues().get(lang, {}), catalogues().get(DEFAULT, {})
    locale = Locale.parse(lang, sep="-")
    isolate = mine.get("language.direction") == "rtl"

    def shown(name: str, value: Any) -> str:
        if name in AMOUNTS and isinstance(value, int):
            return str(format_decimal(value, locale=locale))
        return _ISOLATED.format(value) if isolate and not _WORD.fullmatch(str(value)) else str(value)

    def t(key: str, **values: object) -> str:
        count = values.get("count")
        forms = [f"{key}#{locale.plural_form(count)}", f"{key}#other"] if isinstance(count, int) else []
        sentence = next((words[each] for words in (mine, english) for each in [*forms, key] if each in words), key)
        if isolate and _RIGHT_TO_LEFT.search(sentence):
            sentence = _MARK + sentence
        return _PLACEHOLDER.sub(lambda m: shown(m[1], values[m[1]]) if m[1] in values else m[0], sentence)

    return t
