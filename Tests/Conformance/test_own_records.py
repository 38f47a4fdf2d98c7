"""What is one's own stays one's own to look at and to take away, whatever became of one's membership (5, 13.1, 18)."""

import pytest

from kit import repo
from kit.people import FORUM, MEMBER_LIST, POST, PUBLIC, Person
from kit.syncer import Syncer
from kit.xrpc import Caller

SPACE, SIMPLE, HV = "com.atproto.space.", "com.atproto.simplespace.", "dev.happyview.space."
DELETE_REPO = "dev.capabilitygraph.space.deleteRepo"


@pytest.fixture
def space(alice, bob, carol):
    """Of alice; bob, who wrote three records, and carol are members."""
    made = alice.create_space()
    alice.add(made, bob, carol)
    alice.write(made, rkey="hers")
    for rkey in ("a", "b", "c"):
        bob.write(made, rkey=rkey)
    return made


def removed(alice, bob, space):
    alice.remove(space, bob)


def reads_only(alice, bob, space):
    alice.post(SIMPLE + "putMember", space=space, did=bob.did, read=True, write=False).ok()


def has_nothing(alice, bob, space):
    alice.post(SIMPLE + "putMember", space=space, did=bob.did, read=False, write=False).ok()


def reads_itself(alice, bob, space):
    alice.remove(space, bob)
    alice.add(space, bob, access="read_self")


def asks_an_app(alice, bob, space):
    alice.post(SIMPLE + "updateSpace", space=space, mintPolicy="managing-app", managingApp="did:web:gone.test#x").ok()


FATES = [(removed, "SpaceNotFound"), (reads_only, "WriteNotAuthorized"), (has_nothing, "WriteNotAuthorized"),
         (reads_itself, "WriteNotAuthorized"), (asks_an_app, "WriteNotAuthorized")]


def delete(rkey):
    return {"$type": SPACE + "applyWrites#delete", "collection": POST, "rkey": rkey}


def create(rkey):
    return {"$type": SPACE + "applyWrites#create", "collection": POST, "rkey": rkey, "value": {"$type": POST}}


def own(bob, space):
    return {row["rkey"] for row in bob.get(SPACE + "listRecords", space=space, repo=bob.did).ok()["records"]}


@pytest.mark.parametrize("fate, refusal", FATES, ids=lambda value: getattr(value, "__name__", ""))
def test_an_author_takes_away_its_own(alice, bob, carol, space, fate, refusal):
    fate(alice, bob, space)
    assert own(bob, space) == {"a", "b", "c"}, "what cannot be listed cannot be taken away"
    apply = lambda *writes: bob.post(SPACE + "applyWrites", space=space, repo=bob.did, writes=list(writes))
    for answer in (
        bob.post(SPACE + "createRecord", space=space, collection=POST, record={"$type": POST}),
        bob.post(SPACE + "putRecord", space=space, collection=POST, rkey="a", record={"$type": POST}),
        apply(create("d")), apply(delete("a"), create("d")), apply(create("d"), delete("d")),
    ):
        answer.refused(refusal)
    assert own(bob, space) == {"a", "b", "c"}, "all or nothing"
    bob.post(SPACE + "deleteRecord", space=space, repo=bob.did, collection=POST, rkey="a").ok()
    assert [row["$type"] for row in apply(delete("b")).ok()["results"]] == [SPACE + "applyWrites#deleteResult"]
    apply(delete("b")).refused("RecordNotFound", status=400)
    assert own(bob, space) == {"c"}
    bob.post(HV + "deleteRecord", spaceUri=space, collection=POST, rkey="c").ok()
    raw = bob.get(SPACE + "getRepo", space=space, repo=bob.did)
    assert repo.verify_car(raw.raw, space, bob.did, bob.document.key("atproto"))[1] == {}
    bob.get(SPACE + "getLatestCommit", space=space, repo=bob.did).ok()
    for other in (alice, carol):
        other.post(SPACE + "deleteRecord", space=space, repo=bob.did, collection=POST, rkey="c").refused("Forbidden")
    bob.post(DELETE_REPO, space=space).ok()
    bob.post(DELETE_REPO, space=space).refused("RepoNotFound", status=400)
    bob.post(SPACE + "deleteRecord", space=space, collection=POST, rkey="c").refused(refusal)


