"""axe on every page, in both languages and themes, at the places of the lesson that differ; the live sentence."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.player import Player, phased_step

LANGUAGES = ("en", "pt-BR")
THEMES = ("light", "dark")


def assert_accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/", "/about"])
def test_pages_are_accessible(player: Player, path: str, language: str, theme: str) -> None:
    player.page.goto(f"{player.server.url}{path}?lang={language}&theme={theme}")
    assert player.page.locator("html").get_attribute("lang") == language
    assert_accessible(player.page)


@pytest.mark.parametrize("place", ["start", "stop", "mid-exit", "mid-entry", "end", "help"])
@pytest.mark.parametrize("theme", THEMES)
def test_the_lesson_is_accessible(player: Player, place: str, theme: str) -> None:
    outline = player.server.outline()
    hashes = {
        "start": "", "help": "", "end": f"#step={outline['length']}",
        "stop": f"#step={outline['stops'][3]['step']}",
        "mid-exit": f"#step={phased_step(outline, 'exit')[0]}.2",
        "mid-entry": f"#step={phased_step(outline, 'entry')[0]}.4",
    }
    player.open(f"?lang={LANGUAGES[theme == 'dark']}&theme={theme}", hashes[place])
    if place == "help":
        player.press("?")
        player.page.locator("dialog[open]").wait_for()
    assert_accessible(player.page)


@pytest.mark.parametrize("size", [(1024, 768), (640, 480), (390, 844)], ids=str)
def test_the_lesson_is_accessible_at_every_size_and_nothing_scrolls_sideways(
        player: Player, size: tuple[int, int]) -> None:
    player.page.set_viewport_size({"width": size[0], "height": size[1]})
    player.open("?theme=light", f"#step={player.server.outline()['stops'][3]['step']}")
    assert_accessible(player.page)
    assert player.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_sentence_changes_with_every_step(player: Player) -> None:
    player.open()
    said = player.sentence
    for _ in range(12):
        player.press("ArrowRight")
        said = player.wait_sentence_not(said)
    player.press("ArrowLeft")
    player.wait_sentence_not(said)


def test_the_sentence_is_in_the_language_of_the_page_and_seen_by_screen_readers(player: Player) -> None:
    player.open("?lang=en", "#step=3")
    english = player.sentence
    player.open("?lang=pt-BR", "#step=3")
    assert player.sentence != english
    shown = player.page.evaluate("getComputedStyle(document.querySelector('[aria-live=polite]')).display")
    assert shown != "none"


def test_with_reduced_motion_nothing_moves_for_long(player: Player) -> None:
    step, _ = phased_step(player.server.outline(), "entry")
    player.open(hash_=f"#step={step}")
    player.press("ArrowRight")
    player.wait_at(step + 1)
    assert player.page.evaluate("""document.getAnimations().filter(animation => animation.playState === 'running'
        && animation.effect.getComputedTiming().activeDuration > 100).length""") == 0


def test_text_is_never_below_12_pixels(player: Player) -> None:
    player.open(hash_=f"#step={player.server.outline()['stops'][3]['step']}")
    small = player.page.evaluate("""[...document.querySelectorAll('body *')].filter(element =>
        element.checkVisibility() && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())
        && parseFloat(getComputedStyle(element).fontSize) < 12).map(element => element.textContent.trim())""")
    assert not small
