"""The form of the programs, and that each line on which Bochs departs from the manual is explained."""
from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.conformance.bochs import FOLDERS, header, programs
from tests.conformance.departures import departures, differing_lines
from tests.conformance.run import MODELS, model_of

DEPARTING = [source for source in programs() if source.with_suffix(".bochs").exists()]


@pytest.mark.parametrize("source", DEPARTING, ids=lambda source: source.stem)
def test_each_line_that_departs_is_explained_and_each_explanation_is_used(source: Path) -> None:
    rows = [row for row in departures() if row.program == source.stem]
    lines = list(differing_lines(source))
    assert lines, "Bochs does not depart: remove the .bochs file"
    assert not [line for line in lines if not any(row.explains(line) for row in rows)]
    assert not [row for row in rows if not any(row.explains(line) for line in lines)]


def test_an_explanation_names_a_program_that_departs_and_a_section() -> None:
    assert {row.program for row in departures()} == {source.stem for source in DEPARTING}
    assert all(row.bochs and row.manual and row.section for row in departures())


@pytest.mark.parametrize("source", programs(), ids=lambda source: source.stem)
def test_a_program_says_what_it_shows_and_where_the_manual_has_it(source: Path) -> None:
    first = source.read_text().splitlines()[:3]
    assert first[0].startswith("; TITLE: ") and first[1].startswith("; SDM: ")
    assert header(source, "TITLE") and header(source, "SDM")
    assert model_of(source) in MODELS


def test_names_are_unique_and_every_file_belongs_to_a_program() -> None:
    names = Counter(source.stem for source in programs())
    assert max(names.values()) == 1
    files = [path for folder in FOLDERS for path in folder.iterdir() if path.name != "README.md"]
    assert {path.stem for path in files} == set(names)
    assert {path.suffix for path in files} <= {".asm", ".expected", ".bochs"}
