"""The words of a lesson: Markdown with a heading for each stop, made into HTML that is safe to show.

    What comes before the first heading is the introduction.
    ## The title of a stop {#id-of-the-stop}
    One screen of words.

Raw HTML in the Markdown is shown as text, and what markdown-it makes is cleaned once more by nh3 with a short list of
allowed tags. No image, no style, no script ever comes from a text.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from vmviz.errors import LessonError
from vmviz.lessons.yaml_places import decode_text

LARGEST_TEXT = 128 * 1024
MOST_WORDS = 150
_TAGS = {"p", "strong", "em", "code", "pre", "ul", "ol", "li", "a", "blockquote", "br", "table", "thead", "tbody", "tr",
         "th", "td", "h3"}
_ID = re.compile(r"\s*\{#([^{}]*)\}\s*$")
_ID_FORM = re.compile(r"[a-z][a-z0-9-]{0,39}")
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class StopText:
    """Title (plain text), words (HTML) of one stop; the line of its heading; how many words it has."""

    title: str
    html: str
    line: int
    words: int


@dataclass(frozen=True)
class LessonText:
    """A lesson's words in one language."""

    file: str
    language: str
    intro: str
    stops: dict[str, StopText]


def read_text(content: bytes, file: str, language: str) -> LessonText:
    """The words in `content`; LessonError for a heading without id, a repeated id, a stop without words."""
    source = decode_text(content, file, LARGEST_TEXT)
    tokens = _MARKDOWN.parse(source)
    headings = [index for index, token in enumerate(tokens)
                if token.type == "heading_open" and token.tag in ("h1", "h2") and token.level == 0]
    intro = _render(tokens[:headings[0]] if headings else tokens)
    stops: dict[str, StopText] = {}
    for start, end in zip(headings, [*headings[1:], len(tokens)], strict=True):
        line = (tokens[start].map or [0])[0] + 1
        stop_id, title = _heading(tokens[start], tokens[start + 1], file, line)
        if stop_id in stops:
            raise LessonError(f"the stop '{stop_id}' has words already, at line {stops[stop_id].line}", file=file,
                              line=line, remedy="give each stop one heading")
        body = _render(tokens[start + 3:end])
        words = len(_plain(body).split())
        if not words:
            raise LessonError(f"the stop '{stop_id}' has no words", file=file, line=line,
                              remedy="write a paragraph below its heading")
        stops[stop_id] = StopText(title, body, line, words)
    return LessonText(file, language, intro, stops)


def _heading(opening: Token, inline: Token, file: str, line: int) -> tuple[str, str]:
    if opening.tag != "h2":
        raise LessonError("a stop's heading has two number signs", file=file, line=line,
                          remedy="write: ## Title {#id}; the lesson's title is in lesson.yaml")
    found = _ID.search(inline.content)
    if not found or not _ID_FORM.fullmatch(found.group(1)):
        raise LessonError("this heading does not say to which stop it belongs", file=file, line=line,
                          remedy="end it with the stop's id: ## Title {#id}")
    title = _plain(_MARKDOWN.renderInline(inline.content[:found.start()]))
    if not title:
        raise LessonError("this heading has no title", file=file, line=line, remedy="write: ## Title {#id}")
    return found.group(1), title


def _render(tokens: list[Token]) -> str:
    rendered = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return nh3.clean(rendered, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"},
                     link_rel="noopener noreferrer").strip()


def _plain(markup: str) -> str:
    return html.unescape(nh3.clean(markup, tags=set())).strip()
