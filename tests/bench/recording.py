"""What recording costs: steps a second and bytes a step, and how long it takes to be somewhere else in the run.

Speed is compared with Unicorn on the same machine code, in turns within one run, the best of a few short runs of each,
and all times are those that the processor spent on this process: other programs on the machine disturb little, and both
alike. Unicorn's Python hook captures the sixteen registers, RIP and RFLAGS at every instruction, which is the least a
recording needs; ours keeps every change, so that any step can be seen again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from vmviz import events as ev
from vmviz.asm import Program, assemble
from vmviz.machine.bench import IMAGE_AT, RAM, processor
from vmviz.machine.journal import Cursor, Journal

FOLDER = Path(__file__).parent / "streams"
TURNS, STEPS, BASELINE_STEPS, PLAIN_STEPS = 4, 60_000, 6_000, 2_000_000
LONG, SEEKS = 1_000_000, 300
SEEK_P95_MS, SEEK_WORST_MS = 10, 50
REPEATED_STEPS = 20_000         # of the stream `repeated`, whose steps have up to 4,096 iterations


class Stream(NamedTuple):
    """A program of `streams/`, and the figures wanted of it."""

    name: str
    ratio: int          # times the baseline, at least
    step_bytes: int     # a recorded step, at most

    @property
    def program(self) -> Program:
        path = FOLDER / f"{self.name}.asm"
        return assemble(path.read_text(), name=path.name)


STREAMS = (Stream("arithmetic", 15, 120), Stream("copy", 15, 120), Stream("calls", 15, 120), Stream("exits", 5, 120),
           Stream("new-pages", 2, 300), Stream("self-modifying", 2, 300))


def record(image: bytes, steps: int) -> tuple[Journal, float]:
    """A recording of that many steps, and steps a second."""
    journal = Journal(processor(image))
    begin = time.process_time()
    made = journal.record(steps)
    seconds = time.process_time() - begin
    if made != steps:
        raise SystemExit(f"the stream ended after {made} steps: {journal.ending} {journal.outside or ''}")
    return journal, made / seconds


def unicorn(program: Program, steps: int, hooked: bool = True) -> float:
    """Instructions a second of Unicorn, with the hook or without."""
    import unicorn
    from unicorn import x86_const

    names = "RAX RCX RDX RBX RSP RBP RSI RDI R8 R9 R10 R11 R12 R13 R14 R15 RIP EFLAGS".split()
    registers = [getattr(x86_const, f"UC_X86_REG_{name}") for name in names]
    emulator = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)
    emulator.mem_map(0, RAM)
    emulator.mem_write(IMAGE_AT, program.image)
    emulator.reg_write(x86_const.UC_X86_REG_RSP, 0x9000)
    kept: list[object] = []
    if hooked:
        emulator.hook_add(unicorn.UC_HOOK_CODE, lambda uc, *_: kept.append(uc.reg_read_batch(registers)))
    begin = time.process_time()
    emulator.emu_start(program.symbols.get("guest", IMAGE_AT), 0, count=steps)
    return steps / (time.process_time() - begin)


def speeds(program: Program) -> tuple[float, float]:
    """Steps a second of ours and of the baseline, each at its best."""
    ours, baseline = zip(*((record(program.image, STEPS)[1], unicorn(program, BASELINE_STEPS)) for _ in range(TURNS)),
                         strict=True)
    return max(ours), max(baseline)


# ---- being somewhere else

def milliseconds(what: Callable[..., Any], *args: Any) -> float:
    begin = time.process_time()
    what(*args)
    return (time.process_time() - begin) * 1000


def percentile(times: Iterable[float], percent: int) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def seeks(journal: Journal, length: int = LONG) -> tuple[list[float], list[float], list[float]]:
    """Times of seeks to random places, and of one step forward and one back from there."""
    cursor, chance = Cursor(journal), random.Random(1)
    far, forward, back = [], [], []
    for _ in range(SEEKS):
        step = chance.randrange(1, length - 1)
        far.append(milliseconds(cursor.seek, step))
        forward.append(milliseconds(cursor.seek, step + 1))
        back.append(milliseconds(cursor.seek, step))
    return far, forward, back


def over_exits(journal: Journal) -> str:
    """One step forward and one back over VM exits, and telling what happens in it."""
    cursor, chance = Cursor(journal), random.Random(2)
    exits = [step for step, event in journal.marks if isinstance(event, ev.VmExit)]
    forward, back, told = [], [], []
    for step in chance.sample(exits, SEEKS):
        cursor.seek(step)
        forward.append(milliseconds(cursor.seek, step + 1))
        back.append(milliseconds(cursor.seek, step))
        told.append(milliseconds(cursor.tell))
    there, again, events = (percentile(times, 50) for times in (forward, back, told))
    return (f"Over a VM exit, p50: one step forward {there:.3f} ms, one back {again:.3f} ms; forward with its events "
            f"{events:.3f} ms.")


def repeated() -> str:
    """Seeks in a run of repeated string instructions, and what it holds."""
    journal, speed = record(Stream("repeated", 0, 0).program.image, REPEATED_STEPS)
    far, forward, back = seeks(journal, REPEATED_STEPS)
    return (f"In {REPEATED_STEPS:,} steps of repeated string instructions ({speed:,.0f} steps/s, "
            f"{journal.bytes_kept / REPEATED_STEPS:,.0f} bytes a step), in ms: p50 {percentile(far, 50):.2f}, p95 "
            f"{percentile(far, 95):.2f}, worst {max(far):.2f}; one step forward {percentile(forward, 50):.3f}, back "
            f"{percentile(back, 50):.3f}.")


def report() -> None:
    print("Recording, against Unicorn with a Python hook that captures the registers at each instruction:")
    print(f"{'stream':15} {'steps/s':>10} {'baseline/s':>11} {'ratio':>6} {'wanted':>7} {'bytes/step':>11} "
          f"{'wanted':>7}", flush=True)
    rows, exits = [], ""
    for stream in STREAMS:
        program = stream.program
        ours, baseline = speeds(program)
        journal, _ = record(program.image, LONG)
        print(f"{stream.name:15} {ours:10,.0f} {baseline:11,.0f} {ours / baseline:6.1f} {f'>= {stream.ratio}':>7} "
              f"{journal.bytes_kept / LONG:11.1f} {f'<= {stream.step_bytes}':>7}", flush=True)
        rows.append((stream.name, *seeks(journal)))
        if stream.name == "exits":
            exits = over_exits(journal)
    plain = unicorn(STREAMS[0].program, PLAIN_STEPS, hooked=False)
    print(f"The baseline is mostly its Python binding: without the hook Unicorn runs {plain / 1e6:,.0f} million/s.")
    print(f"\nSeeks in {LONG:,} steps, in ms:")
    print(f"{'stream':15} {'p50':>6} {'p95':>6} {'wanted':>7} {'worst':>7} {'wanted':>7} {'forward':>8} {'back':>8} "
          "(one step)")
    for name, far, forward, back in rows:
        print(f"{name:15} {percentile(far, 50):6.2f} {percentile(far, 95):6.2f} {f'<= {SEEK_P95_MS}':>7} "
              f"{max(far):7.2f} {f'<= {SEEK_WORST_MS}':>7} {percentile(forward, 50):8.3f} {percentile(back, 50):8.3f}")
    print(exits)
    print(repeated())


if __name__ == "__main__":
    report()
