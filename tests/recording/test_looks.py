"""Closer looks: what they say agrees with the scene and memory, and what was recorded stays as it was."""

from __future__ import annotations

import pytest

from vmviz.recording import Position
from vmviz.recording.recording import Recording
from vmviz.web.lesson_shelf import LessonShelf


@pytest.fixture(scope="module")
def recording() -> Recording:
    return LessonShelf(1 << 26).recording("first-guests")


def test_a_translation_leads_to_the_bytes_of_the_next_instruction(recording: Recording) -> None:
    for step in range(0, recording.length, 50):
        at = Position(step)
        drawn = recording.scene(*at)["processors"]["0"]
        if "next" not in drawn:
            continue
        told = recording.translation(at, int(drawn["next"]["address"], 16), "fetch")
        assert told["outcome"] == "translated"
        found = recording.memory(at, int(told["physical"], 16), drawn["next"]["length"])
        assert found is not None and found.hex() == drawn["next"]["bytes"]


def test_looking_leaves_no_trace(recording: Recording) -> None:
    at = Position(400)
    before = recording.scene(*at), recording.events(401), recording.tlb(at)
    for linear in (0, 0x3000_0000, 0x7FFF_FFFF_FFFF, 0xFFFF_8000_0000_0000):
        for access in ("read", "write", "fetch"):
            recording.translation(at, linear, access)
    assert (recording.scene(*at), recording.events(401), recording.tlb(at)) == before


def test_the_tlb_holds_the_page_that_runs(recording: Recording) -> None:
    at = Position(400)
    rip = int(recording.scene(*at)["processors"]["0"]["rip"], 16)
    assert f"{rip & ~0xFFF:x}" in {entry["linear"] for entry in recording.tlb(at)}
