"""Callers without a session: service auth by an account's key, and UCAN invocations (issue, "Accounts and identity")."""

import pytest

from kit import jwt, ucan
from kit.keys import Key
from kit.people import POST
from kit.xrpc import Caller

SPACE = "com.atproto.space."
SIMPLE = "com.atproto.simplespace."


@pytest.fixture
def ucans(service):
    return Caller(service.url).get("com.atproto.server.describeServer").ok()["spaces"]["ucan"]


@pytest.fixture
def space(alice):
    return alice.create_space()


def invoke(service, ucans, key, capabilities, issuer=None, proofs=(), audience=None):
    made = ucan.token(key, issuer or key.did, audience or ucans["audience"], capabilities, proofs)
    return Caller(service.url, {"Authorization": "Bearer " + made})


def read(caller, space, author):
    return caller.get(SPACE + "listRecords", space=space, repo=author)


def test_a_bare_key_is_a_member(service, alice, space, ucans):
    alice.write(space)
    key, other = Key("ES256"), Key("ES256")
    alice.post(SIMPLE + "addMember", space=space, did=key.did, access="read").ok()
    asked = {space: [ucans["read"]]}
    assert len(read(invoke(service, ucans, key, asked), space, alice.did).ok()["records"]) == 1
    assert read(invoke(service, ucans, other, asked), space, alice.did).status >= 400
    assert read(invoke(service, ucans, key, {space + "x": [ucans["read"]]}), space, alice.did).status >= 400
    assert read(invoke(service, ucans, key, {space: [ucans["create"]]}), space, alice.did).status >= 400
    assert read(invoke(service, ucans, key, asked, audience=other.did), space, alice.did).status == 401
    alice.post(SIMPLE + "removeMember", space=space, did=key.did).ok()
    assert read(invoke(service, ucans, key, asked), space, alice.did).status >= 400


def test_an_invocation_is_used_once(service, alice, space, ucans):
    key = Key("ES256")
    alice.post(SIMPLE + "addMember", space=space, did=key.did).ok()
    caller = invoke(service, ucans, key, {space: [ucans["create"]]})
    write = lambda: caller.post(
        SPACE + "createRecord", space=space, repo=key.did, collection=POST, record={"$type": POST})
    first = write()
    assert first.status == 200, first.text
    assert write().status >= 400


def test_members_delegate_what_they_hold(service, alice, space, ucans):
    alice.write(space)
    key, agent = Key("ES256"), Key("ES256")
    alice.post(SIMPLE + "addMember", space=space, did=key.did, access="read").ok()
    given = ucan.token(key, key.did, agent.did, {space: [ucans["read"]]}, lasts=600)
    answer = Caller(service.url).http.post(f"{service.url}/delegate", headers={"Authorization": given})
    assert answer.status_code == 200, answer.text
    caller = invoke(service, ucans, agent, {space: [ucans["read"]]}, proofs=[ucan.cid(given)])
    assert len(read(caller, space, alice.did).ok()["records"]) == 1
    alice.post(SIMPLE + "removeMember", space=space, did=key.did).ok()
    caller = invoke(service, ucans, agent, {space: [ucans["read"]]}, proofs=[ucan.cid(given)])
    assert read(caller, space, alice.did).status >= 400


def test_service_auth_of_an_account_elsewhere(service, alice, space, peer):
    """Another host calls in its user's name, by the user's key."""
    alice.write(space)
    dave = peer.identity("dave")
    alice.post(SIMPLE + "addMember", space=space, did=dave.did).ok()

    def ask(nsid, audience, key=None, method=None, **changes):
        token = jwt.service_auth(key or dave.key, dave.did, audience, method or nsid, **changes)
        return Caller(service.url).get(nsid, {"Authorization": "Bearer " + token}, space=space)

    audience = alice.did + "#atproto_space_host"
    ask(SIMPLE + "getSpace", audience).ok()
    assert ask(SIMPLE + "getSpace", audience, key=Key("ES256K")).status == 401
    assert ask(SIMPLE + "getSpace", audience, method=SPACE + "getSpace").status == 401
    assert ask(SIMPLE + "getSpace", "did:web:elsewhere.test").status in (401, 403)
    assert ask(SIMPLE + "getSpace", audience, exp=1).status == 401
    mallory = peer.identity("mallory")
    token = jwt.service_auth(mallory.key, mallory.did, audience, SIMPLE + "getSpace")
    hidden = Caller(service.url).get(SIMPLE + "getSpace", {"Authorization": "Bearer " + token}, space=space)
    absent = Caller(service.url).get(SIMPLE + "getSpace", {"Authorization": "Bearer " + token}, space=space + "x")
    assert hidden.status >= 400 and absent.status >= 400


def test_app_passwords_hold_nothing_in_spaces(service, alice, space):
    made = alice.post("com.atproto.server.createAppPassword", name="reader")
    password = made.ok()["password"]
    session = alice.post("com.atproto.server.createSession", {}, identifier=alice.did, password=password).ok()
    caller = Caller(service.url, {"Authorization": "Bearer " + session["accessJwt"]})
    caller.get("com.atproto.server.getSession").ok()
    for answer in (
        caller.get(SPACE + "getDelegationToken", space=space), caller.get(SIMPLE + "getSpace", space=space),
        caller.post(SPACE + "createRecord", space=space, repo=alice.did, collection=POST, record={"$type": POST}),
        caller.post(SIMPLE + "createSpace", type="com.example.forum"), caller.get(SPACE + "listSpaces"),
    ):
        answer.refused("InsufficientScope", "SpaceNotFound", "Forbidden")
