"""The address is a permalink; a reload, a restart of the server and a lost connection keep the place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.player import Player, phased_step, words
from tools.server import LESSON, Server


def test_a_permalink_opens_at_its_step_and_phase(player: Player) -> None:
    step, _ = phased_step(player.server.outline(), "exit")
    player.open(hash_=f"#step={step}.3")
    player.wait_at(step, 3)
    there = player.sentence
    player.press("ArrowDown")
    player.wait_at(step, 4)
    player.press("ArrowUp")
    player.wait_at(step, 3)
    player.wait_for("there => document.querySelector('[aria-live=polite]').textContent.trim() === there", there)


def test_changing_the_address_by_hand_moves(player: Player) -> None:
    player.open()
    player.page.evaluate("location.hash = '#step=12'")
    player.press("ArrowRight")
    player.wait_at(13)


def test_a_step_that_does_not_exist_becomes_the_nearest(player: Player) -> None:
    length = player.server.outline()["length"]
    player.open(hash_="#step=99999999")
    player.wait_at(length)
    player.page.goto("about:blank")
    player.open(hash_="#step=nonsense")
    player.press("ArrowRight")
    player.wait_at(1)


def test_a_reload_keeps_the_place(player: Player) -> None:
    player.open()
    player.press("ArrowRight", 9)
    player.wait_at(9)
    player.page.reload()
    player.ready()
    player.press("ArrowRight")
    player.wait_at(10)


def test_coming_back_without_a_step_in_the_address_keeps_the_place(player: Player) -> None:
    player.open()
    player.press("ArrowRight", 7)
    player.wait_at(7)
    player.page.goto("about:blank")
    player.open()
    player.press("ArrowRight")
    player.wait_at(8)


def test_a_second_tab_takes_the_session_and_the_first_says_so(context: BrowserContext, server: Server) -> None:
    first = Player(context.new_page(), server).open()
    first.press("ArrowRight", 4)
    first.wait_at(4)
    # A copied tab has the same storage, and so the same session.
    second = Player(context.new_page(), server)
    storage = first.page.evaluate("JSON.stringify({...sessionStorage})")
    second.page.add_init_script(f"for (const [k, v] of Object.entries({storage})) sessionStorage.setItem(k, v)")
    second.open()
    second.press("ArrowRight")
    second.wait_at(5)
    first.page.get_by_text(words("connection.taken")).wait_for()
    second.check()


@pytest.mark.parametrize("mode", ["eventlet", "threading", "gevent"])
def test_a_server_that_is_killed_comes_back_to_the_same_step(
        mode: str, start_server: Callable[..., Server], context: BrowserContext) -> None:
    server = start_server(mode)
    player = Player(context.new_page(), server).open()
    step, _ = phased_step(server.outline(), "entry")
    player.page.evaluate(f"location.hash = '#step={step}'")
    player.press("ArrowDown", 2)
    player.wait_at(step, 2)

    player.expect_network_errors = True
    server.kill()
    lost = player.page.get_by_text(words("connection.lost"))
    lost.wait_for()
    server.start()
    lost.wait_for(state="hidden")
    assert player.position == (step, 2)
    player.press("ArrowUp")
    player.wait_at(step, 1)
    player.press("Home")
    player.wait_at(0)


def test_the_page_below_a_prefix_works(start_server: Callable[..., Server], context: BrowserContext) -> None:
    server = start_server(VMVIZ_PREFIX="/lab/vmviz")
    player = Player(context.new_page(), server)
    player.page.goto(server.url + "/")
    player.page.locator(f'a[href*="/lesson/{LESSON}"]').first.click()
    player.ready()
    player.press("ArrowRight", 2)
    player.wait_at(2)
    assert "/lab/vmviz/lesson/" in player.page.url
    player.check()
