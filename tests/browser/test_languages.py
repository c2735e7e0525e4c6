"""Every language of the interface in a browser: accessible, spoken, not wider than a phone; the menu; right to left."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.browser.axe import assert_accessible
from tests.browser.player import Player
from tools.server import LESSON, Server
from vmviz.web import i18n

LANGUAGES = i18n.available()
PHONE: ViewportSize = {"width": 390, "height": 844}


def fits(player: Player) -> bool:
    return bool(player.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_home_and_lesson_are_accessible_in_every_language_and_nothing_scrolls_sideways(
        player: Player, language: str) -> None:
    page = player.page
    page.goto(f"{player.server.url}/?lang={language}&theme=light")
    assert page.locator("html").get_attribute("dir") == i18n.language(language).direction
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert fits(player)
    player.open(f"?lang={language}&theme=dark", f"#step={player.server.outline()['stops'][3]['step']}")
    assert fits(player)
    assert_accessible(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_live_sentence_is_in_the_language_and_only_its_sentences_are_loaded(player: Player, language: str) -> None:
    loaded: list[str] = []
    player.page.on("request", lambda request: loaded.append(request.url.rsplit("/", 1)[-1]))
    player.open(f"?lang={language}", "#step=3")
    assert i18n.translator(language)("who.off") in player.sentence
    known = {tag for tag in LANGUAGES for name in loaded if re.fullmatch(rf"{re.escape(tag)}\.js\?v=\w+", name)}
    assert known == {language}


def test_the_choice_of_languages_works_without_script_and_closes_as_menus_do(browser: Browser, server: Server) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{server.url}/lesson/{LESSON}?lang=en")
        page.locator(".languages summary").click()
        page.locator(".languages a", has_text="Español").click()
        assert page.locator("html").get_attribute("lang") == "es"


def test_the_choice_of_languages_keeps_the_step_and_is_used_by_keyboard(player: Player) -> None:
    player.open("?lang=en&theme=dark", "#step=7")
    page = player.page
    page.locator(".languages summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert not page.locator(".languages ul").is_visible()
    page.keyboard.press("Enter")
    assert page.locator(".languages a").count() == len(LANGUAGES)
    page.locator(".languages a", has_text="Português").press("Enter")
    page.wait_for_url("**lang=pt-BR**")
    player.ready()
    player.wait_at(7)
    assert "theme=dark" in page.url


def test_right_to_left_the_page_turns_and_the_picture_time_and_code_do_not(player: Player) -> None:
    player.open("?lang=ar", "#step=3")
    page = player.page
    left = page.locator(".left").bounding_box()
    right = page.locator(".right").bounding_box()
    assert left and right and left["x"] > right["x"], "the picture begins where reading begins"
    for part in (".diagram", ".transport", ".timeline", ".code"):
        assert page.locator(part).evaluate("element => getComputedStyle(element).direction") == "ltr"
    player.press("ArrowRight")
    player.wait_at(4)


@pytest.mark.parametrize("size", [(1440, 900), (640, 480), (390, 844)], ids=str)
def test_right_to_left_the_button_forward_is_on_the_right(player: Player, size: tuple[int, int]) -> None:
    player.page.set_viewport_size({"width": size[0], "height": size[1]})
    player.page.goto(f"{player.server.url}/embed/{LESSON}?lang=ar")
    player.ready()
    back, forward = (player.page.locator(f"[data-command={name}]").bounding_box()
                     for name in ("stepBack", "stepForward"))
    assert back and forward and back["x"] < forward["x"]


def test_right_to_left_no_label_of_the_picture_is_cut(player: Player) -> None:
    stop = player.server.outline()["stops"][3]["step"]
    sizes: list[ViewportSize] = [{"width": 1440, "height": 900}, {"width": 1024, "height": 768}, PHONE]
    for size in sizes:
        player.page.set_viewport_size(size)
        player.open("?lang=ar", f"#step={stop}")
        cut = player.page.evaluate("""() => {
            const picture = document.querySelector('.diagram').getBoundingClientRect();
            return [...document.querySelectorAll('.diagram text')].filter(text => {
                const box = text.getBoundingClientRect();
                return box.width && (box.left < picture.left - 1 || box.right > picture.right + 1);
            }).map(text => text.textContent);
        }""")
        assert not cut, size


def test_words_of_a_lesson_in_another_language_say_so(player: Player) -> None:
    player.open("?lang=es", f"#step={player.server.outline()['stops'][3]['step']}")
    page = player.page
    assert page.locator(".story .prose").first.get_attribute("lang") == "en"
    assert page.locator(".crumb h1").get_attribute("lang") == "en"
    assert page.locator(".story .fallback").inner_text() == i18n.translator("es")("story.fallback")
    player.open("?lang=pt-BR", f"#step={player.server.outline()['stops'][3]['step']}")
    assert page.locator(".story .prose").first.get_attribute("lang") is None
