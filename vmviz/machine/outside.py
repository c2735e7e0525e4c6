"""Instructions that a model has by its CPUID and vmviz does not: what refuses them, then a word with the address.

Floating point and vectors, the XSAVE family, shadow stacks, protection keys and a few others are left out
(docs/model.md). Their guards are not: an instruction that the control registers have switched off is #UD or #NM here as
anywhere, so a VMM that catches the first floating-point instruction of a guest by CR0.TS works. Only one that would
really do something raises OutsideModel. (SDM volume 3, "Control Registers"; volume 2, "Exception Conditions of Legacy
SIMD Instructions" and "Summary of VEX Exception Type".)
"""
from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final

from iced_x86 import CpuidFeature, EncodingKind
from iced_x86 import Mnemonic as M

from vmviz.machine import disassembly
from vmviz.machine.outcome import GP, NM, UD, Fault
from vmviz.machine.registers import (
    CPL,
    CR0,
    CR0_EM,
    CR0_PE,
    CR0_TS,
    CR4,
    CR4_OSFXSR,
    CR4_OSXSAVE,
    CR4_PKE,
    CR4_PVI,
    CR4_VME,
    RFLAGS,
    VM,
    XCR0,
)
from vmviz.machine.vmx import controls, intercepts

if TYPE_CHECKING:
    import iced_x86 as ix

    from vmviz.machine.decode import Instruction
    from vmviz.machine.processor import Processor

Guard = Callable[["Processor"], None]
AVX_STATE, AVX512_STATE = 6, 0xE6
_SUPERVISOR_SAVE: Final = frozenset({M.XSAVES, M.XSAVES64, M.XRSTORS, M.XRSTORS64})


def refuse(cpu: Processor, ins: Instruction) -> None:
    """Raise what the processor would; then OutsideModel with the instruction and its linear address."""
    guard = _guard(ins.iced)
    if guard is not None:
        guard(cpu)
    raise cpu.outside(f"instruction `{disassembly.text(ins.iced)}`")


def refuse_virtual_interrupts(cpu: Processor) -> None:
    """Where CR4.VME or CR4.PVI would put VIF in the place of IF, or redirect INT n: left out."""
    reg = cpu.reg
    if reg[RFLAGS] & VM and reg[CR4] & CR4_VME:
        raise cpu.outside("virtual-8086 mode extensions (CR4.VME)")
    if not reg[RFLAGS] & VM and reg[CPL] == 3 and reg[CR4] & CR4_PVI:
        raise cpu.outside("protected-mode virtual interrupts (CR4.PVI)")


def _guard(instruction: ix.Instruction) -> Guard | None:
    if instruction.mnemonic in _SUPERVISOR_SAVE:
        return _supervisor_save
    if instruction.encoding != EncodingKind.LEGACY:
        return _avx512 if instruction.encoding == EncodingKind.EVEX else _avx
    return next((_guards()[feature] for feature in instruction.cpuid_features() if feature in _guards()), None)


@cache
def _guards() -> dict[int, Guard]:
    by_name = {
        "CET_SS": _shadow_stack, "PKU": _protection_keys, "XSAVE XSAVEC XSAVEOPT": _save,
        "FPU FPU287 FPU387 FXSR": _floating_point, "MMX": _mmx,
        "SSE SSE2 SSE3 SSSE3 SSE4_1 SSE4_2 AES PCLMULQDQ SHA GFNI": _sse,
    }
    return {getattr(CpuidFeature, name): guard for names, guard in by_name.items() for name in names.split()}


def _undefined_unless(allowed: object) -> None:
    if not allowed:
        raise Fault(UD)


def _available(cpu: Processor) -> None:
    if cpu.reg[CR0] & CR0_TS:
        raise Fault(NM)


def _floating_point(cpu: Processor) -> None:
    if cpu.reg[CR0] & (CR0_EM | CR0_TS):
        raise Fault(NM)


def _mmx(cpu: Processor) -> None:
    _undefined_unless(not cpu.reg[CR0] & CR0_EM)
    _available(cpu)


def _sse(cpu: Processor) -> None:
    _undefined_unless(not cpu.reg[CR0] & CR0_EM and cpu.reg[CR4] & CR4_OSFXSR)
    _available(cpu)


def _vectors(cpu: Processor, state: int) -> None:
    reg = cpu.reg
    _undefined_unless(reg[CR0] & CR0_PE and not reg[RFLAGS] & VM)
    _undefined_unless(reg[CR4] & CR4_OSXSAVE and reg[XCR0] & state == state)
    _available(cpu)


def _avx(cpu: Processor) -> None:
    _vectors(cpu, AVX_STATE)


def _avx512(cpu: Processor) -> None:
    _vectors(cpu, AVX512_STATE)


def _save(cpu: Processor) -> None:
    _undefined_unless(cpu.reg[CR4] & CR4_OSXSAVE)
    _available(cpu)


def _supervisor_save(cpu: Processor) -> None:
    """XSAVES and XRSTORS: in a guest only with their control. No exit: no model has a supervisor state."""
    intercepts.allow(cpu, controls.ENABLE_XSAVES_XRSTORS)
    _undefined_unless(cpu.reg[CR4] & CR4_OSXSAVE)
    if cpu.reg[CPL]:
        raise Fault(GP)
    _available(cpu)


def _shadow_stack(cpu: Processor) -> None:
    """No shadow stack is ever enabled: control_state.refuse_cet."""
    raise Fault(UD)


def _protection_keys(cpu: Processor) -> None:
    _undefined_unless(cpu.reg[CR4] & CR4_PKE)
