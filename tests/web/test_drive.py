"""Driving over the socket: what is asked, grades, and where a play waits; no answer before it was given."""

from __future__ import annotations

import pytest

LESSON = "first-exit"


@pytest.fixture(scope="module")
def server(course):
    return course


def points(client, **more):
    ack = client.ask("drive", {"seed": 5, **more})
    assert ack["ok"], ack
    return ack["points"]


def test_points_are_asked_in_order_and_hold_no_answer(client) -> None:
    opened = client.open(LESSON)
    asked = points(client)
    assert len(asked) == opened["outline"]["driven"] and asked == points(client)
    assert asked != points(client, seed=6)
    for point in asked:
        assert set(point) <= {"id", "step", "phase", "kind", "asks", "choices"}


def test_exactly_one_choice_is_graded_right_and_a_wrong_one_has_its_reason(client) -> None:
    client.open(LESSON)
    for point in points(client):
        graded = [client.ask("drive", {"seed": 5, "point": point["id"], "given": choice})
                  for choice in point["choices"]]
        assert [ack["right"] for ack in graded].count(True) == 1
        assert all(ack["about"] and "answer" not in ack for ack in graded)
        right = point["choices"][[ack["right"] for ack in graded].index(True)]
        shown = client.ask("drive", {"seed": 5, "point": point["id"]})
        assert (shown["right"], shown["answer"]) == (False, right)
        assert (shown["answered"]["step"], shown["answered"]["phase"]) > (point["step"], point["phase"])


def test_a_play_waits_where_the_learner_is_to_drive_until_that_is_answered(client) -> None:
    client.open(LESSON)
    first = points(client)[0]
    client.ask("seek", {"step": max(first["step"] - 1, 0)})
    client.ask("play", {"rate": 50, "unit": "phase"})
    client.wait(lambda: any(told.get("reason") == "stop" for told in client.got("playing")))
    at = client.ask("pause")["position"]
    stops = {(stop["step"], stop["phase"]) for kind in ("stops", "questions")
             for stop in client.ask("inspect", {"what": "outline"})["outline"][kind]}
    assert (at["step"], at["phase"]) == (first["step"], first["phase"]) or (at["step"], at["phase"]) in stops


def test_a_learner_no_longer_drives_when_told_so_or_in_a_run_that_was_changed(client) -> None:
    opened = client.open(LESSON)
    assert points(client) and points(client, on=False) == []
    client.ask("seek", {"step": opened["outline"]["exits"][0]["step"]})
    assert client.ask("fork", {"changes": [{"slot": "r15", "value": "1"}]})["ok"]
    assert points(client) == []


@pytest.mark.parametrize("argument", [{"seed": -1}, {"seed": "5"}, {"point": 7}, {"on": "yes"}, {"answered": "1"}])
def test_what_cannot_be_understood_is_refused(client, argument) -> None:
    client.open(LESSON)
    assert client.ask("drive", argument)["error"]["code"] == "bad_arguments"


@pytest.mark.parametrize("point", ["nowhere", "", "999999"])
def test_what_is_not_asked_is_an_unknown_question(client, point) -> None:
    client.open(LESSON)
    assert client.ask("drive", {"point": point, "given": "x"})["error"]["code"] == "unknown_question"
