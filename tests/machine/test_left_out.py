"""What is left out says so: each row of "Left out" in docs/model.md is met by code, and what it says comes true."""
from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.machine.isa.running import CODE
from tests.machine.vmx.exits import VMCALL, ept, must, secondary, step
from tests.machine.vmx.scenes import GUEST_RIP, in_root
from vmviz.asm import assemble
from vmviz.machine import bench, models
from vmviz.machine import registers as r
from vmviz.machine.decode import fetch
from vmviz.machine.outcome import GP, NM, UD, Fault, OutsideModel
from vmviz.machine.processor import Processor
from vmviz.machine.step import advance
from vmviz.machine.vmx import capabilities as cap
from vmviz.spec import CONTROL_BITS

PAGE = Path(__file__).parents[2] / "docs" / "model.md"
VECTORS = {UD: "#UD", NM: "#NM", GP: "#GP"}
RDMSR = "mov ecx, {:#x}\nrdmsr\nhlt"
CR4_TO = "mov rax, {:#x}\nmov cr4, rax\nhlt"
WRMSR = "mov ecx, {:#x}\nmov eax, {:#x}\nxor edx, edx\nwrmsr\nhlt"
VECTOR_STATE = {r.XCR0: 0xE7, r.CR4: 0x20 | r.CR4_OSXSAVE | r.CR4_OSFXSR}
WP = {r.CR0: 0x8001_0031}


class Met(NamedTuple):
    """A piece of code, what becomes of it, and the state it begins in."""

    row: str
    code: str
    outcome: str
    state: dict[int, int] = {}
    bits: int = 64
    model: str = "tigerlake"


def instruction(row: str, code: str, text: str, state: dict[int, int] | None = None) -> Met:
    """An instruction, by its bytes, that stops by its name."""
    return Met(row, f"db {', '.join(f'0x{byte:02x}' for byte in bytes.fromhex(code))}", f"instruction `{text}`",
               VECTOR_STATE if state is None else state)


