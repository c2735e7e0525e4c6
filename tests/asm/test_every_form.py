"""Every form of every general instruction gives the bytes that nasm gives, with operands picked at random.

Where nasm only warns (a number that does not fit is cut off) this assembler refuses, so those lines are checked to be
refused for that. Instructions that nasm 2.16 does not know, or encodes in a way of its own, are named in SET_ASIDE.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.asm import nasm
from vmviz.asm import assemble
from vmviz.asm.forms import Form, Slot, forms_of, known_mnemonics
from vmviz.errors import ProgramError

REGISTERS = {
    "r8": "al cl bl ah dh sil r9b r15b",
    "r16": "ax cx bp di r8w r14w",
    "r32": "eax ecx ebp edi esp r8d r13d",
    "r64": "rax rcx rbp rsp rdi r8 r12 r15",
    "seg": "es ss ds fs gs",
    "cr": "cr0 cr2 cr3 cr4",
    "dr": "dr0 dr3 dr6 dr7",
}
ADDRESSES = {
    64: "rbx rbp+8 r13+rcx*4+0x1234 0x1000 rsp rax*8+16 r12 r13 rbp rsp+rax*2-4 ebx+ecx rax+0x7fffffff fs:0x10 gs:rbx "
    "rbx*2 es:rdi rax+128 rax-128 rax-129 rax+rsp rbp+rax rax*3",
    32: "ebx ebp+8 edx+ecx*4+0x1234 0x1000 esp eax*8+16 ebp esp+eax*2-4 bx+si fs:0x10 gs:ebx ebx*2 eax-1 bp+di",
    16: "bx bp bx+si bp+di+8 si di-4 0x1000 bx+0x1234 eax ebx+ecx*4 es:di fs:0x10 bp+si+200",
}
NUMBERS = (
    "0 1 5 -1 -5 -128 -129 0x7f 0x80 0xff 0x1234 0x7fff 0x8000 0xffff 0x12345678 0x7fffffff 0x80000000 0xffffffff "
    "-0x80000000 0x123456789abcdef 0xffffffffffffffff 'a'"
).split()
KEYWORDS = {8: "byte ", 16: "word ", 32: "dword ", 64: "qword "}
SET_ASIDE = frozenset("enqcmd enqcmds movdir64b umonitor ptwrite incsspd incsspq rdsspd rdsspq wrssd wrussd".split())
OTHERS = frozenset("push pop popcnt vmread vmwrite vmptrld vmptrst vmclear vmxon verr verw".split())


def mine(bits: int, line: str) -> bytes | None:
    try:
        return assemble(f"bits {bits}\n{line}\n").image
    except ProgramError:
        return None


def general_forms(bits: int) -> list[tuple[str, Form]]:
    """Forms whose operands are general, segment and control registers, memory and numbers."""
    return [
        (name, form)
        for name in sorted(known_mnemonics() - SET_ASIDE)
        for form in forms_of(name, bits)
        if form.slots and (name[0] not in "fpv" or name in OTHERS)
        if all(
            slot.register in ("", *REGISTERS) and slot.fixed != "st0" and slot.number not in ("branch", "far", "offset")
            for slot in form.slots
        )
    ]


def operand(slot: Slot, form: Form, bits: int, pick: random.Random) -> str:
    if slot.fixed:
        return slot.fixed
    if slot.number == "one":
        return "1"
    choices = []
    if slot.register:
        names = REGISTERS[slot.register].split()
        choices.append(pick.choice([name for name in names if bits == 64 or not name.startswith(("r", "sil"))]))
    if slot.memory:
        keyword = KEYWORDS.get(form.memory_bits, "") if pick.random() < 0.75 else ""
        choices.append(f"{keyword}[{pick.choice(ADDRESSES[bits].split())}]")
    if slot.number:
        keyword = pick.choice(["", "", "", "", "byte ", "strict byte ", f"strict {KEYWORDS[min(slot.bits, 32)]}"])
        choices.append(keyword + pick.choice(NUMBERS))
    return pick.choice(choices)


def line_of(name: str, form: Form, bits: int, pick: random.Random) -> str:
    return f"{name} " + ", ".join(operand(slot, form, bits, pick) for slot in form.slots)


def compare(bits: int, lines: list[str], folder: Path, at_least: int) -> None:
    """Where both assemble a line they agree, and this assembler refuses only numbers that do not fit."""
    reference = nasm.lines(bits, lines, folder)
    both = {line: data for line, data in reference.items() if data is not None and mine(bits, line) is not None}
    assert len(both) >= at_least
    assert {line: mine(bits, line) for line in both} == both
    for line in reference.keys() - both.keys():
        if reference[line] is not None:
            with pytest.raises(ProgramError) as refusal:
                assemble(f"bits {bits}\n{line}\n")
            assert "does not fit" in str(refusal.value) or "byte" in line, line


@pytest.mark.parametrize("bits", [16, 32, 64])
def test_every_general_form_gives_the_bytes_of_nasm(bits: int, tmp_path: Path) -> None:
    pick = random.Random(bits)
    compare(bits, [line_of(name, form, bits, pick) for name, form in general_forms(bits)], tmp_path, at_least=300)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), bits=st.sampled_from([16, 32, 64]))
def test_random_combinations_give_the_bytes_of_nasm(seed: int, bits: int, tmp_path: Path) -> None:
    pick = random.Random(seed)
    forms = pick.sample(general_forms(bits), 150)
    compare(bits, [line_of(name, form, bits, pick) for name, form in forms], tmp_path, at_least=40)


def test_xchg_of_eax_with_itself_is_not_a_nop_in_64_bit_code() -> None:
    assert mine(64, "xchg eax, eax") == b"\x87\xc0"
    assert mine(32, "xchg eax, eax") == b"\x90"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("mov al, 0x1ff", "does not fit in 8 bits"),
        ("and rax, 0x80000000", "sign-extends"),
        ("mov [rax], 5", "size of the operand"),
        ("push eax", "does not take"),
        ("pusha", "does not exist in 64-bit code"),
        ("o16 add eax, ebx", "size prefix"),
        ("mov r8b, ah", "cannot be encoded"),
        ("jmp short $+300", "a short jump reaches"),
        ("mov eax, [rax+ebx]", "different sizes"),
        ("mov eax, [rsp*2]", "cannot be scaled"),
        ("mov eax, es:[rdi]", "segment inside"),
    ],
)
def test_what_cannot_be_encoded_is_refused_with_the_reason(line: str, words: str) -> None:
    with pytest.raises(ProgramError, match=words):
        assemble(f"bits 64\n{line}\n")
