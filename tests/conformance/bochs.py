"""Run a program on Bochs: assemble it with nasm, put it behind our own boot ROM, and read what came out.

Debian's `bochs` and `nasm` are enough; no BIOS is used. The ROM (lib/boot.asm) leaves the bench state and jumps to the
program at 100000h; the preludes in lib/ print a program's events between BEGIN and END.
"""

from __future__ import annotations

import os
import re
import selectors
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIB = HERE / "lib"
FOLDERS = (HERE / "cases", HERE / "programs")
ROM_SIZE = 0x40000
SHUTDOWN_SECONDS = 3
PORT_RACES = 6  # two emulators that start at once can race for the port of the display plugin

SETTINGS = """\
config_interface: textconfig
display_library: rfb, options="timeout=0"
romimage: file={folder}/case.rom, address=0x{address:08x}
megs: 32
cpu: model={model}, count={processors}, ips=50000000, ignore_bad_msrs=0, reset_on_triple_fault=0
port_e9_hack: enabled=1
plugin_ctrl: biosdev=0, speaker=0, extfpuirq=0, gameport=0, parallel=0, serial=0
clock: sync=none, time0=0
log: {folder}/bochs.log
logprefix: %t%e%d
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore{cpu_debug}
"""

_TOLD = re.compile(
    r"VM(X|FAIL|ENTER|ENTRY|CS|EXIT|READ|WRITE|ON|OFF|CLEAR|PTR|LAUNCH|RESUME|CALL|ABORT|FUNC)|EPT|SVM|exception\(")
_NOT_TOLD = re.compile(r"VMX capability|init_")


class HarnessError(Exception):
    """The case could not be run at all; the message is nasm's or says which port was not free."""


@dataclass(frozen=True)
class Run:
    """What a program did: the lines between BEGIN and END, Bochs's reasons (with `why`), seconds, the whole output."""

    events: list[str]
    why: list[str]
    seconds: float
    output: str


def programs() -> list[Path]:
    """All programs, those of cases/ first."""
    return [source for folder in FOLDERS for source in sorted(folder.glob("*.asm"))]


def header(source: Path, name: str) -> str:
    """A header of a program (`; TITLE: ...`, `; SDM: ...`, `; MODEL: ...`, `; PROCESSORS: ...`), or ""."""
    found = re.search(rf"^; {name}: *(.*)$", source.read_text(), re.MULTILINE)
    return found.group(1).strip() if found else ""


def assemble(source: Path, image: Path, *options: str, include: Sequence[Path] = (LIB,)) -> None:
    """`source` as a flat binary; HarnessError with nasm's message."""
    folders = [part for folder in include for part in ("-I", f"{folder}/")]
    done = subprocess.run(["nasm", "-f", "bin", *folders, *options, "-o", str(image), str(source)],
                          capture_output=True, text=True)
    if done.returncode:
        raise HarnessError(done.stderr.strip())


def model_of(source: Path) -> str:
    """The processor model that a program asks for, by Bochs's name."""
    return header(source, "MODEL") or "tigerlake"


def processors_of(source: Path) -> int:
    """How many logical processors a program asks for."""
    return int(header(source, "PROCESSORS") or 1)


def expected_on_bochs(source: Path) -> Path:
    """The file with what Bochs prints: NAME.bochs where it departs from the manual, else NAME.expected."""
    departure = source.with_suffix(".bochs")
    return departure if departure.exists() else source.with_suffix(".expected")


def run_case(source: Path, model: str | None = None, timeout: float = 10, commands: Sequence[str] = ("c",), *,
             why: bool = False) -> Run:
    """Assemble and run a program; `commands` go to Bochs's debugger. Bochs itself does not end when its processor has
    shut down: a program that says `; ENDS: shutdown` gets a shorter time."""
    if header(source, "ENDS") == "shutdown":
        timeout = min(timeout, SHUTDOWN_SECONDS)
    with tempfile.TemporaryDirectory(prefix="oracle.") as folder:
        image = Path(folder) / "case.bin"
        assemble(source, image)
        return run_image(image.read_bytes(), model or model_of(source), timeout, commands, why=why,
                         processors=processors_of(source))


