"""Find and load lessons: a folder each, with lesson.yaml, program.asm and a text for each language.

A loaded lesson is complete and consistent as far as that can be seen without running its program: every stop has words
in every language, and no words belong to a stop that is not there. Running it is the business of `check`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from vmviz.errors import LessonError
from vmviz.lessons.markup import refuse_unshown
from vmviz.lessons.schema import LANGUAGES, LAST, RESERVED, LessonForm, Question, read_form
from vmviz.lessons.text import LARGEST_TEXT, LessonText, QuestionText, read_text
from vmviz.lessons.yaml_places import LARGEST_YAML, Document, decode_text, read_yaml

COURSE = Path(__file__).resolve().parent.parent / "course"
LARGEST_PROGRAM = 256 * 1024
LARGEST_FILE = max(LARGEST_PROGRAM, LARGEST_TEXT, LARGEST_YAML)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True)
class Lesson:
    """A lesson as its author wrote it: the form, the program's source, and the words by language."""

    folder: Path
    form: LessonForm
    document: Document
    program: str
    texts: dict[str, LessonText]

    @property
    def name(self) -> str:
        """The lesson's name: its folder, its address, its key everywhere."""
        return self.form.name

    @property
    def program_file(self) -> Path:
        """Where the program is; its %include files are looked for beside it."""
        return self.folder / "program.asm"

    @property
    def variants(self) -> int:
        """How many lessons this is: itself, and its variants."""
        return 1 + len(self.form.variants)

    def variant(self, number: int) -> Lesson:
        """The lesson with other numbers in its program; 0, or one that it does not have, is the lesson as written."""
        if not 0 < number < self.variants:
            return self
        return replace(self, program=self._with(number - 1))

    def _with(self, index: int) -> str:
        program = self.program
        for name, value in self.form.variants[index].items():
            line = re.compile(rf"^({re.escape(name)}\s+equ\s+)[^;\n]*?(\s*(;.*)?)$", re.MULTILINE)
            program, count = line.subn(rf"\g<1>{value}\g<2>", program)
            if count != 1:
                raise self.document.error(("variants", index, name), f"the program has {count} lines '{name} equ ...'",
                                          "a variant changes a constant that the program defines once")
        return program

    def text(self, language: str) -> LessonText:
        """The words in `language`; English for a language that the course does not have."""
        return self.texts.get(language) or self.texts["en"]

    def text_to_wire(self, language: str) -> dict[str, object]:
        """The body of GET /api/lessons/NAME/text: name, lang, title, intro, and title and html of each stop."""
        text = self.text(language)
        wire: dict[str, object] = {"name": self.name, "lang": text.language,
                                   "title": self.form.title.in_language(text.language)}
        if text.intro:
            wire["intro"] = text.intro
        if text.questions:
            wire["questions"] = {question.id: text.questions[question.id].to_wire()
                                 for question in self.form.questions}
        wire["stops"] = {stop.id: {"title": text.stops[stop.id].title, "html": text.stops[stop.id].html}
                         for stop in self.form.stops}
        return wire


def is_name(name: str) -> bool:
    """May a lesson be called so?"""
    return _NAME.fullmatch(name) is not None


def lesson_names(course: Path = COURSE) -> list[str]:
    """The names of the lessons in a course, in alphabetical order."""
    try:
        return sorted(folder.name for folder in course.iterdir() if (folder / "lesson.yaml").is_file())
    except OSError:         # there is no such folder, or it is not for us
        return []


def lesson_folders(folder: Path) -> list[Path]:
    """The lessons of a folder: itself when it is one, else those in it."""
    if (folder / "lesson.yaml").is_file():
        return [folder]
    return [folder / name for name in lesson_names(folder)]


@lru_cache(maxsize=64)
def load(name: str, course: Path = COURSE) -> Lesson:
    """The lesson `name`; LessonError when there is none or it is not in order."""
    if not is_name(name) or not (course / name / "lesson.yaml").is_file():
        raise LessonError(f"there is no lesson '{name[:60]}'",
                          remedy=f"the lessons are: {', '.join(lesson_names(course)) or 'none yet'}")
    return load_folder(course / name)


def in_order(course: Path = COURSE) -> list[str]:
    """The names of the lessons in the order of the course: by part, then `number`, then name.

    Those of no part come after all parts, and last what cannot be read.
    """
    return sorted(lesson_names(course), key=lambda name: (place_in(course / name), name))


def place_in(folder: Path) -> tuple[str, int]:
    """The place in its course of the lesson in `folder`: part and number; after all others when that cannot be read."""
    try:
        form = _form(folder)[1]
    except LessonError:
        return "~", LAST
    return form.part or "Z", form.number


def all_lessons(course: Path = COURSE) -> list[Lesson]:
    """Every lesson of a course, in the order of their names."""
    return [load(name, course) for name in lesson_names(course)]


def load_folder(folder: Path) -> Lesson:
    """The lesson in `folder`, read now; LessonError when it is not in order."""
    document, form = _form(folder)
    if form.name != folder.name:
        raise document.error(("name",), f"the lesson calls itself '{form.name}' but its folder is '{folder.name}'",
                             "give both the same name")
    program = decode_text(_read(folder / "program.asm"), f"{folder.name}/program.asm", LARGEST_PROGRAM)
    texts = {language: _text(folder, language) for language in LANGUAGES}
    for text in texts.values():
        _check_words(document, form, text)
    _check_teacher(texts)
    return Lesson(folder, form, document, program, texts)


