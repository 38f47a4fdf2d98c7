"""Who and which app gets a credential (atproto-spaces.md 5, 15, 4.2)."""

import pytest

from kit import jwt
from kit.keys import Key
from kit.people import MEMBER_LIST, POST, PUBLIC, allow_list, managing_app

SPACE = "com.atproto.space."
CHECK = "com.atproto.simplespace.checkUserAccess"


def exchange(person, space, **body):
    """The answer to an exchange of a new delegation token."""
    token = person.get(SPACE + "getDelegationToken", space=space)
    if token.status != 200:
        return token
    url = f"{person.document.origin}/xrpc/{SPACE}getSpaceCredential"
    headers = {"Authorization": "Bearer " + token.body["token"], "DPoP": jwt.dpop(Key(), "POST", url)}
    return person.post(SPACE + "getSpaceCredential", headers, space=space, **body)


class App:
    """A managing app at a peer; says who is in."""

    def __init__(self, peer):
        self.peer = peer
        self.identity = peer.identity("app")
        self.identity.services["forum"] = ("ForumService", peer.url_of("app"))
        self.name = self.identity.did + "#forum"
        self.answer = lambda request: (200, {"authorized": False})
        peer.on(CHECK, lambda request: self.answer(request))

    def say(self, status, body):
        self.answer = lambda request: (status, body)


def test_managing_app_decides(service, alice, bob, peer):
    app = App(peer)
    space = alice.create_space(policy=managing_app(app.name))
    exchange(bob, space).refused("UserNotAuthorized", "NotAuthorized", status=400)
    asked = app.peer.calls(CHECK)[-1]
    asked.verify_service_auth(alice.document.key("atproto"), alice.did, app.name, service.now)
    assert asked.query == {"space": [space], "user": [bob.did], "access": ["read"]}
    app.say(200, {"authorized": True})
    exchange(bob, space).ok()
    exchange(alice, space).ok()
    for status, body in [
        (500, {"authorized": True}), (302, {"authorized": True}), (200, {"authorized": "true"}), (200, {"authorized": 1}),
        (200, {}), (200, None), (200, [True]), (403, {"error": "Forbidden", "message": "?"}), (200, {"authorized": None}),
    ]:
        app.say(status, body)
        exchange(bob, space).refused("UserNotAuthorized", "NotAuthorized", status=400)
    exchange(alice, space).ok()  # the authority passes every user policy


def test_managing_app_that_is_gone_denies(service, alice, bob, peer):
    space = alice.create_space(policy=managing_app("did:web:gone.localhost%3A1#forum"))
    exchange(bob, space).refused("UserNotAuthorized", "NotAuthorized", status=400)
    unpublished = peer.identity("unpublished")
    alice.post("com.atproto.simplespace.updateSpace", space=space, policy=managing_app(unpublished.did + "#none")).ok()
    exchange(bob, space).refused("UserNotAuthorized", "NotAuthorized", status=400)
    exchange(alice, space).ok()


def test_managing_app_decides_about_writes(service, alice, bob, peer):
    app = App(peer)
    app.answer = lambda request: (200, {"authorized": request.query["access"] == ["write"]})
    space = alice.create_space(policy=managing_app(app.name))
    bob.write(space)
    exchange(bob, space).refused("UserNotAuthorized", "NotAuthorized")
    app.say(200, {"authorized": False})
    refused = bob.post(SPACE + "createRecord", space=space, repo=bob.did, collection=POST, record={"$type": POST})
    refused.refused("WriteNotAuthorized", "SpaceNotFound")


class Client:
    """An app with metadata and a key set."""

    def __init__(self, peer, name="client", by_uri=False):
        self.key = Key("ES256")
        keys = {"keys": [self.key.jwk | {"kid": "key-1", "use": "sig", "alg": "ES256"}]}
        path = "/client-metadata.json"
        self.id = peer.url_of(name) + path
        metadata = {"client_id": self.id}
        metadata |= {"jwks_uri": peer.page(name, "/jwks.json", keys)} if by_uri else {"jwks": keys}
        peer.page(name, path, metadata)

    def attest(self, space, key=None, kid="key-1", **changes):
        return jwt.attestation(key or self.key, self.id, space.split("/")[2], kid, **changes)


