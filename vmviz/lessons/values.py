"""Values of the machine in a lesson's words: `{= rax}` stands for what the expression is at the words' place.

    {= GUEST_RAX}             a number as an amount of the language: 1,234 or 1.234
    {= hex(vmcs.guest_rip)}   in hexadecimal, as the page writes it: 101004h
    {= mode}                  a word as it is

So that the words are true in every variant. A stop's words are told where it stops, `was` being before its step; a
question where it is asked, and what is said to an answer where the machine answers, `was` being where it was asked.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from typing import Any

from babel import Locale
from babel.numbers import format_decimal

from vmviz.errors import LessonError
from vmviz.lessons.claims import At
from vmviz.lessons.expressions import ExpressionError, read
from vmviz.lessons.loader import Lesson
from vmviz.lessons.performance import Prepared
from vmviz.lessons.schema import EXPRESSIONS
from vmviz.lessons.text import AnswerText, LessonText, QuestionText, StopText
from vmviz.recording.positions import START, Position
from vmviz.recording.recording import Recording

MASK64 = (1 << 64) - 1
_VALUE = re.compile(r"\{=([^{}]*)\}")
_HEX = re.compile(r"\s*hex\((.*)\)\s*")


def has_values(lesson: Lesson) -> bool:
    """Do the words of a lesson show a value of the machine?"""
    return any("{=" in words for text in lesson.texts.values() for words in _all_words(text))


def told(prepared: Prepared, recording: Recording) -> Lesson:
    """The lesson with the values of this recording in its words; LessonError for one that cannot be told."""
    lesson = prepared.lesson
    if not has_values(lesson):
        return lesson
    return replace(lesson, texts={language: _Told(prepared, recording, text).text()
                                  for language, text in lesson.texts.items()})


@dataclass(frozen=True)
class _Told:
    """The words in one language, and the recording that they are told of."""

    prepared: Prepared
    recording: Recording
    words: LessonText

    def text(self) -> LessonText:
        """All of them with their values."""
        places = {stop["id"]: Position(stop["step"], stop["phase"]) for stop in self.recording.named_stops}
        asked = {question.id: question for question in self.recording.questions}
        return replace(
            self.words, intro=self._markup(self.words.intro, 1, START),
            stops={name: self._stop(stop, places[name]) for name, stop in self.words.stops.items()},
            questions={name: self._question(question, asked[name].at, asked[name].answered)
                       for name, question in self.words.questions.items()})

    def _stop(self, stop: StopText, at: Position) -> StopText:
        before = Position(at.step if at.phase else max(at.step - 1, 0))
        return replace(stop, title=self._plain(stop.title, stop.line, at, before),
                       html=self._markup(stop.html, stop.line, at, before))

    def _question(self, question: QuestionText, at: Position, answered: Position) -> QuestionText:
        def answer(words: AnswerText) -> AnswerText:
            return replace(words, label=self._markup(words.label, words.line, at),
                           html=self._markup(words.html, words.line, answered, at))

        return replace(question, title=self._plain(question.title, question.line, at),
                       html=self._markup(question.html, question.line, at),
                       hints=tuple(self._markup(hint, question.line, at) for hint in question.hints),
                       answers={name: answer(words) for name, words in question.answers.items()})

    def _markup(self, markup: str, line: int, at: Position, was: Position | None = None) -> str:
        return _VALUE.sub(lambda found: html.escape(self._value(html.unescape(found[1]), line, at, was)), markup)

    def _plain(self, text: str, line: int, at: Position, was: Position | None = None) -> str:
        return _VALUE.sub(lambda found: self._value(found[1], line, at, was), text)

    def _value(self, text: str, line: int, at: Position, was: Position | None) -> str:
        """What stands for `{= text}`."""
        in_hex = _HEX.fullmatch(text)
        try:
            found = read(in_hex[1] if in_hex else text).value(
                At(self.recording, at), None if was is None else At(self.recording, was), self.prepared.symbols)
        except ExpressionError as error:
            raise LessonError(f"{{={text}}}: {error}", file=self.words.file, line=line, remedy=EXPRESSIONS) from None
        if isinstance(found, bool) or (in_hex and isinstance(found, str)):
            raise LessonError(f"{{={text}}} is {found}, no number", file=self.words.file, line=line,
                              remedy="show a number, {= rax} or {= hex(rax)}, or a word, {= mode}")
        if isinstance(found, str):
            return found
        if in_hex:
            return f"{found & MASK64:x}h"
        return str(format_decimal(found, locale=Locale.parse(self.words.language, sep="-")))


def _all_words(text: LessonText) -> list[str]:
    """Everything that may hold a value."""
    said: list[Any] = [text.intro]
    for stop in text.stops.values():
        said += [stop.title, stop.html]
    for question in text.questions.values():
        said += [question.title, question.html, *question.hints]
        said += [part for answer in question.answers.values() for part in (answer.label, answer.html)]
    return said
