"""IN, OUT, INS, OUTS: permission, the VM exit, then the port. What is behind the ports is in machine/ports.py."""
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iced_x86 import Mnemonic as M
from iced_x86 import OpKind

from vmviz.machine import ports
from vmviz.machine.isa.implicit import address, read, write
from vmviz.machine.isa.registry import instruction, prepare
from vmviz.machine.isa.string import form_of_string, repeat
from vmviz.machine.paging import READ, WRITE
from vmviz.machine.registers import ES, RDX
from vmviz.machine.vmx import intercepts

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

_INS = "INS/INSB/INSW/INSD—Input from Port to String"
_OUTS = "OUTS/OUTSB/OUTSW/OUTSD—Output String to Port"
_STRINGS: Final = (M.INSB, M.INSW, M.INSD, M.OUTSB, M.OUTSW, M.OUTSD)


@instruction(M.IN, summary="Reads a port into the accumulator.", source="IN—Input From Port")
def in_(cpu: Processor, ins: Instruction) -> None:
    port, immediate = _port(cpu, ins, 1)
    size = ins.bits >> 3
    ports.check_permission(cpu, port, size)
    intercepts.io(cpu, ins, port, size, True, immediate=immediate)
    ins.set_dst(cpu, ports.read(cpu, port, size))


@instruction(M.OUT, summary="Writes the accumulator to a port.", source="OUT—Output to Port")
def out(cpu: Processor, ins: Instruction) -> None:
    port, immediate = _port(cpu, ins, 0)
    size = ins.src_bits >> 3
    ports.check_permission(cpu, port, size)
    intercepts.io(cpu, ins, port, size, False, immediate=immediate)
    ports.write(cpu, port, size, ins.src(cpu))


def _port(cpu: Processor, ins: Instruction, operand: int) -> tuple[int, bool]:
    """The port, and whether it is an immediate."""
    if ins.iced.op_kind(operand) == OpKind.IMMEDIATE8:
        return ins.iced.immediate8, True
    return cpu.reg[RDX] & 0xFFFF, False


def _guard(cpu: Processor, ins: Instruction, is_in: bool) -> None:
    """Permission and VM exit, once an instruction: they come before the count is looked at, so also when it is 0."""
    port, size = cpu.reg[RDX] & 0xFFFF, ins.bits >> 3
    ports.check_permission(cpu, port, size)
    rep = ins.iced.has_rep_prefix or ins.iced.has_repne_prefix
    intercepts.io(cpu, ins, port, size, is_in, string=True, rep=rep)


def _ins_once(cpu: Processor, ins: Instruction, si: int, di: int) -> None:
    port = cpu.reg[RDX] & 0xFFFF
    linear = address(cpu, ES, di, ins.bits >> 3, WRITE)
    cpu.check_write(linear, ins.bits >> 3)
    write(cpu, linear, ins.bits, ports.read(cpu, port, ins.bits >> 3))


def _outs_once(cpu: Processor, ins: Instruction, si: int, di: int) -> None:
    port = cpu.reg[RDX] & 0xFFFF
    value = read(cpu, address(cpu, ins.segment, si, ins.bits >> 3, READ), ins.bits)
    ports.write(cpu, port, ins.bits >> 3, value)


@instruction(M.INSB, M.INSW, M.INSD, summary="Reads a port into memory at ES:rDI.", source=_INS)
def ins_(cpu: Processor, ins: Instruction) -> None:
    _guard(cpu, ins, True)
    repeat(cpu, ins, _ins_once, source=False, destination=True)


@instruction(M.OUTSB, M.OUTSW, M.OUTSD, summary="Writes memory at DS:rSI to a port.", source=_OUTS)
def outs(cpu: Processor, ins: Instruction) -> None:
    _guard(cpu, ins, False)
    repeat(cpu, ins, _outs_once, source=True, destination=False)


prepare(*_STRINGS)(form_of_string)
