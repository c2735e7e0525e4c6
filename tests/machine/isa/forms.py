"""Random instructions: any form (iced's Code) with operands that lie within a small piece of memory.

`make` chooses registers, addresses and immediates for a form and encodes it; `Place` is the state it is to run in. The
same random generator gives the same instruction.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import iced_x86 as ix
from iced_x86 import Mnemonic as M
from iced_x86 import OpKind, Register

CODE, DATA, STACK = 0x4000, 0x8000, 0xA000
KIND_NAMES = {value: name for name, value in vars(ix.OpCodeOperandKind).items() if isinstance(value, int)}
WORDS = ("AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI")
# Segment and system registers have their own tests.
ELSEWHERE = {"ES", "CS", "SS", "DS", "FS", "GS", "SEG_REG", "CR_REG", "DR_REG", "TR_REG"}
INDIRECT = {M.JMP, M.CALL, M.RET}
BIT_STRINGS = {M.BT, M.BTS, M.BTR, M.BTC}
STRINGS = {getattr(M, name + size) for name in ("MOVS", "STOS", "LODS", "SCAS", "CMPS") for size in "BWDQ"}
M64 = (1 << 64) - 1
EDGES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 63,
         (1 << 63) - 1, M64)


@dataclass
class Place:
    """An instruction's bytes, address and the state before it."""

    bits: int
    code: bytes
    rip: int
    registers: list[int]
    flags: int
    data: bytes
    stack: bytes
    text: str = ""
    repeated: bool = False
    iced: ix.Instruction = field(default_factory=ix.Instruction)


def registers(bits: int, width: int) -> list[int]:
    """iced's general registers of a width that code of `bits` can name."""
    if width == 8:
        low = [getattr(Register, name) for name in ("AL", "CL", "DL", "BL", "AH", "CH", "DH", "BH")]
        more = [getattr(Register, name) for name in ("SPL", "BPL", "SIL", "DIL", *(f"R{n}L" for n in range(8, 16)))]
    else:
        low = [getattr(Register, {16: "", 32: "E", 64: "R"}[width] + name) for name in WORDS]
        more = [getattr(Register, f"R{n}{ {16: 'W', 32: 'D', 64: ''}[width]}") for n in range(8, 16)]
    return low + (more if bits == 64 else [])


def number(register: int) -> int:
    """The slot of a general register."""
    return ix.RegisterExt.number(ix.RegisterExt.full_register(register))


def value(rng: Random) -> int:
    """A 64-bit number, often an interesting one."""
    return rng.choice(EDGES) if rng.random() < 0.3 else rng.getrandbits(rng.choice((8, 16, 32, 64)))


