"""The golden trace of a lesson: a line a step with what it told, so that a change of behaviour is read as a diff.

`python -m tests.lessons.golden` writes the files anew; read the diff before it is committed. Page walks and the TLB are
left out: they say where the machine keeps its translations, not what the lesson shows.
"""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vmviz import lessons
from vmviz.lessons.performance import perform, prepare

FOLDER = Path(__file__).parent / "golden"
QUIET = frozenset({"instruction", "page_walk", "ept_walk", "tlb"})


def trace(name: str) -> Iterator[str]:
    """The lines of a lesson's trace: step, RIP, instruction, and its events with their fields."""
    for moment in perform(prepare(lessons.load(name))):
        told = [event for event in moment.events if event["type"] not in QUIET]
        text = next((event["text"] for event in moment.events if event["type"] == "instruction"), "(event)")
        yield f"{moment.index} {moment.rip:x} {text}"
        yield from (f"    {_words(event)}" for event in told)


def _words(event: dict[str, Any]) -> str:
    fields = " ".join(f"{key}={value}" for key, value in event.items() if key != "type")
    return f"{event['type']} {fields}"


def path(name: str) -> Path:
    """Where a lesson's golden trace lies."""
    return FOLDER / f"{name}.txt"


def main() -> None:
    """Write the golden trace of every lesson."""
    FOLDER.mkdir(exist_ok=True)
    for lesson in lessons.all_lessons():
        path(lesson.name).write_text("".join(f"{line}\n" for line in trace(lesson.name)), encoding="utf-8")


if __name__ == "__main__":
    main()
