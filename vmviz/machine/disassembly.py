"""Instructions in words: NASM's syntax, numbers as 0x1f without leading zeros, sizes only where they are not plain."""
from __future__ import annotations

from typing import Final

from iced_x86 import Formatter, FormatterSyntax, Instruction

_formatter: Final = Formatter(FormatterSyntax.NASM)
_formatter.space_after_operand_separator = True
_formatter.hex_prefix, _formatter.hex_suffix = "0x", ""
_formatter.uppercase_hex = False
_formatter.leading_zeros = _formatter.branch_leading_zeros = _formatter.displacement_leading_zeros = False
_formatter.small_hex_numbers_in_decimal = True
_formatter.show_branch_size = False


def text(instruction: Instruction) -> str:
    """An instruction as NASM would read it, in lower case."""
    return _formatter.format(instruction)
