#!/usr/bin/env python3
"""Run the conformance programs on Bochs, the reference, and record or check what the processor did.

    oracle.py run    CASE.asm...    print the events of each case (--why: and Bochs's own log of each check and exit)
    oracle.py record CASE.asm...    write NAME.expected, to be read against the manual; where that departs NAME.bochs
    oracle.py check  [CASE.asm...]  compare Bochs with what was recorded; exit 1 on any difference
    oracle.py trace  CASE.asm       every instruction with all registers after it

Without programs all are taken. tests/conformance/README.md explains how one is written.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.conformance.bochs import HarnessError, Run, expected_on_bochs, header, programs, run_case

FIRST_INSTRUCTION = 0x104000  # of a program: lib/vmxlab.inc puts the section `host` there
SUSPECT = ("HARNESS", "UNEXPECTED")


def show(case: Path, run: Run, why: bool) -> bool:
    """Print what a case did."""
    print(f"== {case.stem} ({run.seconds:.2f} s)")
    for line in run.events:
        print("   ", line)
    for line in run.why if why else ():
        print("    #", line)
    return True


def record(case: Path, run: Run) -> bool:
    """Write NAME.expected when there is none; else NAME.bochs, where Bochs departs from it. What stands in an expected
    file has been read against the manual, so it is never written over: delete it to record anew."""
    expected, departure = case.with_suffix(".expected"), case.with_suffix(".bochs")
    text = "".join(f"{line}\n" for line in run.events)
    if not expected.exists():
        expected.write_text(text)
    if expected.read_text() == text:
        departure.unlink(missing_ok=True)
    else:
        departure.write_text(text)
        print(f"{case.stem}: departs; explain it in departures.csv")
    suspect = SUSPECT if header(case, "ENDS") else (*SUSPECT, "NO END")
    if any(line.startswith(suspect) for line in expected.read_text().splitlines()):
        print(f"{case.stem}: SUSPECT")
        return False
    return True


def check(case: Path, run: Run) -> bool:
    """Compare a run with what was recorded; prints the difference."""
    wanted = expected_on_bochs(case).read_text().splitlines()
    if wanted == run.events:
        return True
    print(f"{case.stem}: DIFFERS")
    for line in difflib.unified_diff(wanted, run.events, "expected", "got", lineterm="", n=1):
        print("   ", line)
    return False


def main() -> int:
    """The command line; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["run", "record", "check", "trace"])
    parser.add_argument("cases", nargs="*", type=Path)
    parser.add_argument("--model", help="a processor model of Bochs, instead of the case's own")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--timeout", type=float, default=10)
    parser.add_argument("--why", action="store_true")
    options = parser.parse_args()
    cases = options.cases or programs()
    if options.mode == "trace":
        commands = (f"pb {FIRST_INSTRUCTION:#x}", "c", "trace-reg on", "trace on", "c")
        sys.stdout.write(run_case(cases[0], options.model, 60, commands).output)
        return 0
    bad = 0
    began = time.monotonic()
    with ThreadPoolExecutor(options.jobs) as pool:
        runs = [pool.submit(run_case, case, options.model, options.timeout, why=options.why) for case in cases]
        for case, future in zip(cases, runs, strict=True):
            try:
                run = future.result()
            except HarnessError as error:
                print(f"{case.stem}: DOES NOT RUN\n{error}")
                bad += 1
                continue
            match options.mode:
                case "run":
                    good = show(case, run, options.why)
                case "record":
                    good = record(case, run)
                case _:
                    good = check(case, run)
            bad += not good
    print(f"{len(cases)} programs, {bad} bad, {time.monotonic() - began:.1f} s", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
