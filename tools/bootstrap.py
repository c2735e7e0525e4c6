"""`make setup`: .venv and static/dist, from nothing or from whatever is there. Cheap when nothing changed.

Runs under the system's Python with nothing installed, so it uses the standard library only. Each slow part
has one progress line. `python3 tools/bootstrap.py` from the root of the project does the same without make.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.progress import SetupError, run, say  # noqa: E402  (the path above makes it importable)
from tools.stamps import content_hash, is_current  # noqa: E402

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".made-from"
OLDEST = (3, 11)


def ensure_venv() -> None:
    """.venv with requirements-dev.txt and the command `vmviz` in it."""
    wanted = content_hash([ROOT / "requirements.txt", ROOT / "requirements-dev.txt", ROOT / "pyproject.toml"],
                          str(ROOT), sys.version)
    if PYTHON.exists() and is_current(STAMP, wanted):
        return
    if not _has_pip():
        run("making .venv", [sys.executable, "-m", "venv", "--clear", VENV], cwd=ROOT,
            advice="Python's venv module is needed (Debian: sudo apt-get install python3-venv).")
    run("installing the Python packages",
        [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "-r", "requirements-dev.txt", "-e", "."], cwd=ROOT,
        advice="The Python package index must be reachable once. Then run `make setup` again.")
    STAMP.write_text(wanted)


def _has_pip() -> bool:
    """Whether .venv holds a Python that still runs (the one it was made from may be gone) and has pip."""
    if not PYTHON.exists():
        return False
    return subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True).returncode == 0


def main() -> int:
    if sys.version_info < OLDEST:
        say(f"vmviz needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}. "
            "Name another one: make PYTHON=python3.12 ...")
        return 1
    try:
        ensure_venv()
    except (SetupError, OSError) as error:
        say(str(error))
        return 1
    # The bundle may need Node's wheel in .venv, so .venv's own Python makes it.
    return subprocess.run([PYTHON, "-m", "tools.bundle"], cwd=ROOT, env=os.environ).returncode


if __name__ == "__main__":
    sys.exit(main())
