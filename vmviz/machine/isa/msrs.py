"""RDMSR and WRMSR: the guards, the VM exit, the event. The registers themselves are in msr.py."""
from __future__ import annotations

from typing import TYPE_CHECKING

from iced_x86 import Mnemonic as M

from vmviz import events as ev
from vmviz.machine import msr
from vmviz.machine.isa.control_registers import need_privilege
from vmviz.machine.isa.registry import instruction
from vmviz.machine.registers import MASK32, RAX, RCX, RDX
from vmviz.machine.vmx import intercepts, virtual_x2apic

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor


@instruction(M.RDMSR, summary="Reads the model-specific register that ECX names into EDX:EAX.",
             source="RDMSR—Read From Model Specific Register")
def rdmsr(cpu: Processor, ins: Instruction) -> None:
    need_privilege(cpu)
    index = cpu.reg[RCX] & MASK32
    intercepts.rdmsr(cpu, ins, index)
    virtual = virtual_x2apic.read(cpu, index)
    value = msr.read(cpu, index) if virtual is None else virtual
    cpu.set_reg(RAX, value & MASK32)
    cpu.set_reg(RDX, value >> 32)
    if cpu.telling:
        cpu.emit(ev.Msr(index=index, access="read", value=value, name=msr.name(index)))


@instruction(M.WRMSR, summary="Writes EDX:EAX to the model-specific register that ECX names.",
             source="WRMSR—Write to Model Specific Register")
def wrmsr(cpu: Processor, ins: Instruction) -> None:
    need_privilege(cpu)
    index = cpu.reg[RCX] & MASK32
    intercepts.wrmsr(cpu, ins, index)
    value = (cpu.reg[RDX] & MASK32) << 32 | cpu.reg[RAX] & MASK32
    if not virtual_x2apic.write(cpu, index, value):
        msr.write(cpu, index, value)
    if cpu.telling:
        cpu.emit(ev.Msr(index=index, access="write", value=value, name=msr.name(index)))
