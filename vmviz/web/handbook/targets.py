"""Where in the reference a thing stands: the page and the place on it, by the keys of vmviz.spec.manual.

Addresses are made of these by the routes. Places do not change when words do: they are the names of the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

SECTIONS: Final = ("instructions", "fields", "exits", "errors", "checks", "controls", "bits", "registers", "msrs")
GLOSSARY: Final = "glossary"
PAGE_OF_KIND: Final[Mapping[str, str]] = MappingProxyType({
    "field": "fields", "control": "controls", "exit": "exits", "error": "errors", "bit": "bits",
    "register": "registers", "check": "checks", "instruction": "instructions", "msr": "msrs", "term": GLOSSARY,
})


def addresses() -> dict[str, str]:
    """The page of each kind of entry, as a path below that of the app."""
    return {kind: f"/{page}" if page == GLOSSARY else f"/reference/{page}" for kind, page in PAGE_OF_KIND.items()}


class Target(NamedTuple):
    """A place: one of SECTIONS or the glossary, and the id on that page ("" for its top)."""

    page: str
    anchor: str = ""


def target(key: str) -> Target:
    """The place of a key such as `field.guest_rip` or `bit.cr4.vmxe`; KeyError for a kind that has no page."""
    kind, _, name = key.partition(".")
    return Target(PAGE_OF_KIND[kind], name.lower() if kind == "instruction" else name)
