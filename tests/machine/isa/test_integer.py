"""Arithmetic beyond what Unicorn shows: flags at the edges, divide errors, exchanges and what they leave alone."""
from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.machine.isa.running import Program
from vmviz.machine.outcome import BR, DE, GP, UD, Fault
from vmviz.machine.registers import AF, CF, OF, PF, SF, ZF

Run = Callable[..., Program]
M64 = (1 << 64) - 1
MOST = (1 << 63) - 1


@pytest.mark.parametrize(("text", "rax", "rbx", "result", "flags"), [
    ("add rax, rbx", 1, 2, 3, PF),
    ("add rax, rbx", M64, 1, 0, CF | PF | AF | ZF),
    ("add rax, rbx", MOST, 1, 1 << 63, PF | AF | SF | OF),
    ("add al, bl", 0x80, 0x80, 0, CF | PF | ZF | OF),
    ("add al, -1", 0x11FF, 0, 0x11FE, CF | AF | SF),
    ("adc rax, rbx", M64, M64, M64, CF | PF | AF | SF),
    ("sub rax, rbx", 0, 1, M64, CF | PF | AF | SF),
    ("sub rax, rbx", 1 << 63, 1, MOST, PF | AF | OF),
    ("sbb ax, bx", 0, 0xFFFF, 1, CF | AF),
    ("cmp eax, ebx", 5, 5, 5, PF | ZF),
    ("neg rax", 1 << 63, 0, 1 << 63, CF | PF | SF | OF),
    ("neg eax", 0, 0, 0, PF | ZF),
    ("inc al", 0x7F, 0, 0x80, AF | SF | OF),
    ("dec ax", 0x8000, 0, 0x7FFF, PF | AF | OF),
    ("and rax, rbx", 0xF0, 0x0F, 0, PF | ZF),
    ("or al, bh", 0x01, 0x8000, 0x81, PF | SF),
    ("xor eax, eax", M64, 0, 0, PF | ZF),
    ("test ah, ah", 0x8000, 0, 0x8000, SF),
    ("mul rbx", M64, 2, M64 - 1, CF | OF | SF),
    ("imul rax, rbx", 1 << 62, 2, 1 << 63, CF | OF | PF | SF),
    ("imul eax, ebx, -3", 0, 7, 0xFFFF_FFEB, PF | SF),
    ("shl rax, 1", 1 << 63, 0, 0, CF | PF | ZF | OF),
    ("shr al, 1", 0x81, 0, 0x40, CF | OF),
    ("sar al, 7", 0x80, 0, 0xFF, PF | SF),
    ("shl al, 9", 0xFF, 0, 0, PF | ZF),
    ("rol ax, 4", 0x1234, 0, 0x2341, CF | OF),
    ("rcr al, 1", 0x01, 0, 0x00, CF),
    ("shld eax, ebx, 8", 0x12345678, 0xAB000000, 0x345678AB, 0),
])
def test_results_and_flags(run: Run, text: str, rax: int, rbx: int, result: int, flags: int) -> None:
    before = CF if text.startswith("adc") else 0
    program = run(text, rax=rax, rbx=rbx, rflags=2 | before).all()
    assert program["rax"] == result
    assert program["rflags"] == 2 | flags


def test_inc_and_dec_leave_the_carry_flag(run: Run) -> None:
    assert run("inc al", rax=0xFF, rflags=2).all()["rflags"] & CF == 0
    assert run("dec al", rax=5, rflags=3).all()["rflags"] & CF == CF


def test_a_32_bit_result_clears_the_upper_half_and_narrower_ones_do_not(run: Run) -> None:
    assert run("add eax, 1", rax=M64 - 1).all()["rax"] == 0xFFFF_FFFF
    assert run("add ax, 1", rax=M64).all()["rax"] == M64 & ~0xFFFF
    assert run("add ah, 1", rax=M64).all()["rax"] == M64 & ~0xFF00


def test_a_shift_by_zero_changes_no_flag_but_clears_the_upper_half_of_a_32_bit_register(run: Run) -> None:
    program = run("shl eax, cl", rax=M64, rcx=32, rflags=0x8D7).all()
    assert (program["rax"], program["rflags"]) == (0xFFFF_FFFF, 0x8D7)


