"""One instruction from close: what it read stood there before, what it wrote is what changed."""
from __future__ import annotations

import pytest

from tests.recording.test_recording import recorded
from vmviz.recording import Position

PROGRAM = """
bits 64
org 0x100000
        mov     rbx, 0x200000
        mov     ecx, 3
        mov     qword [rbx + rcx * 4 + 4], 7
        add     [rbx + 16], ecx
        lea     rax, [rbx + 8]
        adc     al, [rel byte_]
        push    rcx
        jz      done
done:   mov     dx, 0x8900
        mov     rsi, bye
        mov     ecx, 8
        rep outsb
        hlt
bye:    db "Shutdown"
byte_:  db 5
"""


@pytest.fixture(scope="module")
def recording():
    return recorded(PROGRAM)


def test_a_sum_in_memory_reads_both_operands_and_writes_one(recording):
    told = recording.instruction(Position(4))
    assert {"name": "rbx", "value": "200000"} in told["reads"] and {"name": "ecx", "value": "3"} in told["reads"]
    assert told["memory"] == [{"linear": "200010", "size": 4, "access": "both", "physical": "200010", "value": "7"}]
    assert {"physical": "200010", "size": 4, "old": "7", "new": "a"} in told["stores"]
    assert "zf" in told["affects"] and told["flags"] == {}
    assert [write["name"] for write in told["writes"]] in ([], ["rflags"])


def test_an_address_is_computed_and_not_read(recording):
    told = recording.instruction(Position(5))
    assert [operand["access"] for operand in told["memory"]] in ([], ["address"])
    assert told["writes"] == [{"name": "rax", "old": "0", "new": "200008"}]


def test_flags_that_are_read_have_values_and_rip_relative_operands_an_address(recording):
    told = recording.instruction(Position(6))
    assert told["flags"] == {"cf": 0}
    assert told["memory"][0]["value"] == "5"
    assert recording.instruction(Position(8))["flags"].keys() == {"zf"}


def test_a_push_writes_below_the_stack_pointer(recording):
    told = recording.instruction(Position(7))
    stored, = [operand for operand in told["memory"] if operand["access"] == "write"]
    assert (stored["linear"], stored["size"]) == ("8ff8", 8)
    assert {"name": "rsp", "old": "9000", "new": "8ff8"} in told["writes"]


def test_nothing_led_to_the_beginning(recording):
    assert recording.instruction(Position(0)) == {}


def test_looking_from_close_leaves_the_recording_as_it_was(recording):
    before = recording.scene(6), recording.tlb(Position(6))
    for step in range(recording.length + 1):
        recording.instruction(Position(step))
    assert (recording.scene(6), recording.tlb(Position(6))) == before
