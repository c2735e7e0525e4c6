"""Cells of the tables of vmviz.spec in other languages.

languages/tables/LANG.json maps the English words of a cell, or of one clause of it, to those of a language: where the
table changes, its translation is missing, and a test says so. What has no translation is shown in English and marked
as such. Cells without words (numbers, names of bits) are the same in every language.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

_FOLDER: Final = resources.files("vmviz.web") / "languages" / "tables"
_SYMBOLS: Final = re.compile(r"[\w.]*[._][\w.]*|\b\d\w*\b|#\w+|\bVMfail\w+|\b[A-Z][A-Z0-9]*\b|\bnot\b(?=$)")
_WORD: Final = re.compile(r"[a-z]{2,}|\b[A-Z][a-z]+")


class Said(NamedTuple):
    """Words and the language that they are in; "" for what is the same in every language."""

    text: str
    lang: str = ""


@cache
def _phrases(lang: str) -> dict[str, str]:
    file = _FOLDER / f"{lang}.json"
    found: dict[str, str] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    return found


def has_words(text: str) -> bool:
    """Is there anything in a cell that differs from language to language?"""
    return bool(_WORD.search(_SYMBOLS.sub("", text)))


def said(text: str, lang: str) -> Said:
    """What a cell says, in a language if it can be."""
    if not has_words(text):
        return Said(text)
    if lang != "en" and text in _phrases(lang):
        return Said(_phrases(lang)[text], lang)
    return Said(text, "en")
