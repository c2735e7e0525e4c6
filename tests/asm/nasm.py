"""Debian's nasm as the reference: what it makes of a source text."""

from __future__ import annotations

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