def make(code: int, bits: int, rng: Random, slot: int) -> Place | None:
    """A random instruction of a form at CODE + 16 * slot, or None when its operands are not for this test."""
    info = ix.OpCodeInfo(code)
    kinds = [KIND_NAMES[info.op_kind(n)] for n in range(info.op_count)]
    if any(kind in ELSEWHERE or "FARBR" in kind or "BND" in kind or "_MPX" in kind or "MIB" in kind for kind in kinds):
        return None
    iced = ix.Instruction()
    iced.code = code
    state = [value(rng) for _ in range(16)]
    state[4] = STACK + 0x800 + rng.choice((0, 0, 0, 2, 8, 5))
    state[5] = STACK + 0x900 if info.mnemonic in (M.ENTER, M.LEAVE) else state[5]
    data, stack = bytearray(rng.randbytes(0x2000)), bytearray(rng.randbytes(0x2000))
    if info.mnemonic in INDIRECT:
        state = [entry if n == 4 else 0x7000 + rng.randrange(0x100) for n, entry in enumerate(state)]
        state[4] = STACK + 0x800
        data[:] = stack[:] = (0x7000 + rng.randrange(0x100)).to_bytes(8, "little") * 0x400
    rip = CODE + 16 * slot
    for n, kind in enumerate(kinds):
        if not _operand(iced, n, kind, info, bits, rng, state, rip):
            return None
    if info.mnemonic in BIT_STRINGS and iced.op_kind(0) == OpKind.MEMORY and iced.op1_kind == OpKind.REGISTER:
        at = number(iced.op1_register)
        if at in [number(part) for part in (iced.memory_base, iced.memory_index) if part]:
            return None
        state[at] = rng.randrange(-0x1000, 0x1000) & M64
    repeated = False
    if info.mnemonic in STRINGS:
        state[1] = rng.randrange(9)
        state[6], state[7] = DATA + 0x1000 - rng.randrange(40), DATA + 0x1000 + rng.randrange(40)
        if rng.random() < 0.6:
            repeated = True
            if rng.random() < 0.5:
                iced.has_repne_prefix = True
            else:
                iced.has_rep_prefix = True
            if rng.random() < 0.5:
                data[:] = bytes([state[0] & 0xFF]) * len(data)
    if info.mnemonic == M.XLATB:
        state[3] = DATA + 0x100
    if bits != 64:
        state = [entry & 0xFFFF_FFFF if n < 8 else 0 for n, entry in enumerate(state)]
    encoder = ix.Encoder(bits)
    try:
        encoder.encode(iced, rip)
    except ValueError:
        return None
    raw = encoder.take_buffer()
    decoded = ix.Decoder(bits, raw, ip=rip).decode()
    if decoded.code != code:
        return None
    flags = 2 | rng.getrandbits(12) & 0x8D5 | (0x400 if info.mnemonic in STRINGS and rng.random() < 0.3 else 0)
    return Place(bits, raw, rip, state, flags, bytes(data), bytes(stack), str(decoded), repeated, decoded)


def _operand(iced: ix.Instruction, n: int, kind: str, info: ix.OpCodeInfo, bits: int, rng: Random, state: list[int],
             rip: int) -> bool:
    width = int(kind[1:].split("_")[0]) if kind[0] == "R" and kind[1].isdigit() else 0
    if kind == "MEM" or (kind.endswith("_OR_MEM") and rng.random() < 0.5):
        iced.set_op_kind(n, OpKind.MEMORY)
        return _memory(iced, info, bits, rng, state)
    if width:
        if width == 64 and bits != 64:
            return False
        iced.set_op_kind(n, OpKind.REGISTER)
        iced.set_op_register(n, rng.choice(registers(bits, width)))
    elif kind in ("AL", "CL", "AX", "EAX", "RAX"):
        iced.set_op_kind(n, OpKind.REGISTER)
        iced.set_op_register(n, getattr(Register, kind))
    elif kind.startswith("IMM"):
        _immediate(iced, n, kind, info, rng)
    elif kind.startswith("BR"):
        iced.set_op_kind(n, getattr(OpKind, f"NEAR_BRANCH{kind[2:4]}"))
        target = rip + rng.randrange(-100, 100) if kind.endswith("_1") else 0x7000 + rng.randrange(0x100)
        setattr(iced, f"near_branch{kind[2:4]}", target)
    elif kind == "MEM_OFFS":
        iced.set_op_kind(n, OpKind.MEMORY)
        iced.memory_displacement = DATA + rng.randrange(0x1000)
        iced.memory_displ_size = rng.choice((2, 4) if bits < 64 else (4, 8))
    elif kind in ("ES_RDI", "SEG_RSI"):
        size = rng.choice((16, 32) if bits < 64 else (32, 64))
        if any(iced.op_kind(k) not in (OpKind.REGISTER, OpKind.IMMEDIATE8) for k in range(n)):
            size = {OpKind.MEMORY_ESDI: 16, OpKind.MEMORY_ESEDI: 32, OpKind.MEMORY_ESRDI: 64, OpKind.MEMORY_SEG_SI: 16,
                    OpKind.MEMORY_SEG_ESI: 32, OpKind.MEMORY_SEG_RSI: 64}[iced.op_kind(0)]
        prefix = {16: "", 32: "E", 64: "R"}[size]
        iced.set_op_kind(n, getattr(OpKind, f"MEMORY_ES{prefix}DI" if kind == "ES_RDI" else f"MEMORY_SEG_{prefix}SI"))
    elif kind == "SEG_RBX_AL":
        iced.set_op_kind(n, OpKind.MEMORY)
        iced.memory_base = rng.choice((Register.BX, Register.EBX) if bits < 64 else (Register.EBX, Register.RBX))
        iced.memory_index = Register.AL
    else:
        raise AssertionError(kind)
    return True


