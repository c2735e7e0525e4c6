"""Packed marks are a sequence like any other, and small."""
from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from vmviz import events as ev
from vmviz.machine.marks import PACK, Mark, Marks


def exit_number(n: int) -> Mark:
    return n, ev.VmExit(reason=n % 60, name="cpuid", qualification=n << 40, vmcs=0x20_1000, vm="A", rip=2**64 - 1 - n,
                        length=2 if n % 3 else None)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 2 * PACK), max_size=6), st.data())
def test_packing_changes_nothing_that_can_be_read(amounts: list[int], data: st.DataObject) -> None:
    latest: list[Mark] = []
    marks, plain = Marks(latest), []
    for amount in amounts:
        new = [exit_number(len(plain) + n) for n in range(amount)]
        latest.extend(new)
        plain.extend(new)
        marks.pack()
        assert len(latest) < PACK
    assert list(marks) == plain and len(marks) == len(plain)
    start, stop = data.draw(st.integers(0, len(plain))), data.draw(st.integers(0, len(plain) + 1))
    assert marks[start:stop] == plain[start:stop]
    assert not plain or marks[start - 1] == plain[start - 1]


def test_packed_events_take_a_fraction_even_when_no_two_are_alike() -> None:
    latest: list[Mark] = []
    marks = Marks(latest)
    for n in range(100 * PACK):
        latest.append(exit_number(n))
        marks.pack()
    assert marks.bytes_kept < 30 * len(marks)
