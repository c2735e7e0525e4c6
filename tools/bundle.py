"""Makes static/dist from static/ with esbuild, when it is not current.

`npm ci` when the lock file changed, then `node tools/build.mjs`. `ensure_bundle()` is for app.py and for
`make setup`: it returns at once when the bundle is current, builds when it is not, and raises SetupError
with what to do when it cannot. `lock()` keeps two builders from meeting in one tree.
"""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import programs
from tools.progress import SetupError, run, say
from tools.stamps import content_hash, is_current

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "static" / "dist"
MODULES = ROOT / "node_modules"
BUNDLE_STAMP = DIST / ".made-from"
MODULES_STAMP = MODULES / ".made-from"
ADVICE = "Then run `make setup` (or `python -m tools.bundle`)."


def ensure_bundle() -> Path:
    """static/dist, made from the sources as they are now."""
    if bundle_is_current():
        return DIST
    with lock():
        if bundle_is_current():  # somebody else has just built it
            return DIST
        before = sources_hash()
        ensure_modules()
        run("bundling the page", [*programs.node(), "tools/build.mjs"], cwd=ROOT, advice=ADVICE)
        DIST.mkdir(parents=True, exist_ok=True)
        BUNDLE_STAMP.write_text(before)
    return DIST


def ensure_modules() -> None:
    """node_modules, as package-lock.json says."""
    wanted = content_hash([ROOT / "package.json", ROOT / "package-lock.json"])
    if is_current(MODULES_STAMP, wanted):
        return
    run("installing the page's packages (npm ci)", [*programs.npm(), "ci", "--no-audit", "--no-fund"],
        cwd=ROOT, advice="The npm registry must be reachable once. " + ADVICE)
    MODULES_STAMP.write_text(wanted)


def bundle_is_current() -> bool:
    return is_current(BUNDLE_STAMP, sources_hash())


def sources_hash() -> str:
    """The hash of everything that the bundle is made from."""
    files = [ROOT / "package.json", ROOT / "package-lock.json", ROOT / "tools" / "build.mjs"]
    files += [path for path in (ROOT / "static").rglob("*") if DIST not in path.parents]
    files += (ROOT / "vmviz" / "web" / "languages").glob("*.json")
    return content_hash(files)


@contextmanager
def lock() -> Iterator[None]:
    with open(ROOT / "package.json") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    try:
        ensure_bundle()
    except (SetupError, OSError) as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
