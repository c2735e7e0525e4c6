"""What holds whatever a VMM and its guests do: random sequences of VMX instructions, field writes, guest instructions.

Each rule of the state machine puts one instruction where the processor stands and makes one step. The laws: at most one
VMCS is current, and it is active; a launch state moves only by a VM entry or VMCLEAR; VMfail changes nothing but flags,
RIP and the error field; a VM exit lands at the host state; the journal of a step leads back and forth.
"""
from __future__ import annotations

from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.machine.vmx.scenes import VMCS, VMXON_REGION, in_root, legal_fields, put
from vmviz import events as ev
from vmviz.asm import assemble
from vmviz.machine.memory import MEMORY_SLOT, place_of, slot_of
from vmviz.machine.registers import (
    ACTIVE,
    ACTIVITY,
    CR3,
    CURRENT_VMCS,
    NO_VMCS,
    OFF,
    OPERATION,
    OUTCOME,
    RAX,
    RBX,
    RFLAGS,
    RIP,
    ROOT,
    RSP,
    SLOT_NAMES,
    VM,
    segment,
)
from vmviz.machine.step import Step, ended, tell
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx.vmcs import CLEAR, LAUNCHED, OFFSET, Region
from vmviz.spec import FIELD_BY_NAME

OTHER, POINTERS, SCRATCH = 0x20_2000, 0x20_8000, 0x20_9000
ADDRESSES: Final = {"A": VMCS, "B": OTHER, "VMXON": VMXON_REGION, "odd": VMCS + 8, "far": 1 << 45, "empty": 0x20_A000}
FIELDS: Final = ("pin_based_controls", "primary_processor_based_controls", "vm_entry_controls", "guest_rip",
                 "guest_rflags", "guest_cr0", "guest_cr4", "guest_cs_access_rights", "guest_activity_state",
                 "host_rip", "host_cr4", "entry_interruption_info", "guest_interruptibility_state",
                 "vm_instruction_error", "cr3_target_count")
GUEST: Final = ("nop", "cpuid", "hlt", "vmcall", "sti", "int3", "ud2", "mov rax, cr3", "mov cr3, rax", "rdtsc",
                "vmxoff", "invd", "push rax", "pushfq", "vmlaunch", "xsetbv", "mov ss, ax")


