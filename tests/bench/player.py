"""What the player costs a browser: bytes, the first picture, long tasks and frames of a play, a step, memory.

The peer of the first picture is an empty page of the same server in the same browser; of a step's drawing, the 16 ms
of a screen's frame. Chromium throttles network and processor as Lighthouse's slow 4G does (150 ms, 1.6 Mbit/s, a
processor 4 times as slow).
"""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tools.bundle import DIST, ensure_bundle
from tools.programs import CHROMIUM_ARGUMENTS, ensure
from tools.server import LESSON, Server

SLOW = {"offline": False, "latency": 150, "downloadThroughput": 1_638_400 / 8, "uploadThroughput": 750_000 / 8}
SLOWER = 4
PLAY_SECONDS, BACK_AND_FORTH, HELD = 30, 10_000, 200
WATCH = """
window.longTasks = [];
new PerformanceObserver(list => longTasks.push(...list.getEntries().map(e => e.duration)))
    .observe({type: 'longtask', buffered: true});
window.largest = 0;
new PerformanceObserver(list => { for (const e of list.getEntries()) largest = e.startTime; })
    .observe({type: 'largest-contentful-paint', buffered: true});
window.firstPicture = 0; (function look() {
    if (document.querySelector('.diagram .dot')) firstPicture = performance.now();
    else requestAnimationFrame(look); })();
window.drawings = [];                       // of each step: ms from its frame's arrival until it is drawn and laid out
const socket = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage');
Object.defineProperty(WebSocket.prototype, 'onmessage', {...socket, set(hear) {
    socket.set.call(this, event => {
        const began = performance.now();
        if (/^42\\d*\\["frame"/.test(event.data)) {
            const behind = new MessageChannel();    // its turn comes when all that the frame caused has run
            behind.port1.onmessage = () => { document.body.offsetHeight; drawings.push(performance.now() - began); };
            behind.port2.postMessage(0);
        }
        hear(event);
    });
}});
"""


def weight(script: str, style: str) -> int:
    """Bytes of a page's script, style and English words, gzipped: what it needs before it can run."""
    needed = (script, style, "languages/en.js", *json.loads((DIST / "imports.json").read_text())[script])
    return sum(len(gzip.compress((DIST / name).read_bytes(), 9)) for name in needed)


def first_picture(browser: Browser, server: Server, path: str, slow: bool) -> tuple[float, float]:
    """Milliseconds to the first picture and to the largest paint; the best of three, each with an empty cache."""
    found = []
    for _ in range(3):
        with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
            page = context.new_page()
            page.add_init_script(WATCH)
            if slow:
                session = context.new_cdp_session(page)
                session.send("Network.enable")
                session.send("Network.emulateNetworkConditions", SLOW)
                session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            page.goto(server.url + path)
            if "lesson" in path or "embed" in path:
                until(page, "firstPicture > 0")
            found.append(page.evaluate("""[firstPicture || performance.getEntriesByType('navigation')[0].loadEventEnd,
                                           largest]"""))
    return min(first for first, _ in found), min(largest for _, largest in found)


def until(page: Page, condition: str) -> None:
    while not page.evaluate(condition):
        page.wait_for_timeout(50)


def opened(browser: Browser, server: Server, reduced: bool = False) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 900},
                                  reduced_motion="reduce" if reduced else "no-preference")
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(f"{server.url}/lesson/{LESSON}")
    until(page, "firstPicture > 0")
    return page


