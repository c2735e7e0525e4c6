"""The checks of a VM entry and the guards of the other VMX instructions as a page gets them: all rows in the machine's
order, each with its words."""
from __future__ import annotations

import json

import pytest

from vmviz.machine.vmx import entry_rules
from vmviz.spec import VMX_OUTCOMES
from vmviz.web import checks
from vmviz.web.i18n import catalogues

ANSWER = json.loads(bytes(checks.checks()))
GROUPS = ANSWER["groups"]
ROWS = [row for group in GROUPS for section in group["sections"] for row in section["rows"]]


def test_the_rows_are_those_that_the_machine_asks_in_its_order():
    assert [row for row in ROWS if not row.startswith(("guard.", "msr_load."))] == [row.id for row in entry_rules.ROWS]
    assert len(ROWS) == len(set(ROWS))
    assert set(checks.MSR_LOAD_ORDER) == set(entry_rules.MSR_LOAD.values())


def test_a_section_begins_where_the_manual_begins_one():
    titles = [section["title"] for group in GROUPS for section in group["sections"]]
    assert len(titles) == len(set(titles)) and all(titles)


@pytest.mark.parametrize("language", sorted(catalogues()))
def test_every_row_and_group_has_words(language):
    told = catalogues()[language]
    assert not [row for row in ROWS if f"check.{row}" not in told and row not in told and language in ("en", "pt-BR")]
    assert not [group["id"] for group in GROUPS if f"checks.{group['id']}" not in told]


def test_the_guards_of_an_instruction_are_its_rows_of_the_table_in_groups_of_what_they_give():
    for name, shown in ANSWER["instructions"].items():
        rows = [row["id"] for group in shown["groups"] for row in group["rows"]]
        assert rows == [row.guard for row in VMX_OUTCOMES.values() if row.instruction == name]
        assert len({row.partition(".")[2] for row in rows}) == len(rows)
        assert all(before["kind"] != after["kind"] or before["code"] != after["code"]
                   for before, after in zip(shown["groups"], shown["groups"][1:], strict=False))
    shown_of = ANSWER["instructions"]["vmptrld"]["groups"]
    assert [(group["kind"], group.get("code")) for group in shown_of] == [
        ("fault", "#UD"), ("exit", "21"), ("fault", "#GP(0)"), ("fault", "#GP(0); #SS(0); #PF"), ("fail", None)]


def test_every_instruction_is_shown_by_its_guards_or_by_the_checks_of_vm_entry():
    assert {row.instruction for row in VMX_OUTCOMES.values()} == {*ANSWER["instructions"], *checks.ENTRIES}
    guards = {row.check for row in VMX_OUTCOMES.values() if row.instruction in checks.ENTRIES} - {None}
    assert guards == {row for row in ROWS if row.startswith("guard.")}


@pytest.mark.parametrize("language", sorted(catalogues()))
def test_every_guard_has_words(language):
    told = catalogues()[language]
    rows = [row["id"] for shown in ANSWER["instructions"].values()
            for group in shown["groups"] for row in group["rows"]]
    assert not [row for row in rows
                if f"vmx_guard.{row}" not in told and f"vmx_guard.{row.partition('.')[2]}" not in told]
    used = {*rows, *(row.partition(".")[2] for row in rows)}
    assert not [key for key in told if key.startswith("vmx_guard.") and key.partition(".")[2] not in used]


def test_every_row_has_a_place_on_the_page_of_its_list(make):
    client = make()
    assert client.get(ANSWER["page"]).status_code == 200
    for shown in ANSWER["instructions"].values():
        text = client.get(shown["page"]).text
        assert not [row["id"] for group in shown["groups"] for row in group["rows"] if f'id="{row["id"]}"' not in text]
