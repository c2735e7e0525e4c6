"""JSON as it travels on the socket: reading what may be anything, writing what may be encoded already.

Reading accepts what any client may send (NaN, numbers of thousands of digits) so that the command can be refused by
its ack instead of vanishing. Writing is msgspec, to which a payload that is encoded already (`msgspec.Raw`) is a copy
of bytes: that is how a frame is encoded once for everybody. Socket.IO's packets take this module as their `json`.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

LONGEST_NUMBER = 60  # digits; a longer one means the same as any other number past every end
LONGEST_SHOWN = 80


def loads(text: str | bytes) -> Any:
    """A JSON text as Python values; ValueError when it is none."""
    try:
        return json.loads(text, parse_int=_whole)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def dumps(value: Any, **_: Any) -> str:
    """Compact JSON; `msgspec.Raw` goes in as it is."""
    return msgspec.json.encode(value).decode()


def encode(value: Any) -> msgspec.Raw:
    """A payload encoded for good, to be sent any number of times."""
    return msgspec.Raw(msgspec.json.encode(value))


def shown(value: Any) -> str:
    """Something that a client sent, short and safe to send back inside an error."""
    text = value if isinstance(value, str) else type(value).__name__
    return text[:LONGEST_SHOWN].encode("utf-8", "replace").decode()


def _whole(digits: str) -> int:
    return int(digits[:LONGEST_NUMBER]) if len(digits) > LONGEST_NUMBER else int(digits)
