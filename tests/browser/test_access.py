"""axe on every page, in both languages and themes, at the places of the lesson that differ; the live sentence."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.axe import assert_accessible, assert_accessible_in_each_theme
from tests.browser.player import Player, phased_step
from tools.server import Server

LANGUAGES = ("en", "pt-BR")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_about_us_is_accessible(player: Player, language: str) -> None:
    player.page.goto(f"{player.server.url}/about?lang={language}")
    assert player.page.locator("html").get_attribute("lang") == language
    assert_accessible_in_each_theme(player.page)


@pytest.mark.parametrize(("place", "language"), [("start", "en"), ("stop", "pt-BR"), ("mid-exit", "en"),
                                                 ("mid-entry", "pt-BR"), ("end", "en"), ("help", "pt-BR")])
def test_the_lesson_is_accessible(player: Player, place: str, language: str) -> None:
    outline = player.server.outline()
    hashes = {
        "start": "", "help": "", "end": f"#step={outline['length']}",
        "stop": f"#step={outline['stops'][3]['step']}",
        "mid-exit": f"#step={phased_step(outline, 'exit')[0]}.2",
        "mid-entry": f"#step={phased_step(outline, 'entry')[0]}.4",
    }
    player.open(f"?lang={language}", hashes[place])
    if place == "help":
        player.press("?")
        player.page.locator("dialog[open]").wait_for()
    assert_accessible_in_each_theme(player.page)


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


def test_for_a_hall_everything_is_larger_and_still_in_sight(player: Player) -> None:
    player.open("?lang=en", f"#step={player.server.outline()['stops'][3]['step']}")
    page = player.page
    before = page.locator(".transport").bounding_box()
    player.press("l")
    player.wait_for("document.documentElement.classList.contains('large')")
    assert before
    player.wait_for("""before => {
        const { height, bottom } = document.querySelector('.transport').getBoundingClientRect();
        return height > 1.3 * before && bottom <= innerHeight; }""", before["height"])
    assert_accessible(page)
    page.reload()
    player.ready()
    assert page.evaluate("document.documentElement.classList.contains('large')")
    player.press("l")


def test_colours_that_the_system_forces_leave_everything_readable(player: Player) -> None:
    player.page.emulate_media(forced_colors="active")
    step, _ = phased_step(player.server.outline(), "exit")
    player.open("?lang=en", f"#step={step}.4")
    lost = player.page.evaluate("""() => {
        const boxes = [...document.querySelectorAll('.diagram rect')].map(rect => [rect, rect.getBoundingClientRect()])
            .filter(([rect]) => !['none', 'url("#hatch")'].includes(getComputedStyle(rect).fill));
        return [...document.querySelectorAll('.diagram text')].filter(text => {
            const at = text.getBoundingClientRect();
            const below = boxes.findLast(([rect, box]) => rect.compareDocumentPosition(text) & 4 && box.left <= at.left
                && box.right >= at.right && box.top <= at.top && box.bottom >= at.bottom);
            return below && getComputedStyle(text).fill === getComputedStyle(below[0]).fill;
        }).map(text => text.textContent);
    }""")
    assert not lost


@pytest.mark.parametrize("size", [(320, 640), (720, 450)], ids=["320 px", "200 %"])
def test_on_320_pixels_and_at_a_zoom_of_200_percent_nothing_is_lost(player: Player, size: tuple[int, int]) -> None:
    player.page.set_viewport_size({"width": size[0], "height": size[1]})
    player.open("?theme=light", f"#step={player.server.outline()['stops'][3]['step']}")
    assert player.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cut = player.page.evaluate("""[...document.querySelectorAll('.key, .tabs [role=tab]')].filter(element =>
        element.getBoundingClientRect().width < 24).length""")
    assert not cut
    assert_accessible(player.page)


def test_a_swipe_is_a_step(browser: Browser, server: Server) -> None:
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "reduced_motion": "reduce"}
    with browser.new_context(**phone) as context:
        player = Player(context.new_page(), server).open(hash_="#step=5")
        touch = context.new_cdp_session(player.page)

        def swipe(start: int, end: int) -> None:
            touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": start, "y": 200}]})
            touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": end, "y": 204}]})
            touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

        swipe(300, 120)
        player.wait_at(6)
        swipe(120, 300)
        player.wait_at(5)
        player.check()
