"""String instructions and their repetition.

MOVS, STOS, LODS, SCAS and CMPS work on one element; with a REP prefix they go on until the count register is zero, or
for SCAS and CMPS until ZF differs from what the prefix asks for. A step of the recording does up to 4,096 iterations:
then RIP stays at the instruction and the next step goes on, as after an interrupt. Iterations that are complete when a
fault or VM exit comes stay done: the registers tell where to go on (SDM volume 2, "REP/REPE/REPZ/REPNE/REPNZ"). Where
a trap may come after each iteration (single step), each is a step. INS and OUTS are in isa/ports.py.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from iced_x86 import Code as C
from iced_x86 import MemorySizeExt, OpKind
from iced_x86 import Mnemonic as M

from vmviz.machine import completion
from vmviz.machine.isa.flags import sub_flags
from vmviz.machine.isa.implicit import address, put, read, write
from vmviz.machine.isa.registry import form, prepare
from vmviz.machine.operands import SEGMENT_INDEX
from vmviz.machine.outcome import Interruption
from vmviz.machine.paging import READ, WRITE
from vmviz.machine.registers import DF, DS, ES, RAX, RCX, RDI, RFLAGS, RIP, RSI, ZF

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

ITERATIONS: Final = 4096
Once = Callable[["Processor", "Instruction", int, int], None]      # (cpu, ins, rSI, rDI)

_SOURCE_BITS: Final = {OpKind.MEMORY_SEG_SI: 16, OpKind.MEMORY_SEG_ESI: 32, OpKind.MEMORY_SEG_RSI: 64}
_DESTINATION_BITS: Final = {OpKind.MEMORY_ESDI: 16, OpKind.MEMORY_ESEDI: 32, OpKind.MEMORY_ESRDI: 64}


def form_of_string(ins: Instruction) -> None:
    """Work out element width, address size and source segment of a string instruction."""
    iced = ins.iced
    kinds = [iced.op_kind(n) for n in range(iced.op_count)]
    ins.bits = MemorySizeExt.size(iced.memory_size) * 8
    ins.address_bits = max(_SOURCE_BITS.get(kind, 0) or _DESTINATION_BITS.get(kind, 0) for kind in kinds)
    ins.segment = SEGMENT_INDEX.get(iced.memory_segment, DS)


def repeat(cpu: Processor, ins: Instruction, once: Once, source: bool, destination: bool,
           wanted: int | None = None) -> None:
    """Do `once` as often as the prefix and the count register say; rSI and rDI move where they are used.

    `wanted`: the value of ZF with which a repeated comparison goes on.
    """
    reg = cpu.reg
    mask = (1 << ins.address_bits) - 1
    width = ins.bits >> 3
    if reg[RFLAGS] & DF:
        width = -width
    si, di = reg[RSI] & mask, reg[RDI] & mask
    repeated = ins.iced.has_rep_prefix or ins.iced.has_repne_prefix
    if repeated:
        cpu.attention = True        # the step can be a large one: step.full
    left = reg[RCX] & mask if repeated else 1
    limit = 1 if completion.one_iteration(cpu) else ITERATIONS
    done, going = 0, True
    try:
        while left and going and done < limit:
            once(cpu, ins, si, di)
            si, di, left, done = si + width & mask, di + width & mask, left - 1, done + 1
            if wanted is not None and reg[RFLAGS] & ZF != wanted:
                going = False
    except Interruption:
        if done:
            _leave(cpu, ins, si if source else None, di if destination else None, left if repeated else None)
            cpu.commit = len(cpu.journal)
        raise
    if done:
        _leave(cpu, ins, si if source else None, di if destination else None, left if repeated else None)
    if repeated and left and going:
        reg[RIP] = cpu.rips[-1]


def _leave(cpu: Processor, ins: Instruction, si: int | None, di: int | None, left: int | None) -> None:
    """Set the registers as they are after the iterations that are complete."""
    bits = ins.address_bits
    for slot, value in ((RSI, si), (RDI, di), (RCX, left)):
        if value is not None:
            put(cpu, slot, bits, value)


def _wanted(ins: Instruction) -> int | None:
    """The ZF that keeps a comparison going: REPE wants it set, REPNE clear, none asks."""
    if ins.iced.has_repne_prefix:
        return 0
    return ZF if ins.iced.has_repe_prefix else None


def _movs_once(cpu: Processor, ins: Instruction, si: int, di: int) -> None:
    bits = ins.bits
    value = read(cpu, address(cpu, ins.segment, si, bits >> 3, READ), bits)
    write(cpu, address(cpu, ES, di, bits >> 3, WRITE), bits, value)


def _stos_once(cpu: Processor, ins: Instruction, si: int, di: int) -> None:
    bits = ins.bits
    write(cpu, address(cpu, ES, di, bits >> 3, WRITE), bits, cpu.reg[RAX] & ins.mask)


def _lods_once(cpu: Processor, ins: Instruction, si: int, di: int) -> None:
    bits = ins.bits
    put(cpu, RAX, bits, read(cpu, address(cpu, ins.segment, si, bits >> 3, READ), bits))


def _scas_once(cpu: Processor, ins: Instruction, si: int, di: int) -> None:
    bits = ins.bits
    a, b = cpu.reg[RAX] & ins.mask, read(cpu, address(cpu, ES, di, bits >> 3, READ), bits)
    cpu.set_flags(sub_flags(a, b, a - b, ins.mask))


def _cmps_once(cpu: Processor, ins: Instruction, si: int, di: int) -> None:
    bits = ins.bits
    a = read(cpu, address(cpu, ins.segment, si, bits >> 3, READ), bits)
    b = read(cpu, address(cpu, ES, di, bits >> 3, READ), bits)
    cpu.set_flags(sub_flags(a, b, a - b, ins.mask))


@form(C.MOVSB_M8_M8, C.MOVSW_M16_M16, C.MOVSD_M32_M32, C.MOVSQ_M64_M64,
      summary="Copies an element from DS:rSI to ES:rDI.",
      source="MOVS/MOVSB/MOVSW/MOVSD/MOVSQ—Move Data From String to String")
def movs(cpu: Processor, ins: Instruction) -> None:
    repeat(cpu, ins, _movs_once, source=True, destination=True)


@form(C.STOSB_M8_AL, C.STOSW_M16_AX, C.STOSD_M32_EAX, C.STOSQ_M64_RAX, summary="Stores the accumulator at ES:rDI.",
      source="STOS/STOSB/STOSW/STOSD/STOSQ—Store String")
def stos(cpu: Processor, ins: Instruction) -> None:
    repeat(cpu, ins, _stos_once, source=False, destination=True)


@form(C.LODSB_AL_M8, C.LODSW_AX_M16, C.LODSD_EAX_M32, C.LODSQ_RAX_M64, summary="Loads the accumulator from DS:rSI.",
      source="LODS/LODSB/LODSW/LODSD/LODSQ—Load String")
def lods(cpu: Processor, ins: Instruction) -> None:
    repeat(cpu, ins, _lods_once, source=True, destination=False)


@form(C.SCASB_AL_M8, C.SCASW_AX_M16, C.SCASD_EAX_M32, C.SCASQ_RAX_M64, summary="Compares the accumulator with ES:rDI.",
      source="SCAS/SCASB/SCASW/SCASD—Scan String")
def scas(cpu: Processor, ins: Instruction) -> None:
    repeat(cpu, ins, _scas_once, source=False, destination=True, wanted=_wanted(ins))


@form(C.CMPSB_M8_M8, C.CMPSW_M16_M16, C.CMPSD_M32_M32, C.CMPSQ_M64_M64, summary="Compares DS:rSI with ES:rDI.",
      source="CMPS/CMPSB/CMPSW/CMPSD/CMPSQ—Compare String Operands")
def cmps(cpu: Processor, ins: Instruction) -> None:
    repeat(cpu, ins, _cmps_once, source=True, destination=True, wanted=_wanted(ins))


prepare(M.MOVSB, M.MOVSW, M.MOVSD, M.MOVSQ, M.STOSB, M.STOSW, M.STOSD, M.STOSQ, M.LODSB, M.LODSW, M.LODSD, M.LODSQ,
        M.SCASB, M.SCASW, M.SCASD, M.SCASQ, M.CMPSB, M.CMPSW, M.CMPSD, M.CMPSQ)(form_of_string)
