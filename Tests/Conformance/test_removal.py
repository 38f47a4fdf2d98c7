"""A member is removed, a space is deleted: what must end at once, and what must not be told (13, 18)."""

import time

import pytest

from kit import jwt, repo
from kit.keys import Key
from kit.people import FORUM, MEMBER_LIST, OPEN_TO_APPS, POST, Person
from kit.xrpc import Caller

SPACE = "com.atproto.space."
SIMPLE = "com.atproto.simplespace."


@pytest.fixture
def space(alice, bob):
    made = alice.create_space()
    alice.add(made, bob)
    alice.write(made, rkey="first")
    return made


@pytest.mark.parametrize("profile", ["P", "N"])
def test_after_the_answer_nothing_reads(service, alice, bob, space, profile):
    readers = [bob.reader(space, profile) for _ in range(3)]
    bob.write(space, rkey="own")
    token = bob.delegation(space)
    for reader in readers:
        reader.get(SPACE + "listRepos", space=space).ok()
    alice.remove(space, bob)
    for reader in readers:
        for method, fields in [
            ("getRecord", {"repo": alice.did, "collection": POST, "rkey": "first"}), ("listRepos", {}),
            ("listRecords", {"repo": bob.did}), ("getRepo", {"repo": alice.did}), ("listRepoOps", {"repo": alice.did}),
            ("getLatestCommit", {"repo": alice.did}),
        ]:
            reader.get(SPACE + method, space=space, **fields).refused("CredentialRevoked", status=401)
    url = f"{alice.document.origin}/xrpc/{SPACE}getSpaceCredential"
    late = Caller(service.url).post(
        SPACE + "getSpaceCredential", {"Authorization": "Bearer " + token, "DPoP": jwt.dpop(Key(), "POST", url)}, space=space)
    late.refused("UserNotAuthorized", "NotAuthorized", "SpaceNotFound", status=400)
    absent = bob.get(SPACE + "getDelegationToken", space=space + "x")
    assert bob.get(SPACE + "getDelegationToken", space=space).shape == absent.shape
    # What is one's own stays one's own.
    assert bob.get(SPACE + "listRecords", space=space, repo=bob.did).ok()["records"][0]["rkey"] == "own"
    alice.add(space, bob)
    readers[0].get(SPACE + "listRepos", space=space).refused("CredentialRevoked", status=401)
    bob.reader(space).get(SPACE + "listRepos", space=space).ok()


def test_clearing_read_ends_credentials(alice, bob, space):
    reader = bob.reader(space)
    alice.post(SIMPLE + "putMember", space=space, did=bob.did, read=False, write=True).ok()
    reader.get(SPACE + "listRepos", space=space).refused("CredentialRevoked", status=401)
    bob.write(space)


@pytest.mark.parametrize("profile", ["P", "N"])
def test_taking_writing_away_leaves_what_reads(service, alice, bob, space, profile):
    """What was dropped is over with the answer; what was kept goes on as it was."""
    reader = bob.reader(space, profile)
    read = lambda: reader.get(SPACE + "getRecord", space=space, repo=alice.did, collection=POST, rkey="first")
    body = {"space": space, "repo": bob.did, "collection": POST, "record": {"$type": POST}}
    put = lambda **flags: alice.post(SIMPLE + "putMember", space=space, did=bob.did, **flags).ok()
    for flags in ({"read": True, "write": False}, {"read": True, "write": True}, {"read": True, "write": False}):
        put(**flags)
        read().ok()
        answer = bob.post(SPACE + "createRecord", **body)
        assert answer.status == 200 if flags["write"] else answer.error == "WriteNotAuthorized", answer.text
        bob.get(SPACE + "getDelegationToken", space=space).ok()
    listed = alice.get("dev.capabilitygraph.space.listCredentials", space=space).ok()["credentials"]
    assert [row["state"] for row in listed if row["user"] == bob.did] == ["live"]
    put(read=False, write=True)
    read().refused("CredentialRevoked", status=401)
    assert bob.post(SPACE + "createRecord", **body).status == 200


