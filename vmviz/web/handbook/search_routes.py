"""The route of the search: a page, and the list of its first results alone for the field in the header.

`/search?q=WORDS` is the page; with `part=results` only the list, as a piece of HTML (docs/protocol.md, "Search").
"""

from __future__ import annotations

from functools import partial
from typing import Final

from flask import Blueprint, Response, request

from vmviz.web import i18n
from vmviz.web.handbook.beside import Beside
from vmviz.web.handbook.documents import documents
from vmviz.web.handbook.routes import BUILDERS, groups
from vmviz.web.handbook.search import LONGEST, Index, words_in
from vmviz.web.pages import Show, visitor
from vmviz.web.shelf import Shelf

MOST_ON_PAGE: Final = 50
MOST_IN_PART: Final = 8
SECONDS_TO_TRY_AGAIN: Final = 2


def add(pages: Blueprint, show: Show, shelf: Shelf) -> None:
    """Put the route on the blueprint of the pages."""
    def index(lang: str) -> Index:
        return Index(documents(shelf, lang, [(section, groups(section, lang)) for section in BUILDERS]))

    indexes = {lang: Beside(f"the index of the search in {lang}", partial(index, lang)) for lang in i18n.available()}

    @pages.get("/search", endpoint="search")
    def search() -> Response:
        part = request.args.get("part") == "results"
        query = request.args.get("q", "")[:LONGEST]
        most = MOST_IN_PART if part else MOST_ON_PAGE
        asked = bool(words_in(query))
        ready = indexes[visitor()[0]].get() if asked else None
        found = ready.find(query, most) if ready else ()
        later = asked and ready is None
        page = show("search/results.html" if part else "search/page.html", found=found, most=most, asked=asked,
                    query=" ".join(query.split()), later=later)
        if later and not part:
            page.headers["Refresh"] = str(SECONDS_TO_TRY_AGAIN)
        return page