CASES = [
    Met("system-management mode", "mov eax, 0xFEE00300\nmov dword [rax], 0x40200\nhlt",
        "a system-management interrupt (SMI)"),
    Met("system-management mode", "rsm", "#UD"), Met("system-management mode", RDMSR.format(0x9B), "#GP"),
    instruction("x87, MMX", "d9e8", "fld1"), instruction("x87, MMX", "0ffcc1", "paddb mm0, mm1"),
    instruction("x87, MMX", "0f58c1", "addps xmm0, xmm1"),
    instruction("x87, MMX", "c5f058c2", "vaddps xmm0, xmm1, xmm2"),
    instruction("x87, MMX", "62f1744858c2", "vaddps zmm0, zmm1, zmm2"),
    instruction("x87, MMX", "660f38dcc1", "aesenc xmm0, xmm1"),
    instruction("x87, MMX", "0f77", "emms"), instruction("x87, MMX", "0fae0424", "fxsave [rsp]"),
    Met("x87, MMX", "db 0xd9, 0xe8", "#NM", {r.CR0: 0x8000_0031 | r.CR0_TS}),
    instruction("XSAVE family", "0fae2424", "xsave [rsp]"), instruction("XSAVE family", "0fc72424", "xsavec [rsp]"),
    instruction("XSAVE family", "0fc72c24", "xsaves [rsp]"), instruction("XSAVE family", "0fc71c24", "xrstors [rsp]"),
    Met("XSAVE family", "xor ecx, ecx\nxgetbv\nhlt", "goes on", VECTOR_STATE),
    Met("XSAVE family", WRMSR.format(0xDA0, 1 << 11), "#GP"),
    Met("protection keys", CR4_TO.format(0x20 | r.CR4_PKE), "goes on"),
    instruction("protection keys", "0f01ee", "rdpkru", {r.CR4: 0x20 | r.CR4_PKE}),
    instruction("protection keys", "0f01ef", "wrpkru", {r.CR4: 0x20 | r.CR4_PKE}),
    Met("CET", CR4_TO.format(0x20 | r.CR4_CET), "goes on", WP),
    Met("CET", CR4_TO.format(0x20 | r.CR4_CET), "control-flow enforcement (CR4.CET with IA32_S_CET or IA32_U_CET)",
        WP | {r.S_CET: 1}),
    Met("CET", WRMSR.format(0x6A0, 4), "control-flow enforcement (CR4.CET with IA32_S_CET or IA32_U_CET)",
        WP | {r.CR4: 0x20 | r.CR4_CET}),
    Met("CET", WRMSR.format(0x6A0, 4), "goes on"),
    Met("CET", "db 0xf3, 0x48, 0x0f, 0xae, 0xe8", "#UD", WP | {r.CR4: 0x20 | r.CR4_CET}),             # INCSSPQ
    Met("CET", "db 0xf3, 0x0f, 0x1e, 0xfa\nhlt", "goes on", WP | {r.CR4: 0x20 | r.CR4_CET}),          # ENDBR64
    *(Met("virtual-8086 mode extensions", code, "virtual-8086 mode extensions (CR4.VME)",
          {r.RFLAGS: 2 | r.VM, r.CPL: 3, r.CR4: r.CR4_VME, r.EFER: 0, r.CR0: 0x31, r.CS_BASE: 0}, 16)
      for code in ("cli", "sti", "pushf", "popf", "int 0x21")),
    *(Met("protected-mode virtual interrupts", code, "protected-mode virtual interrupts (CR4.PVI)",
          {r.CPL: 3, r.CR4: 0x20 | r.CR4_PVI}) for code in ("cli", "sti")),
    Met("TXT", "getsec", "#UD"), Met("TXT", "getsec", "safer mode (GETSEC)", {r.CR4: 0x20 | r.CR4_SMXE}, 64, "no-ept"),
    *(Met("last-branch records, processor trace, machine checks", RDMSR.format(index), "#GP")
      for index in (0x1C9, 0x680, 0x14CE, 0x570, 0x179, 0x17A, 0x345, 0xC1, 0x186)),
    Met("last-branch records", WRMSR.format(0x1A0, 1 << 22), "IA32_MISC_ENABLE.LIMIT_CPUID_MAXVAL"),
    Met("5-level paging", CR4_TO.format(0x20 | r.CR4_LA57), "#GP"),
    *(Met("SGX, TDX, TSX", f"db {', '.join(f'0x{byte:02x}' for byte in bytes.fromhex(code))}", "#UD")
      for code in ("0f01cf", "0f01d7", "0f01c0", "660f01cf", "c7f800000000", "f30f38dcc1", "0f01c5", "660faef0",
                   "0f38f90424", "660f38f80424", "0f01e8", "0f01d8", "0f01da")),
    Met("code outside RAM", "mov rax, 0xFEE00000\njmp rax", "code outside RAM")]


def start(met: Met) -> Processor:
    """A processor about to run the code."""
    cpu = bench.processor(b"", met.model)
    cpu.memory.load(CODE, assemble(f"bits {met.bits}\norg {CODE:#x}\n{met.code}").image)
    if met.bits < 64:
        cpu.reg[r.CS_RIGHTS] = 0xC09B if met.bits == 32 else 0x809B
        cpu.reg[r.SS_RIGHTS], cpu.reg[r.CS_LIMIT] = cpu.reg[r.CS_RIGHTS] & ~8, 0xFFFF_FFFF if met.bits == 32 else 0xFFFF
    for slot, value in met.state.items():
        cpu.reg[slot] = value
    cpu.reg[r.RIP] = CODE
    cpu.refresh()
    return cpu


def becomes_of(cpu: Processor) -> tuple[str, int]:
    """Run until something comes instead of an instruction, or HLT: what came, and at which address."""
    while not cpu.reg[r.ACTIVITY]:
        rip = cpu.reg[r.RIP]
        cpu.rips.append(rip)
        try:
            ins = fetch(cpu, rip)
            cpu.running, cpu.reg[r.RIP] = ins, ins.next_rip
            ins.execute(cpu, ins)
        except Fault as fault:
            return VECTORS[fault.vector], rip
        except OutsideModel as left:
            assert str(left).startswith(f"{left.what} at {left.address:x}h is outside the model")
            return left.what, left.address
    return "goes on", cpu.reg[r.RIP]


