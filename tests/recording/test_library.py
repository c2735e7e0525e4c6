"""Recordings are made once, shared, and let go when there are too many."""

from __future__ import annotations

import threading

import pytest

from vmviz.recording.library import Library


class Thing:
    def __init__(self, size):
        self.size = size


def test_what_is_there_is_not_made_again():
    library = Library(100)
    thing = library.get("a", lambda: Thing(10))
    assert library.get("a", lambda: Thing(10)) is thing


def test_the_least_recently_used_goes_first_and_is_made_again():
    library = Library(25)
    a, b = library.get("a", lambda: Thing(10)), library.get("b", lambda: Thing(10))
    assert library.get("a", lambda: Thing(10)) is a
    library.get("c", lambda: Thing(10))
    assert library.get("a", lambda: Thing(10)) is a
    assert library.get("b", lambda: Thing(10)) is not b


def test_one_that_is_larger_than_the_limit_is_kept_while_it_is_the_latest():
    library = Library(5)
    large = library.get("large", lambda: Thing(1000))
    assert library.get("large", lambda: Thing(1000)) is large


def test_two_who_ask_at_once_get_the_same():
    library, began, go_on = Library(100), threading.Event(), threading.Event()

    def slow():
        began.set()
        go_on.wait(10)
        return Thing(1)

    got = []
    threads = [threading.Thread(target=lambda: got.append(library.get("a", slow))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert began.wait(10)
    go_on.set()
    for thread in threads:
        thread.join()
    assert len(got) == 4 and len(set(map(id, got))) == 1


def test_one_that_cannot_be_made_leaves_no_trace():
    library = Library(100)

    def broken():
        raise ValueError

    with pytest.raises(ValueError):
        library.get("a", broken)
    assert library.get("a", lambda: Thing(1)).size == 1
