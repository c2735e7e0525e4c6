"""Why no program can show a fact. A test holds what can be held against the models.

What merely has no program yet is not here: the page says "not shown" of it.
"""
from __future__ import annotations

from typing import Final, NamedTuple

from vmviz.machine import models
from vmviz.machine.models import Model
from vmviz.machine.vmx import capabilities as cap
from vmviz.spec import CONTROL_BITS, CONTROL_GROUP_OF, FIELD_BY_NAME


class Reason(NamedTuple):
    """Why not; `controls`: no model allows any of them."""

    why: str
    controls: tuple[str, ...] = ()


_SMM: Final = Reason("there is no SMM")
_DUAL: Final = Reason("there is no dual-monitor treatment of SMIs")
_RESERVED: Final = Reason("no such exit")
OUTCOMES: Final[dict[tuple[str, str], Reason]] = {
    **{(name, f"VMfailValid({n})"): _SMM for name in ("VMLAUNCH", "VMRESUME") for n in (16, 17, 18, 25)},
    ("VMRESUME", "VMfailValid(6)"): Reason("simplified: a launched VMCS can be resumed after a new VMXON"),
    **{("VMCALL", f"VMfailValid({n})"): _DUAL for n in (19, 20, 22, 24)},
    ("VMXOFF", "VMfailValid(23)"): _DUAL,
}
EXITS: Final[dict[int, Reason]] = {
    5: _DUAL, 6: _DUAL, 17: Reason("RSM outside SMM is #UD"), 41: Reason("there is no source of machine checks"),
    **dict.fromkeys((35, 38, 42, 71, 82, 83), _RESERVED),
    60: Reason("no SGX", ("secondary.encls_exiting",)), 70: Reason("no SGX", ("secondary.enclv_exiting",)),
    63: Reason("IA32_XSS has no bit that may be set"), 64: Reason("IA32_XSS has no bit that may be set"),
    65: Reason("no PCONFIG", ("secondary.enable_pconfig",)),
    66: Reason("left out: a program that meets a sub-page permission is told so"),
    67: Reason("no UMWAIT", ("secondary.enable_user_wait_pause",)),
    68: Reason("no TPAUSE", ("secondary.enable_user_wait_pause",)),
    69: Reason("no key locker", ("tertiary.loadiwkey_exiting",)),
    72: Reason("no ENQCMD", ("secondary.pasid_translation",)),
    73: Reason("no ENQCMDS", ("secondary.pasid_translation",)),
    74: Reason("no bus-lock detection", ("secondary.vmm_bus_lock_detection",)),
    75: Reason("no instruction timeout", ("secondary.instruction_timeout",)),
    76: Reason("no TDX"), 77: Reason("no TDX"),
    78: Reason("no RDMSRLIST", ("tertiary.enable_msr_list",)),
    79: Reason("no WRMSRLIST", ("tertiary.enable_msr_list",)),
    80: Reason("no URDMSR"), 81: Reason("no UWRMSR"), 84: Reason("no immediate form"), 85: Reason("no immediate form"),
}
CONTROLS: Final[dict[str, Reason]] = {
    "vm_entry.entry_to_smm": _SMM, "vm_entry.deactivate_dual_monitor": _DUAL,
}


def models_with_control(name: str) -> list[str]:
    """The models that allow a control (group.name) to be 1."""
    group, _, control = name.partition(".")
    bit = CONTROL_BITS[group][control]
    return [model.name for model in _models() if cap.allowed(model, group).may >> bit & 1]


def models_with_field(name: str) -> list[str]:
    """The models on which VMREAD knows a field."""
    return [model.name for model in _models() if _has_field(model, name)]


def _models() -> list[Model]:
    return [models.load(name) for name in models.NAMES]


def _has_field(model: Model, name: str) -> bool:
    origin = FIELD_BY_NAME[name].introduced_with
    group, _, control = origin.partition(".")
    if group == "vm_function":
        return bool(cap.msr(model, cap.VMFUNC))
    if not control:
        return origin in ("always", "dual_monitor_treatment")
    return cap.has_control(dict(cap.allowed_ones(model)), group, control) if group in CONTROL_GROUP_OF else False
