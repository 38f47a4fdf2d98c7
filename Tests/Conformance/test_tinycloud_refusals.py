"""Refusals as the reference words them: clients look at the status and at the body's text (tinycloud.md 4, 6.3, 7.7)."""

import urllib.parse

import pytest

from kit.tinycloud import KINDS, SessionKey, Wallet, recap
from kit.tinynode import FRAMEWORK, Answer, Client, Node

READ = ["tinycloud.kv/get", "tinycloud.kv/list"]
SEE = "tinycloud.capabilities/read"
UNKNOWN = "bafkr4i" + "a" * 52


@pytest.fixture(scope="module")
def node(service):
    return Node(service)


class Scene:
    def __init__(self, node, kind):
        self.node, self.alice = node, Client(node, kind)
        self.session, self.space = self.alice.sign_in(), self.alice.space
        self.agent, self.other = SessionKey(kind), SessionKey(kind)
        self.grant = self.session.delegate(self.agent.did, {self.space + "/kv/notes/": READ})
        node.activate(self.grant)
        self.held = self.alice.use(self.grant, self.space, self.agent)

    def child(self, path="notes/", lasts=600, **rest):
        return self.held.delegate(self.other.did, {self.space + "/kv/" + path: READ}, lasts, **rest)

    def dated(self):
        """A session by a delegation that has a beginning."""
        begins = int(self.node.now()) - 10
        grant = self.session.delegate(self.agent.did, {self.space + "/kv/notes/": READ}, starts=begins)
        self.node.activate(grant)
        return self.alice.use(grant, self.space, self.agent)

    def limited(self):
        caveats = {"tinycloud.kv/get": [{"until": "noon"}]}
        grant = self.session.delegate(self.agent.did, {self.space + "/kv/notes/": caveats})
        self.node.activate(grant)
        return self.alice.use(grant, self.space, self.agent)


@pytest.fixture(scope="module", params=KINDS)
def scene(node, request):
    return Scene(node, request.param)


def broken(grant):
    text = grant.authorization
    grant.authorization = text[:-8] + ("AAAAAAAA" if text[-8:] != "AAAAAAAA" else "BBBBBBBB")
    return grant


def case(name, text, make):
    return pytest.param(text, make, id=name)


DELEGATIONS = [
    case("expired", "Delegation expired or not yet valid",
         lambda scene: scene.child(lasts=-60)),
    case("not yet", "Delegation expired or not yet valid",
         lambda scene: scene.child(starts=int(scene.node.now()) + 300)),
    case("signature", "Failed to verify signature",
         lambda scene: broken(scene.child())),
    case("another's proof", "Cannot find parent delegation",
         lambda scene: scene.alice.use(scene.grant, scene.space, scene.other).delegate(
             scene.agent.did, {scene.space + "/kv/notes/": READ}, 60)),
    case("another path", "Unauthorized Capability: {space}/kv/noted/, tinycloud.kv/get",
         lambda scene: scene.child("noted/")),
    case("another ability", "Unauthorized Capability: {space}/kv/notes/, tinycloud.kv/put",
         lambda scene: scene.held.delegate(scene.other.did, {scene.space + "/kv/notes/": ["tinycloud.kv/put"]}, 60)),
    case("unknown proof", "Cannot find parent delegation",
         lambda scene: scene.agent.token(
             scene.other.did, {scene.space + "/kv/notes/": READ}, scene.node.now() + 60, [UNKNOWN])),
    case("too long", "Child delegation expiry exceeds parent expiry",
         lambda scene: scene.child(lasts=7200)),
    case("too early", "Child delegation not_before precedes parent not_before",
         lambda scene: scene.dated().delegate(scene.other.did, {scene.space + "/kv/notes/": READ}, 60)),
]


@pytest.mark.parametrize("text, make", DELEGATIONS)
def test_delegations(node, scene, text, make):
    node.delegate(make(scene)).refused(401, text.format(space=scene.space, other=scene.other.did))


def test_a_delegation_without_a_proof_where_one_is_needed(node, scene):
    alone = scene.agent.token(scene.other.did, {scene.space + "/kv/notes/": READ}, node.now() + 60, [])
    node.delegate(alone).refused(401, "Cannot find parent delegation")


def test_caveats_that_the_parent_does_not_contain(node, scene):
    held = scene.limited()
    wider = held.delegate(scene.other.did, {scene.space + "/kv/notes/": ["tinycloud.kv/get"]}, 60)
    answer = node.delegate(wider)
    assert answer.status == 401 and answer.text.startswith("child-caveats-not-subset-of-parent: ")
    answer = node.invoke(held.invoke("kv", "notes/a", "tinycloud.kv/get"))
    assert answer.status == 401 and answer.text.startswith("invocation-caveats-not-subset-of-chain: "), answer.text


