"""Recordings: run a program once, keep it small, look at any position of it, forwards and backwards.

A `Recording` is made by a `Source` and shared by everybody who looks at the same program. What is looked at is a
position: so many steps complete, so many phases of the next one done. `scene` says everything there is to draw
there, `events` what led there, `delta` what changes between two positions as a merge patch.
Nothing here knows lessons, sessions, sockets or languages.
"""

from __future__ import annotations

from .merge_patch import apply_patch, diff
from .positions import Position

__all__ = ["Position", "apply_patch", "diff"]
