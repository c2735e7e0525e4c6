"""Which instructions each model has: CPUID decides, once, when an instruction is decoded."""
from __future__ import annotations

import re

import iced_x86 as ix
import pytest

from tests.machine.isa.running import CODE
from vmviz.machine import bench, features, models
from vmviz.machine.decode import fetch
from vmviz.machine.outcome import GP, NM, UD, Fault, OutsideModel
from vmviz.machine.processor import Processor
from vmviz.machine.registers import (
    CPL,
    CR0,
    CR0_EM,
    CR0_MP,
    CR0_TS,
    CR4,
    CR4_OSFXSR,
    CR4_OSXSAVE,
    CR4_PVI,
    CR4_VME,
    NON_ROOT,
    OPERATION,
    RAX,
    RBX,
    RFLAGS,
    RIP,
    SLOT,
    VM,
    XCR0,
)

ALL, NEW, NOT_OLDEST, NONE = models.NAMES, ("tigerlake",), ("tigerlake", "sandy-bridge"), ()
# Bytes of an instruction -> the models that execute it (or know it and leave it out); it is #UD on the others.
INSTRUCTIONS = {
    "andn eax, ebx, ecx": ("c4e260f2c1", NEW), "blsr eax, ebx": ("c4e278f3cb", NEW),
    "shlx eax, ebx, ecx": ("c4e271f7c3", NEW), "adcx eax, ebx": ("660f38f6c3", NEW),
    "movbe eax, [rsp]": ("0f38f00424", NEW), "rdrand eax": ("0fc7f0", NEW), "rdseed eax": ("0fc7f8", NEW),
    "invpcid rax, [rsp]": ("660f38820424", NEW), "rdtscp": ("0f01f9", NOT_OLDEST), "rdpid rax": ("f30fc7f8", NEW),
    "clac": ("0f01ca", NEW), "stac": ("0f01cb", NEW), "popcnt eax, ebx": ("f30fb8c3", NOT_OLDEST),
    "crc32 eax, bl": ("f20f38f0c3", NOT_OLDEST), "clwb [rsp]": ("660fae3424", NEW),
    "clflushopt [rsp]": ("660fae3c24", NEW), "clflush [rsp]": ("0fae3c24", ALL),
    "movdiri [rsp], eax": ("0f38f90424", NONE), "movdir64b rax, [rsp]": ("660f38f80424", NONE),
    "serialize": ("0f01e8", NONE), "monitor": ("0f01c8", ALL), "cmpxchg16b [rsp]": ("480fc70c24", ALL),
    "sysenter": ("0f34", ALL), "cmovz eax, ebx": ("0f44c3", ALL), "vmrun": ("0f01d8", NONE),
    "clzero": ("0f01fc", NONE), "encls": ("0f01cf", NONE), "xbegin": ("c7f800000000", NONE),
    "tpause eax": ("660faef0", NONE), "seamcall": ("660f01cf", NONE), "pfadd mm0, mm1": ("0f0fc19e", NONE),
    "prefetchw [rsp]": ("0f0d0c24", ALL), "endbr64": ("f30f1efa", ALL), "xgetbv": ("0f01d0", ALL),
    "fnop": ("d9d0", ALL),
}


def at(code: bytes, model: str) -> Processor:
    """A processor about to run `code`; extended state is enabled and the registers are harmless."""
    cpu = bench.processor(b"", model)
    cpu.memory.load(CODE, code)
    cpu.reg[RIP] = CODE
    cpu.reg[CR4] |= CR4_OSXSAVE | CR4_OSFXSR
    cpu.rips[:] = [CODE]
    return cpu


def run(cpu: Processor) -> str:
    """What becomes of one instruction: done, a vector, or outside."""
    try:
        ins = fetch(cpu, CODE)
        cpu.running = ins
        ins.execute(cpu, ins)
    except Fault as fault:
        return f"fault {fault.vector}"
    except OutsideModel:
        return "outside"
    return "done"


@pytest.mark.parametrize("model", models.NAMES)
@pytest.mark.parametrize("text", INSTRUCTIONS)
def test_an_instruction_that_cpuid_does_not_report_is_undefined(text: str, model: str) -> None:
    code, there = INSTRUCTIONS[text]
    outcome = run(at(bytes.fromhex(code), model))
    assert (outcome == f"fault {UD}") == (model not in there), outcome


@pytest.mark.parametrize(("code", "results"), [
    ("f30fbdc3", (58, 5, 5)),        # LZCNT counts from the other end than BSR
    ("f30fbcc3", (4, 4, 4))])        # TZCNT and BSF agree but for zero
def test_a_count_of_zeros_is_a_bit_scan_on_a_model_without_it(code: str, results: tuple[int, ...]) -> None:
    for model, result in zip(models.NAMES, results, strict=True):
        cpu = at(bytes.fromhex(code[:2] + "48" + code[2:]), model)     # with REX.W
        cpu.reg[RBX] = 0x30
        assert run(cpu) == "done"
        assert cpu.reg[RAX] == result


