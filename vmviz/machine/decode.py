"""Bytes to bound instructions: iced-x86 decodes, `bind` gives an instruction its operand readers and writers.

Binding happens once per place in memory: reading a register of 32 bits, writing a byte at [rbx+8], are closures chosen
here, so the functions in isa/ say only what the instruction does. Decoded instructions are kept by physical address,
version of the page, RIP and width of the code; nothing of CPL or VMX may be bound.

In 64-bit code ES, CS, SS and DS have no base and no limit; elsewhere every access goes through `segmentation.linear`.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import iced_x86 as ix
from iced_x86 import Mnemonic, OpAccess, OpKind, Register, RegisterExt

from vmviz.machine import disassembly, paging, segmentation
from vmviz.machine.isa import registry
from vmviz.machine.memory import PAGE
from vmviz.machine.outcome import GP, UD, Fault, OutsideModel
from vmviz.machine.registers import CPL, CS, CS_BASE, FS_BASE, GS_BASE, MASK32, MASK64, RAX, RBX, SS, segment

if TYPE_CHECKING:
    from vmviz.machine.processor import Processor

Reader = Callable[["Processor"], int]
Writer = Callable[["Processor", int], None]
LONGEST: Final = 15
MOST_DECODED: Final = 20_000

_WORDS: Final = ("AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI")
# iced's register -> (slot, bits, shift): shift is 8 for AH, CH, DH and BH.
NUMBER: Final[dict[int, tuple[int, int, int]]] = {}
for _n, _name in enumerate(_WORDS):
    NUMBER[getattr(Register, "R" + _name)] = _n, 64, 0
    NUMBER[getattr(Register, "E" + _name)] = _n, 32, 0
    NUMBER[getattr(Register, _name)] = _n, 16, 0
for _n, _name in enumerate(("AL", "CL", "DL", "BL", "SPL", "BPL", "SIL", "DIL")):
    NUMBER[getattr(Register, _name)] = _n, 8, 0
for _n, _name in enumerate(("AH", "CH", "DH", "BH")):
    NUMBER[getattr(Register, _name)] = _n, 8, 8
for _n in range(8, 16):
    for _suffix, _bits in (("", 64), ("D", 32), ("W", 16), ("L", 8)):
        NUMBER[getattr(Register, f"R{_n}{_suffix}")] = _n, _bits, 0
SEGMENT_INDEX: Final = {getattr(Register, name): n for n, name in enumerate(("ES", "CS", "SS", "DS", "FS", "GS"))}
_STACK_MNEMONICS: Final = frozenset({
    Mnemonic.PUSH, Mnemonic.POP, Mnemonic.CALL, Mnemonic.RET, Mnemonic.ENTER, Mnemonic.LEAVE,
    Mnemonic.PUSHF, Mnemonic.PUSHFQ, Mnemonic.PUSHFD, Mnemonic.POPF, Mnemonic.POPFQ, Mnemonic.POPFD,
    Mnemonic.IRET, Mnemonic.IRETQ, Mnemonic.IRETD, Mnemonic.RETF,
    Mnemonic.PUSHA, Mnemonic.PUSHAD, Mnemonic.POPA, Mnemonic.POPAD,
})
_NOT_INTEL: Final = frozenset({ix.EncodingKind.XOP, ix.EncodingKind.D3NOW})
_READ_WRITE: Final = frozenset({OpAccess.READ_WRITE, OpAccess.READ_COND_WRITE})
_information = ix.InstructionInfoFactory()


class Instruction:
    """A decoded instruction, bound to its operands.

    `bits` operand size of the first operand (8..64), for stack instructions that of what is pushed or popped; `mask`
    its all-ones value; `dst`, `src`, `third` read operands 0, 1 and 2 (unset when there is no such operand; immediates
    are cut to `mask`), `set_dst`, `set_src` write them; `src_bits` is the width of operand 1; `address` gives the
    linear address of the memory operand for (READ or WRITE) and `offset` its effective address; `target` is a near branch's
    RIP, `in_range` true when it needs no check; `address_bits` is the address size of a memory operand or string
    instruction; `iced` is the decoder's own view.
    """

    __slots__ = ("execute", "next_rip", "length", "bits", "mask", "dst", "set_dst", "src", "set_src", "third",
                 "src_bits", "target", "in_range", "condition", "address_bits", "iced", "address", "offset",
                 "code_bits", "memory_bits", "segment", "code")

    execute: Callable[[Processor, Instruction], None]
    next_rip: int
    length: int
    bits: int
    mask: int
    dst: Reader
    set_dst: Writer
    src: Reader
    set_src: Writer
    third: Reader
    src_bits: int
    target: int
    in_range: bool
    address_bits: int
    condition: Callable[[int], int | bool]
    iced: ix.Instruction
    address: Callable[[Processor, int], int]
    offset: Reader
    code_bits: int
    memory_bits: int
    segment: int
    code: bytes

    def uses_stack(self, cpu: Processor, linear: int) -> bool:
        """Is an access of this instruction at `linear` a stack access (#SS rather than #GP)?"""
        if self.memory_bits and self.segment == SS and self.offset(cpu) == linear:
            return True
        return self.iced.mnemonic in _STACK_MNEMONICS and not (self.memory_bits and self.offset(cpu) == linear)


def fetch(cpu: Processor, rip: int) -> Instruction:
    """The instruction at RIP, decoded now or before. Raises Fault (#PF, #GP) or VmExit for the fetch itself."""
    linear = rip
    if cpu.bits != 64:
        linear = segmentation.fetch_address(cpu, rip)
    elif linear + 0x8000_0000_0000 & MASK64 >= 1 << 48:
        raise Fault(GP)
    soft = cpu.soft
    page_number = linear >> 12
    physical_page = soft.fetch.get(page_number)
    if physical_page is None:
        physical_page = paging.translate(cpu, linear, paging.FETCH, cpu.reg[CPL] == 3) & ~0xFFF
        soft.fetch[page_number] = physical_page
    physical = physical_page | linear & 0xFFF
    frame = physical >> 12
    memory = cpu.memory
    key = (physical, memory.version.get(frame, 0), rip, cpu.bits)
    ins = cpu.decoded.get(key)
    if ins is None:
        page = memory.page(frame)
        if page is None:
            raise OutsideModel("code outside RAM", linear)
        offset = physical & 0xFFF
        raw = bytes(page[offset:offset + LONGEST])
        decoder = ix.Decoder(cpu.bits, raw, ip=rip)
        iced = decoder.decode()
        if decoder.last_error == ix.DecoderError.NO_MORE_BYTES:
            if offset + LONGEST <= PAGE:
                raise Fault(GP)                     # longer than 15 bytes
            return _fetch_across(cpu, rip, linear, raw)
        if len(cpu.decoded) > MOST_DECODED:         # code that rewrites itself must not fill memory
            cpu.decoded.clear()
        ins = cpu.decoded[key] = bind(iced, cpu.bits, raw)
    if cpu.bits != 64:
        segmentation.check_fetch(cpu, rip, ins.length)
    cpu.page_has_code(frame)
    soft.code[rip] = ins
    return ins


def _fetch_across(cpu: Processor, rip: int, linear: int, head: bytes) -> Instruction:
    """An instruction that goes on in the next page: decoded anew each time, so neither page's version matters."""
    second = linear + len(head) & (MASK64 if cpu.bits == 64 else MASK32)
    physical = paging.translate(cpu, second, paging.FETCH, cpu.reg[CPL] == 3)
    page = cpu.memory.page(physical >> 12)
    if page is None:
        raise OutsideModel("code outside RAM", second)
    raw = head + bytes(page[:LONGEST - len(head)])
    decoder = ix.Decoder(cpu.bits, raw, ip=rip)
    iced = decoder.decode()
    if decoder.last_error == ix.DecoderError.NO_MORE_BYTES:
        raise Fault(GP)
    ins = bind(iced, cpu.bits, raw)
    if cpu.bits != 64:
        segmentation.check_fetch(cpu, rip, ins.length)
    return ins


def bind(iced: ix.Instruction, code_bits: int, raw: bytes) -> Instruction:
    """Give a decoded instruction its operand readers and writers and its function; `raw` begins with its bytes."""
    ins = Instruction()
    ins.iced = iced
    ins.length = iced.len
    ins.code = raw[:iced.len]
    ins.code_bits = code_bits
    ins.next_rip = iced.next_ip & (MASK64 if code_bits == 64 else MASK32 if code_bits == 32 else 0xFFFF)
    ins.bits = ins.src_bits = ins.memory_bits = ins.target = ins.segment = ins.address_bits = 0
    ins.in_range = False
    function = registry.FORM.get(iced.code) or registry.BEHAVIOUR.get(iced.mnemonic)
    if iced.code == ix.Code.INVALID or iced.encoding in _NOT_INTEL:
        ins.execute = _undefined
        return ins
    if function is None:
        ins.execute = _outside
        return ins
    ins.execute = function
    kinds = [iced.op_kind(n) for n in range(iced.op_count)]
    if OpKind.MEMORY in kinds:
        _bind_memory(ins)
    for n, kind in enumerate(kinds[:3]):
        if kind in (OpKind.NEAR_BRANCH16, OpKind.NEAR_BRANCH32, OpKind.NEAR_BRANCH64):
            ins.target = iced.near_branch_target
            ins.in_range = code_bits == 64 and ins.target + 0x8000_0000_0000 & MASK64 < 1 << 48
            continue
        reader, writer, bits = _operand(ins, n, kind)
        if n == 0:
            ins.bits = bits
        elif n == 1:
            ins.src_bits = bits
        if reader is not None:
            setattr(ins, ("dst", "src", "third")[n], reader)
        if writer is not None and n < 2:
            setattr(ins, ("set_dst", "set_src")[n], writer)
    if iced.mnemonic in registry.CONDITION:
        ins.condition = registry.CONDITION[iced.mnemonic]
    if iced.mnemonic in registry.PREPARE:
        registry.PREPARE[iced.mnemonic](ins)
    ins.mask = (1 << ins.bits) - 1
    return ins


def _undefined(cpu: Processor, ins: Instruction) -> None:
    raise Fault(UD)


def _outside(cpu: Processor, ins: Instruction) -> None:
    raise OutsideModel(f"instruction `{disassembly.text(ins.iced)}`", cpu.rips[-1] + (cpu.reg[CS_BASE] if cpu.bits != 64 else 0))


# ---- operands

def _operand(ins: Instruction, n: int, kind: int) -> tuple[Reader | None, Writer | None, int]:
    iced = ins.iced
    if kind == OpKind.REGISTER:
        register = iced.op_register(n)
        if register in NUMBER:
            slot, bits, shift = NUMBER[register]
            return _register_reader(slot, bits, shift), _register_writer(slot, bits, shift), bits
        if register in SEGMENT_INDEX:
            slot = segment(SEGMENT_INDEX[register], 0)
            return (lambda cpu: cpu.reg[slot]), None, 16
        return None, None, 64 if ins.code_bits == 64 else 32       # control and debug registers: isa/system.py
    if kind == OpKind.MEMORY:
        read_first = n == 0 and _information.info(iced).op_access(0) in _READ_WRITE
        return _memory_reader(ins, read_first), _memory_writer(ins), ins.memory_bits
    if OpKind.IMMEDIATE8 <= kind <= OpKind.IMMEDIATE32TO64:
        value = iced.immediate(n) & (1 << (ins.bits or 64)) - 1    # sign-extended immediates come as 64 bits
        return (lambda cpu: value), None, ins.bits or 64
    return None, None, ins.bits            # string operands and far pointers: their own functions


def _register_reader(slot: int, bits: int, shift: int) -> Reader:
    if bits == 64:
        return lambda cpu: cpu.reg[slot]
    if bits == 32:
        return lambda cpu: cpu.reg[slot] & 0xFFFF_FFFF
    if bits == 16:
        return lambda cpu: cpu.reg[slot] & 0xFFFF
    if shift:
        return lambda cpu: cpu.reg[slot] >> 8 & 0xFF
    return lambda cpu: cpu.reg[slot] & 0xFF


def _register_writer(slot: int, bits: int, shift: int) -> Writer:
    """Writers take a value already within the operand's width; 32-bit writes clear the upper half."""
    if bits >= 32:
        def write(cpu: Processor, value: int) -> None:      # `cpu.set_reg`, without the call
            reg = cpu.reg
            cpu.log((slot, reg[slot], value))
            reg[slot] = value

        return write
    if bits == 16:
        return lambda cpu, value: cpu.set_reg(slot, cpu.reg[slot] & ~0xFFFF | value)
    if shift:
        return lambda cpu, value: cpu.set_reg(slot, cpu.reg[slot] & ~0xFF00 | value << 8)
    return lambda cpu, value: cpu.set_reg(slot, cpu.reg[slot] & ~0xFF | value)


def _bind_memory(ins: Instruction) -> None:
    """The memory operand: effective address, segment, size in bits, linear address."""
    iced = ins.iced
    ins.memory_bits = ix.MemorySizeExt.size(iced.memory_size) * 8
    ins.address_bits = address_size(iced, ins.code_bits)
    offset = ins.offset = effective_address(iced, ins.code_bits)
    ins.segment = index = SEGMENT_INDEX[iced.memory_segment]
    size = max(ins.memory_bits // 8, 1)
    if ins.code_bits != 64:
        ins.address = lambda cpu, access: segmentation.linear(cpu, index, offset(cpu), size, access)
    elif iced.memory_segment in (Register.FS, Register.GS):
        base = FS_BASE if iced.memory_segment == Register.FS else GS_BASE
        ins.address = lambda cpu, access: cpu.reg[base] + offset(cpu) & MASK64
    else:
        ins.address = lambda cpu, access: offset(cpu)


def address_size(iced: ix.Instruction, code_bits: int) -> int:
    """The address size of an explicit memory operand: 16, 32 or 64."""
    named = iced.memory_base or iced.memory_index
    return RegisterExt.size(named) * 8 if named else iced.memory_displ_size * 8 or code_bits


def effective_address(iced: ix.Instruction, code_bits: int) -> Reader:
    """The memory operand's offset in its segment, cut to the address size (SDM volume 1, "Specifying an Offset")."""
    displacement = iced.memory_displacement & MASK64
    base_register, index_register = iced.memory_base, iced.memory_index
    if base_register in (Register.RIP, Register.EIP):
        return lambda cpu: displacement                            # iced has added RIP already
    base = NUMBER[base_register][0] if base_register else None
    if index_register == Register.AL:                              # XLAT: rBX + AL
        cut = (1 << RegisterExt.size(base_register) * 8) - 1
        return lambda cpu: cpu.reg[RBX] + (cpu.reg[RAX] & 0xFF) & cut
    index = NUMBER[index_register][0] if index_register else None
    scale = iced.memory_index_scale
    bits = address_size(iced, code_bits)
    if bits == 64:
        if index is None:
            if base is None:
                return lambda cpu: displacement
            if not displacement:
                return lambda cpu: cpu.reg[base]
            return lambda cpu: cpu.reg[base] + displacement & MASK64
        if base is None:
            return lambda cpu: cpu.reg[index] * scale + displacement & MASK64
        return lambda cpu: cpu.reg[base] + cpu.reg[index] * scale + displacement & MASK64
    mask = (1 << bits) - 1
    return lambda cpu: ((cpu.reg[base] if base is not None else 0)
                        + (cpu.reg[index] * scale if index is not None else 0) + displacement) & mask


def _memory_reader(ins: Instruction, read_first: bool) -> Reader:
    address, bits = ins.address, ins.memory_bits
    access = paging.WRITE if read_first else paging.READ
    if ins.code_bits == 64 and ins.iced.memory_segment not in (Register.FS, Register.GS):
        offset = ins.offset
        if not read_first:
            if bits == 64:
                return lambda cpu: cpu.read64(offset(cpu))
            if bits == 32:
                return lambda cpu: cpu.read32(offset(cpu))
            if bits == 16:
                return lambda cpu: cpu.read16(offset(cpu))
            if bits == 8:
                return lambda cpu: cpu.read8(offset(cpu))
    size = bits // 8

    def reader(cpu: Processor) -> int:
        linear = address(cpu, access)
        if read_first:
            cpu.check_write(linear, size)
        page = cpu.soft.read.get(linear >> 12)
        at = linear & 0xFFF
        if page is None or at + size > PAGE:
            return cpu.read_slow(linear, size)
        return int.from_bytes(page[at:at + size], "little")

    return reader


def _memory_writer(ins: Instruction) -> Writer | None:
    address, bits = ins.address, ins.memory_bits
    if ins.code_bits == 64 and ins.iced.memory_segment not in (Register.FS, Register.GS):
        offset = ins.offset
        if bits == 64:
            return lambda cpu, value: cpu.write64(offset(cpu), value)
        if bits == 32:
            return lambda cpu, value: cpu.write32(offset(cpu), value)
        if bits == 16:
            return lambda cpu, value: cpu.write16(offset(cpu), value)
        if bits == 8:
            return lambda cpu, value: cpu.write8(offset(cpu), value)
    if bits == 64:
        return lambda cpu, value: cpu.write64(address(cpu, paging.WRITE), value)
    if bits == 32:
        return lambda cpu, value: cpu.write32(address(cpu, paging.WRITE), value)
    if bits == 16:
        return lambda cpu, value: cpu.write16(address(cpu, paging.WRITE), value)
    if bits == 8:
        return lambda cpu, value: cpu.write8(address(cpu, paging.WRITE), value)
    return None


__all__ = ["CS", "Instruction", "bind", "effective_address", "fetch"]
