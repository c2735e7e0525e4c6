"""Names that NASM has and the encoder's tables do not: the only mnemonics written by hand.

ALIASES maps a name to the encoder's name; BY_MODE the names whose meaning follows the mode (IRET is IRETD in 32-
and 64-bit code); SIZED the names that choose an operand size of another (RETFQ); CONDITIONS the spellings of one
condition. HIDDEN are the encoder's own pseudo-mnemonics.
"""

from __future__ import annotations

from typing import Final

CONDITIONS: Final = (
    ("o",),
    ("no",),
    ("b", "c", "nae"),
    ("ae", "nb", "nc"),
    ("e", "z"),
    ("ne", "nz"),
    ("be", "na"),
    ("a", "nbe"),
    ("s",),
    ("ns",),
    ("p", "pe"),
    ("np", "po"),
    ("l", "nge"),
    ("ge", "nl"),
    ("le", "ng"),
    ("g", "nle"),
)
HIDDEN: Final = frozenset({"invalid", "db", "dw", "dd", "dq", "reservednop", "sal", "zero_bytes"})
BY_MODE: Final = {
    "iret": {16: "iret", 32: "iretd", 64: "iretd"},
    "pushf": {16: "pushf", 32: "pushfd", 64: "pushfq"},
    "popf": {16: "popf", 32: "popfd", 64: "popfq"},
    "pusha": {16: "pusha", 32: "pushad", 64: "pusha"},
    "popa": {16: "popa", 32: "popad", 64: "popa"},
}
ALIASES: Final = {
    "sal": "shl",
    "iretw": "iret",
    "pushfw": "pushf",
    "popfw": "popf",
    "pushaw": "pusha",
    "popaw": "popa",
    "retn": "ret",
    "wait": "wait",
    "fwait": "wait",
    "xlat": "xlatb",
    "icebp": "int1",
    "int01": "int1",
    "int03": "int3",
    "ud2a": "ud2",
    "loopz": "loope",
    "loopnz": "loopne",
    **{
        prefix + other: prefix + names[0]
        for prefix in ("j", "set", "cmov")
        for names in CONDITIONS
        for other in names[1:]
    },
}
SIZED: Final = {
    "retw": ("ret", 16),
    "retd": ("ret", 32),
    "retq": ("ret", 64),
    "retnw": ("ret", 16),
    "retnd": ("ret", 32),
    "retnq": ("ret", 64),
    "retfw": ("retf", 16),
    "retfd": ("retf", 32),
    "retfq": ("retf", 64),
}
REVERSIBLE: Final = frozenset({"test", "xchg"})
# Forms that NASM does not offer: they do the same as a shorter one and would make `movzx ax, [x]` ambiguous; or are of
# the 8086 only.
HIDDEN_FORMS: Final = frozenset(
    {"MOVZX r16, r/m16", "MOVSX r16, r/m16", "MOVSXD r16, r/m16", "MOVSXD r32, r/m32", "POP CS"}
)
