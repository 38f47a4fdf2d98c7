"""Invites (atproto-spaces.md 16)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import pytest

from kit.people import Person

HV = "dev.happyview.space."


def instant(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat().replace("+00:00", "Z")


def invite(owner, space, **fields):
    answer = owner.post(HV + "createInvite", space=space, **fields)
    assert answer.ok() and answer.status == 201
    return answer.body


def accept(person, token):
    return person.post(HV + "acceptInvite", token=token)


def members(owner, space):
    listed = owner.get("com.atproto.simplespace.listMembers", space=space, limit=1000).ok()["members"]
    return {entry["did"]: entry["access"] for entry in listed}


def test_invite_brings_a_member(alice, bob):
    space = alice.create_space()
    made = invite(alice, space)
    assert re.fullmatch(r"[0-9a-f]{48}", made["token"]) and made["access"] == "read"
    assert made["maxUses"] is None and made["expiresAt"] is None
    answer = accept(bob, made["token"])
    assert answer.status == 201 and answer.body == {"uri": space, "access": "read"}
    assert members(alice, space) == {bob.did: "read"}
    accept(bob, made["token"]).refused("AlreadyMember", status=409)
    listed = alice.get(HV + "listInvites", space=space).ok()["invites"]
    assert len(listed) == 1 and listed[0]["id"] == made["inviteId"]
    assert (listed[0]["uses"], listed[0]["revoked"], listed[0]["createdBy"]) == (1, False, alice.did)
    assert made["token"] not in str(listed), "a token is told once"


@pytest.mark.parametrize("level", ["read", "write", "read_self"])
def test_invites_of_each_level(alice, bob, level):
    space = alice.create_space()
    accept(bob, invite(alice, space, access=level)["token"]).ok()
    assert members(alice, space) == {bob.did: level}


def test_refusals_in_their_order(service, alice, bob):
    space = alice.create_space()
    accept(bob, "0" * 48).refused("InvalidInvite", status=404)
    assert accept(bob, "not a token").status in (400, 404)
    once = invite(alice, space, maxUses=1)
    accept(bob, once["token"]).ok()
    accept(Person(service), once["token"]).refused("InviteExhausted", status=400)
    # Exhausted is said before the invite's other troubles, revoked before that.
    accept(bob, once["token"]).refused("InviteExhausted", status=400)
    assert alice.post(HV + "revokeInvite", space=space, inviteId=once["inviteId"]).ok() == {"success": True}
    accept(Person(service), once["token"]).refused("InviteRevoked", status=400)
    assert bob.did in members(alice, space), "revoking an invite removes nobody"
    alice.post(HV + "revokeInvite", space=space, inviteId=once["inviteId"]).ok()


def test_invites_expire_by_the_clock(clocked):
    alice, bob, carol = (Person(clocked) for _ in range(3))
    space = alice.create_space()
    made = invite(alice, space, expiresAt=instant(clocked.now + 60))
    assert datetime.fromisoformat(made["expiresAt"]).timestamp() == clocked.now + 60
    # The same instant in another zone.
    zoned = datetime.fromtimestamp(clocked.now + 60).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    other = invite(alice, space, expiresAt=zoned)
    accept(bob, made["token"]).ok()
    clocked.pass_time(61)
    accept(carol, made["token"]).refused("InviteExpired", status=400)
    accept(carol, other["token"]).refused("InviteExpired", status=400)


@pytest.mark.parametrize("fields", [
    {"access": "admin"}, {"maxUses": 0}, {"maxUses": -1}, {"maxUses": "3"}, {"maxUses": 1.5}, {"expiresAt": "tomorrow"},
    {"expiresAt": 5}, {"access": 1},
])
def test_malformed_invites(alice, fields):
    alice.post(HV + "createInvite", space=alice.create_space(), **fields).refused("InvalidRequest", status=400)


def test_an_invite_is_revoked_in_its_own_space_only(alice, bob):
    own, other = alice.create_space(), bob.create_space()
    made = invite(alice, own)
    bob.post(HV + "revokeInvite", space=other, inviteId=made["inviteId"]).refused("InvalidInvite", status=404)
    alice.post(HV + "revokeInvite", space=own, inviteId="nothing").refused("InvalidInvite", status=404)
    accept(bob, made["token"]).ok()


def test_only_the_owner_handles_invites(alice, bob, carol):
    space = alice.create_space()
    alice.add(space, bob)
    bob.post(HV + "createInvite", space=space).refused("NotSpaceOwner", status=403)
    bob.get(HV + "listInvites", space=space).refused("NotSpaceOwner", status=403)
    assert carol.post(HV + "createInvite", space=space).error == "SpaceNotFound"
    assert carol.get(HV + "listInvites", space=space).error == "SpaceNotFound"


def test_uses_are_counted_under_a_crowd(service, alice):
    space = alice.create_space()
    token = invite(alice, space, maxUses=3)["token"]
    crowd = [Person(service) for _ in range(9)]
    with ThreadPoolExecutor(9) as pool:
        answers = list(pool.map(lambda person: accept(person, token).status, crowd))
    assert answers.count(201) == 3 and answers.count(400) == 6
    assert len(members(alice, space)) == 3


@pytest.mark.parametrize("create, redeem, revoke, list_", [
    ("createInvite", "redeemInvite", "revokeInvite", "listInvites"),
    ("invite.create", "invite.redeem", "invite.revoke", "invite.list"),
])
def test_older_names(alice, bob, carol, create, redeem, revoke, list_):
    space = alice.create_space()
    made = alice.post(HV + create, spaceUri=space).ok()
    bob.post(HV + redeem, token=made["token"]).ok()
    assert [entry["uses"] for entry in alice.get(HV + list_, spaceUri=space).ok()["invites"]] == [1]
    alice.post(HV + revoke, spaceUri=space, inviteId=made["inviteId"]).ok()
    carol.post(HV + redeem, token=made["token"]).refused("InviteRevoked")
