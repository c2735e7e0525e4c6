"""A merge patch takes exactly one scene to another, in Python as in the browser (one fixture for both)."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vmviz.recording import apply_patch, diff

CASES = json.loads((Path(__file__).parents[1] / "fixtures" / "merge.json").read_text())

values = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abcde"), inner, max_size=4), max_leaves=12)
scenes = st.dictionaries(st.sampled_from("abcde"), values, max_size=5)

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")


def exactly(value: object) -> str:
    """As text, so that True is not 1."""
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_shared_fixture_is_made_and_applied_as_it_stands(case):
    assert exactly(diff(case["before"], case["after"])) == exactly(case["patch"])
    assert exactly(apply_patch(case["before"], case["patch"])) == exactly(case["after"])


@given(scenes, scenes)
def test_a_delta_applied_to_its_beginning_is_its_end(before, after):
    assert exactly(apply_patch(before, diff(before, after))) == exactly(after)


@given(scenes, scenes)
def test_applying_changes_neither_the_scene_nor_the_patch(before, after):
    patch = diff(before, after)
    kept = exactly(before), exactly(patch)
    apply_patch(before, patch)
    assert (exactly(before), exactly(patch)) == kept


@given(scenes)
def test_nothing_changes_from_a_scene_to_itself(scene):
    assert diff(scene, scene) == {}