def _immediate(iced: ix.Instruction, n: int, kind: str, info: ix.OpCodeInfo, rng: Random) -> None:
    number_ = rng.getrandbits(64) if rng.random() < 0.7 else rng.choice(EDGES)
    if info.mnemonic in (M.ENTER, M.RET) and n == 0:
        number_ = rng.randrange(0x100)
    if info.mnemonic == M.ENTER and n == 1:
        number_ = rng.randrange(6)
    if kind == "IMM8_CONST_1":
        iced.set_op_kind(n, OpKind.IMMEDIATE8)
        iced.immediate8 = 1
    elif "SEX" in kind:
        low, high = kind[3:].split("SEX")
        iced.set_op_kind(n, getattr(OpKind, f"IMMEDIATE{low}TO{high}"))
        cut = number_ & (1 << int(low)) - 1
        signed = cut - (cut >> int(low) - 1 << int(low))
        setattr(iced, f"immediate{low}to{high}", signed)
    elif n == 1 and info.mnemonic == M.ENTER:
        iced.set_op_kind(n, OpKind.IMMEDIATE8_2ND)
        iced.immediate8_2nd = number_
    else:
        iced.set_op_kind(n, getattr(OpKind, f"IMMEDIATE{kind[3:]}"))
        setattr(iced, f"immediate{kind[3:]}", number_ & (1 << int(kind[3:])) - 1)


def _memory(iced: ix.Instruction, info: ix.OpCodeInfo, bits: int, rng: Random, state: list[int]) -> bool:
    width = rng.choice({16: (16, 16, 32), 32: (16, 32, 32), 64: (32, 64, 64, 64)}[bits])
    at = DATA + 0x800
    if info.mnemonic not in INDIRECT | BIT_STRINGS and rng.random() < 0.3:
        at = DATA + 0x1000 - rng.randrange(16)      # perhaps across two pages
    if info.mnemonic == M.CMPXCHG16B and rng.random() < 0.8:
        at &= ~15
    if width == 16:
        base, index = rng.choice(((Register.BX, Register.SI), (Register.BP, Register.DI), (Register.BX, Register.NONE),
                                  (Register.SI, Register.NONE), (Register.NONE, Register.NONE)))
        scale = 1
    else:
        usable = [r for r in registers(bits, width) if number(r) != 4]
        base = rng.choice([*usable, Register.NONE])
        index = rng.choice([r for r in usable if r != base]) if rng.random() < 0.4 else Register.NONE
        scale = rng.choice((1, 2, 4, 8)) if index else 1
    step = 0
    if index:
        step = 8 * rng.randrange(4)
        state[number(index)] = _with_rubbish(step, width, rng)
    displacement = at - step * scale
    iced.memory_displ_size = width // 8 if width < 64 else 8
    if base:
        if rng.random() < 0.3:
            state[number(base)], displacement = _with_rubbish(displacement, width, rng), 0
            iced.memory_displ_size = 0
        else:
            small = rng.randrange(-100, 100)
            state[number(base)], displacement = _with_rubbish(displacement - small, width, rng), small
            iced.memory_displ_size = 1
    iced.memory_base, iced.memory_index, iced.memory_index_scale = base, index, scale
    iced.memory_displacement = displacement & M64
    return True


def _with_rubbish(low: int, width: int, rng: Random) -> int:
    """A register whose low bits are an address and whose others must not matter."""
    return low & (1 << width) - 1 | rng.getrandbits(64) & M64 & ~((1 << width) - 1)
