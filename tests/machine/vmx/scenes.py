"""A processor in VMX root operation with a legal VMCS, without running a program."""
from __future__ import annotations

from collections.abc import Mapping

from vmviz.machine import bench
from vmviz.machine.processor import Processor
from vmviz.machine.registers import CR4, CR4_VMXE, CURRENT_VMCS, FEATURE_CONTROL, OPERATION, ROOT, VMXON_POINTER
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx.vmcs import Region

VMXON_REGION, VMCS = 0x20_0000, 0x20_1000
GUEST_RIP, HOST_RIP = 0x11_0000, 0x10_0800


def legal_fields(cpu: Processor) -> dict[str, int]:
    """A 64-bit guest and a 64-bit host, with nothing switched on that need not be."""
    fields = {
        "pin_based_controls": cap.allowed(cpu.model, "pin_based").must,
        "primary_processor_based_controls": cap.allowed(cpu.model, "primary").must,
        "primary_vm_exit_controls": cap.allowed(cpu.model, "vm_exit").must | 1 << 9,
        "vm_entry_controls": cap.allowed(cpu.model, "vm_entry").must | 1 << 9,
        "guest_cr0": 0x8000_0031, "host_cr0": 0x8000_0031, "guest_cr3": 0x1_0000, "host_cr3": 0x1_0000,
        "guest_cr4": 0x2020, "host_cr4": 0x2020, "guest_rip": GUEST_RIP, "host_rip": HOST_RIP, "guest_rsp": 0x9000,
        "host_rsp": 0x8000, "guest_rflags": 2, "guest_dr7": 0x400, "vmcs_link_pointer": (1 << 64) - 1,
        "guest_cs_selector": 0x18, "guest_cs_limit": 0xFFFF_FFFF, "guest_cs_access_rights": 0xA09B,
        "guest_tr_selector": 0x30, "guest_tr_limit": 0x67, "guest_tr_access_rights": 0x8B,
        "guest_ldtr_access_rights": 0x1_0000, "guest_gdtr_limit": 0xFFFF, "guest_idtr_limit": 0xFFFF,
        "host_cs_selector": 0x18, "host_tr_selector": 0x30,
    }
    for name in ("ss", "ds", "es", "fs", "gs"):
        fields |= {f"guest_{name}_selector": 0x10, f"guest_{name}_limit": 0xFFFF_FFFF,
                   f"guest_{name}_access_rights": 0xC093, f"host_{name}_selector": 0x10}
    return fields


def in_root(image: bytes = b"\x0f\x01\xc2", model: str = "tigerlake", **changes: int) -> tuple[Processor, Region]:
    """A processor whose next instruction is the image's first (VMLAUNCH), and its current VMCS."""
    cpu = bench.processor(image, model)
    cpu.reg[CR4] |= CR4_VMXE
    cpu.reg[FEATURE_CONTROL] = 5
    cpu.reg[OPERATION] = ROOT
    cpu.reg[VMXON_POINTER] = VMXON_REGION
    cpu.reg[CURRENT_VMCS] = VMCS
    cpu.memory.load(VMCS, cap.revision(cpu.model).to_bytes(4, "little"))
    region = Region(cpu, VMCS)
    cpu.rips.append(0)
    put(region, legal_fields(cpu))
    put(region, changes)
    cpu.rips.clear()
    cpu.journal.clear()
    cpu.refresh()
    return cpu, region


def put(region: Region, fields: Mapping[str, int]) -> None:
    """Write fields."""
    for name, value in fields.items():
        region.write(name, value)
