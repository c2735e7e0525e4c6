"""MOV to and from control and debug registers, CLTS, LMSW, SMSW.

Order of the guards: no such register (#UD), privilege (#GP), the VM exit, then what the register refuses (SDM
volume 3, "Relative Priority of Faults and VM Exits"). What a change brings with it is in control_state.py.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iced_x86 import Code as C
from iced_x86 import Mnemonic as M
from iced_x86 import OpKind, Register

from vmviz.machine import apic, control_state
from vmviz.machine.delivery import BD, DR7_GD
from vmviz.machine.isa.registry import form, instruction
from vmviz.machine.operands import NUMBER
from vmviz.machine.outcome import DB, GP, UD, Fault
from vmviz.machine.paging import READ
from vmviz.machine.registers import (
    APIC,
    CPL,
    CR0,
    CR0_PE,
    CR0_TS,
    CR2,
    CR3,
    CR4,
    CR4_DE,
    CR4_UMIP,
    DR0,
    DR6,
    DR7,
    MASK32,
)
from vmviz.machine.vmx import controls, intercepts, virtual_apic

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

_MOV_CR, _MOV_DR = "MOV—Move to/from Control Registers", "MOV—Move to/from Debug Registers"
_SLOTS: Final = {0: CR0, 2: CR2, 3: CR3, 4: CR4}
_TPR: Final = APIC + 8
DR6_WRITABLE, DR6_ONES = 0xE00F, 0xFFFF_0FF0
DR7_WRITABLE, DR7_ONES = 0xFFFF_2BFF, 0x400


def need_privilege(cpu: Processor) -> None:
    """#GP(0) unless CPL is 0."""
    if cpu.reg[CPL]:
        raise Fault(GP)


def need_umip(cpu: Processor) -> None:
    """#GP(0) for SGDT, SIDT, SLDT, SMSW and STR outside CPL 0 when CR4.UMIP is set."""
    if cpu.reg[CPL] and cpu.reg[CR4] & CR4_UMIP:
        raise Fault(GP)


def _number(ins: Instruction, operand: int, first: int) -> int:
    return ins.iced.op_register(operand) - first


def _gpr(ins: Instruction, operand: int) -> int:
    return NUMBER[ins.iced.op_register(operand)][0]


@form(C.MOV_CR_R32, C.MOV_CR_R64, summary="Loads a control register.", source=_MOV_CR)
def mov_to_cr(cpu: Processor, ins: Instruction) -> None:
    cr = _number(ins, 0, Register.CR0)
    if cr not in (0, 2, 3, 4, 8):
        raise Fault(UD)
    need_privilege(cpu)
    value = ins.src(cpu)
    value = intercepts.mov_to_cr(cpu, ins, cr, _gpr(ins, 1), value)
    if cr == 0:
        control_state.set_cr0(cpu, value)
    elif cr == 3:
        control_state.load_cr3(cpu, value)
    elif cr == 4:
        control_state.set_cr4(cpu, value)
    elif cr == 2:
        cpu.set(CR2, value)
    else:
        _load_cr8(cpu, value)


def _load_cr8(cpu: Processor, value: int) -> None:
    """CR8 is the class of the task priority: the local APIC's, or a guest's shadow of it."""
    if value > 15:
        raise Fault(GP)
    if cpu.controls.primary & controls.USE_TPR_SHADOW:
        virtual_apic.set_tpr_shadow(cpu, value)
    else:
        apic.write_register(cpu, apic.TPR, value << 4)


@form(C.MOV_R32_CR, C.MOV_R64_CR, summary="Reads a control register.", source=_MOV_CR)
def mov_from_cr(cpu: Processor, ins: Instruction) -> None:
    cr = _number(ins, 1, Register.CR0)
    if cr not in (0, 2, 3, 4, 8):
        raise Fault(UD)
    need_privilege(cpu)
    value = cpu.reg[_TPR] >> 4 & 0xF if cr == 8 else cpu.reg[_SLOTS[cr]]
    value = intercepts.mov_from_cr(cpu, ins, cr, _gpr(ins, 0), value)
    ins.set_dst(cpu, value & ins.mask)


def _debug_register(cpu: Processor, ins: Instruction, operand: int) -> int:
    """The guards, and the number of the debug register: DR4 and DR5 are other names of DR6 and DR7, or #UD with CR4.DE.

    The VM exit comes before that #UD and before the privilege check: the manual makes this one exception.
    """
    number = _number(ins, operand, Register.DR0)
    if number > 7:
        raise Fault(UD)
    intercepts.mov_dr(cpu, ins, number, _gpr(ins, 1 - operand), to_gpr=operand == 1)
    if number in (4, 5) and cpu.reg[CR4] & CR4_DE:
        raise Fault(UD)
    need_privilege(cpu)
    return number + 2 if number in (4, 5) else number


def _need_no_general_detect(cpu: Processor) -> None:
    if cpu.reg[DR7] & DR7_GD:
        raise Fault(DB, address=BD)


@form(C.MOV_DR_R32, C.MOV_DR_R64, summary="Loads a debug register.", source=_MOV_DR)
def mov_to_dr(cpu: Processor, ins: Instruction) -> None:
    number = _debug_register(cpu, ins, 0)
    _need_no_general_detect(cpu)
    value = ins.src(cpu)
    if number >= 6 and value > MASK32:
        raise Fault(GP)
    if number == 6:
        cpu.set(DR6, value & DR6_WRITABLE | DR6_ONES)
    elif number == 7:
        cpu.set(DR7, value & DR7_WRITABLE | DR7_ONES)
    else:
        cpu.set(DR0 + number, value)
    cpu.attention = True


@form(C.MOV_R32_DR, C.MOV_R64_DR, summary="Reads a debug register.", source=_MOV_DR)
def mov_from_dr(cpu: Processor, ins: Instruction) -> None:
    number = _debug_register(cpu, ins, 1)
    _need_no_general_detect(cpu)
    value = cpu.reg[{6: DR6, 7: DR7}.get(number, DR0 + number)]
    ins.set_dst(cpu, value & ins.mask)


@instruction(M.CLTS, summary="Clears the task-switched flag of CR0.",
             source="CLTS—Clear Task-Switched Flag in CR0")
def clts(cpu: Processor, ins: Instruction) -> None:
    need_privilege(cpu)
    if intercepts.clts(cpu, ins):
        cpu.set(CR0, cpu.reg[CR0] & ~CR0_TS)


@instruction(M.LMSW, summary="Loads the low four bits of CR0; cannot leave protected mode.",
             source="LMSW—Load Machine Status Word")
def lmsw(cpu: Processor, ins: Instruction) -> None:
    need_privilege(cpu)
    in_memory = ins.iced.op0_kind == OpKind.MEMORY
    value = ins.dst(cpu) & 0xFFFF
    value = intercepts.lmsw(cpu, ins, value, ins.address(cpu, READ) if in_memory else None)
    old = cpu.reg[CR0]
    control_state.set_cr0(cpu, old & ~0xE | value & 0xE | (old | value) & CR0_PE)


@instruction(M.SMSW, summary="Stores the low bits of CR0.", source="SMSW—Store Machine Status Word")
def smsw(cpu: Processor, ins: Instruction) -> None:
    need_umip(cpu)
    value = intercepts.mov_from_cr(cpu, ins, 0, 0, cpu.reg[CR0])
    ins.set_dst(cpu, value & ins.mask)
