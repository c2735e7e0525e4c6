"""What a browser has to fetch: the bundle's scripts and styles, as they are and gzipped."""

from __future__ import annotations

import gzip

from tools.bundle import DIST, ensure_bundle


def report() -> None:
    ensure_bundle()
    print(f"{'static/dist':40} {'bytes':>10} {'gzipped':>10}")
    for suffix in ("js", "css"):
        total = 0
        for path in sorted(DIST.rglob(f"*.{suffix}")):
            content = path.read_bytes()
            packed = len(gzip.compress(content, 9))
            total += packed
            print(f"{path.relative_to(DIST)!s:40} {len(content):10} {packed:10}")
        print(f"{'all ' + suffix:40} {'':10} {total:10}")
