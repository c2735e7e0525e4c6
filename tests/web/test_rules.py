"""Every rule of VM entry has its sentence on the screen, in every language."""
from __future__ import annotations

import pytest

from vmviz.machine.vmx import entry_rules
from vmviz.web.i18n import catalogues

NAMES = {row.id for row in entry_rules.ROWS} | {f"msr_load.{name}" for name in entry_rules.MSR_LOAD.values()}


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_every_rule_has_a_sentence_and_every_sentence_a_rule(language):
    told = {key.removeprefix("check.") for key in catalogues()[language] if key.startswith("check.")}
    assert told == NAMES


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_no_two_rules_read_the_same(language):
    sentences = [text for key, text in catalogues()[language].items() if key.startswith("check.")]
    assert len(set(sentences)) == len(sentences)
    assert all(len(text.split()) > 3 and not text.endswith(".") for text in sentences)
