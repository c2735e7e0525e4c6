"""The index over all lessons; one that does not run takes no other along."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.web.fake import FakeRecording, FakeShelf
from vmviz.lessons.happenings import Happening, Place
from vmviz.web.application import build
from vmviz.web.handbook.seen import sightings
from vmviz.web.settings import Settings

EXIT = [{"type": "instruction", "text": "hlt"}, {"type": "vm_exit", "reason": 12}]
READ = [{"type": "instruction", "text": "vmread rax, rbx"}, {"type": "vmcs_read", "field": "guest_rip", "value": "0"}]
PATIENCE = 30.0


def poll(condition: Callable[[], object]) -> None:
    """Wait until it holds."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until


class ThatExits(FakeRecording):
    """Leaves a guest in its steps 10 and 20, reads a field in step 30."""

    def events(self, step: int, phase: int = 0) -> list[dict[str, Any]]:
        return {10: EXIT, 20: EXIT, 30: READ}.get(step, [])


class ExitShelf(FakeShelf):
    """One lesson with exits among others."""

    def __init__(self) -> None:
        super().__init__()
        self.recordings["other"] = ThatExits("other")


def test_lessons_that_do_not_run_are_left_out_and_others_are_there() -> None:
    index = sightings(ExitShelf())
    assert [(each.lesson, each.ways) for each in index["exit.12"]] == [
        ("other", (Happening("exit", (Place(10), Place(20)), 2),))]
    assert "exit.10" not in index and index["field.guest_rip"]


def test_a_page_links_to_the_steps_and_says_nothing_where_nothing_happens(tmp_path: Path) -> None:
    web = build(Settings(sessions=tmp_path / "s.sqlite", prefix="/below"), ExitShelf(), "threading")
    client = web.app.test_client()
    poll(lambda: 'class="note later"' not in client.get("/below/reference/exits").text)
    text = client.get("/below/reference/exits?lang=pt-BR").text
    assert text.count('class="seen"') == 1
    assert '<a href="/below/lesson/other?lang=pt-BR#step=10">passo 10</a>, <a href="/below/lesson/other' in text
    assert "A other" in text
    assert 'class="seen"' not in client.get("/below/reference/errors").text
    assert "#step=30" in client.get("/below/reference/fields").text
    web.store.close()
