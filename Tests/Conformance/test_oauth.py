"""Apps with OAuth access tokens of a configured issuer, bound to a DPoP key, and their scopes (atproto-spaces.md 6)."""

import time

import pytest

from kit import jwt
from kit.keys import Key
from kit.people import FORUM, POST, Person
from kit.peer import Peer
from kit.service import OPEN, Service
from kit.xrpc import Caller

SPACE = "com.atproto.space."
SIMPLE = "com.atproto.simplespace."
CLIENT = "https://app.example/client.json"


class Issuer:
    """An authorization server at a peer."""

    def __init__(self, peer):
        self.key, self.url = Key("ES256"), peer.url_of("issuer")
        keys = {"keys": [self.key.jwk | {"kid": "one", "use": "sig", "alg": "ES256"}]}
        peer.page("issuer", "/.well-known/oauth-authorization-server", {
            "issuer": self.url, "jwks_uri": peer.page("issuer", "/jwks.json", keys)})


class App(Caller):
    """An app with a token for one user and one scope; each call has a fresh proof."""

    def __init__(self, service, issuer, user, scope, key=None, signer=None, **claims):
        super().__init__(service.url)
        self.key, self.origin, now = Key("ES256"), user.document.origin, int(time.time())
        audience = self.get("com.atproto.server.describeServer").ok()["did"]
        made = {
            "iss": issuer.url, "sub": user.did, "aud": audience, "client_id": CLIENT, "scope": scope, "iat": now,
            "exp": now + 900, "jti": jwt.jti(), "cnf": {"jkt": self.key.thumbprint},
        } | claims
        made = {name: value for name, value in made.items() if value is not None}
        self.token = jwt.encode({"typ": "at+jwt", "alg": "ES256", "kid": "one"}, made, signer or issuer.key)

    def send(self, verb, nsid, headers=None, **options):
        if headers is None and hasattr(self, "token"):
            proof = jwt.dpop(self.key, verb, f"{self.origin}/xrpc/{nsid}", self.token)
            headers = {"Authorization": "DPoP " + self.token, "DPoP": proof}
        return super().send(verb, nsid, headers, **options)


@pytest.fixture(scope="module")
def world():
    peer = Peer()
    issuer = Issuer(peer)
    service = Service(OPEN + ["--oauth-issuer", issuer.url])
    yield service, issuer, Person(service, "alice"), Person(service, "bob")
    service.stop()
    peer.close()


def write(app, space, user, collection=POST, **fields):
    return app.post(
        SPACE + "createRecord", space=space, repo=user.did, collection=collection, record={"$type": collection}, **fields)


def test_an_app_acts_within_its_scope(world):
    service, issuer, alice, bob = world
    space = alice.create_space()
    app = App(service, issuer, alice, f"atproto space:{FORUM}?collection={POST}")
    written = write(app, space, alice).ok()
    rkey = written["uri"].rsplit("/", 1)[1]
    app.get(SPACE + "getRecord", space=space, repo=alice.did, collection=POST, rkey=rkey).ok()
    app.get(SPACE + "getDelegationToken", space=space).ok()
    write(app, space, alice, POST + "Other").refused("InsufficientScope", "ScopeMissingError", status=403)
    other = alice.create_space(type="com.example.other")
    write(app, other, alice).refused("InsufficientScope", "ScopeMissingError", status=403)
    app.post(SIMPLE + "createSpace", type=FORUM).refused("InsufficientScope", "ScopeMissingError", status=403)
    app.post(SIMPLE + "addMember", space=space, did=bob.did).refused("InsufficientScope", "ScopeMissingError", status=403)
    theirs = bob.create_space()
    bob.add(theirs, alice)
    assert write(app, theirs, alice).status == 403, "a scope without an authority is for one's own spaces"
    app = App(service, issuer, alice, f"space:{FORUM}?authority=*&collection=*")
    write(app, theirs, alice).ok()


@pytest.mark.parametrize("scope, works", [
    (f"space:{FORUM}?action=read", {"token", "read"}), (f"space:{FORUM}?action=read_self", {"read"}),
    (f"space:{FORUM}?action=create&collection=*", {"create"}), (f"space:{FORUM}?action=delete&collection=*", {"delete"}),
    (f"space:{FORUM}?skey=other", set()), ("space:*", {"token", "read"}), ("atproto transition:generic", set()),
    (f"space:{FORUM}?action=read&unknown=1", set()), (f"space:{FORUM}?action=", set()), ("", set()),
    (f"space:{FORUM}?manage=update", {"token", "read", "member"}),
])
def test_scopes(world, scope, works):
    service, issuer, alice, bob = world
    space = alice.create_space()
    alice.write(space, rkey="first")
    app = App(service, issuer, alice, scope)
    answers = {
        "read": app.get(SPACE + "getRecord", space=space, repo=alice.did, collection=POST, rkey="first"),
        "token": app.get(SPACE + "getDelegationToken", space=space), "create": write(app, space, alice),
        "delete": app.post(SPACE + "deleteRecord", space=space, repo=alice.did, collection=POST, rkey="none"),
        "member": app.post(SIMPLE + "addMember", space=space, did=bob.did),
    }
    assert {name for name, answer in answers.items() if answer.status == 200} == works
    for name in set(answers) - works:
        answers[name].refused("InsufficientScope", "ScopeMissingError", status=403)


