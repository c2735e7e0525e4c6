"""Long pages that are the same for everybody are made once for each language and theme, and the latest are kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, NamedTuple

from flask import Response, request

from vmviz.recording.kept import Kept
from vmviz.web.pages import remembered, visitor

MOST_PAGES: Final = 64
MOST_BYTES: Final = 8_000_000


class Page(NamedTuple):
    """An answer as it was made."""

    body: bytes
    headers: tuple[tuple[str, str], ...]


class KeptPages:
    """Pages by address, language and theme."""

    def __init__(self) -> None:
        """None is made yet."""
        self._lock = threading.Lock()
        self._pages: Kept[Page] = Kept(MOST_PAGES, lambda page: len(page.body), MOST_BYTES)

    def get(self, make: Callable[[], Response]) -> Response:
        """The page at the address that was asked for; `make` makes it when it is not kept."""
        lang, theme = visitor()
        key = request.script_root, request.path, lang, theme, *remembered(lang, theme)
        with self._lock:
            page = self._pages.get(key, lambda: _taken(make()))
        return Response(page.body, headers=list(page.headers))


def _taken(response: Response) -> Page:
    return Page(response.get_data(), tuple(response.headers.items()))
