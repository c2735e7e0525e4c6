"""Whatever a client sends: an answer with a reason, nothing changed, nobody else disturbed."""

from __future__ import annotations

import threading

import pytest

from tests.web.following import at

NAN = float("nan")
BAD = [
    ("step", ()), ("step", (1,)), ("step", ({"by": 1}, {"by": 1})), ("step", ({},)), ("step", ({"by": "1"},)),
    ("step", ({"by": True},)), ("step", ({"by": 1.5},)), ("step", ({"by": NAN},)), ("step", ({"by": float("inf")},)),
    ("step", ({"by": None},)), ("step", ({"by": [1]},)), ("step", ({"by": 1, "unit": "mile"},)), ("step", ([],)),
    ("step", ("x" * 1000,)), ("seek", ({},)), ("seek", ({"step": "a"},)), ("seek", ({"step": 1, "phase": {}},)),
    ("run", ({"to": "the moon"},)), ("run", ({"to": 3},)), ("play", ({"rate": NAN},)), ("play", ({"rate": "fast"},)),
    ("play", ()), ("pause", (1,)), ("pause", ({}, {})), ("breakpoints", ({"set": "100000"},)),
    ("breakpoints", ({"set": ["xyz"]},)), ("breakpoints", ({"set": [1]},)), ("breakpoints", ({"set": ["0"] * 65},)),
    ("inspect", ({"what": "soul"},)), ("inspect", ({"what": "memory"},)), ("inspect", ({"what": "translation"},)),
    ("inspect", ({"what": "translation", "range": {"address": "0"}, "access": "touch"},)),
    ("inspect", ({"what": "tlb", "processor": "0"},)), ("inspect", ({"what": "tlb", "processor": -1},)),
    ("inspect", ({"what": "memory", "range": {"address": "-1"}},)), ("last_change", ({"slot": 5},)),
    ("open", ()), ("open", ({},)), ("open", ({"lesson": 5},)), ("open", ({"lesson": "tiny", "at": 5},)),
    ("open", ({"lesson": "tiny", "at": {"step": NAN}},)), ("open", ({"lesson": "tiny"}, {"lesson": "tiny"})),
    ("open", (b"binary",)), ("step", ({"by": b"1"},)),
]


@pytest.mark.parametrize("name, arguments", BAD, ids=[f"{n}-{str(a)[:40]}" for n, a in BAD])
def test_malformed_arguments_are_refused_by_the_ack_and_change_nothing(client, name, arguments):
    client.open(at={"step": 4})
    refused = client.ask(name, *arguments)
    assert refused["ok"] is False
    assert refused["error"]["code"] == "bad_arguments" and set(refused["error"]) == {"code", "params", "message"}
    assert set(refused["error"]["params"]) == {"command", "reason"}
    assert client.received == []
    assert client.ask("pause") == {"ok": True, "position": at(4)}


@pytest.mark.parametrize("name", ["nonsense", "", "__class__", "frame", "x" * 3000, "\x00"])
def test_an_unknown_command_is_refused(client, name):
    assert client.ask(name, {})["error"]["code"] == "unknown_command"


def test_what_is_not_there_is_named(client):
    assert client.ask("open", {"lesson": "nowhere"})["error"]["code"] == "unknown_lesson"
    assert client.ask("open", {"lesson": "../tiny"})["error"]["params"] == {"lesson": "../tiny"}
    assert client.ask("open", {"lesson": "broken"})["error"]["code"] == "lesson_broken"
    assert client.ask("step", {"by": 1})["error"]["code"] == "not_open"
    assert client.ask("open", {"trace": "kvm_exit"})["error"] == {
        "code": "not_available", "params": {"what": "trace"}, "message": "This server has no trace yet."}
    client.open()
    assert client.ask("answer", {"question": "nothing"})["error"]["code"] == "unknown_question"
    assert client.ask("answer", {"anything": 1})["error"]["code"] == "bad_arguments"


PACKETS = ["4", "42", "42[", "42[]", "42{}", "420[[1,2]]", "421[null,1]", "42" + "[" * 20000, "49", "4x",
           '43999["x"]', '4{"a":1}', "40/elsewhere,", '421["step",' + "1" * 6000 + "]"]


@pytest.mark.parametrize("text", PACKETS, ids=[packet[:14] for packet in PACKETS])
def test_no_packet_at_all_breaks_the_connection_or_the_server(connect, text):
    client, other = connect(), connect()
    client.open()
    client.io.eio.ws.send(text)
    assert other.open()["ok"]
    assert client.ask("pause")["ok"]


def test_a_binary_message_without_its_attachment_holds_up_nobody_else(connect):
    client, other = connect(), connect()
    client.open()
    client.io.eio.ws.send("451-[\"step\",{\"_placeholder\":true,\"num\":0}]")
    assert other.open()["ok"] and other.ask("step", {"by": 1})["ok"]


def test_a_message_over_the_limit_closes_only_that_socket(connect):
    client, other = connect(), connect()
    other.open()
    client.io.emit("open", {"lesson": "x" * 100_000})
    client.io.eio.wait()
    assert not client.io.connected
    assert other.ask("step", {"by": 1})["ok"]


def test_a_flood_is_refused_and_the_rest_of_it_kept_in_order(client):
    client.open()
    acks = []
    done = threading.Semaphore(0)

    def keep(ack):
        acks.append(ack)
        done.release()

    for _ in range(1500):
        client.io.emit("step", {"by": 1}, callback=keep)
    for _ in range(1500):
        assert done.acquire(timeout=60)
    codes = [ack["error"]["code"] for ack in acks if not ack["ok"]]
    assert set(codes) <= {"too_fast"}
    assert client.wait(lambda: client.got("frame")[-1]["position"]) == at(60)
