"""Runs the measurements one after the other, since they share one machine, and prints each as a small table."""

from __future__ import annotations

import platform
import sys

from tests.bench import hostile, page, player, programs, recording, web

PARTS = {"recording": recording.report, "hostile": hostile.report, "web": web.report, "programs": programs.report,
         "page": page.report, "player": player.report}


def main(names: list[str]) -> int:
    unknown = set(names) - set(PARTS)
    if unknown:
        print(f"no such part: {', '.join(sorted(unknown))}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()} on {platform.machine()}: figures of one run on one machine.")
    for name in names or PARTS:
        print()
        PARTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
