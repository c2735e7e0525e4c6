"""Run a program on Bochs: assemble it with nasm, put it behind our own boot ROM, and read what came out.

Debian's `bochs` and `nasm` are enough; no BIOS is used. The ROM (lib/boot.asm) leaves the bench state and jumps to the
program at 100000h; lib/vmxlab.inc is the prelude of the cases, which print their events between BEGIN and END.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIB = HERE / "lib"
CASES = HERE / "cases"
ROM_SIZE = 0x40000
PORT_RACES = 6  # two emulators that start at once can race for the port of the display plugin

SETTINGS = """\
config_interface: textconfig
display_library: rfb, options="timeout=0"
romimage: file={folder}/case.rom, address=0x{address:08x}
megs: 32
cpu: model={model}, count=1, ips=50000000, reset_on_triple_fault=0
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


def assemble(source: Path, image: Path, *options: str, include: Sequence[Path] = (LIB,)) -> None:
    """`source` as a flat binary; HarnessError with nasm's message."""
    folders = [part for folder in include for part in ("-I", f"{folder}/")]
    done = subprocess.run(["nasm", "-f", "bin", *folders, *options, "-o", str(image), str(source)],
                          capture_output=True, text=True)
    if done.returncode:
        raise HarnessError(done.stderr.strip())


def model_of(source: Path, default: str = "tigerlake") -> str:
    """The processor model that the case's `; MODEL:` header asks for, by Bochs's name."""
    found = re.search(r"^; MODEL: *(\S+)", source.read_text(), re.MULTILINE)
    return found.group(1) if found else default


def expected_on_bochs(source: Path) -> Path:
    """The file with what Bochs prints: NAME.bochs where it departs from the manual, else NAME.expected."""
    departure = source.with_suffix(".bochs")
    return departure if departure.exists() else source.with_suffix(".expected")


def run_case(source: Path, model: str | None = None, timeout: float = 10, commands: Sequence[str] = ("c",), *,
             why: bool = False) -> Run:
    """Assemble and run a case; `commands` go to Bochs's debugger."""
    with tempfile.TemporaryDirectory(prefix="oracle.") as folder:
        image = Path(folder) / "case.bin"
        assemble(source, image)
        return run_image(image.read_bytes(), model or model_of(source), timeout, commands, why=why)


def run_image(image: bytes, model: str = "tigerlake", timeout: float = 10, commands: Sequence[str] = ("c",), *,
              why: bool = False) -> Run:
    """Run a flat image from the bench state."""
    for attempt in range(PORT_RACES):
        run = _run_once(image, model, timeout, commands, why)
        if "RFB could not bind" not in run.output:
            return run
        time.sleep(0.1 * (attempt + 1))
    raise HarnessError("Bochs's display plugin found no free port")


def between_marks(output: str) -> list[str]:
    """The lines between BEGIN and END; a last line NO END when the program did not get there."""
    found = re.search(r"^BEGIN\n(.*?)(^END$|\Z)", output, re.DOTALL | re.MULTILINE)
    lines = [line for line in found.group(1).splitlines() if not line.startswith("(0).[")] if found else []
    return lines if found and found.group(2) else [*lines, "NO END"]


def sdm_view(source: Path, events: Sequence[str]) -> list[str]:
    """What the manual says where the case notes that Bochs departs from it: `; SDM-LINE label: ...` replaces the event
    of that label (or is added at the end), `; SDM-DROP text` drops the lines that begin with the text."""
    text = source.read_text()
    dropped = tuple(line.strip() for line in re.findall(r"^; SDM-DROP (.*)$", text, re.MULTILINE))
    lines = [line for line in events if not (dropped and line.startswith(dropped))]
    for line in re.findall(r"^; SDM-LINE (.*)$", text, re.MULTILINE):
        label = re.match(r".*?: ", line) or re.match(r".*? = ", line)
        if not label:
            raise HarnessError(f"{source.name}: no label in '; SDM-LINE {line}'")
        for index, event in enumerate(lines):
            if event.startswith(label.group(0).rstrip()):
                lines[index] = line.strip()
                break
        else:
            lines.append(line.strip())
    return lines


def _run_once(image: bytes, model: str, timeout: float, commands: Sequence[str], why: bool) -> Run:
    with tempfile.TemporaryDirectory(prefix="oracle.") as name:
        folder = Path(name)
        assemble(LIB / "boot.asm", folder / "boot.bin", f"-DROMSIZE={ROM_SIZE:#x}")
        boot = (folder / "boot.bin").read_bytes()
        room = ROM_SIZE - len(boot)
        if len(image) > room:
            raise HarnessError(f"the image has {len(image)} bytes; {room} fit")
        (folder / "case.rom").write_bytes(image.ljust(room, b"\0") + boot)
        (folder / "bochsrc").write_text(SETTINGS.format(
            folder=folder, address=(1 << 32) - ROM_SIZE, model=model, cpu_debug=", cpu0=report" if why else ""))
        (folder / "commands").write_text("\n".join(commands) + "\n")
        began = time.monotonic()
        process = subprocess.Popen(["bochs", "-f", folder / "bochsrc", "-rc", folder / "commands"], cwd=folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            raw, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raw, _ = process.communicate()
        seconds = time.monotonic() - began
        output = raw.decode("latin-1")
        log = folder / "bochs.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        reasons = [re.sub(r"^\d+", "", line.rstrip()) for line in lines
                   if _TOLD.search(line) and not _NOT_TOLD.search(line)]
        return Run(between_marks(output), reasons, seconds, output)
