"""The fields of the VMCS as the reference shows them, in the six groups of the manual."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vmviz.machine.vmx import vmcs
from vmviz.machine.vmx.entry_rules import MSR_LOAD, ROWS
from vmviz.spec import CONTROL_FIELDS, FIELDS
from vmviz.spec.manual import LAYOUT_OF, QUALIFICATION_LAYOUTS
from vmviz.spec.rows import Field
from vmviz.web.handbook.entries import Entry, Fact, Group, Part, Translate, control_target, listed
from vmviz.web.handbook.explained import MODELS, entry, processors
from vmviz.web.handbook.phrases import Said
from vmviz.web.handbook.targets import Target, target
from vmviz.web.reference import language_of, words

GROUPS: Final = ("guest_state", "host_state", "execution_controls", "exit_controls", "entry_controls", "exit_info")
_WIDTHS: Final = {16: 0, 64: 1, 32: 2, 0: 3}    # the codes of a field encoding
_ANY: Final = frozenset({"always", "dual_monitor_treatment"})
_CONTROLS: Final = {field.name: group for group, field in CONTROL_FIELDS.items()}


def group_of(field: Field) -> str:
    """Which of the six groups a field belongs to."""
    return next(group for group in GROUPS if field.group.startswith(group))


def fields(lang: str, t: Translate) -> tuple[Group, ...]:
    """All fields by group, in the order of their encodings."""
    return tuple(Group(group, Said(t(f"reference.group.{group}")),
                       tuple(_entry(field, lang, t) for field in FIELDS if group_of(field) == group))
                 for group in GROUPS)


def _entry(field: Field, lang: str, t: Translate) -> Entry:
    return entry(f"field.{field.name}", lang, _facts(field, lang, t), f"0x{field.encoding:04X}")


def _facts(field: Field, lang: str, t: Translate) -> Iterator[Fact]:
    width = words(lang)["value"][f"vmcs_encoding.width.{_WIDTHS[field.width]}"]
    high = (Part(" · "), Part(t("reference.high", encoding=f"0x{field.encoding + 1:04X}"))) if field.has_high else ()
    yield Fact("reference.width", (Part(width, lang=language_of(lang)), *high))
    access = "reference.read_only" if field.type == "read_only" else "reference.read_write"
    yield Fact("reference.access", (Part(t(access)),))
    comes_with = control_target(field.introduced_with)
    if field.introduced_with not in _ANY:
        yield Fact("reference.comes_with", (Part(field.introduced_with, comes_with, code=True),))
    yield processors((model.name for model in MODELS if field.encoding in vmcs.supported_fields(model)), t)
    layout = _layout(field)
    if layout:
        yield Fact("reference.layout", layout)
    checks = checks_of(field.name)
    if checks:
        yield Fact("reference.checked_by", listed(Part(name, target(f"check.{name}"), code=True) for name in checks))


def _layout(field: Field) -> tuple[Part, ...]:
    if field.name in _CONTROLS:
        group = _CONTROLS[field.name]
        return (Part(group, Target("controls", group), code=True),)
    if field.name == "exit_qualification":
        return listed(Part(name, Target("bits", name), code=True) for name in QUALIFICATION_LAYOUTS.values())
    name = LAYOUT_OF.get(field.name)
    return (Part(name, Target("bits", name), code=True),) if name else ()


def checks_of(field: str) -> tuple[str, ...]:
    """The checks of VM entry that look at a field, in their order."""
    lists = [f"msr_load.{name}" for name in dict.fromkeys(MSR_LOAD.values())] if field in (
        "entry_msr_load_address", "entry_msr_load_count") else []
    return (*(row.id for row in ROWS if field in row.fields), *lists)


