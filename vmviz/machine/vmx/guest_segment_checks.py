"""VM entry, third checks: the guest's segment registers. A broken rule is VM exit 33 with bit 31, qualification 0.

SDM volume 3, "Checks on Guest Segment Registers". A virtual-8086 guest has rules of its own (bases, limits,
rights); the rules on types, privileges and attributes are those of the other guests. "Unrestricted guest" loosens
some.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from vmviz.machine.registers import AR_DB, AR_G, AR_L, AR_P, AR_S
from vmviz.machine.vmx.checks import Candidate, Check

_SECTION: Final = "Checks on Guest Segment Registers"
DATA: Final = ("ds", "es", "fs", "gs")
ALL: Final = ("cs", "ss", *DATA)
RESERVED: Final = 0xFFFE_0F00
_BAD_ADDRESS: Final = 0x8000_0000_0000
V8086: Final = {
    "vm_entry_controls": 0x11FB, "guest_rflags": 0x2_0002, "guest_cr3": 0x50_0000,
    **{f"guest_{name}_{part}": value for name in ALL
       for part, value in (("selector", 0x1000), ("base", 0x1_0000), ("limit", 0xFFFF), ("access_rights", 0xF3))}}


def _row(id: str, order: int, good: Callable[[Candidate], bool], breaks: Mapping[str, int],
         needs: Mapping[str, int] | None = None) -> Check:
    return Check(f"guest.{id}", order, good, breaks, needs or {}, _SECTION)


def _rights(s: Candidate, segment: str) -> int:
    return s[f"guest_{segment}_access_rights"]


def _dpl(s: Candidate, segment: str) -> int:
    return _rights(s, segment) >> 5 & 3


def _rpl(s: Candidate, segment: str) -> int:
    return s[f"guest_{segment}_selector"] & 3


def _each(good: Callable[[Candidate, str], bool], names: tuple[str, ...] = ALL) -> Callable[[Candidate], bool]:
    """A rule on CS and on those other registers that are usable, outside virtual-8086 mode."""
    return lambda s: s.v8086 or all(name != "cs" and not s.usable(name) or good(s, name) for name in names)


def _v8086(good: Callable[[Candidate, str], bool]) -> Callable[[Candidate], bool]:
    return lambda s: not s.v8086 or all(good(s, name) for name in ALL)


def granularity(limit: int, rights: int) -> bool:
    """G must be 0 unless limit bits 11:0 are all ones, and 1 when any of bits 31:20 is."""
    if rights & AR_G:
        return limit & 0xFFF == 0xFFF
    return not limit >> 20


def _granularity(s: Candidate, segment: str) -> bool:
    return granularity(s[f"guest_{segment}_limit"], _rights(s, segment))


def _cs_type(s: Candidate) -> bool:
    kind = _rights(s, "cs") & 15
    return s.v8086 or kind in (9, 11, 13, 15) or (kind == 3 and s.unrestricted)


def _data_type(s: Candidate, segment: str) -> bool:
    kind = _rights(s, segment) & 15
    return bool(kind & 1) and (not kind & 8 or bool(kind & 2))


def _cs_dpl(s: Candidate) -> bool:
    if s.v8086:
        return True
    kind, dpl = _rights(s, "cs") & 15, _dpl(s, "cs")
    if kind == 3:
        return dpl == 0
    return dpl == _dpl(s, "ss") if kind in (9, 11) else dpl <= _dpl(s, "ss")


def _ss_dpl(s: Candidate) -> bool:
    if s.v8086:
        return True
    if not s.unrestricted and _dpl(s, "ss") != _rpl(s, "ss"):
        return False
    return _dpl(s, "ss") == 0 or (s.protected and _rights(s, "cs") & 15 != 3)


def _data_dpl(s: Candidate, segment: str) -> bool:
    return s.unrestricted or _rights(s, segment) & 15 > 11 or _dpl(s, segment) >= _rpl(s, segment)


def _tr(s: Candidate) -> bool:
    rights = _rights(s, "tr")
    return not rights & (AR_S | RESERVED | 1 << 16) and bool(rights & AR_P) and _granularity(s, "tr")


def _ldtr(s: Candidate) -> bool:
    rights = _rights(s, "ldtr")
    return not s.usable("ldtr") or (rights & 15 == 2 and not rights & (AR_S | RESERVED) and bool(rights & AR_P)
                                    and _granularity(s, "ldtr"))


_LDTR: Final = {"guest_ldtr_access_rights": 0x82, "guest_ldtr_limit": 0xFF}
ROWS: Final = (
    _row("tr_selector", 108, lambda s: not s["guest_tr_selector"] & 4, {"guest_tr_selector": 0x34}),
    _row("ldtr_selector", 109, lambda s: not s.usable("ldtr") or not s["guest_ldtr_selector"] & 4,
         {"guest_ldtr_selector": 0x34}, _LDTR),
    _row("ss_rpl", 110,
         lambda s: s.v8086 or s.unrestricted or _rpl(s, "ss") == _rpl(s, "cs"), {"guest_ss_selector": 0x13}),
    _row("v8086_bases", 111, _v8086(lambda s, n: s[f"guest_{n}_base"] == s[f"guest_{n}_selector"] << 4),
         {"guest_es_base": 0x1_0001}, V8086),
    _row("bases_canonical", 112, lambda s: s.canonical("guest_tr_base", "guest_fs_base", "guest_gs_base"),
         {"guest_tr_base": _BAD_ADDRESS}),
    _row("ldtr_base", 113, lambda s: not s.usable("ldtr") or s.canonical("guest_ldtr_base"),
         {"guest_ldtr_base": _BAD_ADDRESS}, _LDTR),
    _row("bases_narrow", 114,
         lambda s: not s["guest_cs_base"] >> 32
         and not any(s.usable(name) and s[f"guest_{name}_base"] >> 32 for name in ("ss", "ds", "es")),
         {"guest_ds_base": 1 << 32}),
    _row("v8086_limits", 115, _v8086(lambda s, n: s[f"guest_{n}_limit"] == 0xFFFF), {"guest_gs_limit": 0xFFFE}, V8086),
    _row("v8086_rights", 116, _v8086(lambda s, n: _rights(s, n) == 0xF3), {"guest_fs_access_rights": 0x93}, V8086),
    _row("cs_type", 117, _cs_type, {"guest_cs_access_rights": 0xA093}),
    _row("ss_type", 118, _each(lambda s, n: _rights(s, n) & 15 in (3, 7), ("ss",)), {"guest_ss_access_rights": 0xC091}),
    _row("data_type", 119, _each(_data_type, DATA), {"guest_es_access_rights": 0xC092}),
    _row("s_bit", 120, _each(lambda s, n: bool(_rights(s, n) & AR_S)), {"guest_ds_access_rights": 0xC083}),
    _row("cs_dpl", 121, _cs_dpl, {"guest_cs_access_rights": 0xA0FB}),
    _row("ss_dpl", 122, _ss_dpl, {"guest_ss_access_rights": 0xC0F3, "guest_cs_access_rights": 0xA0FB}),
    _row("data_dpl", 123, _each(_data_dpl, DATA), {"guest_ds_selector": 0x13}),
    _row("present", 124, _each(lambda s, n: bool(_rights(s, n) & AR_P)), {"guest_gs_access_rights": 0xC013}),
    _row("rights_reserved", 125, _each(lambda s, n: not _rights(s, n) & RESERVED), {"guest_fs_access_rights": 0xC193}),
    _row("cs_db", 126, lambda s: s.v8086 or not (s.ia32e and _rights(s, "cs") & AR_L and _rights(s, "cs") & AR_DB),
         {"guest_cs_access_rights": 0xE09B}),
    _row("granularity", 127, _each(_granularity), {"guest_ss_limit": 0xFFFF_0000}),
    _row("tr_type", 128, lambda s: _rights(s, "tr") & 15 == 11 or (_rights(s, "tr") & 15 == 3 and not s.ia32e),
         {"guest_tr_access_rights": 0x89}),
    _row("tr_attributes", 129, _tr, {"guest_tr_access_rights": 0x1_008B}),
    _row("ldtr_attributes", 130, _ldtr, {"guest_ldtr_access_rights": 0x83}, _LDTR),
)
