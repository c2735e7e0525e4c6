"""What can be set from outside, all of it by environment variables, and nothing read anywhere else.

docs/protocol.md has the limits of the protocol; these are the limits of one server. A value that cannot be used is a
VmvizError that names the variable. VMVIZ_ASYNC is read by app.py itself, before anything can be imported.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from vmviz.errors import VmvizError

MIB = 1 << 20
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
    commands_per_second: int = 200
    commands_at_once: int = 1_000

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
            recordings_bytes=number("VMVIZ_RECORDINGS_MB", cls.recordings_bytes // MIB, 1, 1 << 20) * MIB,
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


def _state_folder(environ: Mapping[str, str]) -> Path:
    """Where the system keeps such files; the folder for temporary ones for a user who has no home to write to."""
    home = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    folder = Path(home) / "vmviz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.gettempdir()) / f"vmviz-{os.getuid()}"
    return folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir()) / f"vmviz-{os.getuid()}"
