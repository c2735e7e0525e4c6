"""Security headers of every answer. No inline script or style, nothing from elsewhere, nobody may frame us.

`connect-src` names the websocket: older browsers do not take 'self' for it. /embed is the one path that others may
frame, when it comes: its view sets its own `frame-ancestors`, and what a view has set stays.
"""

from __future__ import annotations

import re
from typing import Final

from flask import Flask, Response, request

_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:]+\](:[0-9]{1,5})?")
_FIXED: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def policy(host: str, ancestors: str = "'none'") -> str:
    """The content security policy of a page at `host`."""
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return "; ".join((
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
        f"connect-src 'self'{sockets}", "manifest-src 'self'", "base-uri 'none'", "form-action 'self'",
        f"frame-ancestors {ancestors}"))


def protect(app: Flask) -> None:
    """Put the headers on every answer of an app."""
    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy(request.host))
        for name, value in _FIXED.items():
            response.headers.setdefault(name, value)
        return response
