"""The excerpt for a small picture: few positions, each a frame from the one before, and all of it the recording's."""

from __future__ import annotations

import pytest

from tests.web.fake import FakeRecording, FakeShelf
from vmviz.recording import Position, diff
from vmviz.web.excerpt import CROSSINGS, MOST, excerpt, lesson_to_show, positions
from vmviz.web.lesson_shelf import LessonShelf


def test_what_is_shown_begins_before_the_first_crossing_and_holds_each_of_the_first() -> None:
    recorded = FakeRecording("x")
    shown = positions(recorded)
    crossings = sorted([*recorded.entries, *recorded.exits])[:CROSSINGS]
    assert shown[0] == Position(crossings[0].step - 1) and set(crossings) <= set(shown)
    assert shown == sorted(set(shown)) and len(shown) <= MOST


def test_a_run_without_a_guest_has_its_beginning() -> None:
    recorded = FakeRecording("x", 5)
    assert positions(recorded) == [Position(0)] and excerpt(recorded)["frames"] == []


def test_frames_lead_from_the_snapshot_to_the_last_position() -> None:
    recorded = FakeRecording("x")
    found = excerpt(recorded)
    at = found["snapshot"]["position"]
    for frame in found["frames"]:
        before, after = (Position(*where.values()) for where in (frame["from"], frame["position"]))
        assert frame["from"] == at
        assert frame["delta"] == diff(recorded.scene(*before), recorded.scene(*after))
        assert frame["events"] == recorded.events(*after)
        at = frame["position"]


def test_the_first_lesson_with_a_guest_is_shown_and_a_broken_one_is_passed_over() -> None:
    shelf = FakeShelf()
    assert lesson_to_show(shelf) == "tiny"
    shelf.names = lambda: ["broken", "other"]       # type: ignore[method-assign]
    assert lesson_to_show(shelf) == "other"
    shelf.names = list                              # type: ignore[method-assign]
    assert lesson_to_show(shelf) is None


@pytest.fixture(scope="module")
def shelf() -> LessonShelf:
    return LessonShelf(1 << 26)


def test_the_real_excerpt_is_light_and_comes_into_both_guests(shelf) -> None:
    found = excerpt(shelf.recording("first-guests"))
    assert 10 <= len(found["frames"]) <= MOST
    told = [event for frame in found["frames"] for event in frame["events"]]
    assert {event["vm"] for event in told if event["type"] == "vm_entry"} == {"A", "B"}
    assert sum(event["type"] in ("vm_entry", "vm_exit") for event in told) == CROSSINGS


def test_the_excerpt_is_asked_for_by_http_and_may_be_kept(make) -> None:
    client = make()
    first = client.get("/api/lessons/tiny/excerpt")
    assert set(first.json) == {"outline", "snapshot", "frames"}
    again = client.get("/api/lessons/tiny/excerpt", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
