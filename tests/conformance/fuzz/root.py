"""Trials of VMX root operation: random sequences of VMX instructions by the VMM, with legal and illegal operands.

Each instruction leaves its flags and the error number in a slot; one that faults leaves the flags as they were, and the
sequence goes on behind it. VMCALL is not among them: Bochs stops at it.
"""
from __future__ import annotations

import re
from random import Random

from tests.conformance.fuzz import scenes as s
from tests.conformance.fuzz import trial as t
from tests.conformance.fuzz.trial import Trial
from vmviz.spec import FIELDS

OTHER_VMCS, WRONG_REVISION, VMXON_REGION, VMCS_A = 0x21_8000, 0x21_E000, 0x20_0000, 0x20_1000
_POINTERS, _DESCRIPTORS, _WRITTEN = t.DATA + 0x40, t.DATA + 0x80, t.DATA
_ADDRESSES = (VMCS_A, OTHER_VMCS, VMXON_REGION, WRONG_REVISION, VMCS_A + 8, 1 << 40 | VMCS_A, (1 << 64) - 1, 0)
_EPTPS = (s.EPT_POINTER, s.EPT_POINTER | 0x40, 0x1D, s.EPT_POINTER ^ 8, 1 << 45 | 0x1E, s.EPT_POINTER | 1 << 11, 0)
_LINEAR = (0, t.DATA, 1 << 47, 0xFFFF_8000_0000_0000)
_VPIDS = (1, 0, 0xFFFF, 0x1_0001, 1 << 63 | 1)
_UNSUPPORTED = (0x2, 0x7FFE, 0x6C18, 0x4036, 0x2A00, 0xFFFF, 0x1_0000, 0x8000, 0x6801, 0x4001, 0x0801, 0x2003 + 0x400, 0xFFFF_FFFF)
_VALUES = (0, 1, (1 << 64) - 1, 0x1234_5678_9ABC_DEF0, 0x8000_0000, 1 << 63)
_POINTER = ("vmclear {p}", "vmptrld {p}", "vmptrld {p}", "vmptrst {m}", "vmxon {p}", "vmclear {f}", "vmptrld {f}", "vmptrst {f}",
            "vmxon {f}", "vmptrld {good}", "vmclear {good}", "lock vmclear {p}")
_FIELD = ("mov ecx, {e}\nvmread {r}, rcx", "mov ecx, {e}\nvmread {m}, rcx", "mov ecx, {e}\nmov rdx, {v}\nvmwrite rcx, rdx\nvmread r8, rcx",
          "mov ecx, {e}\nvmwrite rcx, {m}", "mov ecx, {e}\nmov rdx, {v}\nvmwrite rcx, rdx", "mov ecx, {e}\nvmread {f}, rcx",
          "mov ecx, {e}\nvmwrite rcx, {f}", "mov rcx, 0x100000000\nmov edx, {e}\nor rcx, rdx\nvmread rax, rcx", "vmread rcx, rcx", "mov ecx, {e}\nvmwrite rcx, rcx")
_FLUSH = ("mov eax, {t}\ninvept rax, {d}", "mov eax, {t}\ninvvpid rax, {d}", "mov eax, {t}\ninvept rax, {f}",
          "mov eax, {t}\ninvvpid rax, {f}", "mov rax, 0x100000002\ninvvpid rax, {d}")
_ENTRY = ("vmlaunch", "vmresume", "vmresume", "mov eax, 0x10\nmov ss, ax\nvmlaunch", "mov eax, 0x10\nmov ss, ax\nvmresume", "vmfunc",
          "mov eax, 0x10\nmov ss, ax\nvmptrst {m}")
_OPERATION = ("vmxoff", "vmxoff\nvmxon {on}", "vmxon {on}", "mov rax, cr4\nbtr rax, 13\nmov cr4, rax", "mov rax, cr4\nbts rax, 13\nmov cr4, rax",
              "mov rax, cr0\nbtc rax, 5\nmov cr0, rax", "vmxon {p}", "vmxoff\nvmptrst {m}", "vmxoff\nvmxon {p}")
_FAULTING = ("[r15]", "[r15+8]", "[r14]", "[r13]", "[rsp+r15]", "[r14+0x1000]", "[fs:r15]", "[rbp+r15]")


def trial(random: Random, number: int) -> Trial:
    """The trial of a number."""
    subjects = random.choice(((_POINTER,), (_FIELD,), (_FLUSH,), (_POINTER, _ENTRY), (_POINTER, _FIELD), (_OPERATION, _POINTER), (_POINTER, _FLUSH),
                              (_OPERATION, _POINTER, _FIELD, _FLUSH), (_ENTRY, _OPERATION, _POINTER)))
    code = tuple(_expanded(random, random.choice(random.choice(subjects))) for _ in range(random.randrange(2, 12)))
    registers = {"rax": random.choice(_VALUES), "rbx": _WRITTEN, "rbp": 0, "rsi": _POINTERS, "rdi": _DESCRIPTORS, "r13": 0xFFFF_FFFC,
                 "r14": 0x1_0000_0000, "r15": 0x8000_0000_0000}
    return Trial("root", number, (), _pokes(random), tuple(registers.items()), code, action="root")


def _pokes(random: Random) -> tuple[tuple[int, bytes], ...]:
    """Pointers, descriptors, revisions."""
    pointers = b"".join(address.to_bytes(8, "little") for address in _ADDRESSES)
    descriptors = b""
    for n in range(4):
        low, high = (random.choice(_EPTPS), random.choice((0, 0, 1))) if n % 2 else (random.choice(_VPIDS), random.choice(_LINEAR))
        descriptors += low.to_bytes(8, "little") + high.to_bytes(8, "little")
    revision = random.choice((4, 4, 4, 4 | 1 << 31, 5))
    return ((_POINTERS, pointers), (_DESCRIPTORS, descriptors), (OTHER_VMCS, revision.to_bytes(8, "little")),
            (WRONG_REVISION, (8).to_bytes(8, "little")))


def _encoding(random: Random) -> int:
    if s.chance(random, 6):
        return random.choice((*_UNSUPPORTED, random.randrange(0x8000)))
    field = random.choice(FIELDS)
    high = field.bits == 64 and field.encoding >> 13 & 3 == 1
    return field.encoding | (high and random.randrange(2))


def _expanded(random: Random, template: str) -> str:
    place = random.randrange(len(_ADDRESSES))
    words = {
        "p": random.choice((f"[{_POINTERS + 8 * place:#x}]", f"[rsi+{8 * place}]")), "good": f"[{_POINTERS + 8 * random.randrange(2):#x}]",
        "on": f"[{_POINTERS + 16:#x}]", "m": f"qword [{_WRITTEN + 8 * random.randrange(4):#x}]", "f": "qword " + random.choice(_FAULTING),
        "e": f"{_encoding(random):#x}", "v": f"{random.choice(_VALUES):#x}", "r": random.choice(("rax", "rdx", "r8", "r9", "r12")),
        "t": str(random.choice((0, 1, 1, 2, 2, 3, 4))), "d": random.choice((f"[{_DESCRIPTORS + 16 * random.randrange(4):#x}]", "[rdi]", "[rdi+16]"))}
    if "invept" in template or "invvpid" in template:
        words["f"] = words["f"].replace("qword ", "")
    return re.sub(r"{(\w+)}", lambda found: words[found[1]], template)
