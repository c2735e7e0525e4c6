"""Every form of every user-level instruction against Unicorn: random operands, flags and memory, 16 to 64-bit code.

Flags that the manual leaves undefined after an instruction are not compared. Where Unicorn itself departs from the
manual, or from Intel's processors, the form is in `ELSEWHERE` with the reason, and has cases in the tests beside this.
VMVIZ_UNICORN_ROUNDS says how many random instructions of each form are tried.
"""
from __future__ import annotations

import os
from random import Random

import iced_x86 as ix
import pytest
from iced_x86 import Mnemonic as M
from unicorn import UC_ARCH_X86, UC_HOOK_INTR, UC_MODE_16, UC_MODE_32, UC_MODE_64, Uc, UcError
from unicorn import x86_const as X

from tests.machine.isa.forms import DATA, STACK, Place, make
from tests.machine.isa.running import execute, processor
from vmviz.machine import isa
from vmviz.machine.isa import registry
from vmviz.machine.processor import Processor
from vmviz.machine.registers import AF, CF, DF, OF, PF, SF, ZF

isa.load()
ROUNDS = int(os.environ.get("VMVIZ_UNICORN_ROUNDS", "4"))
ALL = CF | PF | AF | ZF | SF | OF
SHIFTS = {M.SHL, M.SHR, M.SAR, M.SHLD, M.SHRD, M.SAL}
ROTATES = {M.ROL, M.ROR, M.RCL, M.RCR}
UNDEFINED = {
    **dict.fromkeys((M.AND, M.OR, M.XOR, M.TEST), AF),
    **dict.fromkeys(SHIFTS, AF | OF),
    **dict.fromkeys(ROTATES, OF),
    **dict.fromkeys((M.MUL, M.IMUL), SF | ZF | AF | PF),
    **dict.fromkeys((M.DIV, M.IDIV), ALL),
    **dict.fromkeys((M.BT, M.BTS, M.BTR, M.BTC), OF | SF | AF | PF),
    **dict.fromkeys((M.BSF, M.BSR), ALL & ~ZF),
    **dict.fromkeys((M.LZCNT, M.TZCNT), OF | SF | PF | AF),
    **dict.fromkeys((M.ANDN, M.BLSR, M.BLSMSK, M.BZHI), AF | PF),
    M.BLSI: AF | PF | CF,       # Unicorn has CF the wrong way round
    M.BEXTR: AF | SF | PF,
    **dict.fromkeys((M.AAA, M.AAS), OF | SF | ZF | PF),
    **dict.fromkeys((M.DAA, M.DAS), OF),
    **dict.fromkeys((M.AAM, M.AAD), OF | AF | CF),
}
WORDS = ("AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI")
WIDE = [getattr(X, f"UC_X86_REG_R{name}") for name in (*WORDS, *range(8, 16))]
NARROW = [getattr(X, f"UC_X86_REG_E{word}") for word in WORDS]
MODULES = {"flags", "integer", "shifts", "multiply", "bits", "moves", "stack", "control_flow", "string", "bcd"}


# Beginnings of the names of forms whose cases are in test_bits.py and test_integer.py only.
ELSEWHERE: dict[int, tuple[str, ...]] = {
    0: ("CALL_M16", "JMP_M16", "CALL_PTR", "JMP_PTR",   # far transfers
        "XOP_", "MOVDIRI",                              # not Intel's; not Unicorn's, nor TESTs that end in F6R1, F7R1
        "VEX_BZHI", "VEX_BEXTR"),                       # Unicorn drops the top bit of fields that reach it
    16: ("POPCNT", "MOVBE", "CRC32", "ADCX",            # in 16-bit code Unicorn takes 66h for 16 bits
         "VEX_"),                                       # ... and is in real-address mode, which has none
    64: ("CMPXCHG_RM32",                                # Unicorn clears the upper half of a register not written
         "VEX_PDEP_R32", "VEX_PEXT_R32"),               # ... and uses the upper half of a mask
}


def forms(bits: int) -> list[int]:
    """The forms to test in code of a width, by Code."""
    found = []
    for name, code in vars(ix.Code).items():
        if name.startswith("_") or not isinstance(code, int):
            continue
        info = ix.OpCodeInfo(code)
        function = registry.FORM.get(code) or (registry.BEHAVIOUR.get(info.mnemonic) if info.is_instruction else None)
        if name.startswith(ELSEWHERE.get(bits, ()) + ELSEWHERE[0]) or name.endswith(("F6R1", "F7R1")):
            continue
        if function and function.__module__.rsplit(".", 1)[1] in MODULES and getattr(info, f"mode{bits}"):
            found.append(code)
    return found


