"""What the conformance programs do, gathered by running each on vmviz.

Nothing is typed in: an instruction's outcome, an exit reason, a broken rule, a field or a control counts as shown by a
program only when the run of that program told it. That its lines are the same on Bochs is what test_programs.py says.
"""
from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.conformance import entry_rows
from tests.conformance.bochs import assemble, model_of, processors_of, programs
from tests.conformance.run import MODELS, STEPS
from vmviz import events as ev
from vmviz.machine.bench import Machine
from vmviz.machine.decode import Instruction
from vmviz.machine.isa import load, registry
from vmviz.machine.isa.vmx_guards import NAMES
from vmviz.machine.operands import NUMBER
from vmviz.machine.outcome import Fault, OutsideModel, VmExit
from vmviz.machine.processor import Processor
from vmviz.machine.vmx import entry_rules
from vmviz.machine.vmx.controls import WORDS, Controls
from vmviz.machine.vmx.entry import INVALID_HOST_STATE
from vmviz.spec import CONTROL_BITS, FIELD_BY_ENCODING

FIELD_INSTRUCTIONS: Final = ("VMREAD", "VMWRITE")
VECTORS: Final = {1: "#DB", 6: "#UD", 12: "#SS(0)", 13: "#GP(0)", 14: "#PF", 17: "#AC"}
Shown = frozenset[tuple[str, ...]]
"""What one program shows: ("instruction", name, outcome), ("exit", number), ("check", id), ("field", name, how),
("control", group.name)."""


def of_program(source: Path) -> Shown:
    """What a program shows."""
    with tempfile.TemporaryDirectory(prefix="proof.") as folder:
        image = Path(folder) / "image"
        assemble(source, image)
        return of_image(image.read_bytes(), MODELS[model_of(source)], processors_of(source))


def of_image(image: bytes, model: str = "tigerlake", processors: int = 1) -> Shown:
    """What an image shows."""
    shown: set[tuple[str, ...]] = set()
    with _watched(shown):
        machine = Machine(image, model, processors=processors)
        with suppress(OutsideModel):
            machine.run(STEPS)
    for _, event in machine.cpu.marks:
        if isinstance(event, ev.VmExit):
            shown.add(("exit", str(event.reason)))
        elif isinstance(event, ev.EntryFailed):
            shown.add(("check", event.check))
            if event.reason > INVALID_HOST_STATE:
                shown.add(("exit", str(event.reason)))
    return frozenset(shown)


@contextmanager
def _watched(shown: set[tuple[str, ...]]) -> Iterator[None]:
    """VMX instructions bound in here note their outcomes: that costs less than telling every step."""
    load()
    plain = {mnemonic: registry.BEHAVIOUR[mnemonic] for mnemonic in NAMES}
    registry.BEHAVIOUR.update({mnemonic: _noting(function, shown) for mnemonic, function in plain.items()})
    try:
        yield
    finally:
        registry.BEHAVIOUR.update(plain)


def _noting(function: registry.Behaviour, shown: set[tuple[str, ...]]) -> registry.Behaviour:
    name = function.__name__.upper()

    def noting(cpu: Processor, ins: Instruction) -> None:
        before = len(cpu.marks)
        encoding = cpu.reg[NUMBER[ins.iced.op_register(name == "VMREAD")][0]] if name in FIELD_INSTRUCTIONS else 0
        try:
            function(cpu, ins)
        except Fault as fault:
            shown.add(("instruction", name, VECTORS.get(fault.vector, f"vector {fault.vector}")))
            raise
        except VmExit as left:
            shown.add(("instruction", name, f"VM exit {left.reason}"))
            raise
        outcome = next(filter(None, (_outcome(event) for _, event in cpu.marks[before:])), "")
        shown.add(("instruction", name, outcome or ("completes" if name == "VMFUNC" else "VMsucceed")))
        if outcome == "VM entry":
            shown.update(_controls(cpu))
        elif not outcome and name in FIELD_INSTRUCTIONS:
            shown.add(("field", FIELD_BY_ENCODING[encoding & 0xFFFF_FFFE].name, name[2:].lower()))

    return noting


def _controls(cpu: Processor) -> Iterator[tuple[str, ...]]:
    """The controls with which a guest has just been entered; words that are not activated are 0."""
    region = cpu.guest_fields()
    found = Controls(*(region.read(field) for field in WORDS))
    words = (found.pin, found.primary, found.secondary, found.exit, found.entry)
    for group, word in zip(("pin_based", "primary", "secondary", "vm_exit", "vm_entry"), words, strict=True):
        yield from (("control", f"{group}.{name}") for name, bit in CONTROL_BITS[group].items() if word >> bit & 1)


def _outcome(event: ev.Event) -> str:
    match event:
        case ev.VmxOutcome(result="fail_invalid"):
            return "VMfailInvalid"
        case ev.VmxOutcome():
            return f"VMfailValid({event.error})"
        case ev.VmEntry():
            return "VM entry"
        case ev.EntryFailed() if event.reason > INVALID_HOST_STATE:
            return f"VM-entry failure, exit {event.reason}"
    return ""


def of_entry_rows() -> Shown:
    """The rules that the entry rows break, each the first of its VMCS."""
    made = (entry_rows.refused_first(row) for row in entry_rules.ROWS if row.id not in entry_rows.UNBREAKABLE)
    return frozenset(("check", broken) for broken in made if broken)


def of_all(sources: Iterable[Path] | None = None) -> dict[str, Shown]:
    """What each program shows, by its name."""
    found = list(programs() if sources is None else sources)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return dict(zip((source.stem for source in found), pool.map(of_program, found), strict=True))


def by_fact(shown: Mapping[str, Shown]) -> dict[tuple[str, ...], list[str]]:
    """The programs that show a fact."""
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for program, facts in shown.items():
        for fact in facts:
            found[fact].append(program)
    return found
