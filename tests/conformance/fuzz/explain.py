"""What of a difference the rows of deviations.py and guest_deviations.py explain."""
from __future__ import annotations

from tests.conformance.fuzz import deviations, guest_deviations
from tests.conformance.fuzz.deviations import Excused, Ignored, Scene
from tests.conformance.fuzz.machines import Pair
from tests.conformance.fuzz.record import difference

Difference = dict[str, tuple[int | None, int | None]]
IGNORED: tuple[Ignored, ...] = deviations.IGNORED + guest_deviations.IGNORED
EXCUSED: tuple[Excused, ...] = deviations.EXCUSED + guest_deviations.EXCUSED


def explained(pair: Pair) -> tuple[Difference, list[str]]:
    """What differs and no row explains; and the names of the rows that explain something."""
    assert pair.bochs is not None and pair.vmviz is not None
    scene = Scene(pair.trial, pair.bochs, pair.vmviz)
    found = difference(pair.bochs, pair.vmviz)
    used = []
    for row in IGNORED:
        if any(name in found for name in row.names) and row.holds(scene):
            found = {name: values for name, values in found.items() if name not in row.names}
            used.append(row.name)
    if found:
        for excuse in EXCUSED:
            if excuse.holds(scene):
                return {}, [*used, excuse.name]
    return found, used


def unexplained(pair: Pair) -> Difference:
    """What differs and no row explains."""
    return explained(pair)[0]
