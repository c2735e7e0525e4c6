"""Questions of a lesson: by mouse and by keyboard, wrong and right, with hints, shown, kept, and in the review."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import assert_accessible
from tests.browser.player import Player


def asked(player: Player) -> dict[str, str]:
    """The places of the lesson's questions, as addresses have them."""
    questions = player.server.outline()["questions"]
    return {each["id"]: f"{each['step']}.{each['phase']}" if each["phase"] else str(each["step"]) for each in questions}


def test_a_wrong_answer_has_its_reason_and_a_right_one_leads_on(player: Player) -> None:
    player.open("?lang=en", f"#step={asked(player)['rax']}")
    page = player.page
    question = page.locator(".question")
    expect(question.get_by_role("heading")).to_have_text("What will the handler find in RAX?")
    assert "A question: What will the handler find in RAX?" in player.sentence
    question.get_by_label("0: the processor clears it.").check()
    question.get_by_role("button", name="Check", exact=True).click()
    expect(question.locator(".verdict")).to_contain_text("A VM exit clears no general register")
    question.get_by_role("button", name="Hint").click()
    expect(question.locator(".question-hint")).to_have_count(1)
    assert_accessible(page)
    question.get_by_label("1, as in the guest.").check()
    question.get_by_role("button", name="Check", exact=True).click()
    expect(question.locator(".verdict.good")).to_contain_text("No phase of a VM exit touches RAX")
    expect(question.get_by_role("button", name="Check", exact=True)).to_be_disabled()
    assert_accessible(page)
    question.get_by_role("button", name="See it happen").click()
    expect(page.locator(".story .words > h2")).to_have_text("What an exit does not save")


def test_a_value_and_an_order_are_answered_by_keyboard_and_the_review_says_how_it_went(player: Player) -> None:
    places = asked(player)
    player.open("?lang=en", f"#step={places['next-rip']}")
    page = player.page
    field = page.locator(".question input")
    field.focus()
    for typed, said in (("0x10100f", "the address of CPUID itself"), ("nonsense", "How long is that instruction?"),
                        ("0x101011", "plus its length, 2")):
        field.fill(typed)
        page.keyboard.press("Enter")
        expect(page.locator(".verdict")).to_contain_text(said)
    player.open("?lang=en", f"#step={places['phases']}")
    right = player.server.outline()["phased"][places["phases"]]["names"]
    expect(page.locator(".order li")).to_have_count(len(right))
    names = {"reason": "record the reason", "save_guest": "save the guest state", "store_msrs": "store MSRs",
             "load_host": "load the host state", "load_msrs": "load MSRs"}
    for at, name in enumerate(right):
        up = page.get_by_role("button", name=f"Move {names[name]} up", exact=True)
        for _ in range(len(right)):
            items = page.locator(".order li span").all_inner_texts()
            if items.index(names[name]) == at:
                break
            up.press("Enter")
    check = page.get_by_role("button", name="Check", exact=True)
    check.focus()
    player.press("Enter", 2)                        # who presses twice has answered once
    expect(page.locator(".verdict.good")).to_contain_text("First the reason")
    assert_accessible(page)
    player.open("?lang=en", f"#step={player.server.outline()['length']}")
    review = page.locator(".review")
    expect(review.get_by_role("listitem")).to_have_count(len(places))
    expect(review).to_contain_text("right in the end")
    expect(review).to_contain_text("right at once")
    expect(review).to_contain_text("not answered yet")
    assert_accessible(page)
    review.get_by_role("button", name="Who takes the processor from B?").click()
    expect(page.locator(".question h2")).to_have_text("Who takes the processor from B?")


def test_the_answer_is_shown_after_two_tries_and_answers_are_kept(player: Player) -> None:
    player.open("?lang=pt-BR", f"#step={asked(player)['who']}")
    page = player.page
    for choice in ("O núcleo de B", "Mais ninguém"):
        assert not page.get_by_role("button", name="Mostrar a resposta").count()
        page.locator(".choice", has_text=choice).click()
        page.get_by_role("button", name="Conferir").click()
        expect(page.locator(".verdict.bad")).to_contain_text("VM")
    page.get_by_role("button", name="Mostrar a resposta").click()
    expect(page.locator(".verdict")).to_contain_text("A resposta da máquina: O VMM, em operação root.")
    page.reload()
    expect(page.locator(".verdict")).to_contain_text("A resposta da máquina: O VMM, em operação root.")
    page.get_by_role("button", name="Responder de novo").click()
    expect(page.locator(".verdict")).to_have_count(0)


