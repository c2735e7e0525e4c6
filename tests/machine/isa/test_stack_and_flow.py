"""The stack and near control flow: widths, faults that change nothing, targets that are checked on the branch."""
from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.machine.isa.running import CODE, Program
from vmviz.machine.outcome import GP, SS, Fault
from vmviz.machine.registers import CS_LIMIT, DS, ES, SEGMENTS

Run = Callable[..., Program]
M64 = (1 << 64) - 1
TOP = 0xA800


def faults(program: Program, vector: int) -> None:
    before = [*program.cpu.reg]
    with pytest.raises(Fault) as fault:
        program.step()
    assert (fault.value.vector, fault.value.error) == (vector, 0)
    assert program.cpu.reg[:16] == before[:16]


@pytest.mark.parametrize(("text", "bits", "size", "value"), [
    ("push rax", 64, 8, 0x1122_3344_5566_7788), ("push ax", 64, 2, 0x7788), ("push -2", 64, 8, M64 - 1),
    ("push word -2", 64, 2, 0xFFFE), ("push qword [0x8000]", 64, 8, 0), ("push rsp", 64, 8, TOP),
    ("push eax", 32, 4, 0x5566_7788), ("push ax", 32, 2, 0x7788), ("push dword -2", 32, 4, 0xFFFF_FFFE),
    ("push ax", 16, 2, 0x7788), ("push eax", 16, 4, 0x5566_7788),
])
def test_push_writes_below_the_pointer_and_moves_it(run: Run, text: str, bits: int, size: int, value: int) -> None:
    rax = 0x1122_3344_5566_7788 if bits == 64 else 0x5566_7788
    program = run(text, bits, rax=rax).all()
    assert program["rsp"] == TOP - size
    assert program.read(TOP - size, size) == value


def test_a_16_bit_stack_wraps_and_leaves_the_upper_half_of_esp(run: Run) -> None:
    program = run("push ax", 16, rsp=0x1234_0000, rax=0x77).all()
    assert (program["rsp"], program.read(0xFFFE, 2)) == (0x1234_FFFE, 0x77)


def test_push_of_a_segment_register_in_32_bit_code_writes_two_bytes(run: Run) -> None:
    program = run("push ds\npush es", 32)
    program.cpu.memory.load(TOP - 8, b"\xEE" * 8)
    program.cpu.reg[SEGMENTS + 4 * DS], program.cpu.reg[SEGMENTS + 4 * ES] = 0x10, 0x2B
    program.all()
    assert (program["rsp"], program.read(TOP - 8, 8)) == (TOP - 8, 0xEEEE0010_EEEE002B)


def test_push_of_fs_in_64_bit_code_writes_eight_bytes(run: Run) -> None:
    program = run("push fs")
    program.cpu.memory.load(TOP - 8, b"\xEE" * 8)
    assert program.all().read(TOP - 8, 8) == 0


def test_pop_into_memory_uses_the_pointer_from_after(run: Run) -> None:
    program = run("push 5\npop qword [rsp+8]").all()
    assert (program.read(TOP + 8, 8), program["rsp"]) == (5, TOP)


def test_pop_rsp_keeps_what_was_popped(run: Run) -> None:
    assert run("push 0x1234\npop rsp").all()["rsp"] == 0x1234


def test_pusha_pushes_the_pointer_from_before_and_popa_skips_it(run: Run) -> None:
    program = run("pushad\npopad", 32, rax=1, rcx=2, rdx=3, rbx=4, rbp=5, rsi=6, rdi=7).step()
    assert [program.read(TOP - 4 * n, 4) for n in range(1, 9)] == [1, 2, 3, 4, TOP, 5, 6, 7]
    assert program.all()["rsp"] == TOP


