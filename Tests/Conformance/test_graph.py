"""A moderator asks why somebody may still read, and takes it away: the edges behind a space (docs/protocol/spaces.md)."""

import time

import pytest

from kit.people import POST, PUBLIC
from kit.stream import Stream, by_credential

SPACE = "com.atproto.space."
GRAPH = "dev.capabilitygraph.graph."


@pytest.fixture
def space(alice, bob):
    made = alice.create_space()
    alice.add(made, bob)
    alice.write(made, rkey="first")
    return made


def edges(person, space, **query):
    return person.get(GRAPH + "listEdges", space=space, **query).ok()["delegations"]


def check(person, space, ability, did):
    return person.get(GRAPH + "check", space=space, ability=ability, did=did).ok()


def revoke(person, space, edge):
    return person.post(GRAPH + "revoke", space=space, edge=edge, reason="left the group")


def test_a_moderator_finds_and_ends_what_somebody_reads_by(alice, bob, space):
    readers = [bob.reader(space, profile) for profile in "PN"]
    streams = [Stream(bob, space), by_credential(readers[0])]
    why = check(alice, space, "read", bob.did)
    assert why["decision"] == "allow"
    leaf, = edges(alice, space, kind="membership", ability="read")
    assert {capability["resource"] for capability in leaf["capabilities"]} == {space}
    assert why["chain"][0]["cid"] == leaf["cid"] and leaf["delegate"] == bob.did and leaf["delegator"] == alice.did
    of_credentials = edges(alice, space, kind="spaceCredential")
    assert len(of_credentials) == 2
    for edge in of_credentials:  # what each credential rests on
        chain = alice.get(GRAPH + "getChain", space=space, edge=edge["cid"]).ok()["chain"]
        assert {leaf["cid"]} <= {part["cid"] for part in chain}
        assert {"spaceCredential", "membership", "appAccess"} <= {part["kind"] for part in chain}
    revoke(alice, space, leaf["cid"]).ok()
    ended = time.monotonic()
    for reader in readers:
        reader.get(SPACE + "listRepos", space=space).refused("CredentialRevoked", status=401)
    for stream in streams:
        stream.wait(lambda: stream.ended is not None)
        assert stream.ended - ended < 1
    assert check(alice, space, "read", bob.did)["decision"] == "deny"
    assert edges(alice, space, kind="spaceCredential") == []
    absent = bob.get(SPACE + "getDelegationToken", space=space + "x")
    assert bob.get(SPACE + "getDelegationToken", space=space).shape == absent.shape
    assert alice.get("com.atproto.simplespace.listMembers", space=space).ok()["members"] == []
    alice.add(space, bob)
    bob.reader(space).get(SPACE + "listRepos", space=space).ok()
    readers[0].get(SPACE + "listRepos", space=space).refused("CredentialRevoked", status=401)


def test_one_credential_is_ended_alone(alice, bob, space):
    ended, living = bob.reader(space), bob.reader(space, "N")
    found = {edge["delegate"]: edge["cid"] for edge in edges(alice, space, kind="spaceCredential")}
    edge = next(cid for name, cid in found.items() if ended.key.thumbprint in name)
    revoke(alice, space, edge).ok()
    ended.get(SPACE + "listRepos", space=space).refused("CredentialRevoked", status=401)
    living.get(SPACE + "listRepos", space=space).ok()
    bob.write(space)


def test_ending_a_policy_or_the_access_of_apps(alice, bob, carol, space):
    alice.post("com.atproto.simplespace.updateSpace", space=space, readPolicy=PUBLIC).ok()
    outsider, member = carol.reader(space), bob.reader(space)
    # Beside what the space takes, whoever writes it.
    anyone, = (
        edge for edge in edges(alice, space, kind="policy")
        if edge["delegate"].endswith(":anyone") and edge["capabilities"][0]["ability"] == "atproto.space/read"
    )
    revoke(alice, space, anyone["cid"]).ok()
    member.get(SPACE + "listRepos", space=space).ok()
    outsider.get(SPACE + "listRepos", space=space).refused("CredentialRevoked", status=401)
    for edge in edges(alice, space, kind="appAccess"):
        revoke(alice, space, edge["cid"]).ok()
    member.get(SPACE + "listRepos", space=space).refused("CredentialRevoked", status=401)


def test_invites_are_edges(alice, bob, carol):
    space = alice.create_space()
    invite = alice.post("dev.happyview.space.createInvite", space=space).ok()
    alice.post("dev.happyview.space.createInvite", space=space).ok()
    assert len(edges(alice, space, kind="invite")) == 2
    bob.post("dev.happyview.space.acceptInvite", token=invite["token"]).ok()
    for edge in edges(alice, space, kind="invite"):
        revoke(alice, space, edge["cid"]).ok()
    assert carol.post("dev.happyview.space.acceptInvite", token=invite["token"]).status >= 400


def test_nobody_else_looks_into_it(alice, bob, carol, space):
    his = [edge["cid"] for edge in edges(alice, space, kind="membership")]
    assert len(his) == 2 and [edge["cid"] for edge in edges(bob, space)] == his  # one for each right
    leaf = his[0]
    for name, fields in (("listEdges", {}), ("getChain", {"edge": leaf}), ("check", {"ability": "read"})):
        hidden = carol.get(GRAPH + name, space=space, **fields)
        assert hidden.status >= 400 and hidden.shape == carol.get(GRAPH + name, space=space + "x", **fields).shape
    assert revoke(carol, space, leaf).status >= 400
    assert check(alice, space, "read", bob.did)["decision"] == "allow"
    assert bob.get(SPACE + "getRecord", space=space, repo=alice.did, collection=POST, rkey="first").status == 200
