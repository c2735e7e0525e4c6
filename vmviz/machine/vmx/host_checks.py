"""VM entry, second checks: the host-state area. A broken rule is VMfailValid(8).

SDM volume 3, "Checks on the Host-State Area". The rules on PKRS and FRED are not here: no model has these controls.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from vmviz.machine.msr import is_cet, is_pat, performance_counters
from vmviz.machine.registers import CR0_WP, CR4_CET, CR4_PAE, CR4_PCIDE, EFER, EFER_LMA, EFER_LME
from vmviz.machine.vmx import capabilities as cap
from vmviz.machine.vmx import controls as c
from vmviz.machine.vmx.checks import EFER_BITS, Candidate, Check, is_canonical

_REGISTERS: Final = "Checks on Host Control Registers, MSRs, and SSP"
_SEGMENTS: Final = "Checks on Host Segment and Descriptor-Table Registers"
_SIZE: Final = "Checks Related to Address-Space Size"
_EXIT: Final = "primary_vm_exit_controls"
_BASE_EXIT: Final = 0x3_6DFB | c.HOST_ADDRESS_SPACE_SIZE
_BAD_ADDRESS: Final = 0x8000_0000_0000
_SELECTORS: Final = ("es", "cs", "ss", "ds", "fs", "gs", "tr")
_BASES: Final = ("host_fs_base", "host_gs_base", "host_tr_base", "host_gdtr_base", "host_idtr_base")


def _row(id: str, order: int, section: str, good: Callable[[Candidate], bool], breaks: Mapping[str, int],
         needs: Mapping[str, int] | None = None) -> Check:
    return Check(f"host.{id}", order, good, breaks, needs or {}, section)


def _wide(s: Candidate) -> bool:
    return bool(s.exit & c.HOST_ADDRESS_SPACE_SIZE)


def _from_64(s: Candidate) -> bool:
    return bool(s.cpu.reg[EFER] & EFER_LMA)


def _fixed(value: int, bits: tuple[int, int]) -> bool:
    must, may = bits
    return not must & ~value and not value & ~may


def _cet(s: Candidate) -> bool:
    if not s.exit & c.EXIT_LOAD_CET:
        return True
    return is_cet(s["host_ia32_s_cet"]) and not s["host_ssp"] & 3 \
        and s.canonical("host_ssp", "host_ia32_interrupt_ssp_table_addr")


ROWS: Final = (
    _row("cr0_fixed", 67, _REGISTERS,
         lambda s: _fixed(s["host_cr0"], cap.fixed_cr0(s.model)), {"host_cr0": 0x8000_0011}),
    _row("cr4_fixed", 68, _REGISTERS, lambda s: _fixed(s["host_cr4"], cap.fixed_cr4(s.model)), {"host_cr4": 0x20}),
    _row("cr4_cet", 69, _REGISTERS, lambda s: not s["host_cr4"] & CR4_CET or bool(s["host_cr0"] & CR0_WP),
         {"host_cr4": 0x2020 | CR4_CET}),
    _row("cr3_width", 70, _REGISTERS, lambda s: s.in_width(s["host_cr3"]), {"host_cr3": 1 << 45}),
    _row("sysenter_canonical", 71, _REGISTERS,
         lambda s: s.canonical("host_ia32_sysenter_esp", "host_ia32_sysenter_eip"),
         {"host_ia32_sysenter_eip": _BAD_ADDRESS}),
    _row("perf_global_ctrl", 72, _REGISTERS,
         lambda s: not s.exit & c.EXIT_LOAD_PERF_GLOBAL_CTRL
         or not s["host_ia32_perf_global_ctrl"] & ~performance_counters(s.model),
         {"host_ia32_perf_global_ctrl": 1 << 63}, {_EXIT: _BASE_EXIT | c.EXIT_LOAD_PERF_GLOBAL_CTRL}),
    _row("pat", 73, _REGISTERS, lambda s: not s.exit & c.EXIT_LOAD_PAT or is_pat(s["host_ia32_pat"]),
         {"host_ia32_pat": 3}, {_EXIT: _BASE_EXIT | c.EXIT_LOAD_PAT}),
    _row("efer_reserved", 74, _REGISTERS,
         lambda s: not s.exit & c.EXIT_LOAD_EFER or not s["host_ia32_efer"] & ~EFER_BITS,
         {"host_ia32_efer": 0x502}, {_EXIT: _BASE_EXIT | c.EXIT_LOAD_EFER, "host_ia32_efer": 0x500}),
    _row("efer_mode", 75, _REGISTERS,
         lambda s: not s.exit & c.EXIT_LOAD_EFER
         or s["host_ia32_efer"] & (EFER_LMA | EFER_LME) == (EFER_LMA | EFER_LME if _wide(s) else 0),
         {"host_ia32_efer": 0x100}, {_EXIT: _BASE_EXIT | c.EXIT_LOAD_EFER, "host_ia32_efer": 0x500}),
    _row("cet", 76, _REGISTERS, _cet, {"host_ia32_s_cet": 0x40}, {_EXIT: _BASE_EXIT | c.EXIT_LOAD_CET}),
    _row("selectors", 79, _SEGMENTS, lambda s: not any(s[f"host_{name}_selector"] & 7 for name in _SELECTORS),
         {"host_ds_selector": 0x13}),
    _row("cs_tr_not_null", 80, _SEGMENTS, lambda s: bool(s["host_cs_selector"] and s["host_tr_selector"]),
         {"host_tr_selector": 0}),
    _row("ss_not_null", 81, _SEGMENTS, lambda s: _wide(s) or s["host_ss_selector"] != 0,
         {_EXIT: 0x3_6DFB, "host_ss_selector": 0}),
    _row("bases_canonical", 82, _SEGMENTS, lambda s: s.canonical(*_BASES), {"host_gdtr_base": _BAD_ADDRESS}),
    _row("from_32_bit", 83, _SIZE, lambda s: _from_64(s) or not (_wide(s) or s.ia32e), {}),
    _row("from_64_bit", 84, _SIZE, lambda s: not _from_64(s) or _wide(s), {_EXIT: 0x3_6DFB}),
    _row("cr4_pae", 85, _SIZE, lambda s: not _wide(s) or bool(s["host_cr4"] & CR4_PAE), {"host_cr4": 0x2000}),
    _row("rip_canonical", 86, _SIZE, lambda s: not _wide(s) or is_canonical(s["host_rip"]), {"host_rip": _BAD_ADDRESS}),
    _row("narrow_host", 87, _SIZE,
         lambda s: _wide(s) or not (s.ia32e or s["host_cr4"] & CR4_PCIDE or s["host_rip"] >> 32), {}),
)
