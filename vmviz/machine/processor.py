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
from vmviz.machine.board import Board
from vmviz.machine.linear import LinearMemory, SoftTables
from vmviz.machine.memory import Memory, slot_of
from vmviz.machine.outcome import GP, Fault, OutsideModel, VmExit
from vmviz.machine.registers import (
    AC,
    AR_DB,
    AR_L,
    CPL,
    CR0,
    CR0_AM,
    CS_BASE,
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
UPPER_HALF: Final = 0xFFFF << 36     # what makes a page number with bit 35 set that of a canonical address


class Processor(LinearMemory):
    """One logical processor with its memory."""

    def __init__(self, memory: Memory, model: Model, names: dict[int, str] | None = None,
                 board: Board | None = None) -> None:
        """`names`: labels of virtual machines by VMCS address; others are A, B, C in the order of their VMCLEAR.

        `board`: that of the other processors of the machine; without it this one is alone.
        """
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
        self.walked: list[tuple[int, int, int]] = []    # step, place in the journal, slot: what outlives it
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
        self._soft = (SoftTables(), SoftTables(), SoftTables(aligned=True))     # supervisor, user, user under AC
        self.soft = self._soft[0]
        self.board = board or Board()
        self.number = self.board.add(self)
        self.tlb_taken: set[int] | None = None          # tlb.py; None: not known
        self.walks: dict[tuple[Any, ...], paging.Walk] = {}     # derived; each use looks at the tables again
        self.decoded: dict[tuple[int, int, int], Instruction] = {}
        # Page frame -> linear page -> RIP -> 64-bit code, decoded since somebody last wrote to the page.
        self.code_pages: dict[int, dict[int, dict[int, Instruction]]] = {}
        self.vectoring: tuple[int, int, int] | None = None   # (info, error, length) of an event being delivered
        self.trap: VmExit | None = None   # comes when the instruction under way is complete
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
            self._use_tables()
        else:
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
            self.code_written(frame)
        self.log((slot_of(physical, size), int.from_bytes(page[offset:offset + size], "little"), value))
        page[offset:offset + size] = value.to_bytes(size, "little")

    def write_walked(self, physical: int, size: int, value: int) -> None:
        """A write of the page walker's: it stays when the instruction is taken back."""
        step, at = self.step_number, len(self.journal)
        self.write_physical(physical, size, value)
        if self.walked and self.walked[0][0] != step:
            self.walked.clear()
        if len(self.journal) > at:
            self.walked.append((step, at, slot_of(physical, size)))

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
        known = self.board.first.reg
        try:
            return chr(ord("A") + known.index(address, KNOWN_VMCS, KNOWN_VMCS + 16) - KNOWN_VMCS)
        except ValueError:
            return "?"

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
        self._use_tables()
        self.attention = True

    def _use_tables(self) -> None:
        """Use the soft tables of the privilege: at CPL 3 with CR0.AM and RFLAGS.AC those of aligned accesses."""
        reg = self.reg
        user = reg[CPL] == 3
        self.soft = self._soft[2 if user and reg[RFLAGS] & AC and reg[CR0] & CR0_AM else user]

    def drop_soft_tables(self) -> None:
        """The address space changed: every soft table starts anew from the TLB."""
        for soft in self._soft:
            soft.clear()

    def page_has_code(self, frame: int) -> None:
        """Code was decoded from a page frame: writes to it must take the slow path from now on."""
        if frame not in self.memory.has_code:
            self.memory.has_code.add(frame)
            for cpu in self.board.processors:
                for soft in cpu._soft:
                    soft.write.clear()

    def code_written(self, frame: int) -> None:
        """The bytes of a page that code was decoded from change: what repeats it without a look at them is stale."""
        self.memory.has_code.discard(frame)
        for cpu in self.board.processors:
            cpu.code_pages.pop(frame, None)
            for soft in cpu._soft:
                soft.code.clear()

    def put_back(self) -> None:
        """Slots and memory were set to what they were at another time: derive everything anew."""
        self.code_pages.clear()
        self.tlb_taken = None
        self.refresh()

    def forget_decoded(self) -> None:
        """Let go of all decoded instructions."""
        self.decoded.clear()
        self.code_pages.clear()
        for soft in self._soft:
            soft.code.clear()

    def drop_soft_page(self, page_number: int) -> None:
        """One linear page is no longer in the TLB, which knows bits 47:12 of its address."""
        if page_number >> 35:
            page_number |= UPPER_HALF
        for soft in self._soft:
            soft.read.pop(page_number, None)
            soft.write.pop(page_number, None)
            if soft.fetch.pop(page_number, None) is not None:
                soft.code.clear()

    def use_privilege(self, cpl: int) -> None:
        """Continue at a privilege level (0..3)."""
        self.set(CPL, cpl)
        self._use_tables()
        self.attention = True

    def guest_fields(self) -> vmcs.Region:
        """The current VMCS, for code that runs in VMX operation with one."""
        return vmcs.Region(self, self.reg[CURRENT_VMCS])

    def outside(self, what: str) -> OutsideModel:
        """What the instruction under way met and the model leaves out, at the instruction's linear address."""
        return OutsideModel(what, self.rips[-1] + (0 if self.bits == 64 else self.reg[CS_BASE]))

    def jump(self, rip: int) -> None:
        """Continue at another RIP of the same code segment; checked as a near branch."""
        if self.bits == 64:
            if rip + 0x8000_0000_0000 & (1 << 64) - 1 >= 1 << 48:
                raise Fault(GP)
        elif rip > self.reg[CS_RIGHTS - 1]:
            raise Fault(GP)
        self.reg[RIP] = rip
