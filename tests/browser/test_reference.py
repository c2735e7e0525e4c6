"""The reference, the glossary and the search in a browser: usable by everybody, without script, from the keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import COLOURS, VIOLATIONS, assert_accessible, in_each_theme
from tests.browser.player import Player
from tools.server import Server

PAGES = ("/reference", "/reference/instructions/vmlaunch", "/reference/errors", "/reference/bits", "/glossary",
         "/search?q=guest_rip")
LONG_PAGES = ("/reference/fields", "/reference/msrs", "/reference/exits", "/reference/checks", "/reference/controls")


def show(page: Page, server: Server, path: str, **query: str) -> None:
    sign = "&" if "?" in path else "?"
    page.goto(server.url + path + sign + "&".join(f"{key}={value}" for key, value in query.items()))


def prepared(page: Page) -> None:
    """Wait until the lessons have been looked through, as the page asks one to."""
    while page.get_by_text("being prepared").or_(page.get_by_text("sendo preparada")).or_(
            page.locator(".later")).count():
        page.reload()


def with_steps(page: Page, server: Server, path: str, **query: str) -> None:
    """Show a page of the reference when the lessons have been looked through."""
    show(page, server, path, **query)
    prepared(page)


@pytest.mark.parametrize(("path", "width", "lang"), [
    *((path, width, lang) for path in PAGES for width, lang in ((1440, "en"), (320, "pt-BR"))),
    ("/reference", 320, "ar"), ("/glossary", 320, "ar")])
def test_a_page_is_accessible_and_nothing_scrolls_sideways(player: Player, path: str, width: int, lang: str) -> None:
    player.page.set_viewport_size({"width": width, "height": 800})
    show(player.page, player.server, path, lang=lang)
    for theme in in_each_theme(player.page):
        assert player.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if theme != "contrast":
            assert_accessible(player.page, VIOLATIONS if theme == "light" else COLOURS)


@pytest.mark.parametrize("path", LONG_PAGES)
def test_a_long_page_is_accessible(player: Player, path: str) -> None:
    player.page.set_viewport_size({"width": 320, "height": 800})
    show(player.page, player.server, path, theme="dark", lang="pt-BR")
    assert player.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_accessible(player.page)


def test_an_entry_leads_to_the_step_where_it_happens(player: Player) -> None:
    page = player.page
    with_steps(page, player.server, "/reference/exits", lang="en")
    link = page.locator('[id="10"] .seen a[href*="/lesson/first-exit"]').first
    at = (link.get_attribute("href") or "").partition("#step=")[2]
    link.click()
    player.ready()
    player.wait_for("at => location.hash === `#step=${at}`", at)
    expect(page.locator("#stage")).to_contain_text("CPUID")


def test_everything_but_the_list_as_one_types_works_without_script(browser: Browser, server: Server) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        show(page, server, "/reference", lang="pt-BR", theme="dark")
        field = page.locator("form.search input[type=search]")
        field.fill("0x681C")
        field.press("Enter")
        page.wait_for_url("**/search?*")
        prepared(page)
        expect(page.locator(".found li")).to_have_count(1)
        assert "lang=pt-BR" in page.url and "theme=dark" in page.url
        page.locator(".found a").click()
        page.wait_for_url("**#guest_rsp")
        assert page.locator("html").get_attribute("lang") == "pt-BR"


def test_the_search_finds_as_one_types_and_goes_by_keyboard(player: Player) -> None:
    page = player.page
    show(page, player.server, "/search?q=vmx", lang="en")
    prepared(page)
    show(page, player.server, "/glossary", lang="en")
    field = page.locator("form.search input[type=search]")
    field.press_sequentially("vmres")
    results = page.locator(".search-results")
    expect(results.locator("li").first).to_contain_text("VMRESUME")
    expect(page.locator("form.search [role=status]")).to_contain_text("results for “vmres”")
    assert_accessible(page)
    field.press("ArrowDown")
    expect(results.locator("a").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(results.locator("a").nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(field).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(results).to_be_hidden()
    expect(field).to_be_focused()
    assert field.input_value() == "vmres"
    field.press_sequentially("ume")
    expect(page.locator("form.search [role=status]")).to_contain_text("“vmresume”")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reference/instructions/vmresume*")


def test_the_list_closes_when_one_goes_on_and_a_query_that_is_deleted_shows_nothing(player: Player) -> None:
    page = player.page
    show(page, player.server, "/search?q=vmx", lang="en")
    prepared(page)
    show(page, player.server, "/about", lang="en")
    field, results = page.locator("form.search input[type=search]"), page.locator(".search-results")
    field.press_sequentially("cr4")
    expect(results).to_be_visible()
    page.locator("h1").click()
    expect(results).to_be_hidden()
    field.fill("")
    field.press_sequentially(" ")
    expect(results).to_be_hidden()


def test_the_search_works_in_each_mode(each_server: Server, browser: Browser) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        for query in ("exit 10", '" OR \x00', "estado"):
            answer = context.request.get(f"{each_server.url}/search", params={"q": query, "lang": "pt-BR"})
            assert answer.status == 200
        with_steps(page, each_server, "/reference/fields", lang="en")
        assert page.locator(".seen a").count() > 50


def test_an_explanation_leads_to_the_reference(player: Player) -> None:
    player.open("?lang=pt-BR&theme=dark", "#step=0")
    player.page.locator("#stage").wait_for()
    player.page.locator(".term").first.click()
    link = player.page.locator('dialog.explain a[href*="/glossary"]')
    expect(link).to_have_text("Mais na referência")
    href = link.get_attribute("href") or ""
    assert "lang=pt-BR" in href and "theme=dark" in href and href.partition("#")[2]


def test_what_is_printed_is_the_text(player: Player) -> None:
    show(player.page, player.server, "/reference/errors", lang="en")
    player.page.emulate_media(media="print")
    expect(player.page.locator("header.top")).to_be_hidden()
    expect(player.page.locator("nav.sections")).to_be_hidden()
    expect(player.page.locator("article.entry").first).to_be_visible()
