"""A learner's way through the lesson, over a real websocket, in each of the three async modes."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.player import Player, phased_step
from tools.server import LESSON, Server


@pytest.fixture
def learner(context: BrowserContext, each_server: Server) -> Player:
    return Player(context.new_page(), each_server)


def test_from_home_to_the_lesson_and_through_it(learner: Player) -> None:
    page, outline = learner.page, learner.server.outline()
    page.goto(learner.server.url + "/")
    page.locator(f'a[href*="/lesson/{LESSON}"]').first.click()
    learner.ready()

    learner.press("ArrowRight", 3)
    learner.wait_at(3)
    learner.press("ArrowLeft")
    learner.wait_at(2)

    step, names = phased_step(outline, "entry")
    page.goto(f"{learner.server.url}/lesson/{LESSON}#step={step}")
    learner.ready()
    learner.wait_at(step)
    for phase in range(1, len(names)):
        learner.press("ArrowDown")
        learner.wait_at(step, phase)
    learner.press("ArrowDown")
    learner.wait_at(step + 1)
    learner.press("ArrowUp")
    learner.wait_at(step, len(names) - 1)

    learner.press("End")
    learner.wait_at(outline["length"])
    learner.press("Home")
    learner.wait_at(0)
    learner.check()


def test_the_connection_is_a_websocket(context: BrowserContext, each_server: Server) -> None:
    learner = Player(context.new_page(), each_server)
    sockets: list[str] = []
    learner.page.on("websocket", lambda socket: sockets.append(socket.url))
    learner.open()
    learner.press("ArrowRight")
    learner.wait_at(1)
    assert any("socket.io" in url and "transport=websocket" in url for url in sockets)


def test_many_fast_keys_arrive_in_order(learner: Player) -> None:
    learner.open()
    learner.press("ArrowRight", 5)
    learner.press("ArrowLeft", 15)      # more than there are: a key that comes too early or too late changes the end
    learner.press("ArrowRight", 40)
    learner.wait_at(40)
    learner.check()


def test_playing_goes_on_by_itself_and_pauses(learner: Player) -> None:
    learner.open()
    learner.press(" ")
    learner.wait_for("parseInt(new URLSearchParams(location.hash.slice(1)).get('step')) >= 2")
    learner.press(" ")
    learner.press("Home")
    learner.wait_at(0)
    learner.check()


def test_two_learners_do_not_move_each_other(context: BrowserContext, each_server: Server) -> None:
    one = Player(context.new_page(), each_server).open()
    other_context = context.browser.new_context(reduced_motion="reduce") if context.browser else context
    other = Player(other_context.new_page(), each_server).open()
    one.press("ArrowRight", 5)
    other.press("ArrowRight", 2)
    one.wait_at(5)
    other.wait_at(2)
    one.check()
    other.check()
    if other_context is not context:
        other_context.close()
