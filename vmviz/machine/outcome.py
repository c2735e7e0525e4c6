"""What an instruction may run into instead of completing: a fault, or a VM exit.

Both unwind from wherever they arise (a guest-physical access deep inside a page walk, the third operand of a string
instruction) to the step loop, which takes back what the instruction had changed and then delivers them. They never
leave the machine: to its callers they are events. `OutsideModel` does leave it: it says that the program met something
that the model does not have, which is no outcome of the architecture.
"""
from __future__ import annotations

from typing import Final

DE, DB, NMI, BP, OF, BR, UD, NM, DF, _CSO, TS, NP, SS, GP, PF = range(15)
MF, AC, MC, XM, VE, CP = range(16, 22)
PUSHES_ERROR_CODE: Final = frozenset({DF, TS, NP, SS, GP, PF, AC, CP})
CONTRIBUTORY: Final = frozenset({DE, TS, NP, SS, GP, CP})
PAGE_FAULTS: Final = frozenset({PF, VE})                # the classes of "Interrupt 8-Double Fault Exception (#DF)"


class Interruption(Exception):
    """The instruction under way does not complete; the step loop knows what follows."""


class Fault(Interruption):
    """An exception of the architecture: a vector, its error code if it has one, and for #PF the linear address."""

    def __init__(self, vector: int, error: int = 0, address: int = 0) -> None:
        super().__init__(vector, error, address)
        self.vector, self.error, self.address = vector, error, address

    @property
    def has_error(self) -> bool:
        """True when the exception pushes an error code in protected mode."""
        return self.vector in PUSHES_ERROR_CODE


class VmExit(Interruption):
    """A VM exit: the basic reason and what the exit records (SDM volume 3, "Recording VM-Exit Information").

    `length` is the instruction's length where the exit records one (None: the running instruction's length when the
    reason is an instruction's, else left alone); `trap` marks exits that come after the instruction is complete:
    its changes stay and the saved RIP is the next one.
    """

    def __init__(self, reason: int, qualification: int = 0, *, linear: int | None = None, physical: int | None = None,
                 interruption: int = 0, error: int = 0, information: int | None = None, length: int | None = None,
                 trap: bool = False) -> None:
        super().__init__(reason, qualification)
        self.reason, self.qualification = reason, qualification
        self.linear, self.physical = linear, physical
        self.interruption, self.error = interruption, error
        self.information, self.length, self.trap = information, length, trap


class OutsideModel(Exception):
    """The program met something that the model leaves out; `what` names it, `address` is where (linear)."""

    def __init__(self, what: str, address: int) -> None:
        super().__init__(f"{what} at {address:x}h is outside the model (docs/model.md lists what is left out)")
        self.what, self.address = what, address
