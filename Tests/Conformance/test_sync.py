"""A syncer follows a space and checks all it is told (atproto-spaces.md 10, 11, 13.5, 13.6)."""

import types

import pytest

from kit import data, repo
from kit.people import POST, Person
from kit.syncer import Syncer

SPACE = "com.atproto.space."


@pytest.fixture
def space(alice, bob, carol):
    made = alice.create_space()
    alice.add(made, bob, carol)
    return made


def syncer(reader, space, *people):
    keys = {person.did: person.document.key("atproto") for person in people}
    return Syncer(reader, space, keys.__getitem__)


@pytest.mark.parametrize("profile", ["P", "N"])
@pytest.mark.parametrize("limit", [None, 1, 2])
def test_a_copy_stays_true(alice, bob, carol, space, profile, limit):
    copy = syncer(carol.reader(space, profile), space, alice, bob, carol)
    assert copy.sweep() == {}
    for number in range(4):
        alice.write(space, rkey=f"a{number}", text=str(number))
    bob.write(space, rkey="b")
    assert set(copy.sweep(limit=limit)) == {alice.did, bob.did}
    alice.post(
        SPACE + "applyWrites", space=space, repo=alice.did, writes=[
            {"$type": SPACE + "applyWrites#update", "collection": POST, "rkey": "a0", "value": {"$type": POST, "text": "!"}},
            {"$type": SPACE + "applyWrites#delete", "collection": POST, "rkey": "a1"},
            {"$type": SPACE + "applyWrites#create", "collection": POST, "rkey": "a9", "value": {"$type": POST, "text": "9"}},
        ]).ok()
    bob.post(SPACE + "deleteRecord", space=space, repo=bob.did, collection=POST, rkey="b").ok()
    held = copy.sweep(limit=limit)
    assert {path.split("/")[1] for path in held[alice.did]} == {"a0", "a2", "a3", "a9"} and held[bob.did] == {}
    assert copy.copies[bob.did].hash.digest == repo.LtHash().digest
    assert copy.recovered == 0, "the log was enough"
    values = copy.copies[alice.did].values
    assert values[f"{POST}/a0"] == {"$type": POST, "text": "!"}
    for path, cid in held[alice.did].items():
        assert data.record_cid(values[path]) == cid
    # The whole repo says the same.
    fresh = syncer(copy.reader, space, alice, bob, carol)
    assert fresh.sweep() == held


def test_export_without_values(alice, space):
    for number in range(12):
        alice.write(space, rkey="k" * (number + 1), record={"$type": POST, "n": number})
    alice.write(space, rkey="same", record={"$type": POST, "n": 0})  # a block twice
    key = alice.document.key("atproto")
    get = lambda **options: alice.get(SPACE + "getRepo", space=space, repo=alice.did, **options)
    commit, index, records = repo.verify_car(get().raw, space, alice.did, key)
    assert len(records) == 13 and records[f"{POST}/same"] == {"$type": POST, "n": 0}
    bare = repo.verify_car(get(excludeValues=True).raw, space, alice.did, key, index_only=True)
    assert bare[1] == index and bare[2] == {} and bare[0]["rev"] == commit["rev"] and bare[0]["ikm"] != commit["ikm"]


def test_pages_of_the_log(alice, space):
    for batch in range(3):
        alice.post(SPACE + "applyWrites", space=space, repo=alice.did, writes=[
            {"$type": SPACE + "applyWrites#create", "collection": POST, "rkey": f"{batch}-{index}", "value": {"$type": POST}}
            for index in range(4)
        ]).ok()
    ask = lambda **options: alice.get(SPACE + "listRepoOps", space=space, repo=alice.did, **options).ok()
    whole = ask()
    revs = [op["rev"] for op in whole["ops"]]
    assert len(revs) == 12 and revs == sorted(revs) and len(set(revs)) == 3
    assert "commit" in whole and "cursor" not in whole and whole["commit"]["rev"] == revs[-1]
    for limit in (1, 3, 4, 5, 6, 12, 13):  # pages end inside a revision too
        seen, cursor, pages = [], None, 0
        while True:
            page = ask(limit=limit, cursor=cursor)
            seen += page["ops"]
            pages += 1
            assert ("commit" in page) != ("cursor" in page)
            if "commit" in page:
                break
            assert len(page["ops"]) == limit
            cursor = page["cursor"]
        assert seen == whole["ops"]
        assert pages == 12 // limit + 1, "a page that is exactly full is followed by an empty one with the commit"
    assert ask(since=revs[3])["ops"] == whole["ops"][4:]
    assert ask(since=revs[-1])["ops"] == [] and "commit" in ask(since=revs[-1])
    assert ask(since=data.tid())["ops"] == [] and "commit" in ask(since=data.tid())
    # A cursor wins over `since`.
    cursor = ask(limit=5)["cursor"]
    assert ask(since=revs[-1], cursor=cursor)["ops"] == whole["ops"][5:]
    assert not any("value" in op for op in ask(excludeValues=True)["ops"])
    for options in ({"cursor": "nonsense"}, {"cursor": "/"}, {"cursor": f"{revs[0]}/x"}):
        alice.get(SPACE + "listRepoOps", space=space, repo=alice.did, **options).refused("MalformedCursor", status=400)
    for options in ({"since": "nonsense"}, {"limit": 0}, {"limit": 1001}):
        alice.get(SPACE + "listRepoOps", space=space, repo=alice.did, **options).refused("InvalidRequest", status=400)


