"""What stretches of a run did to memory: from any chunk boundary to any other, and the same cells kept once."""
from __future__ import annotations

from array import array

from hypothesis import given, settings
from hypothesis import strategies as st

from vmviz.machine.memory import PAGE, FlatMemory
from vmviz.machine.spans import Span, Spans

CELLS = 6
VALUES = st.integers(0, 2**64 - 1)
# What a chunk writes: often the same cells as the one before.
WRITES = st.lists(st.one_of(st.dictionaries(st.integers(0, CELLS - 1), VALUES),
                            st.fixed_dictionaries(dict.fromkeys((1, 3, 4), VALUES))), min_size=1, max_size=20)


def spans_of(chunks: list[dict[int, int]]) -> tuple[Spans, list[list[int]]]:
    """The spans of chunks that write these cells, and all cells at each boundary."""
    spans, states = Spans(), [[0] * CELLS]
    for chunk in chunks:
        cells = sorted(chunk)
        old = [states[-1][cell] for cell in cells]
        spans.add(Span(array("Q", cells), array("Q", old), array("Q", (chunk[cell] for cell in cells))))
        states.append([chunk.get(cell, states[-1][cell]) for cell in range(CELLS)])
    return spans, states


@settings(deadline=None)
@given(WRITES, st.data())
def test_a_jump_between_any_two_boundaries_finds_what_was_there(chunks: list[dict[int, int]],
                                                                data: st.DataObject) -> None:
    spans, states = spans_of(chunks)
    memory, here = FlatMemory(PAGE), 0
    for there in data.draw(st.lists(st.integers(0, len(chunks)), max_size=6)):
        spans.jump(memory, here, there)
        assert [memory.read_entry(8 * cell) for cell in range(CELLS)] == states[there]
        here = there


@given(WRITES)
def test_spans_that_travel_are_the_same_spans(chunks: list[dict[int, int]]) -> None:
    spans, _ = spans_of(chunks)
    taken = Spans()
    for number in range(len(chunks)):
        taken.take([Span(*map(array, "QQQ", span)) for span in spans.completed(number)])
    for low in range(len(chunks)):
        for high in range(low, len(chunks) + 1):
            assert list(taken.path(low, high)) == list(spans.path(low, high))
    assert taken.frames == spans.frames


def test_cells_that_are_written_again_and_again_are_kept_once() -> None:
    again, _ = spans_of([{1: n, 3: n} for n in range(64)])
    assert len({id(span.cells) for level in range(64) for span in again.path(level, 64)}) == 1
    other, _ = spans_of([{n % 2: n, 2 + n % 2: n} for n in range(64)])
    assert again.bytes_kept < other.bytes_kept
    for spans in (again, other):
        kept = {id(column): len(column) for low in range(64) for high in range(low, 65)
                for span in spans.path(low, high) for column in span}
        assert spans.bytes_kept == 8 * sum(kept.values())
