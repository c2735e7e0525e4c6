#!/usr/bin/env python3
"""Run the conformance cases on vmviz and compare with what the manual says.

    run.py [CASE...]            a table of all cases (or of those named), and the differences
    run.py --bochs [CASE...]    Bochs as well, against NAME.bochs or NAME.expected

Each case is assembled by nasm and run as `vmviz run --flat`; its output between BEGIN and END must be NAME.expected.
"""

from __future__ import annotations

import argparse
import difflib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.conformance.bochs import (  # noqa: E402  (found through the path above)
    CASES,
    assemble,
    between_marks,
    expected_on_bochs,
    model_of,
    run_case,
)

MODELS = {"tigerlake": "tigerlake", "corei7_sandy_bridge_2600k": "sandy-bridge"}
TIMEOUT = 60


@dataclass(frozen=True)
class Verdict:
    """How a case went on one of the two: the difference, line by line, or why it ended early."""

    case: str
    where: str
    difference: list[str]
    trouble: str = ""

    @property
    def good(self) -> bool:
        """No difference and no trouble."""
        return not self.difference and not self.trouble


def on_vmviz(case: Path) -> Verdict:
    """Run a case on vmviz."""
    with tempfile.TemporaryDirectory(prefix="conformance.") as folder:
        image = Path(folder) / "case.bin"
        assemble(case, image)
        model = MODELS[model_of(case)]
        try:
            done = subprocess.run(
                [sys.executable, "-m", "vmviz", "run", "--flat", "--model", model, "--max-steps", "300000", str(image)],
                cwd=ROOT, capture_output=True, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            return Verdict(case.stem, "vmviz", [], f"no end within {TIMEOUT} s")
    trouble = ""
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        trouble = f"exit {done.returncode}: {said[-1] if said else 'nothing on stderr'}"
    got = between_marks(done.stdout.decode("latin-1"))
    return Verdict(case.stem, "vmviz", difference(case.with_suffix(".expected"), got), trouble)


def on_bochs(case: Path) -> Verdict:
    """Run a case on Bochs."""
    return Verdict(case.stem, "Bochs", difference(expected_on_bochs(case), run_case(case).events))


def difference(expected: Path, got: Sequence[str]) -> list[str]:
    """A unified diff between a file of expected events and what came; empty when they are the same."""
    wanted = expected.read_text().splitlines()
    return list(difflib.unified_diff(wanted, got, expected.name, "got", lineterm="", n=1))


def find(names: Sequence[str]) -> list[Path]:
    """The cases of these names (with or without folder and .asm); all when there are none."""
    if not names:
        return sorted(CASES.glob("*.asm"))
    return [CASES / f"{Path(name).name.removesuffix('.asm')}.asm" for name in names]


def main() -> int:
    """The command line; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--bochs", action="store_true", help="run the cases on Bochs, too")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--brief", action="store_true", help="the table only")
    options = parser.parse_args()
    cases = find(options.cases)
    with ThreadPoolExecutor(options.jobs) as pool:
        columns = [list(pool.map(runner, cases)) for runner in ((on_vmviz, on_bochs) if options.bochs else (on_vmviz,))]
    print(f"{'case':34}" + "".join(f"{column[0].where:>10}" for column in columns))
    for verdicts in zip(*columns, strict=True):
        print(f"{verdicts[0].case:34}" + "".join(f"{'same' if one.good else 'DIFFERS':>10}" for one in verdicts))
    bad = [verdict for column in columns for verdict in column if not verdict.good]
    for verdict in () if options.brief else bad:
        print(f"\n{verdict.case} on {verdict.where}: {verdict.trouble}".rstrip())
        for line in verdict.difference:
            print("   ", line)
    print(f"\n{len(cases)} cases: " + ", ".join(
        f"{sum(one.good for one in column)} same on {column[0].where}" for column in columns))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
