"""Pictures of every page in every size and theme, to be looked at beside the design: `make screenshots [TO=folder]`.

It starts a server of its own. Pictures are taken with reduced motion, so that two runs give the same ones.
`--readme` makes only docs/images/player.png, the picture in the README.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tools.programs import CHROMIUM_ARGUMENTS, ensure
from tools.progress import SetupError, say
from tools.server import LESSON, ROOT, Server

SIZES = ((1440, 900), (1024, 768), (640, 480), (390, 844))
THEMES = ("light", "dark")
README_PICTURE = ROOT / "docs" / "images" / "player.png"


def places(server: Server) -> dict[str, str]:
    """The positions of the lesson that look different, by the name of their picture."""
    outline = server.outline()
    exits = [int(step) for step, found in outline["phased"].items() if found["of"] == "exit"]
    entries = [int(step) for step, found in outline["phased"].items() if found["of"] == "entry"]
    guest = next(lane for lane in outline["lanes"] if lane["lane"] not in ("off", "root"))
    return {"start": "0", "guest": str(guest["from"] + 1), "entry": f"{entries[0]}.4", "exit": f"{exits[1]}.2",
            "handler": str(outline["exits"][2]["step"]), "end": str(outline["length"])}


def take(page: Page, url: str, size: tuple[int, int], to: Path, *, live: bool) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto("about:blank")
    page.goto(url)
    if live:
        page.locator("#live:not(:empty)").wait_for(state="attached")
    page.evaluate("document.fonts.ready.then(() => true)")
    page.screenshot(path=to)
    say(str(to))


def take_all(browser: Browser, server: Server, folder: Path) -> None:
    where = places(server)
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        for theme in THEMES:
            for size in SIZES:
                named = f"{size[0]}x{size[1]}-{theme}.png"
                query = f"?lang=en&theme={theme}"
                take(page, f"{server.url}/{query}", size, folder / f"home-{named}", live=False)
                take(page, f"{server.url}/about{query}", size, folder / f"about-{named}", live=False)
                for place in ("guest", "exit"):
                    take(page, f"{server.url}/lesson/{LESSON}{query}#step={where[place]}", size,
                         folder / f"player-{place}-{named}", live=True)
            for place in ("start", "entry", "handler", "end"):
                take(page, f"{server.url}/lesson/{LESSON}?lang=pt-BR&theme={theme}#step={where[place]}", SIZES[0],
                     folder / f"player-{place}-pt-BR-{theme}.png", live=True)


def take_for_readme(browser: Browser, server: Server) -> None:
    """The first VM exit while the host state is loaded, with the VMCS beside it."""
    first = min(int(step) for step, found in server.outline()["phased"].items() if found["of"] == "exit")
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        url = f"{server.url}/lesson/{LESSON}?lang=en&theme=light#step={first}.4"
        take(page, url, SIZES[0], README_PICTURE, live=True)
        page.get_by_role("tab", name="VMCS").click()
        page.screenshot(path=README_PICTURE)


def main() -> int:
    options = argparse.ArgumentParser(prog="tools.screenshots", description=__doc__)
    options.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "screenshots")
    options.add_argument("--readme", action="store_true", help="only docs/images/player.png")
    chosen = options.parse_args()
    folder = README_PICTURE.parent if chosen.readme else chosen.folder
    folder.mkdir(parents=True, exist_ok=True)
    try:
        program = ensure("chromium")
    except SetupError as error:
        say(str(error))
        return 1
    with tempfile.TemporaryDirectory() as own, Server("eventlet", Path(own)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=list(CHROMIUM_ARGUMENTS))
        if chosen.readme:
            take_for_readme(browser, server)
        else:
            take_all(browser, server, folder)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
