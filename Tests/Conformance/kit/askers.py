"""Strangers who show tokens, and the delegations, spaces and values of others that the tokens name."""

import json
import os
import time

import httpx
import pytest

from .curious import OURS, SIMPLE
from .people import Person, allow_list
from .sameness import told_apart
from .service import OPEN, Service
from .tinycloud import SessionKey, Wallet, cid_of
from .tinynode import Client, Node

SEE, LIST, STATUS, REVOKE = (
    "tinycloud." + name for name in ("capabilities/read", "delegation/list", "delegation/status", "delegation/revoke"))
READ = ["tinycloud.kv/get", "tinycloud.kv/list"]


class Asker:
    """Somebody with a key, what it may cite, and a space of its own."""

    def __init__(self, world, name, key, proofs, wallet):
        self.world, self.name, self.key, self.proofs, self.wallet = world, name, key, list(proofs), wallet
        self.space = wallet.space()

    def token(self, abilities, proofs, facts=None, audience=None, lasts=60):
        return self.key.token(
            audience or self.key.did, abilities, int(self.world.node.now()) + lasts, proofs, facts).authorization

    def send(self, path, authorization, body=None, **headers):
        headers = ({"Authorization": authorization} if authorization else {}) | headers
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        if isinstance(body, dict):
            headers["Content-Type"] = "application/json"
        return self.world.http.post(path, headers=headers, content=content)


class World:
    def __init__(self, clocked=True):
        self.clocked = clocked
        self.service = Service(OPEN, clock=int(time.time()) if clocked else None)
        self.node = Node(self.service)
        self.http = httpx.Client(base_url=self.service.url, timeout=30)
        self.owner = Client(self.node)
        self.session = self.owner.sign_in()
        self.person = Person(self.service, "owner")
        self.visitor = Person(self.service, "visitor")
        self.app = "did:web:managing.localhost%3A1#forum"
        self.spaces = {name: self.person.create_space(skey=name + "-there", **fields) for name, fields in {
            "members": {}, "listed": {"appAccess": allow_list("https://listed.example/client.json")}, "deleted": {},
        }.items()}
        self.person.post(SIMPLE + "deleteSpace", space=self.spaces["deleted"]).ok()
        self.private = self.spaces["members"]
        self.own = self.visitor.create_space(skey="own")
        self.ucans = self.person.get("com.atproto.server.describeServer").ok()["spaces"]["ucan"]
        self.never, self.nothing = cid_of(os.urandom(32)), cid_of(os.urandom(32))
        self.strange = Wallet().did
        self.cids = self.known()
        self.hosted = self.owner.wallet.space("hosted")
        self.owner.host(self.hosted)
        key = self.session.key
        grant = self.owner.wallet.delegate(key.url, {self.hosted + "/kv": ["tinycloud.kv/put"]}, self.node.now())
        values = self.owner.use(grant, self.hosted, key)
        self.node.activate(values.proof)
        assert self.node.invoke(values.invoke("kv", "there", "tinycloud.kv/put"), b"x").status == 200
        self.askers = {made.name: made for made in self.made()}
        part = SessionKey()
        grant = self.owner.wallet.delegate(part.url, {self.hosted + "/kv/part/": READ}, self.node.now())
        self.node.activate(grant)
        self.holder = Asker(self, "holder of a part", part, [grant.cid], Wallet())

    def known(self):
        """Delegations between others, in every state."""
        key, agent, other = self.session.key, SessionKey(), SessionKey()
        grant = lambda lasts=3600: self.session.delegate(agent.did, {self.owner.space + "/kv/notes/": READ}, lasts)
        live, revoked, expired, above = grant(), grant(), grant(5), grant()
        for made in (live, revoked, expired, above):
            self.node.activate(made)
        below = self.owner.use(above, self.owner.space, agent).delegate(
            other.did, {self.owner.space + "/kv/notes/": READ}, 600)
        self.node.activate(below)
        for made in (revoked, above):
            self.node.revoke(self.session.about(made.cid, REVOKE), made.cid)
        gone = self.owner.sign_in()
        self.node.revoke(gone.about(gone.cid, REVOKE), gone.cid)
        if self.clocked:
            self.service.pass_time(10)
            assert self.node.status(self.session, expired.cid) == "expired"
        edge = self.person.get(OURS + "graph.listEdges", space=self.private).ok()["delegations"][0]["cid"]
        return {
            "sign-in": self.session.cid, "live": live.cid, "revoked": revoked.cid, "expired": expired.cid,
            "below a revoked one": below.cid, "revoked sign-in": gone.cid, "edge of a private space": edge}

    def made(self):
        key, wallet = SessionKey(), Wallet()
        yield Asker(self, "key", key, [], wallet)
        stranger = Client(self.node)
        session = stranger.sign_in()
        yield Asker(self, "session of another space", session.key, [session.cid], stranger.wallet)
        giver = Client(self.node)
        session = giver.sign_in()
        given = session.delegate(SessionKey().did, {giver.space + "/kv/notes/": READ})
        self.node.activate(given)
        # It cites what it has a part in, and was not given.
        yield Asker(self, "who cites what it gave", session.key, [given.cid], giver.wallet)
        # The same wallet gave this key something in another of its spaces, by a delegation that nothing here rests on.
        agent, shared = SessionKey(), self.owner.wallet.space("shared")
        self.owner.host(shared)
        grant = self.owner.wallet.delegate(
            agent.url, {shared + "/kv": READ, shared + "/capabilities": [SEE]}, self.node.now())
        self.node.activate(grant)
        made = Asker(self, "agent with a chain of another space", agent, [grant.cid], Wallet())
        made.space = shared
        yield made

    def close(self):
        self.service.stop()


ASKERS = ["key", "session of another space", "who cites what it gave", "agent with a chain of another space"]


def judge(found, listed, question, asker):
    """Fails for what tells things apart and is not listed, and for what is listed and does not."""
    why, askers = listed.get(question, ("", []))
    if asker in askers:
        assert found, f"`{question}` is mended for the {asker}: take it out of KNOWN_OPEN"
        pytest.xfail(why)
    assert not found, "\n".join(f"{name}: {line}" for name, apart in found.items() for line in apart)


def asked(ask, world, asker, pairs):
    """What tells apart the things of each pair when the asker cites its own proofs."""
    found = {}
    for number, (name, there, absent) in enumerate(pairs):
        apart = told_apart(lambda thing: ask(world, asker, thing, asker.proofs), there, absent, number == 0)
        if apart:
            found[name] = apart
    return found