@pytest.mark.parametrize("met", CASES, ids=[f"{met.row}: {met.code.splitlines()[0]}" for met in CASES])
def test_what_is_left_out_stops_by_name_or_is_refused(met: Met) -> None:
    cpu = start(met)
    outcome, address = becomes_of(cpu)
    assert outcome == met.outcome
    assert address == (0xFEE0_0000 if met.outcome == "code outside RAM" else address) and address >= CODE


def test_the_address_is_linear_where_the_code_segment_has_a_base() -> None:
    cpu = start(Met("", "cli", "", {r.RFLAGS: 2 | r.VM, r.CPL: 3, r.CR4: r.CR4_VME, r.EFER: 0, r.CR0: 0x31}, 16))
    cpu.reg[r.CS_BASE], cpu.reg[r.RIP] = CODE - 0x100, 0x100
    assert becomes_of(cpu)[1] == CODE


def test_every_row_of_the_page_is_met() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("## Left out")[2]
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")][1:]
    rows = [row for row in rows if not row.startswith(("sub-page", "posted"))]         # of VM entries: below
    assert rows and not [row for row in rows if not any(met.row in row for met in CASES)]
    assert not [met.row for met in CASES if not any(met.row in row for row in rows)]


def test_a_sub_page_permission_stops_the_write_that_it_would_decide() -> None:
    cpu, _ = in_root(**secondary("enable_ept", "subpage_write_permissions"), ept_pointer=0x30_001E,
                     subpage_permission_table_pointer=0x30_4000)
    ept(cpu)
    cpu.memory.load(0x30_2010, (0x30_5007).to_bytes(8, "little"))                       # 4 to 6 MiB by 4-KiB pages
    cpu.memory.load(0x30_5000, (0x40_0035 | 1 << 61).to_bytes(8, "little"))
    cpu.memory.load(GUEST_RIP, bytes.fromhex("8b042500004000 890425 00004000"))         # read, then write 400000h
    step(cpu)
    step(cpu)
    with pytest.raises(OutsideModel, match=f"a sub-page write permission at {GUEST_RIP + 7:x}h"):
        step(cpu)


CET = {f"{whose}_{name}": value for whose in ("guest", "host")
       for name, value in (("cr0", 0x8001_0031), ("cr4", 0x2020 | r.CR4_CET))}


def test_a_vm_entry_or_exit_that_turns_cet_on_stops() -> None:
    cpu, _ = in_root(**CET, vm_entry_controls=must("vm_entry", "load_cet_state"), guest_ia32_s_cet=1)
    with pytest.raises(OutsideModel, match="control-flow enforcement"):
        advance(cpu, [], 1)
    assert cpu.reg[r.OPERATION] == r.ROOT and cpu.reg[r.RIP] == bench.IMAGE_AT          # it has not happened
    cpu, _ = in_root(**CET, primary_vm_exit_controls=must("vm_exit", "load_cet_state"), host_ia32_s_cet=4)
    cpu.memory.load(GUEST_RIP, VMCALL)
    step(cpu)
    with pytest.raises(OutsideModel, match="control-flow enforcement"):
        step(cpu)


@pytest.mark.parametrize("name", ["pin_based.process_posted_interrupts", "primary.activate_tertiary_controls",
                                  "secondary.pt_uses_guest_physical", "secondary.encls_exiting",
                                  "vm_exit.activate_secondary_controls", "vm_entry.load_ia32_rtit_ctl"])
def test_no_model_lets_a_vm_entry_have_what_is_left_out(name: str) -> None:
    group, control = name.split(".")
    bit = CONTROL_BITS[group][control]
    assert not any(cap.allowed(models.load(model), group).may >> bit & 1 for model in models.NAMES)
