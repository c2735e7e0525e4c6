"""Expressions of lessons: what they can ask, and that they can do nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from vmviz.lessons.expressions import ExpressionError, read

SCENE: dict[str, Any] = {
    "processors": {"0": {"mode": "root", "cpl": 0, "activity": "active", "exits": 1, "entries": 1,
                         "current_vmcs": "201000", "registers": {"rax": "5", "rip": "100010"}}},
    "vmcs": {"201000": {"launch": "launched", "active": True, "current": True, "fields": {"exit_reason": "a"}}},
    "vms": {"A": {"state": "stopped", "vmcs": "201000", "exits": 1, "entries": 1}, "B": {"state": "running"}},
    "region": "handler", "console": "AB",
}


class Here:
    """A position with a page of memory at 1000h."""

    def __init__(self, **registers: str) -> None:
        processor = {**SCENE["processors"]["0"], "registers": {**SCENE["processors"]["0"]["registers"], **registers}}
        self.scene = {**SCENE, "processors": {"0": processor}}

    def memory(self, address: int, size: int) -> int | None:
        return 0x11223344 & (1 << 8 * size) - 1 if 0x1000 <= address < 0x2000 else None

    def translation(self, linear: int) -> dict[str, Any]:
        if linear == 0x5000:
            return {"outcome": "page_fault", "references": 20, "cached": False}
        return {"outcome": "translated", "references": 24, "cached": True, "physical": f"{linear + 0x400000:x}"}

    def tlb(self) -> list[dict[str, Any]]:
        return [{"vpid": 0}, {"vpid": 3}, {"vpid": 3}]


def value(text: str) -> Any:
    return read(text).value(Here(), Here(rax="6"), {"handler_code": 0x100010, "rax": 99, "main.loop": 32})


@pytest.mark.parametrize(("text", "wanted"), [
    ("rax", 5), ("was.rax", 6), ("rax + 1 == was.rax", True), ("rip == handler_code", True), ("vmcs.exit_reason", 10),
    ("vmcs.launch", "launched"), ("A.exit_reason == 10 and A.state == 'stopped'", True), ("vm", "B"), ("A.exits", 1),
    ("region == 'handler' or nonsense", True), ("not (rax == 5)", False), ("1 < rax <= 5", True), ("mode", "root"),
    ("memory(0x1000, 2)", 0x3344), ("memory(0x1000, 4) >> 24 & 0xFF", 0x11), ("~0 & 0xF", 15), ("-1 + 2", 1),
    ("console", "AB"), ("main.loop + 1", 33), ("1 << 63 | 1", (1 << 63) + 1), ("was.A.active", True),
    ("outcome(0x5000)", "page_fault"), ("references(0x5000)", 20), ("physical(0x1234) == 0x401234", True),
    ("cached(0x1234) and not cached(0x5000)", True), ("tlb(3)", 2), ("tlb(rax)", 0), ("physical(rax)", 0x400005),
])
def test_what_can_be_asked(text: str, wanted: Any) -> None:
    assert value(text) == wanted


@pytest.mark.parametrize("text", [
    "", "rax ==", "__import__('os')", "rax.__class__", "open('x')", "[rax]", "{rax}", "(lambda: 1)()", "a[0]", "...",
    "rax if 1 else 2", "f'{rax}'", "rax ** 9", "9 * 9", "memory(1)", "memory(*x)", "memory(0x1000, size=1)", "x := 1",
    "tlb()", "tlb(1, 2)", "walk(1)", "references(1)(2)", "physical(linear=1)",
    "rax is rax",
    "1.5", "None", "b'x'", "x" * 201, "(" * 150 + "1" + ")" * 150 + "=", "~" * 40 + "1", "rax in 'x'",
])
def test_what_is_no_expression_is_refused_before_it_is_asked(text: str) -> None:
    with pytest.raises(ExpressionError):
        tree = read(text)
        assert ".__" in text            # names of that kind are read, and name nothing
        tree.value(Here(), None, {})


@pytest.mark.parametrize(("text", "said"), [
    ("nonsense", "no 'nonsense'"), ("vmcs.nonsense", "no field 'nonsense'"), ("C.exit_reason", "no 'C.exit_reason'"),
    ("memory(0, 4)", "no memory at 0x0"), ("memory(0x1000, 9)", "1 to 8 bytes"),
    ("physical(0x5000)", "leads nowhere"), ("outcome(-1)", "a linear address"), ("mode == 5", "cannot be compared"),
    ("mode + 1", "no reckoning with words"), ("1 << 65", "shift is by"), ("1 << -1", "shift is by"),
    ("not rax", "neither true nor false"),
    ("was.was.rax", "'was' has no meaning"), ("A.b.c.d", "no 'A.b.c.d'"),
])
def test_what_is_not_there_is_said(text: str, said: str) -> None:
    with pytest.raises(ExpressionError, match=said):
        value(text)


def test_a_claim_is_true_or_false() -> None:
    assert read("rax == 5").holds(Here(), None, {})
    with pytest.raises(ExpressionError, match="neither true nor false"):
        read("rax").holds(Here(), None, {})


def test_a_constant_asks_nothing() -> None:
    assert not read("1 == 1").asks and read("rax == 1").asks and read("memory(1, 1) == 1").asks


def test_a_message_names_what_was_found() -> None:
    found = read("rax == was.rax and memory(0x1000, 1) == 2").named_values(Here(), Here(rax="6"), {})
    assert found == [("rax", 5), ("was.rax", 6), ("memory(4096, 1)", 0x44)]
