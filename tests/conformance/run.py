#!/usr/bin/env python3
"""Run the conformance programs and compare with what the manual says.

    run.py [NAME...]            a table of all programs (or of those named), and the differences
    run.py --bochs [NAME...]    Bochs as well, against NAME.bochs or NAME.expected
    run.py --list               what each program shows, and its sections of the manual

Each program is assembled by nasm and started in the bench state; what it prints between BEGIN and END must be
NAME.expected.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.conformance.bochs import (  # noqa: E402  (found through the path above)
    assemble,
    between_marks,
    expected_on_bochs,
    header,
    model_of,
    processors_of,
    programs,
    run_case,
)
from vmviz import events as ev  # noqa: E402
from vmviz.machine.bench import Machine  # noqa: E402
from vmviz.machine.outcome import OutsideModel  # noqa: E402

MODELS = {"tigerlake": "tigerlake", "corei7_sandy_bridge_2600k": "sandy-bridge", "core2_penryn_t9600": "no-ept"}
STEPS = 900_000


@dataclass(frozen=True)
class Verdict:
    """How a program went on one of the two: the difference, line by line, or why it ended early."""

    case: str
    where: str
    difference: list[str]
    trouble: str = ""

    @property
    def good(self) -> bool:
        """No difference and no trouble."""
        return not self.difference and not self.trouble

    def text(self) -> str:
        """All that a person needs to know of a bad one."""
        return "\n".join([f"{self.case} on {self.where}: {self.trouble}".rstrip(), *self.difference])


def lines_on_vmviz(source: Path) -> tuple[list[str], str]:
    """What a program prints on vmviz between BEGIN and END, and why its run ended as it should not, or ""."""
    with tempfile.TemporaryDirectory(prefix="conformance.") as folder:
        image = Path(folder) / "image"
        assemble(source, image)
        machine = Machine(image.read_bytes(), MODELS[model_of(source)], processors=processors_of(source))
    trouble = ""
    try:
        machine.run(STEPS)
        if machine.ended is None:
            trouble = f"no end within {STEPS} steps"
    except OutsideModel as left:
        trouble = str(left)
    printed = "".join(event.text for _, event in machine.cpu.marks if isinstance(event, ev.Console))
    return between_marks(printed), trouble


def on_vmviz(source: Path) -> Verdict:
    """Run a program on vmviz."""
    got, trouble = lines_on_vmviz(source)
    return Verdict(source.stem, "vmviz", difference(source.with_suffix(".expected"), got), trouble)


def on_bochs(source: Path) -> Verdict:
    """Run a program on Bochs."""
    return Verdict(source.stem, "Bochs", difference(expected_on_bochs(source), run_case(source).events))


def difference(expected: Path, got: Sequence[str]) -> list[str]:
    """A unified diff between a file of expected events and what came; empty when they are the same."""
    wanted = expected.read_text().splitlines()
    return list(difflib.unified_diff(wanted, got, expected.name, "got", lineterm="", n=1))


def find(names: Sequence[str]) -> list[Path]:
    """The programs of these names (with or without folder and .asm); all when there are none."""
    wanted = {Path(name).name.removesuffix(".asm") for name in names}
    found = [source for source in programs() if not wanted or source.stem in wanted]
    if missing := wanted - {source.stem for source in found}:
        raise SystemExit(f"no such program: {', '.join(sorted(missing))}")
    return found


def main() -> int:
    """The command line; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*")
    parser.add_argument("--bochs", action="store_true", help="run the programs on Bochs, too")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--brief", action="store_true", help="the table only")
    parser.add_argument("--list", action="store_true", help="what each shows; run nothing")
    options = parser.parse_args()
    sources = find(options.programs)
    if options.list:
        for source in sources:
            print(f"{source.stem}: {header(source, 'TITLE')}\n    {header(source, 'SDM')}")
        return 0
    with ProcessPoolExecutor(options.jobs) as pool:
        runners = (on_vmviz, on_bochs) if options.bochs else (on_vmviz,)
        columns = [list(pool.map(runner, sources)) for runner in runners]
    print(f"{'program':34}" + "".join(f"{column[0].where:>10}" for column in columns))
    for source, *verdicts in zip(sources, *columns, strict=True):
        departs = "  Bochs departs" if source.with_suffix(".bochs").exists() else ""
        print(f"{source.stem:34}" + "".join(f"{'same' if one.good else 'DIFFERS':>10}" for one in verdicts) + departs)
    bad = [verdict for column in columns for verdict in column if not verdict.good]
    for verdict in () if options.brief else bad:
        print("\n" + verdict.text())
    print(f"\n{len(sources)} programs: " + ", ".join(
        f"{sum(one.good for one in column)} as expected on {column[0].where}" for column in columns))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
