"""One browser for all tests, one server for each async mode; a fresh context (storage, cookies) for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright

from tests.browser.player import SECONDS_TO_WAIT, Player
from tools.bundle import ensure_bundle
from tools.programs import CHROMIUM_ARGUMENTS, ensure
from tools.server import Server

MODES = ("eventlet", "threading", "gevent")
MILLISECONDS_TO_WAIT = 1000 * SECONDS_TO_WAIT
expect.set_options(timeout=MILLISECONDS_TO_WAIT)    # its own 5 s are too few where two files of tests run at a time


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=str(ensure("chromium")), args=list(CHROMIUM_ARGUMENTS))
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts servers; all of them end with the tests."""
    ensure_bundle()
    folder: Path = tmp_path_factory.mktemp("server")
    servers: list[Server] = []

    def start(mode: str = "eventlet", **settings: str) -> Server:
        server = Server(mode, folder, **settings)
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def server(start_server: Callable[..., Server]) -> Server:
    """The server as it is by default."""
    return start_server()


@pytest.fixture(scope="session", params=MODES)
def each_server(request: pytest.FixtureRequest, start_server: Callable[..., Server]) -> Server:
    """One server after the other, in each async mode."""
    return start_server(request.param)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce", locale="en-GB")
    context.set_default_timeout(MILLISECONDS_TO_WAIT)
    yield context
    context.close()


@pytest.fixture
def player(context: BrowserContext, server: Server) -> Iterator[Player]:
    """A page for the lesson; when the test is over nothing may have gone wrong in it."""
    player = Player(context.new_page(), server)
    yield player
    player.check()


@pytest.fixture(scope="session")
def programs(start_server: Callable[..., Server]) -> Server:
    """A server of conformance programs as lessons."""
    return start_server("threading", module="tests.browser.shown_programs")


@pytest.fixture
def shown(context: BrowserContext, programs: Server) -> Iterator[Player]:
    """A player over those; when the test is over nothing may have gone wrong in it."""
    player = Player(context.new_page(), programs)
    yield player
    player.check()
