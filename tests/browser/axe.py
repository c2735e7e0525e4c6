"""axe, the accessibility checker, on a page as it is, and in every theme of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

THEMES = ("light", "dark", "contrast")
VIOLATIONS = {"resultTypes": ["violations"]}
# What a theme can break; the rest of a page is the same in all of them, and takes most of axe's time.
COLOURS = {**VIOLATIONS, "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


def assert_accessible(page: Page, options: dict[str, Any] = VIOLATIONS) -> None:
    """axe finds nothing against WCAG."""
    found = Axe().run(page, options=options)
    assert found.violations_count == 0, found.generate_report()


def in_each_theme(page: Page) -> Iterator[str]:
    """The page put into one theme after the other, as its button does it: without loading it again."""
    for theme in THEMES:
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        yield theme


def assert_accessible_in_each_theme(page: Page) -> None:
    """axe finds nothing in any theme."""
    for theme in in_each_theme(page):
        assert_accessible(page, VIOLATIONS if theme == THEMES[0] else COLOURS)
