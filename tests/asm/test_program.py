"""What `assemble` promises besides the image: lines, symbols, constants, includes, and errors where a person can see them."""

from __future__ import annotations

import pytest

from vmviz.asm import assemble
from vmviz.errors import ProgramError

SOURCE = """\
        bits 64
        org 0x100000
port    equ 0xE9
start:  mov al, 'A'
.again: out port, al
        jmp .again
table:  times 4 dw 7
"""


def refused(source: str, **files: str) -> ProgramError:
    with pytest.raises(ProgramError) as caught:
        assemble(source, name="lab.asm", include=lambda name: files.get(name.removesuffix(".inc")))
    return caught.value


def test_lines_give_each_statement_its_address_and_bytes() -> None:
    program = assemble(SOURCE)
    assert program.origin == 0x100000
    assert [(line.number, line.address, line.data.hex()) for line in program.lines] == [
        (4, 0x100000, "b041"),
        (5, 0x100002, "e6e9"),
        (6, 0x100004, "ebfc"),
        (7, 0x100006, "0700070007000700"),
    ]
    assert program.lines[0].text == "start:  mov al, 'A'"
    assert b"".join(line.data for line in program.lines) == program.image


def test_symbols_are_labels_and_constants_are_numbers() -> None:
    program = assemble(SOURCE)
    assert program.symbols == {"start": 0x100000, "start.again": 0x100002, "table": 0x100006}
    assert program.constants == {"port": 0xE9}


def test_a_name_for_an_address_is_a_symbol() -> None:
    program = assemble("org 0x1000\nnop\nhere equ $\nsize equ $-$$\n")
    assert program.symbols == {"here": 0x1001}
    assert program.constants == {"size": 1}


def test_lines_of_a_macro_belong_to_the_line_that_called_it() -> None:
    program = assemble("%macro two 0\nnop\nhlt\n%endmacro\n bits 64\n two\n")
    assert [(line.number, line.text, line.macro, line.data) for line in program.lines] == [
        (6, " two", "two", b"\x90"),
        (6, " two", "two", b"\xf4"),
    ]


def test_lines_of_an_included_file_carry_its_name() -> None:
    program = assemble('%include "more.inc"\ndb 2\n', name="lab.asm", include={"more.inc": "\ndb 1\n"}.get)
    assert [(line.file, line.number) for line in program.lines] == [("more.inc", 2), ("lab.asm", 2)]


def test_labels_of_macros_are_not_symbols() -> None:
    assert assemble("%macro m 0\n%%x: nop\n%endmacro\na: m\n").symbols == {"a": 0}


def test_the_second_assembly_is_the_same() -> None:
    assert assemble(SOURCE) == assemble(SOURCE)


@pytest.mark.parametrize(
    ("source", "line", "column", "message", "expected"),
    [
        ("  vmluanch\n", 1, 3, "no instruction 'vmluanch'", "vmlaunch"),
        ("a:\n mov al, bl, cl\n", 2, 2, "does not take", "MOV"),
        ("start: nop\n jmp strat\n", 2, 6, "nothing is called 'strat'", "start"),
        ("a:\n.loop: nop\n jmp .lop\n", 3, 6, "nothing is called '.lop'", ".loop"),
        ("Start: nop\n jmp start\n", 2, 6, "nothing is called 'start'", "Start"),
        ("mov al, 5 5\n", 1, 11, "unexpected '5'", "','"),
        ("db 1 +\n", 1, 7, "the end of the line", "a number"),
        ("db 'x\n", 1, 4, "closing quote", ""),
        ("mov ax, [bx\n", 1, 12, "the end of the line", "']'"),
        ("a: nop\na: nop\n", 2, 1, "defined twice", "line 1"),
        ("%elso\n", 1, 1, "unknown directive", "else"),
        ("section .text align=x\n", 1, 21, "takes a number", ""),
        ("db 300\n", 1, 4, "does not fit in 8 bits", "wider"),
        ("dd a+a\na:\n", 1, 4, "not an address or a number", "label"),
        ("dw a|1\na:\n", 1, 5, "plain numbers", "difference"),
        ("mov: nop\n", 1, 1, "reserved", ".mov"),
        ("db 12z\n", 1, 4, "not a number", "0x2A"),
        ("%macro m 2\n%endmacro\nm 1\n", 3, 1, "got 1 parameters", "it takes 2"),
    ],
)
def test_an_error_is_under_the_word_that_is_wrong(
    source: str, line: int, column: int, message: str, expected: str
) -> None:
    error = refused(source)
    assert (error.file, error.line, error.column) == ("lab.asm", line, column)
    assert message in error.message
    assert expected in error.expected
    shown = error.pretty().split("\n")
    assert shown[-1].index("^") == column + 1
    assert shown[-2].strip() == source.split("\n")[line - 1].strip()


def test_an_error_inside_a_macro_is_shown_where_it_was_called() -> None:
    error = refused("%macro put 1\n mov %1, 5\n%endmacro\nbits 64\n\n  put [rax]\n")
    assert (error.line, error.text) == (6, "  put [rax]")
    assert "in macro put: mov [rax], 5" in error.message


def test_an_error_in_an_included_file_names_that_file() -> None:
    error = refused('%include "more.inc"\n', more="nop\nnopp\n")
    assert (error.file, error.line) == ("more.inc", 2)


def test_a_long_line_is_cut_around_the_caret() -> None:
    error = refused("db " + "1, " * 200 + "x\n")
    shown = error.pretty().split("\n")
    assert len(shown[1]) < 200
    assert shown[1][shown[2].index("^")] == "x"


@pytest.mark.parametrize(
    "source",
    [
        "%define a 1,1\n" + "%xdefine a a,a\n" * 40 + "db a\n",
        "".join(f"%define a{i} a{i + 1} a{i + 1}\n" for i in range(40)) + "db a0\n",
        "%macro m 1-*\nm %1%1\n%endmacro\nm aaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
        "%macro m 0\nn\nn\n%endmacro\n%macro n 0\nm\nm\n%endmacro\nm\n",
        "%rep 1000\n%rep 1000\nnop\n%endrep\n%endrep\n",
        "\n".join(f"z{i} equ z{i + 1}" for i in range(100)) + "\n",
        "x: times 1 - ((y - x) & 1) db 0\ny:\n",
        "section a start=0x10\nsection b start=0x8\ntimes 16 db 1\nsection a\ndb 1\n",
    ],
)
def test_what_would_run_on_is_refused(source: str) -> None:
    assert str(refused(source))