def play(browser: Browser, server: Server) -> str:
    """Half a minute at 4x: tasks over 50 ms, frames a second."""
    page = opened(browser, server)
    page.evaluate("""longTasks.length = 0; window.frames_ = 0; window.stop_ = false;
        (function count() { frames_ += 1; if (!stop_) requestAnimationFrame(count); })();""")
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.keyboard.press(" ")
    began = page.evaluate("performance.now()")
    while page.evaluate("performance.now()") - began < PLAY_SECONDS * 1000:
        page.wait_for_timeout(500)
        if "Play" in (page.locator(".key.go").get_attribute("aria-label") or ""):
            page.keyboard.press(" ")            # it stops at the stops of the lesson
    long, frames = page.evaluate("""began => { stop_ = true;
        return [longTasks, 1000 * frames_ / (performance.now() - began)] }""",
                                 began)
    page.context.close()
    worst = f" (worst {max(long):.0f})" if long else ""
    return f"playing {PLAY_SECONDS} s at 4x: {len(long)} tasks over 50 ms{worst}, {frames:.0f} frames/s"


def drawing(browser: Browser, server: Server) -> str:
    """From the keys to the last drawing of many steps, held key and back and forth, and the heap before and after."""
    page = opened(browser, server, reduced=True)
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.enable")

    def heap() -> float:
        session.send("HeapProfiler.collectGarbage")
        return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6

    def walk(steps: int) -> float:
        """Steps one after the other as fast as they are drawn; milliseconds each."""
        return float(page.evaluate("""async steps => {
            const live = document.getElementById('live');
            const began = performance.now();
            for (let n = 0; n < steps; n += 1) {
                const said = live.textContent;
                const key = Math.floor(n / 200) % 2 ? 'ArrowLeft' : 'ArrowRight';
                document.dispatchEvent(new KeyboardEvent('keydown', {key}));
                for (let turn = 0; live.textContent === said && turn < 400; turn += 1)
                    await new Promise(go => setTimeout(go));
            }
            return (performance.now() - began) / steps; }""", steps))

    walk(400)
    before = heap()
    page.evaluate("drawings.length = 0")
    each = walk(BACK_AND_FORTH)
    after = heap()
    drawn = sorted(page.evaluate("drawings"))
    typical, most, worst = (drawn[int(part * (len(drawn) - 1))] for part in (0.5, 0.95, 1))
    page.evaluate("""held => { for (let n = 0; n < held; n += 1)
        document.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', repeat: n > 0})); }""", HELD)
    began = page.evaluate("performance.now()")
    last = ""
    while True:
        page.wait_for_timeout(100)
        now = page.locator("#live").text_content() or ""
        if now == last:
            break
        last = now
    queued = page.evaluate("performance.now()") - began
    page.context.close()
    return (f"drawn and laid out {typical:.1f} ms after its frame's arrival, p95 {most:.1f}, worst {worst:.0f} "
            f"(wanted <= 16); {BACK_AND_FORTH:,} back and forth: {each:.1f} ms each with the way to the server; "
            f"heap {before:.1f} MB before, {after:.1f} MB after; "
            f"{HELD} repeats of a held key are over {queued:.0f} ms later")


def report() -> None:
    ensure_bundle()
    print(f"script and style, gzipped: lesson {weight('main.js', 'player.css') / 1024:.1f} KB, "
          f"embed {weight('embed.js', 'player.css') / 1024:.1f} KB (wanted <= 100)")
    program = ensure("chromium")
    with tempfile.TemporaryDirectory() as folder, Server("eventlet", Path(folder)) as server, \
            sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=list(CHROMIUM_ARGUMENTS))
        server.outline()                # recorded before anybody waits
        for path in (f"/lesson/{LESSON}", f"/embed/{LESSON}"):
            for slow, wanted in ((False, 1000), (True, 2500)):
                first, largest = first_picture(browser, server, path, slow)
                print(f"first picture of {path}{', slow 4G' if slow else ''}: {first:.0f} ms (wanted <= {wanted}), "
                      f"largest paint {largest:.0f} ms")
        print(f"an empty page of the same server: {first_picture(browser, server, '/healthz', False)[0]:.0f} ms, "
              f"slow 4G {first_picture(browser, server, '/healthz', True)[0]:.0f} ms")
        print(play(browser, server))
        print(drawing(browser, server))
        browser.close()


if __name__ == "__main__":
    report()
