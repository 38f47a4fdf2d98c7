"""Batches and swaps (atproto-spaces.md 7.1, 7.2)."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from kit import data, repo
from kit.people import POST

SPACE = "com.atproto.space."
TYPE = SPACE + "applyWrites#"


@pytest.fixture
def space(alice):
    return alice.create_space()


def create(rkey=None, text="x", **fields):
    return {"$type": TYPE + "create", "collection": POST, "value": {"$type": POST, "text": text}} | (
        {"rkey": rkey} if rkey else {}) | fields


def update(rkey, text="y", **fields):
    return {"$type": TYPE + "update", "collection": POST, "rkey": rkey, "value": {"$type": POST, "text": text}} | fields


def delete(rkey, **fields):
    return {"$type": TYPE + "delete", "collection": POST, "rkey": rkey} | fields


def apply(person, space, *writes, nsid=SPACE + "applyWrites", **fields):
    return person.post(nsid, space=space, repo=person.did, writes=list(writes), **fields)


def texts(person, space):
    rows = person.get(SPACE + "listRecords", space=space, repo=person.did).ok()["records"]
    return {row["rkey"]: row["value"]["text"] for row in rows}


def space_revision(person, space):
    return person.get(SPACE + "getSpace", space=space).ok()["space"]["revision"]


def test_results_answer_their_writes(alice, space):
    apply(alice, space, create("a"), create("b")).ok()
    results = apply(alice, space, create(text="new"), update("a"), delete("b")).ok()["results"]
    assert [result["$type"] for result in results] == [TYPE + "createResult", TYPE + "updateResult", TYPE + "deleteResult"]
    assert results[0]["cid"] == data.record_cid({"$type": POST, "text": "new"})
    data.tid_number(results[0]["uri"].rsplit("/", 1)[1])
    assert results[1]["uri"] == f"{space}/{alice.did}/{POST}/a"


def test_writes_see_those_before_them(alice, space):
    apply(alice, space, create("a", "1"), update("a", "2"), delete("a"), create("a", "3")).ok()
    assert texts(alice, space) == {"a": "3"}
    ops = alice.get(SPACE + "listRepoOps", space=space, repo=alice.did).ok()
    assert len(ops["ops"]) == 4 and len({op["rev"] for op in ops["ops"]}) == 1
    # Only the record's current value is told.
    assert [("value" in op) for op in ops["ops"]] == [False, False, False, True]


@pytest.mark.parametrize("bad, error", [
    (create("old"), "RecordAlreadyExists"), (update("none"), "RecordNotFound"), (delete("none"), "RecordNotFound"),
    (create("..", "?"), "InvalidRequest"), ({"$type": TYPE + "other"}, "InvalidRequest"), ({}, "InvalidRequest"),
    (create("t", value={"$type": "com.example.other"}), "InvalidRequest"), (create("t", value=5), "InvalidRequest"),
    ({"$type": TYPE + "create", "collection": POST}, "InvalidRequest"), ("create", "InvalidRequest"),
])
def test_all_or_nothing(alice, space, bad, error):
    alice.write(space, rkey="old", record={"$type": POST, "text": "old"})
    before = alice.get(SPACE + "getLatestCommit", space=space, repo=alice.did).ok()["commit"]["rev"]
    refused = apply(alice, space, create("new"), update("old", "changed"), bad)
    refused.refused(error, status=400)
    assert texts(alice, space) == {"old": "old"}
    assert alice.get(SPACE + "getLatestCommit", space=space, repo=alice.did).ok()["commit"]["rev"] == before


def test_two_hundred_writes_and_no_more(alice, space):
    refused = apply(alice, space, *[create(f"k{number}") for number in range(201)])
    assert refused.refused("InvalidRequest", status=400).body["message"] == "Too many writes. Max: 200"
    assert alice.get(SPACE + "listRecords", space=space, repo=alice.did).ok() == {"records": []}
    assert len(apply(alice, space, *[create(f"k{number}") for number in range(200)]).ok()["results"]) == 200
    listed = alice.get(SPACE + "listRecords", space=space, repo=alice.did, limit=1000).ok()["records"]
    assert len(listed) == 200


def test_nothing_to_write(alice, space):
    alice.write(space)
    before = alice.get(SPACE + "listRepoOps", space=space, repo=alice.did).ok()
    assert apply(alice, space).ok()["results"] == []
    after = alice.get(SPACE + "listRepoOps", space=space, repo=alice.did).ok()
    assert after["ops"] == before["ops"] and after["commit"]["rev"] == before["commit"]["rev"]


def test_compatible_form(alice, space):
    writes = [
        {"action": "create", "collection": POST, "rkey": "a", "value": {"$type": POST, "text": "1"}},
        {"action": "update", "collection": POST, "rkey": "b", "value": {"$type": POST, "text": "2"}},  # an upsert
        {"action": "delete", "collection": POST, "rkey": "a"},
    ]
    results = apply(alice, space, *writes, nsid="dev.happyview.space.applyWrites").ok()["results"]
    assert len(results) == 3 and not any("$type" in result for result in results)
    assert texts(alice, space) == {"b": "2"}
    apply(alice, space, {"action": "replace", "collection": POST, "rkey": "a"}).refused("InvalidRequest")


def test_swap_of_a_record(alice, space):
    first = alice.write(space, rkey="a")
    put = lambda text, **fields: alice.post(
        SPACE + "putRecord", space=space, repo=alice.did, collection=POST, rkey="a",
        record={"$type": POST, "text": text}, **fields)
    other = data.record_cid({"n": 1})
    put("2", swapRecord=other).refused("InvalidSwap", status=409)
    put("2", swapRecord=None).refused("InvalidSwap", status=409)
    second = put("2", swapRecord=first["cid"]).ok()
    put("3", swapRecord=first["cid"]).refused("InvalidSwap", status=409)
    delete_ = lambda **fields: alice.post(
        SPACE + "deleteRecord", space=space, repo=alice.did, collection=POST, rkey="a", **fields)
    delete_(swapRecord=first["cid"]).refused("InvalidSwap", status=409)
    delete_(swapRecord=second["cid"]).ok()
    delete_(swapRecord=second["cid"]).refused("InvalidSwap", status=409)
    put("4", swapRecord=second["cid"]).refused("InvalidSwap", status=409)
    put("4", swapRecord=None).ok()
    put("5", swapRecord="not a cid").refused("InvalidRequest", "InvalidSwap")


def test_swap_within_a_batch(alice, space):
    first = alice.write(space, rkey="a", record={"$type": POST, "text": "1"})
    middle = data.record_cid({"$type": POST, "text": "2"})
    apply(alice, space, update("a", "2"), update("a", "3", swapRecord=first["cid"])).refused("InvalidSwap", status=409)
    assert texts(alice, space) == {"a": "1"}
    apply(alice, space, update("a", "2", swapRecord=first["cid"]), update("a", "3", swapRecord=middle)).ok()
    apply(alice, space, delete("a", swapRecord=middle)).refused("InvalidSwap", status=409)
    assert texts(alice, space) == {"a": "3"}


def test_swap_of_the_space_revision(alice, bob, space):
    alice.add(space, bob)
    apply(alice, space, create("a"), swapCommit="3kbcq3p7ad422").refused("InvalidSwap", status=409)
    alice.write(space)
    bob.write(space)
    revision = space_revision(alice, space)
    own = alice.get(SPACE + "getLatestCommit", space=space, repo=alice.did).ok()["commit"]["rev"]
    if own != revision:
        apply(alice, space, create("b"), swapCommit=own).refused("InvalidSwap", status=409)
    apply(alice, space, create("b"), swapCommit=revision).ok()
    apply(alice, space, create("c"), swapCommit=revision).refused("InvalidSwap", status=409)
    assert space_revision(alice, space) > revision
    revision = space_revision(alice, space)
    alice.write(space, rkey="d", swapCommit=revision)
    answer = alice.post(
        SPACE + "createRecord", space=space, repo=alice.did, collection=POST, record={"$type": POST}, swapCommit=revision)
    answer.refused("InvalidSwap", status=409)


def test_of_many_swaps_one_wins(alice, bob, space):
    alice.add(space, bob)
    alice.write(space)
    for _ in range(3):
        revision = space_revision(alice, space)
        attempt = lambda number: apply(alice if number % 2 else bob, space, create(), swapCommit=revision).status
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(attempt, range(12)))
        assert sorted(answers) == [200] + [409] * 11


def test_set_hash_follows_every_write(service, alice, space):
    apply(alice, space, create("a"), create("b"), create("c")).ok()
    apply(alice, space, update("a", "2"), delete("b")).ok()
    alice.post(SPACE + "putRecord", space=space, repo=alice.did, collection=POST, rkey="c", record={"text": "9"}).ok()
    rows = alice.get(SPACE + "listRecords", space=space, repo=alice.did).ok()["records"]
    expected = repo.LtHash.of({f'{row["collection"]}/{row["rkey"]}': row["cid"] for row in rows})
    state = alice.get(SPACE + "getRepoState", space=space, repo=alice.did).ok()
    commit = repo.commit_from_json(state["commit"])
    assert commit["hash"] == expected.digest and data.from_json(state["lthashState"]) == expected.state
    repo.verify_commit(commit, space, alice.did, alice.document.key("atproto"), state["rev"])


def test_commits_are_fresh_for_each_reader(alice, space):
    alice.write(space)
    made = [alice.get(SPACE + "getLatestCommit", space=space, repo=alice.did).ok()["commit"] for _ in range(5)]
    assert len({commit["ikm"]["$bytes"] for commit in made}) == 5
    assert len({commit["rev"] for commit in made}) == 1
    for commit in made:
        repo.verify_commit(repo.commit_from_json(commit), space, alice.did, alice.document.key("atproto"))
