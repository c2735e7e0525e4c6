"""Security headers of every answer. No inline script or style, nothing from elsewhere, nobody may frame us.

`connect-src` names the websocket: older browsers do not take 'self' for it. /embed is the one path that others may
frame: its view sets its own `frame-ancestors` (`framed`), and what a view has set stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from flask import Flask, Response, request

_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:]+\](:[0-9]{1,5})?")
_FIXED: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SELF_ONLY: Final = "'self'"


def policy(host: str, ancestors: str = "'none'") -> str:
    """The content security policy of a page at `host`."""
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return "; ".join((
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
        f"connect-src 'self'{sockets}", "frame-src 'self'", "manifest-src 'self'",
        "base-uri 'none'", "form-action 'self'",
        f"frame-ancestors {ancestors}"))


def framed(response: Response, origins: Sequence[str]) -> Response:
    """Let others frame a page: everybody when `origins` is empty, else those and ourselves."""
    ancestors = " ".join((_SELF_ONLY, *origins)) if origins else "*"
    response.headers["Content-Security-Policy"] = policy(request.host, ancestors)
    return shared(response)


def shared(response: Response) -> Response:
    """Let pages of other origins (a sandboxed frame has none of its own) load an answer; nothing of ours is secret."""
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def protect(app: Flask) -> None:
    """Put the headers on every answer of an app."""
    @app.after_request
    def headers(response: Response) -> Response:
        if "Content-Security-Policy" not in response.headers:
            response.headers["Content-Security-Policy"] = policy(request.host)
            response.headers["X-Frame-Options"] = "DENY"
        for name, value in _FIXED.items():
            response.headers.setdefault(name, value)
        return response
