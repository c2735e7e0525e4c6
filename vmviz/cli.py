"""The command `vmviz` (also `python -m vmviz`): run a program, check a lesson, begin a new one.

Exit codes: 0 all is well (of `run`: the program ended), 1 a lesson is not in order, 2 the input is of no
use, 3 the limit of steps, 4 the program met something outside the model. What the program prints goes to
standard output, words about it to standard error. Imports are made where they are needed: `vmviz --help`
does not wait for the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vmviz.errors import ProgramError, VmvizError

if TYPE_CHECKING:
    from vmviz.machine import Machine
    from vmviz.machine.signals import Arrival

ENDED, NOT_IN_ORDER, UNUSABLE, STEP_LIMIT, OUTSIDE = 0, 1, 2, 3, 4
LARGEST_IMAGE = 252 * 1024
LARGEST_SOURCE = 4 * 1024 * 1024
SLICE = 8192  # steps between two looks at what was printed


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line; gives the exit code."""
    chosen = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = chosen.command
    try:
        return command(chosen)
    except ProgramError as error:
        _complain(error.pretty())
    except VmvizError as error:
        _complain(str(error))
    except BrokenPipeError:  # the reader of our output (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ENDED
    except KeyboardInterrupt:
        return 130
    return UNUSABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vmviz", description="Hardware virtualization, step by step.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="run a program and print what it prints",
                              epilog="Exit codes: 0 ended, 2 unusable input, 3 step limit, 4 outside the model.")
    run.add_argument("program", type=Path, metavar="PROGRAM.asm|IMAGE.bin",
                     help="assembly in NASM's syntax, or a flat image (.bin, or any file with --flat)")
    run.add_argument("--flat", action="store_true", help="the file is a flat image, whatever its name")
    run.add_argument("--model", default="tigerlake", metavar="NAME", help="the processor (default: %(default)s)")
    run.add_argument("--processors", type=_processors, default=1, metavar="N",
                     help="how many logical processors the machine has, 1 to 8 (default: %(default)s)")
    run.add_argument("--outside", type=Path, metavar="FILE",
                     help="what comes from outside, in YAML or JSON: {outside: [{tick, kind, vector, processor}]}")
    run.add_argument("--max-steps", type=_steps, default=1_000_000, metavar="N", help="default: %(default)s")
    run.add_argument("--events", action="store_true", help="print every event, one JSON object a line, nothing else")
    run.set_defaults(command=_run)

    lesson = commands.add_parser("lesson", help="write lessons").add_subparsers(
        title="commands", required=True, metavar="COMMAND")
    check = lesson.add_parser("check", help="run lessons and say what is wrong with them")
    check.add_argument("lessons", nargs="*", metavar="NAME|FOLDER",
                       help="a lesson of the course, or a folder that is a lesson or holds some (default: the course)")
    check.set_defaults(command=_lesson_check)
    new = lesson.add_parser("new", help="begin a lesson from a small one that works")
    new.add_argument("name", metavar="NAME", help="lower-case letters, digits and hyphens")
    new.add_argument("--in", dest="folder", type=Path, metavar="FOLDER",
                     help="the folder to make it in (default: the course of this project)")
    new.set_defaults(command=_lesson_new)
    preview = lesson.add_parser("preview", help="show a lesson in the browser, again whenever a file of it is saved")
    preview.add_argument("lesson", metavar="NAME|FOLDER", help="a lesson of the course, or its folder")
    preview.add_argument("--port", type=int, default=8000, metavar="N", help="default: %(default)s")
    preview.set_defaults(command=_lesson_preview)
    schema = lesson.add_parser("schema", help="print the JSON Schema of lesson.yaml, for editors")
    schema.set_defaults(command=_lesson_schema)
    return parser


def _steps(text: str) -> int:
    number = int(text.replace("_", "")) if text.replace("_", "").isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of steps: give a whole number from 1")
    return number


def _processors(text: str) -> int:
    if text not in {str(number) for number in range(1, 9)}:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processors: give 1 to 8")
    return int(text)


def _complain(message: str) -> None:
    sys.stdout.flush()
    print(f"vmviz: {message}", file=sys.stderr)


# ---- vmviz run

def _run(chosen: argparse.Namespace) -> int:
    image = _image(chosen.program, chosen.flat)
    from vmviz.machine import Machine, OutsideModel

    machine = Machine(image, chosen.model, None, chosen.processors, _outside(chosen.outside, chosen.processors))
    try:
        steps = (_print_events if chosen.events else _print_console)(machine, chosen.max_steps)
    except OutsideModel as what:
        _complain(str(what))
        return OUTSIDE
    if not machine.ended:
        _complain(f"stopped after {steps} steps and the program has not ended: give it more with --max-steps")
        return STEP_LIMIT
    return ENDED


def _print_console(machine: Machine, limit: int) -> int:
    """Run and print what the program writes to port E9h, byte for byte; gives the number of steps."""
    from vmviz.events import Console

    out, done = sys.stdout.buffer, 0
    while done < limit and not machine.ended:
        try:
            done += machine.run(min(SLICE, limit - done))
        finally:
            text = "".join(event.text for _, event in machine.cpu.marks if isinstance(event, Console))
            out.write(text.encode("latin-1"))
            out.flush()
    return done


