"""What a host has been through before an update: accounts, spaces of every kind, members come and gone, tokens, values.

`Past` makes it all over HTTP, on a service whose clock stands at `BEGAN`, and leaves the clock at `ASKED`, where the
questions of `kit/questions.py` are asked. Whatever has to live then is made within the last ten minutes.
"""

import copy
import datetime
import functools
import re

import httpx

from . import jwt, ucan
from .keys import Key
from .people import FORUM, MEMBER_LIST, OPEN_TO_APPS, PASSWORD, POST, PUBLIC, Document, Person, Reader, allow_list, managing_app
from .tinycloud import SessionKey, Wallet
from .tinynode import Client, Node
from .xrpc import Caller

BEGAN, ASKED = 1_795_000_000, 1_795_172_800
# Ports are part of DIDs: that of the service is a name only, at that of the peer others are asked.
HOME, PEER_PORT = "http://127.0.0.1:8139", 8140
OPTIONS = ["--registration", "open", "--allow-loopback-peers", "on", "--public-url", HOME,
           "--oauth-issuer", f"http://issuer.localhost:{PEER_PORT}"]
SPACE, SIMPLE, HV = "com.atproto.space.", "com.atproto.simplespace.", "dev.happyview.space."
GRAPH = "dev.capabilitygraph.graph."
NOTE = "com.example.forum.note"
CLIENT, OTHER_CLIENT = "https://app.example/client.json", "https://other.example/client.json"
ADMITTED = {("bob", "read"), ("bob", "write"), ("erin", "read"), ("carol", "write")}
SELECTOR = "xyz.tinycloud.resource/selector"