def test_live_credentials_find_no_deleted_space(service, alice, bob, space):
    bob.write(space, rkey="his")
    readers = [bob.reader(space, "P"), bob.reader(space, "N")]
    alice.post(SIMPLE + "deleteSpace", space=space).ok()
    for reader in readers:
        for method, fields in [
            ("getRecord", {"repo": alice.did, "collection": POST, "rkey": "first"}), ("listRepos", {}),
            ("listRecords", {"repo": bob.did}), ("getRepo", {"repo": bob.did}), ("listRepoOps", {"repo": bob.did}),
            ("getLatestCommit", {"repo": bob.did}), ("listBlobs", {"repo": bob.did}), ("getSpace", {}),
        ]:
            reader.get(SPACE + method, space=space, **fields).refused("SpaceNotFound", status=400)
        reader.get(SIMPLE + "getSpace", space=space).refused("SpaceNotFound", status=400)
        reader.post(SPACE + "registerNotify", space=space, service=bob.did).refused("SpaceNotFound", status=400)


def test_a_credential_that_died_before_its_space_was_revoked(alice, bob, space):
    reader = bob.reader(space)
    alice.remove(space, bob)
    alice.post(SIMPLE + "deleteSpace", space=space).ok()
    reader.get(SPACE + "listRepos", space=space).refused("CredentialRevoked", status=401)


def test_credentials_of_others_live_on(alice, bob, carol, space):
    alice.add(space, carol)
    ended, living = bob.reader(space), carol.reader(space)
    alice.remove(space, bob)
    ended.get(SPACE + "listRepos", space=space).refused("CredentialRevoked")
    living.get(SPACE + "listRepos", space=space).ok()


def test_members_through_a_space_are_removed_through_it(alice, bob):
    outer, inner = alice.create_space(), alice.create_space()
    alice.add(inner, bob)
    alice.post(SIMPLE + "addMember", space=outer, did=inner, isDelegation=True).ok()
    reader = bob.reader(outer)
    reader.get(SPACE + "listRepos", space=outer).ok()
    alice.remove(inner, bob)
    reader.get(SPACE + "listRepos", space=outer).refused("CredentialRevoked", status=401)


def test_revocations_outlive_a_crash(start):
    crashing = start(clock=1_790_000_000)
    alice, bob = Person(crashing), Person(crashing)
    space = alice.create_space()
    alice.add(space, bob)
    reader = bob.reader(space, now=crashing.now)
    reader.get(SPACE + "listRepos", space=space).ok()
    alice.remove(space, bob)
    crashing.restart()
    reader.get(SPACE + "listRepos", space=space).refused("CredentialRevoked", status=401)


def test_hosts_of_writers_are_told_of_revocations(service, alice, bob, space, peer):
    """The other repo hosts hear of it, so that the credential reads nothing there either."""
    from test_notifications import notify

    dave = peer.identity("dave")
    alice.post(SIMPLE + "addMember", space=space, did=dave.did).ok()
    notify(service, dave, space, alice.did + "#atproto_space_host").ok()
    reader = bob.reader(space)
    alice.remove(space, bob)
    nsid = SPACE + "notifyCredentialRevoked"
    call = peer.wait_for(nsid, lambda request: reader.claims["jti"] in request.json["credentials"])[0]
    call.verify_service_auth(alice.document.key("atproto"), alice.did, dave.did)
    assert call.json["space"] == space


