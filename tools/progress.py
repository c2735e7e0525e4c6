"""One line a slow part: what is being done, then how long it took or what went wrong.

Quick parts print nothing, so that `make run` on a prepared tree goes straight to its address. The output of
a command is kept and shown only when the command fails.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path


class SetupError(Exception):
    """Something the user must do first; the message says what."""


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def run(what: str, command: Sequence[str | Path], *, cwd: Path, advice: str = "") -> None:
    """Run `command` under the progress line `what`; on failure raise SetupError with its last lines."""
    print(f"{what} ... ", end="", file=sys.stderr, flush=True)
    started = time.monotonic()
    try:
        done = subprocess.run([str(part) for part in command], cwd=cwd, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    except OSError as error:
        say("failed")
        raise SetupError(f"cannot run {command[0]}: {error.strerror}. {advice}".strip()) from error
    if done.returncode:
        say("failed")
        tail = "\n".join(done.stdout.strip().splitlines()[-25:])
        shown = " ".join(str(part) for part in command)
        raise SetupError(f"{tail}\n`{shown}` ended with {done.returncode}. {advice}".strip())
    say(f"{time.monotonic() - started:.1f} s")
