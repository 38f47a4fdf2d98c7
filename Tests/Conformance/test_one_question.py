"""What a route lets somebody do, `/authorize` allows given what the route knows of the use; without that it says what it
lacks. Each was found disagreeing once (5, 13.2, 13.3, 14.5)."""

import time

import httpx
import pytest

from kit import jwt, ucan
from kit.holder import Holder
from kit.keys import Key
from kit.people import FORUM, MEMBER_LIST, POST, managing_app, resolve
from test_governance import foreign
from test_policies import App, Client

SPACE, SIMPLE = "com.atproto.space.", "com.atproto.simplespace."


@pytest.fixture
def bob(service, peer):
    """Holds his own key, and so may ask about himself."""
    return Holder(service, peer, "bob")


def decision(service, key, did, ability, resource, **context):
    """What `/authorize` answers to somebody about itself: the answer's word, or what it lacks."""
    token = ucan.token(key, did, did, {"urn:question": ["test/ask"]})
    question = {"principal": did, "ability": "atproto.space/" + ability, "resource": resource}
    if context:
        question["context"] = context
    answer = httpx.post(service.url + "/authorize", json=question, headers={"Authorization": token})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    return told["reason"]["code"] if told["reason"]["code"] == "missingContext" else told["decision"]


def asked(person, ability, resource, **context):
    return decision(person.service, person.key, person.did, ability, resource, **context)


def exchange(person, space, **body):
    """The answer to an exchange of a delegation token that the own key signed."""
    authority = resolve(person.service, space.split("/")[2])
    token, nsid = jwt.delegation(person.key, person.did, space), SPACE + "getSpaceCredential"
    proof = jwt.dpop(Key(), "POST", f"{authority.origin}/xrpc/{nsid}")
    return person.post(nsid, {"Authorization": "Bearer " + token, "DPoP": proof}, space=space, **body)


def read(person, space, author, rkey="hers"):
    return person.get(SPACE + "getRecord", space=space, repo=author.did, collection=POST, rkey=rkey)


def test_a_member_under_an_application_list(alice, bob, peer):
    listed, other = Client(peer, "listed"), Client(peer, "other")
    allowed = {"$type": SIMPLE + "defs#allowList", "allowed": [listed.id]}
    space = alice.create_space(appAccess=allowed)
    alice.add(space, bob)
    alice.write(space, rkey="hers")
    resource = f"{space}/{alice.did}"
    read(bob, space, alice).refused("AppNotAuthorized")
    assert asked(bob, "read", resource) == "missingContext"
    exchange(bob, space, clientAttestation=other.attest(space)).refused("AppNotAuthorized", "NotAuthorized")
    assert asked(bob, "read", resource, client=other.id) == "deny"
    exchange(bob, space, clientAttestation=listed.attest(space)).ok()
    assert asked(bob, "read", resource, client=listed.id) == "allow"


def test_whom_a_managing_application_admits(alice, bob, peer):
    app = App(peer)
    space = alice.create_space(policy=managing_app(app.name))
    says = lambda access, word: {"managingApp": {"app": app.name, "access": access, "authorized": word}}
    place = f"{space}/{bob.did}/{POST}"
    assert asked(bob, "read", space) == "missingContext" and asked(bob, "create", place) == "missingContext"
    exchange(bob, space).refused("UserNotAuthorized", "NotAuthorized")
    assert asked(bob, "read", space, **says("read", False)) == "deny"
    bob.post(SPACE + "createRecord", space=space, collection=POST, record={"$type": POST}).refused("WriteNotAuthorized")
    assert asked(bob, "create", place, **says("write", False)) == "deny"
    app.say(200, {"authorized": True})
    exchange(bob, space).ok()
    assert asked(bob, "read", space, **says("read", True)) == "allow"
    bob.write(space)
    assert asked(bob, "create", place, **says("write", True)) == "allow"


def test_the_first_connection_under_a_deny_list(alice, bob, peer):
    named, new = Client(peer, "named"), Client(peer, "new")
    denied = {"$type": SIMPLE + "defs#denyList", "denied": [named.id]}
    space = alice.create_space(appAccess=denied)
    alice.add(space, bob)
    assert asked(bob, "read", space) == "missingContext"
    assert asked(bob, "read", space, client=new.id) == "allow"
    exchange(bob, space, clientAttestation=new.attest(space)).ok()
    assert asked(bob, "read", space, client=new.id) == "allow"
    exchange(bob, space, clientAttestation=named.attest(space)).refused("AppNotAuthorized", "NotAuthorized")
    assert asked(bob, "read", space, client=named.id) == "deny"


