"""Steps recorded a second and bytes a step, against Unicorn with a Python hook on the same machine code, in one run.

The hook captures the sixteen registers, RIP and RFLAGS at every instruction, which is the least a recording needs; that
baseline is mostly the cost of its Python binding. Ours keeps every change, so that any step can be seen again; the time
of such seeks is measured on one long recording.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

from vmviz.asm import assemble
from vmviz.machine.bench import IMAGE_AT, RAM, processor
from vmviz.machine.journal import Cursor, Journal

STREAMS = Path(__file__).parent / "streams"
STEPS, BASELINE_STEPS, LONG, SEEKS = 300_000, 20_000, 1_000_000, 300


def record(image: bytes, steps: int) -> tuple[Journal, float]:
    """A recording of that many steps, and steps a second."""
    journal = Journal(processor(image))
    begin = time.perf_counter()
    made = journal.record(steps)
    seconds = time.perf_counter() - begin
    if made != steps:
        raise SystemExit(f"the stream ended after {made} steps: {journal.ending} {journal.outside or ''}")
    return journal, made / seconds


def unicorn(image: bytes, start: int, steps: int) -> float:
    """Instructions a second of Unicorn with the hook."""
    import unicorn
    from unicorn import x86_const

    names = "RAX RCX RDX RBX RSP RBP RSI RDI R8 R9 R10 R11 R12 R13 R14 R15 RIP EFLAGS".split()
    registers = [getattr(x86_const, f"UC_X86_REG_{name}") for name in names]
    emulator = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)
    emulator.mem_map(0, RAM)
    emulator.mem_write(IMAGE_AT, image)
    emulator.reg_write(x86_const.UC_X86_REG_RSP, 0x9000)
    kept: list[object] = []
    emulator.hook_add(unicorn.UC_HOOK_CODE, lambda uc, *_: kept.append(uc.reg_read_batch(registers)))
    begin = time.perf_counter()
    emulator.emu_start(start, 0, count=steps)
    return len(kept) / (time.perf_counter() - begin)


def seeks(image: bytes) -> str:
    journal, _ = record(image, LONG)
    cursor = Cursor(journal)
    chance = random.Random(1)
    times, backs = [], []
    for _ in range(SEEKS):
        step = chance.randrange(1, LONG)
        begin = time.perf_counter()
        cursor.seek(step)
        times.append((time.perf_counter() - begin) * 1000)
        begin = time.perf_counter()
        cursor.seek(step - 1)
        backs.append((time.perf_counter() - begin) * 1000)
    times.sort()
    backs.sort()
    return (f"seek in {LONG:,} steps of copy: p50 {times[SEEKS // 2]:.2f} ms, p95 {times[SEEKS * 95 // 100]:.2f} ms, "
            f"worst {times[-1]:.2f} ms; one step back: p50 {backs[SEEKS // 2]:.3f} ms, worst {backs[-1]:.2f} ms")


def report() -> None:
    print(f"{'recording':16} {'steps/s':>10} {'bytes/step':>10} {'unicorn+hook/s':>15} {'ratio':>7}")
    for name in ("arithmetic", "copy", "calls", "exits", "new-pages", "self-modifying"):
        path = STREAMS / f"{name}.asm"
        program = assemble(path.read_text(), name=path.name)
        journal, speed = record(program.image, STEPS)
        baseline = unicorn(program.image, program.symbols.get("guest", IMAGE_AT), BASELINE_STEPS)
        print(f"{name:16} {speed:10,.0f} {journal.bytes_kept / STEPS:10.1f} {baseline:15,.0f} {speed / baseline:7.1f}")
    path = STREAMS / "copy.asm"
    print(seeks(assemble(path.read_text(), name=path.name).image))


if __name__ == "__main__":
    report()
