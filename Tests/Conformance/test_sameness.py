"""Nobody learns whether what it may not see is there: over all methods that are documented, for every kind of caller that
has no right to the thing, an answer about what is there is the answer about what is not (design.md, law 9)."""

import pytest

from kit import data
from kit.curious import (
    OLDER, OURS, SIMPLE, SPACE, Things, app_password, delegate, ended, forger, given, invoker, service_auth)
from kit.keys import Key
from kit.peer import Peer
from kit.people import POST, Person
from kit.sameness import told_apart
from kit.service import OPEN, Service
from kit.xrpc import Caller
from test_governance import TABLE
from test_oauth import App, Issuer
from test_policies import Client

# What a method takes beside `space`; a value in braces is one of the thing that is asked for.
RECORD = {"collection": POST, "record": {"$type": POST}}
READ = {"repo": "{repo}"}
ROUTES = {
    SIMPLE + "updateSpace": {}, SIMPLE + "deleteSpace": {}, SIMPLE + "getSpace": {}, SIMPLE + "getConfig": {},
    SIMPLE + "updateConfig": {}, SIMPLE + "addMember": {"did": "{did}"}, SIMPLE + "removeMember": {"did": "{did}"},
    SIMPLE + "putMember": {"did": "{did}", "read": True, "write": True}, SIMPLE + "listMembers": {"did": "{did}"},
    SPACE + "getSpace": {}, SPACE + "listRepos": {}, SPACE + "getDelegationToken": {}, SPACE + "getSpaceCredential": {},
    OLDER + "createInvite": {}, OLDER + "revokeInvite": {"inviteId": "{invite}"}, OLDER + "listInvites": {},
    SPACE + "createRecord": RECORD, SPACE + "putRecord": RECORD | {"rkey": "{rkey}"},
    SPACE + "deleteRecord": {"collection": POST, "rkey": "{rkey}"},
    SPACE + "applyWrites": {
        "writes": [{"$type": SPACE + "applyWrites#create", "collection": POST, "value": {"$type": POST}}]},
    SPACE + "getRecord": READ | {"collection": POST, "rkey": "{rkey}"}, SPACE + "listRecords": READ,
    SPACE + "getLatestCommit": READ, SPACE + "getRepoState": READ, SPACE + "getRepo": READ, SPACE + "listRepoOps": READ,
    SPACE + "listBlobs": READ, SPACE + "getBlob": READ | {"cid": "{cid}"}, OURS + "space.deleteRepo": {},
    SPACE + "registerNotify": {"service": "{service}"}, SPACE + "unregisterNotify": {"service": "{service}"},
    SPACE + "notifyWrite": {"repo": "{writer}", "repoRev": data.tid(), "hash": {"$bytes": "A" * 43}},
    SPACE + "notifySpaceDeleted": {}, SPACE + "notifyCredentialRevoked": {"credentials": ["{jti}"]},
    OURS + "space.subscribe": {}, OURS + "space.listCredentials": {}, OURS + "space.revokeCredential": {"jti": "{jti}"},
    OURS + "graph.listEdges": {"did": "{did}"}, OURS + "graph.getChain": {"edge": "{edge}"},
    OURS + "graph.check": {"ability": "read", "did": "{did}"}, OURS + "graph.whoCan": {"ability": "read"},
    OURS + "graph.whatCan": {"did": "{did}"}, OURS + "graph.findPath": {"from": "{did}"}, OURS + "graph.revoke": {"edge": "{edge}"},
    OURS + "graph.simulate": {"changes": [{"revoke": "{edge}"}]},
    OLDER + "getMemberGrant": {}, OLDER + "getCredential": {}, OLDER + "refreshCredential": {"credential": "{unbound}"},
}
# Other questions to the same methods.
VARIANTS = {
    SIMPLE + "listMembers": [{}], OURS + "graph.listEdges": [{}], OURS + "graph.check": [{"ability": "know"}, {"ability": "read", "explain": "true"}],
    OURS + "graph.whatCan": [{}, {"ability": "read", "public": "true"}],
    OURS + "graph.findPath": [{"from": "{did}", "to": "{did}"}],
    OURS + "graph.simulate": [
        {"changes": [change]} for change in (
            {"received": "{did}"}, {"received": "{did}", "kind": "membership"},
            {"received": "{did}", "space": "{space}"}, {"compromised": "{did}"})],
    SPACE + "getRecord": [{"collection": POST, "rkey": "{rkey}"}], SPACE + "listRecords": [{}, {"repo": "{writer}"}],
    SPACE + "createRecord": [
        RECORD | {"repo": "{repo}"}, {"collection": POST, "record": {"$type": POST, "text": "long" * 25_000}}],
    SPACE + "deleteRecord": [
        {"repo": "{repo}", "collection": POST, "rkey": "{rkey}"}],
    SPACE + "applyWrites": [{"writes": []}], SPACE + "getRepo": [{"repo": "{writer}"}],
    SPACE + "notifyWrite": [{"repo": "{repo}", "repoRev": data.tid(), "hash": {"$bytes": "A" * 43}}],
}
# What names nothing that could be private: the caller's own, or what is the same to everybody.
NAMELESS = {
    "com.atproto.server." + name for name in (
        "describeServer", "getSession", "createAppPassword", "listAppPasswords", "revokeAppPassword")
} | {"community.lexicon.service.describe", "com.atproto.repo.uploadBlob", SPACE + "listSpaces", SIMPLE + "createSpace"}
# Names of accounts are public: handles and DIDs resolve for everybody.
PUBLIC = {"com.atproto.identity.resolveHandle", "com.atproto.identity.resolveDid", "com.atproto.server.createAccount"}
# What takes a token, an account's name or a code instead of a space: below.
OTHERS = {
    "com.atproto.server.createSession", "com.atproto.server.refreshSession", "com.atproto.server.deleteSession",
    "com.atproto.server.getServiceAuth", OLDER + "acceptInvite", OLDER + "getSpaceCredential",
}
# Reads of a repo here of a space elsewhere; writes into such a space are everybody's.
REPO = {
    SPACE + name for name in (
        "getRecord", "listRecords", "getLatestCommit", "getRepoState", "getRepo", "listRepoOps", "getBlob", "listBlobs")}

