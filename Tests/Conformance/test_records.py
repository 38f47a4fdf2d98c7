"""Records one at a time (atproto-spaces.md 7, 13.1-13.3)."""

import pytest

from kit import data
from kit.people import POST, Person

SPACE = "com.atproto.space."


@pytest.fixture
def space(alice):
    return alice.create_space()


def read(person, space, uri, **options):
    repo, collection, rkey = uri.split("/")[-3:]
    return person.get(SPACE + "getRecord", space=space, repo=repo, collection=collection, rkey=rkey, **options)


def listing(person, space, **options):
    return person.get(SPACE + "listRecords", space=space, repo=options.pop("repo", person.did), **options).ok()


def test_record_is_kept_under_its_cid(alice, space):
    record = {
        "$type": POST, "text": "h\u00e9llo \U0001f600", "n": -5, "big": 2**53 - 1, "list": [1, None, True, {"b": {}, "aa": []}],
        "link": {"$link": "bafyreidefdycgbfy3oglcb6ism3eqhyp5llsrpzxjsuac2gsy4mtrtx244"}, "raw": {"$bytes": "AQID"}, "": "",
    }
    written = alice.write(space, record=record)
    assert written["cid"] == data.record_cid(record)
    assert written["uri"].startswith(f"{space}/{alice.did}/{POST}/")
    data.tid_number(written["uri"].rsplit("/", 1)[1])
    found = read(alice, space, written["uri"]).ok()
    assert found == {"uri": written["uri"], "cid": written["cid"], "value": record}


def test_type_is_the_collection(alice, space):
    filled = alice.write(space, record={"text": "untyped"})
    assert filled["cid"] == data.record_cid({"$type": POST, "text": "untyped"})
    assert read(alice, space, filled["uri"]).ok()["value"] == {"$type": POST, "text": "untyped"}
    for record in ({"$type": "com.example.other"}, {"$type": 5}, {"$type": POST, "x": 1.5}, [], "text", None):
        alice.post(SPACE + "createRecord", space=space, repo=alice.did, collection=POST, record=record).refused(
            "InvalidRequest", status=400)


@pytest.mark.parametrize("value", [
    {"$link": "bafy"}, {"$link": 5}, {"$bytes": "?"}, {"$bytes": 1}, 1e300, {"$link": "bafyreidefdycgbfy3oglcb6ism3eqhyp5llsrpzxjsuac2gsy4mtrtx244", "x": 1},
    {"$type": "blob", "mimeType": "a/b", "size": 1}, {"$type": ""}, 2**64,
])
def test_values_outside_the_data_model(alice, space, value):
    alice.post(
        SPACE + "createRecord", space=space, repo=alice.did, collection=POST, record={"$type": POST, "value": value},
    ).refused("InvalidRequest", status=400)


@pytest.mark.parametrize("fields", [
    {"collection": "nope"}, {"collection": "com.example"}, {"rkey": ".."}, {"rkey": "a/b"}, {"rkey": "k" * 513},
    {"rkey": ""}, {"rkey": 5}, {"validate": "yes"}, {"record": None},
])
def test_malformed_writes(alice, space, fields):
    body = {"space": space, "repo": alice.did, "collection": POST, "record": {"$type": POST}} | fields
    alice.post(SPACE + "createRecord", **body).refused("InvalidRequest", status=400)


def test_create_never_overwrites(alice, space):
    alice.write(space, rkey="one")
    body = {"space": space, "repo": alice.did, "collection": POST, "rkey": "one", "record": {"$type": POST}}
    alice.post(SPACE + "createRecord", **body).refused("RecordAlreadyExists", status=400)
    alice.post("dev.happyview.space.createRecord", **body).refused("RecordAlreadyExists", status=409)


