"""Puts the parts of the web together: one Flask app with its socket server.

Every app is complete in itself (store, sessions, caches, metrics), so tests can make several. Nothing is served here.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from flask import Flask
from flask_socketio import SocketIO

from vmviz.web import api, compression, embedding, middleware, pages, preview, security, sockets
from vmviz.web.frames import Frames
from vmviz.web.handbook import routes as handbook
from vmviz.web.handbook import search_routes as search
from vmviz.web.learners_recording import Aside
from vmviz.web.metrics import Metrics
from vmviz.web.outside_lessons import OutsideLessons
from vmviz.web.programs import Programs
from vmviz.web.settings import Settings
from vmviz.web.shelf import Shelf
from vmviz.web.store import Store

ROOT = Path(__file__).resolve().parents[2]


class Web(NamedTuple):
    """An app and what belongs to it."""

    app: Flask
    io: SocketIO
    store: Store


def build(settings: Settings, shelf: Shelf, async_mode: sockets.AsyncMode,
          aside: Aside = lambda work: work(), previewed: OutsideLessons | None = None) -> Web:
    """The app for these settings over these lessons; `async_mode` must fit how the process was patched.

    `aside` carries out a function in a thread of the system while the tasks of this mode go on;
    `previewed`: the lesson that somebody writes, when this server is there to show it.
    """
    app = Flask("vmviz", static_folder=str(ROOT / "static"), template_folder=str(ROOT / "templates"))
    app.config["MAX_CONTENT_LENGTH"] = sockets.LARGEST_MESSAGE
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    store = Store(settings.sessions)
    app.extensions["store"] = store
    frames = Frames(settings.frames_bytes)
    metrics = Metrics()
    programs = Programs(settings, aside, metrics.limited)
    compression.compress(app, ROOT / "static")
    security.protect(app)
    pages.keep_versioned_files(app)
    app.register_blueprint(pages.blueprint(shelf, frames, settings, ROOT / "static", (handbook.add, search.add)))
    app.register_blueprint(embedding.blueprint(shelf, frames, settings, ROOT / "static"))
    app.register_blueprint(api.blueprint(shelf, frames, store, metrics))
    if previewed is not None:
        app.register_blueprint(preview.blueprint(previewed))
    io, sessions = sockets.connect(app, shelf, frames, store, settings, metrics, async_mode, programs)
    metrics.gauge("sockets", "Sockets that are connected", lambda: sessions.counts()[0])
    metrics.gauge("sessions", "Sessions in memory", lambda: sessions.counts()[1])
    metrics.gauge("frames_kept_bytes", "Encoded frames that are kept", lambda: frames.size)
    metrics.gauge("frames_hits", "Frames that were encoded already", lambda: frames.hits)
    metrics.gauge("frames_misses", "Frames that had to be encoded", lambda: frames.misses)
    metrics.gauge("workers_running", "Learners' programs that are being recorded", lambda: programs.workers.running)
    metrics.gauge("workers_queued", "Learners' programs that wait for that", lambda: programs.workers.queued)
    metrics.gauge("programs_kept_bytes", "Recordings of learners' programs that are kept", lambda: programs.size)
    app.wsgi_app = middleware.around(app.wsgi_app, settings)  # type: ignore[method-assign,assignment]
    return Web(app, io, store)
