"""The protocol, spoken by real clients over websocket with a real server: order, takeover, play, bad input."""

from __future__ import annotations

import threading

import pytest

from vmviz.recording import apply_patch

START = {"step": 0, "phase": 0}


def at(step, phase=0):
    return {"step": step, "phase": phase}


def follow(client, opened):
    """Apply everything that was received to the first snapshot, as a page does; the position and scene at the end."""
    position, scene = opened["snapshot"]["position"], opened["snapshot"]["scene"]
    for event, payload in list(client.received):
        if event == "snapshot":
            position, scene = payload["position"], payload["scene"]
        elif event == "frame":
            assert payload["from"] == position
            position, scene = payload["position"], apply_patch(scene, payload["delta"])
    return position, scene


# ---- opening

def test_open_gives_all_that_a_page_needs_at_the_beginning(client):
    opened = client.open()
    assert {"session", "length", "position", "snapshot", "outline", "listing", "breakpoints"} < set(opened)
    assert opened["position"] == START and opened["length"] == 60
    assert opened["snapshot"]["events"] == [] and opened["snapshot"]["scene"]["processors"]["0"]["rip"] == "100000"


def test_a_session_opens_where_it_was_and_at_wins(connect):
    first = connect()
    session = first.open()["session"]
    first.ask("seek", {"step": 31, "phase": 2})
    assert connect().open(session=session)["position"] == at(31, 2)
    assert connect().open(session=session, at={"step": 7})["position"] == at(7)


@pytest.mark.parametrize("session", ["nobody-has-this-one", "../../etc/passwd", "", 5, None, [], {"a": 1}, "x" * 5000])
def test_a_session_that_does_not_exist_gets_a_new_one(client, session):
    opened = client.open(session=session)
    assert opened["session"] != session and len(opened["session"]) >= 16


def test_the_latest_open_of_a_session_wins_and_the_earlier_socket_is_told(connect):
    first, second = connect(), connect()
    session = first.open()["session"]
    first.ask("step", {"by": 3})
    assert second.open(session=session)["position"] == at(3)
    assert first.wait(lambda: first.got("closed")) == [{"reason": "taken"}]
    assert first.ask("step", {"by": 1})["error"]["code"] == "taken"
    assert second.ask("step", {"by": 1})["position"] == at(4)
    assert first.open(session=session)["position"] == at(4)
    assert second.wait(lambda: second.got("closed")) == [{"reason": "taken"}]


def test_another_lesson_starts_at_its_beginning(client):
    session = client.open()["session"]
    client.ask("step", {"by": 9})
    assert client.open("other", session=session)["position"] == START


# ---- moving

def test_commands_sent_without_waiting_are_carried_out_in_their_order(client):
    opened = client.open()
    acks = []
    done = threading.Semaphore(0)

    def keep(ack):
        acks.append(ack)
        done.release()

    moves = [1, 1, -1, 3, 1, 1, -2, 1] * 30
    for by in moves:
        client.io.emit("step", {"by": by}, callback=keep)
    for _ in moves:
        assert done.acquire(timeout=30)
    expected, step = [], 0
    for by in moves:
        step = min(max(step + by, 0), 60)
        expected.append(at(step))
    assert [ack["position"] for ack in acks] == expected
    position, scene = follow(client, opened)
    assert position == expected[-1]
    client.ask("seek", position)
    assert client.got("snapshot")[-1]["scene"] == scene


