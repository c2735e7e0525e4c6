"""The real lesson over a real websocket: frames lead through every position, on and back, to the same pictures."""

from __future__ import annotations

import json
import time
import urllib.request

import pytest

from tests.web.following import START, at, follow

LESSON = "first-guests"


@pytest.fixture(scope="module")
def server(course):
    return course


def test_the_lesson_is_listed_with_its_length_in_both_languages(course, client):
    with urllib.request.urlopen(course.url + "/api/lessons") as answer:
        lesson = next(entry for entry in json.load(answer) if entry["name"] == LESSON)
    assert set(lesson["title"]) == {"en", "pt-BR"} == set(lesson["summary"])
    assert lesson["steps"] == client.open(LESSON)["length"] and 200 <= lesson["steps"] <= 700


def test_frames_lead_through_every_position_on_and_back(client):
    opened = client.open(LESSON)
    count = opened["length"] + sum(len(phases["names"]) - 1 for phases in opened["outline"]["phased"].values())
    for by, end in ((1, at(opened["length"])), (-1, START)):
        for _ in range(count):
            while client.ask("step", {"by": by, "unit": "phase"}).get("error", {}).get("code") == "too_fast":
                time.sleep(0.1)  # a fast machine asks for more a second than a socket may
        assert client.ask("pause")["position"] == end
        assert follow(client, opened)[0] == end
    there, scene = follow(client, opened)
    assert there == START and scene == opened["snapshot"]["scene"]
    frames = client.got("frame")
    assert len(frames) == 2 * count
    for frame, back in zip(frames[:count - 1], frames[-2::-1], strict=False):
        assert frame["position"] == back["position"] and frame["events"] == back["events"]


def test_exits_and_stops_are_found_in_both_directions(client):
    opened = client.open(LESSON)
    exits = [found["step"] for found in opened["outline"]["exits"]]
    assert [client.ask("run", {"to": "next_exit"})["position"]["step"] for _ in exits] == exits
    assert client.ask("run", {"to": "next_exit"}) == {"ok": True, "position": at(opened["length"]), "found": False}
    assert [client.ask("run", {"to": "previous_exit"})["position"]["step"] for _ in exits] == exits[::-1]
    asked = {(place["step"], place["phase"]) for kind in ("stops", "questions") for place in opened["outline"][kind]}
    stops = [at(*place) for place in sorted(asked)]
    client.ask("run", {"to": "end"})
    assert [client.ask("run", {"to": "previous_stop"})["position"] for _ in stops] == stops[::-1]


def test_looking_closer_at_a_vmcs_agrees_with_the_scene(client):
    opened = client.open(LESSON)
    exit_step = opened["outline"]["exits"][0]["step"]
    client.ask("seek", {"step": exit_step})
    _, scene = follow(client, opened)
    address = scene["processors"]["0"]["current_vmcs"]
    seen = client.ask("inspect", {"what": "vmcs", "range": {"address": address}})["vmcs"]
    assert seen == scene["vmcs"][address]
    change = client.ask("last_change", {"slot": f"vmcs:{address}:exit_reason"})
    assert change["step"] == exit_step - 1 and change["new"] == seen["fields"]["exit_reason"]
    memory = client.ask("inspect", {"what": "memory", "range": {"address": address, "length": 4096}})
    assert len(memory["bytes"]) == 8192


def test_questions_are_graded_by_the_machine_and_their_answers_stay_with_it(client):
    opened = client.open(LESSON)
    asked = {question["id"]: question for question in opened["outline"]["questions"]}
    assert asked["who"].keys() == {"id", "kind", "step", "phase", "among"}

    def answer(question, given):
        return client.ask("answer", {"question": question, "given": given})

    after = at(asked["who"]["step"] + 1)
    assert answer("who", ["kernel"]) == {"ok": True, "right": False, "about": "kernel", "answered": after}
    assert answer("who", ["monitor"])["right"] and answer("next-rip", ["0x101011"])["right"]
    assert answer("phases", asked["phases"]["among"])["about"] == "other"
    told = client.ask("answer", {"question": "phases"})
    assert told["answer"] == opened["outline"]["phased"][str(asked["phases"]["step"])]["names"] and not told["right"]
    for wrong in ([], [5], "who", None, ["x" * 81], ["x"] * 17):
        assert answer("who", wrong)["error"]["code"] == "bad_arguments"
