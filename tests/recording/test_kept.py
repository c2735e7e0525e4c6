"""What was made is kept under limits of number and weight."""

from __future__ import annotations

from vmviz.recording.kept import Kept


def filled(kept, *keys):
    made = []
    for key in keys:
        kept.get(key, lambda key=key: made.append(key) or key)
    return made


def test_a_thing_is_made_once_and_the_one_used_last_stays():
    kept = Kept(2)
    assert filled(kept, "a", "b", "a", "c", "a", "b") == ["a", "b", "c", "b"]
    assert len(kept) == 2


def test_heavy_things_push_out_others_and_the_last_is_kept_whatever_it_weighs():
    kept = Kept(10, weigh=len, heaviest=5)
    assert filled(kept, "aa", "bb", "aa", "cc", "bb") == ["aa", "bb", "cc", "bb"]
    filled(kept, "d" * 99)
    assert len(kept) == 1 and kept.weight == 99
    filled(kept, "e")
    assert len(kept) == 1 and kept.weight == 1
