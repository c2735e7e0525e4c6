"""Moves land on positions that exist, and a move back is the opposite of a move on."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vmviz.recording.positions import Position, move_phases, move_steps, nearest

LENGTH = 10
PHASES = {3: 6, 4: 5, 9: 6}


def phases(step):
    return PHASES.get(step, 0)


EVERY = [Position(s, p) for s in range(LENGTH) for p in range(max(phases(s), 1))] + [Position(LENGTH)]
whole = st.integers(-10**30, 10**30)

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")


@given(whole, whole)
def test_any_wish_is_brought_to_a_position_that_exists(step, phase):
    assert nearest(step, phase, LENGTH, phases) in EVERY


@pytest.mark.parametrize("wish, is_at", [((3, 6), (4, 0)), ((3, 5), (3, 5)), ((2, 4), (2, 0)), ((10, 1), (10, 0)),
                                         ((-1, 3), (0, 0)), ((5, -1), (5, 0))])
def test_a_step_whose_phases_are_all_done_is_complete(wish, is_at):
    assert nearest(*wish, LENGTH, phases) == is_at


@given(st.sampled_from(EVERY), whole)
def test_whole_steps_end_at_rest_at_a_position_that_exists(at, by):
    to = move_steps(at, by, LENGTH, phases)
    assert to in EVERY
    assert to == at if by == 0 else to.phase == 0


def test_from_the_middle_of_a_step_one_step_reaches_its_end_or_its_beginning():
    assert move_steps(Position(3, 2), 1, LENGTH, phases) == (4, 0)
    assert move_steps(Position(3, 2), -1, LENGTH, phases) == (3, 0)
    assert move_steps(Position(3, 2), -2, LENGTH, phases) == (2, 0)


@given(st.sampled_from(EVERY), st.integers(-60, 60))
def test_phases_walk_through_every_position_in_order(at, by):
    index = min(max(EVERY.index(at) + by, 0), len(EVERY) - 1)
    assert move_phases(at, by, LENGTH, phases) == EVERY[index]
