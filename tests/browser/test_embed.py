"""The lesson inside pages of other sites (plain, strict, several frames, small, sandboxed), and what they say to it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Frame, Locator, Page, expect

from tests.browser.hosts import Hosts, serving
from tests.browser.player import DRAWN, SECONDS_TO_WAIT, phased_step
from tools.server import LESSON, Server

LISTENER = """<script>
window.heard = [];
addEventListener('message', ({data}) => { if (data?.namespace === 'vmviz') heard.push(data); });
window.say = (method, args) => document.querySelector('iframe').contentWindow
  .postMessage({namespace: 'vmviz', method, args}, '*');
</script>"""


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with serving() as hosts:
        yield hosts


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page in which nothing may go wrong."""
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    yield page
    assert not wrong, "\n".join(wrong)


def frame_of(page: Page, n: int = 0) -> Frame:
    """The n-th frame of ours, when it can be stepped."""
    return ready(page.locator("iframe").nth(n))


def ready(element: Locator) -> Frame:
    """The frame in an element, when all of it is there."""
    element.scroll_into_view_if_needed()           # what is out of sight is not laid out
    frame = element.element_handle().content_frame()
    assert frame is not None
    frame.locator("#player[data-connection=open]").wait_for(state="attached")
    expect_true(frame, DRAWN)
    return frame


def expect_true(frame: Frame, condition: str) -> None:
    """Until a condition holds in a frame; our policy forbids Playwright's own way of asking there."""
    until = time.monotonic() + SECONDS_TO_WAIT
    while not frame.evaluate(condition):
        assert time.monotonic() < until, f"still not: {condition}, at a height of {frame.evaluate('innerHeight')}"
        frame.page.wait_for_timeout(20)


