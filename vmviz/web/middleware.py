"""Around the whole app, Socket.IO included: the path prefix, and what a proxy in front may say.

Below a prefix the app answers whether the proxy passes the prefix on or strips it. `Sec-WebSocket-Extensions` is taken
out of the handshake: deflate costs more processor time and memory for each client than the bytes it saves here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

from vmviz.web.settings import Settings

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def around(app: Wsgi, settings: Settings) -> Wsgi:
    """The WSGI app to serve."""
    prefix = settings.prefix

    def inner(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        if prefix:
            path = environ.get("PATH_INFO", "")
            if path == prefix or path.startswith(prefix + "/"):
                environ["PATH_INFO"] = path[len(prefix):] or "/"
            environ["SCRIPT_NAME"] = prefix
        return app(environ, start_response)

    if settings.proxies:
        n = settings.proxies
        return ProxyFix(inner, x_for=n, x_proto=n, x_host=n, x_port=n)
    return inner
