"""Nobody learns from a token what became of the delegations it cites that it has no part in: over all routes that take a
token, a CID that is known here is answered as one that is not (design.md, law 9)."""

import base64
import re

import pytest

from kit.askers import ASKERS, LIST, READ, REVOKE, SEE, STATUS, World, asked, judge
from kit.curious import OURS, SIMPLE, SPACE
from kit.people import POST
from kit.service import ROOT
from kit.tinycloud import SessionKey


@pytest.fixture(scope="module")
def world():
    made = World()
    yield made
    made.close()


# Questions about a CID: `asker` sends one about `cid`. Each takes the proofs to cite beside it as well.
def revoke_it(world, asker, cid, proofs):
    return asker.send("/revoke", asker.token({"urn:cid:" + cid: [REVOKE]}, proofs))


def revoke_it_by_an_unknown_one(world, asker, cid, proofs):
    return asker.send("/revoke", asker.token({"urn:cid:" + cid: [REVOKE]}, [*proofs, world.nothing]))


def revoke_own_by_it(world, asker, cid, proofs):
    return asker.send("/revoke", asker.token({"urn:cid:" + (asker.proofs or [world.never])[0]: [REVOKE]}, [cid]))


def revoke_by_a_wallet(world, asker, cid, proofs):
    return asker.send("/revoke", asker.wallet.revocation(cid, world.node.now()).authorization)


def delegate(space, path="/kv/notes/", abilities=READ):
    def ask(world, asker, cid, proofs):
        resource = space(world, asker) + path
        token = asker.token({resource: abilities}, [*proofs, cid], audience=SessionKey().did, lasts=600)
        return asker.send("/delegate", token)
    return ask


def delegate_by_a_wallet(space):
    def ask(world, asker, cid, proofs):
        made = asker.wallet.delegate(
            SessionKey().url, {space(world, asker) + "/kv": READ}, world.node.now(), 600, [*proofs, cid])
        return asker.send("/delegate", made.authorization)
    return ask


def invoke(space, path, ability, body=None, times=1, **headers):
    def ask(world, asker, cid, proofs):
        token = asker.token({space(world, asker) + path: [ability]}, [*proofs, *[cid] * times])
        return asker.send("/invoke", token, body, **headers)
    return ask


def chain(world, asker, cid, proofs):
    facts = [{"capabilitiesReadParams": {"type": "chain", "delegation_cid": cid}}]
    return asker.send("/invoke", asker.token({asker.space + "/capabilities/all": [SEE]}, proofs, facts))


def status(world, asker, cid, proofs):
    return asker.send("/delegation/status", asker.token({"urn:cid:" + cid: [STATUS]}, proofs), {"cid": cid})


def status_by_it(world, asker, cid, proofs):
    return asker.send("/delegation/status", asker.token({"urn:cid:" + cid: [STATUS]}, [*proofs, cid]), {"cid": cid})


def query_by_it(space):
    def ask(world, asker, cid, proofs):
        token = asker.token({space(world, asker) + "/delegation": [LIST]}, [*proofs, cid])
        return asker.send("/delegation/query", token, {})
    return ask


def query_from_it(world, asker, cid, proofs):
    cursor = base64.urlsafe_b64encode(cid.encode()).rstrip(b"=").decode()
    return asker.send("/delegation/query", asker.token({asker.space + "/delegation": [LIST]}, proofs), {"cursor": cursor})


def judged(space, explain=False):
    def ask(world, asker, cid, proofs):
        resource = space(world, asker) + "/kv/notes/a"
        question = {"invocation": asker.token({resource: ["tinycloud.kv/get"]}, [*proofs, cid])}
        if explain:
            question |= {"ability": "tinycloud.kv/get", "resource": resource, "explain": True}
        return asker.send("/authorize", None, question)
    return ask


def asked_with_it(path):
    def ask(world, asker, cid, proofs):
        resource = world.owner.space + "/kv/notes/a"
        token = asker.token({world.owner.space + "/capabilities/all": [SEE]}, [*proofs, cid])
        one = {"principal": world.owner.did, "ability": "tinycloud.kv/get", "resource": resource}
        if "access" in path:
            one = {
                "subject": {"type": "user", "id": world.owner.did}, "action": {"name": "tinycloud.kv/get"},
                "resource": {"type": "kv", "id": resource}}
        body = {"evaluations": [one, one]} if path.endswith("evaluations") else one
        return asker.send(path, token, body)
    return ask


def questioned_with_it(name, fields):
    """A question about others in the space, by a token that cites it."""
    def ask(world, asker, cid, proofs):
        token = asker.token({world.owner.space + "/capabilities/all": [SEE]}, [*proofs, cid])
        return asker.send("/questions/" + name, token, fields(world))
    return ask


def method(verb, nsid, space, **fields):
    """A method of permissioned spaces by an invocation that cites it."""
    def ask(world, asker, cid, proofs):
        place = space(world)
        abilities = [world.ucans[name] for name in ("read", "create", "delete", "manage")]
        token = asker.key.token(
            world.ucans["audience"], {place: abilities}, int(world.node.now()) + 60, [*proofs, cid]).authorization
        options = {"params": {"space": place} | fields} if verb == "GET" else {"json": {"space": place} | fields}
        return world.http.request(verb, "/xrpc/" + nsid, headers={"Authorization": "Bearer " + token}, **options)
    return ask


