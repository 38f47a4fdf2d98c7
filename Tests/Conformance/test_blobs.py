"""Blobs of permissioned records (atproto-spaces.md 7.4)."""

import hashlib
import os

import pytest

from kit import data
from kit.people import POST
from kit.xrpc import Caller

SPACE = "com.atproto.space."


@pytest.fixture
def space(alice):
    return alice.create_space()


def upload(person, content, mime="image/png"):
    return person.bytes("com.atproto.repo.uploadBlob", content, mime).ok()["blob"]


def record(blob):
    return {"$type": POST, "text": "look", "embed": {"images": [blob]}}


def test_blob_is_served_while_a_record_refers_to_it(alice, bob, space):
    alice.add(space, bob)
    content = os.urandom(5000)
    blob = upload(alice, content)
    cid = blob["ref"]["$link"]
    assert cid == data.cid_of(content, "raw") and blob["mimeType"] == "image/png" and blob["size"] == 5000
    get = lambda caller: caller.get(SPACE + "getBlob", space=space, repo=alice.did, cid=cid)
    alice.write(space, rkey="other")
    get(alice).refused("BlobNotFound", status=400)
    alice.write(space, rkey="a", record=record(blob))
    alice.write(space, rkey="b", record=record(blob))
    reader = bob.reader(space)
    for caller in (alice, reader):
        answer = get(caller)
        assert answer.status == 200 and answer.raw == content
        assert answer.headers["content-length"] == "5000" and answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"] == f'attachment; filename="{cid}"'
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    listed = reader.get(SPACE + "listBlobs", space=space, repo=alice.did).ok()
    assert listed["cids"] == [cid]
    for rkey, served in (("a", True), ("b", False)):
        alice.post(SPACE + "deleteRecord", space=space, repo=alice.did, collection=POST, rkey=rkey).ok()
        assert (get(reader).status == 200) == served
    get(reader).refused("BlobNotFound", status=400)


def test_blobs_of_one_space_are_not_of_another(alice, bob, space):
    other = alice.create_space()
    blob = upload(alice, b"secret")
    alice.write(space, record=record(blob))
    alice.write(other)
    cid = blob["ref"]["$link"]
    present = alice.get(SPACE + "getBlob", space=other, repo=alice.did, cid=cid)
    absent = alice.get(SPACE + "getBlob", space=other, repo=alice.did, cid=data.cid_of(b"never", "raw"))
    assert present.refused("BlobNotFound").shape == absent.shape


def test_space_blobs_are_on_no_public_route(service, alice, space):
    blob = upload(alice, b"private picture")
    alice.write(space, record=record(blob))
    anybody = Caller(service.url)
    cid = blob["ref"]["$link"]
    for nsid, parameters in [
        ("com.atproto.sync.getBlob", {"did": alice.did, "cid": cid}), ("com.atproto.sync.listBlobs", {"did": alice.did}),
        ("com.atproto.sync.getRepo", {"did": alice.did}), ("com.atproto.sync.listRepos", {}),
        ("com.atproto.repo.listRecords", {"repo": alice.did, "collection": POST}),
        ("com.atproto.repo.describeRepo", {"repo": alice.did}), ("com.atproto.sync.getLatestCommit", {"did": alice.did}),
    ]:
        answer = anybody.get(nsid, **parameters)
        assert answer.status >= 400 and cid not in answer.text, nsid
    assert anybody.get(SPACE + "getBlob", space=space, repo=alice.did, cid=cid).status == 401


def test_blobs_must_be_there(alice, space):
    blob = {
        "$type": "blob", "ref": {"$link": data.cid_of(b"never sent", "raw")}, "mimeType": "image/png", "size": 10,
    }
    answer = alice.post(
        SPACE + "createRecord", space=space, repo=alice.did, collection=POST, record=record(blob))
    assert answer.status == 400 and answer.error in ("BlobNotFound", "InvalidRequest")


def test_upload_limits(service, alice):
    assert Caller(service.url).bytes("com.atproto.repo.uploadBlob", b"x", "text/plain").status == 401
    assert upload(alice, b"x" * (5 << 20))["size"] == 5 << 20
    alice.bytes("com.atproto.repo.uploadBlob", b"x" * ((5 << 20) + 1), "image/png").refused("PayloadTooLarge", status=413)


def test_blobs_are_listed_in_pages_and_since(alice, space):
    cids = []
    for number in range(5):
        blob = upload(alice, hashlib.sha256(b"%d" % number).digest())
        alice.write(space, record=record(blob))
        cids.append(blob["ref"]["$link"])
        if number == 2:
            since = alice.get(SPACE + "getLatestCommit", space=space, repo=alice.did).ok()["commit"]["rev"]
    seen, cursor = [], None
    while True:
        page = alice.get(SPACE + "listBlobs", space=space, repo=alice.did, limit=2, cursor=cursor).ok()
        seen += page["cids"]
        cursor = page.get("cursor")
        if cursor is None:
            break
    assert sorted(seen) == sorted(cids)
    assert set(alice.get(SPACE + "listBlobs", space=space, repo=alice.did, since=since).ok()["cids"]) == set(cids[3:])
