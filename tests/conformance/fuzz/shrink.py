"""Making a trial that differs small: elements are left out, and changed bits of fields put back, as long as it differs.

All candidates of a round run in one batch on each machine. A candidate counts when it differs in the same first name
as the trial did, so that one difference is not exchanged for another.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.conformance.fuzz import scenes
from tests.conformance.fuzz.explain import unexplained
from tests.conformance.fuzz.machines import Pair, pairs
from tests.conformance.fuzz.record import OUTSIDE
from tests.conformance.fuzz.trial import Trial

ROUNDS = 40


def signature(pair: Pair) -> str:
    """Which difference it is; empty when there is none that nothing explains."""
    if pair.vmviz == OUTSIDE or (pair.bochs is None and pair.vmviz is None):
        return ""
    if pair.bochs is None or pair.vmviz is None:
        return f"no end on {'Bochs' if pair.bochs is None else ''}{'vmviz' if pair.vmviz is None else ''}"
    return next(iter(unexplained(pair)), "")


def shrink(pair: Pair) -> Pair:
    """The smallest trial found that differs as `pair` does, with its outcomes."""
    wanted = signature(pair)
    best = pair
    for _ in range(ROUNDS):
        found = _first(wanted, _candidates(best.trial))
        if found is None:
            return best
        best = found
    return best


def _first(wanted: str, candidates: Sequence[Trial]) -> Pair | None:
    if wanted.startswith("no end"):         # a trial without an end costs Bochs its time-out: one is enough
        candidates = candidates[:4]
    for pair in pairs(candidates):
        if signature(pair) == wanted:
            return pair
    return None


def _candidates(trial: Trial) -> list[Trial]:
    """Simpler trials: the simplest first. Other code widths keep their scene."""
    simpler = [trial.in_standard_scene()] if trial.given and trial.bits == 64 else []
    elements = trial.elements()
    half = len(elements) // 2
    if half > 2:
        simpler += [_without_all(trial, elements[:half]), _without_all(trial, elements[half:])]
    simpler += [trial.without(element) for element in elements]
    for n, (name, value) in enumerate(trial.fields):
        change = value ^ dict(trial.given).get(name, scenes.standard()[name])
        if change.bit_count() > 1:
            for bit in range(64):
                if change >> bit & 1:
                    fields = (*trial.fields[:n], (name, value ^ 1 << bit), *trial.fields[n + 1:])
                    simpler.append(replace(trial, fields=fields))
    return simpler


def _without_all(trial: Trial, elements: Sequence[tuple[str, int]]) -> Trial:
    for element in reversed(elements):
        trial = trial.without(element)
    return trial
