"""What a lesson's Markdown may not hold: what would not be shown as its author meant it.

Nothing here keeps a page safe: text.py does that, whatever the words are. This tells the author, with the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from vmviz.errors import LessonError

SCHEMES = frozenset({"http", "https", "mailto"})
_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_STRICT = MarkdownIt("commonmark", {"html": True}).enable("table")
_STRICT.validateLink = lambda url: True     # type: ignore[method-assign]  # so that every link is seen as one


def refuse_unshown(source: str, file: str) -> None:
    """LessonError at the first raw HTML, picture, or link that leads to something else than a page."""
    for line, token in _tokens(_STRICT.parse(source)):
        if token.type in ("html_block", "html_inline"):
            raise LessonError(f"raw HTML is not shown: {_short(token.content)}", file=file, line=line,
                              remedy="write it in Markdown, or between ` marks to show it as it is")
        if token.type == "image":
            raise LessonError("pictures are not shown", file=file, line=line,
                              remedy="the picture of a lesson is the machine's: say it in words")
        if token.type == "link_open":
            scheme = _SCHEME.match(str(token.attrGet("href") or ""))
            if scheme and scheme[1].lower() not in SCHEMES:
                raise LessonError(f"a link cannot lead to {_short(scheme[1])}:", file=file, line=line,
                                  remedy="link to a page: https://...")


def _tokens(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """Every token, those inside paragraphs included, with the line on which it begins."""
    for token in tokens:
        line = token.map[0] + 1 if token.map else 0
        yield line, token
        for child in token.children or ():
            yield line, child
            line += child.type in ("softbreak", "hardbreak") or child.content.count("\n")


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 40 else words[:39] + "…"
