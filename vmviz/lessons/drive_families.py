"""What can be asked before a step when the learner drives: the right answer, and mistakes of the same family.

    control   where control goes: VMX operation and RIP behind the step ("root:100087")
    phase     which phase of a VM entry or VM exit comes next ("exit.save_guest")
    field     which of these the next phase writes or loads ("guest_rip"; "rax" and "cr2" are in no VMCS)

All of it is read from the recording. A wrong answer is never one that is right as well: other phases of the same
crossing, fields of areas that the phase does not touch, places other than the one behind the step.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from vmviz import events as ev
from vmviz.machine.step import Step
from vmviz.machine.vmx import entry, exit
from vmviz.recording.positions import Position
from vmviz.recording.recording import Recording

MASK64: Final = (1 << 64) - 1
PHASES: Final = {"entry": entry.PHASES, "exit": exit.PHASES}
EARLY: Final = (7, 8)               # VMfail: a VM entry that failed before it touched the guest
# Of phases that write or load fields: some that they always do, and what people take for one, with the mistake.
ALWAYS: Final = {
    "exit.reason": ("exit_reason",), "exit.save_guest": ("guest_rip", "guest_rsp", "guest_rflags", "guest_cr3"),
    "exit.load_host": ("host_rip", "host_rsp", "host_cr3"),
    "entry.load_guest": ("guest_rip", "guest_rsp", "guest_rflags", "guest_cr3")}
_OF_NO_VMCS: Final = (("rax", "no_field"), ("cr2", "no_field"))
NEVER: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "exit.reason": (("guest_rip", "later"), ("host_rip", "host_area"), ("exception_bitmap", "control"), *_OF_NO_VMCS),
    "exit.save_guest": (("host_rip", "host_area"), ("exit_reason", "over"), ("exception_bitmap", "control"),
                        *_OF_NO_VMCS),
    "exit.load_host": (("guest_rip", "guest_area"), ("guest_cr3", "guest_area"), ("exit_reason", "information"),
                       *_OF_NO_VMCS),
    "entry.load_guest": (("host_rip", "host_of_exit"), ("host_cr3", "host_of_exit"), ("exit_reason", "information"),
                         *_OF_NO_VMCS)}


@dataclass(frozen=True)
class Choice:
    """A wrong answer, and the kind of mistake that it is."""

    id: str
    why: str


@dataclass(frozen=True)
class Family:
    """One question that a step gives, asked at `at` and answered at `answered`.

    `asks` is the part of its words that does not tell the answer, `about` what there is to say to the right one.
    The likelier mistakes come first.
    """

    kind: str
    at: Position
    answered: Position
    asks: str
    about: str
    right: str
    wrong: tuple[Choice, ...]


def families(recording: Recording, index: int, handlers: Sequence[int] = ()) -> tuple[Family, ...]:
    """All questions that can be asked about the step from position `index` to the next.

    `handlers`: where exceptions of the lesson lead; one may think that this step leads there.
    """
    step = recording.step(index)
    found = [_control(recording, index, step, handlers)]
    if not _event(step, ev.EntryFailed):
        found += _of_phases(index, step)
    return tuple(family for family in found if family.wrong)


# ---- phases and fields

def _of_phases(index: int, step: Step) -> Iterable[Family]:
    names = [f"{phase.of}.{phase.name}" for phase in step.phases]
    for done, name in enumerate(names):
        at = Position(index, done)
        answered = Position(index, done + 1) if done + 1 < len(names) else Position(index + 1)
        of = step.phases[done].of
        wrong = tuple(Choice(f"{of}.{other}", "over" if f"{of}.{other}" in names[:done] else _later(of, other))
                      for other in PHASES[of] if f"{of}.{other}" != name)
        yield Family("phase", at, answered, f"{of}.{'next' if done else 'first'}", of, name, wrong)
        if name in NEVER:
            for field in _fields(step, done, name):
                yield Family("field", at, answered, name, name, field,
                             tuple(Choice(other, why) for other, why in NEVER[name]))


def _later(of: str, phase: str) -> str:
    return f"later.{phase}" if (of, phase) in (("exit", "load_host"), ("entry", "load_guest")) else "later"


def _fields(step: Step, done: int, name: str) -> list[str]:
    """Fields that the phase after `done` others surely writes or loads: those it was seen to change come first."""
    first = step.phases[done - 1].events_end if done else 0
    area = "guest_" if name == "exit.save_guest" else "exit_"
    written = [event.field for event in step.events[first:step.phases[done].events_end]
               if isinstance(event, ev.VmcsWrite) and event.field.startswith(area)]
    return list(dict.fromkeys([*written, *ALWAYS[name]]))


# ---- where control goes

def _control(recording: Recording, index: int, step: Step, handlers: Sequence[int]) -> Family:
    number = str(step.processor or 0)
    before, after = recording.scene(index), recording.scene(index + 1)
    about, tried = _mistakes(recording, index, step, before, handlers)
    there = after["processors"][number]
    reached, changed = int(there["rip"], 16), there["mode"] != before["processors"][number]["mode"]
    right = _place(there["mode"], reached)
    wrong: dict[str, Choice] = {}
    for mode, rip, why in tried:
        place = _place(mode, rip)
        if why == "next" and rip == reached:        # only the operation is wrong
            why = "operation" if changed else "unchanged"
        if place != right:
            wrong.setdefault(place, Choice(place, why))
    return Family("control", Position(index), Position(index + 1), "", about, right, tuple(wrong.values()))


def _place(mode: str, rip: int) -> str:
    return f"{mode}:{rip & MASK64:x}"


Tried = list[tuple[str, int, str]]


_OTHER_OPERATION: Final = {"off": "root", "root": "off", "non_root": "root"}


def _mistakes(recording: Recording, index: int, step: Step, before: Mapping[str, Any],
              handlers: Sequence[int]) -> tuple[str, Tried]:
    """What happens in the step, and where one may think that control goes."""
    failed, entered, left = (_event(step, kind) for kind in (ev.EntryFailed, ev.VmEntry, ev.VmExit))
    here, behind = step.rip, step.rip + _length(step, before)
    crossing = failed or entered or left
    if crossing is None:
        mode = before["processors"][str(step.processor or 0)]["mode"]
        why = "other_handler" if _event(step, ev.FaultEvent) else "no_fault"
        return "step", [(mode, behind, "next"), (_OTHER_OPERATION[mode], behind, "next"),
                        *((mode, handler, why) for handler in handlers), (mode, here, "stays")]
    fields = before["vmcs"].get(f"{crossing.vmcs:x}", {}).get("fields", {})
    host, guest = (int(fields.get(name, "0"), 16) for name in ("host_rip", "guest_rip"))
    if failed is not None:
        early = failed.reason in EARLY
        other = ("root", host, "no_exit") if early else ("root", behind, "behind_late")
        return "fails" if early else "fails_late", [other, ("non_root", guest, "enters"), ("root", here, "stays")]
    if left is not None and entered is None:
        back = [("root", place, "returns") for place in _behind_entry(recording, index)]
        return "exit", [*back, ("non_root", behind, "goes_on"), ("non_root", here, "retries")]
    whole: Tried = [("root", behind, "behind"), ("root", host, "host")]
    if _event(step, ev.Interrupt) and left is None:
        return "injected", [*whole, ("non_root", guest, "uninjected"), ("root", here, "stays")]
    told = before["vms"].get(getattr(crossing, "vm", ""), {}).get("last_exit")
    if told:                                        # the guest comes back
        length = int(fields.get("exit_instruction_length", "0"), 16)
        whole += [("non_root", int(told["rip"], 16), "again"), ("non_root", guest + length, "skips")]
    return "exit" if left else "entry", [*whole, ("root", here, "stays")]


def _length(step: Step, before: Mapping[str, Any]) -> int:
    """The length of the instruction that the step executes or would have executed; 0 where none is known."""
    executed = _event(step, ev.Instruction)
    coming = before["processors"][str(step.processor or 0)].get("next")
    return executed.length if executed is not None else coming["length"] if coming else 0


def _behind_entry(recording: Recording, index: int) -> list[int]:
    """The address behind the latest VMLAUNCH or VMRESUME, where there was one."""
    at = bisect_right(recording.entries, Position(index)) - 1
    if at < 0:
        return []
    entering = recording.step(recording.entries[at].step - 1)
    executed = _event(entering, ev.Instruction)
    return [] if executed is None else [entering.rip + executed.length]


def _event(step: Step, kind: type[Any]) -> Any:
    """The first event of a kind in a step; None without one."""
    return next((event for event in step.events if isinstance(event, kind)), None)
