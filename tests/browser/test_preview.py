"""`vmviz lesson preview`: what an author sees while writing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tools.bundle import ensure_bundle
from tools.server import free_port
from vmviz.lessons.new import new_lesson


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return new_lesson("mine", tmp_path)


@pytest.fixture
def page(context: BrowserContext, folder: Path, tmp_path: Path) -> Iterator[Page]:
    """The page at the address that the command prints."""
    ensure_bundle()
    port = free_port()
    command = subprocess.Popen([sys.executable, "-m", "vmviz", "lesson", "preview", str(folder), "--port", str(port)],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert command.stdout is not None
        address = next(word for word in command.stdout.readline().split() if word.startswith("http"))
        assert "vmviz is at" in command.stdout.readline()
        page = context.new_page()
        page.goto(address + "#step=3")
        yield page
    finally:
        os.killpg(command.pid, signal.SIGINT)       # Ctrl+C goes to both
        command.communicate(timeout=60)


def change(folder: Path, file: str, before: str, after: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert before in text
    (folder / file).write_text(text.replace(before, after, 1), encoding="utf-8")


def test_the_page_follows_what_the_author_saves(page: Page, folder: Path) -> None:
    line = page.locator("#preview")
    expect(line).to_contain_text("3 stops")
    expect(page.locator("#player svg").first).to_be_visible()
    change(folder, "lesson.yaml", "en: In and out of VMX operation", "en: My own words")
    expect(page.locator("h1")).to_have_text("My own words")
    assert page.url.endswith("#step=3")
    change(folder, "text.en.md", "{#inside}", "{#insdie}")
    expect(line).to_contain_text("mine/text.en.md")
    change(folder, "text.en.md", "{#insdie}", "{#inside}")
    expect(line).to_contain_text("3 stops")
    expect(page.locator("h1")).to_have_text("My own words")
    assert page.url.endswith("#step=3")
