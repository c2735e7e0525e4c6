"""Run random trials on vmviz and on Bochs and show what differs, shrunk.

    python -m tests.conformance.fuzz                                    10,000 trials over all kinds
    python -m tests.conformance.fuzz --kind injection --trials 3000 --seed 2
    python -m tests.conformance.fuzz --kind injection --seed 2 --only 237   one of them, alone

A trial is made by its kind, seed and number, so these name it. `--keep FOLDER` writes each difference found as a file,
as tests/conformance/fuzz/found has them.
"""
from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from itertools import repeat
from pathlib import Path
from random import Random

from tests.conformance.fuzz import found
from tests.conformance.fuzz.explain import explained, unexplained
from tests.conformance.fuzz.machines import BATCH, Pair, pairs
from tests.conformance.fuzz.record import OUTSIDE
from tests.conformance.fuzz.shrink import shrink, signature
from tests.conformance.fuzz.trial import Trial

OF_A_KIND = 3           # differences in the same first name that are shown: shrinking one takes seconds
KINDS = ("entry_checks", "guests", "root", "injection")


def make(kind: str, seed: int, number: int) -> Trial:
    """A trial by its kind, seed and number: always the same."""
    made: Trial = import_module(f"tests.conformance.fuzz.{kind}").trial(Random(f"{kind} {seed} {number}"), number)
    return made


def differences(trials: Sequence[Trial]) -> tuple[list[Pair], Counter[str]]:
    """Trials that differ and that nothing explains; and how the others went.

    A trial that differs runs once more, alone. "after others": alone it does not differ.
    """
    differing, counts = [], Counter[str]()
    for pair in pairs(trials):
        if signature(pair):
            alone = next(pairs([pair.trial]))
            counts["differ" if signature(alone) else "differ after others"] += 1
            differing.append(alone if signature(alone) else pair)
        elif pair.vmviz == OUTSIDE:
            counts["outside the model"] += 1
        elif pair.bochs is None or pair.vmviz is None:
            counts["no end on both"] += 1
        else:
            rows = explained(pair)[1]
            counts["explained" if rows else "same"] += 1
            counts.update(f"by {row}" for row in rows)
    return differing, counts


def _part(kind: str, seed: int, numbers: Sequence[int]) -> tuple[list[Pair], Counter[str]]:
    return differences([make(kind, seed, number) for number in numbers])


def parts(kind: str, seed: int, numbers: Sequence[int], jobs: int) -> Iterator[tuple[list[Pair], Counter[str]]]:
    """Batches of trials in `jobs` processes, in order."""
    batches = [numbers[at:at + BATCH] for at in range(0, len(numbers), BATCH)]
    if jobs == 1 or len(batches) == 1:
        yield from map(_part, repeat(kind), repeat(seed), batches)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_part, repeat(kind), repeat(seed), batches)


def told(pair: Pair) -> str:
    """A trial and what differs."""
    lines = [pair.trial.text()]
    if pair.bochs is None or pair.vmviz is None:
        return "\n".join([*lines, "    " + signature(pair)])
    for name, values in list(unexplained(pair).items())[:8]:
        bochs, vmviz = ("-" if value is None else f"{value:#x}" for value in values)
        lines.append(f"    {name}: Bochs {bochs}, vmviz {vmviz}")
    return "\n".join(lines)


def _show_all(differing: Sequence[Pair], options: argparse.Namespace) -> None:
    """Show differences, each kind of them a few times, and not the same trial twice."""
    seen: set[str] = set()
    kinds = Counter[str]()
    for pair in differing:
        if len(seen) >= options.most:
            print(f"  ... {len(differing)} in all")
            return
        kinds[signature(pair)] += 1
        if kinds[signature(pair)] > OF_A_KIND:
            continue
        smallest = pair if options.no_shrink else shrink(pair)
        text = smallest.trial.text().split(":", 1)[1]
        if text in seen:
            continue
        seen.add(text)
        print(told(smallest), flush=True)
        if options.keep and smallest.bochs is not None:
            found.save(options.keep / f"{pair.trial.kind}-{options.seed}-{pair.trial.number}.json",
                       found.Found(smallest.trial, "", smallest.bochs))


def _ways(counts: Counter[str]) -> dict[str, int]:
    """How trials went, without the rows."""
    return {name: count for name, count in counts.items() if not name.startswith("by ")}


def main() -> int:
    """The command line; 1 when something differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=10_000, help="over all kinds together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="one trial alone")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--most", type=int, default=20, help="differences to show")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    parser.add_argument("--rows", action="store_true", help="which rows explained how many trials")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    bad = 0
    kinds = options.kind or KINDS
    for kind in kinds:
        began = time.monotonic()
        numbers = list(range(-(-options.trials // len(kinds)))) if options.only is None else [options.only]
        differing, counts = [], Counter[str]()
        for more, made in parts(kind, options.seed, numbers, options.jobs):
            differing += more
            counts += made
            if sys.stderr.isatty():
                print(f"\r{kind}: {sum(_ways(counts).values())} of {len(numbers)}", end="\r", file=sys.stderr, flush=True)
        seconds = time.monotonic() - began
        _show_all(differing, options)
        bad += len(differing)
        ways = ", ".join(f"{count} {name}" for name, count in sorted(_ways(counts).items()))
        print(f"{kind}: {len(numbers)} trials of seed {options.seed}: {ways}; {seconds:.1f} s", flush=True)
        if options.rows:
            print("\n".join(f"    {count:5} {name}" for name, count in counts.most_common() if name.startswith("by ")))
    print("no difference that nothing explains" if not bad else f"{bad} differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
