"""Fast system calls and the bases of FS and GS: SYSCALL, SYSRET, SYSENTER, SYSEXIT, SWAPGS, RDFSBASE and its
kin.

They load fixed flat segments instead of descriptors (SDM volume 3, "Fast System Calls in 64-Bit Mode",
"Performing Fast Calls to System Procedures with the SYSENTER and SYSEXIT Instructions").
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from iced_x86 import Mnemonic as M

from vmviz.machine.isa.control_registers import need_privilege
from vmviz.machine.isa.registry import instruction
from vmviz.machine.outcome import GP, UD, Fault
from vmviz.machine.registers import (
    CR0,
    CR0_PE,
    CR4,
    CR4_FSGSBASE,
    EFER,
    EFER_LMA,
    EFER_SCE,
    FMASK,
    FS_BASE,
    GS_BASE,
    IF,
    KERNEL_GS_BASE,
    LSTAR,
    MASK32,
    RCX,
    RDX,
    RF,
    RFLAGS,
    RIP,
    RSP,
    SS,
    STAR,
    SYSENTER_CS,
    SYSENTER_EIP,
    SYSENTER_ESP,
    VM,
)
from vmviz.machine.segmentation import canonical, enter_code, set_segment

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

R11 = 11
CODE_64, CODE_32, DATA = 0xA09B, 0xC09B, 0xC093
_RFLAGS_OF_SYSRET = 0x3C_7FD7


def _flat(cpu: Processor, code: int, stack: int, rights: int, cpl: int, rip: int) -> None:
    """Flat code and stack segments of a privilege, whatever the tables say."""
    set_segment(cpu, SS, stack, 0, MASK32, DATA | cpl << 5)
    enter_code(cpu, code, 0, MASK32, rights | cpl << 5, cpl, rip)


@instruction(M.SYSCALL, summary="Calls the operating system at IA32_LSTAR, at CPL 0.",
             source="SYSCALL—Fast System Call")
def syscall(cpu: Processor, ins: Instruction) -> None:
    reg = cpu.reg
    if cpu.bits != 64 or not reg[EFER] & EFER_SCE:
        raise Fault(UD)
    flags, star, back = reg[RFLAGS], reg[STAR] >> 32, reg[RIP]
    cpu.set_reg(RCX, back)
    cpu.set_reg(R11, flags & ~RF)
    cpu.set_rflags(flags & ~(reg[FMASK] | RF) | 2)
    _flat(cpu, star & 0xFFFC, star + 8 & 0xFFFF, CODE_64, 0, reg[LSTAR])


@instruction(M.SYSRET, M.SYSRETQ, summary="Returns from SYSCALL to CPL 3.",
             source="SYSRET—Return From Fast System Call")
def sysret(cpu: Processor, ins: Instruction) -> None:
    reg = cpu.reg
    if cpu.bits != 64 or not reg[EFER] & EFER_SCE:
        raise Fault(UD)
    need_privilege(cpu)
    wide = ins.iced.mnemonic == M.SYSRETQ
    rip = reg[RCX] if wide else reg[RCX] & MASK32
    if not canonical(rip):
        raise Fault(GP)
    star = reg[STAR] >> 48
    cpu.set_rflags(reg[R11] & _RFLAGS_OF_SYSRET | 2)
    code = star + 16 if wide else star
    _flat(cpu, code & 0xFFFF | 3, star + 8 & 0xFFFF | 3, CODE_64 if wide else CODE_32, 3, rip)


@instruction(M.SYSENTER, summary="Calls the operating system at IA32_SYSENTER_EIP, at CPL 0.",
             source="SYSENTER—Fast System Call")
def sysenter(cpu: Processor, ins: Instruction) -> None:
    reg = cpu.reg
    selector = reg[SYSENTER_CS] & 0xFFFC
    if not reg[CR0] & CR0_PE or not selector:
        raise Fault(GP)
    wide = reg[EFER] & EFER_LMA
    mask = (1 << 64) - 1 if wide else MASK32
    cpu.set_rflags(reg[RFLAGS] & ~(VM | IF | RF))
    cpu.set(RSP, reg[SYSENTER_ESP] & mask)
    _flat(cpu, selector, selector + 8, CODE_64 if wide else CODE_32, 0, reg[SYSENTER_EIP] & mask)


@instruction(M.SYSEXIT, M.SYSEXITQ, summary="Returns from SYSENTER to CPL 3 at RDX, with the stack at RCX.",
             source="SYSEXIT—Fast Return from Fast System Call")
def sysexit(cpu: Processor, ins: Instruction) -> None:
    reg = cpu.reg
    selector = reg[SYSENTER_CS] & 0xFFFC
    if not reg[CR0] & CR0_PE or not selector:
        raise Fault(GP)
    need_privilege(cpu)
    wide = ins.iced.mnemonic == M.SYSEXITQ
    rip, rsp = reg[RDX], reg[RCX]
    if not wide:
        rip, rsp = rip & MASK32, rsp & MASK32
    elif not canonical(rip) or not canonical(rsp):
        raise Fault(GP)
    first = selector + (32 if wide else 16)
    cpu.set(RSP, rsp)
    _flat(cpu, first & 0xFFFF | 3, first + 8 & 0xFFFF | 3, CODE_64 if wide else CODE_32, 3, rip)


@instruction(M.SWAPGS, summary="Exchanges the base of GS with IA32_KERNEL_GS_BASE.",
             source="SWAPGS—Swap GS Base Register")
def swapgs(cpu: Processor, ins: Instruction) -> None:
    if cpu.bits != 64:
        raise Fault(UD)
    need_privilege(cpu)
    base, kernel = cpu.reg[GS_BASE], cpu.reg[KERNEL_GS_BASE]
    cpu.set(GS_BASE, kernel)
    cpu.set(KERNEL_GS_BASE, base)


def _need_fsgsbase(cpu: Processor) -> None:
    if cpu.bits != 64 or not cpu.reg[CR4] & CR4_FSGSBASE:
        raise Fault(UD)


@instruction(M.RDFSBASE, M.RDGSBASE, summary="Reads the base of FS or GS.",
             source="RDFSBASE/RDGSBASE—Read FS/GS Segment Base")
def read_base(cpu: Processor, ins: Instruction) -> None:
    _need_fsgsbase(cpu)
    slot = FS_BASE if ins.iced.mnemonic == M.RDFSBASE else GS_BASE
    ins.set_dst(cpu, cpu.reg[slot] & ins.mask)


@instruction(M.WRFSBASE, M.WRGSBASE, summary="Sets the base of FS or GS.",
             source="WRFSBASE/WRGSBASE—Write FS/GS Segment Base")
def write_base(cpu: Processor, ins: Instruction) -> None:
    _need_fsgsbase(cpu)
    value = ins.dst(cpu)
    if not canonical(value):
        raise Fault(GP)
    cpu.set(FS_BASE if ins.iced.mnemonic == M.WRFSBASE else GS_BASE, value)