def test_two_sockets_that_fight_for_a_session_leave_it_whole(connect):
    clients = [connect(), connect()]
    session = clients[0].open()["session"]

    def fight(client):
        for _ in range(20):
            client.open(session=session)
            client.ask("step", {"by": 1})

    threads = [threading.Thread(target=fight, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opened = clients[0].open(session=session)
    assert clients[0].ask("step", {"by": 1})["position"] == at(opened["position"]["step"] + 1)


@pytest.mark.parametrize("by, to", [(10**6, 60), (10**30, 60), (1e300, 60), (-1, 0), (-10**400, 0), (10**4000, 60)],
                         ids=["million", "30 digits", "float", "back", "far back", "4000 digits"])
def test_a_step_past_an_end_stops_there_and_is_ok(client, by, to):
    client.open(at={"step": 0})
    assert client.ask("step", {"by": by}) == {"ok": True, "position": at(to)}
    assert client.ask("seek", {"step": by, "phase": by})["position"] == at(to)


def test_a_command_that_does_not_move_sends_no_frame_but_a_seek_always_sends_a_snapshot(client):
    client.open()
    client.ask("step", {"by": -1})
    client.ask("step", {"by": 0})
    assert client.received == []
    client.ask("seek", START)
    assert client.got("snapshot")[0]["position"] == START


def test_phases_are_positions_and_frames_lead_through_them_in_both_directions(client):
    opened = client.open(at={"step": 10})
    for step, phase in [(10, 1), (10, 2), (10, 3), (10, 4), (11, 0), (11, 1)]:
        assert client.ask("step", {"by": 1, "unit": "phase"})["position"] == at(step, phase)
    assert client.ask("step", {"by": -1})["position"] == at(11)
    assert client.ask("step", {"by": -1, "unit": "phase"})["position"] == at(10, 4)
    assert client.ask("step", {"by": 1})["position"] == at(11)
    assert follow(client, opened)[0] == at(11)
    assert client.ask("seek", {"step": 10, "phase": 5})["position"] == at(11)


@pytest.mark.parametrize("to, start, end, found", [
    ("next_exit", (0, 0), (11, 0), True), ("next_exit", (10, 2), (11, 0), True), ("next_exit", (11, 0), (21, 0), True),
    ("previous_exit", (21, 0), (11, 0), True), ("previous_exit", (11, 0), (0, 0), False),
    ("next_entry", (11, 0), (12, 0), True), ("previous_entry", (60, 0), (52, 0), True),
    ("next_stop", (5, 0), (20, 3), True), ("next_stop", (20, 2), (20, 3), True), ("next_stop", (20, 3), (40, 0), True),
    ("previous_stop", (20, 4), (20, 3), True), ("next_stop", (40, 0), (60, 0), False),
    ("end", (0, 0), (60, 0), True), ("breakpoint", (0, 0), (60, 0), False),
])
def test_run_goes_to_what_it_looks_for_else_to_that_end(client, to, start, end, found):
    client.open(at=at(*start))
    assert client.ask("run", {"to": to}) == {"ok": True, "position": at(*end), "found": found}


def test_breakpoints_stop_before_their_instruction_and_stay_with_the_session(connect):
    first, second = connect(), connect()
    session = first.open()["session"]
    assert first.ask("breakpoints", {"set": ["100028", "0100010", "100028"]})["set"] == ["100010", "100028"]
    assert first.ask("run", {"to": "breakpoint"}) == {"ok": True, "position": at(4), "found": True}
    assert first.ask("run", {"to": "breakpoint"})["position"] == at(10)
    assert second.open(session=session)["breakpoints"] == ["100010", "100028"]


def test_frames_are_the_same_bytes_of_meaning_for_everybody(connect):
    first, second = connect(), connect()
    for client in (first, second):
        client.open()
        client.ask("step", {"by": 1})
    assert first.got("frame") == second.got("frame")
    assert set(first.got("frame")[0]) == {"from", "position", "events", "delta"}


# ---- looking closer

def test_inspect_and_last_change_look_at_the_present_position(client):
    client.open(at={"step": 9})
    memory = client.ask("inspect", {"what": "memory", "range": {"address": "100", "length": 4}})
    assert memory == {"ok": True, "what": "memory", "address": "100", "bytes": "09090909"}
    assert client.ask("inspect", {"what": "registers"})["registers"]["rip"] == "100024"
    assert client.ask("inspect", {"what": "vmcs", "range": {"address": "201000"}})["vmcs"]["order"] == 0
    for what in ("memory", "vmcs"):
        refused = client.ask("inspect", {"what": what, "range": {"address": "ffff0000"}})
        assert refused["error"]["code"] == "outside_memory"
    assert client.ask("last_change", {"slot": "rax"})["step"] == 8
    assert client.ask("last_change", {"slot": "\ud83d\ude00"})["error"]["code"] == "unknown_slot"


# ---- bad input

NAN = float("nan")
BAD = [
    ("step", ()), ("step", (1,)), ("step", ({"by": 1}, {"by": 1})), ("step", ({},)), ("step", ({"by": "1"},)),
    ("step", ({"by": True},)), ("step", ({"by": 1.5},)), ("step", ({"by": NAN},)), ("step", ({"by": float("inf")},)),
    ("step", ({"by": None},)), ("step", ({"by": [1]},)), ("step", ({"by": 1, "unit": "mile"},)), ("step", ([],)),
    ("step", ("x" * 1000,)), ("seek", ({},)), ("seek", ({"step": "a"},)), ("seek", ({"step": 1, "phase": {}},)),
    ("run", ({"to": "the moon"},)), ("run", ({"to": 3},)), ("play", ({"rate": NAN},)), ("play", ({"rate": "fast"},)),
    ("play", ()), ("pause", (1,)), ("pause", ({}, {})), ("breakpoints", ({"set": "100000"},)),
    ("breakpoints", ({"set": ["xyz"]},)), ("breakpoints", ({"set": [1]},)), ("breakpoints", ({"set": ["0"] * 65},)),
    ("inspect", ({"what": "soul"},)), ("inspect", ({"what": "memory"},)),
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
    for what in ("program", "trace"):
        assert client.ask("open", {what: "mov rax, 1"})["error"] == {
            "code": "not_available", "params": {"what": what}, "message": f"This server has no {what} yet."}
    client.open()
    for name in ("answer", "fork"):
        assert client.ask(name, {"anything": 1})["error"]["code"] == "not_available"


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


# ---- playing

def test_play_moves_by_itself_and_stops_at_a_stop(client):
    opened = client.open()
    assert client.ask("play", {"rate": 100}) == {"ok": True, "rate": 100.0}
    client.wait(lambda: len(client.got("playing")) == 2)
    assert client.got("playing") == [{"rate": 100.0}, {"rate": 0, "reason": "stop"}]
    assert follow(client, opened)[0] == at(5)
    assert client.ask("pause")["position"] == at(5)


def test_play_stops_inside_a_step_where_the_stop_is(client):
    opened = client.open(at={"step": 18})
    client.ask("play", {"rate": 1000})
    client.wait(lambda: len(client.got("playing")) == 2)
    assert follow(client, opened)[0] == at(20, 3)


def test_play_stops_at_the_end(client):
    client.open(at={"step": 41})
    client.ask("play", {"rate": 1e9})
    client.wait(lambda: len(client.got("playing")) == 2)
    assert client.got("playing")[1] == {"rate": 0, "reason": "end"}
    assert client.ask("pause")["position"] == at(60)


def test_play_by_phases_visits_each(client):
    client.open(at={"step": 10})
    client.ask("play", {"rate": 25, "unit": "phase"})
    client.wait(lambda: len(client.got("frame")) >= 6)
    seen = [frame["position"] for frame in client.got("frame")]
    assert seen[:6] == [at(10, 1), at(10, 2), at(10, 3), at(10, 4), at(11), at(11, 1)]


def test_any_move_ends_the_play_and_frames_stay_in_order(client):
    opened = client.open("long", at={"step": 100})
    client.ask("play", {"rate": 1000})
    client.wait(lambda: len(client.got("frame")) > 5)
    client.ask("step", {"by": -1})
    assert client.got("playing")[-1] == {"rate": 0, "reason": "moved"}
    position, scene = follow(client, opened)
    assert client.ask("pause")["position"] == position
    client.ask("seek", position)
    assert client.got("snapshot")[-1]["scene"] == scene


def test_a_play_of_the_highest_rate_covers_several_steps_with_a_frame(client):
    opened = client.open("long", at={"step": 100})
    client.ask("play", {"rate": 900})
    client.wait(lambda: client.got("frame") and client.got("frame")[-1]["position"]["step"] > 300)
    client.ask("pause")
    assert len(client.got("frame")) < 60
    follow(client, opened)


def test_at_most_two_frames_are_on_their_way_to_a_client_that_does_not_answer(connect):
    client, other = connect(acknowledge=False), connect()
    client.open("long", at={"step": 100})
    client.io.emit("play", {"rate": 1000})
    client.wait(lambda: len(client.got("frame")) == 2)
    other.open("long", at={"step": 100})
    other.ask("play", {"rate": 1000})
    other.wait(lambda: len(other.got("frame")) > 20)  # meanwhile another one plays on
    assert len(client.got("frame")) == 2


def test_twenty_clients_play_and_step_at_once_each_their_own_way(connect):
    clients = [connect() for _ in range(20)]
    opened = [client.open("long", at={"step": 100 + 10 * n}) for n, client in enumerate(clients)]
    for client in clients:
        client.ask("play", {"rate": 100})
    for client in clients:
        client.wait(lambda client=client: len(client.got("frame")) >= 5)
    for client, first in zip(clients, opened, strict=True):
        position = client.ask("pause")["position"]
        assert follow(client, first)[0] == position


def test_a_client_that_leaves_while_it_plays_leaves_its_place_behind(connect):
    client = connect()
    session = client.open("long", at={"step": 100})["session"]
    client.ask("play", {"rate": 50})
    client.wait(lambda: len(client.got("frame")) > 3)
    client.close()
    assert connect().open("long", session=session)["position"]["step"] > 102

