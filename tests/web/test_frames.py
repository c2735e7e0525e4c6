"""Frames are made once for everybody, and kept under their limit."""

from __future__ import annotations

import json

from tests.web.fake import FakeRecording
from vmviz.recording import Position, apply_patch
from vmviz.web.frames import Frames


def payload(raw):
    return json.loads(bytes(raw))


def test_a_frame_is_made_once_for_everybody():
    recorded, frames = FakeRecording("one"), Frames(1 << 20)
    first = frames.frame(recorded, Position(3), Position(4))
    drawn = recorded.drawn
    assert frames.frame(recorded, Position(3), Position(4)) is first
    assert recorded.drawn == drawn and (frames.hits, frames.misses) == (1, 1)


def test_a_frame_takes_the_scene_before_to_the_scene_after():
    recorded, frames = FakeRecording("one"), Frames(1 << 20)
    for before, at in [((3, 0), (4, 0)), ((4, 0), (3, 0)), ((10, 4), (11, 0)), ((0, 0), (60, 0))]:
        frame = payload(frames.frame(recorded, Position(*before), Position(*at)))
        assert apply_patch(recorded.scene(*before), frame["delta"]) == recorded.scene(*at)
        assert frame["events"] == recorded.events(*at)
        assert (frame["from"], frame["position"]) == tuple({"step": s, "phase": p} for s, p in (before, at))


def test_another_recording_has_frames_of_its_own():
    frames = Frames(1 << 20)
    one = frames.snapshot(FakeRecording("one"), Position(3))
    assert frames.snapshot(FakeRecording("two", 70), Position(3)) is not one


def test_what_is_kept_stays_under_the_limit_and_the_least_used_goes_first():
    recorded, frames = FakeRecording("one"), Frames(3_000)
    first = frames.snapshot(recorded, Position(0))
    for step in range(1, 60):
        frames.snapshot(recorded, Position(step))
        assert frames.snapshot(recorded, Position(0)) is first  # used again and again: it stays
        assert frames.size <= 3_000
    misses = frames.misses
    frames.snapshot(recorded, Position(1))
    assert frames.misses == misses + 1