def test_deleted_space_is_gone(service, alice, bob, carol, space, peer):
    syncer = peer.identity("syncer")
    syncer.services["atproto_space_syncer"] = ("SpaceSyncer", peer.url_of("syncer"))
    name = syncer.did + "#atproto_space_syncer"
    bob.write(space, rkey="his")
    reader = bob.reader(space)
    reader.post(SPACE + "registerNotify", space=space, service=name).ok()
    token = bob.delegation(space)
    for _ in range(2):  # again is no error
        alice.post(SIMPLE + "deleteSpace", space=space).ok()

    reader.get(SPACE + "listRepos", space=space).refused("SpaceNotFound", status=400)
    url = f"{alice.document.origin}/xrpc/{SPACE}getSpaceCredential"
    Caller(service.url).post(
        SPACE + "getSpaceCredential", {"Authorization": "Bearer " + token, "DPoP": jwt.dpop(Key(), "POST", url)}, space=space
    ).refused("SpaceDeleted", status=400)
    absent = carol.get(SIMPLE + "getSpace", space=space + "x")
    assert carol.get(SIMPLE + "getSpace", space=space).shape == absent.shape
    bob.get(SIMPLE + "getSpace", space=space).refused("SpaceDeleted", "SpaceNotFound", status=400)
    body = {"space": space, "collection": POST, "record": {"$type": POST}}
    for person in (alice, bob, carol):
        person.post(SPACE + "createRecord", repo=person.did, **body).refused("SpaceNotFound", "SpaceDeleted", status=400)
    # The authority's own repo went with it; others' are theirs to take along.
    alice.get(SPACE + "getRepo", space=space, repo=alice.did).refused("RepoNotFound", "SpaceDeleted", "SpaceNotFound")
    raw = bob.get(SPACE + "getRepo", space=space, repo=bob.did)
    assert raw.status == 200, raw.text
    assert set(repo.verify_car(raw.raw, space, bob.did, bob.document.key("atproto"))[1]) == {f"{POST}/his"}
    assert len(bob.get(SPACE + "listRecords", space=space, repo=bob.did).ok()["records"]) == 1
    call = peer.wait_for(SPACE + "notifySpaceDeleted", lambda request: request.json["space"] == space)[0]
    call.verify_service_auth(alice.document.key("atproto"), alice.did, name)
    bob.post(SPACE + "deleteRecord", space=space, repo=bob.did, collection=POST, rkey="his").ok()
    assert bob.get(SPACE + "listRecords", space=space, repo=bob.did).ok()["records"] == []


def test_deletion_outlives_a_crash(start):
    crashing = start()
    alice, bob = Person(crashing), Person(crashing)
    space = alice.create_space()
    alice.add(space, bob)
    bob.write(space)
    alice.post(SIMPLE + "deleteSpace", space=space).ok()
    crashing.restart()
    assert bob.get(SIMPLE + "getSpace", space=space).status == 400
    assert len(bob.get(SPACE + "listRecords", space=space, repo=bob.did).ok()["records"]) == 1


def test_space_is_created_again(alice, bob):
    space = alice.create_space(skey="again")
    alice.add(space, bob)
    reader = bob.reader(space)
    alice.write(space, rkey="old")
    before = alice.get(SPACE + "getSpace", space=space).ok()["space"]["revision"]
    alice.post(SIMPLE + "deleteSpace", space=space).ok()
    assert alice.create_space(skey="again") == space
    assert alice.get(SIMPLE + "listMembers", space=space).ok()["members"] == []
    assert bob.get(SPACE + "getDelegationToken", space=space).status == 400
    assert reader.get(SPACE + "listRepos", space=space).status in (400, 401)
    alice.get(SPACE + "getRecord", space=space, repo=alice.did, collection=POST, rkey="old").refused(
        "RecordNotFound", "RepoNotFound")
    alice.write(space, rkey="new")
    assert alice.get(SPACE + "getSpace", space=space).ok()["space"]["revision"] > before