def _print_events(machine: Machine, limit: int) -> int:
    """Run and print every event as one line of JSON; gives the number of steps."""
    from msgspec import json

    from vmviz.events import to_wire

    out, encode = sys.stdout.buffer, json.Encoder().encode
    for done in range(limit):
        step = machine.step()
        if step is None:
            return done
        out.writelines(encode(to_wire(event, step.processor)) + b"\n" for event in step.events)
    out.flush()
    return limit


def _outside(path: Path | None, processors: int) -> tuple[Arrival, ...]:
    """What comes from outside, as a file says."""
    if path is None:
        return ()
    from vmviz.lessons.outside import read_outside
    from vmviz.lessons.yaml_places import LARGEST_YAML, read_yaml

    return read_outside(read_yaml(_read(path, LARGEST_YAML), str(path)), processors)


def _image(path: Path, flat: bool) -> bytes:
    """The bytes to load: the file itself, or what its assembly becomes."""
    flat = flat or path.suffix.lower() == ".bin"
    content = _read(path, LARGEST_IMAGE if flat else LARGEST_SOURCE)
    if flat:
        return content
    if b"\0" in content:
        raise VmvizError(f"{path} is not text: give --flat to run it as an image")
    try:
        source = content.decode()
    except UnicodeDecodeError as error:
        line = content[:error.start].count(b"\n") + 1
        raise VmvizError(f"{path}:{line}: the file is not UTF-8 text: save it as UTF-8, or give --flat to run it as an "
                         "image") from None
    from vmviz.asm import assemble

    image = assemble(source, name=str(path), include=lambda name: _included(path.parent / name)).image
    if not image:
        raise VmvizError(f"{path} has no instructions: there is nothing to run")
    if len(image) > LARGEST_IMAGE:
        raise VmvizError(f"{path} becomes {len(image)} bytes, and an image may have {LARGEST_IMAGE}: make it smaller")
    return image


def _included(path: Path) -> str | None:
    """The text of a file that a program names by %include, or None when it is not there."""
    try:
        return path.read_text()
    except OSError:
        return None
    except UnicodeDecodeError:
        raise VmvizError(f"{path} is not UTF-8 text: save it as UTF-8") from None


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except FileNotFoundError:
        raise VmvizError(f"there is no file {path}: check the name and the folder") from None
    except IsADirectoryError:
        raise VmvizError(f"{path} is a folder: name a program in it") from None
    except (OSError, ValueError) as error:
        raise VmvizError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not content:
        raise VmvizError(f"{path} is empty: there is nothing to run")
    if len(content) > limit:
        raise VmvizError(f"{path} is too large: at most {limit // 1024} KiB can be loaded")
    return content


# ---- vmviz lesson

def _lesson_check(chosen: argparse.Namespace) -> int:
    from vmviz.errors import LessonError
    from vmviz.lessons import COURSE, lesson_names, load_folder
    from vmviz.lessons.check import check
    from vmviz.lessons.loader import lesson_folders

    code = ENDED
    for place in [_place(lesson) for lesson in chosen.lessons] or [COURSE]:
        folders = lesson_folders(place)
        if not folders:
            _complain(f"{place} is no lesson and holds none: the course has {', '.join(lesson_names())}; begin another "
                      "one with `vmviz lesson new NAME`")
            code = NOT_IN_ORDER
        for folder in folders:
            try:
                print(f"{folder.name}: {check(load_folder(folder))}")
            except (LessonError, ProgramError) as error:
                _complain(error.pretty() if isinstance(error, ProgramError) else f"{folder.name}: {error}")
                code = NOT_IN_ORDER
    return code


def _place(lesson: str) -> Path:
    """The folder that is meant: of a lesson of the course by its name, else any by its path."""
    from vmviz.lessons import COURSE, lesson_names

    return COURSE / lesson if lesson in lesson_names() else Path(lesson)


def _lesson_new(chosen: argparse.Namespace) -> int:
    from vmviz.lessons import COURSE
    from vmviz.lessons.new import new_lesson

    folder = new_lesson(chosen.name, chosen.folder or COURSE)
    called = folder if chosen.folder else chosen.name
    print(f"{folder} is a lesson that works. Change it, look at it with: vmviz lesson preview {called}\n"
          f"and check it with: vmviz lesson check {called}")
    return ENDED


def _lesson_preview(chosen: argparse.Namespace) -> int:
    import subprocess

    folder, server = _place(chosen.lesson).resolve(), Path(__file__).resolve().parents[1] / "app.py"
    if not (folder / "lesson.yaml").is_file():
        raise VmvizError(f"{folder} is no lesson: it has no lesson.yaml")
    if not server.is_file():
        raise VmvizError(f"the server is not there ({server}): a preview needs a checkout of the project")
    print(f"Look at http://127.0.0.1:{chosen.port}/lesson/{folder.name} (it loads again when you save; Ctrl+C ends it)",
          flush=True)
    environment = {**os.environ, "VMVIZ_PREVIEW": str(folder), "HOST": "127.0.0.1", "PORT": str(chosen.port)}
    return subprocess.call([sys.executable, str(server)], env=environment)


def _lesson_schema(chosen: argparse.Namespace) -> int:
    import msgspec

    from vmviz.lessons.schema import LessonForm

    print(json.dumps(msgspec.json.schema(LessonForm), indent=1))
    return ENDED


if __name__ == "__main__":
    sys.exit(main())
