"""What server and worker say to each other arrives as it was said, and nothing else is taken for a message."""

from __future__ import annotations

import socket
import threading

import pytest

from tests.machine.test_journal import PROGRAM
from vmviz.asm import assemble
from vmviz.machine.bench import processor
from vmviz.machine.journal import CHUNK, Journal
from vmviz.machine.received import Sender
from vmviz.recording import messages
from vmviz.recording.messages import Begun, Ended, Job, encode, gained, part_of, receive


@pytest.fixture
def ends():
    here, there = socket.socketpair()
    yield here, there
    here.close()
    there.close()


def through(ends, message):
    sending = threading.Thread(target=ends[0].sendall, args=(encode(message),))
    sending.start()
    arrived = receive(ends[1])
    sending.join()
    return arrived


@pytest.mark.parametrize("message", [
    Job("hlt", b"", "tigerlake", 1, 5, 6, 7.5, 8), Job(None, b"\xf4", "no-ept", 2, 1, 1, 1, 1), Begun(b"\xf4", b"{}"),
    Ended("steps"), Ended("outside", {"what": "an instruction", "address": "100000"})], ids=lambda m: type(m).__name__)
def test_a_message_arrives_as_it_was_said(ends, message):
    assert through(ends, message) == message


def test_parts_arrive_as_they_were_cut(ends):
    journal = Journal(processor(assemble(PROGRAM).image))
    journal.record(2 * CHUNK + 77)
    parts = list(Sender(journal).parts())
    assert len(parts) == 3 and parts[0].spans and parts[2].spans is None
    for part in parts:
        arrived = part_of(through(ends, gained(part)))
        for name in ("starts", "changes", "rips", "who", "marks", "registers"):
            assert list(getattr(arrived, name)) == list(getattr(part, name)), name
        assert (arrived.spans is None) == (part.spans is None)
        for mine, other in zip(arrived.spans or (), part.spans or (), strict=True):
            assert [list(column) for column in mine] == [list(column) for column in other]


def test_the_end_of_the_other_side_is_the_end(ends):
    ends[0].sendall(encode(Ended("steps"))[:-1])
    ends[0].close()
    assert receive(ends[1]) is None


@pytest.mark.parametrize("said", [b"\x02\x00\x00\x00\xc1\xc1", b"\x01\x00\x00\x00\x05",
                                  (messages.LONGEST + 1).to_bytes(4, "little")])
def test_what_is_no_message_is_an_error(ends, said):
    ends[0].sendall(said)
    with pytest.raises(ValueError):
        receive(ends[1])