# What is told apart today, and why. Whoever mends one takes it out: it fails when the two are alike.
KNOWN_OPEN = {}


class World:
    def __init__(self):
        self.peer = Peer()
        self.issuer = Issuer(self.peer)
        self.service = Service(OPEN + ["--oauth-issuer", self.issuer.url, "--profile-x", "on"])
        self.owner, self.member, self.stranger = (Person(self.service, name) for name in ("owner", "member", "stranger"))
        self.client = Client(self.peer)
        self.removed = Person(self.service, "removed")
        self.things = Things(self.peer, self.owner, self.member, self.removed, self.client.id)
        # Another space of the owner's, in which the curious are.
        self.other = self.owner.create_space(skey="other-there")
        self.owner.add(self.other, self.stranger)
        self.elsewhere = self.peer.identity("dave")
        self.callers = dict(self.made())
        self.fixed = {"writer": self.elsewhere.did, "service": self.elsewhere.did + "#x", "unbound": self.unbound}

    def made(self):
        url, other, stranger, elsewhere = self.service.url, self.other, self.stranger, self.elsewhere
        origin = self.owner.document.origin
        yield "nobody", Caller(url)
        yield "unreadable token", Caller(url, {"Authorization": "Bearer a.b.c"})
        yield "session", stranger
        yield "ended session", ended(stranger)
        yield "app password", app_password(stranger)
        yield "member's app password", app_password(self.member)
        wide = "atproto space:*?action=read&action=create&action=update&action=delete&manage=update&manage=delete"
        yield "app", App(self.service, self.issuer, stranger, wide)
        yield "member's app without scope", App(self.service, self.issuer, self.member, "atproto")
        yield "member's app of another type", App(self.service, self.issuer, self.member, "space:com.example.other")
        for profile in ("P", "N"):
            yield f"credential of another space ({profile})", stranger.reader(other, profile)
            yield f"delegation token of a stranger ({profile})", delegate(url, elsewhere, origin, profile)
        yield "delegation token of another space", delegate(url, elsewhere, origin, space=other)
        attest = self.client.attest
        yield "delegation token with an attestation", delegate(url, elsewhere, origin, attest=attest)
        yield "delegation token with a false attestation", delegate(
            url, elsewhere, origin, attest=lambda space: attest(space, Key()))
        yield "delegation token forged in a member's name", delegate(url, elsewhere, origin, user=self.member.did)
        yield "forged credential", forger(url, self.owner.did, origin)
        yield "removed member", self.removed
        yield "service auth", service_auth(url, elsewhere, self.owner.did + "#atproto_space_host")
        self.unbound = stranger.post(OLDER + "getCredential", spaceUri=other).ok()["credential"]
        yield "unbound credential of another space", Caller(url, {"X-Space-Credential": self.unbound})
        yield from self.invokers(url, other)

    def invokers(self, url, other):
        ucans = stranger_ucans(url)
        yield "key", invoker(url, ucans, Key())
        key, agent = Key(), Key()
        self.owner.post(SIMPLE + "addMember", space=other, did=key.did, access="read").ok()
        yield "key of another space", invoker(url, ucans, key)
        yield "key that names another space", invoker(url, ucans, key, other)
        proof = given(url, key, agent, other, ucans["read"])
        yield "agent with a chain of another space", invoker(url, ucans, agent, proofs=[proof])
        yield "agent that names another space", invoker(url, ucans, agent, other, [proof])

    def close(self):
        self.service.stop()
        self.peer.close()


