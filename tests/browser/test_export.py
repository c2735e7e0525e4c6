"""Saving the picture: files that stand alone, steps that do not move the learner, words for all of it."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from playwright.sync_api import Page, expect

from tests.browser.axe import assert_accessible
from tests.browser.player import Player, phased_step


def saved(page: Page, button: str, folder: Path) -> Path:
    """The file that a button saves."""
    with page.expect_download() as waiting:
        page.locator("#export-dialog").get_by_role("button", name=button, exact=True).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def test_the_picture_is_saved_as_a_file_that_needs_nothing_else(player: Player, tmp_path: Path) -> None:
    step, _ = phased_step(player.server.outline(), "exit")
    player.open("?lang=en&theme=light", f"#step={step}.4")
    page = player.page
    page.locator("#export").dblclick()             # its script is not there yet: one dialog all the same
    page.locator("#export-dialog").wait_for()
    assert_accessible(page)
    svg = saved(page, "SVG", tmp_path)
    assert svg.name == f"first-guests-{step}.4.svg"
    root = ElementTree.fromstring(svg.read_text())
    colours = {element.get("fill") for element in root.iter() if element.get("fill")}
    assert len(colours) > 6 and not any("var(" in (colour or "") for colour in colours)
    assert "VM exit" in "".join(root.itertext())
    png = saved(page, "PNG", tmp_path).read_bytes()
    assert png.startswith(b"\x89PNG") and int.from_bytes(png[16:20], "big") >= 1800 and len(png) > 20_000
    text = saved(page, "Text", tmp_path).read_text()
    assert "VMCS A" in text and "Logical processor 0" in text


def test_several_steps_are_drawn_without_moving_the_learner(player: Player, tmp_path: Path) -> None:
    step, names = phased_step(player.server.outline(), "exit")
    player.open("?lang=en", f"#step={step}")
    page = player.page
    page.locator("#export").click()
    page.get_by_role("spinbutton", name="To step").fill(str(step + 1))
    strip = ElementTree.fromstring(saved(page, "Strip (SVG)", tmp_path).read_text())
    words = [text for text in ("".join(element.itertext()) for element in strip.iter() if element.tag.endswith("text"))
             if re.match(r"Step \d", text)]
    assert len(words) == len(names) + 1             # before, after each phase
    moving = saved(page, "Animation (SVG)", tmp_path).read_text()
    assert moving.count("<animate ") == len(names) + 1
    expect(page.locator(".message")).to_be_hidden()
    page.keyboard.press("Escape")
    player.press("ArrowRight")
    player.wait_at(step + 1)


def test_the_text_tab_says_what_the_picture_shows(player: Player) -> None:
    step, _ = phased_step(player.server.outline(), "exit")
    player.open("?lang=en", f"#step={step + 1}")
    page = player.page
    page.get_by_role("tab", name="Text").click()
    said = page.locator(".scene-text").inner_text()
    assert "VM A" in said and "stopped" in said and "VM exit from VM A" in said
    assert_accessible(page)
    page.emulate_media(media="print")
    assert page.locator(".transport").is_hidden() and page.locator(".stage svg.diagram").is_visible()


def test_a_narrow_header_has_export_and_embed_in_a_menu(player: Player) -> None:
    player.page.set_viewport_size({"width": 390, "height": 844})
    player.open("?lang=en")
    menu = player.page.locator(".more")
    for name, dialog in (("Export", "#export-dialog"), ("Embed", "#embed-dialog")):
        menu.locator("summary").click()
        assert_accessible(player.page)
        menu.get_by_role("button", name=name).click()
        expect(player.page.locator(dialog)).to_be_visible()
        expect(menu.locator("ul")).to_be_hidden()
        player.page.keyboard.press("Escape")
        expect(player.page.locator(dialog)).to_have_count(0)
    menu.locator("summary").focus()
    player.press("Enter")
    expect(menu.locator("ul")).to_be_visible()
    player.press("Escape")
    expect(menu.locator("ul")).to_be_hidden()
