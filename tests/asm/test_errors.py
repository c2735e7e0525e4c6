"""What cannot be assembled is told with its line, a caret and a remedy; nothing hostile hangs or breaks through."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vmviz.asm import assemble
from vmviz.errors import ProgramError


def refused(source: str) -> ProgramError:
    with pytest.raises(ProgramError) as caught:
        assemble(source)
    return caught.value


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("bits 64\nmov rax,\n", 2, ""),
        ("bits 64\nvmluanch\n", 2, "vmlaunch"),
        ("bits 64\njmp strat\nstart:\n", 2, "start"),
        ("bits 64\nmov rax, al\n", 2, ""),
        ("a:\na:\n", 2, ""),
        ("times -1 db 0\n", 1, "times"),
        ("bits 65\n", 1, ""),
        ("db 'open\n", 1, ""),
        ('%include "nothing.inc"\n', 1, "nothing.inc"),
        ("bits 64\nvmread rax\n", 2, ""),
        ("%macro m 1\n", 1, ""),
        ("%if 1\n", 1, ""),
        ("bits 64\nmov eax, 1/0\n", 2, ""),
        ("x equ x\ndb x\n", 1, ""),
    ],
)
def test_an_error_names_its_line_and_what_was_expected(source: str, line: int, words: str) -> None:
    error = refused(source)
    assert error.line == line
    assert words in str(error)
    assert "^" in error.pretty()


@pytest.mark.parametrize(
    "source",
    [
        "times 99999999999 db 0\n",
        "align 1 << 40\n",
        "times 300000 nop\n",
        "resb 1 << 60\n",
        "org 1 << 70\ndb 1\n",
        "%macro m 0\nm\n%endmacro\nm\n",
        "%rep 100000000\nnop\n%endrep\n",
        "%define a b\n%define b a\ndb a\n",
        "db " + "(" * 5000 + "1" + ")" * 5000 + "\n",
        "dq 1 << 99999999999\n",
        "a" * 100_000 + "\n",
        "\0" * 1000,
        "x: times (y - x) db 0\ny:\n",
        "db 0" + "+0" * 20_000 + "\n",
        "; " + "x" * 1_100_000 + "\n",
        "-" * 50_000 + "1\n",
    ],
)
def test_hostile_text_is_refused_or_assembled_quickly(source: str) -> None:
    try:
        assert len(assemble(source).image) <= 252 * 1024
    except ProgramError as error:
        assert str(error)


def test_a_file_that_includes_itself_is_refused() -> None:
    with pytest.raises(ProgramError):
        assemble('%include "me.asm"\n', include=lambda name: '%include "me.asm"\n')


_WORDS = st.sampled_from(
    [
        "mov",
        "rax",
        "[",
        "]",
        ",",
        "1",
        "times",
        "%macro",
        "%if",
        "db",
        "'",
        '"',
        "a:",
        "%endif",
        "equ",
        "+",
        "*",
        "(",
        ")",
        "org",
        "%define",
        "a",
        "section",
        ".x",
        "$",
        "%%y",
        "bits",
        "64",
        "-1",
        "rep",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(st.one_of(_WORDS, st.just("\n")), max_size=30).map(" ".join)))
def test_any_text_gives_a_program_or_a_program_error(text: str) -> None:
    try:
        assemble(text)
    except ProgramError as error:
        assert str(error)
