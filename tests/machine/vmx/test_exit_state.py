"""What a VM exit records, saves and loads: each row of `vmviz/spec/tables/exit_state.csv` against exits that run.

A row with a control is run with the control and without it; what a failed entry must leave alone, it leaves alone. A
row whose controls no model has is shown to be out of reach. (SDM volume 3, chapter "VM Exits".)
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import pytest

from tests.machine.vmx.exits import ENTRY, EXIT, VMCALL, ept, exited, failed, guest, must, poke, secondary, step
from tests.machine.vmx.scenes import GUEST_RIP, HOST_RIP, VMCS, in_root
from vmviz.machine import models
from vmviz.machine import registers as r
from vmviz.machine.processor import Processor
from vmviz.machine.registers import segment
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx.vmcs import Region
from vmviz.spec import CONTROL_BITS, EXIT_STATE

LIST = 0x20_C000                        # of MSRs, in memory
CET_HOST = {"host_ia32_s_cet": 0x1000, "host_ssp": 0x70_0000, "host_ia32_interrupt_ssp_table_addr": 0x71_0000}
Check = Callable[[], None]
CHECKS: dict[int, Check] = {}


def row(number: int) -> Callable[[Check], Check]:
    """The check of a row."""
    def keep(check: Check) -> Check:
        CHECKS[number] = check
        return check

    return keep


@pytest.mark.parametrize("number", [row.step for row in EXIT_STATE],
                         ids=[f"{row.step} {row.what}" for row in EXIT_STATE])
def test_an_exit_does_what_the_row_says(number: int) -> None:
    CHECKS[number]()


def test_no_check_is_left_over() -> None:
    assert set(CHECKS) == {row.step for row in EXIT_STATE}


# ---- phase 1: what is recorded

@row(1)
def reason() -> None:
    assert exited()[1].read("exit_reason") == 18
    assert failed()[1].read("exit_reason") == 1 << 31 | 33


@row(2)
def qualification() -> None:
    code = b"\x0f\x22\xd8"                                              # MOV CR3, RAX
    cpu, region = exited(code, primary_processor_based_controls=must("primary", "cr3_load_exiting"))
    assert region.read("exit_qualification") == 3
    assert exited(exit_qualification=7)[1].read("exit_qualification") == 0


@row(3)
def guest_linear_address() -> None:
    assert ept_violation().read("guest_linear_address") == 0x80_0010


@row(4)
def guest_physical_address() -> None:
    assert ept_violation().read("guest_physical_address") == 0x80_0010


def ept_violation() -> Region:
    cpu, region = in_root(**secondary("enable_ept"), ept_pointer=0x30_001E)
    ept(cpu)
    cpu.memory.load(GUEST_RIP, bytes.fromhex("8b042510008000"))         # MOV EAX, [800010h]
    step(cpu)
    step(cpu)
    assert region.read("exit_reason") == 48
    return region


@row(5)
def exiting_event() -> None:
    _, region = exited(b"\x0f\x0b", exception_bitmap=1 << 6)
    assert region.read("exit_interruption_info") == 0x8000_0306
    _, region = exited(b"\xff\x30", state={r.RAX: 1 << 63}, exception_bitmap=1 << 13)
    assert (region.read("exit_interruption_info"), region.read("exit_interruption_error_code")) == (0x8000_0B0D, 0)
    assert exited(exit_interruption_info=1 << 31)[1].read("exit_interruption_info") == 0


@row(6)
def interrupted_delivery() -> None:
    cpu, region = in_root(exception_bitmap=1 << 13, guest_idtr_limit=0, entry_interruption_info=0x8000_0B0C,
                          entry_exception_error_code=0x18)
    step(cpu)
    assert (region.read("idt_vectoring_info"), region.read("idt_vectoring_error_code")) == (0x8000_0B0C, 0x18)
    assert exited(idt_vectoring_info=1 << 31)[1].read("idt_vectoring_info") == 0


@row(7)
def instruction_length() -> None:
    assert exited()[1].read("exit_instruction_length") == 3
    assert exited(b"\x0f\xa2")[1].read("exit_instruction_length") == 2


@row(8)
def instruction_details() -> None:
    assert exited(b"\x66\x0f\xc7\x33")[1].read("exit_instruction_info") & 7 << 15 == 3 << 15     # VMCLEAR [RBX]


@row(9)
def injection_request() -> None:
    cpu, region = in_root(entry_interruption_info=0x8000_0306, guest_idtr_limit=0)
    step(cpu)
    assert region.read("exit_reason") == 2 and not region.read("entry_interruption_info") >> 31
    assert failed(entry_interruption_info=0x8000_0306)[1].read("entry_interruption_info") >> 31


@row(10)
def guest_mode() -> None:
    assert cap.msr(models.load("tigerlake"), cap.MISC) >> 5 & 1
    for lma in (0, r.EFER_LMA):
        _, region = exited(state={r.EFER: 0x100 | lma})
        assert bool(region.read("vm_entry_controls") >> ENTRY["ia32e_mode_guest"] & 1) == bool(lma)


# ---- phase 2: what is saved

class Saved(NamedTuple):
    """Fields, the slots they come from with values of the guest's, and the VM-exit control that asks for it, if any."""

    fields: dict[str, tuple[int, int]]
    control: str | None = None


