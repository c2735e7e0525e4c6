"""A VM entry that fails shows where among all its checks: those kept before, the broken one, those not reached."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.axe import assert_accessible
from tests.browser.player import Player, words


def test_the_broken_rule_is_lit_among_all_checks(shown: Player) -> None:
    player = shown
    player.open("?lang=en", "#step=0", lesson="failed")
    loaded: list[str] = []
    player.page.on("request", lambda request: loaded.append(request.url))
    player.press("n")
    groups = player.page.locator(".checks .check-group")
    expect(groups).to_have_count(5)
    expect(groups.locator("> b + span")).to_have_text([
        "all 7 rules kept", "all 46 rules kept", "all 19 rules kept", "rule 43 of 66 is broken",
        "4 rules, not reached"])
    failed = player.page.locator(".checks .check.failed")
    expect(failed).to_have_count(1)
    expect(failed).to_contain_text(words("check.guest.rflags_reserved"))
    expect(player.page.locator(".checks .check.ahead").first).to_be_visible()
    assert [url for url in loaded if url.endswith("/api/checks")]
    assert_accessible(player.page)
    player.press("ArrowRight")
    expect(player.page.locator(".checks")).to_have_count(0)
