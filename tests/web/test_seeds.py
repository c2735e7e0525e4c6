"""Variants by seed: addresses, commands and sessions lead to the same one, without a seed to the lesson as written."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest

from vmviz.web.lesson_shelf import LessonShelf
from vmviz.web.seeds import recalled, remembered, seed_in, variant_of

LESSON = "first-exit"
RAX = {0: "5", 1: "7", 2: "1234", 3: "80000008"}         # GUEST_RAX of the variants


@pytest.fixture(scope="module")
def server(course):
    return course


def fetched(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read().decode()


def boot(url):
    """What a page starts from."""
    return json.loads(re.search(r'id="vmviz-boot">(.*?)</script>', fetched(url), re.DOTALL)[1])


def rax_at_the_handler(client, seed):
    exits = client.open(LESSON, seed=seed)["outline"]["exits"]
    opened = client.open(LESSON, seed=seed, at={"step": exits[0]["step"]})
    return opened["snapshot"]["scene"]["processors"]["0"]["registers"]["rax"]


@pytest.mark.parametrize("asked", [None, "", "-1", "+7", "1.5", "0x7", "٧", "1234567", "seven", "7;", " 7"])
def test_what_is_no_small_whole_number_is_as_without(asked) -> None:
    assert seed_in(asked) == 0


def test_a_seed_chooses_always_the_same_variant_and_neighbours_have_others() -> None:
    assert [variant_of(seed, 4) for seed in range(6)] == [0, 1, 2, 3, 0, 1]
    assert variant_of(seed_in("7"), 4) == 3 and variant_of(7, 1) == 0
    for variant in range(4):
        assert recalled(remembered(LESSON, variant)) == (LESSON, variant)
    assert remembered(LESSON, 0) == LESSON


def test_each_variant_has_a_recording_of_its_own_that_is_shared() -> None:
    shelf = LessonShelf(1 << 27)
    recordings = [shelf.recording(LESSON, number) for number in range(shelf.variants(LESSON))]
    assert len({recording.key for recording in recordings}) == len(recordings) == 4
    assert shelf.recording(LESSON, 2) is recordings[2] and shelf.recording(LESSON) is recordings[0]
    assert shelf.base(LESSON, 2).source.key != shelf.base(LESSON).source.key
    assert "1234h" in shelf.text(LESSON, "en", 2)["stops"]["own-state"]["html"]
    small = LessonShelf(1)                          # the limit is one for all: the latest stays
    assert small.recording(LESSON, 1) is not small.recording(LESSON, 2) and len(small.library._kept) == 1


def test_pages_and_routes_show_the_variant_of_the_seed(course) -> None:
    plain, seeded = boot(f"{course.url}/lesson/{LESSON}"), boot(f"{course.url}/embed/{LESSON}?seed=7")
    assert (plain["seed"], plain["variant"], plain["variants"]) == (0, 0, 4)
    assert (seeded["seed"], seeded["variant"], seeded["variants"]) == (7, 3, 4)
    assert "80000008h" in seeded["text"]["stops"]["own-state"]["html"]
    assert boot(f"{course.url}/lesson/{LESSON}?seed=x")["text"] == plain["text"]
    api = f"{course.url}/api/lessons/{LESSON}"
    assert "1234h" in json.loads(fetched(f"{api}/text?lang=en&seed=2"))["stops"]["own-state"]["html"]
    assert "equ 0x1234" in fetched(f"{api}/listing?seed=2").replace("4660", "0x1234")
    at = json.loads(fetched(f"{api}/outline"))["exits"][0]["step"]
    registers = json.loads(fetched(f"{api}/snapshot?at={at}&seed=1"))["scene"]["processors"]["0"]["registers"]
    assert registers["rax"] == RAX[1]
    assert f'href="/lesson/{LESSON}?seed=7"' in fetched(f"{course.url}/embed/{LESSON}?seed=7")
    assert f'href="/lesson/{LESSON}?seed=7&amp;drive=1"' in fetched(f"{course.url}/embed/{LESSON}?drive=1&seed=7")


def test_a_seed_in_an_address_goes_into_the_frame_of_its_oembed(course) -> None:
    address = urllib.parse.quote(f"{course.url}/lesson/{LESSON}?seed=7&drive=1", safe="")
    assert "seed=7&amp;drive=1" in json.loads(fetched(f"{course.url}/oembed?url={address}"))["html"]


def test_a_session_comes_back_to_the_variant_and_the_place_where_it_was(client) -> None:
    for seed, variant in ((0, 0), (2, 2), (6, 2), (7, 3)):
        assert rax_at_the_handler(client, seed) == RAX[variant]
    opened = client.open(LESSON, seed=2)
    client.ask("seek", {"step": 9})
    again = client.open(LESSON, seed=6, session=opened["session"])
    assert again["position"]["step"] == 9
    assert client.open(LESSON, session=opened["session"])["position"]["step"] == 0


def test_what_if_goes_on_in_the_variant(client) -> None:
    opened = client.open(LESSON, seed=3)
    at = opened["outline"]["exits"][0]["step"]
    client.ask("seek", {"step": at})
    ack = client.ask("fork", {"changes": [{"slot": "r15", "value": "1"}]})
    assert ack["ok"] and ack["snapshot"]["scene"]["processors"]["0"]["registers"]["rax"] == RAX[3]


@pytest.mark.parametrize("seed", [-1, 1_000_000, "7", 1.5, None])
def test_a_seed_that_is_none_is_refused(client, seed) -> None:
    ack = client.ask("open", {"lesson": LESSON, "seed": seed})
    assert ack["error"]["code"] == "bad_arguments"
