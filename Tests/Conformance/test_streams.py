"""The stream of a space's writes for clients of this host."""

import json
import threading
import time

import httpx
import pytest

from kit import data, pending
from kit.people import POST, Person
from kit.xrpc import Caller

SPACE = "com.atproto.space."
STREAM = "dev.capabilitygraph.space.subscribe"


class Stream:
    """An open stream, read on a thread of its own; knows when each event came and when it ended."""

    def __init__(self, caller, space, headers=None):
        pending.needs(STREAM)
        self.events, self.ended, self.status = [], None, None
        self.changed = threading.Condition()
        self.url, self.space = f"{caller.url}/xrpc/{STREAM}", space
        self.headers = headers or caller.headers
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        self.wait(lambda: self.status is not None)

    def read(self):
        try:
            with httpx.stream("GET", self.url, params={"space": self.space}, headers=self.headers, timeout=30) as response:
                self.mime = response.headers.get("content-type", "")
                self.note(status=response.status_code)
                for line in response.iter_lines():
                    if line.startswith("data: "):
                        self.note(event=json.loads(line.removeprefix("data: ")))
        except httpx.HTTPError:
            pass
        self.note(ended=time.monotonic())

    def note(self, status=None, event=None, ended=None):
        with self.changed:
            self.status = status or self.status
            self.ended = ended or self.ended
            if event is not None:
                self.events.append(event)
            self.changed.notify_all()

    def wait(self, is_true, seconds=10):
        with self.changed:
            assert self.changed.wait_for(is_true, seconds), f"status {self.status}, events {self.events}"


@pytest.fixture
def space(alice, bob):
    made = alice.create_space()
    alice.add(made, bob)
    return made


def test_members_see_writes_as_they_come(alice, bob, space):
    stream = Stream(bob, space)
    assert stream.status == 200 and stream.mime.startswith("text/event-stream")
    for person in (alice, bob):
        person.write(space)
    stream.wait(lambda: len(stream.events) >= 2)
    for event, person in zip(stream.events, (alice, bob)):
        assert event["repo"] == person.did and event["space"] == space
        assert set(event) <= {"space", "repo", "rev", "repoRev", "hash", "spaceRev", "prevSpaceRev"}
        data.tid_number(event["spaceRev"])
    assert stream.events[1]["prevSpaceRev"] == stream.events[0]["spaceRev"]


def test_outsiders_see_nothing(service, alice, carol, space):
    assert Stream(carol, space).status >= 400
    assert Stream(Caller(service.url), space).status == 401


def test_streams_of_the_removed_end_within_a_second(alice, bob, space):
    reader = bob.reader(space)
    from kit import jwt
    proof = jwt.dpop(reader.key, "GET", reader.htu(STREAM), reader.credential)
    streams = [Stream(bob, space), Stream(bob, space, {"Authorization": "DPoP " + reader.credential, "DPoP": proof})]
    assert [stream.status for stream in streams] == [200, 200]
    stays = Stream(alice, space)
    alice.remove(space, bob)
    removed = time.monotonic()
    alice.write(space)
    for stream in streams:
        stream.wait(lambda: stream.ended is not None)
        assert stream.ended - removed < 1 and stream.events == []
    stays.wait(lambda: len(stays.events) == 1)
    assert stays.ended is None


def test_streams_of_a_deleted_space_end(alice, bob, space):
    stream = Stream(bob, space)
    alice.post("com.atproto.simplespace.deleteSpace", space=space).ok()
    deleted = time.monotonic()
    stream.wait(lambda: stream.ended is not None)
    assert stream.ended - deleted < 1


def test_streams_end_with_their_session(service, space, alice):
    dave = Person(service, "dave")
    alice.add(space, dave)
    stream = Stream(dave, space)
    assert stream.status == 200
    dave.post("com.atproto.server.deleteSession", {"Authorization": "Bearer " + dave.refresh}).ok()
    stream.wait(lambda: stream.ended is not None, seconds=2)


def test_many_streams_cost_no_answers(alice, bob, space):
    streams = [Stream(bob, space) for _ in range(40)]
    assert all(stream.status == 200 for stream in streams)
    started = time.monotonic()
    alice.post(SPACE + "createRecord", space=space, repo=alice.did, collection=POST, record={"$type": POST}).ok()
    assert time.monotonic() - started < 2
    for stream in streams:
        stream.wait(lambda: len(stream.events) == 1)