@pytest.mark.parametrize(("text", "rax", "rdx", "rbx"), [
    ("div bl", 0x1000, 0, 0), ("div bl", 0x1000, 0, 0x10), ("div rbx", 0, 2, 2), ("idiv bl", 0x4080, 0, 0x80),
    ("idiv rbx", 1 << 63, M64, M64), ("idiv ebx", 0, 1, 2),
])
def test_a_quotient_that_does_not_fit_is_a_divide_error_and_changes_nothing(
        run: Run, text: str, rax: int, rdx: int, rbx: int) -> None:
    program = run(text, rax=rax, rdx=rdx, rbx=rbx)
    with pytest.raises(Fault) as fault:
        program.step()
    assert fault.value.vector == DE
    assert (program["rax"], program["rdx"]) == (rax, rdx)


def test_idiv_rounds_towards_zero(run: Run) -> None:
    program = run("idiv rbx", rax=-7 & M64, rdx=M64, rbx=2).all()
    assert (program["rax"], program["rdx"]) == (-3 & M64, -1 & M64)
    assert run("idiv bl", rax=-128 & 0xFFFF, rbx=1).all()["rax"] == 0x0080


def test_cmpxchg_that_fails_loads_the_accumulator_and_leaves_the_destination_whole(run: Run) -> None:
    program = run("cmpxchg ebx, ecx", rax=1, rbx=M64, rcx=5).all()
    assert (program["rax"], program["rbx"], program["rflags"] & ZF) == (0xFFFF_FFFF, M64, 0)


def test_cmpxchg_that_succeeds_leaves_the_accumulator_whole(run: Run) -> None:
    program = run("cmpxchg ebx, ecx", rax=M64, rbx=0xFFFF_FFFF, rcx=5).all()
    assert (program["rax"], program["rbx"], program["rflags"] & ZF) == (M64, 5, ZF)


def test_cmpxchg16b_needs_an_aligned_operand(run: Run) -> None:
    program = run("cmpxchg16b [rsi]", rsi=0x8008)
    with pytest.raises(Fault) as fault:
        program.step()
    assert (fault.value.vector, fault.value.error) == (GP, 0)
    program = run("cmpxchg16b [rsi]", rsi=0x8010, rbx=3, rcx=4).all()
    assert (program.read(0x8010, 8), program.read(0x8018, 8), program["rflags"] & ZF) == (3, 4, ZF)


def test_xadd_and_xchg_use_the_address_from_before(run: Run) -> None:
    program = run("xadd [rsi], rsi\nxchg [rdi], rdi", rsi=0x8000, rdi=0x8010).all()
    assert (program.read(0x8000, 8), program["rsi"]) == (0x8000, 0)
    assert (program.read(0x8010, 8), program["rdi"]) == (0x8010, 0)


def test_bound_faults_outside_its_bounds_only(run: Run) -> None:
    text = "mov dword [0x8000], -2\nmov dword [0x8004], 9\nbound eax, [0x8000]"
    run(text, 32, rax=9).all()
    run(text, 32, rax=0xFFFF_FFFE).all()
    for outside in (10, 0xFFFF_FFFD):
        program = run(text, 32, rax=outside).step(2)
        with pytest.raises(Fault) as fault:
            program.step()
        assert fault.value.vector == BR


@pytest.mark.parametrize("code", ["0x0F, 0x0B", "0x0F, 0xB9, 0xC0", "0x0F, 0xFF, 0xC0",   # UD2, UD1, UD0
                                  "0xF0, 0x01, 0xC8",                                       # LOCK ADD of a register
                                  "0x8F, 0xE9, 0x78, 0x01, 0xC8",                           # AMD's XOP
                                  "0x37", "0xD4, 10", "0x60", "0x06"])                      # not in 64-bit mode
def test_what_is_undefined_faults(run: Run, code: str) -> None:
    with pytest.raises(Fault) as fault:
        run(f"db {code}").step()
    assert fault.value.vector == UD


def test_aam_with_base_zero_is_a_divide_error(run: Run) -> None:
    with pytest.raises(Fault) as fault:
        run("aam 0", 32).step()
    assert fault.value.vector == DE
