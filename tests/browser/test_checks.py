"""A VM entry or another VMX instruction that fails shows where among all that it asks: the rules kept before, the one
that is broken, those not reached.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.axe import assert_accessible, assert_accessible_in_each_theme
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


@pytest.mark.parametrize(("lesson", "guard", "number", "said"), [
    ("vmptrld-fails", "vmptrld.address", 9, [
        "all 5 rules kept", "1 rule, kept", "1 rule, kept", "1 rule, kept", "rule 1 of 3 is broken"]),
    ("vmwrite-fails", "vmwrite.field", 12, [
        "all 4 rules kept", "1 rule, kept", "1 rule, kept", "1 rule, kept", "1 rule, kept", "rule 1 of 2 is broken"]),
])
def test_an_instruction_that_fails_lights_the_rule_it_broke(
        shown: Player, lesson: str, guard: str, number: int, said: list[str]) -> None:
    instruction, _, name = guard.partition(".")
    shown.open("?lang=en", "#step=0", lesson=lesson)
    expect(shown.page.locator(".checks")).to_have_count(0)
    shown.press("n")
    checks = shown.page.locator(".checks")
    expect(checks.locator("h3")).to_have_text(f"What {instruction.upper()} asks, in order")
    expect(checks.locator(".check-group > b + span")).to_have_text(said)
    lit = checks.locator("[aria-current=true]")
    expect(lit).to_have_count(1)
    expect(lit).to_contain_text(words(f"vmx_guard.{name}"))
    expect(lit).to_contain_text(f"({words('check_state.failed')})")
    expect(lit.locator(".sign")).to_have_text("✗")
    expect(lit.locator("code")).to_have_text(f"VMfail({number})")
    expect(checks.locator(".check.ahead").first).to_contain_text(words("check_state.ahead"))
    shown.wait_for("rule => document.querySelector('[aria-live=polite]').textContent.includes(rule)",
                   f"broken rule: {words(f'vmx_guard.{name}')}")
    expect(shown.page.locator(".rule .source")).to_contain_text(f"{instruction.upper()}—")
    shown.page.get_by_role("tab", name="Text").click()
    text = shown.page.locator(".scene-text")
    expect(text.get_by_text(f"{words('check_state.failed')}: {words(f'vmx_guard.{name}')}")).to_be_visible()
    assert_accessible_in_each_theme(shown.page)
    with shown.page.context.expect_page() as opened:
        checks.get_by_role("link", name=words("checks.reference")).click()
    expect(opened.value.locator(f"[id='{guard}']")).to_be_visible()
    assert opened.value.url.endswith(f"/reference/instructions/{instruction}?lang=en#{guard}")


def test_a_guest_that_leaves_by_vmcall_has_broken_nothing(shown: Player) -> None:
    shown.open("?lang=en", "#step=0", lesson="vmcall-exits")
    shown.press("n")
    lit = shown.page.locator(".checks [aria-current=true]")
    expect(lit.locator(".sign")).to_have_text("↓")
    expect(lit).to_contain_text(words("check_state.exited"))
    expect(shown.page.locator(".rule")).to_have_count(0)
    expect(shown.page.locator(".checks .check-group.failed > b")).to_contain_text("VM exit")
    assert words("check_state.failed") not in shown.sentence
    assert_accessible(shown.page)


def test_a_vm_launch_in_a_guest_leaves_by_the_guard_among_the_checks_of_vm_entry(shown: Player) -> None:
    shown.open("?lang=en", "#step=0", lesson="guest-exits")
    shown.press("n")
    checks = shown.page.locator(".checks")
    expect(checks.locator("h3")).to_have_text(words("checks.title"))
    expect(checks.locator("[aria-current=true]")).to_contain_text(words("guard.2"))
