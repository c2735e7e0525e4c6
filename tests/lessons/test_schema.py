"""What lesson.yaml may hold, and that an error leads its author to the line and to a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from vmviz.errors import LessonError

STOP = "{id: inside, on: {event: vmx_outcome, instruction: vmxon}}"


def the_error(sketch) -> LessonError:
    with pytest.raises(LessonError) as caught:
        sketch.load()
    assert caught.value.file.startswith("sketch/")
    return caught.value


def test_the_example_that_new_lessons_begin_with_loads(sketch) -> None:
    lesson = sketch.load()
    assert lesson.name == "sketch"
    assert [stop.id for stop in lesson.form.stops] == ["before", "inside", "after"]
    assert set(lesson.texts) == {"en", "pt-BR"}


def test_a_lesson_without_part_and_level_is_for_beginners_and_in_no_part(sketch) -> None:
    form = sketch.change("lesson.yaml", "level: beginner\n", "").load().form
    assert form.level == "beginner" and form.part is None and form.prerequisites == ()


@pytest.mark.parametrize("count", [0, 7])
def test_one_to_six_goals_are_accepted(sketch, count: int) -> None:
    form = sketch.folder / "lesson.yaml"
    words = form.read_text(encoding="utf-8")
    first, last = words.index("goals:"), words.index("start: start")
    goals = f"goals: [{', '.join(count * ['{en: Say., pt-BR: Dizer.}'])}]\n"
    form.write_text(words[:first] + goals + words[last:], encoding="utf-8")
    assert "length" in the_error(sketch).message


@pytest.mark.parametrize(("old", "new", "said"), [
    ("minutes: 2", "minuts: 2", "no key 'minuts'"),
    ("minutes: 2", "minutes: 2\nprocessors: 9", "<= 8"),
    ("minutes: 2", "minutes: 2\noutside: [{tick: 5, kind: smi}]", "smi"),
    ("minutes: 2", "minutes: 2\noutside: [{tick: -5, kind: nmi}]", ">= 0"),
    ("minutes: 2", "minutes: 2\noutside: [{tick: 5, kind: nmi, vector: 7}]", "an nmi has no vector"),
    ("minutes: 2", "minutes: 2\noutside: [{tick: 5, kind: sipi}]", "a sipi needs a vector"),
    ("minutes: 2", "minutes: 2\noutside: [{tick: 5, kind: interrupt, vector: 3}]", "16 to 255"),
    ("minutes: 2", "minutes: 2\noutside: [{tick: 5, kind: nmi, processor: 1}]", "no processor 1"),
    ("minutes: 2", "minutes: 2\npart: F", "'F'"),
    ("level: beginner", "level: expert", "'expert'"),
    ("minutes: 2", "minutes: 2\nprerequisites: [Not A Name]", "matching"),
    ("minutes: 2", "minutes: 2\nprerequisites: [vmxon, vmxon]", "already the name"),
    ("    pt-BR: Dizer", "    pt: Dizer", "no key 'pt'"),
    ("minutes: 2", "minutes: two", "expected `int`"),
    ("minutes: 2", "minutes: 999", "<= 30"),
    ("start: start\n", "", "'start' is missing"),
    ("where: root", "where: B", "'B' is no place for code"),
    ("    where: root", "    ring: 7\n    where: root", "7"),
    (", pt-BR: o programa", "", "'pt-BR' is missing"),
    (", pt-BR: o programa", ", pt-BR: o programa, de: das Programm", "no key 'de'"),
    (STOP, "{id: Inside, on: {at: start}}", "matching"),
    (STOP, "{id: inside, on: {event: vm_exti}}", "no event 'vm_exti'"),
    (STOP, "{id: inside, on: {event: vm_exit, raeson: cpuid}}", "no field 'raeson'"),
    (STOP, "{id: inside, on: {event: vm_exit, reason: [10]}}", "can be matched"),
    (STOP, "{id: inside, on: {}}", "either 'event' or 'at'"),
    (STOP, "{id: inside, on: {at: start, event: vm_exit}}", "either 'event' or 'at'"),
    (STOP, "{id: inside, on: {at: start, reason: 10}}", "'at' takes a label"),
    (STOP, "{id: inside, on: {at: start}, phase: 2}", "has no phases"),
    (STOP, "{id: inside, on: {event: vm_exit, nth: 0}}", "counts from 1"),
    (STOP, "{id: inside, on: {event: vm_exit, nth: first}}", "counts from 1"),
    (STOP, "{id: inside, on: {event: vm_exit}, phase: 9}", "<= 6"),
    (STOP, "{id: before, on: {at: start, nth: 2}}", "already the name"),
    ("name: sketch", "name: other", "its folder is 'sketch'"),
    ("name: sketch", "name: sketch\nname: sketch", "written twice"),
    ("minutes: 2", "minutes: &m 2\nx: *m", "alias"),
    ("minutes: 2", "minutes: !!python/object/apply:os.system [true]", "expected `int`"),
    ("minutes: 2", "minutes: 2026-13-45", "cannot be read"),
    ("minutes: 2", "minutes: " + 30 * "[" + 30 * "]", "nested too deeply"),
    ("minutes: 2", "minutes: [", "not YAML"),
    ("minutes: 2", "minutes: \x07", "not YAML"),
])
def test_what_does_not_belong_there_is_refused(sketch, old: str, new: str, said: str) -> None:
    error = the_error(sketch.change("lesson.yaml", old, new))
    assert said in error.message


@pytest.mark.parametrize(("old", "new", "marker"), [
    ("minutes: 2", "minutes: 2\nminuts: 3", "minuts"),
    (STOP, "{id: inside, on: {event: vm_exti}}", "vm_exti"),
    (STOP, "{id: inside, on: {event: vm_exit, raeson: cpuid}}", "raeson"),
    ("name: {en: the program, pt-BR: o programa}", "name: {en: the program}", "en: the program"),
])
def test_an_error_names_line_column_and_remedy(sketch, line_of, old: str, new: str, marker: str) -> None:
    error = the_error(sketch.change("lesson.yaml", old, new))
    assert error.line == line_of(sketch.folder / "lesson.yaml", marker)
    assert error.column >= 1 and error.remedy
    assert str(error).startswith(f"sketch/lesson.yaml:{error.line}:{error.column}: ")


@pytest.mark.parametrize("file", ["lesson.yaml", "program.asm", "text.en.md", "text.pt-BR.md"])
@pytest.mark.parametrize(("content", "said"), [
    (b"", "empty"),
    (b" \n\n", "empty"),
    (b"\xff\xfe\x00words", "not UTF-8"),
    (b"x" * 10_000_000, "at most"),
])
def test_an_empty_huge_or_undecodable_file_is_refused(sketch, file: str, content: bytes, said: str) -> None:
    error = the_error(sketch.write(file, content))
    assert error.file == f"sketch/{file}" and said in error.message and error.remedy


@pytest.mark.parametrize("file", ["program.asm", "text.en.md", "text.pt-BR.md"])
def test_a_missing_file_is_named(sketch, file: str) -> None:
    (sketch.folder / file).unlink()
    assert the_error(sketch).file == f"sketch/{file}"


@pytest.mark.parametrize("yaml", [b"[]", b"just words", b"42", b"# nothing but a comment"])
def test_a_lesson_that_is_no_mapping_is_refused(sketch, yaml: bytes) -> None:
    assert the_error(sketch.write("lesson.yaml", yaml)).remedy


def test_a_byte_order_mark_does_no_harm(sketch) -> None:
    path: Path = sketch.folder / "lesson.yaml"
    sketch.write("lesson.yaml", b"\xef\xbb\xbf" + path.read_bytes())
    assert sketch.load().name == "sketch"
