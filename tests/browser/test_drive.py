"""The learner drives: asked before the step is played, graded by the machine, with a score; in pages and in frames."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import assert_accessible
from tests.browser.player import Player, words

LESSON = "first-exit"
SEED = 4


def on(player: Player, **more: Any) -> Player:
    """The lesson with a learner who drives, once the machine has said what it asks."""
    return driven(player.open(f"?lang=en&drive=1&seed={SEED}", **{"lesson": LESSON, **more}))


def driven(player: Player) -> Player:
    expect(player.page.locator(".wheel")).to_have_attribute("aria-pressed", "true")
    return player


def ahead(player: Player, key: str = "ArrowRight", lang: str = "en") -> None:
    """By a key to the next question of the one who drives. That it is asked is in the sentence of the step; the script
    that draws it may come later."""
    asks = words("drive.spoken", lang)
    for _ in range(80):
        before = player.sentence
        player.press(key)
        if asks in player.wait_sentence_not(before):
            player.page.locator(".drive").wait_for()
            return
    raise AssertionError("nothing was asked")


def answer(player: Player) -> int:
    """Try one choice after the other; how many it took."""
    card = player.page.locator(".drive")
    for number, choice in enumerate(card.locator(".choice").all(), 1):
        choice.click()
        given = choice.locator("input").get_attribute("value")      # the verdict on the choice before may still stand
        card.get_by_role("button", name="Check", exact=True).click()
        expect(card.locator(".verdict")).to_have_attribute("data-given", str(given))
        expect(card.locator(".verdict p").nth(1)).not_to_be_empty()
        if card.locator(".verdict.good").count():
            return number
        assert "drive." not in card.inner_text()
    raise AssertionError("no choice is right")


def test_the_step_waits_for_an_answer_and_the_review_has_the_score(player: Player) -> None:
    on(player)
    page = player.page
    ahead(player)
    expect(page.locator(".drive h2")).to_be_visible()
    assert "You drive" in player.sentence
    assert not page.locator(".phase-strip").count()
    assert_accessible(page)
    here = player.position
    for key in ("ArrowRight", "PageDown", "ArrowDown", "Shift+ArrowRight"):
        page.evaluate("document.activeElement.blur()")
        player.press(key)
        player.wait_for("document.activeElement.matches('.drive input')")
        expect(page.get_by_text("First say what the processor does next")).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    assert player.position == here
    tries = answer(player)
    assert_accessible(page)
    asked = player.sentence
    page.locator(".drive").get_by_role("button", name="See it happen").click()
    player.wait_sentence_not(asked)
    ahead(player, "PageDown")
    page.locator(".drive").get_by_role("button", name="Show me").click()
    expect(page.locator(".drive .verdict")).to_contain_text("The machine's answer")
    player.press("End")
    review = page.locator(".review").filter(has_text="You drove")
    expect(review).to_contain_text(f"right at first try: {int(tries == 1)} of 2 (of 4 in all)")
    assert_accessible(page)
    page.reload()
    player.ready()
    expect(page.locator(".review").filter(has_text="You drove")).to_contain_text("of 2 (of 4 in all)")
    page.get_by_role("button", name="Drive it again").click()
    expect(page.locator(".review").filter(has_text="You drove")).to_contain_text("Not driven yet: 4")


def test_the_switch_turns_it_on_and_off_and_the_address_says_so(player: Player) -> None:
    player.open("?lang=en", lesson=LESSON)
    page = player.page
    switch = page.get_by_role("button", name="You drive")
    expect(switch).to_have_attribute("aria-pressed", "false")
    assert not page.evaluate("performance.getEntriesByType('resource').some(({ name }) => name.includes('drive'))")
    player.press("d")
    expect(switch).to_have_attribute("aria-pressed", "true")
    player.wait_for("location.search.includes('drive=1')")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    player.wait_for("!location.search.includes('drive')")
    player.press("?")
    expect(page.locator("#help")).to_contain_text("You drive: say what comes next")
    player.press("Escape")
    end = player.server.outline(LESSON)["length"]
    player.press("ArrowRight", 3)
    player.press("End")
    player.wait_at(end)                             # nobody is asked who does not drive


def test_a_play_waits_at_the_question_and_goes_on_behind_it(player: Player) -> None:
    on(player)
    player.press("Space")
    player.page.locator(".drive").wait_for()
    player.wait_for("document.querySelector('.transport .go').getAttribute('aria-label') === 'Play'")
    here = player.position
    player.page.evaluate("document.activeElement.blur()")
    player.press("Space")
    expect(player.page.get_by_text("First say what the processor does next")).to_be_visible()
    assert player.position == here
    answer(player)
    player.page.evaluate("document.activeElement.blur()")
    asked = player.sentence
    player.press("Space")
    player.wait_sentence_not(asked)


@pytest.mark.parametrize("lang", ["pt-BR", "es", "ar"])
@pytest.mark.parametrize("path", ["lesson", "embed"])
def test_it_speaks_each_language_in_pages_and_frames(player: Player, lang: str, path: str) -> None:
    page = player.page
    page.set_viewport_size({"width": 390, "height": 844} if path == "lesson" else {"width": 640, "height": 480})
    page.goto(f"{player.server.url}/{path}/{LESSON}?lang={lang}&drive=1&seed={SEED}")
    driven(player.ready())
    ahead(player, "PageDown", lang)
    text = page.locator(".drive").inner_text()
    assert "drive." not in text and "question." not in text
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert_accessible(page)


def test_a_changed_run_is_driven_by_nobody(player: Player) -> None:
    on(player, hash_="#step=12")
    player.press("w")
    dialog = player.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Go on with that").or_(dialog.locator(".btn.go")).first.click()
    expect(player.page.locator(".forked")).to_be_visible()
    expect(player.page.locator(".wheel")).to_have_count(0)
    expect(player.page.locator(".drive")).to_have_count(0)
