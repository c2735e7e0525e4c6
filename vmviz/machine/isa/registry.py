"""Where instructions are declared: the decorator that gives a mnemonic its function, and the table it fills.

A function of isa/ is `def name(cpu, ins) -> None`. Guards come first, each raising its Fault; then, in non-root
operation, the question whether the instruction causes a VM exit (vmx/intercepts.py); then the effects. RIP already
points behind the instruction when it is called.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

Behaviour = Callable[["Processor", "Instruction"], None]
Condition = Callable[[int], Any]


class Entry(NamedTuple):
    """What the docs and the reference say of a mnemonic: one sentence, and the title of its page in the manual."""

    summary: str
    source: str


BEHAVIOUR: Final[dict[int, Behaviour]] = {}
ABOUT: Final[dict[int, Entry]] = {}
CONDITION: Final[dict[int, Condition]] = {}     # conditional mnemonics: RFLAGS -> true when the condition holds


def instruction(*mnemonics: int, summary: str, source: str) -> Callable[[Behaviour], Behaviour]:
    """Declare a function as the behaviour of iced's mnemonics. `source`: the instruction's title in SDM volume 2."""

    def register(function: Behaviour) -> Behaviour:
        for mnemonic in mnemonics:
            if mnemonic in BEHAVIOUR:
                raise ValueError(f"mnemonic {mnemonic} is declared twice")
            BEHAVIOUR[mnemonic] = function
            ABOUT[mnemonic] = Entry(summary, source)
        return function

    return register
