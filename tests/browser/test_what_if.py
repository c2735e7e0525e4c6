"""What if: a change at a step, the run that follows, both side by side, and back to the lesson."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.axe import assert_accessible
from tests.browser.player import Player, phased_step


def change_field(player: Player, field: str, value: str) -> None:
    page = player.page
    player.press("w", 2)                            # its script is not there yet: one dialog all the same
    dialog = page.locator("#what-if")
    dialog.wait_for()
    dialog.locator("select").first.select_option("vmcs")
    dialog.locator("select").nth(2).select_option(field)
    dialog.get_by_label("New value").fill(value)
    assert_accessible(page)
    dialog.get_by_role("button", name="Go on from here").click()
    page.locator(".forked").wait_for()


def test_a_broken_field_makes_the_entry_fail_beside_the_lesson_that_goes_on(player: Player) -> None:
    step, _ = phased_step(player.server.outline(), "entry")
    player.open("?lang=en", f"#step={step}")
    page = player.page
    change_field(player, "guest_rflags", "0")
    expect(page.locator(".forked")).to_contain_text(f"guest RFLAGS = 0 at step {step}")
    assert "you change" in player.sentence
    player.press("ArrowRight")
    player.wait_for("document.querySelector('[aria-live=polite]').textContent.includes('fails')")
    page.get_by_role("button", name="Compare").click()
    compare = page.locator("#compare")
    compare.locator(".diagram").nth(1).wait_for()
    expect(compare.locator("tbody tr").first).to_be_visible()
    expect(compare).to_contain_text("Who has control")
    assert_accessible(page)
    player.press("Escape")
    expect(compare).to_have_count(0)
    page.get_by_role("button", name="Back to the lesson").click()
    expect(page.locator(".forked")).to_have_count(0)
    player.wait_at(step)
    player.press("ArrowRight")
    player.wait_for("document.querySelector('[aria-live=polite]').textContent.includes('VM entry: VMLAUNCH')")


def test_a_change_may_be_changed_again_and_a_wrong_value_is_refused(player: Player) -> None:
    player.open("?lang=en", "#step=20")
    page = player.page
    for register, value in (("R14", "14"), ("R15", "zzz")):
        page.locator("[data-command=whatIf]").click()
        dialog = page.locator("#what-if")
        dialog.locator("select").last.select_option(label=register)
        dialog.get_by_label("New value").fill(value)
        dialog.get_by_role("button", name="Go on from here").click()
        if value != "zzz":
            page.locator(".forked").wait_for()
    assert dialog.get_by_label("New value").evaluate("input => input.validationMessage")
    dialog.get_by_label("New value").fill("15")
    dialog.get_by_role("button", name="Go on from here").click()
    expect(page.locator(".forked")).to_contain_text(re.compile("R14 = 14 .*R15 = 15"))
    page.get_by_role("tab", name="Registers").click()
    rows = {row.split("\n")[0]: row for row in page.locator(".row").all_inner_texts()}
    assert rows["R14"].endswith("14") and rows["R15"].endswith("15")
