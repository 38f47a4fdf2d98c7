"""`listRecords` and `getBlob` without `repo`, as HappyView's apps call them: all authors that the caller may read (13.2)."""

import os

import pytest

from kit.people import POST, Person
from kit.xrpc import Caller

SPACE, SIMPLE, HV = "com.atproto.space.", "com.atproto.simplespace.", "dev.happyview.space."
NAMES = [SPACE, HV]


@pytest.fixture
def space(alice, bob, carol):
    """Alice, bob and carol wrote in turns, as members who read and write."""
    made = alice.create_space()
    alice.add(made, bob, carol)
    for number in range(3):
        for person in (carol, alice, bob):
            person.write(made, rkey=f"k{number}", text=f"{person.did} {number}")
    return made


def written(alice, bob, carol):
    return [(person.did, f"k{number}") for number in range(3) for person in (carol, alice, bob)]


def rows(page):
    return [(row["uri"].split("/")[6], row["rkey"]) for row in page["records"]]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("limit", [1, 2, 3, 8, 9, 10])
def test_all_authors_are_paged_by_age(alice, bob, carol, space, name, limit):
    expected = written(alice, bob, carol)
    for caller in (alice, carol, bob.reader(space, "P"), bob.reader(space, "N")):
        for reverse in (None, True):
            seen, cursor = [], None
            while True:
                page = caller.get(
                    name + "listRecords", space=space, limit=limit, cursor=cursor, reverse=reverse, collection=POST).ok()
                seen += rows(page)
                assert ("value" in page["records"][0]) == (name == SPACE) if page["records"] else True
                cursor = page.get("cursor")
                if cursor is None:
                    break
            assert seen == (expected[::-1] if reverse else expected)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_between_pages_is_listed(alice, bob, carol, space, name):
    expected = written(alice, bob, carol)
    first = bob.get(name + "listRecords", space=space, limit=4).ok()
    assert rows(first) == expected[:4]
    carol.post(SPACE + "putRecord", space=space, collection=POST, rkey="k0", record={"$type": POST, "text": "later"}).ok()
    alice.post(SPACE + "deleteRecord", space=space, collection=POST, rkey="k2").ok()
    carol.write(space, rkey="new")
    rest = bob.get(name + "listRecords", space=space, cursor=first["cursor"]).ok()
    assert rows(rest) == [row for row in expected[4:] if row != (alice.did, "k2")] + [(carol.did, "k0"), (carol.did, "new")]


@pytest.mark.parametrize("name", NAMES)
def test_who_reads_only_itself_lists_itself(service, alice, bob, carol, space, name):
    mine = [(carol.did, f"k{number}") for number in range(3)]
    listed = lambda person, **fields: rows(person.get(name + "listRecords", space=space, **fields).ok())
    alice.post(SIMPLE + "putMember", space=space, did=carol.did, read=False, write=True).ok()
    assert listed(carol) == mine and listed(carol, reverse=True) == mine[::-1]
    page = carol.get(name + "listRecords", space=space, limit=2).ok()
    assert listed(carol, cursor=page["cursor"]) == mine[2:]
    # A page of all authors goes on as one of its own, where the right ended between the two.
    page = bob.get(name + "listRecords", space=space, limit=5).ok()
    alice.remove(space, carol)
    assert listed(carol, cursor=page["cursor"]) == mine[2:] and listed(carol) == mine
    alice.add(space, carol, access="read_self")
    assert listed(carol) == mine
    newcomer, stranger = Person(service), Person(service)
    alice.add(space, newcomer, access="read_self")
    assert newcomer.get(name + "listRecords", space=space).ok() == {"records": []}
    hidden = stranger.get(name + "listRecords", space=space).refused("SpaceNotFound")
    assert hidden.shape == stranger.get(name + "listRecords", space=space + "x").shape
    Caller(service.url).get(name + "listRecords", space=space).refused("AuthMissing", status=401)
    alice.post(SIMPLE + "updateSpace", space=space, config={"recordsPublic": True}).ok()
    for anybody in (Caller(service.url), stranger):
        assert listed(anybody) == written(alice, bob, carol)


@pytest.mark.parametrize("name", NAMES)
def test_cursors_are_of_this_listing(alice, space, name):
    for cursor in ("", "x", "0", "/", f"{POST}/k0", "3kbcq3p7ad400/x/y/z", "3kbcq3p7ad400/"):
        alice.get(name + "listRecords", space=space, cursor=cursor).refused("MalformedCursor", status=400)
    assert alice.get(name + "listRecords", space=space, cursor="jzzzzzzzzzzzz").ok() == {"records": []}


def blob_of(person, space, content, rkey, mime="image/png"):
    blob = person.bytes("com.atproto.repo.uploadBlob", content, mime).ok()["blob"]
    person.write(space, rkey=rkey, record={"$type": POST, "image": blob})
    return blob["ref"]["$link"]


@pytest.mark.parametrize("name", NAMES)
def test_a_blob_is_found_by_its_cid_alone(service, alice, bob, carol, space, name):
    content, shared = os.urandom(100), os.urandom(100)
    his = blob_of(bob, space, content, "his")
    theirs = blob_of(bob, space, shared, "both")
    assert blob_of(carol, space, shared, "both") == theirs
    get = lambda caller, cid, name=name: caller.get(name + "getBlob", space=space, cid=cid)
    reader = carol.reader(space)
    for caller in (alice, carol, bob, reader, carol.reader(space, "N")):
        answer = get(caller, his)
        assert answer.status == 200 and answer.raw == content and answer.headers["content-type"] == "image/png"
        assert get(caller, theirs).raw == shared
    elsewhere = alice.create_space()
    hers = blob_of(alice, elsewhere, os.urandom(10), "hers")
    status = 404 if name == HV else 400
    assert get(bob, hers).refused("BlobNotFound", status=status).shape == \
        get(bob, "bafkreiccldh766hwcnuxnf2wh6jgzepf2nlu2lvcllt63eww5p6chi4ity").shape
    get(bob, "x").refused("InvalidRequest", status=400)
    # One of two who refer to it is enough.
    bob.post(SPACE + "deleteRecord", space=space, collection=POST, rkey="both").ok()
    assert get(alice, theirs).raw == shared
    # Who reads only itself finds its own.
    alice.post(SIMPLE + "putMember", space=space, did=carol.did, read=False, write=True).ok()
    assert get(carol, theirs).raw == shared
    get(carol, his).refused("BlobNotFound", status=status)
    stranger = Person(service)
    hidden = get(stranger, his).refused("SpaceNotFound", status=status)
    assert hidden.shape == stranger.get(name + "getBlob", space=space + "x", cid=his).shape
    get(Caller(service.url), his).refused("AuthMissing", status=401)
    get(reader, his).refused("CredentialRevoked", status=401)