_PARTS = ("selector", "base", "limit", "access_rights")
_SEGMENT_VALUES = {"selector": 0x20, "base": 0x77_0000, "limit": 0x6_FFFF, "access_rights": 0xC093}
SAVED: dict[int, Saved] = {
    11: Saved({"guest_cr0": (r.CR0, 0x8000_0039), "guest_cr3": (r.CR3, 0x1_0008), "guest_cr4": (r.CR4, 0x2024)}),
    12: Saved({"guest_dr7": (r.DR7, 0x600), "guest_ia32_debugctl": (r.DEBUGCTL, 0x40)}, "save_debug_controls"),
    13: Saved({"guest_ia32_sysenter_cs": (r.SYSENTER_CS, 8), "guest_ia32_sysenter_esp": (r.SYSENTER_ESP, 0x1234),
               "guest_ia32_sysenter_eip": (r.SYSENTER_EIP, 0x5678)}),
    15: Saved({"guest_ia32_pat": (r.PAT, 0x0606)}, "save_ia32_pat"),
    16: Saved({"guest_ia32_efer": (r.EFER, 0xD01)}, "save_ia32_efer"),
    19: Saved({"guest_ia32_s_cet": (r.S_CET, 0x1000), "guest_ssp": (r.SSP, 0x70_0000),
               "guest_ia32_interrupt_ssp_table_addr": (r.SSP_TABLE, 0x71_0000)}),
    24: Saved({f"guest_{name}_{part}": (segment(index, n), _SEGMENT_VALUES[part]) for n, part in enumerate(_PARTS)
               for index, name in enumerate(r.SEGMENT_NAMES) if name not in ("cs", "ss")}),
    25: Saved({"guest_gdtr_base": (r.GDTR_BASE, 0x1000), "guest_gdtr_limit": (r.GDTR_LIMIT, 0x27),
               "guest_idtr_base": (r.IDTR_BASE, 0x2000), "guest_idtr_limit": (r.IDTR_LIMIT, 0x37)}),
    27: Saved({"guest_rsp": (r.RSP, 0xABC0), "guest_rflags": (r.RFLAGS, 0x8D7)})}


def _saved(what: Saved) -> Check:
    def check() -> None:
        state = dict(what.fields.values())
        asked = {} if what.control is None else {"primary_vm_exit_controls": must("vm_exit", what.control)}
        cpu, region = exited(state=state, **asked)
        assert {name: region.read(name) for name in what.fields} == {name: v for name, (_, v) in what.fields.items()}
        _, region = failed() if what.control is None else exited(state=state)
        _, before = in_root(guest_rflags=0) if what.control is None else in_root()
        assert {name: region.read(name) for name in what.fields} == {name: before.read(name) for name in what.fields}

    return check


