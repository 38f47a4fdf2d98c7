"""The stream of a space's writes for clients of this host."""

import time

import pytest

from kit import data
from kit.people import POST, Person
from kit.stream import Stream, by_credential
from kit.xrpc import Caller

SPACE = "com.atproto.space."


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
    streams = [Stream(bob, space), by_credential(reader)]
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
