"""Three levels of the picture: overview, phases, one instruction; by key, button, address and setting."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.axe import assert_accessible
from tests.browser.player import Player, phased_step


def test_a_key_looks_closer_and_the_address_says_so(player: Player) -> None:
    step, names = phased_step(player.server.outline(), "exit")
    player.open("?lang=en", f"#step={step}.2")
    page = player.page
    expect(page.locator(".phase-strip li")).to_have_count(len(names))
    expect(page.locator(".phase-strip .here")).to_contain_text("save the guest state")
    player.press("z")
    expect(page.locator(".phases .phase.here")).to_contain_text("guest RIP")
    player.wait_for("new URLSearchParams(location.search).get('view') === 'phases'")
    expect(page.locator("[data-level=phases]")).to_have_attribute("aria-pressed", "true")
    assert_accessible(page)
    player.press("ArrowDown")
    expect(page.locator(".phases .phase.here")).to_contain_text("3 store MSRs")
    player.press("z")
    expect(page.locator(".close-up h2")).to_contain_text("cpuid")
    assert_accessible(page)
    player.press("z")
    expect(page.locator("svg.diagram")).to_be_visible()
    player.wait_for("new URLSearchParams(location.search).get('view') === 'overview'")


def test_an_instruction_shows_what_it_read_and_wrote_at_each_step(player: Player) -> None:
    player.open("?lang=en&view=instruction", "#step=1")
    page = player.page
    heading = page.locator(".close-up h2")
    expect(heading).to_be_visible()
    first = heading.inner_text()
    expect(page.locator(".close-up .columns section")).to_have_count(3)
    player.press("ArrowRight")
    expect(heading).not_to_have_text(first)
    page.reload()
    expect(heading).to_be_visible()
    page.locator("[data-level=overview]").click()
    expect(page.locator("svg.diagram")).to_be_visible()


def test_the_level_is_kept_and_the_help_can_change_it(player: Player) -> None:
    player.open("?lang=en", "#step=3")
    page = player.page
    page.locator("[data-level=phases]").click()
    expect(page.locator(".close-up")).to_contain_text("no VM entry")
    player.open("?lang=en", "#step=4")
    expect(page.locator(".close-up")).to_be_visible()
    player.press("?")
    page.locator("#help select").select_option("auto")
    player.press("Escape")
    expect(page.locator("svg.diagram")).to_be_visible()
    player.wait_for("!location.search.includes('view=')")


def test_on_a_phone_the_closer_pictures_stay_inside_the_page(player: Player) -> None:
    player.page.set_viewport_size({"width": 390, "height": 844})
    step, _ = phased_step(player.server.outline(), "entry")
    player.open("?lang=en&view=phases", f"#step={step}.4")
    expect(player.page.locator(".phase.here")).to_be_visible()
    assert player.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_accessible(player.page)
