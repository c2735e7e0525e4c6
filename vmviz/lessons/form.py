"""What all forms of a lesson share: unknown keys are errors, and an error leads to the line that has it."""

from __future__ import annotations

import re

import msgspec

from vmviz.lessons.yaml_places import Path


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the parts of a lesson: unknown keys are errors."""


def explain(error: str) -> tuple[str, Path]:
    """msgspec's message ("... - at `$.stops[0].id`") as a sentence and a path; unknown keys lead to the key itself."""
    message, _, where = error.partition(" - at `$")
    path: list[str | int] = []
    for name, index in re.findall(r"\.?([^.\[\]`]+)|\[(\d+)\]", re.sub(r"\[(\d+)\]", r".\1.", where)):
        word = name or index
        path.append(int(word) if word.isdigit() else word)
    unknown = re.search(r"unknown field `(.+)`", message)
    if unknown:
        return f"there is no key '{unknown.group(1)}' here", (*path, unknown.group(1))
    missing = re.search(r"missing required field `(.+)`", message)
    if missing:
        return f"the key '{missing.group(1)}' is missing here", tuple(path)
    return message[:1].lower() + message[1:], tuple(path)
