"""The command line as a person meets it: what is printed, the exit code, and what a wrong input is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from vmviz.cli import ENDED, NOT_IN_ORDER, OUTSIDE, STEP_LIMIT, UNUSABLE, main

ROOT = Path(__file__).resolve().parent.parent
HELLO = """\
        bits 64
        org 0x100000
        mov rsi, words
next:   lodsb
        test al, al
        jz end
        out 0xe9, al
        jmp next
end:    mov rsi, goodbye
        mov ecx, 8
        mov dx, 0x8900
        rep outsb
        hlt
words:  db "hello", 10, 0
goodbye: db "Shutdown"
"""
LOOP = "        bits 64\n        org 0x100000\nagain:  jmp again\n"
HALT = b"\xfa\xf4"  # cli; hlt: nothing can wake it
VMXON_AT_CPL_0 = b"\xf3\x0f\xc7\x34\x24" + HALT


@pytest.fixture
def write(tmp_path: Path):
    def write(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)
    return write


def test_run_prints_what_the_program_prints_and_ends_with_0(write, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["run", write("hello.asm", HELLO)]) == ENDED
    printed = capfdbinary.readouterr()
    assert printed.out == b"hello\n"
    assert printed.err == b""


def test_outside_and_processors_are_given_and_told(write, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    outside = write("outside.json", '{"outside": [{"tick": 3, "kind": "init", "processor": 1}]}')
    program = write("loop.asm", LOOP)
    code = main(["run", program, "--processors", "2", "--outside", outside, "--events", "--max-steps", "5"])
    assert code == STEP_LIMIT
    events = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert {"type": "signal", "processor": 1, "kind": "init"} in events
    assert all("processor" in event for event in events)


@pytest.mark.parametrize(("content", "said"), [
    ("outside: [{tick: 1, kind: nmi, processor: 1}]", b"outside.yaml:1:32: there is no processor 1"),
    ("outside: [{tick: soon, kind: nmi}]", b"outside.yaml:1:"),
    ("- {tick: 1, kind: nmi}", b"expected `object`"),
    ("outside: [", b"this is not YAML"),
])
def test_a_bad_outside_is_told_with_its_place(write, capfdbinary: pytest.CaptureFixture[bytes], content: str,
                                              said: bytes) -> None:
    assert main(["run", write("loop.asm", LOOP), "--outside", write("outside.yaml", content)]) == UNUSABLE
    assert said in capfdbinary.readouterr().err


def test_a_program_includes_files_beside_it(write, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write("letter.inc", "LETTER equ 'Z'\n")
    program = 'bits 64\norg 0x100000\n%include "letter.inc"\nmov al, LETTER\nout 0xe9, al\ncli\nhlt\n'
    assert main(["run", write("letter.asm", program)]) == ENDED
    assert capfdbinary.readouterr().out == b"Z"


def test_a_program_that_halts_for_ever_has_ended(write, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["run", write("halt.bin", HALT)]) == ENDED
    assert capfdbinary.readouterr() == (b"", b"")


def test_a_flat_image_may_have_any_name_with_flat(write, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    image = b"\xb0A\xe6\xe9\xb0\xff\xe6\xe9" + HALT  # mov al, 'A'; out 0xe9, al; the same with FFh
    assert main(["run", "--flat", write("image", image)]) == ENDED
    assert capfdbinary.readouterr().out == b"A\xff"


def test_events_are_json_one_a_line_and_nothing_else(write, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["run", write("hello.asm", HELLO), "--events"]) == ENDED
    printed = capfdbinary.readouterr()
    events = [json.loads(line) for line in printed.out.splitlines()]
    assert events[0]["type"] == "instruction" and events[0]["rip"] == "100000"
    assert "".join(event["text"] for event in events if event["type"] == "console") == "hello\n"
    assert printed.err == b""


def test_events_of_two_runs_are_the_same_bytes(write, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    program = write("hello.asm", HELLO)
    main(["run", program, "--events"])
    first = capfdbinary.readouterr().out
    main(["run", program, "--events"])
    assert capfdbinary.readouterr().out == first


@pytest.mark.parametrize("events", [[], ["--events"]], ids=["console", "events"])
def test_an_endless_program_stops_at_the_limit_with_3(
        write, events: list[str], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["run", write("loop.asm", LOOP), "--max-steps", "1000", *events]) == STEP_LIMIT
    printed = capfdbinary.readouterr()
    assert b"1000 steps" in printed.err and b"--max-steps" in printed.err
    assert printed.out.count(b'"type":"instruction"') == (1000 if events else 0)


@pytest.mark.parametrize("events", [[], ["--events"]], ids=["console", "events"])
def test_an_instruction_outside_the_model_ends_with_4_and_names_its_address(
        write, events: list[str], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    program = b"\xb0A\xe6\xe9\xd9\xeb"  # mov al, 'A'; out 0xe9, al; fldpi
    assert main(["run", write("fpu.bin", program), *events]) == OUTSIDE
    printed = capfdbinary.readouterr()
    assert b"fldpi" in printed.err.lower() and b"100004h" in printed.err
    assert b"A" in printed.out, "what came before is still printed"


def test_a_fault_of_the_program_is_no_error_of_the_command(
        write, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["run", write("ud.bin", VMXON_AT_CPL_0), "--events"]) == ENDED  # #UD without an IDT: shutdown
    events = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert {"type": "note", "id": "triple_fault", "values": {"rip": "100000"}} in events


@pytest.mark.parametrize(("name", "content", "told"), [
    ("empty.asm", "", "empty"),
    ("empty.bin", b"", "empty"),
    ("comment.asm", "; nothing here\n", "nothing to run"),
    ("large.bin", bytes(252 * 1024 + 1), "252 KiB"),
    ("binary.asm", b"\x7fELF\0\0", "--flat"),
    ("latin1.asm", b"; caf\xe9\n nop\n", "latin1.asm:1"),
])
def test_a_file_of_no_use_is_2_and_says_what_to_do(
        write, capfd: pytest.CaptureFixture[str], name: str, content: str | bytes, told: str) -> None:
    assert main(["run", write(name, content)]) == UNUSABLE
    printed = capfd.readouterr()
    assert told in printed.err and name in printed.err
    assert printed.out == "" and "Traceback" not in printed.err


def test_the_largest_image_runs(write) -> None:
    assert main(["run", write("largest.bin", HALT + bytes(252 * 1024 - len(HALT)))]) == ENDED


def test_a_missing_file_and_a_folder_are_2(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(tmp_path / "none.asm")]) == UNUSABLE
    assert "there is no file" in capfd.readouterr().err
    assert main(["run", str(tmp_path)]) == UNUSABLE
    assert "folder" in capfd.readouterr().err


def test_a_program_that_does_not_assemble_is_2_with_the_line_and_a_caret(
        write, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", write("typo.asm", "        bits 64\n        mov rax, 1\n        moov rbx, 2\n")]) == UNUSABLE
    lines = capfd.readouterr().err.splitlines()
    assert "typo.asm:3:" in lines[0] and "moov" in lines[0]
    assert "moov rbx, 2" in lines[1]
    assert lines[2].index("^") == lines[1].index("moov")


def test_an_unknown_model_is_2_and_lists_those_there_are(write, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", write("halt.bin", HALT), "--model", "pentium"]) == UNUSABLE
    error = capfd.readouterr().err
    assert "pentium" in error and "tigerlake" in error


@pytest.mark.parametrize("steps", ["0", "-5", "many", "1.5", ""])
def test_a_limit_that_is_no_number_is_2(write, capfd: pytest.CaptureFixture[str], steps: str) -> None:
    with pytest.raises(SystemExit) as end:
        main(["run", write("halt.bin", HALT), "--max-steps", steps])
    assert end.value.code == UNUSABLE


@pytest.mark.parametrize("arguments", [[], ["fly"], ["run"], ["lesson"]])
def test_a_command_that_is_not_there_is_2_with_the_usage(
        capfd: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == UNUSABLE
    assert "usage: vmviz" in capfd.readouterr().err


def test_python_m_vmviz_is_the_same_command(write) -> None:
    done = subprocess.run([sys.executable, "-m", "vmviz", "run", write("halt.bin", HALT)], cwd=ROOT,
                          capture_output=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_reader_that_leaves_early_is_no_error(write) -> None:
    command = f'"{sys.executable}" -m vmviz run "{write("loop.asm", LOOP)}" --events --max-steps 50000 | head -n 1'
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, timeout=120)
    assert done.stdout.count(b"\n") == 1 and done.stderr == b""


def test_help_does_not_load_the_machine() -> None:
    code = ("import sys; from vmviz.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
            "sys.exit(any(name in sys.modules for name in ('iced_x86', 'flask', 'vmviz.machine', 'vmviz.asm')))")
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60).returncode == 0


def test_lesson_check_says_that_the_lessons_are_in_order(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lesson", "check"]) == ENDED
    assert "first-guests" in capfd.readouterr().out


def test_lesson_check_of_an_unknown_lesson_lists_those_there_are(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lesson", "check", "no-such-lesson"]) == NOT_IN_ORDER
    assert "first-guests" in capfd.readouterr().err


def test_lesson_schema_names_every_key_of_a_lesson(capfd):
    assert main(["lesson", "schema"]) == 0
    schema = json.loads(capfd.readouterr().out)
    form = schema["$defs"]["LessonForm"]
    assert {"name", "stops", "questions", "variants", "expects", "outside", "part", "level", "goals",
            "prerequisites"} <= set(form["properties"])
    assert form["additionalProperties"] is False and schema["$defs"]["Question"]["properties"]["kind"]["enum"]
