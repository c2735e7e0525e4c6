"""The routes of the reference and the glossary: plain HTML that works without script.

They belong to the blueprint of the pages, so that `link` makes their addresses (`pages.reference...`,
`pages.glossary`).
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any, Final

from flask import Blueprint, Response, abort

from vmviz.machine.vmx.entry_rules import CANNOT_APPLY
from vmviz.spec.manual import MANUAL
from vmviz.web import i18n
from vmviz.web.handbook import bits, exits, fields, glossary, instructions, msrs, rules
from vmviz.web.handbook.beside import Beside
from vmviz.web.handbook.entries import Group, linked
from vmviz.web.handbook.explained import explanation
from vmviz.web.handbook.kept_pages import KeptPages
from vmviz.web.handbook.seen import sightings
from vmviz.web.handbook.targets import SECTIONS
from vmviz.web.handbook.taught import lessons_of_terms
from vmviz.web.pages import Show, visitor
from vmviz.web.reference import language_of
from vmviz.web.shelf import Shelf

BUILDERS: Final = {
    "fields": fields.fields, "exits": exits.exits, "errors": exits.errors, "checks": rules.rules,
    "controls": bits.controls, "bits": bits.layouts_of_bits, "registers": bits.registers, "msrs": msrs.msrs,
}

HAPPENING: Final = frozenset({"fields", "exits", "errors", "checks", "controls", "msrs"})


@cache
def groups(section: str, lang: str) -> tuple[Group, ...]:
    """The entries of a section in a language."""
    return BUILDERS[section](lang, i18n.translator(lang))


def counts(lang: str) -> dict[str, int]:
    """How many entries each section has."""
    return {"instructions": len(instructions.names()),
            **{name: sum(len(group.entries) for group in groups(name, lang)) for name in BUILDERS}}


def add(pages: Blueprint, show: Show, shelf: Shelf) -> None:
    """Put the routes on the blueprint of the pages."""
    seen = Beside("where things happen in the lessons", partial(sightings, shelf))
    taught = {lang: Beside(f"where terms are taught, in {lang}", partial(lessons_of_terms, shelf, lang))
              for lang in i18n.available()}

    kept = KeptPages()

    def shown(template: str, **values: Any) -> Response:
        return show(f"reference/{template}", sections=SECTIONS, words_lang=language_of(visitor()[0]), linked=linked,
                    **values)

    @pages.get("/reference")
    def reference() -> Response:
        return shown("index.html", counts=counts(visitor()[0]))

    @pages.get("/reference/<section>")
    def reference_section(section: str) -> Response:
        lang = visitor()[0]
        if section == "instructions":
            return shown("instructions.html", section=section, instructions=[
                (name, explanation(f"term.{name.lower()}", lang)) for name in instructions.names()])
        if section not in BUILDERS:
            abort(404)
        places = seen.get() if section in HAPPENING else {}
        make = partial(shown, "section.html", section=section, groups=groups(section, lang), seen=places,
                       left_out=len(CANNOT_APPLY) if section == "checks" else 0)
        return make() if places is None else kept.get(make)

    @pages.get("/reference/instructions/<name>")
    def reference_instruction(name: str) -> Response:
        lang, names = visitor()[0], instructions.names()
        if name.upper() not in names or name != name.lower():
            abort(404)
        at = names.index(name.upper())
        it = instructions.instruction(names[at], lang)
        return shown("instruction.html", section="instructions", it=it, summary=explanation(f"term.{name}", lang),
                     seen=seen.get(),
                     errors=[(number, explanation(f"error.{number}", lang)) for number in it.errors],
                     manual=MANUAL[f"term.{name}"], before=names[at - 1] if at else None,
                     after=names[at + 1] if at + 1 < len(names) else None)

    @pages.get("/glossary", endpoint="glossary")
    def glossary_page() -> Response:
        lang = visitor()[0]
        places = taught[lang].get()
        make = partial(show, "glossary.html", terms=glossary.terms(lang), words_lang=language_of(lang),
                       other_lang=glossary.other(lang), taught=places)
        return make() if places is None else kept.get(make)
