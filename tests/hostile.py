"""Programs that want more than they get, by name: for the tests of workers and for the measurements.

Each is text as a learner could send it. What ends each one is in WORDS.
"""

from __future__ import annotations

from pathlib import Path

STREAMS = Path(__file__).parent / "bench" / "streams"
START = "bits 64\norg 0x100000\n"

PROGRAMS = {
    "endless loop": START + "again: inc rax\njmp again\n",
    "self-modifying": START + """
again:  inc     dword [patched + 1]
patched: mov    eax, 0
        inc     word [other + 2]
other:  mov     cx, 5
        jmp     again
""",
    # An entry of the PML4 that is its own table at every level; through it the program rewrites what maps it.
    "page tables that point at themselves": START + """
        mov     qword [0x10000 + 8 * 256], 0x10007
        mov     rbx, 0xffff804020100000
        mov     rdx, cr3
again:  mov     rcx, [rbx]
        inc     esi
        and     esi, 127
        lea     rdi, [rsi + 1]
        mov     [rbx + 8 * rdi], rcx
        mov     cr3, rdx
        jmp     again
""",
    "gigabytes touched": START + """
        cld
again:  mov     rdi, 0x200000
        mov     ecx, 0x1e00000 / 8
        inc     rax
        rep     stosq
        jmp     again
""",
    "a page a step": START + """
again:  mov     rdi, 0x200000
.page:  mov     [rdi], rdi
        add     rdi, 4096
        cmp     rdi, 0x1f00000
        jb      .page
        jmp     again
""",
    "devices that are not there": START + """
        cld
again:  mov     rdi, 0x90000000
        mov     rsi, 0xfee00000
        mov     ecx, 100000
        rep     movsd
        jmp     again
""",
    "a console full": START + """
        cld
        mov     dx, 0xe9
again:  mov     rsi, 0x100000
        mov     ecx, 1000000
        rep     outsb
        jmp     again
""",
    "a million VM exits": (STREAMS / "exits.asm").read_text(),
    "TIMES": START + "times 100000000000 times 1000000000 db 0\n",
    "reserved": START + "resb 1 << 60\n",
    "a macro that calls itself": "%macro m 0\nm\nm\n%endmacro\nm\n",
    "repeated": "%rep 60000\n%rep 60000\nnop\n%endrep\n%endrep\n",
    "labels": "%assign n 0\n%rep 60000\nx%[n]: jmp y%[n]\n%assign n n+1\n%endrep\n",
    "defines that double": "".join(f"%define d{n} d{n - 1} d{n - 1}\n" for n in range(1, 60)) + "%define d0 nop\nd59\n",
    "brackets": "mov rax, " + "(" * 20_000 + "1" + ")" * 20_000,
    "a long line": "db " + "1+" * 20_000 + "1",
    "binary garbage": "".join(chr(n * 7919 % 0x300) for n in range(8_000)),
    "nothing": "",
}

WORDS = dict.fromkeys(PROGRAMS, "not_assembled") | {
    "endless loop": "steps", "self-modifying": "steps", "page tables that point at themselves": "steps",
    "gigabytes touched": "memory", "a page a step": "steps", "devices that are not there": "time",
    "a console full": "memory", "a million VM exits": "memory",
}