def test_an_author_after_its_removal(alice, bob):
    space = alice.create_space()
    alice.add(space, bob)
    bob.write(space, rkey="his")
    alice.remove(space, bob)
    read(bob, space, bob, "his").ok()
    assert asked(bob, "readSelf", f"{space}/{bob.did}") == "allow"
    bob.post(SPACE + "createRecord", space=space, collection=POST, record={"$type": POST}).refused("SpaceNotFound")
    assert asked(bob, "create", f"{space}/{bob.did}/{POST}") == "deny"
    assert asked(bob, "delete", f"{space}/{bob.did}/{POST}") == "allow"
    bob.post(SPACE + "deleteRecord", space=space, collection=POST, rkey="his").ok()
    bob.post("dev.capabilitygraph.space.deleteRepo", space=space).ok()
    # Without a repo there is nothing left of one's own.
    bob.post(SPACE + "deleteRecord", space=space, collection=POST, rkey="his").refused("SpaceNotFound")
    assert asked(bob, "delete", f"{space}/{bob.did}/{POST}") == "deny"


def test_an_author_in_a_space_held_elsewhere(alice, bob, peer):
    space = f"at://{peer.identity('authority').did}/space/{FORUM}/main"
    assert asked(bob, "create", f"{space}/{bob.did}/{POST}") == "allow"
    bob.write(space, rkey="his")
    read(bob, space, bob, "his").ok()
    assert asked(bob, "readSelf", f"{space}/{bob.did}") == "allow"
    bob.post(SPACE + "createRecord", space=space, repo=alice.did, collection=POST, record={"$type": POST}).refused("Forbidden")
    assert asked(bob, "create", f"{space}/{alice.did}/{POST}") == "deny"


def test_a_collection_that_a_space_does_not_take(alice, bob):
    space = alice.create_space(config={"allowedCollections": [POST]})
    alice.add(space, bob)
    other = POST + "Other"
    create = lambda collection: bob.post(
        SPACE + "createRecord", space=space, collection=collection, record={"$type": collection})
    create(POST).ok()
    assert asked(bob, "create", f"{space}/{bob.did}/{POST}") == "allow"
    create(other).refused("InvalidRequest")
    assert asked(bob, "create", f"{space}/{bob.did}/{other}") == "deny"


def test_a_credential_of_another_host(service, alice, bob, peer):
    authority = peer.identity("authority")
    authority.services["atproto_space_host"] = ("AtprotoSpaceHost", peer.url_of("authority"))
    space = f"at://{authority.did}/space/{FORUM}/main"
    bob.write(space, rkey="his")
    reader = foreign(service, alice.document, authority, space, "N")
    holder, resource = reader.key.did, f"{space}/{bob.did}"
    may = lambda **context: decision(service, reader.key, holder, "read", resource, **context)
    shown = {"space": space, "holder": holder, "expires": int(time.time()) + 60}
    read(reader, space, bob, "his").ok()
    assert may(credential=shown) == "allow" and may() == "deny"
    assert may(credential=shown | {"expires": int(time.time()) - 60}) == "deny"
    here = alice.create_space()
    assert decision(service, reader.key, holder, "read", here, credential=shown | {"space": here}) == "deny"


def test_who_is_shown_the_members_under_a_managing_application(alice, bob, carol, service, peer):
    space = alice.create_space(policy=managing_app("did:web:gone.test#x"))
    stranger = Holder(service, peer, "stranger")
    lists = lambda person: person.get(SIMPLE + "listMembers", space=space)
    alice.add(space, bob)
    for config, theirs, everybodys in [({}, False, False), ({"membersCanList": True}, True, False),
                                       ({"membersCanList": False}, False, False), ({"membershipPublic": True}, True, True)]:
        alice.post(SIMPLE + "updateSpace", space=space, config=config).ok()
        for person, may in [(bob, theirs), (stranger, everybodys)]:
            answer = lists(person)
            # Whom the application will admit cannot be told, so everybody may know that the space is there.
            assert answer.status == 200 if may else answer.error == "NotSpaceOwner"
            assert asked(person, "listMembers", space) == ("allow" if may else "deny")
            assert asked(person, "know", space) == "allow"
    alice.remove(space, bob)
    alice.post(SIMPLE + "updateSpace", space=space, policy=MEMBER_LIST, config={"membershipPublic": False}).ok()
    assert lists(bob).error == "SpaceNotFound" and asked(bob, "know", space) == "deny"


def test_what_was_deleted_is_nobodys(service, peer, alice):
    owner, bob = Holder(service, peer, "owner"), Holder(service, peer, "member")
    space = owner.create_space()
    owner.add(space, bob)
    bob.write(space, rkey="his")
    owner.post(SIMPLE + "deleteSpace", space=space).ok()
    for person in (owner, bob):
        person.get(SPACE + "getSpace", space=space).refused("SpaceDeleted")
        assert asked(person, "belong", space) == asked(person, "read", space) == "deny"
    assert asked(bob, "readSelf", f"{space}/{bob.did}") == "allow"
    read(bob, space, bob, "his").ok()
    # It may be made anew.
    assert asked(owner, "manage.create", space) == "allow" and asked(bob, "manage.create", space) == "deny"