CHECKS |= {number: _saved(what) for number, what in SAVED.items()}


def unreachable(group_and_control: Mapping[str, str]) -> Check:
    """No model has any of these controls."""
    def check() -> None:
        for name, group in group_and_control.items():
            bit = CONTROL_BITS[group][name]
            assert not any(cap.allowed(models.load(model), group).may >> bit & 1 for model in models.NAMES), name

    return check


CHECKS |= {
    17: unreachable({"load_ia32_bndcfgs": "vm_entry", "clear_ia32_bndcfgs": "vm_exit"}),
    18: unreachable({"load_ia32_rtit_ctl": "vm_entry", "clear_ia32_rtit_ctl": "vm_exit"}),
    20: unreachable({"load_ia32_lbr_ctl": "vm_entry", "clear_ia32_lbr_ctl": "vm_exit"}),
    21: unreachable({"load_pkrs": "vm_entry"}), 44: unreachable({"load_pkrs": "vm_exit"}),
    22: unreachable({"load_uinv": "vm_entry", "clear_uinv": "vm_exit"}),
    14: unreachable({"save_ia32_perf_global_ctrl": "vm_exit"}),
    42: unreachable(dict.fromkeys(("clear_ia32_bndcfgs", "clear_ia32_rtit_ctl", "clear_ia32_lbr_ctl", "clear_uinv"),
                                  "vm_exit")),
    **dict.fromkeys((23, 45, 46), unreachable({"activate_secondary_controls": "vm_exit"}))}


@row(26)
def instruction_pointer() -> None:
    assert exited(b"\x90" + VMCALL, steps=2)[1].read("guest_rip") == GUEST_RIP + 1
    virtual = {"primary_processor_based_controls": must("primary", "use_tpr_shadow"),
               "virtual_apic_address": 0x20_6000, "tpr_threshold": 2}
    cpu, region = in_root(**virtual)
    cpu.memory.load(GUEST_RIP, b"\x44\x0f\x22\xc0")                    # MOV CR8, RAX
    cpu.memory.load(0x20_6080, b"\x30")
    step(cpu)
    step(cpu)
    assert region.read("exit_reason") == 43 and region.read("guest_rip") == GUEST_RIP + 4


@row(28)
def activity_state() -> None:
    _, region = exited(state={r.ACTIVITY: r.HLT, r.INIT_PENDING: 1})
    assert (region.read("exit_reason"), region.read("guest_activity_state")) == (3, r.HLT)
    assert exited(b"\xf4" + VMCALL, state={r.INIT_PENDING: 1})[1].read("guest_activity_state") == r.ACTIVE


@row(29)
def interruptibility_state() -> None:
    assert exited(b"\xfb" + VMCALL, steps=2)[1].read("guest_interruptibility_state") == r.BY_STI
    for blocking in (r.BY_MOV_SS, r.BY_NMI):
        assert exited(state={r.INTERRUPTIBILITY: blocking})[1].read("guest_interruptibility_state") == blocking
    assert exited()[1].read("guest_interruptibility_state") == 0


@row(30)
def pending_debug_exceptions() -> None:
    pending = {"guest_rflags": 0x102, "guest_interruptibility_state": r.BY_MOV_SS,
               "guest_pending_debug_exceptions": 0x4000}
    assert exited(**pending)[1].read("guest_pending_debug_exceptions") == 0x4000
    assert exited()[1].read("guest_pending_debug_exceptions") == 0