def test_tzcnt_of_zero_leaves_the_destination_alone_where_it_is_bsf() -> None:
    left = {}
    for model in models.NAMES:
        cpu = at(bytes.fromhex("f3480fbcc3"), model)
        cpu.reg[RAX], cpu.reg[RBX] = 77, 0
        assert run(cpu) == "done"
        left[model] = cpu.reg[RAX]
    assert left == {"tigerlake": 64, "sandy-bridge": 77, "no-ept": 77}


def test_every_feature_of_the_decoder_is_in_the_table_or_everywhere() -> None:
    everywhere = set("INTEL8086 INTEL186 INTEL286 INTEL386 INTEL486 X64 CPUID SMM PAUSE RDPMC MULTIBYTENOP PREFETCHW "
                     "PREFETCHWT1 PREFETCHITI CLDEMOTE CET_IBT CET_SS MPX INVEPT INVVPID".split())
    names = {name for name in dir(ix.CpuidFeature) if re.fullmatch(r"[A-Z][A-Z0-9_]+", name)}
    listed = set(features.BITS) | set(features.NOWHERE) | everywhere
    assert listed <= names
    assert not _features_of_all_codes(names) - listed


def _features_of_all_codes(names: set[str]) -> set[str]:
    by_number = {getattr(ix.CpuidFeature, name): name for name in names}
    found = set()
    for name in dir(ix.Code):
        code = getattr(ix.Code, name)
        if isinstance(code, int) and name[0].isupper():
            instruction = ix.Instruction()
            instruction.code = code
            found |= {by_number[feature] for feature in instruction.cpuid_features()}
    return found


SWITCHED = [
    # bytes, what is set (or, with a minus, cleared), outcome
    ("d9d0", {}, "outside"), ("d9d0", {"cr0": CR0_TS}, f"fault {NM}"), ("d9d0", {"cr0": CR0_EM}, f"fault {NM}"),
    ("9b", {}, "done"), ("9b", {"cr0": CR0_TS}, "done"), ("9b", {"cr0": CR0_TS | CR0_MP}, f"fault {NM}"),
    ("0f77", {}, "outside"), ("0f77", {"cr0": CR0_EM}, f"fault {UD}"), ("0f77", {"cr0": CR0_TS}, f"fault {NM}"),
    ("0f58c1", {}, "outside"), ("0f58c1", {"cr0": CR0_TS}, f"fault {NM}"),
    ("0f58c1", {"-cr4": CR4_OSFXSR}, f"fault {UD}"), ("c5f058c2", {}, f"fault {UD}"),
    ("c5f058c2", {"xcr0": 7}, "outside"), ("c5f058c2", {"xcr0": 7, "cr0": CR0_TS}, f"fault {NM}"),
    ("c5f058c2", {"xcr0": 7, "-cr4": CR4_OSXSAVE}, f"fault {UD}"), ("62f1744858c2", {"xcr0": 7}, f"fault {UD}"),
    ("62f1744858c2", {"xcr0": 0xE7}, "outside"), ("0fae2424", {}, "outside"),
    ("0fae2424", {"-cr4": CR4_OSXSAVE}, f"fault {UD}"), ("0f01ee", {}, f"fault {UD}"), ("0f01e8", {}, f"fault {UD}"),
    ("f3480faee8", {}, f"fault {UD}"), ("0fc72c24", {}, "outside"),
]


@pytest.mark.parametrize(("code", "state", "outcome"), SWITCHED)
def test_what_is_left_out_keeps_its_guards(code: str, state: dict[str, int], outcome: str) -> None:
    cpu = at(bytes.fromhex(code), "tigerlake")
    for name, bits in state.items():
        slot = SLOT[name.lstrip("-")]
        cpu.reg[slot] = cpu.reg[slot] & ~bits if name[0] == "-" else cpu.reg[slot] | bits
    assert run(cpu) == outcome


def test_xsaves_is_undefined_in_a_guest_without_its_control() -> None:
    cpu = at(bytes.fromhex("0fc72c24"), "tigerlake")
    cpu.reg[OPERATION], cpu.non_root = NON_ROOT, True
    assert run(cpu) == f"fault {UD}"


def test_what_is_outside_is_named_with_its_address() -> None:
    cpu = at(bytes.fromhex("0f58c1"), "tigerlake")
    cpu.reg[XCR0] = 7
    with pytest.raises(OutsideModel, match="instruction `addps xmm0, xmm1` at 4000h is outside the model"):
        ins = fetch(cpu, CODE)
        ins.execute(cpu, ins)
    assert cpu.reg[CR0] == 0x8000_0031


@pytest.mark.parametrize("code", ["fa", "fb", "9c", "9d", "cd21"])
def test_virtual_8086_code_that_needs_its_extensions_is_outside(code: str) -> None:
    cpu = at(bytes.fromhex(code), "tigerlake")
    cpu.reg[RFLAGS] |= VM
    cpu.reg[CPL] = 3
    assert run(cpu) == f"fault {GP}"
    cpu.reg[CR4] |= CR4_VME
    assert run(cpu) == "outside"


@pytest.mark.parametrize("code", ["fa", "fb"])
def test_virtual_interrupts_of_protected_mode_are_outside(code: str) -> None:
    cpu = at(bytes.fromhex(code), "tigerlake")
    cpu.reg[CPL] = 3
    assert run(cpu) == f"fault {GP}"
    cpu.reg[CR4] |= CR4_PVI
    assert run(cpu) == "outside"
