"""The home page: where to go on, the course's map with progress, the small picture that moves, and what is kept."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.axe import assert_accessible, assert_accessible_in_each_theme
from tests.browser.player import SECONDS_TO_WAIT, Player
from tools.server import LESSON, Server

Home = Callable[..., Page]
Lessons = list[dict[str, Any]]
VISIT = {"at": "0", "seen": [], "right": [], "done": False, "variant": 0, "when": 1}
NO_STORAGE = """for (const name of ['localStorage', 'sessionStorage'])
    Object.defineProperty(window, name, { get() { throw new DOMException('no', 'SecurityError'); } });"""


@pytest.fixture
def lessons(server: Server) -> Lessons:
    listed: Lessons = server.json("/api/lessons")
    return listed


@pytest.fixture
def home(player: Player) -> Home:
    """`home(visits, query)`: the home page of somebody for whom these visits are kept."""
    def open_it(visits: dict[str, dict[str, Any]] | None = None, query: str = "?lang=en") -> Page:
        player.page.goto(player.server.url + "/about")
        for name, visit in (visits or {}).items():
            player.page.evaluate("([key, value]) => localStorage.setItem(key, value)",
                                 [f"vmviz-progress-{name}", json.dumps({**VISIT, **visit})])
        player.page.goto(player.server.url + "/" + query)
        return player.page

    return open_it


def card(page: Page, name: str) -> Locator:
    return page.locator(f'[data-lesson="{name}"]')


# ---- where to go on

def test_somebody_new_starts_with_the_first_lesson(home: Home, lessons: Lessons) -> None:
    page = home()
    assert (page.locator("#start").get_attribute("href") or "").endswith(f"/lesson/{lessons[0]['name']}?lang=en")
    expect(page.locator(".lesson-card.now .state")).to_have_text("Next")
    expect(page.locator("#from-start")).to_be_hidden()


def test_who_stopped_in_a_lesson_goes_on_there(home: Home, player: Player) -> None:
    page = home({LESSON: {"done": True, "right": ["rax", "who"]}, "vmxon": {"at": "14", "seen": ["begin"], "when": 9}})
    expect(card(page, LESSON).locator(".state")).to_have_text("Done. Right at first try: 2 of 4")
    expect(card(page, "vmxon").locator(".state")).to_contain_text("Go on at step 14")
    expect(page.locator("#start")).to_have_text("Go on: VMXON: the way into VMX operation")
    expect(page.locator("#from-start")).to_be_visible()
    page.locator("#start").press("Enter")
    player.ready()
    player.wait_at(14)


def test_what_waits_for_another_lesson_says_for_which_and_is_still_a_link(home: Home) -> None:
    page = home()
    expect(card(page, "vmxon").locator(".after")).to_be_visible()
    assert card(page, "vmxon").locator("a.title").get_attribute("href")
    page = home({LESSON: {"done": True}})
    expect(card(page, "vmxon").locator(".after")).to_be_hidden()
    expect(page.locator("#start")).to_have_text("Next: Two operations, four rings")


def test_when_all_is_done_one_may_begin_again(home: Home, lessons: Lessons) -> None:
    page = home({lesson["name"]: {"done": True} for lesson in lessons})
    expect(page.locator("#start")).to_contain_text("Once more:")
    expect(page.locator(".lesson-card .done-disc")).to_have_count(len(lessons))
    expect(page.locator(".lesson-card.now")).to_have_count(0)


def test_the_variant_that_was_left_is_opened_again(home: Home) -> None:
    page = home({"first-exit": {"at": "8.2", "variant": 2}})
    href = page.locator("#start").get_attribute("href") or ""
    assert re.search(r"/lesson/first-exit\?lang=en&seed=2#step=8\.2$", href)


# ---- what a lesson leaves

def test_a_lesson_leaves_its_place_and_leads_to_the_next(player: Player, home: Home, lessons: Lessons) -> None:
    length = player.server.outline()["length"]
    player.open("?lang=en", f"#step={player.server.outline()['stops'][2]['step']}")
    player.press("End")
    player.wait_at(length)
    following = player.page.locator(".onward a").first
    expect(following).to_have_text(f"Next lesson: {lessons[1]['title']['en']}")
    assert (following.get_attribute("href") or "").endswith(f"/lesson/{lessons[1]['name']}?lang=en")
    assert_accessible(player.page)
    player.page.goto(player.server.url + "/?lang=en")
    expect(card(player.page, LESSON).locator(".state")).to_contain_text(f"Go on at step {length}")
    kept = json.loads(player.page.evaluate(f"localStorage.getItem('vmviz-progress-{LESSON}')"))
    assert player.server.outline()["stops"][2]["id"] in kept["seen"] and not kept["done"]


def test_the_embed_keeps_nothing_and_has_no_way_out(player: Player) -> None:
    player.page.goto(f"{player.server.url}/embed/{LESSON}?lang=en#step={player.server.outline()['length']}")
    player.ready()
    assert player.page.locator(".onward").count() == 0
    assert player.page.evaluate("Object.keys(localStorage).filter(key => key.includes('progress')).length") == 0


# ---- a file, another browser, and forgetting

def load(page: Page, content: str | bytes, name: str = "progress.json") -> None:
    page.locator("#progress-file").set_input_files(
        {"name": name, "mimeType": "application/json",
         "buffer": content.encode() if isinstance(content, str) else content})


def test_progress_goes_to_another_browser_as_a_file_and_is_merged(home: Home, browser: Browser, server: Server) -> None:
    page = home({LESSON: {"done": True, "seen": ["alone"]}, "vmxon": {"at": "14", "when": 9}})
    with page.expect_download() as download:
        page.locator("#progress-save").click()
    assert re.fullmatch(r"vmviz-progress-\d{4}-\d\d-\d\d\.json", download.value.suggested_filename)
    content = Path(download.value.path()).read_text()
    with browser.new_context(locale="en-GB", reduced_motion="reduce") as context:
        other = context.new_page()
        other.goto(server.url + "/about")
        other.evaluate("value => localStorage.setItem('vmviz-progress-four-rings', value)",
                       json.dumps({**VISIT, "done": True}))
        other.goto(server.url + "/?lang=en")
        load(other, content)
        expect(other.locator("#progress-said")).to_have_text("Loaded: 2 lessons.")
        assert [card(other, name).get_attribute("data-state") for name in (LESSON, "vmxon", "four-rings")] == [
            "done", "begun", "done"]


@pytest.mark.parametrize(("content", "said"), [
    ("not a file of ours", "no JSON"), ('{"format": "other"}', "no progress"), (b"\x00\xff\xfe", "no JSON"),
    ("x" * 1_000_001, "too large"),
    ('{"format": "vmviz-progress", "version": 99, "lessons": {}}', "newer"),
    ('{"format": "vmviz-progress", "version": 1, "lessons": {"<img onerror=alert(1)>": {}}}', "no progress"),
], ids=["text", "foreign", "bytes", "huge", "newer", "hostile"])
def test_a_file_that_is_none_of_ours_changes_nothing(home: Home, content: str | bytes, said: str) -> None:
    page = home({LESSON: {"done": True}})
    load(page, content)
    expect(page.locator("#progress-said")).to_contain_text(said)
    expect(page.locator("#progress-said")).to_contain_text("Nothing was changed")
    assert card(page, LESSON).get_attribute("data-state") == "done"


def test_where_there_is_no_room_nothing_is_changed(home: Home) -> None:
    page = home({LESSON: {"done": True}})
    page.evaluate("""() => { let writes = 0; const set = Storage.prototype.setItem;
        Storage.prototype.setItem = function (key, value) {
            if (++writes === 3) throw new DOMException('full', 'QuotaExceededError');
            set.call(this, key, value); }; }""")
    visits = {name: {"visit": VISIT} for name in (LESSON, "vmxon", "four-rings", "vmcs-life")}
    load(page, json.dumps({"format": "vmviz-progress", "version": 1, "lessons": visits}))
    expect(page.locator("#progress-said")).to_contain_text("no room")
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('vmviz-progress'))") == [
        f"vmviz-progress-{LESSON}"]


def test_all_is_forgotten_only_after_a_confirmation(home: Home) -> None:
    page = home({LESSON: {"done": True}})
    page.evaluate("localStorage.setItem('vmviz-theme', 'dark')")
    page.locator("#progress-forget").press("Enter")
    expect(page.locator("#progress-sure")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    assert card(page, LESSON).get_attribute("data-state") == "done"
    page.locator("#progress-forget").click()
    page.get_by_role("button", name="Keep it").press("Enter")
    assert card(page, LESSON).get_attribute("data-state") == "done"
    page.locator("#progress-forget").click()
    page.get_by_role("button", name="Forget", exact=True).click()
    expect(page.locator("#progress-said")).to_have_text("All is forgotten.")
    assert card(page, LESSON).get_attribute("data-state") == "fresh"
    assert page.evaluate("Object.keys(localStorage)") == ["vmviz-theme"]


def test_without_storage_it_says_so_and_works(player: Player) -> None:
    player.page.add_init_script(NO_STORAGE)
    player.page.goto(player.server.url + "/?lang=en")
    expect(player.page.locator("#progress-said")).to_contain_text("keeps nothing")
    expect(player.page.locator("#progress-save")).to_be_hidden()
    assert_accessible(player.page)
    player.page.locator("#start").click()
    player.ready()
    player.press("ArrowRight")
    player.wait_at(1)


def test_without_script_the_course_is_there(browser: Browser, server: Server) -> None:
    with browser.new_context(java_script_enabled=False, locale="en-GB") as context:
        page = context.new_page()
        page.goto(server.url + "/")
        expect(page.locator("#progress")).to_be_hidden()
        expect(page.locator("#mini svg")).to_be_visible()
        page.locator("#start").click()
        expect(page).to_have_url(re.compile("/lesson/"))


# ---- the small picture

@pytest.fixture
def moving(browser: Browser, server: Server) -> Iterator[Page]:
    """The home page of somebody who likes motion, with a clock that the test turns."""
    with browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB") as context:
        page = context.new_page()
        page.clock.install()
        page.goto(server.url + "/")
        turn(page, "document.querySelector('#mini').dataset.live === 'on'")
        yield page


def turn(page: Page, condition: str) -> None:
    """Turn the clock until something has come; what the page loads for it takes time of its own."""
    until = time.monotonic() + SECONDS_TO_WAIT
    while not page.evaluate(condition):
        assert time.monotonic() < until, f"never: {condition}"
        page.clock.run_for(200)


def where(page: Page) -> str:
    return page.locator(".mini-bar span").inner_text()


def test_the_picture_moves_by_the_machines_steps(moving: Page, server: Server) -> None:
    excerpt = server.json(f"/api/lessons/{LESSON}/excerpt")
    steps = [frame["position"]["step"] for frame in excerpt["frames"]]
    for step in steps[:3]:
        turn(moving, f"document.querySelector('.mini-bar span').textContent.endsWith(' {step}')")
    link = moving.locator(".mini-bar a").get_attribute("href") or ""
    assert link.endswith(f"/lesson/{LESSON}#step={steps[2]}")


def test_the_picture_needs_one_request_and_no_socket(browser: Browser, server: Server) -> None:
    with browser.new_context(reduced_motion="reduce") as context:
        page, asked = context.new_page(), []
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        page.goto(server.url + "/")
        expect(page.locator("#mini[data-live]")).to_be_visible()
        page.get_by_role("button", name="Play").click()
        assert not [url for url in asked if "socket.io" in url]
        assert [url for url in asked if "/api/" in url] == [f"{server.url}/api/lessons/{LESSON}/excerpt"]


def test_the_picture_stands_still_when_told_to(moving: Page) -> None:
    moving.get_by_role("button", name="Pause").press("Enter")
    before = where(moving)
    moving.clock.run_for(20_000)
    assert where(moving) == before
    moving.get_by_role("button", name="Play").press("Space")
    turn(moving, f"document.querySelector('.mini-bar span').textContent !== {json.dumps(before)}")


def test_the_picture_stands_still_out_of_sight(moving: Page) -> None:
    moving.set_viewport_size({"width": 1440, "height": 400})
    moving.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(moving.locator("#mini")).not_to_be_in_viewport()
    moving.clock.run_for(100)
    before = where(moving)
    moving.clock.run_for(20_000)
    assert where(moving) == before


def test_with_reduced_motion_the_picture_stands_still_at_an_exit_until_asked(home: Home) -> None:
    page = home()
    expect(page.locator("#mini[data-live]")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert "VM exit" in (page.locator("#mini svg.diagram").get_attribute("aria-label") or "")
    assert page.evaluate("document.getAnimations().length") == 0


# ---- for everybody

@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_map_with_progress_is_accessible(home: Home, language: str) -> None:
    page = home({LESSON: {"done": True}, "vmxon": {"at": "14", "seen": ["begin"]}}, f"?lang={language}")
    expect(page.locator("#mini[data-live]")).to_be_visible()
    assert_accessible_in_each_theme(page)


@pytest.mark.parametrize("path", ["/", "/teach/first-exit"])
def test_nothing_scrolls_sideways_at_320_pixels(player: Player, path: str) -> None:
    player.page.set_viewport_size({"width": 320, "height": 568})
    player.page.goto(player.server.url + path)
    if path == "/":
        player.page.locator("#mini").scroll_into_view_if_needed()
        expect(player.page.locator("#mini[data-live]")).to_be_visible()
    assert player.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_accessible(player.page)


def test_the_teachers_page_is_accessible(player: Player) -> None:
    player.page.goto(f"{player.server.url}/teach/{LESSON}?lang=pt-BR")
    assert_accessible_in_each_theme(player.page)


def test_the_teachers_page_prints_light_without_navigation_and_with_a_page_for_each_question(player: Player) -> None:
    page = player.page
    page.goto(f"{player.server.url}/teach/{LESSON}?theme=dark")
    page.emulate_media(media="print")
    expect(page.locator("header.top")).to_be_hidden()
    expect(page.locator(".spelled").first).to_be_visible()
    style = "element => [getComputedStyle(element).color, getComputedStyle(element).breakBefore]"
    asked = [page.locator(".asked").nth(n).evaluate(style) for n in range(2)]
    assert asked[0][0] == "rgb(28, 36, 48)" and asked[1][1] == "page"
