"""What if: a change at a step, and the run that follows from it, over a real websocket; the lesson stays as it was."""

from __future__ import annotations

import pytest

from tests.web.following import follow

LESSON = "first-guests"


@pytest.fixture(scope="module")
def server(course):
    return course


def first_exit(opened):
    return opened["outline"]["exits"][0]["step"]


def registers(scene):
    return scene["processors"]["0"]["registers"]


def forked(client, *changes):
    """The answer to a fork, and the last word about its recording."""
    ack = client.ask("fork", {"changes": list(changes)})
    assert ack["ok"], ack
    told = ack["recording"]
    if not told["done"]:
        told = client.wait(lambda: next((told for told in client.got("recording") if told["done"]), None))
    return ack, told


def test_a_register_that_is_changed_is_changed_from_that_step_on(client):
    opened = client.open(LESSON)
    step = first_exit(opened) - 3
    client.ask("seek", {"step": step})
    before = registers(follow(client, opened)[1])
    ack, _ = forked(client, {"slot": "r15", "value": "abc"})
    assert ack["position"] == {"step": step, "phase": 0} and ack["session"] == opened["session"]
    assert registers(ack["snapshot"]["scene"])["r15"] == "abc" != before["r15"]
    assert any(event["type"] == "note" and event["id"] == "what_if" for event in ack["snapshot"]["events"])
    client.ask("step", {"by": -1})
    at, scene = follow(client, ack)
    assert at["step"] == step - 1 and registers(scene)["r15"] == before["r15"]
    client.ask("step", {"by": 5})
    assert registers(follow(client, ack)[1])["r15"] == "abc"


def test_a_field_that_is_broken_makes_the_next_entry_fail_and_the_lesson_is_as_it_was(client):
    opened = client.open(LESSON)
    entry = opened["outline"]["entries"][0]["step"]
    client.ask("seek", {"step": entry - 1})
    at, scene = follow(client, opened)
    vmcs = scene["processors"]["0"]["current_vmcs"]
    ack, _ = forked(client, {"slot": f"vmcs:{vmcs}:guest_rflags", "value": "0"})
    client.ask("step", {"by": 1})
    told = client.got("frame")[-1]["events"]
    assert [event["check"] for event in told if event["type"] == "entry_failed"] == ["guest.rflags_reserved"]
    back = client.ask("open", {"lesson": LESSON, "session": ack["session"], "at": {"step": entry}})
    assert back["ok"] and back["length"] == opened["length"]
    assert back["snapshot"]["scene"]["processors"]["0"]["mode"] == "non_root"


def test_an_interrupt_that_is_sent_arrives(client):
    opened = client.open(LESSON)
    client.ask("seek", {"step": first_exit(opened) - 2})
    ack, _ = forked(client, {"nmi": True}, {"interrupt": 64})
    kinds = [event["kind"] for event in ack["snapshot"]["events"] if event["type"] == "signal"]
    assert kinds == ["nmi", "interrupt"]


def test_a_fork_of_a_fork_has_both_changes(client):
    client.open(LESSON)
    client.ask("seek", {"step": 20})
    forked(client, {"slot": "r14", "value": "1"})
    client.ask("step", {"by": 3})
    ack, _ = forked(client, {"slot": "r15", "value": "2"})
    seen = registers(ack["snapshot"]["scene"])
    assert (seen["r14"], seen["r15"]) == ("1", "2") and ack["position"]["step"] == 23


def test_a_run_that_never_ends_ends_at_its_limit(client):
    opened = client.open(LESSON)
    client.ask("step", {"by": 3})
    _, end = forked(client, {"slot": "rip", "value": opened["listing"]["symbols"]["never_a"]})
    assert end["end"]["reason"] == "steps" and end["length"] >= 49_999


@pytest.mark.parametrize("changes", [
    [], [{}], "rax", [{"slot": "rax"}], [{"value": "1"}], [{"slot": "cr0", "value": "1"}], [None],
    [{"slot": "rax", "value": "xyz"}], [{"interrupt": 5}], [{"interrupt": 300}], [{"nmi": True, "interrupt": 64}],
    [{"slot": "rax", "value": "1"}] * 17, [{"slot": "vmcs:1:guest_cs_selector", "value": "12345"}],
    [{"slot": "memory:0", "value": "100"}],
])
def test_what_cannot_be_changed_is_refused(client, changes):
    client.open(LESSON)
    client.ask("step", {"by": 3})
    refused = client.ask("fork", {"changes": changes})
    assert not refused["ok"] and refused["error"]["code"] == "bad_arguments"


def test_changes_are_made_at_whole_steps_only(client):
    opened = client.open(LESSON)
    assert client.ask("fork", {"changes": [{"slot": "rax", "value": "1"}]})["error"]["code"] == "bad_arguments"
    client.ask("seek", {"step": first_exit(opened) - 1, "phase": 2})
    assert client.ask("fork", {"changes": [{"slot": "rax", "value": "1"}]})["error"]["code"] == "bad_arguments"


def test_a_fork_late_in_a_long_run_shows_its_place_at_once(client):
    text = "bits 64\norg 0x100000\nagain: inc rax\nmov [0x200000], rax\njmp again"
    opened = client.ask("open", {"program": {"source": text}})
    assert opened["ok"], opened
    if not opened["recording"]["done"]:
        client.wait(lambda: any(told["done"] for told in client.got("recording")))
    assert client.ask("seek", {"step": 40_000})["position"]["step"] == 40_000
    ack = client.ask("fork", {"changes": [{"slot": "r15", "value": "abc"}]})
    assert ack["position"] == {"step": 40_000, "phase": 0}
    assert registers(ack["snapshot"]["scene"])["r15"] == "abc"
