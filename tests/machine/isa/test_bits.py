"""Bit instructions that Unicorn gets wrong or lacks, by the manual's words."""
from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.machine.isa.running import Program
from vmviz.machine.outcome import UD, Fault
from vmviz.machine.registers import CF, CR0, CR0_PE, PF, SF, ZF

Run = Callable[..., Program]
M64 = (1 << 64) - 1


@pytest.mark.parametrize(("text", "rbx", "rcx", "result", "carry"), [
    ("blsi rax, rbx", 0b1100, 0, 0b100, CF), ("blsi rax, rbx", 0, 0, 0, 0),
    ("blsr rax, rbx", 0b1100, 0, 0b1000, 0), ("blsr rax, rbx", 0, 0, 0, CF),
    ("blsmsk rax, rbx", 0b1100, 0, 0b111, 0), ("blsmsk rax, rbx", 0, 0, M64, CF),
    ("bzhi rax, rbx, rcx", M64, 8, 0xFF, 0), ("bzhi rax, rbx, rcx", M64, 64, M64, CF),
    ("bzhi eax, ebx, ecx", M64, 0x1020, 0xFFFF_FFFF, CF), ("bzhi rax, rbx, rcx", M64, 0, 0, 0),
    ("bextr rax, rbx, rcx", 0xABCD, 0x0804, 0xBC, 0), ("bextr rax, rbx, rcx", M64, 0xFF00, M64, 0),
    ("bextr eax, ebx, ecx", 0x8000_0000, 0x3F1F, 1, 0), ("bextr rax, rbx, rcx", M64, 0x0840, 0, 0),
])
def test_bit_fields_and_their_carry(run: Run, text: str, rbx: int, rcx: int, result: int, carry: int) -> None:
    program = run(text, rax=5, rbx=rbx, rcx=rcx, rflags=3 ^ carry).all()
    assert program["rax"] == result
    assert program["rflags"] & (CF | ZF) == carry | (0 if result else ZF)


@pytest.mark.parametrize("text", ["andn eax, ebx, ecx", "blsi eax, ebx", "blsr eax, ebx", "blsmsk eax, ebx",
                                  "bzhi eax, ebx, ecx"])
@pytest.mark.parametrize("parity", [0, PF])
def test_bit_instructions_keep_pf_which_the_manual_leaves_undefined(run: Run, text: str, parity: int) -> None:
    for rbx in (0, 1, 3, 7):
        assert run(text, rbx=rbx, rcx=2, rflags=2 | parity).all()["rflags"] & PF == parity


@pytest.mark.parametrize(("text", "value", "result"), [
    ("pdep eax, ebx, ecx", 0xFFFF_FABC, 0x00A0_0B0C), ("pext eax, ebx, ecx", 0xFFAF_FBFC, 0xABC),
])
def test_pdep_and_pext_of_32_bits_do_not_look_at_the_upper_half_of_the_mask(
        run: Run, text: str, value: int, result: int) -> None:
    assert run(text, rbx=M64 << 32 & M64 | value, rcx=0xFFFF_0000_00F0_0F0F).all()["rax"] == result


def test_vex_coded_instructions_do_not_exist_in_real_address_mode(run: Run) -> None:
    program = run("andn eax, ebx, ecx", 16)
    program.cpu.reg[CR0] &= ~CR0_PE
    with pytest.raises(Fault) as fault:
        program.step()
    assert fault.value.vector == UD


def test_16_bit_code_has_popcnt_movbe_crc32_and_adcx_of_its_operand_size(run: Run) -> None:
    program = run("popcnt ax, bx\nmovbe cx, [0x8000]\ncrc32 edx, si\nadcx edi, ebp", 16,
                  rax=0x1234_0000, rbx=0xFFFF_00F1, rsi=0xFFFF_0001, rdi=0xFFFF_FFFF, rbp=1)
    program.cpu.memory.load(0x8000, b"\x12\x34")
    program.all()
    assert (program["rax"], program["rcx"]) == (0x1234_0005, 0x1234)
    assert (program["rdx"], program["rdi"]) == (0x13A2_9877, 0)


def test_bit_strings_reach_beyond_the_operand_both_ways(run: Run) -> None:
    program = run("bts [rsi], rax\nbts [rsi], rbx\nbt dword [rsi], 33", rsi=0x8100, rax=64 * 3 + 5, rbx=-1 & M64).all()
    assert (program.read(0x8118, 8), program.read(0x80F8, 8)) == (1 << 5, 1 << 63)
    assert program["rflags"] & CF == 0



def test_bsf_of_zero_sets_zf_and_leaves_the_destination(run: Run) -> None:
    program = run("bsf rax, rbx", rax=77, rbx=0, rflags=2 | SF).all()
    assert (program["rax"], program["rflags"] & (ZF | SF)) == (77, ZF | SF)
