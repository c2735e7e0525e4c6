"""What the repository promises about itself: its README, its files' sizes, its lock files."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 350
# Options that tie a clone to one place of packages.
REGISTRY_OPTION = re.compile(r"(?:--)?(?:extra-)?index-url|--registry\b|(?<!-)\bregistry\s*=|--find-links")


def tracked(*patterns: str) -> list[Path]:
    """The files that git knows and new ones that it does not ignore; all where this is no checkout."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if told.returncode:
        found = {path for pattern in patterns or ("*",) for path in ROOT.rglob(pattern)}
        ours = {path for path in found if not {"node_modules", ".venv", "dist"} & set(path.parts)}
        return sorted(path for path in ours if path.is_file())
    return sorted(ROOT / line for line in told.stdout.splitlines() if (ROOT / line).is_file())


def relative(*patterns: str) -> list[Path]:
    return [path.relative_to(ROOT) for path in tracked(*patterns)]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/deploy.md", "docs/lessons.md"])
def test_every_make_command_in_the_docs_exists(page: str) -> None:
    named = set(re.findall(r"`make ([a-z-]+)|^make ([a-z-]+)", (ROOT / page).read_text(), re.MULTILINE))
    targets = {one or other for one, other in named}
    assert targets <= make_targets(), f"{page} names targets that the Makefile lacks"


def test_the_readme_names_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "make run" in readme and "make test" in readme


@pytest.mark.parametrize("page", relative("*.md"), ids=str)
def test_every_file_that_a_page_links_to_exists(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", (ROOT / page).read_text())
    missing = [link for link in links if not re.match(r"[a-z]+:", link) and not link.startswith("/")
               and not ((ROOT / page).parent / link).exists()]
    assert not missing, f"{page} links to {missing}"


@pytest.mark.parametrize("page", ["CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "docs/model.md",
                                  "docs/protocol.md", "docs/lessons.md", "docs/deploy.md"])
def test_the_pages_a_project_has_exist_and_say_something(page: str) -> None:
    assert len((ROOT / page).read_text().split()) > 40


def test_no_package_registry_is_chosen_for_the_user() -> None:
    files = tracked("requirements*.txt", ".npmrc", "pyproject.toml", "package.json", "Makefile", ".ci/run",
                    "tools/*.*")
    assert len(files) > 5
    named = [f"{path.relative_to(ROOT)}: {found.group()}" for path in files
             if (found := REGISTRY_OPTION.search(path.read_text()))]
    assert not named, "\n".join(named)


def test_every_setting_is_documented() -> None:
    names = {name for path in [*tracked("vmviz/web/*.py"), ROOT / "app.py"]
             for name in re.findall(r"[\"'](VMVIZ_[A-Z_]+|HOST|PORT)[\"']", path.read_text())}
    assert {"HOST", "PORT"} <= names
    documented = set(re.findall(r"`([A-Z_]+)`", (ROOT / "docs" / "deploy.md").read_text()))
    assert not names - documented, "docs/deploy.md does not have them"


def test_the_lock_file_ties_nobody_to_one_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    resolved = [name for name, package in lock["packages"].items() if "resolved" in package]
    assert not resolved, "addresses in package-lock.json: omit-lockfile-registry-resolved was not in force"
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


def test_what_setup_makes_is_not_committed() -> None:
    for made in ("static/dist/x.js", "node_modules/x", ".venv/x", "sessions.sqlite"):
        ignored = subprocess.run(["git", "check-ignore", "-q", made], cwd=ROOT).returncode
        assert ignored in (0, 128), f"{made} is not ignored"  # 128: not a checkout


@pytest.mark.parametrize("path", relative("*.py", "*.js", "*.mjs"), ids=str)
def test_a_source_file_over_350_lines_explains_itself(path: Path) -> None:
    text = (ROOT / path).read_text()
    lines = text.count("\n")
    if lines <= LONGEST:
        return
    opening = text[:1500].split("*/")[0]
    if path.suffix == ".py":
        opening = ast.get_docstring(ast.parse(text)) or ""
    assert re.search(r"\b(long|length|one file|tables?|lines)\b", opening, re.IGNORECASE), (
        f"{path} has {lines} lines: split it, or say in its opening why it is one file")


@pytest.mark.parametrize("path", relative("vmviz/*.py", "tools/*.py", "app.py"), ids=str)
def test_a_module_opens_with_what_it_is(path: Path) -> None:
    text = (ROOT / path).read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text)), f"{path} has no docstring"
