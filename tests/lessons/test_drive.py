"""Where a learner drives: in every lesson and variant one answer is right, the machine's, and no two are the same."""

from __future__ import annotations

import re
import shutil
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vmviz.errors import LessonError
from vmviz.lessons import COURSE, lesson_names, load, load_folder
from vmviz.lessons.drive import KINDS
from vmviz.lessons.drive_families import NEVER, families
from vmviz.lessons.performance import prepare
from vmviz.lessons.recorded import record
from vmviz.recording.positions import Position, nearest

ALL = [(name, variant) for name in lesson_names() for variant in range(load(name).variants)]


@cache
def recorded(name: str, variant: int = 0):
    return record(prepare(load(name).variant(variant)))


@cache
def again(name: str):
    return record(prepare(load(name)))


@pytest.mark.parametrize(("name", "variant"), ALL)
def test_every_vm_entry_and_exit_is_asked_about_unless_the_lesson_says_otherwise(name, variant) -> None:
    recording = recorded(name, variant)
    crossings = [step for step in range(recording.length) if recording.phases(step)]
    drive = load(name).form.drive
    if drive.on is None and drive.from_ is None and drive.to is None:
        assert list(recording.drive.steps) == crossings
        taken = {question.at for question in recording.questions}
        asked = [step for step in crossings if any(family.at not in taken for family in families(recording, step))]
        assert [point.id for point in recording.drive.points(0)] == [str(step) for step in asked]
    assert set(recording.drive.steps) <= set(range(recording.length))


@pytest.mark.parametrize(("name", "variant"), ALL)
def test_one_answer_is_right_and_no_two_are_the_same(name, variant) -> None:
    recording = recorded(name, variant)
    for seed in (*range(6), 999_999):
        for point in recording.drive.points(seed):
            assert 2 <= len(point.choices) <= 4 and len(set(point.choices)) == len(point.choices), point
            assert [point.grade(choice)[0] for choice in point.choices].count(True) == 1
            assert point.grade(point.right) == (True, point.family.about)
            assert all(point.grade(choice)[1] not in ("", "other") for choice in point.choices)
            assert point.grade("nonsense") == (False, "other")


@pytest.mark.parametrize(("name", "variant"), ALL)
def test_positions_exist_and_the_answer_comes_after_the_question(name, variant) -> None:
    recording = recorded(name, variant)
    asked = {question.at for question in recording.questions}
    for seed in range(6):
        points = recording.drive.points(seed)
        assert [point.at for point in points] == sorted(point.at for point in points)
        for point in points:
            assert point.at < point.answered and point.at not in asked
            for at in (point.at, point.answered):
                assert nearest(*at, recording.length, recording.phases) == at


@pytest.mark.parametrize(("name", "variant"), ALL)
def test_what_is_right_is_what_the_machine_does(name, variant) -> None:
    recording = recorded(name, variant)
    for step in recording.drive.steps:
        told = recording.step(step)
        number = str(told.processor or 0)
        for family in families(recording, step):
            before, after = (recording.scene(*at) for at in (family.at, family.answered))
            ids = [family.right, *(wrong.id for wrong in family.wrong)]
            assert len(set(ids)) == len(ids)
            if family.kind == "control":
                processor = after["processors"][number]
                assert family.right == f"{processor['mode']}:{processor['rip']}"
            elif family.kind == "phase":
                done = told.phases[family.at.phase]
                assert family.right == f"{done.of}.{done.name}"
            else:
                assert family.about == f"{told.phases[family.at.phase].of}.{told.phases[family.at.phase].name}"
                vmcs = before["processors"][number]["current_vmcs"]
                fields, then = before["vmcs"][vmcs]["fields"], after["vmcs"][vmcs]["fields"]
                for wrong in family.wrong:              # what is called untouched is untouched
                    assert fields.get(wrong.id) == then.get(wrong.id), (family, wrong)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 999_999))