def run_image(image: bytes, model: str = "tigerlake", timeout: float = 10, commands: Sequence[str] = ("c",), *,
              why: bool = False, silence: float | None = None, processors: int = 1) -> Run:
    """Run a flat image from the bench state, at most `timeout` seconds and `silence` seconds without output."""
    for attempt in range(PORT_RACES):
        run = _run_once(image, model, timeout, commands, why, silence, processors)
        if "RFB could not bind" not in run.output:
            return run
        time.sleep(0.1 * (attempt + 1))
    raise HarnessError("Bochs's display plugin found no free port")


def between_marks(output: str) -> list[str]:
    """The lines between BEGIN and END; a last line NO END when the program did not get there."""
    found = re.search(r"^BEGIN\n(.*?)(^END$|\Z)", output, re.DOTALL | re.MULTILINE)
    lines = [line for line in found.group(1).splitlines() if not line.startswith("(0).[")] if found else []
    return lines if found and found.group(2) else [*lines, "NO END"]


def _run_once(image: bytes, model: str, timeout: float, commands: Sequence[str], why: bool,
              silence: float | None, processors: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="oracle.") as name:
        folder = Path(name)
        boot = _boot_rom()
        room = ROM_SIZE - len(boot)
        if len(image) > room:
            raise HarnessError(f"the image has {len(image)} bytes; {room} fit")
        (folder / "case.rom").write_bytes(image.ljust(room, b"\0") + boot)
        (folder / "bochsrc").write_text(SETTINGS.format(
            folder=folder, address=(1 << 32) - ROM_SIZE, model=model, processors=processors,
            cpu_debug="".join(f", cpu{number}=report" for number in range(processors)) if why else ""))
        (folder / "commands").write_text("\n".join(commands) + "\n")
        began = time.monotonic()
        # The limit ends a Bochs whose parent was killed.
        process = subprocess.Popen(["sh", "-c", f'ulimit -t {int(timeout) + 5}; exec bochs "$@"', "bochs",
                                    "-f", folder / "bochsrc", "-rc", folder / "commands"], cwd=folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            raw = _output(process, began + timeout, timeout if silence is None else silence)
        finally:
            process.kill()
            process.wait()
        seconds = time.monotonic() - began
        output = raw.decode("latin-1")
        log = folder / "bochs.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        reasons = [re.sub(r"^\d+", "", line.rstrip()) for line in lines
                   if _TOLD.search(line) and not _NOT_TOLD.search(line)]
        return Run(between_marks(output), reasons, seconds, output)


@cache
def _boot_rom() -> bytes:
    with tempfile.TemporaryDirectory(prefix="oracle.") as folder:
        image = Path(folder) / "boot.bin"
        assemble(LIB / "boot.asm", image, f"-DROMSIZE={ROM_SIZE:#x}")
        return image.read_bytes()


def _output(process: subprocess.Popen[bytes], end: float, silence: float) -> bytes:
    """What a process prints until it ends, the time is up, or it has worked for `silence` seconds and printed nothing.

    The work is the processor time that it has used: on a busy machine nothing is slow enough to be taken for a hang.
    """
    assert process.stdout is not None
    parts, worked = [], _worked(process)
    with process.stdout as pipe, selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while (left := end - time.monotonic()) > 0:
            if selector.select(min(silence, left)):
                part = os.read(pipe.fileno(), 1 << 16)
                if not part:
                    break
                parts.append(part)
                worked = _worked(process)
            elif _worked(process) - worked >= silence:
                break
    return b"".join(parts)


def _worked(process: subprocess.Popen[bytes]) -> float:
    """Processor time in seconds; the clock's where there is no /proc."""
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return time.monotonic()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
