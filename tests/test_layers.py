"""Imports point one way, and the machine knows nothing of the world.

events, spec <- machine <- asm, systems; events, spec <- traces; these <- recording <- lessons <- web <-
app. The imports are read from the source, those inside functions and under TYPE_CHECKING included: a lazy
import is a dependency as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "vmviz"

FACTS = {"errors", "events", "spec"}
SOURCES = {"machine", "asm", "systems", "traces"}
# What each part of vmviz may import of vmviz, itself aside.
MAY_IMPORT: dict[str, set[str]] = {
    "": set(),  # vmviz/__init__.py
    "errors": set(),
    "events": set(),
    "spec": {"errors"},
    "machine": FACTS,
    "asm": FACTS | {"machine"},
    "systems": FACTS | {"machine", "asm"},
    "traces": FACTS,
    "recording": FACTS | SOURCES,
    "lessons": FACTS | SOURCES | {"recording"},
    "course": set(),  # lessons are data
    "web": FACTS | SOURCES | {"recording", "lessons", ""},
    "cli": FACTS | SOURCES | {"recording", "lessons", ""},
    "__main__": {"cli"},
}
SERVERS = {"flask", "flask_socketio", "werkzeug", "socketio", "engineio", "jinja2"}
GREEN = {"eventlet", "gevent", "geventwebsocket", "greenlet"}
# The machine is a function of program and inputs: nothing of the world may reach it.
IMPURE = {"os", "io", "pathlib", "shutil", "tempfile", "time", "datetime", "random", "secrets", "uuid",
          "logging", "warnings", "socket", "subprocess", "threading", "asyncio", "multiprocessing", "sqlite3",
          "urllib", "sys"}
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "id", "hash"}


def sources() -> list[Path]:
    return sorted(path for path in [*PACKAGE.rglob("*.py"), ROOT / "app.py"] if path.exists())


def part_of(path: Path) -> str:
    """`machine` for vmviz/machine/step.py, `events` for vmviz/events.py, "" for vmviz/__init__.py."""
    relative = path.relative_to(PACKAGE).with_suffix("").parts
    return "" if relative == ("__init__",) else relative[0]


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted module) of every import; `from vmviz import x` is `vmviz.x`, relative ones too."""
    package = list(path.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module.split(".") if node.module else [])])
            for name in node.names:
                yield node.lineno, f"{module}.{name.name}"


def is_part(name: str) -> bool:
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


@pytest.mark.parametrize("path", [path for path in sources() if path.name != "app.py"],
                         ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    part = part_of(path)
    assert part in MAY_IMPORT, f"vmviz/{part} is new: give it a place in MAY_IMPORT"
    wrong = []
    for line, module in imported(path):
        words = module.split(".")
        if words[0] == "vmviz":
            target = words[1] if len(words) > 1 and is_part(words[1]) else ""
            if target != part and target not in MAY_IMPORT[part]:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {module}")
        assert words[0] not in {"tools", "tests", "app"}, f"{path.relative_to(ROOT)}:{line} imports {module}"
    assert not wrong, "\n".join(wrong)


def test_only_web_and_app_know_the_web_server() -> None:
    wrong = [f"{path.relative_to(ROOT)}:{line} imports {module}" for path in sources()
             for line, module in imported(path)
             if module.split(".")[0] in SERVERS and path != ROOT / "app.py" and part_of(path) != "web"]
    assert not wrong, "\n".join(wrong)


def test_only_app_knows_eventlet_and_gevent() -> None:
    wrong = [f"{path.relative_to(ROOT)}:{line} imports {module}" for path in sources()
             for line, module in imported(path)
             if module.split(".")[0] in GREEN and path != ROOT / "app.py"]
    assert not wrong, "\n".join(wrong)


def test_the_machine_knows_no_files_clock_randomness_or_logging() -> None:
    wrong = []
    for path in [*(PACKAGE / "machine").rglob("*.py"), PACKAGE / "events.py"]:
        where = path.relative_to(ROOT)
        wrong += [f"{where}:{line} imports {module}" for line, module in imported(path)
                  if module.split(".")[0] in IMPURE]
        wrong += [f"{where}:{node.lineno} calls {node.func.id}()"
                  for node in ast.walk(ast.parse(path.read_text()))
                  if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                  and node.func.id in IMPURE_CALLS]
    assert not wrong, "\n".join(wrong)


def test_the_reader_of_imports_sees_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    module = tmp_path / "vmviz" / "machine" / "probe.py"
    module.parent.mkdir(parents=True)
    module.write_text("import os.path\nfrom vmviz import web\nfrom ..web import pages\n"
                      "def f():\n    from . import isa\n")
    seen = {name for _, name in imported(module)}
    assert seen == {"os.path", "vmviz.web", "vmviz.web.pages", "vmviz.machine.isa"}
