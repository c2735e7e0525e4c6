"""vmviz's server: `python app.py`. The one place that chooses the async mode and patches for it, before anything else.

VMVIZ_ASYNC is `eventlet` (the default), `threading` or `gevent`; HOST and PORT say where to listen (127.0.0.1:8000).
docs/deploy.md has the other settings. Nothing else in the project imports eventlet or gevent.
"""

from __future__ import annotations

import os
import sys
import warnings

ASYNC_MODE = os.environ.get("VMVIZ_ASYNC") or "eventlet"
try:
    if ASYNC_MODE == "eventlet":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # eventlet announces its maintenance; docs/deploy.md says why it is here
            import eventlet
            import eventlet.tpool
            import eventlet.wsgi

            eventlet.monkey_patch()
    elif ASYNC_MODE == "gevent":
        import gevent
        import gevent.monkey

        gevent.monkey.patch_all()
    elif ASYNC_MODE != "threading":
        sys.exit(f"VMVIZ_ASYNC is {ASYNC_MODE!r}; it must be eventlet, threading or gevent.")
except ImportError as missing:
    sys.exit(f"{missing}. Install what VMVIZ_ASYNC={ASYNC_MODE} needs, or set VMVIZ_ASYNC=threading.")

# ruff: noqa: E402
import errno
import gc
import logging
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from flask import Flask

from vmviz.errors import VmvizError
from vmviz.web.application import Web, build
from vmviz.web.settings import Settings
from vmviz.web.shelf import Shelf

BACKLOG = 1024


def create_app(settings: Settings | None = None) -> Flask:
    """The app over the lessons of the course; its Socket.IO server is `app.extensions["socketio"]`."""
    return create_web(settings or Settings.from_environment()).app


def create_web(settings: Settings, shelf: Shelf | None = None) -> Web:
    """The app with its socket server and session database, over the course's lessons or those of a test."""
    previewed = None
    if shelf is None:
        from vmviz.web.lesson_shelf import LessonShelf, outside  # the machine and the assembler come with it

        others = outside(settings, aside)
        shelf = LessonShelf(settings.recordings_bytes, others)
        threading.Thread(target=shelf.warm, daemon=True).start()
        previewed = others if settings.preview else None
    return build(settings, shelf, ASYNC_MODE, aside, previewed)  # type: ignore[arg-type]


def aside(work: Callable[[], Any]) -> Any:
    """Carry out work that takes long in a thread of the system: this mode's tasks go on meanwhile."""
    if ASYNC_MODE == "eventlet":
        return eventlet.tpool.execute(work)
    if ASYNC_MODE == "gevent":
        return gevent.get_hub().threadpool.apply(work)
    return work()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; OSError when the address cannot be had, also when only another server of ours has it."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it. A frame and its ack are two small writes: Nagle would hold the second back for 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def serve(app: Flask, listener: socket.socket, settings: Settings) -> None:
    """Serve until the process is told to end."""
    if ASYNC_MODE == "eventlet":
        eventlet.wsgi.server(listener, app, log_output=False, max_size=settings.max_connections)
    elif ASYNC_MODE == "gevent":
        from gevent.pool import Pool
        from gevent.pywsgi import WSGIServer
        from geventwebsocket.handler import WebSocketHandler

        WSGIServer(listener, app, handler_class=WebSocketHandler, log=None, error_log=None,
                   spawn=Pool(settings.max_connections)).serve_forever()
    else:
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Quiet(WSGIRequestHandler):
            def log(self, *_: Any) -> None:
                """Requests are counted, not logged."""

        host, port = listener.getsockname()[:2]
        make_server(host, port, app, threaded=True, request_handler=Quiet, fd=listener.fileno()).serve_forever()


def write_sessions_at_the_end(web: Web) -> None:
    """When the process is asked to end, write what is noted and go at once."""
    def end(number: int, _: FrameType | None) -> None:
        try:
            web.store.flush(wait=0)
        finally:
            os._exit(0 if number == signal.SIGINT else 128 + number)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


def allow_connections(wanted: int) -> None:
    """Each connection is an open file: ask for as many as the system lets us have."""
    try:
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        needed = wanted + 256 if hard == resource.RLIM_INFINITY else min(wanted + 256, hard)
        if soft != resource.RLIM_INFINITY and soft < needed:
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    except (ImportError, OSError, ValueError) as error:
        logging.getLogger("vmviz").warning("the limit of open files stays as it is: %s", error)


def be_quick() -> None:
    """What is there at the start stays: the collector need not look at it, and seldom at the oldest generation."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 10, 1000)
    sys.setswitchinterval(0.001)  # a thread with long work gives way this soon to who has to answer


def make_bundle() -> None:
    """static/dist, built when it is missing or old."""
    try:
        from tools.bundle import ensure_bundle
    except ImportError:
        return
    try:
        ensure_bundle()
    except Exception as error:
        sys.exit(f"The page's scripts are not built: {error}")


def main(shelf: Shelf | None = None) -> None:
    """`python app.py`."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = Settings.from_environment()
        try:
            listener = listen(settings.host, settings.port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                sys.exit(f"Port {settings.port} is taken. Choose another one: PORT={settings.port + 1} python app.py "
                         f"(or: make run PORT={settings.port + 1})")
            sys.exit(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror or error}")
        if shelf is None:
            make_bundle()
        web = create_web(settings, shelf)
    except VmvizError as error:
        sys.exit(str(error))
    write_sessions_at_the_end(web)
    allow_connections(settings.max_connections)
    be_quick()
    host, port = listener.getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    print(f"vmviz is at http://{shown}:{port}{settings.prefix}/ (Ctrl+C ends it)", flush=True)
    serve(web.app, listener, settings)


if __name__ == "__main__":
    main()
