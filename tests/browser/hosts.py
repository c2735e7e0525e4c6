"""Pages of other sites that hold our frames, served from another origin than ours."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hosts:
    """A small site: `pages` by path, each a body and a content security policy (none: ""). """

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, str]] = {}
        self.url = ""

    def put(self, path: str, body: str, policy: str = "") -> str:
        """Serve a page; its address."""
        self.pages[path] = (f"<!doctype html><title>A course</title><body>{body}", policy)
        return self.url + path


@contextmanager
def serving() -> Iterator[Hosts]:
    """A site on a port of its own."""
    hosts = Hosts()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body, policy = hosts.pages.get(self.path, ("", ""))
            self.send_response(200 if body else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests say what went wrong."""

    site = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hosts.url = f"http://localhost:{site.server_address[1]}"
    thread = threading.Thread(target=site.serve_forever, daemon=True)
    thread.start()
    try:
        yield hosts
    finally:
        site.shutdown()
        site.server_close()
        thread.join()
