"""What can be set from outside, all of it by environment variables, and nothing read anywhere else.

docs/protocol.md has the limits of the protocol; these are the limits of one server. A value that cannot be used is a
VmvizError that names the variable. VMVIZ_ASYNC is read by app.py itself, before anything can be imported.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from vmviz.errors import VmvizError

MIB = 1 << 20
_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9.-]+(:[0-9]{1,5})?", re.IGNORECASE)
T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """The settings of one server."""

    host: str = "127.0.0.1"
    port: int = 8000
    prefix: str = ""  # path the app lives below: "" or "/vmviz"
    proxies: int = 0  # how many proxies in front may be believed about X-Forwarded-*
    sessions: Path = Path("sessions.sqlite3")  # the session database
    session_days: int = 30
    max_sessions: int = 5_000  # live in memory at once
    idle_minutes: int = 720  # an open socket without a command is closed after this
    max_connections: int = 10_000
    recordings_bytes: int = 256 * MIB
    frames_bytes: int = 16 * MIB
    workers: int = min(os.cpu_count() or 1, 4)  # learners' programs that are recorded at once
    worker_queue: int = 16  # that wait for that
    worker_bytes: int = 512 * MIB  # address space of a worker
    program_steps: int = 1_000_000
    program_seconds: int = 20  # of processor time
    program_bytes: int = 96 * MIB  # of one recording
    programs_bytes: int = 256 * MIB  # of all recordings of learners' programs
    commands_per_second: int = 200
    commands_at_once: int = 1_000
    embed_origins: tuple[str, ...] = ()  # sites that may frame /embed; none named: every site
    lessons: tuple[Path, ...] = ()  # folders with lessons beside ours
    preview: Path | None = None  # a lesson that somebody writes: read again whenever its files change

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """The settings that the environment asks for, defaults elsewhere."""
        def number(name: str, default: int, least: int, most: int) -> int:
            return _checked(environ, name, default, lambda text: _between(int(text), least, most),
                            f"a whole number from {least} to {most}")

        return cls(
            host=environ.get("HOST") or cls.host,
            port=number("PORT", cls.port, 0, 65_535),
            prefix=_checked(environ, "VMVIZ_PREFIX", "", _prefix, 'a path like "/vmviz"'),
            proxies=number("VMVIZ_PROXIES", cls.proxies, 0, 9),
            sessions=Path(environ.get("VMVIZ_SESSIONS") or _state_folder(environ) / "sessions.sqlite3"),
            session_days=number("VMVIZ_SESSION_DAYS", cls.session_days, 1, 3_650),
            max_sessions=number("VMVIZ_MAX_SESSIONS", cls.max_sessions, 1, 1_000_000),
            idle_minutes=number("VMVIZ_IDLE_MINUTES", cls.idle_minutes, 1, 100_000),
            max_connections=number("VMVIZ_MAX_CONNECTIONS", cls.max_connections, 1, 1_000_000),
            embed_origins=_checked(environ, "VMVIZ_EMBED_ORIGINS", (), _origins,
                                   'origins with spaces between, like "https://moodle.example.edu"'),
            recordings_bytes=number("VMVIZ_RECORDINGS_MB", cls.recordings_bytes // MIB, 1, 1 << 20) * MIB,
            workers=number("VMVIZ_WORKERS", cls.workers, 1, 64),
            worker_queue=number("VMVIZ_WORKER_QUEUE", cls.worker_queue, 0, 10_000),
            worker_bytes=number("VMVIZ_WORKER_MB", cls.worker_bytes // MIB, 256, 1 << 20) * MIB,
            program_steps=number("VMVIZ_PROGRAM_STEPS", cls.program_steps, 1, 10_000_000),
            program_seconds=number("VMVIZ_PROGRAM_SECONDS", cls.program_seconds, 1, 600),
            program_bytes=number("VMVIZ_PROGRAM_MB", cls.program_bytes // MIB, 1, 1 << 12) * MIB,
            programs_bytes=number("VMVIZ_PROGRAMS_MB", cls.programs_bytes // MIB, 1, 1 << 20) * MIB,
            lessons=_checked(environ, "VMVIZ_LESSONS", (), _folders,
                             f"folders that are there, with {os.pathsep!r} between"),
            preview=_checked(environ, "VMVIZ_PREVIEW", None, _lesson, "the folder of a lesson, with its lesson.yaml"),
            frames_bytes=number("VMVIZ_FRAMES_MB", cls.frames_bytes // MIB, 1, 1 << 20) * MIB,
        )


def _checked(environ: Mapping[str, str], name: str, default: T, read: Callable[[str], T], wanted: str) -> T:
    text = environ.get(name, "").strip()
    if not text:
        return default
    try:
        return read(text)
    except ValueError:
        raise VmvizError(f"{name} is {text!r}; it must be {wanted}.") from None


def _between(value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise ValueError(value)
    return value


def _prefix(text: str) -> str:
    path = "/" + text.strip("/")
    if any(character in path for character in " \"'<>?#;,\\") or ".." in path or not path.isascii():
        raise ValueError(text)
    return "" if path == "/" else path


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(text.replace(",", " ").split())
    if not all(_ORIGIN.fullmatch(origin) for origin in origins):
        raise ValueError(text)
    return origins


def _folders(text: str) -> tuple[Path, ...]:
    folders = tuple(Path(part) for part in text.split(os.pathsep) if part)
    if not all(folder.is_dir() for folder in folders):
        raise ValueError(text)
    return folders


def _lesson(text: str) -> Path:
    folder = Path(text)
    if not (folder / "lesson.yaml").is_file():
        raise ValueError(text)
    return folder


def _state_folder(environ: Mapping[str, str]) -> Path:
    """Where the system keeps such files; the folder for temporary ones for a user who has no home to write to."""
    home = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    folder = Path(home) / "vmviz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.gettempdir()) / f"vmviz-{os.getuid()}"
    return folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir()) / f"vmviz-{os.getuid()}"
