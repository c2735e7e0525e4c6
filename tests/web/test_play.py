"""Playing: the server paces, stops where it should, and never runs ahead of its client."""

from __future__ import annotations

from tests.web.following import at, follow


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
