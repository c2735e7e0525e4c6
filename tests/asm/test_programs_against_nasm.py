"""Whole programs give nasm's image: macros of every kind, conditions, sections, local labels, sizes.

Each source here is one feature, or two that meet; nasm must accept it, so that a mistake in the source is seen.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.asm import nasm
from vmviz import spec
from vmviz.asm import assemble, vmcs_inc

SOURCES = {
    "section starts": "org 0x1000\nsection .text\nsection late start=0x1100\nsection data start=0x1040\nmov ax, x\n"
    "section .text\nmov bx, y\nsection late\ny: dw 1\nsection data\nx: dw y\n",
    "sections in order": "section .data\nx: db 1,2,3\nsection other\ny: dw x\nsection .text\nz: dw x, y\nsection .bss\n"
    "b: resb 4\nc: resd 1\nsection .data\ndw b, c\n",
    "vstart": "org 0x7c00\njmp go\nsection moved vstart=0x600\ngo: mov ax, go\njmp go\n",
    "section align": "db 1\nsection a align=64\ndb 2\nsection b\nalign 32\ndb 3\n",
    "bracket directives": "[bits 64]\n[org 0x2000]\n[section .text]\nmov rax, [x]\nx: dq x\n",
    "__SECT__": "%macro put 1\n[section .data]\n%%s: db %1, 0\n__SECT__\nmov si, %%s\n%endmacro\n"
    "put 'one'\nput 'two'\n",
    "default parameters": "%macro m 0-2 5, 6\ndb %1, %2, %0\n%endmacro\nm\nm 1\nm 1, 2\n",
    "overloads": "%macro m 1\ndb 1, %1\n%endmacro\n%macro m 2\ndb 2, %1, %2\n%endmacro\nm 7\nm 8, 9\n",
    "greedy": "%macro try 2+\ndb %1\n%2\n%endmacro\nbits 64\ntry 'a', mov eax, [rbx]\ntry 'b', nop\n",
    "any number": "%macro all 1-*\n%rep %0\ndb %1\n%rotate 1\n%endrep\n%endmacro\nall 3, 1, 2\n",
    "braces": "%macro two 2\ndb %1\ndb %2\n%endmacro\ntwo {1, 2}, {3}\n",
    "macro in macro": "%macro in_ 1\n%%l: dw %%l, %1\n%endmacro\n%macro out_ 1\n%%l: in_ %1\ndw %%l\n%endmacro\n"
    "out_ 1\nout_ 2\n",
    "macro defines macro": "%macro a 0\n%macro b 0\ndb 9\n%endmacro\n%endmacro\na\nb\n",
    "label before macro": "%macro m 0\nnop\n%endmacro\nx: m\ny m\ndw x, y\n",
    "local labels": "bits 64\na:\n.l: jmp .l\njmp .m\n.m:\nb:\n.l: jmp .l\njmp a.l\njmp b.l\n",
    "local labels past macros": "%macro m 0\n%%x: nop\n%endmacro\na: nop\n.l: m\njmp .l\n",
    "rep and assign": "%assign i 0\n%rep 10\n%if i = 5\n%exitrep\n%endif\ndb i\n%assign i i+1\n%endrep\n",
    "nested rep": "%assign i 0\n%rep 3\n%rep 2\ndb i\n%endrep\n%assign i i+1\n%endrep\n",
    "ifidn": "%macro m 1\n%ifidn %1, or\ndb 1\n%elifidn %1, and\ndb 2\n%else\ndb 3\n%endif\n%endmacro\n"
    "m or\nm and\nm xor\n",
    "ifnum": "%macro m 1\n%ifnum %1\ndb 1\n%elifstr %1\ndb 2\n%elifid %1\ndb 3\n%endif\n%endmacro\nm 5\nm 'a'\nm q\n",
    "ifempty": "%macro m 0-1\n%ifempty %1\ndb 1\n%else\ndb 2\n%endif\n%endmacro\nm\nm x\n",
    "nested if": "%define A\n%ifdef A\n%ifndef B\ndb 1\n%else\ndb 2\n%endif\n%elifdef B\ndb 3\n%endif\n",
    "if with equ": "size equ 4\n%if size*2 > 7 && size != 5\ndb 1\n%else\ndb 2\n%endif\n",
    "xdefine": "%define a 1\n%xdefine b a\n%define c a\n%define a 2\ndb b, c\n%undef a\na: db 3\n",
    "define with parameters": "%define entry(base, flags) ((base) << 12 | (flags))\ndq entry(5, 3), entry(1+1, 7)\n",
    "define of an instruction": "%define stop hlt\n%define arg rax, [rbx]\nbits 64\nmov arg\nstop\n",
    "recursive define": "%define a b+1\n%define b 2\n%define c c\nc equ 9\ndb a, c\n",
    "continued line": "db 1, \\\n 2, \\\n 3\n",
    "strings": 'db "semi;colon", \'quote"\', `tab\\tnull\\0hex\\x41oct\\101`\ndw "abc"\ndd "abcde"\ndq "abc"\n'
    "mov al, 'x'\n",
    "utf-8": 'db "máquina", 0\n',
    "numbers": "dd 10, 0x1F, 1Fh, $1f, 0b101, 101b, 0o17, 17o, 17q, 0d10, 1_000, 0xdead_beef, 0FFh, 0b1h\n",
    "operators": "dq 1+2*3-4/2, 7 % 4, -7//2, -7 %% 4, 1<<4|1, 6&3^1, ~0, !0, !5, -(3), 5>3, 5<=3, 1==1, 1!=1\n"
    "dq 2<>2, -8>>1, 1&&0, 1||0, 1^^1, -16>>>2, 1 ? 4 : 5, 0 ? 4 : 5\n",
    "equ of labels": "org 100h\na: db 1\nb: db 2\nlen equ $-a\ndist equ b-a\nhere equ $\ndw len, dist, here, b\n",
    "forward equ": "bits 64\nmov rax, later\nadd rax, later\nmov eax, [rbx+later]\nlater equ 5\n",
    "jump chains": "bits 64\na: jmp b\ntimes 120 nop\njz c\nb: jmp a\ntimes 122 nop\nc: jnz a\ncall a\n",
    "many jumps": "bits 64\na: jmp d\ntimes 60 jmp d\nd: times 60 jmp a\n",
    "align forms": "bits 64\nnop\nalign 8\nnop\nalign 16, int3\nnop\nalign 4, db 0\nnop\nalignb 32\ndb 1\n",
    "boot sector": "bits 16\norg 7c00h\ncli\nhlt\ntimes 510-($-$$) db 0\ndw 0xaa55\n",
    "modes in one file": "bits 16\njmp dword 8:far32\nbits 32\nfar32: mov eax, x\njmp 0x18:far64\nbits 64\n"
    "far64: mov rax, x\nx:\n",
    "rel and abs": "bits 64\norg 0x100000\nmov rax, [rel x]\ndefault rel\nmov rax, [x]\nmov rax, [abs x]\n"
    "mov rax, [fs:x]\nmov rax, [rbx+x]\nmov rax, [5]\nlea rsi, [x+4]\ncmp byte [x], 1\nmov dword [x], 5\nx: dq 0\n"
    "default abs\nmov rax, [x]\nmov eax, [x+4]\n",
    "equ in use": "port equ 0xE9\nbits 64\nmov al, 'A'\nout port, al\nmov dword [rbx+port*4], port<<8\n",
    "resb": "resb 3\nresw 2\nresd 1\nresq 1\ndb 1\n",
    "case": "BITS 64\nMov EAX, [RBX + RCX*4]\nX: Dd 1\nx: dD 2\ndq X, x\n",
    "comments": "; nothing\ndb 1 ; one\n   \n\tdb 2;two\ndb ';' ; three\n",
    "trailing comma": "db 1, 2,\ndb 3\n",
    "imacro": "%imacro PutByte 1\ndb %1\n%endmacro\nputbyte 4\nPUTBYTE 5\n",
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_a_program_is_what_nasm_makes_of_it(source: str, tmp_path: Path) -> None:
    expected = nasm.image(source, tmp_path)
    assert expected is not None, "nasm refuses this source"
    assert assemble(source).image == expected


def test_every_name_of_vmcs_inc_has_the_same_value_for_nasm(tmp_path: Path) -> None:
    names = list(assemble(vmcs_inc()).constants)
    assert len(names) > 350
    source = '%include "vmcs.inc"\n' + "".join(f"dq {name}\n" for name in names)
    assert assemble(source).image == nasm.image(source, tmp_path)


def test_vmcs_inc_says_what_the_tables_say() -> None:
    constants = assemble('%include "vmcs.inc"\n').constants
    assert constants["GUEST_RIP"] == 0x681E
    assert constants["PRIMARY_HLT_EXITING"] == 1 << 7
    assert constants["EXIT_REASON_CPUID"] == 10
    assert constants["MSR_IA32_FEATURE_CONTROL"] == 0x3A
    assert {field.name.upper(): field.encoding for field in spec.FIELDS}.items() <= constants.items()


JUMPS = st.lists(
    st.tuples(st.sampled_from(["jmp", "jz", "call", "jnz near"]), st.integers(0, 9), st.integers(0, 40)),
    min_size=10,
    max_size=10,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(jumps=JUMPS, bits=st.sampled_from([16, 32, 64]))
def test_jumps_settle_at_the_sizes_of_nasm(jumps: list[tuple[str, int, int]], bits: int, tmp_path: Path) -> None:
    lines = [f"bits {bits}", "org 0x1000"]
    for number, (mnemonic, target, gap) in enumerate(jumps):
        lines += [f"l{number}: {mnemonic} l{target}", f"times {gap} inc eax"]
    source = "\n".join(lines) + "\n"
    assert assemble(source).image == nasm.image(source, tmp_path)
