"""What travels is small: built files as the build has compressed them, pages and JSON compressed when they are made.

Nothing here is secret, so that compressing it tells nobody anything.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Final

from flask import Flask, Response, request, send_from_directory

SMALLEST: Final = 1_000             # bytes; less is not worth it
LEVEL: Final = 5
_TEXT: Final = ("text/", "application/json", "application/javascript", "image/svg+xml")
_BUILT: Final = (("br", ".br"), ("gzip", ".gz"))        # best first


def compress(app: Flask, static: Path) -> None:
    """Let an app answer in the encodings that a client takes."""
    dist = static / "dist"

    @app.get("/static/dist/<path:name>", endpoint="built")
    def built(name: str) -> Response:
        for encoding, ending in _BUILT:
            if _takes(encoding) and (dist / (name + ending)).is_file():
                response = send_from_directory(dist, name + ending, mimetype=_mimetype(name), download_name=name)
                response.headers["Content-Encoding"] = encoding
                break
        else:
            response = send_from_directory(dist, name)
        response.headers["Vary"] = "Accept-Encoding"
        return response

    @app.after_request
    def shrink(response: Response) -> Response:
        if (response.status_code != 200 or response.direct_passthrough or "Content-Encoding" in response.headers
                or not (response.mimetype or "").startswith(_TEXT)):
            return response
        response.vary.add("Accept-Encoding")
        if not _takes("gzip") or (response.content_length or 0) < SMALLEST:
            return response
        response.set_data(gzip.compress(response.get_data(), LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        tag, _ = response.get_etag()
        if tag:
            response.set_etag(tag, weak=True)       # the same content, other bytes
        return response


def _takes(encoding: str) -> bool:
    return request.accept_encodings.quality(encoding) > 0


def _mimetype(name: str) -> str:
    return {".js": "text/javascript", ".css": "text/css"}.get(Path(name).suffix, "application/octet-stream")
