"""Debian's nasm as the reference: what it makes of a source text."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from vmviz.asm import vmcs_inc


def image(source: str, folder: Path) -> bytes | None:
    """The bytes of `nasm -f bin`, or None when nasm refuses the text. vmcs.inc lies beside it."""
    (folder / "vmcs.inc").write_text(vmcs_inc())
    (folder / "program.asm").write_text(source)
    command = ["nasm", "-w-all", "-f", "bin", "-o", "program.bin", "program.asm"]
    run = subprocess.run(command, cwd=folder, timeout=60, capture_output=True, text=True, check=False)
    return (folder / "program.bin").read_bytes() if run.returncode == 0 else None


def lines(bits: int, texts: list[str], folder: Path) -> dict[str, bytes | None]:
    """What nasm makes of each of many lines that do not depend on where they stand: bytes, or None where it refuses."""
    results: dict[str, bytes | None] = dict.fromkeys(texts)
    live = list(results)
    command = ["nasm", "-w-all", "-f", "bin", "-l", "lines.lst", "-o", "lines.bin", "lines.asm"]
    while True:
        (folder / "lines.asm").write_text(f"bits {bits}\n" + "\n".join(f"times 1 {line}" for line in live) + "\n")
        run = subprocess.run(command, cwd=folder, timeout=60, capture_output=True, text=True, check=False)
        refused = {int(number) - 2 for number in re.findall(r"^lines\.asm:(\d+): error", run.stderr, re.MULTILINE)}
        if not refused:
            assert run.returncode == 0, run.stderr
            break
        live = [line for number, line in enumerate(live) if number not in refused]
    digits: dict[int, str] = {}
    listing = (folder / "lines.lst").read_text()
    for number, text in re.findall(r"^ *(\d+) [0-9A-F]{8} ([0-9A-F()\[\]<-]+)", listing, re.MULTILINE):
        digits[int(number) - 2] = digits.get(int(number) - 2, "") + re.sub(r"[^0-9A-F]", "", text)
    results.update({live[number]: bytes.fromhex(text) for number, text in digits.items() if number >= 0})
    return results
