"""An assembler for NASM's syntax, for lesson programs and what learners write.

Text becomes lines (preprocessor, macros, defines, conditions), lines become statements (lexer, parsing,
expressions, operands), statements become bytes (matching, forms, encoder) in passes over sections. The encoding
itself is iced-x86's. For what lessons use the result equals that of `nasm -f bin`, byte for byte; tests compare
with Debian's nasm.
"""

from vmviz.asm.program import Line, Program, assemble
from vmviz.asm.vmcs_inc import vmcs_inc

__all__ = ["Line", "Program", "assemble", "vmcs_inc"]