def test_a_removed_author_learns_nothing_of_others(service, alice, bob, carol, space):
    known = bob.get(SPACE + "getSpace", space=space).ok()["space"]["revision"]
    alice.remove(space, bob)
    for method, fields in [
        ("getRecord", {"repo": alice.did, "collection": POST, "rkey": "hers"}), ("listRecords", {"repo": alice.did}),
        ("listRecords", {"repo": carol.did}), ("getRepo", {"repo": alice.did}), ("getLatestCommit", {"repo": alice.did}),
    ]:
        bob.get(SPACE + method, space=space, **fields).refused("RepoNotFound", status=400)
    for nsid in (SPACE + "listRepos", SPACE + "getSpace", SIMPLE + "listMembers", SPACE + "getDelegationToken"):
        assert bob.get(nsid, space=space).shape == bob.get(nsid, space=space + "x").shape
    # Whether the space has advanced is not to be found out by guesses at its revision.
    for guess in (known, ""):
        bob.post(SPACE + "applyWrites", space=space, repo=bob.did, writes=[delete("a")], swapCommit=guess).refused(
            "InvalidSwap", status=409)
    # Without a repo of one's own a space is what it is to everybody.
    stranger = Person(service)
    for nsid, fields in [("deleteRecord", {"collection": POST, "rkey": "a"}), ("applyWrites", {"writes": [delete("a")]})]:
        ask = lambda name: stranger.post(SPACE + nsid, space=name, **fields)
        assert ask(space).refused("SpaceNotFound").shape == ask(space + "x").shape
    assert stranger.post(DELETE_REPO, space=space).shape == stranger.post(DELETE_REPO, space=space + "x").shape
    Caller(service.url).post(SPACE + "deleteRecord", space=space, repo=bob.did, collection=POST, rkey="a").refused("AuthMissing")


def test_syncers_hear_of_what_a_removed_author_takes_away(alice, bob, carol, space, peer):
    syncer = peer.identity("syncer")
    syncer.services["atproto_space_syncer"] = ("SpaceSyncer", peer.url_of("syncer"))
    reader = carol.reader(space)
    keys = {person.did: person.document.key("atproto") for person in (alice, bob, carol)}
    copy = Syncer(reader, space, keys.__getitem__)
    assert len(copy.sweep()[bob.did]) == 3
    reader.post(SPACE + "registerNotify", space=space, service=syncer.did + "#atproto_space_syncer").ok()
    alice.remove(space, bob)
    bob.post(SPACE + "deleteRecord", space=space, collection=POST, rkey="a").ok()
    call = peer.wait_for(SPACE + "notifyWrite", lambda request: request.json["space"] == space)[0]
    assert call.json["repo"] == bob.did
    assert set(copy.sweep()[bob.did]) == {f"{POST}/b", f"{POST}/c"} and copy.recovered == 0
    bob.post(DELETE_REPO, space=space).ok()
    assert bob.did not in {entry["did"] for entry in copy.repos()}
    reader.get(SPACE + "getRepo", space=space, repo=bob.did).refused("RepoNotFound", status=400)


def test_what_a_policy_admits_may_be_changed_again(alice, bob, space):
    alice.remove(space, bob)
    alice.post(SIMPLE + "updateSpace", space=space, writePolicy=PUBLIC, readPolicy=MEMBER_LIST).ok()
    bob.post(SPACE + "putRecord", space=space, collection=POST, rkey="a", record={"$type": POST, "text": "new"}).ok()


def test_what_a_deleted_space_left_behind_comes_back_to_nobody(alice, bob, carol):
    space = alice.create_space(skey="anew")
    alice.add(space, bob)
    for rkey in ("a", "b"):
        bob.write(space, rkey=rkey)
    alice.post(SIMPLE + "deleteSpace", space=space).ok()
    alice.create_space(skey="anew")
    alice.add(space, carol)
    reader = carol.reader(space)
    alice.write(space, rkey="hers")
    revision = alice.get(SPACE + "getSpace", space=space).ok()["space"]["revision"]
    assert own(bob, space) == {"a", "b"}
    bob.post(SPACE + "deleteRecord", space=space, collection=POST, rkey="a").ok()
    assert own(bob, space) == {"b"}
    assert alice.get(SPACE + "getSpace", space=space).ok()["space"]["revision"] == revision
    for caller in (alice, carol, reader):
        caller.get(SPACE + "getRepo", space=space, repo=bob.did).refused("RepoNotFound", status=400)
        assert caller.get(SPACE + "listRecords", space=space, repo=bob.did).ok() == {"records": []}
        assert [row["rkey"] for row in caller.get(SPACE + "listRecords", space=space).ok()["records"]] == ["hers"]
        assert [entry["did"] for entry in caller.get(SPACE + "listRepos", space=space).ok()["repos"]] == [alice.did]
