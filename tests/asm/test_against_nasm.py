"""Byte for byte what nasm writes: instructions in three modes, directives, and every lesson's program."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.asm import nasm
from vmviz.asm import assemble
from vmviz.errors import ProgramError

COURSE = Path(__file__).parents[2] / "vmviz" / "course"

EVERYWHERE = """
mov al, 5|mov ax, 5|mov eax, 5|mov al, [si]|mov byte [di], 1|mov ax, [1234h]|mov [1234h], al|mov cx, ds
mov ds, cx|add ax, 1|add ax, 1000|add al, 200|add cx, 127|add cx, 128|add cx, -128|sub byte [bx], 3
sub word [bx], 300|and eax, 0xff|or ecx, -1|xor dx, dx|cmp al, ah|test al, 1|test ecx, 80000000h|adc eax, ecx
sbb [bx], ax|not cx|neg byte [si]|inc ax|dec byte [di]|inc ecx|mul cl|imul ax, bx|imul ax, bx, 3
imul ax, bx, 300|div word [si]|idiv ecx|shl ax, 1|shl ax, cl|shl ax, 5|sar byte [bx], 1|rcr ecx, 3
shld ax, bx, 3|shrd ecx, edx, cl|push ax|pop cx|push word [bx]|push ds|pop es|push fs|pop gs|pushf|popf
in al, 60h|in ax, dx|out 0E9h, al|out dx, eax|insb|outsw|rep insb|movsb|movsw|movsd|rep movsb|rep stosd
repe cmpsb|repne scasb|lodsb|std|cld|cli|sti|hlt|nop|clc|stc|cmc|int 21h|int3|into|iret|ret|ret 4|retf|lgdt [bx]
lidt [bx]|sgdt [bx]|lmsw ax|smsw cx|ltr ax|str ax|lldt cx|clts|invd|wbinvd|mov eax, cr0|mov cr4, eax
mov eax, dr7|mov dr0, ecx|rdmsr|wrmsr|rdtsc|cpuid|invlpg [bx]|sysenter|sysexit|movzx eax, al|movzx ax, cl
movsx ecx, word [bx]|xchg ax, cx|xchg [bx], al|xchg ecx, edx|bswap ecx|lea ax, [bx+si+4]|bt ax, 3|bts [bx], ax
btr ecx, 31|btc eax, ecx|bsf ax, cx|bsr ecx, edx|setz al|cmovz ax, cx|cmpxchg [bx], cl|xadd cx, ax|jmp short $
jmp near $+200|jz $|call $|loop $|jmp $+2|je near $|db 1, 'ab', 2|dw 1, 2|dd 12345678h|dq 1|mov ax, [es:bx]
mov al, [fs:bx+4]|mov word [cs:1234h], 7|lock add byte [bx], 1|rdpmc|ud2|pause|xlatb|leave|enter 8, 0|vmcall
vmlaunch|vmresume|vmxoff|vmfunc|cwd|cdq|cbw|cwde|lahf|sahf|mov esp, 4|lar ax, cx|verr ax|monitor|mwait
"""
BITS_64 = """
mov rax, 5|mov rax, -1|mov rax, 123456789ah|mov rax, 0x80000000|mov rax, 0xffffffff|mov r8, 5|mov r9d, -1
mov rax, [rbx]|mov rax, [rsp]|mov rax, [rbp]|mov rax, [r12]|mov rax, [r13]|mov [rsp+8], rcx
mov rax, [rbx+rcx*8+1000h]|mov rax, [rcx*4]|mov rax, [rcx*2]|mov rax, [rcx*3]|mov rax, [abs 1000h]
mov al, [rel $]|mov qword [rbx], -1|mov dword [r15], 7|mov byte [rsi+rdi], 1|mov [abs 200000h], eax
mov rax, [fs:10h]|mov rax, [gs:rbx]|mov eax, [ebx+ecx]|lea rax, [rel $+100]|lea rcx, [rax+rax*4-3]|add rax, 1
add rax, 128|add rax, 1000h|add rax, -1|add r10, [rsi]|add qword [rdi], 127|add qword [rdi], 128|cmp rax, -129
test rax, 1|test r8, r9|and rax, 0x7fffffff|or rcx, 0xffffffffffffffff|xor r8d, r8d|imul rax, rbx, 1000
imul rax, [rbx]|push rax|push r8|push 1|push 1000h|push -1|push qword [rax]|pop r15|pop qword [rsp]|push fs
pushfq|popfq|iretq|push byte 5|push dword 5|call rax|call [rax]|jmp rcx|jmp [rbx+8]|call qword [rel $]
jmp qword [abs 8000h]|retfq|o64 retf|syscall|sysret|o64 sysret|swapgs|movsq|rep stosq|lodsq
movzx rax, byte [rbx]|movsx rax, cl|movsxd rax, ecx|bswap r9|xchg rax, r8|xchg rax, rax|xchg [rdi], r9
mov rax, cr3|mov cr8, rax|mov rcx, cr8|mov dr7, rax|mov ds, eax|mov rax, ds|str rax|ltr ax|lgdt [abs 1000h]
lidt [rbx]|invpcid rax, [rbx]|vmxon [rax]|vmclear [rbx]|vmptrld [abs 1000h]|vmptrst [rsp+8]|vmread rax, rbx
vmread [rdi], rcx|vmwrite rcx, rdx|vmwrite rcx, [rsi]|invept rax, [rbx]|invvpid rcx, [rsi]|xgetbv|xsetbv|rdtscp
rdrand eax|rdseed rcx|rdfsbase rax|wrgsbase rcx|stac|clac|bt rcx, 5|cmpxchg16b [rdi]|cmpxchg8b [rdi]
popcnt rax, rbx|lzcnt eax, ecx|tzcnt rcx, rdx|adcx rax, rbx|crc32 eax, cl|movbe [rdi], rax|cqo|cdqe|shl rax, 1
shl qword [rdi], cl|sar r8, 63|rol byte [r9], 4|jrcxz $|jecxz $|loope $|mov ah, 1|mov sil, 1|mov r8b, 2
add spl, 3|in eax, dx|rep outsb|mov rbx, $|mov rax, qword 5|mov rax, strict dword 5|add eax, strict dword 1
a32 lodsb|repne movsb|cpuid
"""
BITS_32 = """
mov eax, [ebx+ecx*4]|mov eax, [esp+4]|mov eax, [1000h]|mov [1000h], eax|jmp 8:1000h|call 18h:0|jmp far [ebx]
pushad|popad|pushfd|popfd|iretd|push 5|push dword [eax]|inc ebx|dec esp|les eax, [ebx]|bound eax, [ebx]
arpl ax, cx|aam|aad|daa|aas|mov eax, [bx]|o16 push 5|vmread eax, ebx
"""
BITS_16 = """
mov eax, [ebx]|jmp 0:7c00h|call 800h:0|jmp far [bx]|push 5|pusha|popa|mov ax, [bp]|mov ax, [bp+di-1]
mov ax, [bx+200h]|les bx, [si]|retf 2|o32 ret|a32 rep movsb|mov cr0, eax|lgdt [1000h]|o32 lgdt [1000h]|jcxz $
jmp dword 8:10000h|mov ax, 1234h
"""
LINES = [
    (bits, line.strip())
    for bits, text in (
        (16, EVERYWHERE + BITS_16),
        (32, EVERYWHERE + BITS_32),
        (64, BITS_64),
        (64, EVERYWHERE),
    )
    for row in text.strip().split("\n")
    for line in row.split("|")
]


def ours(source: str) -> bytes | None:
    try:
        return assemble(source).image
    except ProgramError:
        return None


@pytest.mark.parametrize("bits", [16, 32, 64])
def test_every_line_of_the_table_is_what_nasm_writes(bits: int, tmp_path: Path) -> None:
    lines = [line for width, line in LINES if width == bits]
    good = [line for line in lines if nasm.image(f"bits {bits}\n{line}\n", tmp_path) is not None]
    assert len(good) > len(lines) // 2
    wrong = []
    for line in good:
        source = f"bits {bits}\n{line}\n"
        expected, got = nasm.image(source, tmp_path), ours(source)
        if got != expected:
            wrong.append(f"{line}: nasm {expected.hex() if expected else None}, ours {got.hex() if got else None}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "source",
    [
        "org 100h\nbits 16\nstart: jmp end\ntimes 126 nop\nend: jmp start\n",
        "bits 64\na: jmp b\ntimes 127 nop\nb: jmp a\njz a\ncall b\n",
        "bits 64\na: jmp b\ntimes 128 nop\nb: loop b\n",
        "bits 64\norg 100000h\nx:\n.one: dq .one, y.one, $, $$, $-$$\ny:\n.one: dd y - x\n",
        "k equ 5\nbits 64\nmov eax, k*2+(1<<4)|3\nmov ecx, -k\nmov edx, ~k & 0xff\nmov ebx, 17/5 + 17 % 5\n",
        "dw 'a', 'ab'\ndd 'abcd'\ndb \"it's\", 10, 0\ndb `a\\n`\ndq 0b1010_0101, 777o, 0x1f, 1fh, 10d\n",
        "db 1\nalign 16\ndb 2\nalign 8, db 0\ndb 3\ntimes 10-($-$$-17) db 0x90\n",
        "resb 3\ndb 1\n",
        "times 3 dw 1, 2\n",
        "a: times 4 db $-a\n",
        "bits 64\na: times 3 jmp a\ntimes 3 jmp $\ntimes 3 call b\nb:\n",
        "bits 64\ndefault rel\nmov rax, [x]\nlea rbx, [x]\nmov rcx, [abs x]\nx: dq 1\n",
        "bits 64\ndefault abs\norg 100000h\nmov rax, [x]\nmov [x], rcx\nx: dq 1\n",
        "%define two 2\n%define sum(a,b) a+b\nbits 64\nmov eax, two\nmov ecx, sum(two, 3)\n",
        "%macro put 2\nmov eax, %1\n%%again: mov ecx, %2\njmp %%again\n%endmacro\nbits 64\nput 1, 2\nput 3, 4\n",
        "%assign n 0\n%rep 4\ndb n\n%assign n n+1\n%endrep\n"
        "%if n == 4\ndb 99\n%else\ndb 1\n%endif\n%ifdef n\ndb 7\n%endif\n",
        '%include "vmcs.inc"\nbits 64\nmov eax, GUEST_RIP\nmov ecx, EXIT_REASON_CPUID\nmov edx, PRIMARY_HLT_EXITING\n',
        "bits 64\nmov rax, x\nmov eax, x\nmov rcx, x+8\npush x\nx:\n",
        "bits 16\nmov ax, x\nx: dw x\nbits 32\nmov eax, x\n",
    ],
)
def test_directives_are_what_nasm_makes_of_them(source: str, tmp_path: Path) -> None:
    expected = nasm.image(source, tmp_path)
    assert expected is not None
    assert assemble(source).image == expected


@pytest.mark.parametrize("program", sorted(COURSE.glob("*/*.asm")), ids=lambda path: path.parent.name)
def test_a_lessons_program_is_byte_for_byte_nasms(program: Path, tmp_path: Path) -> None:
    source = program.read_text()
    shared = {file.name: file.read_text() for file in COURSE.glob("*.inc")}
    for name, text in shared.items():
        (tmp_path / name).write_text(text)
    assert assemble(source, include=shared.get).image == nasm.image(source, tmp_path)


def too_large(line: str) -> bool:
    """A number that the processor would sign-extend to another one: nasm warns, we refuse."""
    try:
        assemble(f"bits 64\n{line}\n")
    except ProgramError as error:
        return "does not fit" in str(error)
    return False


_R64 = st.sampled_from("rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r12 r13 r15".split())
_INDEX = st.sampled_from("rax rcx rbp r8 r12 r13".split())
_DISPLACEMENT = st.sampled_from(["", "+1", "-1", "+127", "+128", "-128", "-129", "+1000h", "+7fffffffh", "-80000000h"])
_MEMORY = st.one_of(
    st.builds("[{}{}]".format, _R64, _DISPLACEMENT),
    st.builds("[{}+{}*{}{}]".format, _R64, _INDEX, st.sampled_from("1248"), _DISPLACEMENT),
    st.builds("[{}*{}{}]".format, _INDEX, st.sampled_from("12345689"), _DISPLACEMENT),
)
_NUMBER = st.sampled_from(
    "0 1 -1 127 128 -128 -129 255 256 7fffh 8000h 0ffffh 7fffffffh 80000000h 0ffffffffh -80000000h 100000000h".split()
)
_SIZE = st.sampled_from(["byte", "word", "dword", "qword"])
_BINARY = st.sampled_from("mov add or adc sbb and sub xor cmp test".split())


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.one_of(
            st.builds("{} {}, {}".format, _BINARY, _R64, _NUMBER),
            st.builds("{} {} {}, {}".format, _BINARY, _SIZE, _MEMORY, _NUMBER),
            st.builds("{} {}, {}".format, _BINARY, _MEMORY, _R64),
            st.builds("lea {}, {}".format, _R64, _MEMORY),
            st.builds("{} {} {}".format, st.sampled_from("inc dec not neg mul idiv push pop".split()), _SIZE, _MEMORY),
        ),
        min_size=12,
        max_size=12,
    )
)
def test_operands_of_all_shapes(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    folder = tmp_path_factory.mktemp("nasm")
    good = [line for line in lines if nasm.image(f"bits 64\n{line}\n", folder) is not None and not too_large(line)]
    source = "bits 64\n" + "\n".join(good) + "\n"
    expected = nasm.image(source, folder)
    assert assemble(source).image == expected
