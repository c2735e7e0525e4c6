"""Loading segment registers: MOV to one, POP of one, LDS, LES, LFS, LGS, LSS.

A load of SS by MOV or POP blocks events until the next instruction is complete (SDM volume 3, "Masking Exceptions and
Interrupts When Switching Stacks"); LSS does not. What a load checks is in segmentation.py.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iced_x86 import Code as C
from iced_x86 import Mnemonic as M

from vmviz.machine import completion, segmentation
from vmviz.machine.isa.implicit import read
from vmviz.machine.isa.registry import form, instruction
from vmviz.machine.isa.stack import pop
from vmviz.machine.operands import SEGMENT_INDEX
from vmviz.machine.outcome import UD, Fault
from vmviz.machine.paging import READ
from vmviz.machine.registers import BY_MOV_SS, CS, DS, ES, FS, GS, SS

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

_POP_BITS: Final = {
    **dict.fromkeys((C.POPW_ES, C.POPW_SS, C.POPW_DS, C.POPW_FS, C.POPW_GS), 16),
    **dict.fromkeys((C.POPD_ES, C.POPD_SS, C.POPD_DS, C.POPD_FS, C.POPD_GS), 32),
    **dict.fromkeys((C.POPQ_FS, C.POPQ_GS), 64),
}
_FAR_POINTERS: Final = {M.LDS: DS, M.LES: ES, M.LFS: FS, M.LGS: GS, M.LSS: SS}


def _load(cpu: Processor, index: int, selector: int) -> None:
    if index == CS:
        raise Fault(UD)
    segmentation.load_segment(cpu, index, selector & 0xFFFF)
    if index == SS:
        completion.shadow(cpu, BY_MOV_SS)


@form(C.MOV_SREG_RM16, C.MOV_SREG_R32M16, C.MOV_SREG_R64M16, summary="Loads a segment register.",
      source="MOV—Move")
def mov_to_segment(cpu: Processor, ins: Instruction) -> None:
    index = SEGMENT_INDEX[ins.iced.op0_register]
    if index == CS:
        raise Fault(UD)
    _load(cpu, index, ins.src(cpu))


@form(*_POP_BITS, summary="Pops a segment register.", source="POP—Pop a Value From the Stack")
def pop_segment(cpu: Processor, ins: Instruction) -> None:
    _load(cpu, SEGMENT_INDEX[ins.iced.op0_register], pop(cpu, _POP_BITS[ins.iced.code]))


@instruction(M.LDS, M.LES, M.LFS, M.LGS, M.LSS, summary="Loads a far pointer into a segment and a general register.",
             source="LDS/LES/LFS/LGS/LSS—Load Far Pointer")
def load_far_pointer(cpu: Processor, ins: Instruction) -> None:
    linear = ins.address(cpu, READ)
    offset = read(cpu, linear, ins.bits)
    selector = cpu.read16(linear + (ins.bits >> 3))
    segmentation.load_segment(cpu, _FAR_POINTERS[ins.iced.mnemonic], selector)
    ins.set_dst(cpu, offset)
