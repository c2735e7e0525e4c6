"""Bytes to bound instructions: iced-x86 decodes, `bind` gives an instruction its function and its operands.

Binding happens once per place in memory (operands.py has the readers and writers), so the functions in isa/ say only
what the instruction does. Decoded instructions are kept by physical address, RIP and width of the code, and are good
for as long as their bytes are still there; nothing of CPL or VMX may be bound. Those of a page that nobody has written
to since come back together when the soft tables start anew, which every VM entry and VM exit makes them do.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import iced_x86 as ix
from iced_x86 import Mnemonic, OpKind

from vmviz.machine import features, operands, outside, paging, segmentation
from vmviz.machine.isa import registry
from vmviz.machine.memory import PAGE
from vmviz.machine.operands import Reader, Writer
from vmviz.machine.outcome import GP, UD, Fault, OutsideModel
from vmviz.machine.registers import CPL, MASK32, MASK64, SS

if TYPE_CHECKING:
    from vmviz.machine.models import Model
    from vmviz.machine.processor import Processor

LONGEST: Final = 15
MOST_DECODED: Final = 8192
INSTRUCTION_BYTES: Final = 1024                     # that one takes with what is bound to it, about: 300 to 2,000

_STACK_MNEMONICS: Final = frozenset({
    Mnemonic.PUSH, Mnemonic.POP, Mnemonic.CALL, Mnemonic.RET, Mnemonic.ENTER, Mnemonic.LEAVE,
    Mnemonic.PUSHF, Mnemonic.PUSHFQ, Mnemonic.PUSHFD, Mnemonic.POPF, Mnemonic.POPFQ, Mnemonic.POPFD,
    Mnemonic.IRET, Mnemonic.IRETQ, Mnemonic.IRETD, Mnemonic.RETF,
    Mnemonic.PUSHA, Mnemonic.PUSHAD, Mnemonic.POPA, Mnemonic.POPAD,
})


class Instruction:
    """A decoded instruction, bound to its operands.

    `bits` operand size of the first operand (8..64), for stack instructions that of what is pushed or popped; `mask`
    its all-ones value; `dst`, `src`, `third` read operands 0, 1 and 2 (unset when there is no such operand; immediates
    are cut to `mask`), `set_dst`, `set_src` write them; `src_bits` is the width of operand 1; `address` gives the
    linear address of the memory operand for (READ or WRITE) and `offset` its effective address; `target` is a near
    branch's RIP, `in_range` true when it needs no check; `address_bits` is the address size of a memory operand or
    string instruction; `iced` is the decoder's own view.
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
        """Is an access of this instruction at `linear` a stack access (#SS rather than #GP)?

        An access that is not by a push or pop is to the memory operand, wherever in it: BT with a register reaches
        beyond its address, a far pointer has a second part.
        """
        stack = self.iced.mnemonic in _STACK_MNEMONICS
        if self.memory_bits and not (stack and self.offset(cpu) != linear):
            return self.segment == SS
        return stack


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
        before = len(cpu.journal)
        physical_page = paging.translate(cpu, linear, paging.FETCH, cpu.reg[CPL] == 3) & ~0xFFF
        if len(cpu.journal) != before:
            cpu.commit = len(cpu.journal)           # accessed flags stay, whatever the instruction meets
        soft.fetch[page_number] = physical_page
        if cpu.bits == 64:                          # elsewhere the code segment's limit may have changed
            soft.code.update(cpu.code_pages.get(physical_page >> 12, {}).get(page_number, {}))
            if rip in soft.code:
                return soft.code[rip]
    physical = physical_page | linear & 0xFFF
    frame = physical >> 12
    memory = cpu.memory
    page = memory.page(frame)
    if page is None:
        raise OutsideModel("code outside RAM", linear)
    offset = physical & 0xFFF
    key = (physical, rip, cpu.bits)
    ins = cpu.decoded.get(key)
    if ins is None or bytes(page[offset:offset + ins.length]) != ins.code:
        raw = bytes(page[offset:offset + LONGEST])
        decoder = _decoder(cpu, raw, rip)
        iced = decoder.decode()
        if decoder.last_error == ix.DecoderError.NO_MORE_BYTES:
            if offset + LONGEST <= PAGE:
                raise Fault(GP)                     # longer than 15 bytes
            return _fetch_across(cpu, rip, linear, raw)
        if len(cpu.decoded) >= MOST_DECODED:        # no program may fill memory
            cpu.forget_decoded()
        ins = cpu.decoded[key] = bind(iced, cpu.bits, raw, cpu.model)
    if cpu.bits != 64:
        segmentation.check_fetch(cpu, rip, ins.length)
    cpu.page_has_code(frame)
    soft.code[rip] = ins
    if cpu.bits == 64:
        cpu.code_pages.setdefault(frame, {}).setdefault(page_number, {})[rip] = ins
    return ins


def _decoder(cpu: Processor, raw: bytes, rip: int) -> ix.Decoder:
    options = features.decoder_options(cpu.model)
    return ix.Decoder(cpu.bits, raw, options, rip)      # type: ignore[arg-type]    # its stubs know single options


def _fetch_across(cpu: Processor, rip: int, linear: int, head: bytes) -> Instruction:
    """An instruction that goes on in the next page: decoded anew each time, so nobody watches its bytes."""
    second = linear + len(head) & (MASK64 if cpu.bits == 64 else MASK32)
    physical = paging.translate(cpu, second, paging.FETCH, cpu.reg[CPL] == 3)
    page = cpu.memory.page(physical >> 12)
    if page is None:
        raise OutsideModel("code outside RAM", second)
    raw = head + bytes(page[:LONGEST - len(head)])
    decoder = _decoder(cpu, raw, rip)
    iced = decoder.decode()
    if decoder.last_error == ix.DecoderError.NO_MORE_BYTES:
        raise Fault(GP)
    ins = bind(iced, cpu.bits, raw, cpu.model)
    if cpu.bits != 64:
        segmentation.check_fetch(cpu, rip, ins.length)
    return ins


def bind(iced: ix.Instruction, code_bits: int, raw: bytes, model: Model) -> Instruction:
    """Give a decoded instruction its operand readers and writers and its function; `raw` begins with its bytes."""
    ins = Instruction()
    ins.iced = iced
    ins.length = iced.len
    ins.code = raw[:iced.len]
    ins.code_bits = code_bits
    ins.next_rip = iced.next_ip & (MASK64 if code_bits == 64 else MASK32)
    ins.bits = ins.src_bits = ins.memory_bits = ins.target = ins.segment = ins.address_bits = 0
    ins.in_range = False
    function = registry.FORM.get(iced.code) or registry.BEHAVIOUR.get(iced.mnemonic)
    if iced.code == ix.Code.INVALID or features.lacks(model, iced):
        ins.execute = _undefined
        return ins
    if function is None:
        ins.execute = outside.refuse
        return ins
    ins.execute = function
    kinds = [iced.op_kind(n) for n in range(iced.op_count)]
    if OpKind.MEMORY in kinds:
        operands.bind_memory(ins)
    for n, kind in enumerate(kinds[:3]):
        if kind in (OpKind.NEAR_BRANCH16, OpKind.NEAR_BRANCH32, OpKind.NEAR_BRANCH64):
            ins.target = iced.near_branch_target
            ins.in_range = code_bits == 64 and ins.target + 0x8000_0000_0000 & MASK64 < 1 << 48
            continue
        reader, writer, bits = operands.bind_operand(ins, n, kind)
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