@pytest.mark.parametrize("by_uri", [False, True])
def test_only_listed_apps_connect(service, alice, bob, peer, by_uri):
    listed, other = Client(peer, "listed", by_uri), Client(peer, "other", by_uri)
    space = alice.create_space(appAccess=allow_list(listed.id))
    alice.add(space, bob)
    for person in (bob, alice):  # the list binds the owner's apps too
        exchange(person, space).refused("AppNotAuthorized", "NotAuthorized", status=400)
        exchange(person, space, clientAttestation=other.attest(space)).refused("AppNotAuthorized", "NotAuthorized")
        exchange(person, space, clientAttestation=listed.attest(space)).ok()
    alice.post("com.atproto.simplespace.updateSpace", space=space, appAccess=allow_list(listed.id + "?")).ok()
    exchange(bob, space, clientAttestation=listed.attest(space)).refused("AppNotAuthorized", "NotAuthorized")


def test_attestations_are_verified_even_where_not_needed(service, alice, bob, peer):
    client, other = Client(peer), Client(peer, "other")
    space = alice.create_space()
    alice.add(space, bob)
    once = client.attest(space)
    exchange(bob, space, clientAttestation=once).ok()
    for attestation in [
        once, "x", client.attest(space, key=Key()), client.attest(space, kid="key-2"), client.attest(space, kid=5),
        client.attest(space, aud=alice.did), client.attest(space, aud=bob.did + "#atproto_space_host"),
        client.attest(space, sub=other.id), client.attest(space, iss=other.id, sub=other.id), client.attest(space, jti=""),
        client.attest(space, now=service.now - 120), client.attest(space, iss="x", sub="x"), 5,
    ]:
        answer = exchange(bob, space, clientAttestation=attestation)
        answer.refused("InvalidClientAttestation", "InvalidRequest", status=400)
    exchange(bob, space, clientAttestation=client.attest(space)).ok()


def test_a_refused_app_is_not_told_to_the_managing_app(service, alice, bob, peer):
    app, client = App(peer), Client(peer)
    app.say(200, {"authorized": True})
    space = alice.create_space(policy=managing_app(app.name), appAccess=allow_list(client.id))
    exchange(bob, space).refused("AppNotAuthorized", "NotAuthorized")
    assert peer.calls(CHECK) == []
    exchange(bob, space, clientAttestation=client.attest(space)).ok()
    assert peer.calls(CHECK)[-1].query["clientId"] == [client.id]


def test_read_and_write_policies_are_two(service, alice, bob, carol):
    readable = alice.create_space(policy=None, readPolicy=PUBLIC, writePolicy=MEMBER_LIST)
    alice.write(readable)
    exchange(bob, readable).ok()
    write = lambda person, space: person.post(
        SPACE + "createRecord", space=space, repo=person.did, collection=POST, record={"$type": POST})
    write(bob, readable).refused("WriteNotAuthorized", "SpaceNotFound")
    writable = alice.create_space(policy=None, readPolicy=MEMBER_LIST, writePolicy=PUBLIC)
    write(bob, writable).ok()
    # To one who writes there the space is no secret.
    assert exchange(bob, writable).error in ("UserNotAuthorized", "NotAuthorized", "Forbidden")
    assert exchange(carol, writable).error in ("UserNotAuthorized", "NotAuthorized", "Forbidden", "SpaceNotFound")


def test_narrowing_a_policy_ends_what_rested_on_it(service, alice, bob, carol):
    space = alice.create_space(policy=PUBLIC)
    alice.add(space, carol)
    alice.write(space)
    outsider, member = bob.reader(space), carol.reader(space)
    repos = lambda reader: reader.get(SPACE + "listRepos", space=space)
    repos(outsider).ok(), repos(member).ok()
    alice.post("com.atproto.simplespace.updateSpace", space=space, policy=MEMBER_LIST).ok()
    repos(outsider).refused("CredentialRevoked", status=401)
    assert exchange(bob, space).status == 400
    repos(carol.reader(space)).ok()
