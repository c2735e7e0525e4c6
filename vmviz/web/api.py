"""The JSON API: what never changes while one looks at it, and what operators ask.

Everything below /api/lessons, /api/reference, /api/checks and /api/msrs have an ETag and are asked for again cheaply.
Errors are JSON with an id, as on the socket.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec
from flask import Blueprint, Response, request
from werkzeug.http import generate_etag

from vmviz.errors import LessonError
from vmviz.machine import msr
from vmviz.recording.positions import nearest
from vmviz.web import checks, i18n, reference
from vmviz.web.frames import Frames
from vmviz.web.metrics import Metrics
from vmviz.web.security import shared
from vmviz.web.seeds import seed_in, variant_of
from vmviz.web.shelf import Recorded, Shelf
from vmviz.web.store import Store
from vmviz.web.wire import encode, shown

log = logging.getLogger(__name__)


def blueprint(shelf: Shelf, frames: Frames, store: Store, metrics: Metrics) -> Blueprint:
    """The routes of the API."""
    api = Blueprint("api", __name__)

    @api.get("/api/lessons")
    def lessons() -> Response:
        entries = []
        for name in shelf.names():
            try:
                entries.append(shelf.entry(name))
            except LessonError:  # a broken lesson does not take the others with it
                log.exception("lesson %s is not listed", name)
        return answer(encode(entries))

    @api.get("/api/lessons/<name>/text")
    def text(name: str) -> Response:
        lang = i18n.choose(request.args.get("lang"), request.accept_languages.values())
        return lesson(name, lambda: encode(shelf.text(name, lang, variant(name))))

    @api.get("/api/lessons/<name>/outline")
    def outline(name: str) -> Response:
        return recorded(name, frames.outline)

    @api.get("/api/lessons/<name>/listing")
    def listing(name: str) -> Response:
        return recorded(name, frames.listing)

    @api.get("/api/lessons/<name>/excerpt")
    def excerpt(name: str) -> Response:
        return recorded(name, frames.excerpt)

    @api.get("/api/lessons/<name>/snapshot")
    def snapshot(name: str) -> Response:
        step, _, phase = request.args.get("at", "0").partition(".")
        if not re.fullmatch(r"[0-9]{1,9}", step, re.ASCII) or not re.fullmatch(r"[0-9]{0,3}", phase, re.ASCII):
            return refused(400, "bad_arguments", "at: takes a position like 37 or 37.3.", command="snapshot",
                           reason="at")

        def there(recorded: Recorded) -> msgspec.Raw:
            return frames.snapshot(recorded, nearest(int(step), int(phase or 0), recorded.length, recorded.phases))

        return recorded(name, there)

    @api.get("/api/reference")
    def explanations() -> Response:
        lang = i18n.choose(request.args.get("lang"), request.accept_languages.values())
        return shared(answer(reference.reference(lang)))        # a sandboxed frame of ours asks as a stranger

    @api.get("/api/checks")
    def rules() -> Response:
        return shared(answer(checks.checks()))

    @api.get("/api/msrs")
    def msrs() -> Response:
        return shared(answer(encode({f"{index:x}": name for index, name in msr.names().items()})))

    @api.get("/api/<path:anything>")
    def nothing(anything: str) -> Response:
        return refused(404, "not_found", "There is nothing at this address.", path=shown(request.path))

    @api.get("/healthz")
    def healthz() -> Response:
        try:
            store.check()
        except sqlite3.Error as error:
            log.error("the session database cannot be read: %s", error)
            return refused(503, "sessions", "The session database cannot be read.")
        return answer(encode({"ok": True, "lessons": len(shelf.names())}))

    @api.get("/metrics")
    def numbers() -> Response:
        return Response(metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")

    def recorded(name: str, payload: Callable[[Recorded], msgspec.Raw]) -> Response:
        return lesson(name, lambda: payload(shelf.recording(name, variant(name))))

    def variant(name: str) -> int:
        return variant_of(seed_in(request.args.get("seed")), shelf.variants(name))

    def lesson(name: str, make: Callable[[], msgspec.Raw]) -> Response:
        try:
            return answer(make())
        except KeyError:
            return refused(404, "unknown_lesson", "There is no lesson of that name.", lesson=shown(name))
        except LessonError as error:
            log.error("a lesson does not do what it says: %s", error)
            return refused(500, "lesson_broken", "The lesson does not do what it says.", lesson=shown(name))

    return api


def answer(payload: msgspec.Raw, status: int = 200) -> Response:
    """A JSON answer with an ETag; 304 when the client has it already."""
    body = bytes(payload)
    response = Response(body, status, content_type="application/json")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Vary"] = "Accept-Language"
    response.set_etag(generate_etag(body))
    return response.make_conditional(request) if status == 200 else response  # type: ignore[return-value]


def refused(status: int, code: str, message: str, **params: Any) -> Response:
    """A JSON error."""
    return answer(encode({"error": {"code": code, "params": params, "message": message}}), status)
