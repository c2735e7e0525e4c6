"""The words of a lesson: Markdown with a heading for each stop, made into HTML that is safe to show.

    What comes before the first heading is the introduction.
    ## The title of a stop {#id-of-the-stop}
    One screen of words.
    ## The title of a question {?id-of-the-question}
    What is asked.
    - `id-of-an-answer` What can be chosen.

      What is said to those who chose it.
    1. A hint.
    ## The title of what only teachers read, at the end {!teacher}
    Misconceptions, discussion prompts.

Raw HTML in the Markdown is shown as text, and what markdown-it makes is cleaned once more by nh3 with a short list of
allowed tags. No image, no style, no script ever comes from a text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from vmviz.errors import LessonError
from vmviz.lessons.yaml_places import decode_text

LARGEST_TEXT = 128 * 1024
MOST_WORDS = 150
TEACHER = "teacher"
_WHAT = {"#": "stop", "?": "question", "!": "section"}
_TAGS = {"p", "strong", "em", "code", "pre", "ul", "ol", "li", "a", "blockquote", "br", "table", "thead", "tbody", "tr",
         "th", "td", "h3"}
_ID = re.compile(r"\s*\{([#?!])([^{}]*)\}\s*$")
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
class AnswerText:
    """One answer of a question (HTML): what can be chosen ("" where that is not shown), and what is then said."""

    label: str
    html: str
    line: int


@dataclass(frozen=True)
class QuestionText:
    """A question's title (plain text), its words, hints and answers (HTML); the line of its heading."""

    title: str
    html: str
    hints: tuple[str, ...]
    answers: dict[str, AnswerText]
    line: int
    words: int

    def to_wire(self) -> dict[str, Any]:
        """{title, html, hints, answers: {id: {label?, html}}}."""
        return {"title": self.title, "html": self.html, "hints": list(self.hints),
                "answers": {name: {**({"label": answer.label} if answer.label else {}), "html": answer.html}
                            for name, answer in self.answers.items()}}


@dataclass(frozen=True)
class LessonText:
    """A lesson's words in one language."""

    file: str
    language: str
    intro: str
    stops: dict[str, StopText]
    questions: dict[str, QuestionText]
    teacher: StopText | None = None         # what stands on the teacher's page only


def read_text(content: bytes, file: str, language: str) -> LessonText:
    """The words in `content`; LessonError for a heading without id, a repeated id, a stop without words.

    What follows the teacher's heading is not the learner's, so nothing else may follow it.
    """
    source = decode_text(content, file, LARGEST_TEXT)
    tokens = _MARKDOWN.parse(source)
    headings = [index for index, token in enumerate(tokens)
                if token.type == "heading_open" and token.tag in ("h1", "h2") and token.level == 0]
    intro = _render(tokens[:headings[0]] if headings else tokens)
    text = LessonText(file, language, intro, {}, {})
    teacher: dict[str, StopText] = {}
    sections: dict[str, dict[str, Any]] = {"#": text.stops, "?": text.questions, "!": teacher}
    for start, end in zip(headings, [*headings[1:], len(tokens)], strict=True):
        line = _line(tokens[start])
        sign, name, title = _heading(tokens[start], tokens[start + 1], file, line)
        what = _WHAT[sign]
        known = sections[sign]
        if name in known:
            raise LessonError(f"the {what} '{name}' has words already, at line {known[name].line}", file=file,
                              line=line, remedy=f"give each {what} one heading")
        if teacher:
            raise LessonError("this stands below the teacher's section", file=file, line=line,
                              remedy="put the section {!teacher} at the end of the file")
        body = tokens[start + 3:end]
        made = _question(title, body, line, file) if sign == "?" else _stop(title, body, line)
        if not made.words:
            raise LessonError(f"the {what} '{name}' has no words", file=file, line=line,
                              remedy="write a paragraph below its heading")
        known[name] = made
    return replace(text, teacher=teacher.get(TEACHER))


