"""Running trials on both: a batch is one image with the driver and its table; each trial gives one record.

A trial after which a machine goes on no more (it hangs, or Bochs stops) has no outcome there, and costs that machine
the rest of its batch, which runs anew as one of its own.
"""
from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.conformance.bochs import assemble, run_image
from tests.conformance.fuzz.record import OUTSIDE, Outcome, defined, records
from tests.conformance.fuzz.trial import TABLE_LIMIT, TRIALS, Trial, encode, table
from vmviz import events as ev
from vmviz.machine.bench import IMAGE_AT, Machine
from vmviz.machine.outcome import OutsideModel
from vmviz.machine.vmx import vmcs
from vmviz.machine.vmx.vmcs import Region
from vmviz.spec import FIELDS

HERE = Path(__file__).resolve().parent
_PLACES_AT = 0x11C800 - IMAGE_AT
STEPS_A_TRIAL = 20_000
SILENCE, LONGEST = 1.0, 300     # seconds; a trial takes Bochs a millisecond
BATCH = 200
TEMPLATE = 0x20_D000


@dataclass(frozen=True)
class Pair:
    """A trial with its outcome on Bochs and on vmviz; None when there was none, OUTSIDE where the model's limits ended it."""

    trial: Trial
    bochs: Outcome | None
    vmviz: Outcome | None


@cache
def _driver() -> tuple[bytes, int]:
    """The driver's image before its table, and where it keeps the guest's registers."""
    with tempfile.TemporaryDirectory(prefix="fuzz.") as folder:
        image = Path(folder) / "driver.bin"
        assemble(HERE / "driver.asm", image, include=(HERE.parent / "lib",))
        driver = image.read_bytes()[:TRIALS - IMAGE_AT]
    return driver, int.from_bytes(driver[_PLACES_AT:_PLACES_AT + 8], "little")


@cache
def standard_fields() -> dict[str, int]:
    """The fields of the VMCS that the driver keeps as its template."""
    machine = Machine(_image([]))
    machine.run(STEPS_A_TRIAL)
    region = Region(machine.cpu, TEMPLATE)
    return {field.name: region.read(field.name) for field in FIELDS}


@cache
def supported(encoding: int) -> bool:
    """Does the field exist on the model?"""
    return vmcs.supported(Machine(b"").cpu, encoding)


def _image(trials: Sequence[Trial]) -> bytes:
    driver, variables = _driver()
    return driver + table([encode(trial, variables) for trial in trials])


def on_vmviz(trials: Sequence[Trial]) -> list[Outcome]:
    """The outcomes of the first trials, up to one that does not come to its end or leaves the model."""
    machine = Machine(_image(trials))
    text: list[str] = []
    outside = False
    for _ in range(len(trials) + 1):
        try:
            made = machine.run(STEPS_A_TRIAL)
        except OutsideModel:
            made, outside = 0, True
        printed = [event.text for _, event in machine.cpu.marks if isinstance(event, ev.Console)]
        text += printed
        if made < STEPS_A_TRIAL or not printed:
            break
    found = [defined(record) for record in records("".join(text).encode("latin-1"))]
    return [*found, OUTSIDE] if outside else found


def broken_rules(trial: Trial) -> set[str]:
    """The rules by which vmviz refuses the trial's entries."""
    machine = Machine(_image([trial]))
    machine.run(STEPS_A_TRIAL)
    return {event.check for _, event in machine.cpu.marks if isinstance(event, ev.EntryFailed)}


def on_bochs(trials: Sequence[Trial]) -> list[Outcome]:
    """The same on Bochs."""
    run = run_image(_image(trials), timeout=LONGEST, silence=SILENCE)
    return [defined(record) for record in records(run.output.encode("latin-1"))]


def batches(trials: Iterable[Trial], most: int = BATCH) -> Iterator[list[Trial]]:
    """Trials in batches whose tables fit."""
    _, variables = _driver()
    batch: list[Trial] = []
    room = TABLE_LIMIT - 16
    for trial in trials:
        size = len(encode(trial, variables))
        if batch and (size > room or len(batch) == most):
            yield batch
            batch, room = [], TABLE_LIMIT - 16
        batch.append(trial)
        room -= size
    if batch:
        yield batch


def outcomes(run: Callable[[Sequence[Trial]], list[Outcome]], trials: Sequence[Trial]) -> list[Outcome | None]:
    """The outcome of each trial: after one without an end, the rest of the batch runs anew."""
    found: list[Outcome | None] = []
    while len(found) < len(trials):
        more = run(trials[len(found):])
        found += more
        if len(found) < len(trials) and OUTSIDE not in more:
            found.append(None)
    return found


def pairs(trials: Iterable[Trial]) -> Iterator[Pair]:
    """Run trials on both machines at the same time; in order."""
    with ThreadPoolExecutor(1) as pool:
        for batch in batches(trials):
            on_reference = pool.submit(outcomes, on_bochs, batch)
            on_model = outcomes(on_vmviz, batch)
            yield from map(Pair, batch, on_reference.result(), on_model)