def absent_and_hidden():
    """Calls that must not tell an outsider whether a private space is there."""
    get, post = "GET", "POST"
    yield from [
        (get, SIMPLE + "getSpace", {}), (get, SPACE + "getSpace", {}), (get, SIMPLE + "listMembers", {}),
        (get, SIMPLE + "getConfig", {}), (get, SPACE + "getDelegationToken", {}), (get, SPACE + "listRepos", {}),
        (get, "dev.happyview.space.listInvites", {}), (get, "dev.happyview.space.getSpace", {}),
        (get, SPACE + "listRecords", {"repo": "did:web:b.test"}), (get, SPACE + "getRepo", {"repo": "did:web:b.test"}),
        (get, SPACE + "getRecord", {"repo": "did:web:b.test", "collection": POST, "rkey": "x"}),
        (get, SPACE + "getBlob", {"repo": "did:web:b.test", "cid": "bafkreiccldh766hwcnuxnf2wh6jgzepf2nlu2lvcllt63eww5p6chi4ity"}),
        (get, SPACE + "listBlobs", {"repo": "did:web:b.test"}), (get, SPACE + "getLatestCommit", {"repo": "did:web:b.test"}),
        (get, SPACE + "listRepoOps", {"repo": "did:web:b.test"}), (get, SPACE + "getRepoState", {"repo": "did:web:b.test"}),
        (post, SPACE + "createRecord", {"collection": POST, "record": {"$type": POST}}),
        (post, SPACE + "putRecord", {"collection": POST, "rkey": "x", "record": {"$type": POST}}),
        (post, SPACE + "deleteRecord", {"collection": POST, "rkey": "x"}),
        (post, SPACE + "applyWrites", {"writes": [
            {"$type": SPACE + "applyWrites#create", "collection": POST, "value": {"$type": POST}}]}),
        (post, SPACE + "registerNotify", {"service": "did:web:syncer.test#x"}),
        (post, SPACE + "unregisterNotify", {"service": "did:web:syncer.test#x"}),
        (post, SIMPLE + "addMember", {"did": "did:web:b.test"}), (post, SIMPLE + "removeMember", {"did": "did:web:b.test"}),
        (post, SIMPLE + "putMember", {"did": "did:web:b.test", "read": True, "write": True}),
        (post, SIMPLE + "updateSpace", {}), (post, SIMPLE + "deleteSpace", {}), (post, SIMPLE + "updateConfig", {}),
        (post, "dev.happyview.space.createInvite", {}), (post, "dev.happyview.space.revokeInvite", {"inviteId": "x"}),
        (post, "dev.happyview.space.addMember", {"did": "did:web:b.test"}),
        (post, "dev.happyview.space.removeMember", {"did": "did:web:b.test"}),
        (post, "dev.happyview.space.deleteSpace", {}),
    ]


@pytest.mark.parametrize("verb, nsid, fields", list(absent_and_hidden()), ids=lambda value: value if isinstance(value, str) else "")
def test_hidden_is_as_absent(service, alice, carol, verb, nsid, fields):
    space = alice.create_space()
    alice.write(space, rkey="x")
    absent = f"at://{alice.did}/space/{FORUM}/absent"
    foreign_kind = f"at://{alice.did}/space/com.example.nothing/absent"
    for caller in (carol, Caller(service.url)):
        def ask(name):
            if verb == "GET":
                return caller.get(nsid, space=name, **fields)
            return caller.post(nsid, space=name, **fields)
        hidden = ask(space)
        assert hidden.shape == ask(absent).shape == ask(foreign_kind).shape
        assert alice.did not in hidden.text.replace(absent, "")
        assert hidden.status >= 400 or nsid.endswith("unregisterNotify")


def test_hidden_and_absent_take_similar_time(service, alice, carol):
    space = alice.create_space()
    times = {}
    for name in (space, space + "x") * 60:
        started = time.perf_counter()
        carol.get(SIMPLE + "getSpace", space=name)
        times.setdefault(name, []).append(time.perf_counter() - started)
    hidden, absent = (sorted(values)[len(values) // 2] for values in times.values())
    assert abs(hidden - absent) < max(hidden, absent) * 0.5 + 0.001


def test_policies_do_not_tell_either(alice, carol):
    """A space that is created in a name outsiders have asked for before."""
    space = f"at://{alice.did}/space/{FORUM}/asked"
    before = carol.get(SIMPLE + "getSpace", space=space)
    alice.post(SIMPLE + "createSpace", type=FORUM, skey="asked", policy=MEMBER_LIST, appAccess=OPEN_TO_APPS).ok()
    assert carol.get(SIMPLE + "getSpace", space=space).shape == before.shape
