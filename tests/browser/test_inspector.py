"""The tables beside the picture: when did this last change, breakpoints, finding a field, exits by reason."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.axe import assert_accessible
from tests.browser.player import Player, phased_step


def test_a_value_leads_to_the_step_that_made_it(player: Player) -> None:
    outline = player.server.outline()
    player.open("?lang=en", f"#step={outline['length']}")
    page = player.page
    page.get_by_role("tab", name="VMCS").click()
    page.get_by_role("searchbox").fill("exit reason")
    last = [exit_["step"] for exit_ in outline["exits"] if exit_["vm"] == outline["exits"][-1]["vm"]][-1]
    page.get_by_role("button", name=f"VMCS {outline['exits'][-1]['vm']}").first.click()
    page.get_by_role("button", name=re.compile("When did this last change")).first.click()
    expect(page.locator(".message")).to_contain_text(f"at step {last}")     # it stands for some seconds
    player.wait_at(last)
    assert page.locator(".row.changed").count()


def test_the_keys_of_a_list_of_values_stay_in_it(player: Player) -> None:
    player.open("?lang=en", "#step=20")
    page = player.page
    page.get_by_role("tab", name="Registers").click()
    page.locator(".values").focus()
    player.press("ArrowDown", 3)
    assert page.evaluate("document.activeElement.closest('.row').querySelector('dt').textContent") == "RAX"
    player.press("ArrowUp")
    assert page.evaluate("document.activeElement.closest('.row').querySelector('dt').textContent") == "RFLAGS"
    player.press("ArrowRight")
    player.wait_at(21)                  # one step: the keys before were the list's own


def test_a_run_stops_at_a_breakpoint_and_says_when_none_comes(player: Player) -> None:
    outline = player.server.outline()
    step, _ = phased_step(outline, "exit")
    player.open("?lang=en", f"#step={step + 1}")
    page = player.page
    page.locator("li.next button.address").click()
    expect(page.locator("li.next button.address")).to_have_attribute("aria-pressed", "true")
    page.locator("[data-command=toBreakpoint]").click()
    second = outline["exits"][1]["step"]
    player.wait_at(second)
    assert_accessible(page)
    for exit_ in outline["exits"][2:]:
        page.locator("[data-command=toBreakpoint]").click()
        player.wait_at(exit_["step"])
    page.locator("[data-command=toBreakpoint]").click()
    expect(page.locator(".message")).to_contain_text("No breakpoint")
    player.wait_at(outline["length"])


def test_exits_are_counted_by_reason(player: Player) -> None:
    outline = player.server.outline()
    player.open("?lang=en", f"#step={outline['length']}")
    player.page.get_by_role("tab", name="Exits").click()
    counts = [int(text) for text in player.page.locator(".histogram dd span").all_inner_texts()]
    assert sum(counts) == len(outline["exits"]) and counts == sorted(counts, reverse=True)
    assert_accessible(player.page)


def test_memory_shows_how_an_address_is_translated_and_what_lies_there(player: Player) -> None:
    player.open("?lang=en", "#step=20")
    page = player.page
    page.get_by_role("tab", name="Memory").click()
    page.locator(".walk").wait_for()
    assert page.locator(".walk td.entry").count() == 3      # the bench maps by pages of 2 MiB
    page.get_by_label("The reference before").click()
    expect(page.locator(".walk-steps output")).to_contain_text("2 of 3: PDPTE at 11000")
    assert page.locator(".walk .ahead").count() == 1
    page.get_by_label("Linear address").fill("8000000000")
    page.get_by_role("button", name="Look", exact=True).click()
    expect(page.locator(".tally")).to_contain_text("page fault")
    expect(page.locator(".walk .bad")).to_have_count(1)
    page.get_by_label("Linear address").fill("nonsense")
    page.get_by_role("button", name="Look", exact=True).click()
    assert page.get_by_label("Linear address").evaluate("input => input.validationMessage")
    page.get_by_role("button", name="RSP").click()
    page.locator(".bytes").wait_for()
    assert_accessible(page)


def test_the_tlb_fills_as_the_program_runs(player: Player) -> None:
    outline = player.server.outline()
    player.open("?lang=en", "#step=1")
    page = player.page
    page.get_by_role("tab", name="TLB").click()
    page.locator(".tlb tbody tr").first.wait_for()
    before = page.locator(".tlb tbody tr").count()
    player.press("g")
    page.locator("#go-step").fill(str(outline["length"]))
    player.press("Enter")
    expect(page.locator(".tlb tbody tr")).not_to_have_count(before)
    page.locator(".tlb tbody button").first.click()
    page.locator(".walk").wait_for()
    assert_accessible(page)


def test_the_timeline_is_pointed_at_zoomed_and_bookmarked(player: Player) -> None:
    outline = player.server.outline()
    exit_ = outline["exits"][1]
    player.open("?lang=en", f"#step={exit_['step']}")
    page = player.page
    box = page.locator(".track").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * exit_["step"] / outline["length"], box["y"] + 20)
    expect(page.locator(".pointed")).to_contain_text(f"step {exit_['step']}")
    lanes = page.locator(".lane").count()
    page.get_by_label("Look closer").click(click_count=3)
    assert page.locator(".lane").count() < lanes
    page.locator("[data-command=bookmark]").click()
    expect(page.locator(".bookmark")).to_have_count(1)
    player.press("Home")
    player.wait_at(0)
    page.reload()
    player.ready()
    player.press("g")
    page.get_by_role("button", name=str(exit_["step"]), exact=True).click()
    player.wait_at(exit_["step"])
    assert_accessible(page)
    player.press("m")
    expect(page.locator(".bookmark")).to_have_count(0)


def test_the_code_of_monitor_and_guest_stand_side_by_side_each_with_its_next_line(player: Player) -> None:
    outline = player.server.outline()
    entered = outline["entries"][0]["step"]
    player.open("?lang=en", f"#step={entered}")
    page = player.page
    vmm, guest = page.locator(".code-side").nth(0), page.locator(".code-side").nth(1)
    expect(guest.locator("[aria-current=step]")).to_have_count(1)
    expect(guest.locator(".code-head")).to_contain_text("runs next")
    expect(vmm.locator(".code-head")).to_contain_text("host RIP")
    expect(vmm.locator(".stands")).to_have_count(1)
    player.press("Shift+ArrowRight")
    expect(vmm.locator("[aria-current=step]")).to_have_count(1)
    expect(guest.locator(".code-head")).to_contain_text("stopped at")
    expect(guest.locator(".stands .code, .stands code")).to_contain_text("cpuid")
    expect(page.locator(".code-side")).to_have_count(2)
    player.wait_for("""() => [...document.querySelectorAll('.code-side')].every((side) => {
      const [box, line] = [side.getBoundingClientRect(), side.querySelector('[data-current]').getBoundingClientRect()];
      return line.top >= box.top && line.bottom <= box.bottom + 1 && box.height > 90;
    })""")


def test_the_whole_program_is_soon_there_to_be_found_and_each_step_stays_in_sight(player: Player) -> None:
    player.page.set_viewport_size({"width": 390, "height": 844})
    player.open("?lang=en")
    page = player.page
    expect(page.locator(".code .later")).to_have_count(0)
    assert page.evaluate("document.querySelectorAll('.code li').length") > 400
    assert page.evaluate("window.find('never_a:')")            # what find-in-page of the browser looks for
    for step in (0, player.server.outline()["length"], 30):
        player.press("g")
        page.locator("#go-step").fill(str(step))
        page.locator("#go-step").press("Enter")
        player.wait_at(step)
        player.wait_for("""() => { const [box, line] = ['.code', '.code [data-current]'].map(
            (name) => document.querySelector(name).getBoundingClientRect());
            return line.top >= box.top && line.bottom <= box.bottom + 1; }""")


def test_a_breakpoint_in_the_guests_code_and_a_choice_of_one_side_by_keyboard(player: Player) -> None:
    player.open("?lang=en", f"#step={player.server.outline()['exits'][0]['step']}")
    page = player.page
    page.locator(".code-side").nth(1).locator("ol.code").focus()
    for _ in range(2):                  # the second before the server has answered the first
        player.press("ArrowDown")
        player.press("Enter")
    expect(page.locator(".code-side").nth(1).locator(".address.stops")).to_have_count(2)
    expect(page.locator(".code-side").nth(0).locator(".address.stops")).to_have_count(0)
    page.get_by_role("button", name="Guest of VM A").click()
    expect(page.locator(".code-side")).to_have_count(1)
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Both", exact=True).click()
    expect(page.locator(".code-side")).to_have_count(2)
