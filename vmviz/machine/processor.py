"""A logical processor: its state, the setters that journal, and what is derived from the state.

Rules. Whatever survives a step changes through `set`, `set_flags`, `write_physical` or a register writer bound by the
decoder; each appends (slot, old, new) to the journal of the running step. Everything else kept here is derived from the
state and is dropped by `drop_soft_tables` or `refresh`: the soft tables (linear page -> bytes) that spare a look into
the TLB, and the decoded instructions. They repeat what the TLB holds and define no architecture.

`attention` asks the step loop to look up before the next instruction: something that can change what comes next
(interrupts, traps, the address space, the mode) was touched. Instructions are in isa/, the loop is in step.py.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vmviz import events as ev
from vmviz.machine import apic, paging
from vmviz.machine.linear import LinearMemory, SoftTables
from vmviz.machine.memory import Memory, slot_of
from vmviz.machine.outcome import GP, Fault
from vmviz.machine.registers import (
    AC,
    AR_DB,
    AR_L,
    CPL,
    CS_RIGHTS,
    CURRENT_VMCS,
    EFER,
    EFER_LMA,
    KNOWN_VMCS,
    NON_ROOT,
    OPERATION,
    RFLAGS,
    RIP,
    SLOTS,
    STATUS_FLAGS,
    TSC_ADJUST,
)
from vmviz.machine.vmx import controls, vmcs

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.models import Model
    from vmviz.machine.vmx.checks import Kept

KEEP_OTHERS: Final = ~STATUS_FLAGS


class Processor(LinearMemory):
    """One logical processor with its memory."""

    def __init__(self, memory: Memory, model: Model, names: dict[int, str] | None = None) -> None:
        """`names`: labels of virtual machines by VMCS address; others are A, B, C in the order of their VMCLEAR."""
        self.reg: list[int] = [0] * SLOTS
        self.memory = memory
        self.model = model
        self.names = names or {}
        # The step under way.
        self.journal: list[int] = []
        self.log = self.journal.extend
        self.rips: list[int] = []
        self.base_step = 0                # number of the step that rips[0] belongs to
        self.commit = 0                   # length of the journal up to which the step cannot be taken back
        self.attention = True
        self.telling = False              # gather all events of the step, not only the marks
        self.events: list[ev.Event] = []
        self.phases: list[tuple[str, int, str, int, int]] = []
        self.marks: list[tuple[int, ev.Event]] = []     # (step, event) of what outlines and searches need
        # Derived from the state by refresh().
        self.paging = 0
        self.ept = 0                      # the EPTP in use, 0 without EPT
        self.vpid = 0
        self.non_root = False
        self.controls = controls.NONE     # the control words in force: the current VMCS's in non-root operation
        self.bits = 64                    # width of the code being run: 16, 32 or 64
        self.special: set[int] = set()    # page frames kept out of soft tables: local APIC, APIC-access page
        self._soft = (SoftTables(), SoftTables())
        self.soft = self._soft[0]
        self.decoded: dict[tuple[int, int, int, int], Instruction] = {}
        self.vectoring: tuple[int, int, int] | None = None   # (info, error, length) of an event being delivered
        self.interrupted_length = 0       # of the instruction that an exception or VM exit has just taken back
        self.kept_checks: dict[int, Kept] = {}      # by VMCS address (vmx/checks.py)
        self.running: Any = None          # the instruction under way, for those who tell what it was

    # ---- the journaling setters

    def set(self, slot: int, value: int) -> None:
        """Give a slot a value (unsigned, 64 bits)."""
        reg = self.reg
        old = reg[slot]
        if old != value:
            self.log((slot, old, value))
            reg[slot] = value

    def set_reg(self, slot: int, value: int) -> None:
        """`set` without the comparison, for registers that nearly always change."""
        reg = self.reg
        self.log((slot, reg[slot], value))
        reg[slot] = value

    def set_flags(self, flags: int) -> None:
        """Replace the six status flags of RFLAGS by those in `flags`."""
        reg = self.reg
        old = reg[RFLAGS]
        new = old & KEEP_OTHERS | flags
        if new != old:
            self.log((RFLAGS, old, new))
            reg[RFLAGS] = new

    def set_rflags(self, value: int) -> None:
        """Replace RFLAGS as a whole: IF or TF may have changed, so the loop must look."""
        if (self.reg[RFLAGS] ^ value) & AC:
            self.drop_soft_tables()         # AC opens and closes SMAP's gate
        self.set(RFLAGS, value)
        self.attention = True

    def write_physical(self, physical: int, size: int, value: int) -> None:
        """Write 1, 2, 4 or 8 bytes at a physical address within a page; nothing happens where there is no RAM."""
        frame, offset = physical >> 12, physical & 0xFFF
        memory = self.memory
        page = memory.page(frame)
        if page is None:
            return
        if frame in memory.has_code:
            memory.forget_code(frame)
            for soft in self._soft:
                soft.code.clear()
        self.log((slot_of(physical, size), int.from_bytes(page[offset:offset + size], "little"), value))
        page[offset:offset + size] = value.to_bytes(size, "little")

    # ---- time and telling

    @property
    def step_number(self) -> int:
        """The number of the step under way, counted from 0."""
        return self.base_step + len(self.rips) - 1

    def now(self) -> int:
        """The time-stamp counter: one tick a step (Simplified: instructions take one tick each, on every model)."""
        return self.reg[TSC_ADJUST] + self.base_step + len(self.rips) - 1 & (1 << 64) - 1

    def emit(self, event: ev.Event) -> None:
        """Tell an event of the step under way; callers on fast paths ask `telling` first."""
        if self.telling:
            self.events.append(event)

    def mark(self, event: ev.Event) -> None:
        """Tell an event that outlines and searches need: it is kept even when nobody listens."""
        self.marks.append((self.step_number, event))
        if self.telling:
            self.events.append(event)

    def phase_done(self, of: str, number: int, name: str) -> None:
        """A phase of a VM entry or exit is complete: positions can stop here."""
        if self.telling:
            self.phases.append((of, number, name, len(self.events), len(self.journal)))

    def vm_name(self, address: int) -> str:
        """The label of the virtual machine that a VMCS belongs to."""
        if address in self.names:
            return self.names[address]
        known = self.reg[KNOWN_VMCS:KNOWN_VMCS + 16]
        return chr(ord("A") + known.index(address)) if address in known else "?"

    # ---- what is derived

    def refresh(self) -> None:
        """The mode, the address space or the privilege may have changed: derive what hangs on them again."""
        reg = self.reg
        self.non_root = reg[OPERATION] == NON_ROOT
        rights = reg[CS_RIGHTS]
        self.bits = (64 if rights & AR_L and reg[EFER] & EFER_LMA else 32 if rights & AR_DB else 16)
        self.paging = paging.mode(self)
        self.ept = self.vpid = 0
        self.controls = controls.NONE
        special = {apic.frame(self)}
        if self.non_root:
            address = reg[CURRENT_VMCS]
            self.ept, self.vpid = controls.address_space(self, address)
            special |= controls.special_frames(self, address)
        self.special = special
        self.drop_soft_tables()
        self.soft = self._soft[reg[CPL] == 3]
        self.attention = True

    def drop_soft_tables(self) -> None:
        """The address space changed: every soft table starts anew from the TLB."""
        for soft in self._soft:
            soft.clear()

    def page_has_code(self, frame: int) -> None:
        """Code was decoded from a page frame: writes to it must take the slow path from now on."""
        if frame not in self.memory.has_code:
            self.memory.has_code.add(frame)
            for soft in self._soft:
                soft.write.clear()

    def drop_soft_page(self, page_number: int) -> None:
        """One linear page is no longer in the TLB."""
        for soft in self._soft:
            soft.read.pop(page_number, None)
            soft.write.pop(page_number, None)
            if soft.fetch.pop(page_number, None) is not None:
                soft.code.clear()

    def use_privilege(self, cpl: int) -> None:
        """Continue at a privilege level (0..3)."""
        self.set(CPL, cpl)
        self.soft = self._soft[cpl == 3]
        self.attention = True

    def guest_fields(self) -> vmcs.Region:
        """The current VMCS, for code that runs in VMX operation with one."""
        return vmcs.Region(self, self.reg[CURRENT_VMCS])

    def jump(self, rip: int) -> None:
        """Continue at another RIP of the same code segment; checked as a near branch."""
        if self.bits == 64:
            if rip + 0x8000_0000_0000 & (1 << 64) - 1 >= 1 << 48:
                raise Fault(GP)
        elif rip > self.reg[CS_RIGHTS - 1]:
            raise Fault(GP)
        self.reg[RIP] = rip