def stranger_ucans(url):
    return Caller(url).get("com.atproto.server.describeServer").ok()["spaces"]["ucan"]


CALLERS = [
    "nobody", "unreadable token", "session", "ended session", "app password", "member's app password", "app",
    "member's app without scope", "member's app of another type", "credential of another space (P)",
    "delegation token of a stranger (P)", "credential of another space (N)", "delegation token of a stranger (N)",
    "delegation token of another space", "delegation token with an attestation",
    "delegation token with a false attestation", "delegation token forged in a member's name", "forged credential",
    "removed member", "service auth", "unbound credential of another space", "key",
    "key of another space", "key that names another space", "agent with a chain of another space",
    "agent that names another space",
]


@pytest.fixture(scope="module")
def world():
    made = World()
    yield made
    made.close()


def filled(value, thing):
    if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
        return thing[value[1:-1]]
    if isinstance(value, list):
        return [filled(item, thing) for item in value]
    if isinstance(value, dict):
        return {name: filled(item, thing) for name, item in value.items()}
    return value


def ask(caller, nsid, fields, thing, verb=None):
    fields = {"space": thing["space"]} | filled(fields, thing)
    # `check` holds an answer to the table of errors; the response is what came.
    return (caller.get if (verb or TABLE[nsid]) == "GET" else caller.post)(nsid, **fields).response


def questions(world, nsid):
    """Each question to a method with each pair of things that it can be about."""
    for number, fields in enumerate([ROUTES[nsid]] + VARIANTS.get(nsid, [])):
        for name, there, absent in world.things.pairs:
            changed = {key for key in there if there[key] != absent[key]}
            if name == "foreign space":
                if nsid not in REPO:
                    continue
            elif "space" not in changed and "{%s}" % next(iter(changed)) not in str(fields):
                continue
            yield f"{name}, question {number}", fields, there | world.fixed, absent | world.fixed


def test_every_method_is_asked():
    assert set(TABLE) == set(ROUTES) | NAMELESS | PUBLIC | OTHERS
    assert all(TABLE[nsid] for nsid in ROUTES)


def test_every_kind_of_caller_asks(world):
    assert list(world.callers) == CALLERS


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("nsid", sorted(ROUTES))
def test_what_is_there_is_as_what_is_not(world, nsid, caller):
    found = {}
    for name, fields, there, absent in questions(world, nsid):
        apart = told_apart(
            lambda thing: ask(world.callers[caller], nsid, fields, thing), there, absent, name == "members space")
        if apart:
            found[name] = apart
    lines = "\n".join(f"{name}: {line}" for name, apart in found.items() for line in apart)
    if (nsid, caller) in KNOWN_OPEN:
        assert found, "this is mended: take it out of KNOWN_OPEN"
        pytest.xfail(KNOWN_OPEN[nsid, caller])
    assert not found, lines


# What a member may not see in a space that it knows: the rights it has there, and what a method is asked about.
INSIDERS = {
    "reads its own": ("read_self", {"repo", "rkey", "cid", "edge", "invite", "jti", "did"}),
    "reads": ("read", {"edge", "invite", "jti", "did"}),
}
@pytest.fixture(scope="module")
def insiders(world):
    """Members of the space that everybody else here knows nothing of."""
    made, space = {}, world.things.spaces["members"]["space"]
    for name, (access, _) in INSIDERS.items():
        made[name] = Person(world.service, "insider")
        world.owner.post(SIMPLE + "addMember", space=space, did=made[name].did, access=access).ok()
    return made


@pytest.mark.parametrize("insider", INSIDERS)
@pytest.mark.parametrize("nsid", sorted(ROUTES))
def test_members_learn_of_nothing_that_they_may_not_see(world, insiders, nsid, insider):
    there, found = world.things.spaces["members"] | world.fixed, {}
    edges = world.owner.get(OURS + "graph.listEdges", space=there["space"]).ok()["delegations"]
    others = {row["kind"]: row["cid"] for row in edges if row["delegate"] not in [one.did for one in insiders.values()]}
    for name, mine, absent in world.things.pairs:
        for kind, edge in others.items() if name == "edge" else [("", there["edge"])]:
            for number, fields in enumerate([ROUTES[nsid]] + VARIANTS.get(nsid, [])):
                if name not in INSIDERS[insider][1] or "{%s}" % name not in str(fields):
                    continue
                pair = mine | world.fixed | {"edge": edge}, absent | world.fixed | {"edge": edge}
                if name == "edge":
                    pair = pair[0], pair[1] | {"edge": absent["edge"]}
                apart = told_apart(lambda thing: ask(insiders[insider], nsid, fields, thing), *pair)
                if apart:
                    found[f"{name} {kind}, question {number}"] = apart
    assert not found, "\n".join(f"{name}: {line}" for name, apart in found.items() for line in apart)
