"""What a person does on the lesson page, and what they see: keys, the address, the sentence for screen readers.

Only promises of the design are used (keys, `#step=`, the first aria-live region), so the page may look as it likes.
Nothing sleeps; every wait is for a condition in the page.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

from playwright.sync_api import ConsoleMessage, Error, Page, Response

from tools.server import LESSON, ROOT, Server

# Long, because several things run at a time where the tests run: a limit costs nothing while they pass.
SECONDS_TO_WAIT = 30
POLL_MILLISECONDS = 20
# What a template shows when a value is missing, and a key without its words.
NO_WORDS = re.compile(r"\bundefined\b|\bNaN\b|\[object |^(?:false|true|null)$|\b(?:story|home|question)\.[a-z_]+\b",
                      re.MULTILINE)
# All words that the page shows, but for the program's own: of those more are drawn as time goes by.
SAID = """() => {
  const code = document.querySelectorAll('.code');
  for (const list of code) list.style.visibility = 'hidden';
  const said = document.body.innerText;
  for (const list of code) list.style.visibility = '';
  return said;
}"""
SENTENCE = "(document.querySelector('[aria-live=polite]')?.textContent.trim() ?? '')"
# The position that is drawn, as addresses have it; a frame with few controls may show the step only, or nothing.
SHOWN = "(document.querySelector('.playhead .here, .compact .position b')?.textContent ?? '')"
# The page is drawn at the place in its address and nothing of it is still to come: the first drawing takes one part
# after the other, some by scripts of their own; the picture is laid out for the stage once that has its size; letters
# may be others until theirs have come. An address whose hash alone is new leads to the same page, which was ready.
DRAWN = f"""(() => {{
  const player = document.querySelector('#player'), stage = player?.querySelector('#stage');
  if (!stage || {SENTENCE} === '' || player.dataset.connection !== 'open') return false;
  const frame = document.body.classList.contains('embed');
  const whole = frame ? document.body.matches('.controls-full') && !document.querySelector('.compact') : true;
  const picture = stage.querySelector('svg.diagram');
  const near = (one, other) => Math.abs(one - other) < 2;
  const wanted = new URLSearchParams(location.hash.slice(1)).get('step') ?? '';
  return document.fonts.status === 'loaded'
    && (picture ? near(picture.width.baseVal.value, stage.clientWidth) : Boolean(stage.querySelector('.close-up')))
    && (!whole || Boolean(player.querySelector('.details #panel > *')))
    && (frame || Boolean(player.querySelector('.track')))
    && ({SHOWN} === '' || !/^\\d+(\\.\\d+)?$/.test(wanted) || {SHOWN} === wanted);
}})()"""


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
        """Until all of the page is there and the lesson can be stepped."""
        self.wait_for(DRAWN)
        return self

    def wait_for(self, condition: str, arg: Any = None) -> None:
        """Until a JavaScript condition holds. Playwright's own wait evaluates in the page, which our policy forbids."""
        until = time.monotonic() + SECONDS_TO_WAIT
        while not self._holds(condition, arg):
            assert time.monotonic() < until, f"still not: {condition} ({arg!r}), at {self.page.url}: {self.sentence!r}"
            self.page.wait_for_timeout(POLL_MILLISECONDS)

    def _holds(self, condition: str, arg: Any) -> bool:
        try:
            return bool(self.page.evaluate(condition, arg))
        except Error as error:
            if "context was destroyed" not in error.message:
                raise
            return False        # the page is being left: what is waited for is asked of the next one

    @property
    def sentence(self) -> str:
        return str(self.page.evaluate(SENTENCE))

    @property
    def position(self) -> tuple[int, int]:
        """The step and phase that are drawn; the address comes after it, at most twice a second."""
        step, _, phase = str(self.page.evaluate(SHOWN)).partition(".")
        return int(step), int(phase or 0)

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
            said = self.page.evaluate(SAID)
            assert not NO_WORDS.search(said), f"the page says {NO_WORDS.search(said)}"


def words(key: str, language: str = "en") -> str:
    """The sentence that the page shows for a key of the catalogue."""
    catalogue = json.loads((ROOT / "vmviz" / "web" / "languages" / f"{language}.json").read_text())
    return str(catalogue[key])


def phased_step(outline: dict[str, Any], of: str) -> tuple[int, list[str]]:
    """The first step of the lesson that is a VM entry or VM exit, and the names of its phases."""
    steps = sorted((int(step), found["names"]) for step, found in outline["phased"].items() if found["of"] == of)
    return steps[0]
