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


@pytest.fixture
def writers(service, alice, space):
    """Four who wrote, the one made last first."""
    people = [Person(service) for _ in range(4)]
    alice.add(space, *people)
    for person in reversed(people):
        person.write(space)
    return people


def dids(entries):
    return [entry["did"] for entry in entries]


@pytest.mark.parametrize("profile", ["P", "N"])
@pytest.mark.parametrize("limit", [1, 3, 4, None])
def test_a_credential_lists_writers_by_the_revisions_of_the_space(alice, space, writers, profile, limit):
    reader = alice.reader(space, profile)
    ask = lambda **options: reader.get(SPACE + "listRepos", space=space, **options).ok()
    seen, cursor = [], None
    while True:  # until a page is empty
        page = ask(limit=limit, cursor=cursor)
        assert "spaceRev" not in page
        if not page["repos"]:
            assert "cursor" not in page
            break
        assert page["cursor"] == page["repos"][-1]["spaceRev"], "also of a page that is not full"
        seen += page["repos"]
        cursor = page["cursor"]
    assert dids(seen) == dids_of(reversed(writers))
    assert all(entry["rev"] == entry["repoRev"] and data.tid_number(entry["spaceRev"]) for entry in seen)
    middle = seen[1]["spaceRev"]
    for options in ({"cursor": middle}, {"since": middle}, {"cursor": middle, "since": seen[2]["spaceRev"]}):
        assert dids(ask(**options)["repos"]) == dids(seen[2:])
    below = data.tid_number(seen[0]["spaceRev"]) - 1
    # Whatever is no revision has nothing before it, also what other listings give as cursors.
    below = data.tid_number(seen[0]["spaceRev"]) - 1
    for start in ("0", "", "x", "2222222222222", "zzzzzzzzzzzzz", middle[:-1], middle + "2", middle.upper(), writers[0].did,
                  space, "0" * 3000, "\u00e9", data.tid(below >> 10, below & 1023)):
        assert ask(cursor=start)["repos"] == seen, start
    assert ask(cursor="0", since=middle)["repos"] == seen, "a cursor counts before `since`"
    assert ask(order="did")["repos"] == seen
    for end in (seen[-1]["spaceRev"], data.tid(), "jzzzzzzzzzzzz"):
        assert ask(cursor=end) == {"repos": []}


def dids_of(people):
    return [person.did for person in people]


def test_who_writes_between_two_pages_is_never_missed(alice, bob, space, writers):
    """A repo that advances moves to the end; what was read before it moved is read again."""
    reader = alice.reader(space)
    ask = lambda **options: reader.get(SPACE + "listRepos", space=space, **options).ok()
    first = ask(limit=2)
    assert dids(first["repos"]) == [writers[3].did, writers[2].did]
    writers[3].write(space)  # listed already
    writers[1].write(space)  # not listed yet, and gone from its place when the next page begins
    alice.write(space)  # new
    second = ask(limit=2, cursor=first["cursor"])
    third = ask(limit=9, cursor=second["cursor"])
    assert dids(second["repos"] + third["repos"]) == [writers[0].did, writers[3].did, writers[1].did, alice.did]
    assert ask(cursor=third["cursor"]) == {"repos": []}
    # Also where somebody writes before each page, every repo is listed at its newest revision in the end.
    cursor, held = "0", {}
    for turn in range(12):
        if turn < 6:
            writers[turn % 3].write(space)
        page = ask(limit=1, cursor=cursor)
        held |= {entry["did"]: entry["repoRev"] for entry in page["repos"]}
        cursor = page.get("cursor", cursor)
    assert ask(cursor=cursor) == {"repos": []}
    for did, rev in held.items():
        assert reader.get(SPACE + "getLatestCommit", space=space, repo=did).ok()["commit"]["rev"] == rev
    assert set(held) == {*dids_of(writers), alice.did}


def test_a_session_lists_writers_in_the_order_asked_for(alice, space, writers):
    ask = lambda **options: alice.get(SPACE + "listRepos", space=space, **options).ok()
    whole = ask()
    entries = whole["repos"]
    assert dids(entries) == sorted(dids_of(writers)) and "cursor" not in whole
    assert whole["spaceRev"] == max(entry["spaceRev"] for entry in entries)
    seen, cursor = [], None
    while True:  # P: by DID
        page = ask(limit=3, cursor=cursor)
        seen += page["repos"]
        cursor = page.get("cursor")
        if cursor is None:
            break
    assert seen == entries
    by_revision = ask(order="spaceRev")
    assert dids(by_revision["repos"]) == dids_of(reversed(writers))
    middle = by_revision["repos"][1]["spaceRev"]
    for options in ({"cursor": middle}, {"since": middle}):
        assert ask(**options)["repos"] == by_revision["repos"][2:]
    alice.get(SPACE + "listRepos", space=space, cursor="0").refused("MalformedCursor", status=400)


def test_readers_are_no_writers(alice, bob, carol, space):
    bob.write(space)
    reader = carol.reader(space)
    assert [entry["did"] for entry in reader.get(SPACE + "listRepos", space=space).ok()["repos"]] == [bob.did]


@pytest.mark.parametrize("profile", ["P", "N"])
def test_an_unwritten_repo_lists_as_empty(alice, bob, carol, space, profile):
    """To who may read it; its commits, exports and log begin with the first write."""
    outsider = "did:web:nobody.example"
    for reader in (bob.reader(space, profile), bob):
        for method in ("getLatestCommit", "getRepo", "listRepoOps"):
            ask = lambda did: reader.get(SPACE + method, space=space, repo=did)
            assert ask(carol.did).refused("RepoNotFound", status=400).shape == ask(outsider).shape
        for method, name in (("listRecords", "records"), ("listBlobs", "cids")):
            ask = lambda did: reader.get(SPACE + method, space=space, repo=did)
            assert ask(carol.did).ok() == {name: []}
            # A repo of another host is not empty because it is not here.
            ask(outsider).refused("RepoNotFound", status=400)
            reader.get(SPACE + method, space=space, repo=carol.did, cursor="?").refused("MalformedCursor", status=400)
    # Emptied, it lists as it did before it was written.
    carol.write(space, rkey="k")
    carol.post("dev.capabilitygraph.space.deleteRepo", space=space).ok()
    assert bob.get(SPACE + "listRecords", space=space, repo=carol.did).ok() == {"records": []}


def test_nothing_is_listed_as_empty_to_who_may_not_read(service, alice, bob, carol, space):
    stranger = Person(service)
    absent = space + "x"
    alice.write(space)
    alice.post("com.atproto.simplespace.putMember", space=space, did=carol.did, read=False, write=True).ok()
    for method in ("listRecords", "listBlobs"):
        for caller in (stranger, carol):
            answers = [caller.get(SPACE + method, space=name, repo=did) for name in (space, absent) for did in (alice.did, bob.did)]
            assert all(answer.refused("RepoNotFound", status=400).shape == answers[0].shape for answer in answers)
        # One's own is empty everywhere, so that this tells nothing either.
        assert stranger.get(SPACE + method, space=space, repo=stranger.did).ok() == \
            stranger.get(SPACE + method, space=absent, repo=stranger.did).ok()


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
