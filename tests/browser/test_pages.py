"""Pages over HTTP: languages, what does not exist, and the headers that keep others out."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.player import Player
from tools.server import Server


def goto(page: Page, url: str) -> int:
    answer = page.goto(url)
    assert answer is not None
    return answer.status


def test_an_unknown_lesson_is_a_page_that_says_so(player: Player) -> None:
    player.expect_network_errors = True
    assert goto(player.page, player.server.url + "/lesson/no-such-lesson") == 404
    assert player.page.locator("h1, main").first.inner_text().strip()
    assert player.page.locator(f'a[href$="/"], a[href="{player.server.url}/"]').count()


def test_an_unknown_language_falls_back_to_english(player: Player) -> None:
    goto(player.page, player.server.url + "/?lang=tlh")
    assert player.page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize(("locale", "language"), [("pt-BR", "pt-BR"), ("pt-PT", "pt-BR"), ("de-DE", "en")])
def test_the_browsers_language_is_taken(browser: Browser, server: Server, locale: str, language: str) -> None:
    with browser.new_context(locale=locale) as context:
        page = context.new_page()
        goto(page, server.url + "/")
        assert page.locator("html").get_attribute("lang") == language


@pytest.mark.parametrize("path", ["/", "/about", "/lesson/first-guests"])
def test_the_policy_allows_no_inline_script_or_style_and_no_framing(player: Player, path: str) -> None:
    answer = player.page.goto(player.server.url + path)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "connect-src" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_nothing_is_loaded_from_elsewhere(player: Player) -> None:
    hosts: set[str] = set()
    player.page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    player.open()
    assert hosts == {f"127.0.0.1:{player.server.port}"}