@row(31)
def preemption_timer() -> None:
    timer = {"pin_based_controls": must("pin_based", "activate_preemption_timer"), "vmx_preemption_timer_value": 1000}
    saving = must("vm_exit", "save_preemption_timer")
    _, region = exited(b"\x90" * 9 + VMCALL, steps=10, primary_vm_exit_controls=saving, **timer)
    assert 0 < region.read("vmx_preemption_timer_value") < 1000
    assert exited(**timer)[1].read("vmx_preemption_timer_value") == 1000


@row(32)
def pdptes() -> None:
    entries = {f"guest_pdpte{n}": 0x1_2001 + 0x1000 * n for n in range(4)}
    narrow = must("vm_entry") & ~(1 << ENTRY["ia32e_mode_guest"])
    cpu, region = in_root(**secondary("enable_ept"), **entries, ept_pointer=0x30_001E, vm_entry_controls=narrow,
                          guest_cs_access_rights=0xC09B, guest_cr3=0x5000)
    ept(cpu)
    cpu.memory.load(GUEST_RIP, VMCALL)
    step(cpu)
    cpu.reg[r.PDPTE0 + 3] = 0x1_5009
    step(cpu)
    assert [region.read(name) for name in entries] == [0x1_2001, 0x1_3001, 0x1_4001, 0x1_5009]
    assert exited(guest_pdpte0=5)[1].read("guest_pdpte0") == 5


@row(33)
def interrupt_status() -> None:
    virtual = {"primary_processor_based_controls": must("primary", "activate_secondary_controls", "use_tpr_shadow"),
               "secondary_processor_based_controls": must("secondary", "virtual_interrupt_delivery"),
               "pin_based_controls": must("pin_based", "external_interrupt_exiting"),
               "virtual_apic_address": 0x20_6000, "guest_interrupt_status": 0x30}
    assert exited(**virtual)[1].read("guest_interrupt_status") == 0x30                  # IF = 0: still requested
    cpu, region = guest(**virtual, guest_rflags=0x202, exception_bitmap=1 << 13, guest_idtr_limit=0)
    cpu.memory.load(0x20_6000 + 0x200 + 0x10, (1 << 16).to_bytes(4, "little"))
    step(cpu)
    assert region.read("idt_vectoring_info") == 0x8000_0030
    assert region.read("guest_interrupt_status") == 0x3000                              # in service now


# ---- phase 3, and the MSRs of phase 5

@row(34)
def store_msrs() -> None:
    cpu, region = in_root(exit_msr_store_address=LIST, exit_msr_store_count=1)
    cpu.memory.load(LIST, (0x174).to_bytes(8, "little"))
    cpu.memory.load(GUEST_RIP, VMCALL)
    step(cpu)
    cpu.reg[r.SYSENTER_CS] = 0x28
    step(cpu)
    assert cpu.memory.read(LIST + 8, 8) == 0x28
    cpu, region = in_root(exit_msr_store_address=LIST, exit_msr_store_count=1, guest_rflags=0)
    cpu.memory.load(LIST, (0x802).to_bytes(8, "little"))
    step(cpu)
    assert cpu.reg[r.RIP] == HOST_RIP and cpu.reg[r.ACTIVITY] == r.ACTIVE               # skipped: no abort


@row(55)
def load_msrs() -> None:
    for fields in ({}, {"guest_rflags": 0}):
        cpu, region = in_root(exit_msr_load_address=LIST, exit_msr_load_count=1, **fields)
        cpu.memory.load(LIST, (0x174).to_bytes(8, "little") + (0x38).to_bytes(8, "little"))
        cpu.memory.load(GUEST_RIP, VMCALL)
        step(cpu)
        if not fields:
            step(cpu)
        assert cpu.reg[r.SYSENTER_CS] == 0x38 and cpu.reg[r.RIP] == HOST_RIP


# ---- phase 4: what is loaded

class Loaded(NamedTuple):
    """Slots and what they hold after the exit, from these fields; the VM-exit control that asks for it, if any."""

    fields: dict[str, int]
    slots: dict[int, int]
    control: str | None = None


