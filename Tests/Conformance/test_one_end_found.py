"""Ends that were undone, or made by whom they were not to make: each was seen and is told here as it was found."""

import pytest

from kit import ucan
from kit.holder import Holder, revoke
from kit.keys import Key
from kit.people import MEMBER_LIST, managing_app
from kit.xrpc import Caller

SPACE, SIMPLE, HV = "com.atproto.space.", "com.atproto.simplespace.", "dev.happyview.space."
GRAPH = "dev.capabilitygraph.graph."


@pytest.fixture
def owner(service, peer):
    return Holder(service, peer, "owner")


def edges(owner, space, **query):
    return owner.get(GRAPH + "listEdges", space=space, limit=1000, **query).ok()["delegations"]


def ended(owner, space, kind, did):
    """Ends by tokens of the owner's key what edges of a kind somebody has."""
    found = [edge["cid"] for edge in edges(owner, space, kind=kind) if edge["delegate"] == did]
    assert found
    for cid in found:
        assert owner.revoke(cid).status_code == 200


def members(owner, space):
    return [entry["did"] for entry in owner.get(SIMPLE + "listMembers", space=space).ok()["members"]]


def test_whose_membership_ended_by_a_token_is_no_member(owner, bob):
    space = owner.create_space()
    owner.add(space, bob)
    ended(owner, space, "membership", bob.did)
    assert members(owner, space) == []
    owner.add(space, bob)
    assert members(owner, space) == [bob.did]
    bob.get(SPACE + "listRepos", space=space).ok()


def test_whose_membership_ended_by_a_token_may_be_invited(owner, bob):
    space = owner.create_space()
    owner.add(space, bob)
    ended(owner, space, "membership", bob.did)
    invite = owner.post(HV + "createInvite", space=space).ok()
    bob.post(HV + "acceptInvite", token=invite["token"]).ok()
    bob.get(SPACE + "listRepos", space=space).ok()


def test_a_policy_that_comes_and_goes_brings_nobody_back(owner, bob):
    space = owner.create_space()
    owner.add(space, bob)
    ended(owner, space, "membership", bob.did)
    for policy in (managing_app("did:web:gone.localhost%3A1#forum"), MEMBER_LIST):
        owner.post(SIMPLE + "updateSpace", space=space, policy=policy).ok()
    assert bob.get(SPACE + "listRepos", space=space).error == "SpaceNotFound"


def test_nobody_ends_its_own_membership_by_a_token(service, owner):
    """As `graph.revoke` has it: who belongs to a space is its managers' to say."""
    space, key = owner.create_space(), Key("ES256")
    owner.post(SIMPLE + "addMember", space=space, did=key.did).ok()
    cid = next(edge["cid"] for edge in edges(owner, space, kind="membership") if edge["delegate"] == key.did)
    assert revoke(service, key, key.did, cid).status_code == 403
    assert members(owner, space) == [key.did]
    ucans = Caller(service.url).get("com.atproto.server.describeServer").ok()["spaces"]["ucan"]
    token = ucan.token(key, key.did, ucans["audience"], {space: [ucans["read"]]})
    Caller(service.url, {"Authorization": "Bearer " + token}).get(SPACE + "listRepos", space=space).ok()


def test_what_carries_a_space_is_ended_by_no_token(owner, bob):
    space = owner.create_space()
    carrying = [edge["cid"] for kind in ("policy", "ownership") for edge in edges(owner, space, kind=kind)]
    for cid in carrying:
        owner.post(GRAPH + "revoke", space=space, edge=cid).refused("InvalidRequest")
        assert owner.revoke(cid).status_code == 403
    owner.add(space, bob)
    bob.get(SPACE + "listRepos", space=space).ok()


def test_a_removed_manager_does_not_come_back_by_its_own_invite(alice, bob, carol):
    space = alice.create_space()
    alice.add(space, bob, manage=True)
    invite = bob.post(HV + "createInvite", space=space).ok()
    alice.remove(space, bob)
    for person in (bob, carol):
        assert person.post(HV + "acceptInvite", token=invite["token"]).status >= 400
    assert members(alice, space) == []


def test_a_removed_member_does_not_come_back_by_the_invite_it_used(alice, bob, carol):
    space = alice.create_space()
    invite = alice.post(HV + "createInvite", space=space).ok()
    bob.post(HV + "acceptInvite", token=invite["token"]).ok()
    alice.remove(space, bob)
    assert bob.post(HV + "acceptInvite", token=invite["token"]).status >= 400
    carol.post(HV + "acceptInvite", token=invite["token"]).ok()
    assert members(alice, space) == [carol.did]