def test_put_replaces_and_delete_ends(alice, space):
    put = lambda text: alice.post(
        SPACE + "putRecord", space=space, repo=alice.did, collection=POST, rkey="self",
        record={"$type": POST, "text": text}).ok()
    first, second = put("1"), put("2")
    assert first["uri"] == second["uri"] and first["cid"] != second["cid"]
    assert read(alice, space, first["uri"]).ok()["value"]["text"] == "2"
    for _ in range(2):  # deleting nothing succeeds
        assert alice.post(SPACE + "deleteRecord", space=space, repo=alice.did, collection=POST, rkey="self").ok() == {}
    read(alice, space, first["uri"]).refused("RecordNotFound", status=400)


def test_one_writes_only_for_oneself(alice, bob, space):
    alice.add(space, bob)
    body = {"space": space, "collection": POST, "rkey": "x", "record": {"$type": POST}}
    bob.post(SPACE + "createRecord", repo=alice.did, **body).refused("Forbidden", status=403)
    bob.post(SPACE + "putRecord", repo=alice.did, **body).refused("Forbidden", status=403)
    bob.post(SPACE + "deleteRecord", repo=alice.did, space=space, collection=POST, rkey="x").refused("Forbidden", status=403)
    bob.post(SPACE + "applyWrites", repo=alice.did, space=space, writes=[]).refused("Forbidden", status=403)
    assert bob.post(SPACE + "createRecord", **body).ok()["uri"] == f"{space}/{bob.did}/{POST}/x"


def test_a_repo_begins_with_its_first_write(alice, space):
    for method in ("getLatestCommit", "getRepo", "listRepoOps"):
        alice.get(SPACE + method, space=space, repo=alice.did).refused("RepoNotFound", status=400)
    for method, name in (("listRecords", "records"), ("listBlobs", "cids")):
        assert alice.get(SPACE + method, space=space, repo=alice.did).ok() == {name: []}
    state = alice.get(SPACE + "getRepoState", space=space, repo=alice.did).ok()
    assert state["rev"] is None and state["commit"] is None
    alice.write(space, rkey="x")
    alice.post(SPACE + "deleteRecord", space=space, repo=alice.did, collection=POST, rkey="x").ok()
    assert listing(alice, space)["records"] == []
    alice.get(SPACE + "getLatestCommit", space=space, repo=alice.did).ok()


def test_records_are_listed_by_path(alice, space):
    other = POST + "Other"
    paths = [(POST, f"k{number}") for number in range(5)] + [(other, "a"), (other, "A"), (other, "z")]
    for collection, rkey in paths:
        alice.write(space, rkey=rkey, collection=collection, record={"$type": collection, "text": rkey})
    rows = listing(alice, space)["records"]
    assert [(row["collection"], row["rkey"]) for row in rows] == sorted(paths, reverse=True)
    assert all(row["value"]["text"] == row["rkey"] and row["cid"] == data.record_cid(row["value"]) for row in rows)
    ascending = listing(alice, space, reverse=True)["records"]
    assert [(row["collection"], row["rkey"]) for row in ascending] == sorted(paths)
    assert not any("value" in row for row in listing(alice, space, excludeValues=True)["records"])
    assert not any("value" in row for row in listing(alice, space, includeValues=False)["records"])
    assert {row["rkey"] for row in listing(alice, space, collection=other)["records"]} == {"a", "A", "z"}
    for reverse in (None, True):
        for size in (1, 3, 4, 8, 9):
            seen, cursor = [], None
            while True:
                page = listing(alice, space, limit=size, cursor=cursor, reverse=reverse)
                seen += [(row["collection"], row["rkey"]) for row in page["records"]]
                cursor = page.get("cursor")
                assert cursor is None or len(page["records"]) == size
                if cursor is None:
                    break
            assert seen == sorted(paths, reverse=not reverse)
    for cursor in ("nonsense", "at://", ""):
        alice.get(SPACE + "listRecords", space=space, repo=alice.did, cursor=cursor).refused("MalformedCursor")
    for limit in (0, 1001, -1, "x", "1.0", " 5"):
        alice.get(SPACE + "listRecords", space=space, repo=alice.did, limit=limit).refused("InvalidRequest")