_SELECTORS = {"cs": 0x18, "ss": 0x20, "ds": 0x28, "es": 0x38, "fs": 0x48, "gs": 0x50, "tr": 0x58}
_FLAT = {segment(index, part): value for index in range(6)
         for part, value in ((1, 0), (2, 0xFFFF_FFFF), (3, 0xA09B if index == r.CS else 0xC093))}
LOADED: dict[int, Loaded] = {
    35: Loaded({}, {r.OPERATION: r.ROOT}),
    36: Loaded({"host_cr0": 0x8001_0021, "host_cr3": 0x1_0018, "host_cr4": 0x2220},
               {r.CR0: 0x8001_0031, r.CR3: 0x1_0018, r.CR4: 0x2220}),
    37: Loaded({}, {r.DR7: 0x400, r.DEBUGCTL: 0}),
    38: Loaded({"host_ia32_sysenter_cs": 8, "host_ia32_sysenter_esp": 0x1234, "host_ia32_sysenter_eip": 0x5678},
               {r.SYSENTER_CS: 8, r.SYSENTER_ESP: 0x1234, r.SYSENTER_EIP: 0x5678}),
    39: Loaded({"host_ia32_efer": 0xD01}, {r.EFER: 0xD01}, "load_ia32_efer"),
    40: Loaded({"host_ia32_pat": 0x0606}, {r.PAT: 0x0606}, "load_ia32_pat"),
    41: Loaded({"host_ia32_perf_global_ctrl": 3}, {r.PERF_GLOBAL_CTRL: 3}, "load_ia32_perf_global_ctrl"),
    43: Loaded(CET_HOST, {r.S_CET: 0x1000, r.SSP: 0x70_0000, r.SSP_TABLE: 0x71_0000}, "load_cet_state"),
    47: Loaded({f"host_{name}_selector": value for name, value in _SELECTORS.items()},
               {segment(r.SEGMENT_NAMES.index(name), 0): value for name, value in _SELECTORS.items()}
               | {segment(r.LDTR, 0): 0, segment(r.LDTR, 3): r.AR_UNUSABLE}),
    48: Loaded({"host_fs_base": 0x1000, "host_gs_base": 0x2000, "host_tr_base": 0x3000},
               _FLAT | {r.FS_BASE: 0x1000, r.GS_BASE: 0x2000, r.TR_BASE: 0x3000, segment(r.TR, 2): 0x67,
                        segment(r.TR, 3): 0x8B, r.CPL: 0}),
    49: Loaded({"host_gdtr_base": 0x4000, "host_idtr_base": 0x5000},
               {r.GDTR_BASE: 0x4000, r.GDTR_LIMIT: 0xFFFF, r.IDTR_BASE: 0x5000, r.IDTR_LIMIT: 0xFFFF}),
    50: Loaded({"host_rip": HOST_RIP + 0x10, "host_rsp": 0x7770},
               {r.RIP: HOST_RIP + 0x10, r.RSP: 0x7770, r.RFLAGS: 2}),
    52: Loaded({}, {r.ACTIVITY: r.ACTIVE, r.INTERRUPTIBILITY: 0, r.PENDING_DEBUG: 0}),
    53: Loaded({}, {r.MONITOR_ADDRESS: r.NEVER})}
_OF_THE_GUEST = {r.DR7: 0x600, r.DEBUGCTL: 0x40, r.SYSENTER_CS: 0x99, r.PAT: 0x0404, r.PERF_GLOBAL_CTRL: 1,
                 r.S_CET: 0x2000, r.SSP: 0x72_0000, r.GDTR_BASE: 0x99, r.GDTR_LIMIT: 1, r.IDTR_BASE: 0x99,
                 r.FS_BASE: 0x99, r.GS_BASE: 0x99, segment(r.LDTR, 0): 0x60, segment(r.LDTR, 3): 0x82,
                 segment(r.DS, 2): 0xFFFF, r.RFLAGS: 0x8D7, r.MONITOR_ADDRESS: 0x1000}


