"""Programs that try to fill memory, and what a million of their steps take.

Each part runs in a process of its own: the memory that the process gained beside what the recording says it holds. What
is left over is bounded: decoded instructions, soft tables, pages of RAM, and what Python itself keeps in reserve.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from vmviz.asm import assemble
from vmviz.machine.bench import processor
from vmviz.machine.journal import Journal

STEPS = 1_000_000
_EXITS = (Path(__file__).parent / "streams" / "exits.asm").read_text()
_HEAD = "bits 64\norg 100000h\n"
PROGRAMS = {
    # A VM exit every seven steps.
    "exits": _EXITS[:_EXITS.index("guest:")] + """
guest:  cpuid
        jmp guest
""" + _EXITS[_EXITS.index("        align 8\nvmxon_region"):],
    # Page after page of the first gigabyte is touched; there are 32 MiB of RAM.
    "touches": _HEAD + "mov edi, 200000h\nagain: mov rax, [rdi]\nmov [rdi + 8], rcx\nadd edi, 1000h\njmp again",
    # The first table maps itself, and with it all the others, at ever other addresses.
    "tables": _HEAD + """
        mov rax, cr3
        lea rbx, [rax + 7]
        mov [rax + 8*256], rbx
        mov rsi, 0ffff800000000000h
again:  mov rax, [rsi + rdi]
        imul rdi, rdi, 5
        add rdi, 1008h
        and edi, 7ffff8h
        jmp again""",
    # The program writes one short function after the other over all of RAM, and calls each.
    "writes-code": _HEAD + """
        mov rsp, 9000h
again:  mov rdi, 200000h
.next:  mov dword [rdi], 0c3c1ff48h
        call rdi
        add rdi, 16
        cmp rdi, 1f00000h
        jb .next
        jmp again""",
    # One page of code at ever other addresses: every entry of the page directories names the same 2 MiB.
    "aliases": _HEAD + """
        mov rdi, 12000h + 8
        mov ecx, 2047
alias:  mov qword [rdi], 87h
        add rdi, 8
        loop alias
        mov rdi, 12000h
        mov rbx, 200000h + around
        jmp rbx
        align 16
around: add ebx, 200000h
        nop
        nop
        jmp rbx""",
    # A byte at a time, 4,096 of them a step.
    "strings": _HEAD + "again: mov rsi, 600000h\nmov rdi, 700000h\nmov ecx, 4096\nrep movsb\njmp again",
}
SHORTER = {"strings": 4_000}        # steps, where a step keeps very much


def run(name: str, steps: int) -> Journal:
    """A recording of a program."""
    journal = Journal(processor(assemble(PROGRAMS[name], name=f"{name}.asm").image))
    journal.record(steps)
    return journal


def resident() -> float:
    """MiB of memory that this process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / (1 << 20)


def measure(name: str) -> None:
    """In a process of its own: run, and print a row."""
    steps = SHORTER.get(name, STEPS)
    Journal(processor(b"\xf4")).record(1)
    before = resident()
    journal = run(name, steps)
    gained = resident() - before
    kept = journal.bytes_kept / (1 << 20)
    cpu = journal.cpu
    print(f"{name:15} {journal.length:10,} {len(journal.marks):10,} {journal.bytes_kept / journal.length:10.1f} "
          f"{kept:9.1f} {gained:10.1f} {len(cpu.decoded):8,} {len(cpu.memory.pages):7,}", flush=True)


def report() -> None:
    print(f"{'hostile':15} {'steps':>10} {'marks':>10} {'bytes/step':>10} {'says MiB':>9} {'gained MiB':>10} "
          f"{'decoded':>8} {'pages':>7}", flush=True)
    for name in PROGRAMS:
        subprocess.run([sys.executable, "-m", "tests.bench.hostile", name], check=True)


if __name__ == "__main__":
    measure(sys.argv[1])