def test_a_seed_gives_the_same_always_and_the_kinds_take_turns(seed) -> None:
    first, second = recorded("first-guests").drive, again("first-guests").drive
    assert [point.to_wire() for point in first.points(seed)] == [point.to_wire() for point in second.points(seed)]
    assert {point.family.kind for point in first.points(seed)} == set(KINDS)


def test_neighbours_are_asked_other_things_and_places_of_the_right_answer_vary() -> None:
    drive = recorded("first-guests").drive
    assert len({tuple(point.choices for point in drive.points(seed)) for seed in range(20)}) == 20
    places = [point.choices.index(point.right) for seed in range(20) for point in drive.points(seed)]
    assert all(places.count(place) > len(places) / 8 for place in range(4))


def test_no_right_answer_travels() -> None:
    for point in recorded("first-guests").drive.points(3):
        wire = point.to_wire()
        assert set(wire) <= {"id", "step", "phase", "kind", "asks", "choices"}
        assert wire.get("asks", "") in ("", "entry.first", "entry.next", "exit.first", "exit.next", *NEVER)


@pytest.mark.parametrize(("name", "reason", "right", "whys"), [
    ("first-exit", "exit", "root", {"returns", "goes_on", "retries"}),
    ("first-exit", "entry", "non_root", {"behind", "host", "stays"}),
    ("entry-fails", "fails", "root", {"no_exit", "enters", "stays"}),
    ("entry-fails", "fails_late", "root", {"behind_late", "enters", "stays"}),
])
def test_each_outcome_has_mistakes_of_its_own(name, reason, right, whys) -> None:
    recording = recorded(name)
    found = [family for step in recording.drive.steps for family in families(recording, step)
             if family.kind == "control" and family.about == reason]
    assert found and all(family.right.startswith(f"{right}:") for family in found)
    assert whys <= {wrong.why for family in found for wrong in family.wrong}


def test_what_a_lesson_asks_makes_it_another_recording(sketch) -> None:
    before = record(prepare(sketch.load())).key
    sketch.change("lesson.yaml", "\nexpects:", "\ndrive: {on: []}\nexpects:")
    assert record(prepare(sketch.load())).key != before


def drive_at(sketch, text: str):
    sketch.change("lesson.yaml", "\nexpects:", f"\n{text}\nexpects:")
    return record(prepare(sketch.load())).drive


def test_a_lesson_names_its_own_places(sketch) -> None:
    drive = drive_at(sketch, "drive: {on: [{event: mode}]}")
    point, = drive.points(0)
    assert point.family.kind == "control" and point.right.startswith("root:")
    assert sorted(point.grade(choice)[1] for choice in point.choices) == ["operation", "stays", "step"]
    assert point.at == Position(drive.steps[0]) and point.answered == Position(drive.steps[0] + 1)


def test_bounds_leave_out_what_is_before_and_after(tmp_path) -> None:
    folder = shutil.copytree(COURSE / "first-guests", tmp_path / "first-guests")
    shutil.copy(COURSE / "vmm.inc", tmp_path)
    form = folder / "lesson.yaml"
    form.write_text(form.read_text() + "\ndrive: {from: {event: vm_exit, nth: 2}, to: {event: vm_entry, nth: 3}}\n")
    whole, part = recorded("first-guests").drive.steps, record(prepare(load_folder(folder))).drive.steps
    assert 0 < len(part) < len(whole) and set(part) < set(whole)


@pytest.mark.parametrize(("text", "said"), [
    ("drive: {on: [{event: nothing}]}", "there is no event 'nothing'"),
    ("drive: {on: [{event: vm_exit}]}", "never fires"),
    ("drive: {from: {at: nowhere}}", "no label 'nowhere'"),
    ("drive: {where: [{event: mode}]}", "there is no key 'where'"),
    ("drive: {on: [{event: mode, at: start}]}", "either 'event' or 'at'"),
])
def test_a_place_that_is_none_names_its_line(sketch, line_of, text, said) -> None:
    with pytest.raises(LessonError, match=re.escape(said)) as caught:
        drive_at(sketch, text)
    assert caught.value.line == line_of(sketch.folder / "lesson.yaml", "drive:")
