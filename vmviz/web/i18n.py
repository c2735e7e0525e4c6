"""Languages: the catalogue of sentences, and which language a visitor gets.

languages/LANG.json maps keys to sentences with {placeholders}; the page's scripts are built from the same files.
A visitor gets what `?lang=` names, English when that is no language we have, else what the browser prefers (negotiated
by Babel, a sister language standing in: pt-PT gets pt-BR), else English.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources
from typing import Final

from babel import negotiate_locale

DEFAULT: Final = "en"
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")


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


def translator(lang: str) -> Callable[..., str]:
    """`t(key, **values)`: the sentence of a key in a language, in English or the key itself where there is none."""
    mine, english = catalogues().get(lang, {}), catalogues().get(DEFAULT, {})

    def t(key: str, **values: object) -> str:
        sentence = mine.get(key, english.get(key, key))
        return _PLACEHOLDER.sub(lambda m: str(values.get(m[1], m[0])), sentence)

    return t
