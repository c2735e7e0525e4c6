"""Socket.IO: connects sockets to the conversation, and nothing more.

`async_handlers` is off: the task that receives a socket's messages also carries them out, one after the other. So the
commands of a socket keep their order however fast they come, and a client that floods waits for itself only. After
each one the task lets others run: under eventlet and gevent a full buffer would otherwise hold everybody up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import urlsplit

from flask import Flask
from flask_socketio import SocketIO
from socketio.packet import Packet

from vmviz.web import wire
from vmviz.web.conversation import Ack, Conversation
from vmviz.web.frames import Frames
from vmviz.web.learners_recording import LearnersRecording
from vmviz.web.metrics import Metrics
from vmviz.web.programs import Programs, Watch
from vmviz.web.sessions import Sessions
from vmviz.web.settings import Settings
from vmviz.web.shelf import Shelf
from vmviz.web.store import Store

AsyncMode = Literal["eventlet", "threading", "gevent"]
LARGEST_MESSAGE = 64 * 1024
log = logging.getLogger(__name__)


class WirePacket(Packet):  # type: ignore[misc]
    """A Socket.IO packet whose JSON is ours; a class of its own, for the library's is shared by the whole process."""

    json = wire


def ours(origin: str | None, environ: dict[str, Any]) -> bool:
    """May a page of this origin talk to us? Those that we served; a sandboxed frame of ours calls itself "null".

    Nothing hangs on it: there are no cookies, and a session is known only to the page that was given it.
    """
    if origin is None or origin == "null":
        return True
    hosts = {environ.get("HTTP_HOST"), environ.get("HTTP_X_FORWARDED_HOST", "").split(",")[0].strip()}
    return urlsplit(origin).netloc in hosts - {"", None}


def connect(app: Flask, shelf: Shelf, frames: Frames, store: Store, settings: Settings, metrics: Metrics,
            async_mode: AsyncMode, programs: Programs) -> tuple[SocketIO, Sessions]:
    """The Socket.IO server of an app, and the sessions behind it."""
    quiet = logging.getLogger("vmviz.socket")
    quiet.setLevel(logging.CRITICAL)  # what clients send wrong is theirs to see, not the log's
    io = SocketIO(app, async_mode=async_mode, async_handlers=False, manage_session=False,
                  serializer=WirePacket,  # type: ignore[call-arg]
                  cors_allowed_origins=ours,  # type: ignore[arg-type]  # the stubs lack functions
                  cors_credentials=False,
                  max_http_buffer_size=LARGEST_MESSAGE, http_compression=False, ping_interval=20, ping_timeout=20,
                  logger=quiet, engineio_logger=quiet)
    server: Any = io.server  # type: ignore[attr-defined]

    def send(sid: str, event: str, payload: Any, callback: Callable[..., None] | None = None) -> None:
        metrics.sent(event)
        server.emit(event, payload, to=sid, callback=callback)

    sessions = Sessions(store, frames, settings, send)
    conversation = Conversation(shelf, frames, sessions, settings, metrics, server.start_background_task,
                                programs)

    def grown(recording: LearnersRecording) -> None:
        sessions.grown(recording, recording.growth(), wait=recording.done)

    programs.watch = Watch(sessions.looked_at, grown)
    tending: list[object] = []

    def tend() -> None:
        while True:
            server.sleep(1)
            try:
                sessions.tend()
            except Exception:
                log.exception("tending sessions failed")

    def come(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        sessions.connect(sid)
        if not tending:  # started late, so that it belongs to the process that serves
            tending.append(True)
            server.start_background_task(tend)

    def gone(sid: str, *reason: Any) -> None:
        sessions.disconnect(sid)

    def heard(name: Any, sid: str, *arguments: Any) -> Ack:
        ack = conversation.answer(sid, name, arguments)
        server.sleep(0)
        return ack

    server.on("connect", come)
    server.on("disconnect", gone)
    server.on("*", heard)
    return io, sessions
