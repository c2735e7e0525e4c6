"""Controls, layouts of bits and registers as the reference shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vmviz.machine.vmx import capabilities as cap
from vmviz.spec import CONTROL_BIT_ROWS, CONTROL_BITS, CONTROL_FIELDS, CONTROL_GROUP_OF, EXIT_REASONS, FIELDS
from vmviz.spec.manual import LAYOUT_OF, MANUAL, QUALIFICATION_LAYOUTS, layouts
from vmviz.spec.rows import ControlBit
from vmviz.web.handbook.entries import Entry, Fact, Group, Part, Translate, listed, of_field
from vmviz.web.handbook.explained import MODELS, bits, entry, processors
from vmviz.web.handbook.phrases import Said
from vmviz.web.handbook.targets import Target, target


def controls(lang: str, t: Translate) -> tuple[Group, ...]:
    """The bits of the control fields that have a meaning, by field."""
    return tuple(Group(group, Said(MANUAL[f"field.{field.name}"].name, "en"), tuple(
        _control(row, lang, t) for row in CONTROL_BIT_ROWS
        if row.group == group and not row.name.startswith("reserved")),
        (Fact("reference.field", (of_field(field.name),)),)) for group, field in CONTROL_FIELDS.items())


def _control(row: ControlBit, lang: str, t: Translate) -> Entry:
    return entry(f"control.{row.group}.{row.name}", lang, _facts(row, t), t("reference.bit", bit=row.bit))


def _facts(row: ControlBit, t: Translate) -> Iterator[Fact]:
    mask = 1 << row.bit
    yield processors((model.name for model in MODELS if cap.allowed(model, row.group).may & mask), t)
    fixed = [model.name for model in MODELS if cap.allowed(model, row.group).must & mask]
    if fixed:
        yield Fact("reference.must_be_1", listed(Part(name, code=True) for name in fixed))
    fields = [field.name for field in FIELDS if _is(field.introduced_with, row)]
    if fields:
        yield Fact("reference.fields_with", listed(of_field(name) for name in fields))
    reasons = [reason.number for reason in EXIT_REASONS.values()
               if any(_is(name, row) for name in re.findall(r"\w+\.\w+", reason.controlled_by))]
    if reasons:
        yield Fact("reference.exits_by", listed(
            Part(f"{number} {t(f'exit_name.{number}')}", target(f"exit.{number}")) for number in reasons))


def _is(name: str, row: ControlBit) -> bool:
    group, _, bit = name.partition(".")
    return (CONTROL_GROUP_OF.get(group, group), bit) == (row.group, row.name)


def layouts_of_bits(lang: str, t: Translate) -> tuple[Group, ...]:
    """The layouts by which values are taken apart, the control fields aside."""
    return tuple(Group(name, Said(name), (
        Entry(f"layout.{name}", "", Said(""), facts=tuple(_users(name, t)), layout=bits(name, lang)),))
        for name in layouts() if name not in CONTROL_BITS)


def _users(name: str, t: Translate) -> Iterator[Fact]:
    fields = [field.name for field in FIELDS if LAYOUT_OF.get(field.name) == name]
    registers = [user for user, layout in LAYOUT_OF.items() if layout == name and f"register.{user}" in MANUAL]
    users = [*(of_field(field) for field in fields),
             *(Part(user, target(f"register.{user}"), code=True) for user in registers)]
    users += [Part(f"{t('reference.exit_number', reason=number)} {t(f'exit_name.{number}')}", target(f"exit.{number}"))
              for number, layout in QUALIFICATION_LAYOUTS.items() if layout == name]
    if users:
        yield Fact("reference.used_by", listed(users))


def registers(lang: str, t: Translate) -> tuple[Group, ...]:
    """The registers that the page shows."""
    return (Group("", Said(""), tuple(
        entry(key, lang, _layout(key.partition(".")[2])) for key in MANUAL if key.startswith("register."))),)


def _layout(name: str) -> Iterator[Fact]:
    if name in LAYOUT_OF:
        yield Fact("reference.layout", (Part(LAYOUT_OF[name], Target("bits", LAYOUT_OF[name]), code=True),))
