"""The checks of a VM entry as a page gets them: all rows in the machine's order, each with its words."""
from __future__ import annotations

import json

import pytest

from vmviz.machine.vmx import entry_rules
from vmviz.web import checks
from vmviz.web.i18n import catalogues

GROUPS = json.loads(bytes(checks.checks()))["groups"]
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
