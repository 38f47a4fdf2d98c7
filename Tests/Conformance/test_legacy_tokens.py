"""Profile X, off unless configured: credentials of older releases that whoever holds them may use (atproto-spaces.md 4.9)."""

import pytest

from kit.people import POST, Person
from kit.service import OPEN
from kit.xrpc import Caller

SPACE = "com.atproto.space."
HV = "dev.happyview.space."


def test_older_clients_read_by_bearer_credentials(start):
    older = start(OPEN + ["--profile-x", "on"])
    alice, bob = Person(older, "alice"), Person(older, "bob")
    assert "X" in alice.get("com.atproto.server.describeServer").ok()["spaces"]["profiles"]
    space = alice.create_space()
    alice.add(space, bob)
    alice.write(space, rkey="first")
    grant = bob.post(HV + "getMemberGrant", space=space).ok()
    credential = bob.post(HV + "getSpaceCredential", grant=grant["grant"]).ok()["credential"]
    read = lambda **headers: Caller(older.url).get(
        SPACE + "getRecord", {name.replace("_", "-"): value for name, value in headers.items()}, space=space,
        repo=alice.did, collection=POST, rkey="first")
    read(Authorization="Bearer " + credential).ok()
    read(X_Space_Credential=credential).ok()
    bound = bob.reader(space)
    read(Authorization="Bearer " + bound.credential).refused("BadJwtCnf", status=401)
    alice.remove(space, bob)
    read(Authorization="Bearer " + credential).refused("CredentialRevoked", status=401)
    assert bob.post(HV + "getMemberGrant", space=space).status >= 400


@pytest.mark.parametrize("method", ["getMemberGrant", "getCredential"])
def test_none_of_it_is_there_otherwise(alice, bob, method):
    space = alice.create_space()
    alice.add(space, bob)
    assert bob.post(HV + method, space=space, spaceUri=space).status in (400, 404, 405, 501)
