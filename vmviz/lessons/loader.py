"""Find and load lessons: a folder each, with lesson.yaml, program.asm and a text for each language.

A loaded lesson is complete and consistent as far as that can be seen without running its program: every stop has words
in every language, and no words belong to a stop that is not there. Running it is the business of `check`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vmviz.errors import LessonError
from vmviz.lessons.schema import LANGUAGES, LessonForm, read_form
from vmviz.lessons.text import LessonText, read_text
from vmviz.lessons.yaml_places import Document, decode_text, read_yaml

COURSE = Path(__file__).resolve().parent.parent / "course"
LARGEST_PROGRAM = 256 * 1024
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
        wire["stops"] = {stop.id: {"title": text.stops[stop.id].title, "html": text.stops[stop.id].html}
                         for stop in self.form.stops}
        return wire


def lesson_names(course: Path = COURSE) -> list[str]:
    """The names of the lessons in a course, in alphabetical order."""
    if not course.is_dir():
        return []
    return sorted(folder.name for folder in course.iterdir() if (folder / "lesson.yaml").is_file())


@lru_cache(maxsize=64)
def load(name: str, course: Path = COURSE) -> Lesson:
    """The lesson `name`; LessonError when there is none or it is not in order."""
    if not _NAME.fullmatch(name) or not (course / name / "lesson.yaml").is_file():
        raise LessonError(f"there is no lesson '{name[:60]}'",
                          remedy=f"the lessons are: {', '.join(lesson_names(course)) or 'none yet'}")
    return load_folder(course / name)


def all_lessons(course: Path = COURSE) -> list[Lesson]:
    """Every lesson of a course, in the order of their names."""
    return [load(name, course) for name in lesson_names(course)]


def load_folder(folder: Path) -> Lesson:
    """The lesson in `folder`, read now; LessonError when it is not in order."""
    document = read_yaml(_read(folder / "lesson.yaml"), f"{folder.name}/lesson.yaml")
    form = read_form(document)
    if form.name != folder.name:
        raise document.error(("name",), f"the lesson calls itself '{form.name}' but its folder is '{folder.name}'",
                             "give both the same name")
    program = decode_text(_read(folder / "program.asm"), f"{folder.name}/program.asm", LARGEST_PROGRAM)
    texts = {language: read_text(_read(folder / f"text.{language}.md"), f"{folder.name}/text.{language}.md", language)
             for language in LANGUAGES}
    for text in texts.values():
        _check_words(document, form, text)
    return Lesson(folder, form, document, program, texts)


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


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise LessonError("the file is missing", file=f"{file.parent.name}/{file.name}",
                          remedy="a lesson has lesson.yaml, program.asm, text.en.md and text.pt-BR.md") from None
    except OSError as error:
        place = f"{file.parent.name}/{file.name}"
        raise LessonError(f"the file cannot be read: {error.strerror}", file=place) from None