class Reference:
    """Unicorn in one mode."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.uc = Uc(UC_ARCH_X86, {16: UC_MODE_16, 32: UC_MODE_32, 64: UC_MODE_64}[bits])
        self.uc.ctl_set_cpu_model(X.UC_CPU_X86_ICELAKE_SERVER)
        self.registers = WIDE if bits == 64 else NARROW
        self.pointer = {16: X.UC_X86_REG_IP, 32: X.UC_X86_REG_EIP, 64: X.UC_X86_REG_RIP}[bits]
        self.uc.mem_map(0, 0x10000)
        self.vector: int | None = None
        self.uc.hook_add(UC_HOOK_INTR, self._interrupt)

    def _interrupt(self, uc: Uc, vector: int, user: object) -> None:
        self.vector = vector
        uc.emu_stop()

    def run(self, place: Place) -> tuple[int | None, list[int], int, int, bytes]:
        uc = self.uc
        for register, number in zip(self.registers, place.registers, strict=False):
            uc.reg_write(register, number)
        uc.reg_write(X.UC_X86_REG_EFLAGS, place.flags)
        uc.mem_write(place.rip, place.code)
        uc.mem_write(DATA, place.data)
        uc.mem_write(STACK, place.stack)
        uc.ctl_remove_cache(place.rip & ~0xFFF, (place.rip & ~0xFFF) + 0x1000)
        self.vector = None
        try:
            if place.repeated:
                uc.emu_start(place.rip, place.rip + len(place.code))
            else:
                uc.emu_start(place.rip, 0xFFFF, count=1)
        except UcError as error:
            self.vector = -error.errno
        state = [uc.reg_read(register) for register in self.registers] + [0] * (16 - len(self.registers))
        memory = bytes(uc.mem_read(DATA, 0x4000))
        return self.vector, state, uc.reg_read(X.UC_X86_REG_EFLAGS), uc.reg_read(self.pointer), memory


def differences(place: Place, cpu: Processor, reference: Reference) -> list[str]:
    expected = reference.run(place)
    actual = execute(cpu, place)
    if actual[0] is not None:       # Unicorn reports some faults only by not moving
        return [] if expected[0] is not None or expected[3] == place.rip else [f"fault {actual[0]} instead of none"]
    if expected[0] is not None:
        return [f"no fault instead of {expected[0]}"]
    found = [f"register {n}: {a:x} instead of {e:x}"
             for n, (a, e) in enumerate(zip(actual[1], expected[1], strict=True)) if a != e]
    compared = (ALL | DF) & ~UNDEFINED.get(place.iced.mnemonic, 0)
    if (actual[2] ^ expected[2]) & compared:
        found.append(f"flags {actual[2] & compared:x} instead of {expected[2] & compared:x}")
    if actual[3] != expected[3]:
        found.append(f"RIP {actual[3]:x} instead of {expected[3]:x}")
    if actual[4] != expected[4]:
        at = next(n for n, (a, e) in enumerate(zip(actual[4], expected[4], strict=True)) if a != e)
        found.append(f"memory at {DATA + at:x}: {actual[4][at:at + 8].hex()} instead of {expected[4][at:at + 8].hex()}")
    return found


@pytest.mark.parametrize("bits", [16, 32, 64])
def test_every_form_does_what_unicorn_does(bits: int) -> None:
    rng, cpu, reference = Random(bits), processor(bits), Reference(bits)
    wrong, tried, slot = [], set(), 0
    for code in forms(bits):
        for _ in range(ROUNDS):
            slot = (slot + 1) % 0x200
            place = make(code, bits, rng, slot)
            if place is None:
                continue
            tried.add(code)
            found = differences(place, cpu, reference)
            if found:
                before = " ".join(f"{r:x}" for r in place.registers)
                wrong.append(f"{place.text} ({place.code.hex()}) flags {place.flags:x} registers {before}: "
                             + "; ".join(found))
    report = f"{len(wrong)} wrong\n" + "\n".join(wrong[:40])
    assert not wrong, report
    assert len(tried) > {16: 300, 32: 300, 64: 400}[bits]