@pytest.mark.parametrize("size", [(390, 844), (640, 480)])
def test_a_question_fits_small_pages_and_frames(player: Player, size: tuple[int, int]) -> None:
    player.page.set_viewport_size({"width": size[0], "height": size[1]})
    for path in ("lesson", "embed"):
        for name in ("rax", "phases"):
            player.page.goto(f"{player.server.url}/{path}/first-guests?lang=en#step={asked(player)[name]}")
            player.ready()
            expect(player.page.locator(f".question {'.choice' if name == 'rax' else '.order'}").first).to_be_visible()
            wide = player.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0
            assert_accessible(player.page)


def test_playing_and_the_next_stop_wait_at_a_question(player: Player) -> None:
    places = asked(player)
    step = int(places["who"])
    player.open("?lang=en", f"#step={step - 12}")
    player.press("Space")
    player.wait_at(step)
    expect(player.page.locator(".question")).to_be_visible()
    player.press("PageUp")
    player.wait_for("step => Number(new URLSearchParams(location.hash.slice(1)).get('step')) < step", step)
    player.press("PageDown")
    player.wait_at(step)


def test_the_review_leads_to_another_variant_and_the_embed_dialog_offers_them(player: Player) -> None:
    page = player.page
    end = player.server.outline("first-exit")["length"]
    player.open("?lang=en", f"#step={end}", lesson="first-exit")
    page.get_by_role("link", name="Another variant").click()
    player.wait_for("location.search.includes('seed=1')")
    player.ready()
    assert player.position == (0, 0) and "lang=en" in page.url
    stop = next(stop for stop in player.server.outline("first-exit")["stops"] if stop["id"] == "own-state")
    player.open("?lang=en&seed=6", f"#step={stop['step']}", lesson="first-exit")
    expect(page.locator(".story .prose").last).to_contain_text("A has put 1234h into RAX")
    page.get_by_role("button", name="Embed").click()
    page.get_by_label("Numbers").select_option("variant 3")
    expect(page.get_by_role("dialog").locator("textarea")).to_have_value(re.compile("seed=3"))
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    player.open("?lang=en&seed=3", f"#step={end}", lesson="first-exit")
    assert "seed" not in (page.get_by_role("link", name="Another variant").get_attribute("href") or "seed")


def test_a_place_is_chosen_in_the_picture_by_mouse_and_keyboard_and_in_the_list(player: Player) -> None:
    page = player.page
    place = next(each for each in player.server.outline("four-rings")["questions"] if each["kind"] == "place")
    player.open("?lang=en", f"#step={place['step']}", lesson="four-rings")
    picture = page.locator(".diagram.choosing")
    boxes = picture.get_by_role("button")
    expect(boxes).to_have_count(4)
    assert boxes.evaluate_all("all => all.map(one => one.getAttribute('aria-label'))") == [
        "guest application (VM A)", "guest kernel (VM A)", "host kernel (VMM)", "host application (VMM)"]
    for box in boxes.all():
        size = box.locator("rect").bounding_box()
        assert size and min(size["width"], size["height"]) >= 24
    assert_accessible(page)
    boxes.nth(2).click()
    expect(page.get_by_label("host kernel (VMM)").and_(page.get_by_role("radio"))).to_be_checked()
    page.get_by_role("radio", name="host application (VMM)").check()
    expect(boxes.nth(3)).to_have_attribute("aria-pressed", "true")
    expect(boxes.nth(2)).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator(".verdict.bad")).to_be_visible()
    boxes.nth(0).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(boxes.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".verdict")).to_have_count(0)
    assert_accessible(page)
    page.keyboard.press("Enter")                    # what is chosen already is answered
    expect(page.locator(".verdict.good")).to_be_visible()
    expect(page.locator(".diagram.choosing")).to_have_count(0)
    expect(page.locator(".diagram")).to_have_attribute("role", "img")
    player.press("PageDown")
    player.wait_for("step => Number(new URLSearchParams(location.hash.slice(1)).get('step')) > step", place["step"])
    expect(page.locator(".region.pick")).to_have_count(0)


def test_where_the_picture_has_no_room_for_the_boxes_a_place_is_chosen_in_the_list(player: Player) -> None:
    page = player.page
    page.set_viewport_size({"width": 390, "height": 844})
    place = next(each for each in player.server.outline("four-rings")["questions"] if each["kind"] == "place")
    player.open("?lang=en", f"#step={place['step']}", lesson="four-rings")
    expect(page.get_by_role("radio")).to_have_count(4)
    assert not page.locator(".choosing, .in-picture:visible").count()
