"""Seeds: which variant of a lesson somebody looks at.

`?seed=7` in an address, or `seed` of an `open`, chooses one of the lesson's variants, always the same one: its number
is the remainder of seed by how many there are, and 0 is the lesson as it is written. So an address without a seed
shows the same steps to everybody, and neighbours with seeds one after the other have different numbers.
"""

from __future__ import annotations

import re
from typing import Final

LARGEST_SEED: Final = 999_999
_SEED: Final = re.compile(r"[0-9]{1,6}", re.ASCII)
_MARK: Final = "?"                  # no name of a lesson has it


def seed_in(asked: str | None) -> int:
    """The seed in an address; 0, as without one, for anything else."""
    return int(asked) if asked and _SEED.fullmatch(asked) else 0


def variant_of(seed: int, variants: int) -> int:
    """The number of the variant that a seed chooses, 0 to variants - 1."""
    return seed % max(variants, 1)


def remembered(name: str, variant: int) -> str:
    """What a session keeps: a lesson as it is written goes by its name."""
    return f"{name}{_MARK}{variant}" if variant else name


def recalled(kept: str) -> tuple[str, int]:
    """The lesson and its variant that a session kept."""
    name, _, variant = kept.partition(_MARK)
    return name, seed_in(variant)
