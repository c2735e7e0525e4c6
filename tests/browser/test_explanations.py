"""Explanations open where the term stands, by mouse, keyboard and touch, say what it is, and give the focus back."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import assert_accessible, assert_accessible_in_each_theme
from tests.browser.player import Player, phased_step, words
from tools.bundle import DIST
from tools.server import LESSON, ROOT

SIZES = [(1440, 900), (1024, 768), (640, 480), (390, 844)]
EMBED_LIMIT = 100 * 1024


def said(kind: str, name: str, language: str = "en") -> str:
    """The explanation of a thing, as the reference has it."""
    folder = ROOT / "vmviz" / "web" / "languages" / "reference"
    found = json.loads((folder / f"{language}.json").read_text())[kind][name]
    return str(found["text"] if isinstance(found, dict) else found)


def explanation(page: Page) -> Locator:
    return page.locator("dialog.explain[open]")


def wait_beside(player: Player, mark: Locator) -> None:
    """Until the explanation is on the page and covers nothing of what it explains: its size decides where it goes."""
    player.wait_for("""mark => {
        const one = mark.getBoundingClientRect();
        const other = document.querySelector('dialog.explain[open]').getBoundingClientRect();
        const apart = other.top >= one.bottom || other.bottom <= one.top + 1
            || other.left >= one.right || other.right <= one.left;
        return apart && other.left >= 0 && other.right <= innerWidth && other.top >= 0 && other.bottom <= innerHeight;
    }""", mark.element_handle())


def test_a_field_is_explained_by_keyboard_and_the_focus_comes_back(player: Player) -> None:
    step, _ = phased_step(player.server.outline(), "exit")
    player.open("?lang=en", f"#step={step + 1}")
    page = player.page
    page.get_by_role("tab", name="VMCS").click()
    page.locator(".values").focus()
    player.press("ArrowDown", 2)
    player.press("Shift+Tab")
    name = page.evaluate("document.activeElement.dataset.about")
    assert name.startswith("field.")
    player.press("Enter")
    expect(explanation(page).locator("#explain-text")).to_have_text(said("field", name.removeprefix("field.")))
    expect(explanation(page)).to_have_attribute("aria-labelledby", "explain-title")
    expect(page.locator("#explain-title")).to_be_focused()
    assert_accessible(page)
    player.press("ArrowRight")
    player.press("Escape")
    expect(explanation(page)).to_have_count(0)
    player.wait_for("name => document.activeElement.dataset.about === name", name)
    player.press("ArrowRight")
    player.wait_at(step + 2)            # one step: keys inside an explanation do none


def test_a_control_word_tells_its_bits_and_leads_to_its_last_change(player: Player) -> None:
    outline = player.server.outline()
    player.open("?lang=en", f"#step={outline['exits'][0]['step']}")
    page = player.page
    page.get_by_role("tab", name="VMCS").click()
    mark = page.locator('[data-about="field.primary_processor_based_controls"]')
    mark.click()
    dialog = explanation(page)
    expect(dialog.locator("> dl dt", has_text="HLT exiting")).to_be_visible()
    expect(dialog).to_contain_text(said("control", "primary.hlt_exiting"))
    wait_beside(player, mark)
    dialog.locator("summary").click()
    expect(dialog.locator("details dt", has_text="RDTSC exiting")).to_be_visible()
    wait_beside(player, mark)
    assert_accessible(page)
    dialog.get_by_role("button", name=words("change.ask"), exact=True).press("Enter")
    expect(page.locator(".message")).to_contain_text("became")
    expect(explanation(page)).to_have_count(0)


def test_an_exit_reason_leads_to_the_next_step_where_it_happens(player: Player) -> None:
    outline = player.server.outline()
    reasons = [exit_["reason"] for exit_ in outline["exits"]]
    reason = next(reason for reason in reasons if reasons.count(reason) > 1)
    steps = [exit_["step"] for exit_ in outline["exits"] if exit_["reason"] == reason]
    player.open("?lang=pt-BR", f"#step={steps[0]}")
    page = player.page
    page.locator(f'.story [data-about="exit.{reason}"]').click()
    expect(explanation(page)).to_contain_text(said("exit", str(reason), "pt-BR"))
    explanation(page).get_by_role("button", name=re.compile("Veja acontecer")).click()
    player.wait_at(steps[1])
    page.get_by_role("tab", name="Saídas").click()
    page.locator(f'.histogram [data-about="exit.{reason}"]').click()
    expect(explanation(page)).to_be_visible()
    page.mouse.click(2, 2)
    expect(explanation(page)).to_have_count(0)


def test_a_register_tells_its_flags(player: Player) -> None:
    player.open("?lang=en", f"#step={player.server.outline()['exits'][0]['step'] - 1}")
    page = player.page
    page.get_by_role("tab", name="Registers").click()
    page.locator('[data-about="register.cr4"]').click()
    expect(explanation(page)).to_contain_text(said("bit", "cr4.vmxe"))


def test_the_terms_of_the_picture_are_in_a_list_and_each_leads_back(player: Player) -> None:
    player.open("?lang=en", f"#step={player.server.outline()['exits'][0]['step']}")
    page = player.page
    page.locator(".terms").focus()
    player.press("Enter")
    dialog = explanation(page)
    dialog.locator("li").first.wait_for()
    names = dialog.locator("li button").all_inner_texts()
    assert {"VMX root operation", "VMX non-root operation", "VM exit", "Guest-state area"} <= set(names)
    assert_accessible(page)
    dialog.get_by_role("button", name="VMX root operation", exact=True).press("Enter")
    expect(dialog).to_contain_text(said("term", "root_operation"))
    dialog.get_by_role("button", name="Back to the list").click()
    expect(dialog.locator("li")).to_have_count(len(names))
    player.press("Escape")
    expect(page.locator(".terms")).to_be_focused()
    page.locator(".band-root .band-name").click()
    expect(explanation(page)).to_contain_text(said("term", "root_operation"))


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_the_terms_in_a_lesson_are_marked_once_and_never_in_code(player: Player, language: str) -> None:
    outline = player.server.outline()
    for stop in outline["stops"]:
        hash_ = f"#step={stop['step']}.{stop['phase']}" if stop["phase"] else f"#step={stop['step']}"
        player.open(f"?lang={language}", hash_)
        page = player.page
        terms = page.locator(".story .term").evaluate_all("marks => marks.map(mark => mark.dataset.about)")
        intro = page.locator(".story .intro .term").count()
        assert terms or stop["step"] == 0
        assert intro or len(set(terms)) == len(terms)
        assert not page.locator(".story code .term, .story a .term, .story .term .term").count()


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_an_explanation_fits_every_size_and_theme(player: Player, size: tuple[int, int]) -> None:
    player.page.set_viewport_size({"width": size[0], "height": size[1]})
    player.open("?lang=pt-BR", f"#step={player.server.outline()['exits'][2]['step']}")
    page = player.page
    mark = page.locator(".cause .about").first
    mark.click()
    expect(explanation(page).locator("h2")).to_be_visible()
    wait_beside(player, mark)
    assert_accessible_in_each_theme(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=str)
def test_an_explanation_stands_beside_its_mark_in_the_mode_for_a_hall(player: Player, size: tuple[int, int]) -> None:
    player.page.set_viewport_size({"width": size[0], "height": size[1]})
    player.page.add_init_script("localStorage.setItem('vmviz-large', 'on')")
    player.open("?lang=en", f"#step={player.server.outline()['exits'][2]['step']}")
    assert player.page.locator("html.large").count()
    mark = player.page.locator(".cause .about").first
    mark.click()
    expect(explanation(player.page).locator("h2")).to_be_visible()
    wait_beside(player, mark)


def test_a_reference_that_cannot_be_loaded_is_said_and_asked_for_again(player: Player) -> None:
    player.open("?lang=en", f"#step={player.server.outline()['exits'][0]['step']}")
    page = player.page
    player.expect_network_errors = True
    page.route("**/api/reference*", lambda route: route.abort())
    page.locator(".cause .about").click()
    expect(explanation(page)).to_contain_text("could not be loaded")
    player.press("Escape")
    page.unroute("**/api/reference*")
    page.locator(".cause .about").click()
    expect(explanation(page).locator("#explain-text")).to_be_visible()


def test_an_embed_is_small_and_loads_explanations_only_when_asked(player: Player) -> None:
    page = player.page
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(f"{player.server.url}/embed/{LESSON}?lang=en#step={player.server.outline()['exits'][0]['step']}")
    player.ready()
    assert not [url for url in loaded if "reference" in url or "/explain" in url]
    files = {Path(url.split("/dist/")[1].split("?")[0]) for url in loaded if re.search(r"/dist/.*\.(js|css)", url)}
    assert sum(len(gzip.compress((DIST / file).read_bytes())) for file in files) <= EMBED_LIMIT
    page.locator(".cause .about").click()
    expect(explanation(page).locator("#explain-text")).to_be_visible()
    assert [url for url in loaded if "/api/reference" in url]


def test_a_single_bit_leads_to_the_step_that_changed_it(player: Player) -> None:
    outline = player.server.outline()
    player.open("?lang=en", f"#step={outline['length']}")
    page = player.page
    page.get_by_role("tab", name="Registers").click()
    page.locator('[data-about="register.cr4"]').click()
    dialog = explanation(page)
    row = dialog.locator(".bit-list > div", has_text="VMXE")
    row.first.wait_for(state="attached")
    if not row.first.is_visible():
        dialog.locator("summary").click()
    row.get_by_role("button").click()
    expect(page.locator(".message")).to_contain_text(re.compile("CR4: .*VMXE.* became 0 here, at step"))
    expect(explanation(page)).to_have_count(0)


@pytest.mark.parametrize(("tab", "about"), [
    ("TLB", "term.pcid"), ("TLB", "term.page_flags"), ("Memory", "term.linear_address"),
    ("Memory", "term.physical_address"),
    ("Text", "term.logical_processor")])
def test_the_terms_of_a_tab_are_explained(player: Player, tab: str, about: str) -> None:
    player.open("?lang=en", f"#step={player.server.outline()['exits'][0]['step'] - 1}")
    page = player.page
    page.get_by_role("tab", name=tab, exact=True).click()
    mark = page.locator(f'#panel [data-about="{about}"]').first
    mark.click()
    expect(explanation(page).locator("#explain-text")).to_have_text(said("term", about.removeprefix("term.")))
    assert_accessible(page)