def instant(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat().replace("+00:00", "Z")


class Resident(Person):
    """An account whose document names an address that nobody listens on."""

    def __init__(self, service, name):
        super().__init__(service, name)
        self.name = name

    @property
    def document(self):
        host = self.did.removeprefix("did:web:").replace("%3A", ":")
        value = httpx.get(self.service.url + "/.well-known/did.json", headers={"Host": host}).json()
        return Document(self.did, value)

    def log_in(self, password=PASSWORD):
        made = self.post("com.atproto.server.createSession", {}, identifier=self.did, password=password).ok()
        return {"Authorization": "Bearer " + made["accessJwt"]}

    def reader(self, space, profile="P", **options):
        now = self.service.now
        return Reader(self.service.url, HOME, space, self.delegation(space), profile, now=now, **options)


def manage(peer):
    """Lets the peer answer as a managing application does that admits some by their names."""
    def answer(request):
        name = re.match("did:web:([a-z]+)", request.query["user"][0])[1]
        return 200, {"authorized": (name, request.query["access"][0]) in ADMITTED}

    peer.on(SIMPLE + "checkUserAccess", answer)


def issue(peer, key):
    keys = {"keys": [key.jwk | {"kid": "one", "use": "sig", "alg": "ES256"}]}
    peer.page("issuer", "/.well-known/oauth-authorization-server", {
        "issuer": peer.url_of("issuer"), "jwks_uri": peer.page("issuer", "/jwks.json", keys)})


class App(Caller):
    """An app with an OAuth token for one user and one scope."""

    def __init__(self, service, issuer, issuer_key, user, audience, scope):
        super().__init__(service.url)
        self.service, self.key, now = service, Key("ES256"), int(service.now)
        claims = {
            "iss": issuer, "sub": user.did, "aud": audience, "client_id": CLIENT, "scope": scope, "iat": now,
            "exp": now + 3600, "jti": jwt.jti(), "cnf": {"jkt": self.key.thumbprint},
        }
        self.token = jwt.encode({"typ": "at+jwt", "alg": "ES256", "kid": "one"}, claims, issuer_key)

    def send(self, verb, nsid, headers=None, **options):
        proof = jwt.dpop(self.key, verb, f"{HOME}/xrpc/{nsid}", self.token, now=self.service.now)
        return super().send(verb, nsid, {"Authorization": "DPoP " + self.token, "DPoP": proof}, **options)


class Stranger(Caller):
    """A user of another host, who calls by tokens of its own key; each call has its own."""

    def __init__(self, service, identity, audience):
        super().__init__(service.url)
        self.service, self.identity, self.audience, self.did = service, identity, audience, identity.did

    def send(self, verb, nsid, headers=None, **options):
        token = jwt.service_auth(self.identity.key, self.did, self.audience, nsid, self.service.now)
        return super().send(verb, nsid, {"Authorization": "Bearer " + token}, **options)


class Invoker(Caller):
    """A key that calls by UCAN invocations, each for one call, with the caveats it was told to repeat."""

    def __init__(self, service, ucans, key, proofs=(), caveats=({},)):
        super().__init__(service.url)
        self.service, self.ucans, self.key, self.did = service, ucans, key, key.did
        self.proofs, self.caveats = list(proofs), list(caveats)

    def token(self, space, ability):
        return signed(self.key, self.ucans["audience"], {space: {ability: self.caveats}}, self.proofs, self.service.now)

    def send(self, verb, nsid, headers=None, **options):
        space = (options.get("params") or options.get("json"))["space"]
        ability = self.ucans["create" if "create" in nsid else "manage" if SIMPLE in nsid else "read"]
        return super().send(verb, nsid, {"Authorization": "Bearer " + self.token(space, ability)}, **options)


def signed(key, audience, abilities, proofs=(), now=0, lasts=240, issuer=None):
    """A UCAN with caveats."""
    payload = {
        "att": abilities, "aud": audience, "exp": int(now) + lasts, "iss": issuer or key.did, "nbf": int(now),
        "nnc": "urn:uuid:" + jwt.jti(), "prf": list(proofs),
    }
    return jwt.encode({"alg": key.alg, "jwk": {"alg": key.alg, **key.jwk}, "typ": "JWT", "ucv": "0.10.0"}, payload, key)


class Past:
    def __init__(self, service, peer):
        self.service, self.peer, self.issuer_key = service, peer, Key("ES256")
        issue(peer, self.issuer_key)
        manage(peer)
        app = peer.identity("app")
        app.services["forum"] = ("ForumService", peer.url_of("app"))
        self.managing = app.did + "#forum"
        described = Caller(service.url).get("com.atproto.server.describeServer").ok()
        self.audience, self.ucans = described["did"], described["spaces"]["ucan"]
        self.people = {name: Resident(service, name) for name in ("alice", "bob", "carol", "dave", "erin")}
        self.alice, self.bob, self.carol, self.dave, self.erin = self.people.values()
        self.frank, self.grace = peer.identity("frank"), self.imported("grace")
        self.spaces, self.keys, self.ended_sessions = {}, {}, {}
        self.key_member, self.agents_of = Key("ES256"), {}

    def imported(self, name):
        """An account with a DID of its own, whose key its owner holds."""
        made, now = self.peer.identity(name), self.service.now
        method = "com.atproto.server.createAccount"
        token = jwt.service_auth(made.key, made.did, self.audience, method, now)
        domain = self.alice.handle.partition(".")[2]
        session = Caller(self.service.url).post(
            method, {"Authorization": "Bearer " + token}, handle=f"{name}.{domain}", password=PASSWORD, did=made.did).ok()
        person = copy.copy(self.alice)
        person.name, person.did, person.handle, person.key = name, made.did, session["handle"], made.key
        person.headers = {"Authorization": "Bearer " + session["accessJwt"]}
        self.people[name] = person
        return person

    def make(self):
        """Everything, in the order in which it came about."""
        self.policies()
        self.settings()
        self.levels()
        self.nested()
        self.invites()
        self.records()
        self.ends()
        self.deletions()
        self.elsewhere()
        self.accounts()
        self.tinycloud()
        self.service.set_clock(ASKED - 60)
        self.today()

    def space(self, name, owner=None, **fields):
        self.spaces[name] = (owner or self.alice).create_space(skey=name, **fields)
        return self.spaces[name]

    def put(self, space, person, read, write, owner=None):
        (owner or self.alice).post(SIMPLE + "putMember", space=space, did=person.did, read=read, write=write).ok()

    def update(self, space, owner=None, **fields):
        (owner or self.alice).post(SIMPLE + "updateSpace", space=space, **fields).ok()

    # Spaces and who may what in them.

    def policies(self):
        forms = {"list": MEMBER_LIST, "public": PUBLIC, "app": managing_app(self.managing)}
        for read, readers in forms.items():
            for write, writers in forms.items():
                space = self.space(f"{read}-{write}", policy=None, readPolicy=readers, writePolicy=writers)
                self.alice.add(space, self.bob)
                self.alice.add(space, self.carol, access="read")
                for person in (self.alice, self.bob):
                    person.write(space, "first words", rkey="first")
        gone = managing_app("did:web:gone.localhost%3A1#forum")
        self.alice.add(self.space("app-gone", policy=gone), self.bob)

    def settings(self):
        for name, access in [("apps-allowed", allow_list(CLIENT)), ("apps-none", allow_list()), ("apps-open", OPEN_TO_APPS)]:
            self.alice.add(self.space(name, appAccess=access), self.bob)
        made = self.alice.post(
            HV + "createSpace", type=FORUM, skey="apps-denied", accessMode="default_allow", appDenylist=[OTHER_CLIENT])
        self.spaces["apps-denied"] = made.ok()["uri"]
        self.alice.add(self.spaces["apps-denied"], self.bob)
        for name, config in [
            ("shown-members", {"membershipPublic": True}), ("shown-records", {"recordsPublic": True}),
            ("members-list", {"membersCanList": True}), ("one-collection", {"allowedCollections": [POST]}),
        ]:
            space = self.space(name, config=config)
            self.alice.add(space, self.bob)
            self.alice.write(space, rkey="first")

    def levels(self):
        space = self.space("levels")
        self.alice.write(space, "for members", rkey="first")
        for level in ("write", "read", "read_self", "write_only"):
            for manage in (False, True):
                did = f"did:web:{level.replace('_', '-')}{'-manager' if manage else ''}.example"
                self.alice.post(SIMPLE + "addMember", space=space, did=did, access=level, manage=manage).ok()
        self.put(space, self.bob, False, True)
        self.put(space, self.carol, True, False)
        self.put(space, self.dave, False, False)
        self.alice.post(SIMPLE + "addMember", space=space, did=self.key_member.did, access="write").ok()
        self.alice.post(SIMPLE + "addMember", space=space, did=self.frank.did, access="read").ok()
        space = self.space("changed")
        self.alice.write(space, rkey="first")
        self.alice.add(space, self.bob, self.carol, self.dave)
        for person in (self.bob, self.carol, self.dave):
            person.write(space, "while I could", rkey="mine")
        self.put(space, self.bob, True, False)  # narrowed
        self.alice.remove(space, self.carol)
        self.alice.remove(space, self.dave)
        self.alice.add(space, self.dave, access="read")  # came back with less
        space = self.space("managed")
        self.alice.add(space, self.bob, access="write_only", manage=True)
        self.bob.add(space, self.carol)
        self.bob.remove(space, self.carol)
        self.bob.add(space, self.dave)

    def nest(self, outer, inner, **fields):
        self.alice.post(SIMPLE + "addMember", space=outer, did=inner, isDelegation=True, **fields).ok()

    def nested(self):
        outer, inner = self.space("outer"), self.space("inner", self.bob)
        self.bob.add(inner, self.carol)
        self.bob.add(inner, self.dave, access="read")
        self.nest(outer, inner)
        self.alice.write(outer, rkey="first")
        capped = self.space("capped", config={"membershipPublic": True})
        self.nest(capped, inner, access="read")
        shown = self.space("shown-inner", self.bob, config={"membershipPublic": True})
        self.bob.add(shown, self.carol)
        self.nest(capped, shown, access="read_self")
        self.nest(self.space("outer-elsewhere"), f"at://did:web:elsewhere.example/space/{FORUM}/main")
        gone = self.space("inner-gone", self.bob)
        self.bob.add(gone, self.carol)
        self.nest(self.space("outer-gone"), gone)
        chain = [self.space(f"chain-{number:02}") for number in range(12)]
        for above, below in zip(chain, chain[1:]):
            self.nest(above, below)
        self.nest(chain[3], chain[0])
        self.alice.add(chain[9], self.bob)
        self.alice.add(chain[10], self.dave)
        self.nest(outer, chain[8], access="read")

    def invites(self):
        space, now = self.space("invited"), self.service.now
        made = lambda **fields: self.alice.post(HV + "createInvite", space=space, **fields).ok()
        accept = lambda person, invite: person.post(HV + "acceptInvite", token=invite["token"]).ok()
        self.open_invite, used, once = made(access="write", maxUses=5), made(), made(maxUses=1)
        self.revoked_invite, self.expired_invite = made(), made(expiresAt=instant(now + 60))
        self.lasting_invite, self.once = made(expiresAt=instant(ASKED + 86400), access="read_self"), once
        accept(self.bob, used), accept(self.carol, once), accept(self.dave, self.expired_invite)
        self.alice.post(HV + "revokeInvite", space=space, inviteId=self.revoked_invite["inviteId"]).ok()
        self.alice.write(space, rkey="first")

    # What they wrote.

    def records(self):
        space = self.space("records")
        self.alice.add(space, self.bob)
        self.alice.add(space, self.carol, access="read_self")
        for number in range(8):
            self.alice.write(space, f"number {number}", rkey=f"r{number}")
        self.alice.write(space, rkey="n1", collection=NOTE, record={"$type": NOTE, "of": {"some": ["depth", 1, True]}})
        for rkey in ("r1", "r3"):
            self.alice.post(SPACE + "deleteRecord", space=space, repo=self.alice.did, collection=POST, rkey=rkey).ok()
        self.alice.post(SPACE + "putRecord", space=space, repo=self.alice.did, collection=POST, rkey="r2",
                        record={"$type": POST, "text": "changed"}).ok()
        writes = [{"$type": SPACE + "applyWrites#create", "collection": POST, "rkey": f"b{number}",
                   "value": {"$type": POST, "text": f"of a batch {number}"}} for number in range(5)]
        writes.append({"$type": SPACE + "applyWrites#delete", "collection": POST, "rkey": "r5"})
        self.alice.post(SPACE + "applyWrites", space=space, repo=self.alice.did, writes=writes).ok()
        blob = self.bob.bytes("com.atproto.repo.uploadBlob", b"\x00some bytes\xff" * 9, "image/png").ok()["blob"]
        self.bob.write(space, rkey="pictured", record={"$type": POST, "text": "see", "image": blob})
        self.blob = blob["ref"]["$link"]
        self.bob.write(space, rkey="emptied")
        self.bob.post(SPACE + "deleteRecord", space=space, repo=self.bob.did, collection=POST, rkey="emptied").ok()

    # How things end.

    def edges(self, space, **query):
        return self.alice.get(GRAPH + "listEdges", space=space, **query).ok()["delegations"]

    def revoke(self, space, edge):
        self.alice.post(GRAPH + "revoke", space=space, edge=edge, reason="left the group").ok()

    def ends(self):
        space = self.space("back-and-forth")
        self.alice.add(space, self.bob, self.carol)
        self.update(space, readPolicy=PUBLIC)
        self.update(space, readPolicy=managing_app(self.managing))
        self.alice.remove(space, self.carol)
        self.alice.add(space, self.dave)
        self.update(space, readPolicy=MEMBER_LIST)
        self.alice.write(space, rkey="first")
        space = self.space("by-edge")
        self.alice.add(space, self.bob, self.carol)
        self.alice.write(space, rkey="first")
        leaf, = (edge for edge in self.edges(space, kind="membership") if edge["delegate"] == self.bob.did)
        self.revoke(space, leaf["cid"])
        space = self.space("policy-ended", policy=PUBLIC)
        self.alice.add(space, self.bob)
        self.alice.write(space, rkey="first")
        for edge in self.edges(space, kind="policy"):
            if edge["delegate"].endswith(":anyone"):
                self.revoke(space, edge["cid"])
        space = self.space("apps-ended")
        self.alice.add(space, self.bob)
        for edge in self.edges(space, kind="appAccess"):
            self.revoke(space, edge["cid"])
        space = self.space("invite-ended")
        self.edge_invite = self.alice.post(HV + "createInvite", space=space).ok()
        self.bob.post(HV + "acceptInvite", token=self.edge_invite["token"]).ok()
        for edge in self.edges(space, kind="invite"):
            self.revoke(space, edge["cid"])

        space = self.space("own-key", self.grace)
        self.grace.add(space, self.bob, self.carol)
        for person in (self.grace, self.bob):
            person.write(space, rkey="first")
        space = self.space("ended-by-token", self.grace)
        self.grace.add(space, self.bob, self.carol)
        self.grace.write(space, rkey="first")
        leaf, = (edge["cid"] for edge in self.grace.get(GRAPH + "listEdges", space=space, kind="membership").ok()["delegations"]
                 if edge["delegate"] == self.bob.did)
        self.give("/revoke", signed(
            self.grace.key, self.grace.did, {"urn:cid:" + leaf: {"tinycloud.delegation/revoke": [{}]}}, now=self.service.now,
            issuer=self.grace.did))

    def deletions(self):
        space = self.space("deleted")
        self.alice.add(space, self.bob)
        for person in (self.alice, self.bob):
            person.write(space, rkey="first")
        self.alice.post(SIMPLE + "deleteSpace", space=space).ok()
        space = self.space("remade")
        self.alice.add(space, self.bob, self.carol)
        for person in (self.alice, self.bob):
            person.write(space, rkey="first")
        self.alice.post(SIMPLE + "deleteSpace", space=space).ok()
        assert self.space("remade", policy=PUBLIC) == space
        self.alice.add(space, self.carol, access="read")
        self.bob.post(SIMPLE + "deleteSpace", space=self.spaces["inner-gone"]).ok()

    def elsewhere(self):
        """Repos held here in a space that another host governs."""
        space = f"at://{self.frank.did}/space/{FORUM}/elsewhere"
        self.spaces["elsewhere"] = space
        for person in (self.bob, self.carol):
            person.write(space, "far away", rkey="first")
        self.carol.post("dev.capabilitygraph.space.deleteRepo", space=space).ok()

    def accounts(self):
        for name in ("reader", "gone"):
            made = self.bob.post("com.atproto.server.createAppPassword", name=name).ok()
            self.keys[name] = made["password"]
        self.ended_sessions["by app password"] = self.bob.log_in(self.keys["gone"])
        self.bob.post("com.atproto.server.revokeAppPassword", name="gone").ok()
        made = self.carol.post("com.atproto.server.createSession", {}, identifier=self.carol.did, password=PASSWORD).ok()
        self.ended_sessions["signed out"] = {"Authorization": "Bearer " + made["accessJwt"]}
        self.carol.post("com.atproto.server.deleteSession", {"Authorization": "Bearer " + made["refreshJwt"]}).ok()

    # TinyCloud.

    def tinycloud(self):
        self.node = Node(self.service)
        self.clients = {kind: Client(self.node, kind) for kind in ("EdDSA", "ES256", "ES256K")}
        self.sessions, self.held, self.grants = {}, {}, {}
        for kind, client in self.clients.items():
            session = self.sessions[kind] = client.sign_in()
            self.values(session)
            self.delegations(kind, client, session)
        client = self.clients["EdDSA"]
        self.ended = client.sign_in()
        self.node.revoke(client.wallet.revocation(self.ended.cid, self.node.now()).authorization, self.ended.cid)
        self.short = client.sign_in(lasts=600)
        client.host(client.wallet.space("public"))

    def values(self, session):
        for path, value, kind in [
            ("notes/a", b"a note", "text/plain"), ("notes/b", b"{\"of\":\"b\"}", "application/json"),
            ("notes/deep/c", b"\x00\xff" * 20, "application/octet-stream"), ("other", b"", "text/plain"),
            ("notes/gone", b"soon", "text/plain"),
        ]:
            self.node.invoke(session.invoke("kv", path, "tinycloud.kv/put"), value, content_type=kind).ok()
        self.node.invoke(session.invoke("kv", "notes/gone", "tinycloud.kv/del")).ok()

    def delegations(self, kind, client, session):
        notes, lasts = client.space + "/kv/notes/", 6 * 86400
        reading = ["tinycloud.kv/get", "tinycloud.kv/list", "tinycloud.kv/metadata"]
        agent, other, ended, limited = (SessionKey(kind) for _ in range(4))
        grants = self.grants[kind] = {
            "agent": session.delegate(agent.did, {notes: reading}, lasts),
            "ended": session.delegate(ended.did, {notes: reading}, lasts),
            "short": session.delegate(other.did, {notes: reading}, 3600),
            "limited": session.delegate(limited.did, {notes: {"tinycloud.kv/get": [{"until": "noon"}]}}, lasts),
        }
        for grant in grants.values():
            self.node.activate(grant)
        held = client.use(grants["agent"], client.space, agent)
        grants["child"] = held.delegate(other.did, {notes + "deep/": ["tinycloud.kv/get"]}, lasts - 600)
        of_ended = client.use(grants["ended"], client.space, ended)
        grants["orphan"] = of_ended.delegate(other.did, {notes: ["tinycloud.kv/get"]}, lasts - 600)
        self.node.activate(grants["child"]), self.node.activate(grants["orphan"])
        self.node.revoke(session.about(grants["ended"].cid, "tinycloud.delegation/revoke"), grants["ended"].cid)
        self.held[kind] = {
            "agent": held, "child": client.use(grants["child"], client.space, other), "ended": of_ended,
            "orphan": client.use(grants["orphan"], client.space, other),
            "limited": client.use(grants["limited"], client.space, limited),
        }

    # What lives when it is asked.

    def today(self):
        self.callers = {"nobody": Caller(self.service.url)}
        for name, person in self.people.items():
            person.headers = person.log_in()
            self.callers[name] = person
        self.callers["bob by app password"] = Caller(self.service.url, self.bob.log_in(self.keys["reader"]))
        for name, headers in self.ended_sessions.items():
            self.callers[name] = Caller(self.service.url, headers)
        apps = functools.partial(
            App, self.service, self.peer.url_of("issuer"), self.issuer_key, self.bob, self.audience)
        self.callers["bob's app for all"] = apps(f"atproto space:{FORUM}?authority=*&collection=*")
        self.callers["bob's app for itself"] = apps(f"atproto space:{FORUM}?authority=*&action=read_self")
        self.callers["frank by service auth"] = Stranger(self.service, self.frank, self.audience)
        self.callers["member key"] = Invoker(self.service, self.ucans, self.key_member)
        self.agents()
        self.readers()
        self.delegation_tokens = {
            name: person.delegation(self.spaces[space])
            for name, person, space in [
                ("bob's of levels", self.carol, "levels"), ("one whose reader was removed", self.bob, "token-ended"),
                ("bob's under allowed apps", self.bob, "apps-allowed"), ("erin's where an app decides", self.erin, "app-list"),
            ]
        }
        self.alice.remove(self.spaces["token-ended"], self.bob)
        self.service.set_clock(ASKED)

    def agents(self):
        """Who acts by what a member key, or an owner with its own key, delegated; some of it narrowed by caveats."""
        own = self.spaces["own-key"]
        within = {"type": SELECTOR, "kind": "prefix", "value": f"{own}/{self.grace.did}"}
        self.agent_of(self.key_member, "agent", "levels", [{}])
        self.agent_of(self.key_member, "agent until noon", "levels", [{"until": "noon"}])
        self.agent_of(self.grace, "grace's agent", "own-key", [{}])
        self.agent_of(self.grace, "grace's narrowed agent", "own-key", [within])
        self.agent_of(self.grace, "grace's agent until noon", "own-key", [{"until": "noon"}])

    def agent_of(self, giver, name, space, caveats):
        key = self.agents_of[name] = Key("ES256")
        signer = giver if isinstance(giver, Key) else giver.key
        given = signed(
            signer, key.did, {self.spaces[space]: {self.ucans["read"]: caveats}}, now=self.service.now, lasts=86400,
            issuer=giver.did)
        self.give("/delegate", given)
        self.callers[name] = Invoker(self.service, self.ucans, key, [ucan.cid(given)], caveats)

    def give(self, path, token):
        answer = httpx.post(self.service.url + path, headers={"Authorization": token})
        assert answer.status_code == 200, answer.text

    def readers(self):
        read = lambda person, space, profile: person.reader(self.spaces[space], profile)
        self.space("token-ended")
        self.alice.add(self.spaces["token-ended"], self.bob)
        self.readers_of = {
            "carol's of levels by P": ("levels", read(self.carol, "levels", "P")),
            "carol's of levels by N": ("levels", read(self.carol, "levels", "N")),
            "dave's of outer": ("outer", read(self.dave, "outer", "P")),
            "erin's of a public space": ("public-list", read(self.erin, "public-list", "N")),
            "erin's by the managing app": ("app-list", read(self.erin, "app-list", "P")),
            "a revoked one": ("records", read(self.bob, "records", "P")),
            "one whose reader was removed": ("token-ended", read(self.bob, "token-ended", "P")),
            "one whose app was cut off": ("apps-open", read(self.bob, "apps-open", "N")),
        }
        revoked = self.readers_of["a revoked one"][1].claims["jti"]
        self.alice.post(
            "dev.capabilitygraph.space.revokeCredential", space=self.spaces["records"], jti=revoked, reason="lost").ok()
        self.update(self.spaces["apps-open"], appAccess=allow_list(CLIENT))
