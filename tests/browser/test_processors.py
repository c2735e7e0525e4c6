"""Several logical processors: each has a card and a dot, and the one that acted is marked by more than colour."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.axe import assert_accessible
from tests.browser.player import Player
from tests.browser.two_processors import NAME
from tools.server import Server


@pytest.fixture(scope="module")
def two(start_server: Callable[..., Server]) -> Server:
    return start_server("threading", module="tests.browser.two_processors")


@pytest.fixture
def player(context: BrowserContext, two: Server) -> Iterator[Player]:
    """A player over the lesson of two processors."""
    player = Player(context.new_page(), two)
    yield player
    player.check()


def test_each_processor_shows_whom_it_runs(player: Player) -> None:
    player.open("?lang=en", "#step=0", lesson=NAME)
    cards = player.page.locator("[data-processor]")
    expect(cards).to_have_count(2)
    expect(cards.nth(1)).to_contain_text("waits for SIPI")
    player.press("n")
    expect(cards.nth(1)).to_contain_text("VM B")
    expect(cards.nth(1)).to_have_class("processor mode-non_root acts")
    expect(player.page.locator(".other-dot")).to_have_count(1)
    assert_accessible(player.page)


def test_the_tlb_of_either_can_be_looked_at(player: Player) -> None:
    player.open("?lang=en", "#step=0", lesson=NAME)
    stop = player.server.outline(NAME)["stops"][0]
    player.press("n")
    player.wait_at(stop["step"], stop["phase"])
    player.press("ArrowLeft")                               # before the VM entry that flushes it
    player.wait_at(stop["step"] - 1)
    player.page.locator("#tab-tlb").click()
    of = player.page.locator("[data-whose]")
    expect(of).to_have_count(3)
    expect(of.nth(0)).to_have_attribute("aria-pressed", "true")
    rows = player.page.locator("table.tlb tbody tr")
    expect(rows.first).to_be_visible()
    acted = rows.all_text_contents()
    of.filter(has_text="processor 1").click()
    expect(of.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(rows.first).to_contain_text("8000")              # where it started
    of.filter(has_text="processor 0").click()
    expect(rows).to_have_text(acted)                        # it is the one that acted
    player.page.locator("#tab-memory").click()
    expect(player.page.locator("[data-whose='0']")).to_have_attribute("aria-pressed", "true")
    assert_accessible(player.page)
