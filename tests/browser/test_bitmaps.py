"""Bitmaps as grids with the bit that decided, MSR areas as tables, in the Memory tab."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.axe import assert_accessible
from tests.browser.player import Player


def test_an_io_exit_leads_to_the_bit_that_decided(shown: Player) -> None:
    shown.open("?lang=en", "#step=0", lesson="bitmaps")
    shown.press("n")
    page = shown.page
    page.get_by_role("button", name="See the bit that decided").click()
    asked = page.locator(".bit-grid td.asked")
    expect(asked.first).to_have_class("set asked")
    expect(page.locator(".decided")).to_contain_text("is a VM exit")
    assert_accessible(page)
    page.get_by_role("button", name="B: ports 8000").click()
    expect(asked).to_have_count(0)
    page.get_by_role("textbox", name="Port").fill("8900")
    shown.press("Enter")
    expect(page.locator(".bit-grid tbody th").first).to_have_text("8900")


def test_msr_areas_are_tables_with_names(shown: Player) -> None:
    shown.open("?lang=en", "#step=0", lesson="msrs")
    shown.press("n")
    page = shown.page
    page.get_by_role("tab", name="Memory").click()
    page.get_by_role("button", name="MSR areas").click()
    expect(page.locator(".areas")).to_have_count(3)
    expect(page.locator(".areas").first).to_contain_text("IA32_")
    assert_accessible(page)