def test_each_write_of_a_batch_is_held_to_the_scope(world):
    service, issuer, alice, _ = world
    space = alice.create_space()
    app = App(service, issuer, alice, f"space:{FORUM}?action=create&action=read_self&collection={POST}")
    create = {"$type": SPACE + "applyWrites#create", "collection": POST, "value": {"$type": POST}}
    apply = lambda *writes: app.post(SPACE + "applyWrites", space=space, repo=alice.did, writes=list(writes))
    apply(create).ok()
    apply(create, {"$type": SPACE + "applyWrites#delete", "collection": POST, "rkey": "x"}).refused(
        "InsufficientScope", "ScopeMissingError", status=403)
    apply(create, create | {"collection": POST + "Other", "value": {}}).refused(
        "InsufficientScope", "ScopeMissingError", status=403)
    assert len(app.get(SPACE + "listRecords", space=space, repo=alice.did).ok()["records"]) == 1


def test_tokens_that_are_not_taken(world, service):
    judged, issuer, alice, _ = world
    space, scope = alice.create_space(), f"space:{FORUM}"
    ask = lambda app, headers=None: app.get(
        SPACE + "getDelegationToken", headers, space=space)
    ask(App(judged, issuer, alice, scope)).ok()
    for changes in [
        {"iss": "https://elsewhere.example"}, {"aud": "did:web:elsewhere.example"}, {"exp": int(time.time()) - 60},
        {"cnf": None}, {"cnf": {"jkt": Key().thumbprint}}, {"sub": "alice"}, {"client_id": None}, {"signer": Key("ES256")},
    ]:
        assert ask(App(judged, issuer, alice, scope, **changes)).status == 401, changes
    app = App(judged, issuer, alice, scope)
    url = f"{app.origin}/xrpc/{SPACE}getDelegationToken"
    proof = jwt.dpop(app.key, "GET", url, app.token)
    assert ask(app, {"Authorization": "DPoP " + app.token}).status == 401
    assert ask(app, {"Authorization": "Bearer " + app.token, "DPoP": proof}).status == 401
    assert ask(app, {"Authorization": "DPoP " + app.token, "DPoP": jwt.dpop(app.key, "GET", url)}).status == 401
    ask(app, {"Authorization": "DPoP " + app.token, "DPoP": proof}).ok()
    assert ask(app, {"Authorization": "DPoP " + app.token, "DPoP": proof}).status == 401, "a proof is used once"
    # A service without an issuer takes none.
    closed = Caller(service.url).get(
        SPACE + "getDelegationToken", {"Authorization": "DPoP " + app.token, "DPoP": proof}, space=space)
    assert closed.status == 401


@pytest.mark.parametrize("scope, shown", [
    (f"space:{FORUM}?action=read_self", True), (f"space:{FORUM}?action=create&manage=update", True),
    (f"space:{FORUM}?action=create", False), (f"space:{FORUM}?action=create&manage=create", False),
])
def test_an_app_that_manages_sees_what_it_manages(world, scope, shown):
    service, issuer, alice, _ = world
    space = alice.create_space()
    for name in ("getSpace", "getConfig"):
        answer = App(service, issuer, alice, scope).get(SIMPLE + name, space=space)
        assert (answer.status == 200) == shown, answer.text


@pytest.mark.parametrize("scope, works", [
    ("rpc:com.example.get?aud=did:web:app.example%23x", True), ("rpc:*?aud=did:web:app.example%23x", True),
    ("rpc:com.example.get?aud=*", True), ("rpc:*?aud=*", False), ("rpc:com.example.put?aud=*", False),
    ("rpc:com.example.get?aud=did:web:app.example", False), ("space:*", False), ("transition:generic", False), ("", False),
])
def test_an_app_speaks_for_its_user_within_its_scope(world, scope, works):
    service, issuer, alice, _ = world
    app = App(service, issuer, alice, "atproto " + scope)
    answer = app.get("com.atproto.server.getServiceAuth", aud="did:web:app.example#x", lxm="com.example.get")
    if not works:
        answer.refused("InsufficientScope", status=403)
        return
    claims = jwt.verified(answer.ok()["token"], alice.document.key("atproto"))[1]
    assert (claims["iss"], claims["aud"], claims["lxm"]) == (alice.did, "did:web:app.example#x", "com.example.get")


def test_scopes_on_calls_give_nothing_of_spaces_here(world):
    service, issuer, alice, bob = world
    app = App(service, issuer, alice, f"atproto rpc:{SPACE}getRecord?aud=* rpc:{SPACE}notifyWrite?aud=*")
    ask = lambda aud, name: app.get("com.atproto.server.getServiceAuth", aud=aud, lxm=SPACE + name)
    host = app.get("com.atproto.server.describeServer").ok()["did"]
    for audience in (host, host + "#atproto_space_host", alice.did, bob.did + "#atproto_space_host"):
        ask(audience, "getRecord").refused("InsufficientScope", status=403)
    ask("did:web:elsewhere.example#atproto_space_host", "notifyWrite").ok()