INVOCATIONS = [
    case("expired", "Invocation expired or not yet valid",
         lambda scene: scene.held.invoke("kv", "notes/a", "tinycloud.kv/get", lasts=-60)),
    case("too long", "Invocation lifetime exceeds server maximum",
         lambda scene: scene.held.invoke("kv", "notes/a", "tinycloud.kv/get", lasts=900)),
    case("another's proof", "Cannot find parent delegation",
         lambda scene: scene.alice.use(scene.grant, scene.space, scene.other).invoke("kv", "notes/a",
         "tinycloud.kv/get")),
    case("another path", "Unauthorized Action: {space}/kv/other/a / tinycloud.kv/get",
         lambda scene: scene.held.invoke("kv", "other/a", "tinycloud.kv/get")),
    case("another ability", "Unauthorized Action: {space}/kv/notes/a / tinycloud.kv/put",
         lambda scene: scene.held.invoke("kv", "notes/a", "tinycloud.kv/put")),
    case("another service", "Unauthorized Action: {space}/capabilities/all / tinycloud.capabilities/read",
         lambda scene: scene.held.invoke("capabilities", "all", SEE)),
    case("unknown proof", "Cannot find parent delegation",
         lambda scene: scene.agent.token(scene.agent.did,
         {scene.space + "/kv/notes/a": ["tinycloud.kv/get"]}, scene.node.now() + 60, [UNKNOWN]
    ).authorization),
]


@pytest.mark.parametrize("text, make", INVOCATIONS)
def test_invocations(node, scene, text, make):
    node.invoke(make(scene)).refused(401, text.format(space=scene.space))


def test_invocations_without_any_proof(node, scene):
    alone = scene.agent.token(
        scene.agent.did, {scene.space + "/kv/notes/a": ["tinycloud.kv/get"]}, node.now() + 60, [])
    node.invoke(alone.authorization).refused(401, "Cannot find parent delegation")


def test_a_token_is_used_once_even_where_it_was_refused(node, scene):
    used = scene.session.invoke("capabilities", "all", SEE)
    node.invoke(used).ok()
    node.invoke(used).refused(409, "duplicate invocation")
    refused = scene.held.invoke("capabilities", "all", SEE)
    assert node.invoke(refused).status == 401
    node.invoke(refused).refused(409, "duplicate invocation")


def test_two_reads_in_one_token(node, scene):
    twice = scene.session.token({
        scene.session.resource("capabilities", "all"): [SEE], scene.session.resource("capabilities", "all/"): [SEE]})
    node.invoke(twice).refused(
        501, "Multiple invocation outcomes require a homogeneous KV get or metadata batch")


@pytest.mark.parametrize("header", ["", "not-a-token", "a.b.c", "Basic YTpi", "e30.e30.", "oWFoYWE"])
@pytest.mark.parametrize("path", ["/delegate", "/invoke", "/revoke"])
def test_headers_that_are_no_token(node, path, header):
    node.post(path, header).refused(401, FRAMEWORK)


@pytest.mark.parametrize("path", ["/delegate", "/invoke", "/revoke"])
def test_no_header_at_all(node, path):
    Answer(node.http.post(path)).refused(401, FRAMEWORK)


REVOKE = "tinycloud.delegation/revoke"


def revocation(scene, key, target, proofs, lasts=60):
    return key.token(key.did, {"urn:cid:" + target: [REVOKE]}, scene.node.now() + lasts, proofs)


REVOCATIONS = [
    case("expired", "Revocation expired or not yet valid",
         lambda scene: revocation(scene, scene.session.key, scene.grant.cid, [scene.session.cid], lasts=-60)),
    case("signature", "Failed to verify signature",
         lambda scene: broken(revocation(scene, scene.session.key, scene.grant.cid, [scene.session.cid]))),
    case("unknown target", "Unauthorized Revoker",
         lambda scene: revocation(scene, scene.session.key, UNKNOWN, [scene.session.cid])),
    case("stranger", "Unauthorized Revoker", lambda scene: revocation(scene, scene.other, scene.grant.cid, [])),
    case("unknown proof", "Unauthorized Revoker",
         lambda scene: revocation(scene, scene.session.key, scene.grant.cid, [UNKNOWN])),
    case("delegate above", "Unauthorized Revoker",
         lambda scene: revocation(scene, scene.agent, scene.session.cid, [scene.grant.cid])),
    case("another's proof", "Unauthorized Revoker",
         lambda scene: revocation(scene, scene.other, scene.grant.cid, [scene.grant.cid])),
    case("strange wallet", "Unauthorized Revoker",
         lambda scene: Wallet().revocation(scene.grant.cid, scene.node.now())),
]


