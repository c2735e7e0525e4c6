"""What one writes into a page to show a lesson there."""

from __future__ import annotations

from typing import Final

from markupsafe import escape

WIDTH: Final = 800      # of a frame, in CSS pixels, unless the one who asks says otherwise
HEIGHT: Final = 600


def frame_code(source: str, title: str, width: int = WIDTH, height: int = HEIGHT) -> str:
    """An iframe of `source`, the address of a lesson's /embed page with what it is to show."""
    return (f'<iframe src="{escape(source)}" title="{escape(title)}" width="{width}" height="{height}" '
            'allow="fullscreen; clipboard-write" loading="lazy"></iframe>')
