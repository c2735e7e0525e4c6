"""A way to run a few instructions written as text on a bare processor of any width."""
from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.machine.isa.running import Program, start


@pytest.fixture
def run() -> Callable[..., Program]:
    """run(text, bits=64, **registers): see `running.start`."""
    return start
