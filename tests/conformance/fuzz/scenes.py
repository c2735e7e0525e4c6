"""Scenes: the standard VMCS turned into one for another guest or with more controls, all of it legal.

A scene is fields by name, over `STANDARD`, the values that driver.asm gives every trial.
"""
from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from random import Random

from tests.conformance.fuzz import trial as t
from vmviz.machine.models import load
from vmviz.machine.vmx import controls as c
from vmviz.spec import FIELDS

MODEL = load("tigerlake")
PIN, PRIMARY, EXIT, ENTRY = 0x16, 0x0400_6172, 0x3_6DFB, 0x13FB
EPT_POINTER, EPT_PML4, EPT_PDPT, EPT_PD, EPT_PT = 0x20_801E, 0x20_8000, 0x20_9000, 0x20_A000, 0x20_B000
VIRTUAL_APIC, APIC_ACCESS, MSR_AREA, MSR_BITMAP = 0x20_6000, 0x20_7000, 0x20_C000, 0x20_5000
SEGMENTS = ("es", "cs", "ss", "ds", "fs", "gs")
Scene = dict[str, int]


@cache
def standard() -> Mapping[str, int]:
    """The fields of the standard VMCS, as the driver writes them."""
    from tests.conformance.fuzz.machines import standard_fields
    return standard_fields()


def supported_fields() -> list[str]:
    """The fields that exist on the model."""
    from tests.conformance.fuzz.machines import supported
    return [field.name for field in FIELDS if supported(field.encoding)]


def with_ept(*more: int) -> Scene:
    """EPT, and other secondary controls."""
    return {"primary_processor_based_controls": PRIMARY | c.ACTIVATE_SECONDARY_CONTROLS, "ept_pointer": EPT_POINTER,
            "secondary_processor_based_controls": c.ENABLE_EPT | sum(more)}


def legacy(paging: str = "none", unrestricted: bool = False) -> Scene:
    """A 32-bit guest: paging "none" (needs unrestricted guest), "32" or "pae"."""
    scene = with_ept(c.UNRESTRICTED_GUEST) if unrestricted or paging == "none" else {}
    scene |= {"vm_entry_controls": ENTRY & ~c.IA32E_MODE_GUEST, "guest_cs_selector": 8,
              "guest_cs_access_rights": 0xC09B, "guest_idtr_base": t.IDT32, "guest_idtr_limit": 0x7FF}
    if paging == "none":
        scene["guest_cr0"] = 0x31
    elif paging == "32":
        scene |= {"guest_cr3": t.PD32, "guest_cr4": 0x2010}
    else:
        scene |= {"guest_cr3": t.PDPT_PAE, "guest_cr4": 0x2020, "guest_pdpte0": 0x11_6001}
    return scene


def real_mode() -> Scene:
    """Real-address mode at 0800:0000, for an unrestricted guest."""
    scene = with_ept(c.UNRESTRICTED_GUEST) | {
        "vm_entry_controls": ENTRY & ~c.IA32E_MODE_GUEST, "guest_cr0": 0x30, "guest_cr4": 0x2000, "guest_rip": 0,
        "guest_rsp": 0x7000, "guest_idtr_base": 0, "guest_idtr_limit": 0x3FF}
    for name in SEGMENTS:
        scene |= {f"guest_{name}_selector": 0, f"guest_{name}_limit": 0xFFFF, f"guest_{name}_access_rights": 0x93}
    return scene | {"guest_cs_selector": 0x800, "guest_cs_base": 0x8000, "guest_cs_access_rights": 0x9B}


def virtual_8086() -> Scene:
    """Virtual-8086 mode over 32-bit paging, code at 0800:0000."""
    scene = legacy("32") | {"guest_rflags": 0x2_0002, "guest_rip": 0, "guest_rsp": 0x7000}
    for name in SEGMENTS:
        scene |= {f"guest_{name}_selector": 0, f"guest_{name}_base": 0, f"guest_{name}_limit": 0xFFFF,
                  f"guest_{name}_access_rights": 0xF3}
    return scene | {"guest_cs_selector": 0x800, "guest_cs_base": 0x8000}


def user() -> Scene:
    """64-bit code at ring 3."""
    return {"guest_cs_selector": 0x2B, "guest_cs_access_rights": 0xA0FB, "guest_ss_selector": 0x23,
            "guest_ss_access_rights": 0xC0F3}


def merged(scene: Scene, *others: Scene) -> Scene:
    """Scenes together: control words are united, other fields replaced."""
    result = dict(scene)
    for other in others:
        for name, value in other.items():
            union = name in result and name.endswith("_controls") and name != "vm_entry_controls"
            result[name] = result[name] | value if union else value
    return result


def tpr_shadow(random: Random) -> Scene:
    """The TPR shadow with its page, and a threshold."""
    return {"primary_processor_based_controls": PRIMARY | c.USE_TPR_SHADOW, "virtual_apic_address": VIRTUAL_APIC,
            "tpr_threshold": random.choice((0, 0, 0, 1, 15))}


def any_scene(random: Random) -> tuple[str, Scene, int, int]:
    """A legal scene with its name, and how its code is to be assembled: bits, address."""
    match random.randrange(12):
        case 0:
            return "EPT", with_ept(), 64, t.CODE
        case 1:
            return "32-bit paging", legacy("32"), 32, t.CODE
        case 2:
            return "PAE paging", legacy("pae"), 32, t.CODE
        case 3:
            return "no paging", legacy("none"), 32, t.CODE
        case 4:
            return "real-address mode", real_mode(), 16, t.REAL_CODE
        case 5:
            return "virtual-8086", virtual_8086(), 16, t.REAL_CODE
        case 6:
            return "ring 3", user(), 64, t.CODE
        case 7:
            return "TPR shadow", merged(tpr_shadow(random), with_ept()), 64, t.CODE
        case 8:
            return "virtual NMIs", {"pin_based_controls": PIN | c.NMI_EXITING | c.VIRTUAL_NMIS}, 64, t.CODE
        case 9:
            return "EFER and PAT", {
                "vm_entry_controls": ENTRY | c.ENTRY_LOAD_EFER | c.ENTRY_LOAD_PAT, "guest_ia32_efer": 0x500,
                "guest_ia32_pat": 0x7_0406_0007_0406,
                "primary_vm_exit_controls": EXIT | c.EXIT_LOAD_EFER | c.EXIT_LOAD_PAT,
                "host_ia32_efer": 0x500, "host_ia32_pat": 0x7_0406_0007_0406}, 64, t.CODE
        case 10:
            count = random.randrange(1, 4)
            return "MSR loading", {"entry_msr_load_count": count, "entry_msr_load_address": MSR_AREA}, 64, t.CODE
        case _:
            return "standard", {}, 64, t.CODE


def chance(random: Random, one_in: int) -> bool:
    """True once in `one_in` times."""
    return random.randrange(one_in) == 0