@pytest.mark.parametrize("text, make", REVOCATIONS)
def test_revocations(node, scene, text, make):
    node.post("/revoke", make(scene).authorization).refused(403, text)
    assert node.status(scene.session, scene.grant.cid) == "active"


def test_a_revocation_that_names_nothing(node, scene):
    token = scene.session.token({scene.space + "/kv/notes/": ["tinycloud.kv/get"]})
    node.post("/revoke", token).refused(401, FRAMEWORK)
    assert node.status(scene.session, scene.session.cid) == "active"


def test_a_statement_that_says_less_than_the_recap(node, scene):
    fields = {
        "domain": "app.example", "aud": scene.agent.url, "nonce": "12345678", "iat": "2026-01-01T00:00:00.000Z",
        "statement": "I trust this site.",
    }
    fields["resources"] = [recap({scene.space + "/kv": READ})]
    node.delegate(scene.alice.wallet.cacao(fields)).refused(401, FRAMEWORK)


def test_status_reads_that_are_not_bound_to_what_they_ask(node, scene):
    ask = lambda token, cid: node.json("/delegation/status", token, {"cid": cid})
    bound = "Status invocation is not bound to the requested CID"
    about = scene.session.about
    ask(about(scene.grant.cid, "tinycloud.delegation/status"), scene.session.cid).refused(403, bound)
    ask(about(scene.grant.cid, "tinycloud.delegation/revoke"), scene.grant.cid).refused(403, bound)
    ask(scene.session.invoke("capabilities", "all", SEE), scene.grant.cid).refused(403, bound)
    ask(about("nothing", "tinycloud.delegation/status"), "nothing").refused(400, "Invalid delegation CID")
    stale = scene.session.key.token(
        scene.session.key.did, {"urn:cid:" + scene.grant.cid: ["tinycloud.delegation/status"]}, node.now() - 60,
        [scene.session.cid])
    ask(stale.authorization, scene.grant.cid).refused(401, "Invalid status invocation")
    tampered = broken(scene.session.key.token(
        scene.session.key.did, {"urn:cid:" + scene.grant.cid: ["tinycloud.delegation/status"]}, node.now() + 60,
        [scene.session.cid]))
    ask(tampered.authorization, scene.grant.cid).refused(401, "Invalid status invocation")


def test_reads_of_capabilities_that_make_no_sense(node, scene):
    for parameters in ({"type": "everything"}, {"type": "list", "filters": 1}, {"type": "chain"}):
        assert node.read(scene.session, parameters).status == 400
    assert node.read(scene.session, {"type": "chain", "delegation_cid": UNKNOWN}).status == 404
    assert node.invoke(scene.session.invoke("capabilities", "", SEE)).status == 404


@pytest.mark.parametrize(
    "space", ["default", "tinycloud:default", "%", Wallet().space() + "/kv"], ids=["name", "no owner", "escape", "path"])
def test_peers_of_what_is_no_space(node, space):
    node.get("/peer/generate/" + urllib.parse.quote(space, safe="")).refused(400, "Invalid space ID")


@pytest.mark.parametrize("path", ["/delegate", "/invoke", "/revoke", "/delegation/status", "/delegation/query", "/info"])
def test_browsers_may_ask_from_anywhere(node, path):
    answer = node.http.options(path, headers={
        "Origin": "https://app.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,if-none-match,x-tinycloud-limit"})
    assert answer.status_code == 200 and answer.content == b""
    assert {name: answer.headers["access-control-" + name] for name in CORS} == CORS


CORS = {
    "allow-origin": "*", "allow-methods": "POST, PUT, GET, OPTIONS, DELETE", "expose-headers": "*, Authorization",
    "allow-headers": "*, Authorization", "allow-credentials": "true",
}


def test_machines_are_told_in_json_on_demand(node, scene):
    answer = node.post("/invoke", scene.held.invoke("capabilities", "all", SEE), Accept="application/json")
    assert answer.status == 401
    assert list(answer.json) == ["error", "message", "decisionId"]
    assert answer.json["message"].startswith("Unauthorized Action: ") and answer.json["error"] == answer.reason
