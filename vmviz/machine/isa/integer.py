"""Integer arithmetic and logic: sums, differences, comparisons, bitwise operations, exchanges that compare or add.

Each function reads its operands, computes, writes the result, then the flags. A destination in memory is read as a
write is (the decoder sees to it), so a page that cannot be written faults before anything changes.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from iced_x86 import Mnemonic as M

from vmviz.machine.isa.flags import add_flags, logic_flags, sub_flags
from vmviz.machine.isa.implicit import put
from vmviz.machine.isa.registry import instruction
from vmviz.machine.outcome import GP, Fault
from vmviz.machine.paging import WRITE
from vmviz.machine.registers import CF, MASK32, OF, RAX, RBX, RCX, RDX, RFLAGS, ZF

if TYPE_CHECKING:
    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor


@instruction(M.ADD, summary="Adds the source to the destination.", source="ADD—Add")
def add(cpu: Processor, ins: Instruction) -> None:
    a, b = ins.dst(cpu), ins.src(cpu)
    total = a + b
    ins.set_dst(cpu, total & ins.mask)
    cpu.set_flags(add_flags(a, b, total, ins.mask))


@instruction(M.ADC, summary="Adds the source and the carry flag to the destination.", source="ADC—Add With Carry")
def adc(cpu: Processor, ins: Instruction) -> None:
    a, b = ins.dst(cpu), ins.src(cpu)
    total = a + b + (cpu.reg[RFLAGS] & CF)
    ins.set_dst(cpu, total & ins.mask)
    cpu.set_flags(add_flags(a, b, total, ins.mask))


@instruction(M.SUB, summary="Subtracts the source from the destination.", source="SUB—Subtract")
def sub(cpu: Processor, ins: Instruction) -> None:
    a, b = ins.dst(cpu), ins.src(cpu)
    total = a - b
    ins.set_dst(cpu, total & ins.mask)
    cpu.set_flags(sub_flags(a, b, total, ins.mask))


@instruction(M.SBB, summary="Subtracts the source and the carry flag from the destination.",
             source="SBB—Integer Subtraction With Borrow")
def sbb(cpu: Processor, ins: Instruction) -> None:
    a, b = ins.dst(cpu), ins.src(cpu)
    total = a - b - (cpu.reg[RFLAGS] & CF)
    ins.set_dst(cpu, total & ins.mask)
    cpu.set_flags(sub_flags(a, b, total, ins.mask))


@instruction(M.CMP, summary="Sets the flags as SUB would.", source="CMP—Compare Two Operands")
def cmp(cpu: Processor, ins: Instruction) -> None:
    a, b = ins.dst(cpu), ins.src(cpu)
    cpu.set_flags(sub_flags(a, b, a - b, ins.mask))


@instruction(M.INC, summary="Adds 1; CF stays.", source="INC—Increment by 1")
def inc(cpu: Processor, ins: Instruction) -> None:
    a = ins.dst(cpu)
    ins.set_dst(cpu, a + 1 & ins.mask)
    cpu.set_flags(add_flags(a, 1, a + 1, ins.mask) & ~CF | cpu.reg[RFLAGS] & CF)


@instruction(M.DEC, summary="Subtracts 1; CF stays.", source="DEC—Decrement by 1")
def dec(cpu: Processor, ins: Instruction) -> None:
    a = ins.dst(cpu)
    ins.set_dst(cpu, a - 1 & ins.mask)
    cpu.set_flags(sub_flags(a, 1, a - 1, ins.mask) & ~CF | cpu.reg[RFLAGS] & CF)


@instruction(M.NEG, summary="Subtracts the operand from 0.", source="NEG—Two's Complement Negation")
def neg(cpu: Processor, ins: Instruction) -> None:
    a = ins.dst(cpu)
    ins.set_dst(cpu, -a & ins.mask)
    cpu.set_flags(sub_flags(0, a, -a, ins.mask))


@instruction(M.AND, summary="Bitwise AND.", source="AND—Logical AND")
def and_(cpu: Processor, ins: Instruction) -> None:
    result = ins.dst(cpu) & ins.src(cpu)
    ins.set_dst(cpu, result)
    cpu.set_flags(logic_flags(result, ins.mask))


@instruction(M.OR, summary="Bitwise OR.", source="OR—Logical Inclusive OR")
def or_(cpu: Processor, ins: Instruction) -> None:
    result = ins.dst(cpu) | ins.src(cpu)
    ins.set_dst(cpu, result)
    cpu.set_flags(logic_flags(result, ins.mask))


@instruction(M.XOR, summary="Bitwise exclusive OR.", source="XOR—Logical Exclusive OR")
def xor(cpu: Processor, ins: Instruction) -> None:
    result = ins.dst(cpu) ^ ins.src(cpu)
    ins.set_dst(cpu, result)
    cpu.set_flags(logic_flags(result, ins.mask))


@instruction(M.TEST, summary="Sets the flags as AND would.", source="TEST—Logical Compare")
def test(cpu: Processor, ins: Instruction) -> None:
    cpu.set_flags(logic_flags(ins.dst(cpu) & ins.src(cpu), ins.mask))


@instruction(M.NOT, summary="Turns every bit over; no flag changes.", source="NOT—One's Complement Negation")
def not_(cpu: Processor, ins: Instruction) -> None:
    ins.set_dst(cpu, ins.dst(cpu) ^ ins.mask)


@instruction(M.ADCX, summary="Adds the source and CF; only CF changes.",
             source="ADCX—Unsigned Integer Addition of Two Operands With Carry Flag")
def adcx(cpu: Processor, ins: Instruction) -> None:
    flags = cpu.reg[RFLAGS]
    total = ins.dst(cpu) + ins.src(cpu) + (flags & CF)
    ins.set_dst(cpu, total & ins.mask)
    cpu.set(RFLAGS, flags & ~CF | total >> ins.bits)


@instruction(M.ADOX, summary="Adds the source and OF; only OF changes.",
             source="ADOX—Unsigned Integer Addition of Two Operands With Overflow Flag")
def adox(cpu: Processor, ins: Instruction) -> None:
    flags = cpu.reg[RFLAGS]
    total = ins.dst(cpu) + ins.src(cpu) + (1 if flags & OF else 0)
    ins.set_dst(cpu, total & ins.mask)
    cpu.set(RFLAGS, flags & ~OF | (OF if total >> ins.bits else 0))


@instruction(M.XADD, summary="Exchanges the operands, then adds them into the destination.",
             source="XADD—Exchange and Add")
def xadd(cpu: Processor, ins: Instruction) -> None:
    a, b = ins.dst(cpu), ins.src(cpu)
    total = a + b
    if ins.memory_bits:
        ins.set_dst(cpu, total & ins.mask)      # before the source: the address may be made with it
        ins.set_src(cpu, a)
    else:
        ins.set_src(cpu, a)
        ins.set_dst(cpu, total & ins.mask)
    cpu.set_flags(add_flags(a, b, total, ins.mask))


@instruction(M.CMPXCHG, summary="Stores the source if the accumulator equals the destination, else loads it.",
             source="CMPXCHG—Compare and Exchange")
def cmpxchg(cpu: Processor, ins: Instruction) -> None:
    accumulator, old, new = cpu.reg[RAX] & ins.mask, ins.dst(cpu), ins.src(cpu)
    if accumulator == old:
        ins.set_dst(cpu, new)
    else:
        if ins.memory_bits:
            ins.set_dst(cpu, old)               # the write cycle happens in any case
        put(cpu, RAX, ins.bits, old)
    cpu.set_flags(sub_flags(accumulator, old, accumulator - old, ins.mask))


_CMPXCHG8B = "CMPXCHG8B/CMPXCHG16B—Compare and Exchange Bytes"


@instruction(M.CMPXCHG8B, summary="As CMPXCHG, for 8 bytes against EDX:EAX; stores ECX:EBX.", source=_CMPXCHG8B)
def cmpxchg8b(cpu: Processor, ins: Instruction) -> None:
    reg = cpu.reg
    old = ins.dst(cpu)
    if old == (reg[RDX] & MASK32) << 32 | reg[RAX] & MASK32:
        ins.set_dst(cpu, (reg[RCX] & MASK32) << 32 | reg[RBX] & MASK32)
        cpu.set(RFLAGS, reg[RFLAGS] | ZF)
    else:
        ins.set_dst(cpu, old)
        cpu.set_reg(RAX, old & MASK32)
        cpu.set_reg(RDX, old >> 32)
        cpu.set(RFLAGS, reg[RFLAGS] & ~ZF)


@instruction(M.CMPXCHG16B, summary="As CMPXCHG, for 16 aligned bytes against RDX:RAX; stores RCX:RBX.",
             source=_CMPXCHG8B)
def cmpxchg16b(cpu: Processor, ins: Instruction) -> None:
    reg = cpu.reg
    linear = ins.address(cpu, WRITE)
    if linear & 15:
        raise Fault(GP)
    cpu.check_write(linear, 16)
    low, high = cpu.read64(linear), cpu.read64(linear + 8)
    if low == reg[RAX] and high == reg[RDX]:
        cpu.write64(linear, reg[RBX])
        cpu.write64(linear + 8, reg[RCX])
        cpu.set(RFLAGS, reg[RFLAGS] | ZF)
    else:
        cpu.write64(linear, low)
        cpu.write64(linear + 8, high)
        cpu.set_reg(RAX, low)
        cpu.set_reg(RDX, high)
        cpu.set(RFLAGS, reg[RFLAGS] & ~ZF)
