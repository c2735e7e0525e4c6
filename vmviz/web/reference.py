"""The explanations: for each field, control, exit reason, error, register, bit and term what it is, in a language.

languages/reference/LANG.json has the words by kind and id, and those around an explanation (`words`), apart from the
interface's catalogue: a page loads them when somebody asks for the first explanation. What is not a matter of language
(the manual's names and section titles, which bits a value has) is joined from vmviz.spec. A language without a
reference of its own gets the English one.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec

from vmviz.spec.manual import LAYOUT_OF, MANUAL, QUALIFICATION_LAYOUTS, layouts
from vmviz.spec.rows import ManualEntry
from vmviz.web.handbook.targets import addresses
from vmviz.web.i18n import DEFAULT
from vmviz.web.wire import encode

KINDS: Final = ("term", "field", "control", "exit", "error", "register", "bit")


_FOLDER: Final = resources.files("vmviz.web") / "languages" / "reference"


def language_of(lang: str) -> str:
    """The language in which the visitors of a language get explanations: their own, or English."""
    return lang if (_FOLDER / f"{lang}.json").is_file() else DEFAULT


@cache
def words(lang: str) -> dict[str, dict[str, Any]]:
    """The words of a language by kind and id, as they stand in its file."""
    found: dict[str, dict[str, Any]] = json.loads((_FOLDER / f"{language_of(lang)}.json").read_text("utf-8"))
    return found


@cache
def reference(lang: str) -> msgspec.Raw:
    """All explanations in a language, encoded (docs/protocol.md, "Reference")."""
    lang, kinds = language_of(lang), words(lang)
    entries = {key: _entry(kinds[kind][name], MANUAL[key])
               for kind in KINDS for name in kinds[kind] if (key := f"{kind}.{name}") in MANUAL}
    return encode({"lang": lang, "words": kinds["words"], "entries": entries, "values": kinds["value"],
                   "layouts": layouts(), "layout_of": dict(LAYOUT_OF),
                   "qualifications": {str(reason): layout for reason, layout in QUALIFICATION_LAYOUTS.items()},
                   "pages": {kind: page for kind, page in addresses().items() if kind in KINDS}})


def _entry(said: Any, manual: ManualEntry) -> dict[str, Any]:
    term = said if isinstance(said, dict) else {"name": manual.name, "text": said}
    seen = {} if manual.seen == "none" else {"seen": manual.seen}
    return {"name": term["name"], "text": term["text"], "volume": manual.volume, "section": manual.section, **seen}


@cache
def marks(lang: str) -> dict[str, str]:
    """The words by which a term is found in a lesson's text, in lower case, each with the id of its term."""
    return {form.lower(): name for name, term in words(lang)["term"].items() for form in term["words"]}
