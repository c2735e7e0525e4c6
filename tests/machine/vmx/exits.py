"""Guests that have run into a VM exit, or whose VM entry failed, with the controls and the state that a test wants."""
from __future__ import annotations

from collections.abc import Mapping

from tests.machine.vmx.scenes import GUEST_RIP, in_root
from vmviz.machine import models
from vmviz.machine import registers as r
from vmviz.machine.processor import Processor
from vmviz.machine.step import tell
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx.vmcs import Region
from vmviz.spec import CONTROL_BITS

VMCALL = b"\x0f\x01\xc1"
EXIT, ENTRY = CONTROL_BITS["vm_exit"], CONTROL_BITS["vm_entry"]


def must(group: str, *names: str) -> int:
    """A control word: what must be 1, a 64-bit host and guest, and the controls named."""
    wide = {"vm_exit": 1 << EXIT["host_address_space_size"], "vm_entry": 1 << ENTRY["ia32e_mode_guest"]}
    word = cap.allowed(models.load("tigerlake"), group).must | wide.get(group, 0)
    return word | sum(1 << CONTROL_BITS[group][name] for name in names)


def secondary(*names: str) -> dict[str, int]:
    return {"primary_processor_based_controls": must("primary", "activate_secondary_controls"),
            "secondary_processor_based_controls": must("secondary", *names)}


def step(cpu: Processor) -> None:
    assert tell(cpu) is not None
    cpu.base_step += 1


def guest(code: bytes = VMCALL, **fields: int) -> tuple[Processor, Region]:
    """A processor in the guest, before its first instruction."""
    cpu, region = in_root(**fields)
    cpu.memory.load(GUEST_RIP, code)
    step(cpu)
    assert cpu.non_root
    return cpu, region


def poke(cpu: Processor, values: Mapping[int, int]) -> None:
    """What the guest has put into its registers meanwhile."""
    for slot, value in values.items():
        cpu.reg[slot] = value


def exited(code: bytes = VMCALL, state: Mapping[int, int] | None = None, steps: int = 1,
           **fields: int) -> tuple[Processor, Region]:
    """A processor after a VM exit."""
    cpu, region = guest(code, **fields)
    poke(cpu, state or {})
    for _ in range(steps):
        step(cpu)
    assert cpu.reg[r.OPERATION] == r.ROOT
    return cpu, region


def failed(**fields: int) -> tuple[Processor, Region]:
    """A processor after a VM entry that failed at the guest state."""
    cpu, region = in_root(**{"guest_rflags": 0, **fields})
    step(cpu)
    assert region.read("exit_reason") == 1 << 31 | 33
    return cpu, region


def ept(cpu: Processor) -> None:
    """EPT: identity of the first 8 MiB by 2-MiB pages."""
    cpu.memory.load(0x30_0000, (0x30_1007).to_bytes(8, "little"))
    cpu.memory.load(0x30_1000, (0x30_2007).to_bytes(8, "little"))
    cpu.memory.load(0x30_2000, b"".join((n << 21 | 0xB7).to_bytes(8, "little") for n in range(4)))
