"""Random trials do the same on vmviz and on Bochs, and those that once differed still do what they did on Bochs."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.fuzz import found
from tests.conformance.fuzz.__main__ import KINDS, differences, make, told
from tests.conformance.fuzz.explain import EXCUSED, IGNORED, unexplained
from tests.conformance.fuzz.machines import Pair, on_vmviz, outcomes
from tests.conformance.fuzz.record import EXITED, OUTSIDE
from tests.conformance.fuzz.shrink import signature
from tests.conformance.fuzz.trial import Trial

TRIALS, SEED = 250, 20_000


@pytest.mark.parametrize("kind", KINDS)
def test_random_trials_do_the_same_on_both_machines(kind: str) -> None:
    differing, counts = differences([make(kind, SEED, number) for number in range(TRIALS)])
    assert not differing, "\n".join(told(pair) for pair in differing[:5])
    assert counts["same"] > TRIALS / 2


@pytest.mark.parametrize("path", sorted(found.FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_trial_that_once_differed_does_what_it_did_on_bochs(path: Path) -> None:
    trial = found.load(path)
    assert trial.why
    pair = trial.pair(on_vmviz([trial.trial])[0])
    assert not unexplained(pair), told(pair)


@pytest.mark.parametrize("kind", KINDS)
def test_a_trial_is_made_by_its_seed_and_number(kind: str) -> None:
    assert make(kind, 3, 14) == make(kind, 3, 14)
    assert make(kind, 3, 14) != make(kind, 4, 14)


def test_a_difference_is_seen() -> None:
    """A wrong outcome that nothing explains has a signature: the comparison can fail."""
    pair = found.load(sorted(found.FOLDER.glob("*.json"))[0])
    outcome = on_vmviz([pair.trial])[0]
    for name in ("rip", "rsp", "cr0", "reason", "kind"):
        wrong = pair.pair({**outcome, name: outcome[name] ^ 1})
        assert signature(wrong), name


def test_a_trial_that_leaves_the_model_ends_there_and_is_no_difference() -> None:
    outside, inside = Trial("guests", code=("fld1",)), Trial("guests", code=("nop",))
    made = outcomes(on_vmviz, [outside, inside])
    assert made[0] == OUTSIDE and made[1] is not None and made[1]["kind"] == EXITED
    assert not signature(Pair(outside, made[1], OUTSIDE))


def test_each_deviation_has_a_name_and_the_manuals_view() -> None:
    rows = [*IGNORED, *EXCUSED]
    assert len({row.name for row in rows}) == len(rows)
    assert all(len(row.why) > 40 for row in rows)


def test_a_found_trial_is_read_as_it_was_written(tmp_path: Path) -> None:
    trial = make("injection", 1, 3)
    outcome = on_vmviz([trial])[0]
    found.save(tmp_path / "one.json", found.Found(trial, "why", outcome))
    again = found.load(tmp_path / "one.json")
    assert again.trial.fields == trial.fields and again.trial.pokes == trial.pokes and again.trial.code == trial.code
    assert again.pair(outcome).bochs == outcome