def _loaded(what: Loaded) -> Check:
    def check() -> None:
        asked = {} if what.control is None else {"primary_vm_exit_controls": must("vm_exit", what.control)}
        fields = {"host_cr4": 0x2020, **what.fields, **asked}
        cpu, _ = exited(state=_OF_THE_GUEST, **fields)
        assert {slot: cpu.reg[slot] for slot in what.slots} == what.slots
        if what.control is not None:            # without it the guest's value stays
            cpu, _ = exited(state=_OF_THE_GUEST, **what.fields)
            assert all(cpu.reg[slot] == _OF_THE_GUEST[slot] for slot in what.slots if slot in _OF_THE_GUEST)
        else:                                   # a failed entry loads the same
            cpu, _ = failed(**fields)
            assert {slot: cpu.reg[slot] for slot in what.slots} == what.slots

    return check


CHECKS |= {number: _loaded(what) for number, what in LOADED.items()}


def test_an_exit_keeps_the_bits_of_cr0_that_it_does_not_load() -> None:
    caching_off = 0x6000_0000
    cpu, _ = exited(state={r.CR0: 0x8000_0031 | caching_off}, host_cr0=0x8001_0021)
    assert cpu.reg[r.CR0] == 0x8001_0031 | caching_off


@row(51)
def host_pdptes() -> None:
    cpu, region = narrow_host()
    cpu.memory.load(0x5000, b"".join((0x1_2001 + 0x1000 * n).to_bytes(8, "little") for n in range(4)))
    step(cpu)
    step(cpu)
    assert cpu.reg[r.PDPTE0:r.PDPTE0 + 4] == [0x1_2001, 0x1_3001, 0x1_4001, 0x1_5001] and cpu.bits == 32
    cpu, region = narrow_host()
    cpu.memory.load(0x5000, (0x1_2003).to_bytes(8, "little"))
    step(cpu)
    step(cpu)
    assert cpu.reg[r.ACTIVITY] == r.SHUTDOWN and cpu.memory.read(VMCS + 4, 4) == 2      # VMX abort


def narrow_host() -> tuple[Processor, Region]:
    """A 32-bit VMM with PAE paging and a guest of its kind, before VMLAUNCH; the host's PDPTEs shall lie at 5000h."""
    cpu, region = in_root(
        primary_vm_exit_controls=must("vm_exit") & ~(1 << EXIT["host_address_space_size"]),
        vm_entry_controls=must("vm_entry") & ~(1 << ENTRY["ia32e_mode_guest"]),
        host_cr3=0x5000, guest_cr3=0x6000, guest_cs_access_rights=0xC09B)
    tables = b"".join((0x1_2001 + 0x1000 * n).to_bytes(8, "little") for n in range(4))
    cpu.memory.load(0x6000, tables)
    cpu.memory.load(GUEST_RIP, VMCALL)
    poke(cpu, {r.EFER: 0, r.CR3: 0x6000, r.CS_RIGHTS: 0xC09B,
               **{r.PDPTE0 + n: 0x1_2001 + 0x1000 * n for n in range(4)}})
    cpu.refresh()
    return cpu, region


@row(54)
def translations() -> None:
    for names, kept in (((), False), (("enable_vpid",), True)):
        cpu, _ = exited(**secondary(*names), vpid=int(kept))
        assert any(cpu.reg[r.TLB + 1:r.TLB + 3 * r.TLB_ENTRIES:3]) == kept


@row(56)
def goes_on() -> None:
    cpu, region = exited(b"\x0f\xa2")
    cpu.memory.load(HOST_RIP, bytes.fromhex("b8024400000f78c3"))        # MOV EAX, 4402h; VMREAD RBX, RAX
    step(cpu)
    step(cpu)
    assert cpu.reg[r.RBX] == region.read("exit_reason") == 10
