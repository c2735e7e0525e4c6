"""Every lesson does, step by step, what its golden trace says."""
from __future__ import annotations

import difflib

import pytest

from tests.lessons import golden
from vmviz import lessons


@pytest.mark.parametrize("name", [lesson.name for lesson in lessons.all_lessons()])
def test_a_lesson_does_what_its_golden_trace_says(name: str) -> None:
    frozen = golden.path(name).read_text(encoding="utf-8").splitlines()
    now = list(golden.trace(name))
    difference = list(difflib.unified_diff(frozen, now, "golden", "now", lineterm="", n=2))
    assert not difference, "\n".join(difference[:60])
