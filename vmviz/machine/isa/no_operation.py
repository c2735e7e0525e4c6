"""Instructions without an effect on the state that the model has: NOP in all its forms, hints, fences, cache control.

The model has no caches, no reordering and no speculation. ENDBR and RDSSP are NOPs while CET is off, and the MPX
opcodes are NOPs on processors without MPX (SDM volume 2, "Opcode Map"). Instructions on cache lines check their address
as a read does.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from iced_x86 import Mnemonic as M

from vmviz.machine.isa.registry import instruction
from vmviz.machine.outcome import NM, Fault
from vmviz.machine.registers import CR0, CR0_MP, CR0_TS
from vmviz.machine.vmx import intercepts

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor


@instruction(M.NOP, M.RESERVEDNOP, M.ENDBR32, M.ENDBR64, M.RDSSPD, M.RDSSPQ, M.CLDEMOTE, M.BNDCL, M.BNDCN, M.BNDCU,
             M.BNDLDX, M.BNDMK, M.BNDMOV, M.BNDSTX, summary="Does nothing.", source="NOP—No Operation")
def nop(cpu: Processor, ins: Instruction) -> None:
    pass


@instruction(M.PREFETCH, M.PREFETCHW, M.PREFETCHWT1, M.PREFETCHNTA, M.PREFETCHT0, M.PREFETCHT1, M.PREFETCHT2,
             M.PREFETCHIT0, M.PREFETCHIT1, summary="A hint that an address will be used; never faults.",
             source="PREFETCHh—Prefetch Data Into Caches")
def prefetch(cpu: Processor, ins: Instruction) -> None:
    pass


@instruction(M.LFENCE, M.MFENCE, M.SFENCE, summary="Orders memory accesses.", source="MFENCE—Memory Fence")
def fence(cpu: Processor, ins: Instruction) -> None:
    pass


@instruction(M.CLFLUSH, M.CLFLUSHOPT, M.CLWB, summary="Writes a cache line back.", source="CLFLUSH—Flush Cache Line")
def cache_line(cpu: Processor, ins: Instruction) -> None:
    ins.dst(cpu)


@instruction(M.PAUSE, summary="A hint that this is a spin loop.", source="PAUSE—Spin Loop Hint")
def pause(cpu: Processor, ins: Instruction) -> None:
    if cpu.non_root:
        intercepts.pause(cpu, ins)


@instruction(M.WAIT, summary="Waits for floating-point exceptions, of which there are none.",
             source="WAIT/FWAIT—Wait")
def wait(cpu: Processor, ins: Instruction) -> None:
    if cpu.reg[CR0] & (CR0_MP | CR0_TS) == CR0_MP | CR0_TS:
        raise Fault(NM)
