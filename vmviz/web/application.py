"""Puts the parts of the web together: one Flask app with its socket server.

Every app is complete in itself (store, sessions, caches, metrics), so tests can make several. Nothing is served here.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from flask import Flask
from flask_socketio import SocketIO

from vmviz.web import api, middleware, pages, security, sockets
from vmviz.web.frames import Frames
from vmviz.web.metrics import Metrics
from vmviz.web.settings import Settings
from vmviz.web.shelf import Shelf
from vmviz.web.store import Store

ROOT = Path(__file__).resolve().parents[2]


class Web(NamedTuple):
    """An app and what belongs to it."""

    app: Flask
    io: SocketIO
    store: Store


def build(settings: Settings, shelf: Shelf, async_mode: sockets.AsyncMode) -> Web:
    """The app for these settings over these lessons; `async_mode` must fit how the process was patched."""
    app = Flask("vmviz", static_folder=str(ROOT / "static"), template_folder=str(ROOT / "templates"))
    app.config["MAX_CONTENT_LENGTH"] = sockets.LARGEST_MESSAGE
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    store = Store(settings.sessions)
    app.extensions["store"] = store
    frames = Frames(settings.frames_bytes)
    metrics = Metrics()
    security.protect(app)
    pages.keep_versioned_files(app)
    app.register_blueprint(pages.blueprint(shelf, frames, settings, ROOT / "static"))
    app.register_blueprint(api.blueprint(shelf, frames, store, metrics))
    io, sessions = sockets.connect(app, shelf, frames, store, settings, metrics, async_mode)
    metrics.gauge("sockets", "Sockets that are connected", lambda: sessions.counts()[0])
    metrics.gauge("sessions", "Sessions in memory", lambda: sessions.counts()[1])
    metrics.gauge("frames_kept_bytes", "Encoded frames that are kept", lambda: frames.size)
    metrics.gauge("frames_hits", "Frames that were encoded already", lambda: frames.hits)
    metrics.gauge("frames_misses", "Frames that had to be encoded", lambda: frames.misses)
    app.wsgi_app = middleware.around(app.wsgi_app, settings)  # type: ignore[method-assign,assignment]
    return Web(app, io, store)
