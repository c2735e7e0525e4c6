"""Stamps: a file that holds the hash of what a result was made from, so that making it again can be left out.

Contents count, not times: a fresh clone, a copied tree and a changed branch are all judged alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def content_hash(files: Iterable[Path], *extra: str) -> str:
    """One hash over names and contents of the files that exist, and the extra words (versions, options)."""
    digest = hashlib.sha256()
    for word in extra:
        digest.update(word.encode() + b"\0")
    for path in sorted(files):
        if path.is_file():
            digest.update(str(path.name).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_current(stamp: Path, value: str) -> bool:
    try:
        return stamp.read_text() == value
    except OSError:
        return False
