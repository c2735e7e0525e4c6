"""Write docs/proof.md, or say that it is stale.

    python -m tests.conformance.proof            run every program and write the page
    python -m tests.conformance.proof --check    exit 1 when the page is not what the runs show
"""
from __future__ import annotations

import sys
from pathlib import Path

from tests.conformance.proof.coverage import of_all, of_entry_rows
from tests.conformance.proof.page import page

PAGE = Path(__file__).resolve().parents[3] / "docs" / "proof.md"


def main(arguments: list[str]) -> int:
    """The command line; the exit status."""
    made = page(of_all(), of_entry_rows())
    if arguments == ["--check"]:
        return int(PAGE.read_text(encoding="utf-8") != made)
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