def heard(page: Page, event: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = page.evaluate("event => heard.filter((one) => one.event === event)", event)
    return found


def wait_heard(page: Page, condition: str) -> None:
    page.wait_for_function(f"heard.some((data) => {condition})")


def iframe(server: Server, query: str = "", hash_: str = "", more: str = 'width="800" height="600"') -> str:
    return f'<iframe src="{server.url}/embed/{LESSON}{query}{hash_}" title="A lesson" {more}></iframe>'


def element_script(server: Server) -> str:
    return f'<script src="{server.url}/embed/element.js"></script>'


def inside(page: Page) -> Frame:
    """The frame in an element of ours, when it can be stepped."""
    return ready(page.locator("vmviz-lesson iframe"))


def test_a_frame_steps_by_keys_only_when_it_has_the_focus_and_keeps_its_address(
        page: Page, hosts: Hosts, server: Server) -> None:
    page.goto(hosts.put("/plain", iframe(server, "?lang=en", "#step=5")))
    frame = frame_of(page)
    said = frame.locator("#live").text_content()
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    frame.locator("[data-command=stepForward]").click()
    expect(frame.locator("#live")).not_to_have_text(said or "")
    expect(frame.locator(".position")).to_have_text(re.compile("^6"))   # one step: the keys before were the page's own
    frame.locator("#stage").click()
    page.keyboard.press("ArrowRight")
    expect(frame.locator(".position")).to_have_text(re.compile("^7"))
    expect(frame.locator("#open-full")).to_have_attribute("href", re.compile("#step=7$"))
    assert frame.url.endswith("#step=5")


def test_nothing_is_kept_in_the_browser(page: Page, context: BrowserContext, hosts: Hosts, server: Server) -> None:
    page.goto(hosts.put("/kept", iframe(server)))
    frame = frame_of(page)
    frame.locator("[data-command=stepForward]").click()
    expect(frame.locator(".position")).to_have_text(re.compile("^1"))
    # a browser that blocks storage of third parties throws
    kept = "() => { try { return localStorage.length + sessionStorage.length } catch { return 0 } }"
    assert frame.evaluate(kept) == 0
    assert context.cookies() == []


def test_a_sandboxed_frame_without_an_origin_works(page: Page, hosts: Hosts, server: Server) -> None:
    page.goto(hosts.put("/sandbox", iframe(server, more='sandbox="allow-scripts" width="640" height="480"') + LISTENER))
    frame = frame_of(page)
    assert frame.evaluate("origin") == "null"
    page.evaluate("say('hello'); say('next')")
    wait_heard(page, "data.event === 'stepchanged' && data.step === 1")
    assert frame.evaluate("getComputedStyle(document.querySelector('.band-name')).fontFamily").startswith('"Inter')


def test_a_page_with_a_strict_policy_can_hold_a_frame_and_an_element(page: Page, hosts: Hosts, server: Server) -> None:
    policy = f"default-src 'none'; frame-src {server.url}; script-src {server.url}; style-src 'unsafe-inline'"
    body = f'<vmviz-lesson name="{LESSON}" step="3" controls="min"></vmviz-lesson>{element_script(server)}'
    page.goto(hosts.put("/strict", body, policy))
    inner = inside(page)
    expect(inner.locator(".position")).to_have_text(re.compile(r"\b3\b"))
    assert inner.locator(".track").count() == 0


def test_the_element_tells_of_steps_moves_by_methods_and_follows_its_attributes(
        page: Page, hosts: Hosts, server: Server) -> None:
    page.goto(hosts.put("/element", f"""<vmviz-lesson name="{LESSON}" lang="pt-BR"></vmviz-lesson>
        <script>window.told = []; for (const name of ['ready', 'stepchanged', 'completed'])
        document.addEventListener(`vmviz-${{name}}`, ({{detail}}) => told.push(detail));</script>
        {element_script(server)}"""))
    page.wait_for_function("told.some(({event}) => event === 'ready')")
    page.evaluate("document.querySelector('vmviz-lesson').seek(7)")
    page.wait_for_function("told.some(({event, step, sentence}) => event === 'stepchanged' && step === 7 && sentence)")
    page.evaluate("document.querySelector('vmviz-lesson').next()")
    page.wait_for_function("told.some(({event, step}) => event === 'stepchanged' && step === 8)")
    page.evaluate("document.querySelector('vmviz-lesson').setAttribute('step', '2')")
    page.wait_for_function("told.at(-1)?.step === 2")


def test_several_frames_of_one_lesson_do_not_take_each_other_s_place(page: Page, hosts: Hosts, server: Server) -> None:
    page.goto(hosts.put("/several", "".join((
        iframe(server, hash_="#step=1"), iframe(server, hash_="#step=9"), iframe(server, "?lang=pt-BR")))))
    frames = [frame_of(page, n) for n in range(3)]
    for frame in frames:
        frame.locator("[data-command=stepForward]").click()
    for frame, step in zip(frames, ("2", "10", "1"), strict=True):
        expect(frame.locator(".position")).to_have_text(re.compile(f"^{step} /"))
        assert frame.locator(".message").is_hidden()


def test_in_a_frame_of_640_by_480_everything_has_room_and_is_accessible(
        page: Page, hosts: Hosts, server: Server) -> None:
    page.goto(hosts.put("/small", iframe(server, "?theme=light", "#step=434.2", 'width="640" height="480"')))
    frame = frame_of(page)
    assert frame.evaluate("""document.documentElement.scrollWidth <= innerWidth
        && document.documentElement.scrollHeight <= innerHeight""")
    found = Axe().run(page)
    inside_frames = [violation for violation in found.response["violations"]
                     if any(len(node["target"]) > 1 for node in violation["nodes"])]
    assert not inside_frames


@pytest.mark.parametrize("width", [320, 500, 900])
def test_with_the_resizer_a_frame_is_as_high_as_what_it_shows_and_shrinks_again(
        page: Page, hosts: Hosts, server: Server, width: int) -> None:
    column = f'<div id="column" style="width:{width}px">{iframe(server, more="width=100% height=2000")}</div>'
    script = f'<script src="{server.url}/embed/resizer.js"></script>'
    page.goto(hosts.put(f"/resized-{width}", column + LISTENER + script))
    frame = frame_of(page)
    wait_heard(page, "data.event === 'resize'")
    page.wait_for_function("document.querySelector('iframe').clientHeight < 1200")
    fits = "Math.abs(document.querySelector('#player').getBoundingClientRect().bottom - innerHeight) <= 2"
    expect_true(frame, fits)
    before = page.evaluate("document.querySelector('iframe').clientHeight")
    page.evaluate("document.querySelector('#column').style.width = '1100px'; heard.length = 0")
    wait_heard(page, "data.event === 'resize'")
    expect_true(frame, f"innerWidth > 1000 && innerHeight !== {before} && {fits}")


def test_a_page_is_told_of_exits_and_of_the_end_and_refused_what_there_is_not(
        page: Page, hosts: Hosts, server: Server) -> None:
    outline = server.outline()
    leave, _ = phased_step(outline, "exit")
    page.goto(hosts.put("/told", iframe(server, hash_=f"#step={leave}") + LISTENER))
    frame_of(page)
    page.evaluate("say('next')")
    page.evaluate("say('hello')")
    wait_heard(page, "data.event === 'ready'")
    assert not heard(page, "stepchanged")           # what was asked before the hello was not done
    page.evaluate("say('next')")
    wait_heard(page, "data.event === 'transition' && data.transition === 'exit' && data.vm === 'A' "
                     f"&& data.step === {leave + 1}")
    page.evaluate(f"say('seek', {{step: {outline['length']}}})")
    wait_heard(page, "data.event === 'completed'")
    page.evaluate("say('explode'); say('seek', {step: -1}); say('theme', {theme: 'pink'})")
    wait_heard(page, "data.params?.method === 'theme'")
    assert [error["code"] for error in heard(page, "error")] == ["unknown_method", "bad_arguments", "bad_arguments"]


def test_only_named_sites_may_frame_and_are_told_without_a_hello(
        context: BrowserContext, hosts: Hosts, start_server: Callable[..., Server]) -> None:
    server = start_server(VMVIZ_EMBED_ORIGINS=hosts.url)
    page = context.new_page()
    page.goto(hosts.put("/named", iframe(server) + LISTENER))
    wait_heard(page, "data.event === 'ready'")
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.goto(hosts.put("/named", iframe(server)).replace("localhost", "127.0.0.1"))


def test_the_dialog_makes_code_that_works(page: Page, context: BrowserContext, hosts: Hosts, server: Server) -> None:
    page.goto(f"{server.url}/lesson/{LESSON}?lang=en#step=12")
    page.locator("#live:not(:empty)").wait_for(state="attached")
    page.locator("#embed").click()
    dialog = page.locator("#embed-dialog")
    code = dialog.locator("textarea")
    expect(code).to_have_value(re.compile("#step=12"))
    dialog.get_by_label("Language").select_option("pt-BR")
    dialog.get_by_label("Controls").select_option("min")
    expect(code).to_have_value(re.compile("lang=pt-BR&amp;controls=min#step=12"))
    assert Axe().run(page).violations_count == 0
    dialog.get_by_role("button", name="Element").click()
    expect(code).to_have_value(re.compile("<vmviz-lesson"))
    element = code.input_value()
    other = context.new_page()
    other.goto(hosts.put("/pasted", element))
    inner = inside(other)
    assert inner.locator("html").get_attribute("lang") == "pt-BR"
    page.bring_to_front()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
