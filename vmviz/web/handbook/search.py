"""The search: an index in memory for each language, by SQLite's FTS5, made when somebody first looks for something.

Exact names come first (`VMRESUME`, `guest_rip`, `0x681C`, `10`), then titles, then words; each word may be the
beginning of one. Nothing that somebody types is an error: what is no letter or digit only separates words. A connection
is used by one task at a time and only read.
"""

from __future__ import annotations

import logging
import re
import sqlite3
import threading
import unicodedata
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from vmviz.web.handbook.documents import KINDS, Document, name_of

LONGEST: Final = 200            # characters that are looked at
MOST_WORDS: Final = 8
_SNIPPET_WORDS: Final = 26
_HIT, _END = "\x02", "\x03"     # around what was found; neither comes through `words_in` or stands in a text
_WEIGHTS: Final = "10.0, 6.0, 1.0"
log = logging.getLogger(__name__)

Marked = tuple[tuple[str, bool], ...]


class Found(NamedTuple):
    """A document that was found, its title and words in pieces: those that were looked for are True."""

    document: Document
    title: Marked
    snippet: Marked


def words_in(query: str) -> list[str]:
    """The words of a query, as the index has them."""
    shown = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in query[:LONGEST])
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFC", shown))[:MOST_WORDS]


class Index:
    """Documents in one language."""

    def __init__(self, documents: Iterable[Document]) -> None:
        """Reads all documents."""
        self._documents = list(documents)
        self._names: dict[str, list[int]] = {}
        self._lock = threading.Lock()
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute("CREATE VIRTUAL TABLE found USING fts5"
                               "(title, names, body, tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3')")
        for number, document in enumerate(self._documents):
            for name in document.names:
                self._names.setdefault(name, []).append(number)
            self._database.execute("INSERT INTO found (rowid, title, names, body) VALUES (?, ?, ?, ?)", (
                number, document.title, " ".join(document.names), document.body))
        self._database.commit()
        self._database.execute("PRAGMA query_only = 1")

    def __len__(self) -> int:
        return len(self._documents)

    def find(self, query: str, most: int) -> tuple[Found, ...]:
        """What fits, best first; nothing for a query without words."""
        words = words_in(query)
        if not words:
            return ()
        order = dict.fromkeys(sorted(self._names.get(name_of(" ".join(words)), ()), key=self._rank))
        whole = " AND ".join(f'"{word}"' for word in words)
        begun = " AND ".join(f'"{word}"*' for word in words)
        some = " OR ".join(f'"{word}"*' for word in words)
        with self._lock:
            for expression in (f"title : ({whole})", f"title : ({begun})", whole, begun):
                if len(order) < most:
                    order.update(dict.fromkeys(self._matching(expression, most)))
            if not order:
                order.update(dict.fromkeys(self._matching(some, most)))
            return tuple(self._marked(number, (whole, some)) for number in list(order)[:most])

    def _rank(self, number: int) -> int:
        return KINDS.index(self._documents[number].kind)

    def _matching(self, expression: str, most: int) -> list[int]:
        return [number for number, in self._ask(
            f"SELECT rowid FROM found WHERE found MATCH ? ORDER BY bm25(found, {_WEIGHTS}) LIMIT ?",
            expression, most)]

    def _marked(self, number: int, expressions: Iterable[str]) -> Found:
        """The document with marks, where it has the words as they are, else where it has words that begin so."""
        document = self._documents[number]
        for expression in expressions:
            for title, snippet in self._ask(
                    "SELECT highlight(found, 0, ?, ?), snippet(found, 2, ?, ?, '…', ?) FROM found "
                    "WHERE found MATCH ? AND rowid = ?", _HIT, _END, _HIT, _END, _SNIPPET_WORDS, expression, number):
                return Found(document, _split(title), _split(snippet))
        return Found(document, _split(document.title), _split(document.body[:LONGEST]))

    def _ask(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._database.execute(question, values).fetchall()
        except sqlite3.Error as error:          # words that SQLite takes apart otherwise
            log.warning("the search cannot look for %r: %s", values, error)
            return []


def _split(text: str) -> Marked:
    """A text with marks as its pieces."""
    pieces: list[tuple[str, bool]] = []
    for at, piece in enumerate(re.split(f"[{_HIT}{_END}]", text)):
        if piece:
            pieces.append((piece, at % 2 == 1))
    return tuple(pieces)
