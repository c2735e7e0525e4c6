"""An injected event: where it goes, in the picture, the story and the sentence."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.axe import assert_accessible
from tests.browser.player import Player


def test_an_injected_event_is_told_with_its_way_and_its_handler(shown: Player) -> None:
    player = shown
    player.open("?lang=en", "#step=0", lesson="injection")
    old = player.sentence
    player.press("n")
    old = player.wait_sentence_not(old)
    player.press("Shift+ArrowRight")
    assert "external interrupt 33 goes from the VM-entry interruption information" in player.wait_sentence_not(old)
    expect(player.page.locator("#stage .carried")).to_contain_text("injects external interrupt 33")
    expect(player.page.locator(".story")).to_contain_text("its handler begins at 9100")
    assert_accessible(player.page)