def test_values_only_of_what_is_current(alice, space):
    put = lambda text: alice.post(
        SPACE + "putRecord", space=space, repo=alice.did, collection=POST, rkey="k", record={"$type": POST, "text": text}).ok()
    for text in ("1", "2", "1"):
        put(text)
    ops = alice.get(SPACE + "listRepoOps", space=space, repo=alice.did).ok()["ops"]
    # The first op's CID is the current one again: its value is the record's current value.
    assert [op.get("value", {}).get("text") for op in ops] == ["1", None, "1"]
    assert ops[0]["prev"] is None and ops[1]["prev"] == ops[0]["cid"] and ops[2]["prev"] == ops[1]["cid"]
    alice.post(SPACE + "deleteRecord", space=space, repo=alice.did, collection=POST, rkey="k").ok()
    ops = alice.get(SPACE + "listRepoOps", space=space, repo=alice.did).ok()["ops"]
    assert ops[3]["cid"] is None and not any("value" in op for op in ops)


def test_writers_in_the_order_asked_for(service, alice, space):
    people = [Person(service) for _ in range(4)]
    alice.add(space, *people)
    reader = alice.reader(space)
    for person in reversed(people):
        person.write(space)
    ask = lambda **options: reader.get(SPACE + "listRepos", space=space, **options).ok()
    whole = ask()
    entries = whole["repos"]
    assert [entry["did"] for entry in entries] == sorted(person.did for person in people)
    for entry in entries:
        assert entry["rev"] == entry["repoRev"] and entry["spaceRev"] <= whole["spaceRev"]
        data.tid_number(entry["spaceRev"])
    assert "cursor" not in whole
    seen, cursor = [], None
    while True:  # P: by DID
        page = ask(limit=3, cursor=cursor)
        seen += [entry["did"] for entry in page["repos"]]
        cursor = page.get("cursor")
        if cursor is None:
            break
    assert seen == [entry["did"] for entry in entries]
    seen, cursor = [], None
    while True:  # N: by space revision, until a page is empty
        page = ask(limit=3, cursor=cursor, order="spaceRev")
        seen += page["repos"]
        if not page["repos"]:
            assert "cursor" not in page
            break
        cursor = page["cursor"]
        assert cursor == page["repos"][-1]["spaceRev"]
    assert [entry["did"] for entry in seen] == [person.did for person in reversed(people)]
    middle = seen[1]["spaceRev"]
    assert [entry["did"] for entry in ask(cursor=middle)["repos"]] == [entry["did"] for entry in seen[2:]]
    assert [entry["did"] for entry in ask(since=middle)["repos"]] == [entry["did"] for entry in seen[2:]]
    people[3].write(space)
    assert [entry["did"] for entry in ask(cursor=seen[-1]["spaceRev"])["repos"]] == [people[3].did]


def test_readers_are_no_writers(alice, bob, carol, space):
    bob.write(space)
    reader = carol.reader(space)
    assert [entry["did"] for entry in reader.get(SPACE + "listRepos", space=space).ok()["repos"]] == [bob.did]


def test_unwritten_and_unknown_repos_look_alike(alice, bob, carol, space):
    reader = bob.reader(space)
    for method in ("getLatestCommit", "getRepo", "listRepoOps", "listRecords", "listBlobs"):
        ask = lambda did: reader.get(SPACE + method, space=space, repo=did)
        member, unknown = ask(carol.did), ask("did:web:nobody.example")
        assert member.refused("RepoNotFound", status=400).shape == unknown.shape


def test_a_log_that_was_cut_leads_to_recovery(alice, space):
    """A syncer that is told that history is gone takes the whole repo and goes on by the log from there."""
    copy = syncer(alice.reader(space), space, alice)
    alice.write(space, rkey="a")
    copy.sweep()

    class Cut:
        """Forwards to the service, which keeps 10,000 operations; says of the log what a host says that kept fewer."""

        def get(self, nsid, **parameters):
            if nsid.endswith("listRepoOps"):
                return types.SimpleNamespace(error="HistoryUnavailable")
            return copy.reader.get(nsid, **parameters)

    copy.at = lambda did: Cut()
    alice.write(space, rkey="b")
    assert set(copy.sweep()[alice.did]) == {f"{POST}/a", f"{POST}/b"} and copy.recovered == 1
    copy.at = lambda did: copy.reader
    alice.write(space, rkey="c")
    assert len(copy.sweep()[alice.did]) == 3 and copy.recovered == 1
