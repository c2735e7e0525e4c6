"""The protocol, spoken by real clients over websocket with a real server: order, takeover, play, bad input."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from tests.web.following import START, at, follow

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


def test_a_command_that_does_not_move_sends_no_frame_but_a_seek_to_here_sends_a_snapshot(client):
    client.open()
    client.ask("step", {"by": -1})
    client.ask("step", {"by": 0})
    assert client.received == []
    client.ask("seek", START)
    assert [event for event, _ in client.received] == ["snapshot"]
    assert client.got("snapshot")[0]["position"] == START


def test_a_far_move_comes_as_a_snapshot_and_a_near_one_as_a_frame(client):
    client.open("long")
    for step in (1000, 1001, 990):
        client.ask("seek", {"step": step})
    assert [event for event, _ in client.received] == ["snapshot", "frame", "frame"]


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
    made = first.ask("breakpoints", {"set": ["100028", "0100010", "100028"]})
    assert made["set"] == ["100010", "100028"] and made["hits"] == [4, 10]
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


def test_an_ack_does_not_wait_for_the_network_to_confirm_the_frame_before_it(client):
    """Nagle's algorithm and delayed acknowledgements would make every step take 40 ms at least: one that does not is
    proof, however long others take on a machine under load."""
    client.open()

    def quick(by):
        began = time.perf_counter()
        client.ask("step", {"by": by})
        return time.perf_counter() - began < 0.035

    assert any(quick(by) for by in (1, -1) * 200)


def test_the_handshake_agrees_to_no_compression(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw:
        raw.sendall(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                    b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n")
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += raw.recv(4096)
    assert answer.startswith(b"HTTP/1.1 101") and b"extensions" not in answer.lower()
