"""Every conformance case gives on vmviz what the manual says."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.bochs import CASES
from tests.conformance.run import on_vmviz


@pytest.mark.parametrize("case", sorted(CASES.glob("*.asm")), ids=lambda case: case.stem)
def test_a_case_gives_what_the_manual_says(case: Path) -> None:
    verdict = on_vmviz(case)
    assert verdict.good, "\n".join([verdict.trouble, *verdict.difference])