class Sequences(RuleBasedStateMachine):
    """A VMM with two VMCSs."""

    def __init__(self) -> None:
        super().__init__()
        self.cpu, _ = in_root()
        memory = self.cpu.memory
        revision = cap.revision(self.cpu.model).to_bytes(4, "little")
        memory.load(OTHER, revision)
        memory.load(VMXON_REGION, revision)
        self.cpu.rips.append(0)
        put(Region(self.cpu, OTHER), legal_fields(self.cpu))
        self.cpu.rips.clear()
        for n, address in enumerate(ADDRESSES.values()):
            memory.load(POINTERS + 8 * n, address.to_bytes(8, "little"))
        Region(self.cpu, VMCS).set_active(True)         # the scene's VMCS is current
        self.cpu.journal.clear()

    # ---- what happens

    @rule(name=st.sampled_from(("vmclear", "vmptrld", "vmxon")), where=st.sampled_from(tuple(ADDRESSES)))
    def point(self, name: str, where: str) -> None:
        self.make(f"{name} [{POINTERS + 8 * tuple(ADDRESSES).index(where):#x}]")

    @rule(text=st.sampled_from(("vmlaunch", "vmresume", "vmxoff", "vmcall", f"vmptrst [{SCRATCH:#x}]", "mov ss, ax")))
    def plain(self, text: str) -> None:
        self.make(text)

    @rule(text=st.sampled_from(("vmlaunch", "vmresume")))
    def enter(self, text: str) -> None:
        self.make(text)

    @rule(field=st.sampled_from(FIELDS), bit=st.integers(0, 63), read=st.booleans(), known=st.booleans())
    def touch(self, field: str, bit: int, read: bool, known: bool) -> None:
        """One bit of a field changes, or the field is read; or there is no such field."""
        region = Region(self.cpu, self.cpu.reg[CURRENT_VMCS])
        encoding = FIELD_BY_NAME[field].encoding if known else 0x6FFE
        self.make("vmread rbx, rax" if read else "vmwrite rax, rbx", rax=encoding,
                  rbx=region.read(field) ^ 1 << bit if self.cpu.reg[CURRENT_VMCS] != NO_VMCS else 0)

    @rule()
    def restore(self) -> None:
        """Software puts its VMCS right again."""
        if self.cpu.reg[CURRENT_VMCS] in (VMCS, OTHER):
            self.cpu.rips.append(0)
            put(Region(self.cpu, self.cpu.reg[CURRENT_VMCS]), legal_fields(self.cpu))
            self.cpu.rips.clear()
            self.cpu.journal.clear()

    @precondition(lambda self: self.cpu.non_root)
    @rule(text=st.sampled_from(GUEST))
    def guest(self, text: str) -> None:
        self.make(text)

    # ---- one step, and the laws

    def make(self, text: str, **registers: int) -> None:
        """Put an instruction where the processor stands, make a step, hold the laws against it."""
        cpu = self.cpu
        if ended(cpu) or cpu.reg[ACTIVITY] != ACTIVE:
            self.__init__()                             # type: ignore[misc]    # a new machine after a shutdown
            cpu = self.cpu
        reg = cpu.reg
        if cpu.bits == 64 and reg[RIP] < 0x1F_0000:
            cpu.memory.load(reg[RIP], assemble(f"bits 64\norg {reg[RIP]:#x}\n{text}\n").image)
            cpu.decoded.clear()
            cpu.drop_soft_tables()
        reg[RAX], reg[RBX] = registers.get("rax", reg[RAX]), registers.get("rbx", reg[RBX])
        registers_before, memory_before = list(reg), self.memory()
        current = reg[CURRENT_VMCS]
        launch = {address: Region(cpu, address).launch for address in (VMCS, OTHER)}
        made = tell(cpu)
        if made is None:
            return
        cpu.base_step += 1
        self.one_current()
        self.launch_moves(made, launch)
        self.fail_changes_nothing(made, current)
        self.exit_lands_at_the_host(made)
        self.there_and_back(made, registers_before, memory_before)

    def one_current(self) -> None:
        current = self.cpu.reg[CURRENT_VMCS]
        assert current == NO_VMCS or (self.cpu.reg[OPERATION] != OFF and Region(self.cpu, current).active)

    def launch_moves(self, made: Step, before: dict[int, int]) -> None:
        entered = {event.vmcs for event in made.events if isinstance(event, ev.VmEntry)}
        cleared = {event.vmcs for event in made.events if isinstance(event, ev.VmcsState)
                   and not event.active and event.launch == "clear"}
        for address, launch in before.items():
            now = Region(self.cpu, address).launch
            if now != launch:
                assert address in (entered if now == LAUNCHED else cleared)
                assert now in (CLEAR, LAUNCHED)

    def fail_changes_nothing(self, made: Step, current: int) -> None:
        failed = [event for event in made.events if isinstance(event, ev.VmxOutcome) and event.result != "succeed"]
        if not failed:
            return
        changed = {change.slot for change in made.changes if not _of_any_instruction(change.slot)}
        allowed = {RFLAGS, RIP, OUTCOME}
        if failed[0].result == "fail_valid":
            allowed |= {slot_of(current + OFFSET["vm_instruction_error"], 8)}
        assert changed <= allowed, [SLOT_NAMES[slot] if slot < MEMORY_SLOT else hex(slot) for slot in changed]

    def exit_lands_at_the_host(self, made: Step) -> None:
        left = [event for event in made.events if isinstance(event, ev.VmExit)
                or (isinstance(event, ev.EntryFailed) and event.reason > 8)]
        aborted = any(isinstance(event, ev.Note) and event.id == "vmx_abort" for event in made.events)
        if not left or aborted:
            return
        reg, region = self.cpu.reg, Region(self.cpu, left[-1].vmcs)
        assert (reg[OPERATION], reg[RFLAGS]) == (ROOT, 2) and not reg[RFLAGS] & VM
        assert (reg[RIP], reg[RSP], reg[CR3]) == tuple(region.read(f"host_{name}") for name in ("rip", "rsp", "cr3"))
        assert reg[segment(1, 0)] == region.read("host_cs_selector")

    def there_and_back(self, made: Step, registers: list[int], memory: dict[int, bytes]) -> None:
        cpu = self.cpu
        registers_after, memory_after = list(cpu.reg), self.memory()
        for change in reversed(made.changes):
            self._put(change.slot, change.old)
        cpu.reg[RIP] = registers[RIP]                   # its column in a recording covers near control flow
        assert cpu.reg == registers and self.memory() == memory
        for change in made.changes:
            self._put(change.slot, change.new)
        cpu.reg[RIP] = registers_after[RIP]
        assert cpu.reg == registers_after and self.memory() == memory_after

    def _put(self, slot: int, value: int) -> None:
        if slot < MEMORY_SLOT:
            self.cpu.reg[slot] = value
        else:
            self.cpu.memory.poke(slot, value)

    def memory(self) -> dict[int, bytes]:
        """All pages that hold something."""
        return {frame: bytes(page) for frame, page in self.cpu.memory.pages.items() if any(page)}


_PAGE_TABLES: Final = range(0x1_0000, 0x1_6000)
_ITS_END: Final = frozenset({"interruptibility_state", "interrupt_shadow_step", "pending_debug_exceptions"})


def _of_any_instruction(slot: int) -> bool:
    """Does every instruction change this: its fetch a translation and accessed flags, its end an interrupt shadow?"""
    if slot >= MEMORY_SLOT:
        return place_of(slot)[0] in _PAGE_TABLES
    return SLOT_NAMES[slot].startswith("tlb_") or SLOT_NAMES[slot] in _ITS_END


Sequences.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None,
                                       suppress_health_check=list(HealthCheck))
test_the_laws_hold_for_any_sequence = Sequences.TestCase
