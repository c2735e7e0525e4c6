"""Where instructions are declared: the decorator that gives a mnemonic its function, and the table it fills.

A function of isa/ is `def name(cpu, ins) -> None`. Guards come first, each raising its Fault; then, in non-root
operation, the question whether the instruction causes a VM exit (vmx/intercepts.py); then the effects. RIP already
points behind the instruction when it is called.

Some mnemonics have forms that are instructions of their own (MOV to a control register, POP of a segment register, far
JMP): those are declared by iced's Code with `form`, and win. `prepare` declares what is worked out once, when an
instruction is bound to its place, instead of each time that it runs.
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
ABOUT_FORM: Final[dict[int, Entry]] = {}
FORM: Final[dict[int, Behaviour]] = {}          # by iced's Code, before BEHAVIOUR
PREPARE: Final[dict[int, Callable[[Instruction], None]]] = {}     # by mnemonic, at the end of binding
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


def form(*codes: int, summary: str, source: str) -> Callable[[Behaviour], Behaviour]:
    """Declare a function as the behaviour of single forms (iced's Code) of a mnemonic that has others too."""

    def register(function: Behaviour) -> Behaviour:
        for code in codes:
            if code in FORM:
                raise ValueError(f"code {code} is declared twice")
            FORM[code] = function
            ABOUT_FORM[code] = Entry(summary, source)
        return function

    return register


def prepare(*mnemonics: int) -> Callable[[Callable[[Instruction], None]], Callable[[Instruction], None]]:
    """Declare what is worked out once for each bound instruction of these mnemonics."""

    def register(function: Callable[[Instruction], None]) -> Callable[[Instruction], None]:
        for mnemonic in mnemonics:
            PREPARE[mnemonic] = function
        return function

    return register
