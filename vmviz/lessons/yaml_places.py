"""Read a lesson's YAML as plain data that remembers where each value stood.

YAML is more than a lesson needs. Aliases are refused (a small file can unfold into gigabytes), so are deep nesting and
a key written twice; size and encoding are checked before anything is parsed. Tags are those of `safe_load`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from vmviz.errors import LessonError

LARGEST_YAML = 64 * 1024
DEEPEST_YAML = 12

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """Plain data, and for the path of each value (keys and indices from the root) its line and column, from 1."""

    file: str
    value: Any
    places: dict[Path, tuple[int, int]] = field(repr=False)

    def place(self, path: Path) -> tuple[int, int]:
        """Line and column of the value at `path`, or of the nearest value around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))

    def error(self, path: Path, message: str, remedy: str = "") -> LessonError:
        """A LessonError at the place of `path`."""
        line, column = self.place(path)
        return LessonError(message, file=self.file, line=line, column=column, remedy=remedy)


def decode_text(content: bytes, file: str, largest: int) -> str:
    """`content` as text; LessonError when it is empty, too large or not UTF-8."""
    if len(content) > largest:
        raise LessonError(f"the file is too large: at most {largest:,} bytes are read", file=file,
                          remedy="shorten it, or split the lesson in two")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise LessonError("this is not UTF-8 text", file=file, line=line,
                          remedy="save the file in UTF-8") from None
    if not text.strip():
        raise LessonError("the file is empty", file=file,
                          remedy="copy the file of another lesson, or make one with: vmviz lesson new NAME")
    return text


def read_yaml(content: bytes, file: str) -> Document:
    """The document in `content`; LessonError with its place for anything that a lesson may not hold."""
    text = decode_text(content, file, LARGEST_YAML)
    try:
        _refuse_the_dangerous(text, file)
        loader = yaml.SafeLoader(text)
        try:
            root = loader.get_single_node()
            if root is None:
                raise LessonError("the file holds no values", file=file, remedy="see docs/lessons.md for an example")
            places: dict[Path, tuple[int, int]] = {}
            value = _plain(root, (), loader, places, file)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise LessonError(f"this is not YAML: {error.problem or error.context}", file=file, line=line, column=column,
                          remedy="mind the indentation, and put text that holds ': ' in quotes") from None
    except yaml.YAMLError as error:
        raise LessonError(f"this is not YAML: {error}", file=file,
                          remedy="remove control characters from the file") from None
    return Document(file, value, places)


def _refuse_the_dangerous(text: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        assert event.start_mark is not None  # only events that were not parsed from text have none
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.AliasEvent):
            raise LessonError("an alias (*name) is not allowed here", file=file, line=line, column=column,
                              remedy="write the value out")
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if depth > DEEPEST_YAML:
            raise LessonError("this is nested too deeply", file=file, line=line, column=column,
                              remedy="see docs/lessons.md for the form of a lesson")


def _plain(node: yaml.Node, path: Path, loader: yaml.SafeLoader, places: dict[Path, tuple[int, int]],
           file: str) -> Any:
    places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*path, index), loader, places, file) for index, child in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return _scalar(node, loader, file)
    value: dict[Any, Any] = {}
    for key_node, child in node.value:
        # YAML 1.1 reads a bare `on` as true; in a lesson a key is always the word that was written.
        key = key_node.value
        line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise LessonError("a key must be a word", file=file, line=line, column=column)
        if key in value:
            raise LessonError(f"the key '{key}' is written twice", file=file, line=line, column=column,
                              remedy="keep one of them")
        value[key] = _plain(child, (*path, key), loader, places, file)
        places[(*path, key)] = (line, column)
    return value


def _scalar(node: yaml.Node, loader: yaml.SafeLoader, file: str) -> Any:
    try:
        return loader.construct_object(node)
    except ValueError as error:
        raise LessonError(f"this value cannot be read: {error}", file=file, line=node.start_mark.line + 1,
                          column=node.start_mark.column + 1, remedy="put it in quotes") from None
