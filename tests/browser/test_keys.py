"""The keys that the design promises, on the page and not while somebody types."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.player import Player


def test_shift_and_an_arrow_go_to_the_next_and_previous_transition(player: Player) -> None:
    outline = player.server.outline()
    transitions = sorted({mark["step"] for mark in (*outline["entries"], *outline["exits"])})
    player.open()
    for step in transitions[:3]:
        player.press("Shift+ArrowRight")
        player.wait_at(step)
    player.press("Shift+ArrowLeft")
    player.wait_at(transitions[1])


def test_n_and_page_down_go_to_the_next_stop_and_p_and_page_up_back(player: Player) -> None:
    stops = [(stop["step"], stop["phase"]) for stop in player.server.outline()["stops"]]
    ahead = [stop for stop in stops if stop > (0, 0)]
    player.open()
    player.press("n")
    player.wait_at(*ahead[0])
    player.press("PageDown")
    player.wait_at(*ahead[1])
    player.press("PageDown")
    player.wait_at(*ahead[2])
    player.press("p")
    player.wait_at(*ahead[1])
    player.press("PageUp")
    player.wait_at(*ahead[0])


def test_a_move_past_an_end_stops_there(player: Player) -> None:
    length = player.server.outline()["length"]
    player.open(hash_=f"#step={length - 1}")
    player.press("ArrowRight", 3)
    player.wait_at(length)
    player.press("ArrowLeft")
    player.wait_at(length - 1)
    player.press("Home")
    player.wait_at(0)
    player.press("ArrowLeft", 2)
    player.press("ArrowRight")
    player.wait_at(1)


def test_g_goes_to_a_step_and_typing_there_moves_nothing_else(player: Player) -> None:
    player.open()
    player.press("g")
    field = player.page.locator("input:focus")
    field.wait_for()
    field.fill("37")
    player.press("Home")
    player.press("End")
    player.press("Enter")
    player.wait_at(37)


def test_r_starts_again(player: Player) -> None:
    player.open(hash_="#step=20")
    player.wait_at(20)
    player.press("r")
    player.wait_at(0)


def test_the_question_mark_shows_the_keys_and_escape_puts_them_away(player: Player) -> None:
    player.open()
    player.press("?")
    dialog = player.page.locator("dialog[open], [role=dialog]:visible").first
    dialog.wait_for(state="visible")
    assert "PageDown" in dialog.inner_text()
    player.press("Escape")
    player.wait_for("!document.querySelector('dialog[open]')")
    player.press("ArrowRight")
    player.wait_at(1)


def test_letters_can_be_switched_off_in_the_help(player: Player) -> None:
    player.open(hash_="#step=5")
    player.press("?")
    player.page.locator("dialog[open] input[type=checkbox]").first.click()
    player.press("Escape")
    player.press("r")
    player.press("ArrowRight")
    player.wait_at(6)


def test_plus_and_minus_change_the_speed_that_is_shown(player: Player) -> None:
    player.open()
    speed = player.page.locator(".btn.speed")
    before = speed.inner_text()
    player.press("+")
    expect(speed).not_to_have_text(before)
    player.press("-")
    expect(speed).to_have_text(before)
