"""What everybody asks of a host with a past (`kit/past.py`), so that another release can be asked the same."""

import json

from .past import GRAPH, HOME, HV, NOTE, POST, SIMPLE, SPACE, Invoker
from . import jwt
from .keys import Key
from .people import MEMBER_LIST, managing_app
from .xrpc import Caller

# Spaces that everybody asks about everything; of the others fewer things are asked.
WHOLE = ("list-list", "list-public", "public-list", "app-list", "levels", "outer", "changed", "elsewhere", "deleted",
         "shown-members", "remade", "back-and-forth")
SIGNED_IN = ("alice", "bob", "carol", "dave", "erin")


# A membership that ended by its owner's own token stayed in the list of this release: what the gate says is asked alone.
UNLISTED = ("ended-by-token",)


class Questions:
    def __init__(self, past, tape):
        self.past, self.tape = past, tape

    def ask(self):
        self.settings()
        self.members()
        self.records()
        self.graph()
        self.invites()
        self.credentials()
        self.others()
        self.decisions()
        self.tinycloud()
        self.tokens()
        self.exchanges()
        self.changes()

    def get(self, group, who, name, **fields):
        """One query by one caller; `fields` may name a space by its short name."""
        words = " ".join(str(value) for value in fields.values())
        if "space" in fields:
            fields["space"] = self.past.spaces[fields["space"]]
        with self.tape.asking(group, f"{who}: {name.rsplit('.', 1)[1]} {words}"):
            return self.caller(who).send("GET", name, params=query(fields), lexicon=False)

    def post(self, group, who, name, **fields):
        words = fields.get("space", "")
        if "space" in fields:
            fields["space"] = self.past.spaces[fields["space"]]
        with self.tape.asking(group, f"{who}: {name.rsplit('.', 1)[1]} {words}"):
            return self.caller(who).send("POST", name, json=fields, lexicon=False)

    def caller(self, who):
        return self.past.callers[who] if who in self.past.callers else self.past.readers_of[who][1]

    # Spaces.

    def listed(self):
        return [space for space in self.past.spaces if space not in UNLISTED]

    def settings(self):
        for space in self.past.spaces:
            for who in ("nobody", *SIGNED_IN):
                self.get("settings", who, SIMPLE + "getSpace", space=space)
            for who in ("alice", "bob"):
                self.get("settings", who, HV + "getSpace", space=space)
                self.get("settings", who, SIMPLE + "getConfig", space=space)
        for who in ("nobody", *SIGNED_IN):
            self.get("settings", who, SPACE + "listSpaces", limit=100)
            self.get("settings", who, HV + "listSpaces", limit=7)
        for who in self.past.callers:
            self.get("settings", who, SPACE + "getSpace", space="levels")

    def members(self):
        for space in self.listed():
            for who in ("nobody", "alice", "bob", "erin"):
                self.get("members", who, SIMPLE + "listMembers", space=space, limit=1000)
            self.get("members", "alice", SIMPLE + "listMembers", space=space, direct=True)
            self.get("members", "alice", SIMPLE + "listMembers", space=space, did=self.past.bob.did)
            self.get("members", "carol", SIMPLE + "listMembers", space=space, did=self.past.carol.did)
            self.get("members", "alice", HV + "listMembers", space=space)

    def records(self):
        past = self.past
        for space in past.spaces:
            for who in ("nobody", *SIGNED_IN):
                self.get("records", who, SPACE + "listRecords", space=space, repo=past.alice.did)
                self.get("records", who, SPACE + "listRepos", space=space)
            for who in ("alice", "bob", "carol"):
                self.get("records", who, SPACE + "listRecords", space=space)
        for space in WHOLE:
            for who in SIGNED_IN:
                for author in ("alice", "bob"):
                    self.get("records", who, SPACE + "getRecord", space=space, repo=past.people[author].did, collection=POST,
                             rkey="first")
        for who in past.callers:
            for name in ("listRepos", "listRecords", "getLatestCommit"):
                fields = {} if name == "listRepos" else {"repo": past.alice.did}
                self.get("records", who, SPACE + name, space="levels", **fields)
            self.get("records", who, SPACE + "getRecord", space="levels", repo=past.alice.did, collection=POST, rkey="first")
        for who in ("alice", "bob", "carol"):
            self.repo(who)
        for who in past.callers:
            for author in (past.grace, past.bob):
                self.get("caveats" if "agent" in who else "records", who, SPACE + "listRecords", space="own-key",
                         repo=author.did)
        self.get("records", "carol", SPACE + "listRecords", space="changed", repo=past.carol.did)
        self.get("records", "carol", SPACE + "getRecord", space="changed", repo=past.carol.did, collection=POST, rkey="mine")

    def repo(self, who):
        past = self.past
        for author in ("alice", "bob"):
            of = {"space": "records", "repo": past.people[author].did}
            self.get("records", who, SPACE + "listRecords", **of, limit=3, reverse=True)
            self.get("records", who, SPACE + "listRecords", **of, collection=NOTE)
            self.get("records", who, SPACE + "listRepoOps", **of)
            self.get("records", who, SPACE + "getRepoState", **of)
            self.get("records", who, SPACE + "listBlobs", **of)
            for rkey in ("r2", "r3", "b1", "pictured", "emptied"):
                self.get("records", who, SPACE + "getRecord", **of, collection=POST, rkey=rkey)
        self.get("records", who, SPACE + "getBlob", space="records", repo=past.bob.did, cid=past.blob)
        self.get("records", who, SPACE + "listRepos", space="records", order="spaceRev")

    def graph(self):
        past = self.past
        for space in self.listed():
            for who in ("alice", "bob", "erin"):
                self.get("edges", who, GRAPH + "listEdges", space=space, limit=1000)
            self.get("edges", "alice", GRAPH + "listEdges", space=space, status="revoked", limit=1000)
            for did in (past.bob.did, past.carol.did, past.dave.did, past.erin.did):
                for ability in ("read", "write", "manage"):
                    self.get("checks", "alice", GRAPH + "check", space=space, ability=ability, did=did)
            for who in ("bob", "carol", "erin"):
                self.get("checks", who, GRAPH + "check", space=space, ability="read")
        for did in (past.key_member.did, past.agents_of["agent"].did, past.agents_of["agent until noon"].did, past.frank.did):
            self.get("checks", "alice", GRAPH + "check", space="levels", ability="read", did=did)
            self.get("checks", "alice", GRAPH + "check", space="levels", ability="read", did=did, path=past.bob.did)
        for space in ("levels", "outer", "app-list"):
            listed = past.alice.get(GRAPH + "listEdges", space=past.spaces[space], limit=1000).ok()["delegations"]
            for edge in listed:
                for who in ("alice", "bob"):
                    self.get("edges", who, GRAPH + "getChain", space=space, edge=edge["cid"])

    def invites(self):
        for space in ("invited", "invite-ended", "list-list", "deleted", "managed"):
            for who in ("alice", "bob", "erin"):
                self.get("invites", who, HV + "listInvites", space=space)

    def credentials(self):
        past = self.past
        for space in ("levels", "records", "token-ended", "apps-open", "app-list"):
            for who in ("alice", "bob"):
                self.get("credentials", who, "dev.capabilitygraph.space.listCredentials", space=space)
        for who, (space, _) in past.readers_of.items():
            self.get("credentials", who, SPACE + "listRepos", space=space)
            self.get("credentials", who, SPACE + "listRecords", space=space, repo=past.alice.did)
            self.get("credentials", who, SPACE + "getRecord", space=space, repo=past.alice.did, collection=POST, rkey="first")
            self.get("credentials", who, SIMPLE + "listMembers", space=space)
            self.get("credentials", who, SIMPLE + "getSpace", space=space)
            self.get("credentials", who, SPACE + "listRepos", space="list-list")

    def others(self):
        for who, caller in self.past.callers.items():
            if isinstance(caller, Invoker):
                continue
            self.get("accounts", who, "com.atproto.server.getSession")
            self.get("accounts", who, "com.atproto.server.listAppPasswords")
        for person in self.past.people.values():
            self.get("accounts", "nobody", "com.atproto.identity.resolveHandle", handle=person.handle)
            self.get("accounts", "nobody", "com.atproto.identity.resolveDid", did=person.did)
        self.get("accounts", "nobody", "com.atproto.server.describeServer")

    # Questions by tokens.

    def http(self, group, name, path, body=None, headers=None):
        with self.tape.asking(group, name):
            return self.past.node.http.post(path, headers=headers or {}, content=body)

    def decisions(self):
        past, node = self.past, self.past.node
        space = past.spaces["levels"]
        own = past.spaces["own-key"]
        resources = [space, f"{space}/{past.alice.did}", past.spaces["list-list"], own, f"{own}/{past.grace.did}",
                     f"{own}/{past.bob.did}"]
        for who in ("member key", *past.agents_of):
            for ability in ("read", "create", "manage"):
                for resource in resources:
                    token = past.callers[who].token(resource, past.ucans[ability])
                    self.http("decisions on spaces", f"{who}: {ability} {resource}", "/authorize", compact({"invocation": token}))
        for kind, session in past.sessions.items():
            held = {"owner": session, **past.held[kind]}
            for who, one in held.items():
                for path, action in [("notes/a", "get"), ("notes/deep/c", "get"), ("notes/a", "put"), ("other", "get")]:
                    question = {"invocation": one.invoke("kv", path, "tinycloud.kv/" + action)}
                    self.http("decisions", f"{who} by {kind}: {action} {path}", "/authorize", compact(question))
                    self.about(kind, session, one.key.did, path, action)

    def about(self, kind, session, did, path, action):
        asker = {"Authorization": session.invoke("capabilities", "all", "tinycloud.capabilities/read")}
        resource, ability = session.resource("kv", path), "tinycloud.kv/" + action
        name = f"owner by {kind}: {action} {path} of {did}"
        question = {"principal": did, "ability": ability, "resource": resource, "explain": True}
        self.http("decisions", name, "/authorize", compact(question), asker)
        evaluation = {
            "subject": {"type": "did", "id": did}, "action": {"name": ability}, "resource": {"type": "uri", "id": resource}}
        self.http("decisions", name, "/access/v1/evaluation", compact(evaluation), asker)

    def tinycloud(self):
        past, node = self.past, self.past.node
        for kind, session in past.sessions.items():
            held = {"owner": session, **past.held[kind]}
            for who, one in held.items():
                self.account(f"{who} by {kind}", one)
            cids = {name: grant.cid for name, grant in past.grants[kind].items()} | {"session": session.cid}
            for name, cid in cids.items():
                with self.tape.asking("tinycloud", f"owner by {kind}: status of {name}"):
                    node.json("/delegation/status", session.about(cid, "tinycloud.delegation/status"), {"cid": cid})
                with self.tape.asking("tinycloud", f"owner by {kind}: chain of {name}"):
                    node.read(session, {"type": "chain", "delegation_cid": cid})
        for name, session in [("ended", past.ended), ("short", past.short)]:
            self.account(name, session)

    def account(self, name, session):
        node = self.past.node
        for path, action in [
            ("notes/a", "get"), ("notes/b", "metadata"), ("notes/deep/c", "get"), ("notes/", "list"), ("other", "get"),
            ("notes/gone", "get"),
        ]:
            with self.tape.asking("tinycloud", f"{name}: {action} {path}"):
                node.invoke(session.invoke("kv", path, "tinycloud.kv/" + action))
        for parameters in (
            None, {"type": "list", "filters": {"direction": "created"}}, {"type": "list", "filters": {"direction": "received"}},
            {"type": "list", "status": ["active", "expired", "revoked"], "filters": {"direction": "all"}},
        ):
            with self.tape.asking("tinycloud", f"{name}: capabilities {compact(parameters).decode()}"):
                node.read(session, parameters)
        token = session.token({session.resource("delegation", ""): ["tinycloud.delegation/list"]})
        with self.tape.asking("tinycloud", f"{name}: query"):
            node.json("/delegation/query", token, {})

    def of_the_file(self):
        """Questions that `capq` answers from the database alone."""
        past = self.past
        people = [past.people[name].did for name in ("bob", "carol", "erin")]
        for space in WHOLE:
            for did in people:
                for ability in ("read", "write"):
                    yield f"{ability} {space} {did}", (did, "atproto.space/" + ability, past.spaces[space])
        for kind, session in past.sessions.items():
            for who, one in {"owner": session, **past.held[kind]}.items():
                for path, action in [("notes/a", "get"), ("notes/deep/c", "get"), ("notes/a", "put")]:
                    yield f"{who} by {kind}: {action} {path}", (
                        one.key.did, "tinycloud.kv/" + action, session.resource("kv", path))

    # Then what changes something, last and in order.

    def tokens(self):
        """A token is an edge of its own, so listings of edges come before."""
        for space in WHOLE:
            for who in SIGNED_IN:
                self.get("exchanges", who, SPACE + "getDelegationToken", space=space)
        for who in self.past.callers:
            self.get("exchanges", who, SPACE + "getDelegationToken", space="levels")

    def exchanges(self):
        past = self.past
        for name, token in past.delegation_tokens.items():
            key, url = Key("ES256"), f"{HOME}/xrpc/{SPACE}getSpaceCredential"
            space = {"one whose reader was removed": "token-ended", "bob's of levels": "levels",
                     "bob's under allowed apps": "apps-allowed"}.get(name, "app-list")
            headers = {"Authorization": "Bearer " + token, "DPoP": jwt.dpop(key, "POST", url, now=past.service.now)}
            with self.tape.asking("exchanges", name):
                Caller(past.service.url).send(
                    "POST", SPACE + "getSpaceCredential", headers, lexicon=False, json={"space": past.spaces[space]})

    def changes(self):
        past, group = self.past, "changes"
        readers = lambda: [self.get(group, who, SPACE + "listRepos", space=space)
                           for who, space in [("bob", "list-list"), ("carol", "list-list"), ("bob", "by-edge"),
                                              ("carol", "back-and-forth"), ("dave", "back-and-forth"), ("erin", "public-list")]]
        self.post(group, "alice", SIMPLE + "removeMember", space="list-list", did=past.bob.did)
        self.post(group, "alice", SIMPLE + "addMember", space="by-edge", did=past.erin.did)
        self.post(group, "alice", SIMPLE + "updateSpace", space="back-and-forth",
                  readPolicy=managing_app(past.managing))
        readers()
        self.post(group, "alice", SIMPLE + "updateSpace", space="back-and-forth", readPolicy=MEMBER_LIST)
        self.post(group, "alice", SIMPLE + "updateSpace", space="public-list", readPolicy=MEMBER_LIST)
        readers()
        for who, invite in [
            ("erin", past.open_invite), ("dave", past.once), ("erin", past.revoked_invite), ("erin", past.expired_invite),
            ("dave", past.edge_invite), ("bob", past.lasting_invite),
        ]:
            self.post(group, who, HV + "acceptInvite", token=invite["token"])
        self.get(group, "alice", SIMPLE + "listMembers", space="invited")
        self.post(group, "carol", SPACE + "deleteRecord", space="changed", repo=past.carol.did, collection=POST, rkey="mine")
        record = {"repo": past.bob.did, "collection": POST, "rkey": "later", "record": {"$type": POST, "text": "later"}}
        for space in WHOLE:
            self.post(group, "bob", SPACE + "createRecord", space=space, **record)
        self.post(group, "bob", SIMPLE + "removeMember", space="managed", did=past.dave.did)
        self.post(group, "alice", SIMPLE + "deleteSpace", space="outer")
        self.get(group, "bob", SPACE + "listRepos", space="outer")


def query(fields):
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in fields.items()}


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()
