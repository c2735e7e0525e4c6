"""A lesson for the one who teaches it: its questions with the machine's answers, and what there is to say to each.

Right answers are never written down: they are those of the recording, which grade the learner too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from vmviz.lessons.schema import OTHER, RIGHT
from vmviz.recording import Position
from vmviz.recording.asked import Asked
from vmviz.web.shelf import Recorded

Translate = Callable[..., str]


class Said(NamedTuple):
    """One answer: what is given (HTML; empty for any other), whether it is right, what is said to it (HTML)."""

    given: Markup
    right: bool
    html: Markup


class Question(NamedTuple):
    """A question as the teacher's page shows it; `asked` and `answered` are positions as in an address."""

    title: str
    html: Markup
    hints: list[Markup]
    kind: str
    asked: str
    answered: str
    answers: list[Said]


def questions(recorded: Recorded, text: dict[str, Any], lang: str, t: Translate) -> list[Question]:
    """The questions of a lesson, in their order; `text` has the words in `lang` or what stands in for it."""
    words, outline = text.get("questions", {}), recorded.outline()
    return [Question(words[asked.id]["title"], Markup(words[asked.id]["html"]),
                     [Markup(hint) for hint in words[asked.id]["hints"]], asked.kind, written(asked.at),
                     written(asked.answered), _answers(asked, words[asked.id]["answers"], outline, lang, t))
            for asked in recorded.questions if asked.id in words]


def written(at: Position) -> str:
    """A position as an address has it: 37 or 37.3."""
    return f"{at.step}.{at.phase}" if at.phase else f"{at.step}"


def _answers(asked: Asked, words: dict[str, dict[str, str]], outline: dict[str, Any], lang: str,
             t: Translate) -> list[Said]:
    """Every answer that has words of its own, right ones first among those that nobody chooses from a list."""
    def said(name: str, given: Markup, right: bool) -> Said:
        return Said(given, right, Markup(words.get(name, {}).get("html", "")))

    if asked.kind in ("choice", "several"):
        chosen = [said(name, Markup(words[name].get("label", "")), name in asked.right) for name in asked.among]
        return chosen + [said(name, Markup(""), name == RIGHT) for name in (RIGHT, OTHER) if name in words]
    if asked.kind == "value":
        listed = [said(RIGHT, _number(asked.right[0]), True)]
        return listed + [said(name, _number(value), False) for value, name in asked.wrong.items()] + \
            [said(OTHER, Markup(""), False)]
    name_of = _region if asked.kind == "place" else _phase
    given = Markup(", ").join(escape(name_of(name, asked, outline, lang, t)) for name in asked.right)
    return [said(RIGHT, given, True), said(OTHER, Markup(""), False)]


def _number(digits: str) -> Markup:
    """A value as a learner may type it, hexadecimal (0xa: ah is a register) and decimal, once where they agree."""
    value = int(digits, 16)
    return Markup("<code>{}</code>{}").format(f"0x{digits}" if value > 9 else digits,
                                              f" ({value})" if 9 < value < 1 << 32 else "")


def _region(name: str, asked: Asked, outline: dict[str, Any], lang: str, t: Translate) -> str:
    del asked
    for region in outline["regions"]:
        if region["id"] == name:
            where = t("diagram.vmm_short") if region["where"] == "root" else t("diagram.vm", vm=region["where"])
            return f"{region['name'].get(lang) or region['name']['en']} ({where})"
    return name


def _phase(name: str, asked: Asked, outline: dict[str, Any], lang: str, t: Translate) -> str:
    del lang
    of = outline["phased"].get(str(asked.at.step), {}).get("of", "exit")
    for key in (f"phase.{of}.{name}", f"phase.exit.{name}"):
        if t(key) != key:
            return t(key)
    return name.replace("_", " ")