def _form(folder: Path) -> tuple[Document, LessonForm]:
    document = read_yaml(_read(folder / "lesson.yaml"), f"{folder.name}/lesson.yaml")
    return document, read_form(document)


def _text(folder: Path, language: str) -> LessonText:
    content, file = _read(folder / f"text.{language}.md"), f"{folder.name}/text.{language}.md"
    refuse_unshown(decode_text(content, file, LARGEST_TEXT), file)
    return read_text(content, file, language)


def _check_words(document: Document, form: LessonForm, text: LessonText) -> None:
    stops = {stop.id for stop in form.stops}
    for stop_id, words in text.stops.items():
        if stop_id not in stops:
            raise LessonError(f"there is no stop '{stop_id}' in lesson.yaml", file=text.file, line=words.line,
                              remedy="correct the id, add the stop, or remove the words")
    for index, stop in enumerate(form.stops):
        if stop.id not in text.stops:
            raise document.error(("stops", index), f"the stop '{stop.id}' has no words in {text.file}",
                                 f"write them there, below: ## Title {{#{stop.id}}}")
    questions = {question.id: question for question in form.questions}
    for name, asked in text.questions.items():
        if name not in questions:
            raise LessonError(f"there is no question '{name}' in lesson.yaml", file=text.file, line=asked.line,
                              remedy="correct the id, add the question, or remove the words")
        _check_answers(questions[name], asked, text)
    for index, question in enumerate(form.questions):
        if question.id not in text.questions:
            raise document.error(("questions", index), f"{question.named} has no words in {text.file}",
                                 f"write them there, below: ## Title {{?{question.id}}}")


def _check_teacher(texts: dict[str, LessonText]) -> None:
    """What is for teachers is there in all languages or in none, and shows no values: no step stands beside it."""
    written = next((text for text in texts.values() if text.teacher), None)
    for text in texts.values():
        if written and written.teacher and not text.teacher:
            raise LessonError(f"{text.file} has no section for the teacher", file=written.file,
                              line=written.teacher.line,
                              remedy="write it there too, at the end, below: ## Title {!teacher}")
        if text.teacher and "{=" in text.teacher.title + text.teacher.html:
            raise LessonError("the teacher's section shows a value of the machine, {= ...}, but stands at no step",
                              file=text.file, line=text.teacher.line,
                              remedy="write the number, or show the value in the words of a stop or an answer")


def _check_answers(question: Question, asked: QuestionText, text: LessonText) -> None:
    """Every answer has words: a choice what can be chosen and what is then said, the others what is said."""
    choices = [choice.id for choice in question.choices]
    labelled = question.kind in ("choice", "several")
    wanted = choices if question.kind == "choice" else [*choices, *RESERVED]
    for name in wanted:
        if name not in asked.answers:
            raise LessonError(f"{question.named} has no words for '{name}'", file=text.file, line=asked.line,
                              remedy=f"write them in its list: - `{name}` ...")
    for name, answer in asked.answers.items():
        if name not in wanted:
            raise LessonError(f"{question.named} has no answer '{name}'", file=text.file, line=answer.line,
                              remedy=f"its answers are: {', '.join(wanted)}")
        if bool(answer.label) != (labelled and name in choices):
            raise LessonError(f"the answer '{name}' needs " + (
                "what can be chosen, an empty line, and below it what is then said" if labelled and name in choices
                else "one paragraph: what is said to it"), file=text.file, line=answer.line,
                remedy="look at another lesson's question of the kind " + question.kind)


def included(lesson: Lesson, wanted: str) -> str | None:
    """The text of a file that a program includes: beside it, in its course's folder, or in ours; None for none.

    What lessons of a course share lies in the course's folder. LessonError for a file that cannot be read.
    """
    for folder in (lesson.folder, lesson.folder.parent, COURSE):
        file = folder / wanted
        if file.parent == folder and file.is_file():
            return decode_text(_read(file), f"{lesson.name}/{wanted}", LARGEST_PROGRAM)
    return None


def _read(file: Path) -> bytes:
    """What is in a file, and of one that is too large only enough to see that it is."""
    place = f"{file.parent.name}/{file.name}"
    try:
        if not file.resolve(strict=True).is_relative_to(file.parent.resolve()):
            raise LessonError("this is a link that leads out of the folder", file=place, remedy="copy the file here")
        if not file.is_file():
            raise LessonError("this is not a file", file=place, remedy="put a text file there")
        with file.open("rb") as opened:
            return opened.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise LessonError("the file is missing", file=place,
                          remedy="a lesson has lesson.yaml, program.asm, text.en.md and text.pt-BR.md") from None
    except (OSError, RuntimeError) as error:        # RuntimeError: links that lead in a circle
        raise LessonError(f"the file cannot be read: {getattr(error, 'strerror', None) or error}", file=place,
                          remedy="look at its permissions") from None
