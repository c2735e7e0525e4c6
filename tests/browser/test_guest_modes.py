"""The mode of a guest at a glance: a badge with words and a frame of its own, in picture, text and sentence."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.axe import assert_accessible
from tests.browser.player import Player


@pytest.mark.parametrize(("lesson", "mode", "word", "sentence"), [
    ("real-mode", "real", "real mode", "real-address mode, paging off, EPT on"),
    ("virtual-8086", "virtual_8086", "virtual-8086", "virtual-8086 mode, 32-bit paging, EPT off"),
    ("pae", "protected", "32-bit protected", "32-bit protected mode, PAE paging, EPT off"),
])
def test_a_guest_that_gets_control_shows_its_mode(shown: Player, lesson: str, mode: str, word: str,
                                                  sentence: str) -> None:
    shown.open("?lang=en", "#step=0", lesson=lesson)
    shown.press("n")
    badge = shown.page.locator("#stage .guest-mode")
    expect(badge).to_contain_text(word)
    expect(badge).to_have_class(f"guest-mode mode-of-{mode}")
    shown.wait_for("said => document.querySelector('#live').textContent.includes(said)", sentence)
    label = shown.page.locator("svg.diagram").get_attribute("aria-label") or ""
    assert sentence in label
    shown.page.get_by_role("tab", name="Text").click()
    expect(shown.page.locator(".scene-text")).to_contain_text(sentence)
    assert_accessible(shown.page)


def test_a_guest_that_switches_to_protected_mode_says_so(shown: Player) -> None:
    shown.open("?lang=en", "#step=0", lesson="real-mode")
    shown.press("n")
    badge = shown.page.locator("#stage .guest-mode")
    expect(badge).to_contain_text("real mode")
    for _ in range(2):  # the second entry is into a guest that turns protected mode on
        old = shown.sentence
        shown.press("Shift+ArrowRight")
        shown.wait_sentence_not(old)
    for _ in range(6):
        old = shown.sentence
        shown.press("ArrowRight")
        if "goes from real-address mode to protected mode" in shown.wait_sentence_not(old):
            break
    else:
        raise AssertionError("the guest never left real-address mode")
    expect(badge).to_contain_text("16-bit protected")
    expect(shown.page.locator(".story")).to_contain_text("goes from real-address mode to protected mode")


@pytest.mark.parametrize("size", [(390, 844), (640, 480)], ids=str)
def test_the_badge_is_inside_its_vm_on_small_pages(shown: Player, size: tuple[int, int]) -> None:
    shown.page.set_viewport_size({"width": size[0], "height": size[1]})
    shown.open("?lang=en", "#step=0", lesson="pae")
    shown.press("n")
    expect(shown.page.locator("#stage .guest-mode")).to_contain_text("32-bit")
    shown.wait_for("""() => {
      const [vm, badge, chip] = ['.vm-box', '.guest-mode', '.chip'].map(
        (name) => document.querySelector(`#stage ${name}`).getBoundingClientRect());
      return badge.left >= vm.left && badge.right <= chip.left && badge.bottom <= vm.bottom + 1;
    }""")