def test_enter_with_levels_copies_outer_frame_pointers(run: Run) -> None:
    program = run("enter 0x20, 3\nleave", rbp=0xA900)
    program.cpu.memory.load(0xA8F0, (11).to_bytes(8, "little") + (22).to_bytes(8, "little"))
    program.step()
    assert [program.read(TOP - 8 * n, 8) for n in range(1, 5)] == [0xA900, 22, 11, TOP - 8]
    assert (program["rbp"], program["rsp"]) == (TOP - 8, TOP - 32 - 0x20)
    assert (program.all()["rsp"], program["rbp"]) == (TOP, 0xA900)


@pytest.mark.parametrize("text", ["push rax", "call next\nnext:", "pop rax", "ret", "push qword [0x8000]", "leave"])
def test_a_stack_access_beyond_the_canonical_addresses_is_a_stack_fault(run: Run, text: str) -> None:
    faults(run(text, rsp=1 << 63, rbp=1 << 63), SS)


def test_a_data_access_beyond_the_canonical_addresses_is_a_protection_fault(run: Run) -> None:
    faults(run("mov rax, [rbx]", rbx=1 << 63), GP)
    faults(run("push qword [rbx]", rbx=1 << 63), GP)
    faults(run("mov rax, [rbp]", rbp=1 << 63), SS)


@pytest.mark.parametrize("text", ["jmp rax", "call rax", "jmp qword [0x8000]", "call qword [0x8000]"])
def test_a_target_that_is_not_canonical_faults_on_the_branch(run: Run, text: str) -> None:
    program = run(text, rax=1 << 63)
    program.cpu.memory.load(0x8000, (1 << 63).to_bytes(8, "little"))
    faults(program, GP)


def test_ret_to_an_address_that_is_not_canonical_faults(run: Run) -> None:
    program = run("ret")
    program.cpu.memory.load(TOP, (1 << 62).to_bytes(8, "little"))
    with pytest.raises(Fault) as fault:
        program.step()
    assert fault.value.vector == GP


@pytest.mark.parametrize("text", ["jmp CODE + 0x300", "jz CODE + 0x300", "call CODE + 0x300", "jmp eax"])
def test_a_target_beyond_the_limit_of_the_code_segment_faults_on_the_branch(run: Run, text: str) -> None:
    program = run(text.replace("CODE", hex(CODE)), 32, rax=CODE + 0x300, rflags=0x42)
    program.cpu.reg[CS_LIMIT] = CODE + 0x2FF
    with pytest.raises(Fault) as fault:
        program.step()
    assert fault.value.vector == GP


def test_a_branch_with_16_bit_operands_cuts_eip(run: Run) -> None:
    assert run("db 0x66, 0xE9, 0x00, 0x00", 32).step()["rip"] == CODE + 4
    assert run("db 0x66, 0xFF, 0xE0", 32, rax=0x1234_5678).step()["rip"] == 0x5678


def test_call_and_ret_come_back_with_arguments_removed(run: Run) -> None:
    program = run("push 1\npush 2\ncall f\njmp done\nf: ret 16\ndone:").all()
    assert program["rsp"] == TOP


@pytest.mark.parametrize(("text", "rcx", "taken", "left"), [
    ("loop CODE", 2, True, 1), ("loop CODE", 1, False, 0), ("loop CODE", 0, True, M64),
    ("db 0x67, 0xE2, 0xFD", 1 << 32, True, 0xFFFF_FFFF), ("loopne CODE", 2, False, 1), ("loope CODE", 2, True, 1),
    ("jrcxz CODE", 0, True, 0), ("jecxz CODE", 1 << 32, True, 1 << 32), ("jrcxz CODE", 1 << 32, False, 1 << 32),
])
def test_loops_count_in_the_register_that_the_address_size_says(
        run: Run, text: str, rcx: int, taken: bool, left: int) -> None:
    program = run(text.replace("CODE", hex(CODE)), rcx=rcx, rflags=0x42).step()
    assert (program["rip"] == CODE, program["rcx"]) == (taken, left)