def test_records_of_others_are_read_by_credential(alice, bob, space):
    """The repo boundary: here the host holds every repo, so that members who read may also read directly."""
    alice.add(space, bob)
    written = alice.write(space)
    for reader in (bob.reader(space, "P"), bob.reader(space, "N")):
        assert read(reader, space, written["uri"]).ok()["cid"] == written["cid"]
    direct = read(bob, space, written["uri"])
    assert direct.status == 200 or direct.error == "RepoNotFound"


def test_read_self_reads_only_itself(alice, bob, space):
    alice.add(space, bob)
    own, other = bob.write(space), alice.write(space)
    alice.post("com.atproto.simplespace.removeMember", space=space, did=bob.did).ok()
    alice.add(space, bob, access="read_self")
    assert read(bob, space, own["uri"]).ok()["cid"] == own["cid"]
    absent = bob.get(SPACE + "getRecord", space=space, repo="did:web:nobody.test", collection=POST, rkey="x")
    assert read(bob, space, other["uri"]).refused("RepoNotFound").shape == absent.shape
    refused = bob.post(
        SPACE + "createRecord", space=space, repo=bob.did, collection=POST, record={"$type": POST})
    refused.refused("WriteNotAuthorized", status=403)


def test_validation(alice, space):
    body = {"space": space, "repo": alice.did, "collection": POST, "record": {"$type": POST}}
    assert alice.post(SPACE + "createRecord", **body).ok()["validationStatus"] == "unknown"
    alice.post(SPACE + "createRecord", validate=False, **body).ok()
    alice.post(SPACE + "createRecord", validate=True, **body).refused("InvalidRequest", status=400)


def test_older_form_without_a_repo(alice, bob, space):
    alice.add(space, bob)
    written = alice.write(space, rkey="only-hers")
    found = alice.get("dev.happyview.space.getRecord", space=space, collection=POST, rkey="only-hers").ok()
    assert found["cid"] == written["cid"]
    alice.write(space, rkey="both")
    bob.write(space, rkey="both")
    reader = bob.reader(space)
    reader.get(SPACE + "getRecord", space=space, collection=POST, rkey="both").refused("InvalidRequest", status=400)


def test_revisions_never_go_back(clocked):
    alice = Person(clocked)
    space = alice.create_space()
    last = ""
    for shift in (0, 10, -600, 0, 300, 1200):
        clocked.pass_time(shift)
        alice.write(space)
        rev = alice.get(SPACE + "getLatestCommit", space=space, repo=alice.did).ok()["commit"]["rev"]
        assert rev > last and data.tid_number(rev) >> 10 >= clocked.now * 1_000_000
        last = rev


def test_size_limits(alice, space):
    text = "x" * 900_000
    written = alice.write(space, record={"$type": POST, "text": text})
    assert read(alice, space, written["uri"]).ok()["value"]["text"] == text
    large = {"$type": POST, "text": "x" * 1_000_001}
    alice.post(SPACE + "createRecord", space=space, repo=alice.did, collection=POST, record=large).refused(
        "PayloadTooLarge", status=413)
    alice.post("com.atproto.simplespace.updateSpace", space=space, description="x" * 160_000).refused(
        "PayloadTooLarge", status=413)


def test_idempotency_keys(alice, space):
    """The same key gives the same answer and no second record."""
    body = {"space": space, "repo": alice.did, "collection": POST, "record": {"$type": POST, "text": "once"}}
    headers = {**alice.headers, "Idempotency-Key": "a-key-of-mine"}
    first = alice.post(SPACE + "createRecord", headers, **body).ok()
    assert alice.post(SPACE + "createRecord", headers, **body).ok() == first
    assert len(listing(alice, space)["records"]) == 1
    other = body | {"record": {"$type": POST, "text": "twice"}}
    assert alice.post(SPACE + "createRecord", headers, **other).status in (400, 409, 422)