def edge_of_own_space(verb, nsid):
    """Who manages a space asks about an edge that is none of it."""
    def ask(world, asker, cid, proofs):
        fields = {"space": world.own, "edge": cid}
        options = {"params": fields} if verb == "GET" else {"json": fields}
        return world.http.request(verb, "/xrpc/" + nsid, headers=world.visitor.headers, **options)
    return ask


own, theirs = (lambda world, asker: asker.space), (lambda world, asker: world.owner.space)
private, visited = (lambda world: world.private), (lambda world: world.own)
CITED = {
    "revoke it": revoke_it, "revoke it by an unknown one": revoke_it_by_an_unknown_one,
    "revoke by it": revoke_own_by_it, "revoke it by a wallet": revoke_by_a_wallet,
    "delegate the own": delegate(own), "delegate theirs": delegate(theirs),
    "delegate all of the own": delegate(own, "/capabilities", [SEE]),
    "delegate the own by a wallet": delegate_by_a_wallet(own),
    "delegate theirs by a wallet": delegate_by_a_wallet(theirs),
    "read own values": invoke(own, "/kv/notes/a", "tinycloud.kv/get"),
    "read their values": invoke(theirs, "/kv/notes/a", "tinycloud.kv/get"),
    "read their values by it twice": invoke(theirs, "/kv/notes/a", "tinycloud.kv/get", times=2),
    "put a value of theirs": invoke(theirs, "/kv/notes/a", "tinycloud.kv/put", b"x"),
    "put a long value of theirs": invoke(theirs, "/kv/notes/a", "tinycloud.kv/put", b"x" * 2_000_000),
    "read own capabilities": invoke(own, "/capabilities/all", SEE),
    "read their capabilities": invoke(theirs, "/capabilities/all", SEE),
    "what nobody serves": invoke(theirs, "/sql/main", "tinycloud.sql/read"),
    "refused in JSON": invoke(theirs, "/kv/notes/a", "tinycloud.kv/get", Accept="application/json"),
    "chain": chain, "status": status, "status by it": status_by_it, "query the own by it": query_by_it(own),
    "query theirs by it": query_by_it(theirs), "query from it on": query_from_it,
    "is the own allowed": judged(own), "is theirs allowed": judged(theirs),
    "is theirs allowed, explained": judged(theirs, True), "is the own allowed, explained": judged(own, True),
    "ask with it": asked_with_it("/authorize"), "evaluate with it": asked_with_it("/access/v1/evaluation"),
    "evaluate many with it": asked_with_it("/access/v1/evaluations"),
    "who can, by it": questioned_with_it("who-can", lambda world: {
        "ability": "tinycloud.kv/get", "resource": world.owner.space + "/kv/notes/a"}),
    "what can the owner, by it": questioned_with_it("what-can", lambda world: {
        "principal": world.owner.did, "space": world.owner.space}),
    "what would follow, by it": questioned_with_it("whatif", lambda world: {
        "changes": [{"received": world.owner.did}], "space": world.owner.space}),
    "which way, by it": questioned_with_it("path", lambda world: {
        "from": world.owner.did, "to": world.owner.did, "space": world.owner.space}),
    "describe a private space": method("GET", SPACE + "getSpace", private),
    "list records": method("GET", SPACE + "listRecords", private),
    "list spaces": method("GET", SPACE + "listSpaces", private),
    "write a record": method("POST", SPACE + "createRecord", private, collection=POST, record={"$type": POST}),
    "add a member": method("POST", SIMPLE + "addMember", private, did="did:web:b.test"),
    "chain of a space's edge": edge_of_own_space("GET", OURS + "graph.getChain"),
    "revoke a space's edge": edge_of_own_space("POST", OURS + "graph.revoke"),
}

# The paths that are documented and take a token: each is asked above, or names nothing that could be private.
TAKES_TOKENS = {
    "/delegate", "/invoke", "/revoke", "/delegation/status", "/delegation/query", "/authorize", "/access/v1/evaluation",
    "/access/v1/evaluations", "/questions/who-can", "/questions/what-can", "/questions/path",
    "/questions/whatif"}
# The same for everybody, of any space; what is public of accounts; how the service is.
PUBLIC_PATHS = {
    "/peer/generate/<space>", "/.well-known/did.json", "/.well-known/atproto-did", "/version", "/info", "/health",
    "/healthz", "/readyz", "/metrics"}

# What is told apart today, and why, by question for some askers or all. Whoever mends one takes it out: it fails when the
# two are alike.
KNOWN_OPEN = {}


def test_every_path_is_asked(world, monkeypatch):
    """The table of the protocol page, which the service's own tests hold to its routes."""
    text = (ROOT / "docs/protocol/README.md").read_text()
    assert set(re.findall(r"^\| `(?:GET|POST) (/[^`]+)` \|", text, re.M)) == TAKES_TOKENS | PUBLIC_PATHS
    paths, who = set(), world.askers["key"]
    monkeypatch.setattr(who, "send", lambda path, *rest, **headers: paths.add(path))
    for ask in CITED.values():
        ask(world, who, world.never, [])
    assert paths == TAKES_TOKENS


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize("question", CITED)
def test_known_names_are_as_unknown_ones(world, question, asker):
    pairs = [(name, {"cid": cid}, {"cid": world.never}) for name, cid in world.cids.items()]
    ask = lambda world, who, thing, proofs: CITED[question](world, who, thing["cid"], proofs)
    judge(asked(ask, world, world.askers[asker], pairs), KNOWN_OPEN, question, asker)