def _stop(title: str, body: list[Token], line: int) -> StopText:
    shown = _render(body)
    return StopText(title, shown, line, len(_plain(shown).split()))


def _question(title: str, body: list[Token], line: int, file: str) -> QuestionText:
    """Lists of the outermost level are its answers and its hints, all else is what is asked."""
    asked: list[Token] = []
    hints: list[str] = []
    answers: dict[str, AnswerText] = {}
    for block in _blocks(body, 0):
        kind = block[0].type
        if kind == "ordered_list_open":
            hints += [_render(_loose(item[1:-1])) for item in _blocks(block[1:-1], 1)]
        elif kind == "bullet_list_open":
            for item in _blocks(block[1:-1], 1):
                name, answer = _answer(item[1:-1], file)
                if name in answers:
                    raise LessonError(f"the answer '{name}' is already there, at line {answers[name].line}", file=file,
                                      line=answer.line, remedy="give each answer an id of its own")
                answers[name] = answer
        else:
            asked += block
    shown = _render(asked)
    return QuestionText(title, shown, tuple(hints), answers, line, len(_plain(shown).split()))


def _blocks(tokens: list[Token], level: int) -> Iterator[list[Token]]:
    """The blocks of a level, each with all that is in it."""
    block: list[Token] = []
    for token in tokens:
        block.append(token)
        if token.level == level and token.nesting <= 0:
            yield block
            block = []


def _answer(item: list[Token], file: str) -> tuple[str, AnswerText]:
    """`id` label, and below it the explanation; without anything below, what follows the id is the explanation."""
    line = _line(item[0])
    first = next(iter(item[1].children or []), None) if len(item) > 1 and item[1].type == "inline" else None
    if first is None or first.type != "code_inline" or not _ID_FORM.fullmatch(first.content):
        raise LessonError("this answer does not say which one it is", file=file, line=line,
                          remedy="begin it with its id: - `right` What is said to those who are right.")
    inline = item[1]
    inline.children = (inline.children or [])[1:]
    item = _loose(item)
    if len(item) == 3:
        return first.content, AnswerText("", _render(item), line)
    label = _render(item[:3]).removeprefix("<p>").removesuffix("</p>").strip()
    return first.content, AnswerText(label, _render(item[3:]), line)


def _loose(tokens: list[Token]) -> list[Token]:
    """The same with its paragraphs shown as such, as Markdown does not in a list without empty lines."""
    for token in tokens:
        token.hidden = False
    return tokens


def _line(token: Token) -> int:
    return (token.map or [0])[0] + 1


def _heading(opening: Token, inline: Token, file: str, line: int) -> tuple[str, str, str]:
    """The sign of what a heading belongs to (# a stop, ? a question, ! the teacher), its id, the title."""
    if opening.tag != "h2":
        raise LessonError("a stop's heading has two number signs", file=file, line=line,
                          remedy="write: ## Title {#id}; the lesson's title is in lesson.yaml")
    found = _ID.search(inline.content)
    if not found or not _ID_FORM.fullmatch(found.group(2)):
        raise LessonError("this heading does not say to which stop it belongs", file=file, line=line,
                          remedy="end it with the stop's id: ## Title {#id}; with a question's: ## Title {?id}")
    if found.group(1) == "!" and found.group(2) != TEACHER:
        raise LessonError(f"there is no section '{found.group(2)}'", file=file, line=line,
                          remedy=f"write: ## Title {{!{TEACHER}}}")
    title = _plain(_MARKDOWN.renderInline(inline.content[:found.start()]))
    if not title:
        raise LessonError("this heading has no title", file=file, line=line, remedy="write: ## Title {#id}")
    return found.group(1), found.group(2), title


def _render(tokens: list[Token]) -> str:
    rendered = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return nh3.clean(rendered, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"},
                     link_rel="noopener noreferrer").strip()


def _plain(markup: str) -> str:
    return html.unescape(nh3.clean(markup, tags=set())).strip()
