"""What a person does on the lesson page, and what they see: keys, the address, the sentence for screen readers.

Only promises of the design are used (keys, `#step=`, the first aria-live region), so the page may look as it likes.
Nothing sleeps; every wait is for a condition in the page.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, Response

from tools.server import LESSON, ROOT, Server

SECONDS_TO_WAIT = 15
POLL_MILLISECONDS = 20
# What a template shows when a value is missing, and a key without its words.
NO_WORDS = re.compile(r"\bundefined\b|\bNaN\b|\[object |^(?:false|true|null)$|\b(?:story|home|question)\.[a-z_]+\b",
                      re.MULTILINE)
SENTENCE = "(document.querySelector('[aria-live=polite]')?.textContent.trim() ?? '')"


class Player:
    """The lesson page in a browser, with everything that went wrong in it."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.wrong: list[str] = []
        self.expect_network_errors = False
        page.on("pageerror", lambda error: self.wrong.append(f"page error: {error}"))
        page.on("console", self._console)
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not self.expect_network_errors:
            self.wrong.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and not self.expect_network_errors:
            self.wrong.append(f"{response.status} for {response.url}")

    def open(self, query: str = "", hash_: str = "", lesson: str = LESSON) -> Player:
        """Open the lesson and wait until it can be stepped."""
        self.page.goto(f"{self.server.url}/lesson/{lesson}{query}{hash_}")
        return self.ready()

    def ready(self) -> Player:
        """Until the picture is there and the lesson can be stepped."""
        self.wait_for(f"{SENTENCE} !== '' && document.querySelector('#player').dataset.connection === 'open'")
        return self

    def wait_for(self, condition: str, arg: Any = None) -> None:
        """Until a JavaScript condition holds. Playwright's own wait evaluates in the page, which our policy forbids."""
        until = time.monotonic() + SECONDS_TO_WAIT
        while not self.page.evaluate(condition, arg):
            assert time.monotonic() < until, f"still not: {condition} ({arg!r}), at {self.page.url}: {self.sentence!r}"
            self.page.wait_for_timeout(POLL_MILLISECONDS)

    @property
    def sentence(self) -> str:
        return str(self.page.evaluate(SENTENCE))

    @property
    def position(self) -> tuple[int, int]:
        """The step and phase in the address; the start when it names none."""
        found = re.search(r"[#&]step=(\d+)(?:\.(\d+))?", self.page.url)
        return (int(found[1]), int(found[2] or 0)) if found else (0, 0)

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(key)

    def wait_at(self, step: int, phase: int = 0) -> None:
        """Until the address names this position (it is rewritten at most twice a second)."""
        where = f"{step}.{phase}" if phase else f"{step}"
        self.wait_for("where => new URLSearchParams(location.hash.slice(1)).get('step') === where", where)

    def wait_sentence_not(self, old: str) -> str:
        self.wait_for(f"old => {SENTENCE} !== '' && {SENTENCE} !== old", old)
        return self.sentence

    def check(self) -> None:
        assert not self.wrong, "\n".join(self.wrong)
        if not self.page.is_closed():
            said = self.page.locator("body").inner_text()
            assert not NO_WORDS.search(said), f"the page says {NO_WORDS.search(said)}"


def words(key: str, language: str = "en") -> str:
    """The sentence that the page shows for a key of the catalogue."""
    catalogue = json.loads((ROOT / "vmviz" / "web" / "languages" / f"{language}.json").read_text())
    return str(catalogue[key])


def phased_step(outline: dict[str, Any], of: str) -> tuple[int, list[str]]:
    """The first step of the lesson that is a VM entry or VM exit, and the names of its phases."""
    steps = sorted((int(step), found["names"]) for step, found in outline["phased"].items() if found["of"] == of)
    return steps[0]
