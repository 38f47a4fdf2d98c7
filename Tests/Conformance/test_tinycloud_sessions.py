"""TinyCloud's SDK unchanged, as its requests were recorded: sign-in, hosting, delegating, sharing, ending (tinycloud.md 10)."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit.keys import unb64
from kit.tinycloud import JWK_FORMS, KINDS, SessionKey, Wallet
from kit.tinynode import Client, Node, strict

READ = ["tinycloud.kv/get", "tinycloud.kv/list"]
REVOKE = "tinycloud.delegation/revoke"
SEE = ["tinycloud.capabilities/read"]


@pytest.fixture(scope="module")
def node(service):
    return Node(service)


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def alice(node, kind):
    return Client(node, kind)


def can(node, session, service="capabilities", path="all", action="tinycloud.capabilities/read"):
    """The status of the cheapest thing a session does."""
    return node.invoke(session.invoke(service, path, action)).status


def test_what_clients_probe_before_they_sign_in(node):
    info = node.get("/info").ok().json
    assert list(info)[:5] == ["protocol", "version", "features", "nodeId", "inTEE"]
    assert info["protocol"] == 1 and info["inTEE"] is False and info["nodeId"].startswith("did:key:z6Mk")
    assert {"kv", "delegation", "sharing"} <= set(info["features"])
    assert not {"sql", "duckdb", "hooks", "encryption", "signed-urls", "tee"} & set(info["features"])
    assert node.get("/version").ok().json == info
    assert node.get("/healthz").ok().content == b""
    node.get("/health").ok()


@pytest.mark.parametrize("form", JWK_FORMS)
def test_sign_in_whatever_the_header_says_of_the_key(node, kind, form):
    alice = Client(node, kind, form)
    session = alice.prepared()
    assert node.activate(session.proof) == ([], [alice.space, alice.wallet.space("secrets")])
    node.invoke(session.invoke("capabilities", "all", "tinycloud.capabilities/read")).refused(404, "Space not found")
    host = alice.host()
    assert node.activate(session.proof) == ([], [])  # known bytes
    assert set(node.list(session)) == {session.cid, host.cid}
    assert node.status(session, session.cid) == "active"


def test_a_header_without_a_jwk_is_signed_by_the_key_of_the_did(node, alice):
    session = alice.sign_in()
    token = session.key.token(
        session.key.did, {session.resource("capabilities", "all"): SEE},
        node.now() + 60, [session.cid], header={"jwk": None})
    head, payload, _ = token.authorization.split(".")
    assert "jwk" not in json.loads(unb64(head))
    last = token.authorization[-44:-43]
    forged = token.authorization[:-44] + ("B" if last == "A" else "A") + token.authorization[-43:]
    node.invoke(forged).refused(401, "Failed to verify signature")
    node.invoke(token.authorization).ok()


def test_the_jwk_may_not_be_another_key_nor_a_private_one(node, alice):
    session, other = alice.sign_in(), SessionKey(alice.kind)
    resource = {session.resource("capabilities", "all"): SEE}
    for change in (other.jwk, session.key.jwk | {"d": "AAAA"}, session.key.jwk | {"alg": "HS256"}):
        token = session.key.token(
            session.key.did, resource, node.now() + 60, [session.cid], header={"jwk": change})
        assert node.invoke(token.authorization).status == 401


@pytest.mark.parametrize("kind", ["ES256", "ES256K"])
def test_the_two_forms_of_a_signature_are_one_token(node, kind):
    alice = Client(node, kind)
    session = alice.sign_in()
    low, high = (
        session.key.signed(session.invoke("capabilities", "all", SEE[0]).rpartition(".")[0], session.key.did, form)
        for form in ("low", "high"))
    node.invoke(low.authorization).ok()
    if kind == "ES256":
        node.invoke(high.authorization).ok()
    else:
        node.invoke(high.authorization).refused(401, "Failed to verify signature")
    flipped = session.key.signed(low.authorization.rpartition(".")[0], session.key.did, "high")
    node.invoke(flipped.authorization).refused(
        *((409, "duplicate invocation") if kind == "ES256" else (401, "Failed to verify signature")))


def test_second_sign_in_with_another_key(node, alice):
    first, second = alice.sign_in(), alice.prepared()
    assert node.activate(second.proof) == ([alice.space], [alice.wallet.space("secrets")])
    assert can(node, first) == can(node, second) == 200
    crossed = alice.use(first.proof, alice.space, second.key)  # the second key shows the first key's delegation
    node.invoke(crossed.invoke("capabilities", "all", "tinycloud.capabilities/read")).refused(
        401, "Cannot find parent delegation")


def test_the_public_space_is_hosted_and_its_delegation_cites_the_session(node, alice):
    """`ensurePublicSpace`: the wallet's own space, the wallet's signature, `prf` the session."""
    session, public = alice.sign_in(), alice.wallet.space("public")
    alice.host(public)
    grant = alice.wallet.delegate(
        session.key.url, {public + "/kv": ["tinycloud.kv/get", "tinycloud.kv/put"],
                          public + "/capabilities": SEE},
        node.now(), 3600, [session.cid])
    assert node.activate(grant) == ([public], [])
    in_public = alice.use(grant, public, session.key)
    rows = node.list(in_public)
    assert rows[grant.cid]["parents"] == [session.cid] and rows[grant.cid]["delegator"] == alice.did
    assert node.status(session, grant.cid) == "active"


def test_a_wallet_delegates_citing_its_own_session(node, alice):
    """`delegateTo` by the wallet: the issuer controls the resource, so what it cites is not needed."""
    session, carol = alice.sign_in(), SessionKey(alice.kind)
    unknown = "bafkr4i" + "a" * 52
    abilities = {alice.space + "/kv/notes/": READ, alice.space + "/capabilities": SEE}
    grant = alice.wallet.delegate(carol.url, abilities, node.now(), 3600, [session.cid])
    assert node.activate(grant) == ([alice.space], [])
    assert can(node, alice.use(grant, alice.space, carol)) == 200
    assert node.list(session)[grant.cid]["parents"] == [session.cid]
    # One wallet cites what another wallet's session holds: the resource is not its own, so the citation has to serve.
    stranger = Wallet()
    foreign = stranger.delegate(carol.url, abilities, node.now(), 3600, [session.cid])
    node.delegate(foreign).refused(401, "Cannot find parent delegation")
    alone = stranger.delegate(carol.url, abilities, node.now(), 3600)
    node.delegate(alone).refused(401, "Cannot find parent delegation")
    lost = stranger.delegate(carol.url, abilities, node.now(), 3600, [unknown])
    node.delegate(lost).refused(401, "Cannot find parent delegation")


def test_a_session_delegates_and_its_delegate_delegates_on(node, alice):
    session, agent, eve = alice.sign_in(), SessionKey(alice.kind), SessionKey(alice.kind)
    grant = session.delegate(
        agent.did, {alice.space + "/kv/notes/": READ, alice.space + "/capabilities": SEE})
    assert node.activate(grant) == ([alice.space], [])
    held = alice.use(grant, alice.space, agent)
    further = held.delegate(eve.did, {alice.space + "/capabilities": SEE}, lasts=600)
    assert node.activate(further) == ([alice.space], [])
    assert can(node, held) == can(node, alice.use(further, alice.space, eve)) == 200
    wider = held.delegate(eve.did, {alice.space + "/kv/": READ}, lasts=600)
    node.delegate(wider).refused(401, f"Unauthorized Capability: {alice.space}/kv/, tinycloud.kv/get")
    terminal = session.delegate(
        agent.did, {alice.space + "/kv/notes/": READ}, facts=[{"xyz.tinycloud.policy/delegationMode": "terminal"}])
    node.activate(terminal)
    child = alice.use(terminal, alice.space, agent).delegate(eve.did, {alice.space + "/kv/notes/": READ}, lasts=60)
    node.delegate(child).refused(401, "terminal-parent-cannot-redelegate")


def test_a_friend_signs_in_to_what_was_delegated_to_its_wallet(node, alice):
    """`useDelegation` of a person: a CACAO of the friend's wallet on a space that is not its own, citing the grant."""
    session, bob = alice.sign_in(), Client(node, alice.kind)
    grant = session.delegate(
        bob.did, {alice.space + "/kv/notes/": READ, alice.space + "/capabilities": SEE})
    node.activate(grant)
    key = bob.session_key()
    accepted = bob.wallet.delegate(
        key.url, {alice.space + "/capabilities": SEE}, node.now(), 1800, [grant.cid])
    assert node.activate(accepted) == ([alice.space], [])
    assert can(node, bob.use(accepted, alice.space, key)) == 200
    over = bob.wallet.delegate(key.url, {alice.space + "/kv/notes/": READ}, node.now(), 7200, [grant.cid])
    node.delegate(over).refused(401, "Child delegation expiry exceeds parent expiry")


def test_a_share_is_a_key_in_a_link(node, alice):
    session, shared = alice.sign_in(), SessionKey(alice.kind, kid="share")
    abilities = {alice.space + "/kv/shared/letter": READ, alice.space + "/capabilities": SEE}
    link = session.delegate(shared.did, abilities, lasts=7 * 86400 - 60)
    node.activate(link)
    visitor = alice.use(link, alice.space, shared)
    assert can(node, visitor) == 200
    by_wallet = alice.wallet.delegate(shared.url, abilities, node.now(), 600, [session.cid])
    node.activate(by_wallet)
    node.revoke(session.about(link.cid, REVOKE), link.cid)
    node.invoke(visitor.invoke("capabilities", "all", "tinycloud.capabilities/read")).refused(
        401, f"delegation-revoked: {link.cid}")
    assert can(node, alice.use(by_wallet, alice.space, shared)) == 200


def test_a_session_ends_with_its_time(start, kind):
    node = Node(start(clock=int(time.time())))
    alice = Client(node, kind)
    session = alice.sign_in(lasts=3600)
    agent = SessionKey(kind)
    grant = session.delegate(agent.did, {alice.space + "/capabilities": SEE}, lasts=1800)
    node.activate(grant)
    held = alice.use(grant, alice.space, agent)
    waiting = held.invoke("capabilities", "all", "tinycloud.capabilities/read")
    node.service.pass_time(61)
    node.invoke(waiting).refused(401, "Invocation expired or not yet valid")
    action = "Unauthorized Action: " + alice.space + "/capabilities/all / tinycloud.capabilities/read"
    node.service.pass_time(1800)
    node.invoke(held.invoke("capabilities", "all", "tinycloud.capabilities/read")).refused(401, action)
    assert can(node, session) == 200 and node.status(session, grant.cid) == "expired"
    late = held.delegate(SessionKey(kind).did, {alice.space + "/capabilities": SEE}, lasts=60)
    assert node.delegate(late).status == 401
    node.service.pass_time(1800)
    node.invoke(session.invoke("capabilities", "all", "tinycloud.capabilities/read")).refused(401, action)
    stale = alice.prepared(lasts=60)
    node.service.pass_time(61)
    node.delegate(stale.proof).refused(401, "Delegation expired or not yet valid")
    again = alice.sign_in()
    assert can(node, again) == 200 and node.status(again, session.cid) == "expired"


def test_a_session_ends_by_its_wallet_and_by_another_session(node, alice):
    first, second, third = alice.sign_in(), alice.sign_in(), alice.sign_in()
    agent = SessionKey(alice.kind)
    grant = second.delegate(agent.did, {alice.space + "/capabilities": SEE})
    node.activate(grant)
    by_wallet = alice.wallet.revocation(first.cid, node.now())
    node.revoke(by_wallet.authorization, first.cid)
    node.revoke(by_wallet.authorization, first.cid)  # the same bytes say the same
    node.revoke(third.about(second.cid, REVOKE), second.cid)
    for session in (first, second):
        node.invoke(session.invoke("capabilities", "all", "tinycloud.capabilities/read")).refused(
            401, f"delegation-revoked: {session.cid}")
        assert node.status(third, session.cid) == "revoked"
        # A dead session sends the bytes it was made of once more: known, and nothing comes back to life.
        assert node.activate(session.proof) == ([], [])
        assert can(node, session) == 401
    held = alice.use(grant, alice.space, agent)
    node.invoke(held.invoke("capabilities", "all", "tinycloud.capabilities/read")).refused(
        401, f"delegation-ancestor-revoked: ancestor={second.cid} invoked={grant.cid}")
    assert node.status(third, grant.cid) == "revoked"
    late = second.delegate(agent.did, {alice.space + "/kv/notes/": READ})
    node.delegate(late).refused(401, f"delegation-parent-revoked: {second.cid}")
    further = held.delegate(SessionKey(alice.kind).did, {alice.space + "/capabilities": SEE})
    node.delegate(further).refused(401, f"delegation-ancestor-revoked: ancestor={second.cid} parent={grant.cid}")
    assert can(node, third) == 200


def test_revocations_nobody_may_make(node, alice):
    session, mallory = alice.sign_in(), Client(node, alice.kind)
    stranger = mallory.sign_in()
    answer = node.post("/revoke", stranger.about(session.cid, REVOKE))
    answer.refused(403, "Unauthorized Revoker")
    node.post("/revoke", mallory.wallet.revocation(session.cid, node.now()).authorization).refused(
        403, "Unauthorized Revoker")
    unknown = "bafkr4i" + "a" * 52
    node.post("/revoke", session.about(unknown, REVOKE)).refused(
        403, "Unauthorized Revoker")
    # The deprecated call names no delegation; it must not end the caller's own session.
    old = session.token({session.resource("delegation", session.cid): [REVOKE]})
    assert node.post("/revoke", old).status in (401, 403)
    assert node.status(session, session.cid) == "active" and can(node, session) == 200


def test_whoever_was_given_it_gives_it_back(node, alice):
    session, bob = alice.sign_in(), Client(node, alice.kind)
    grant = session.delegate(bob.did, {alice.space + "/kv/notes/": READ})
    node.activate(grant)
    node.revoke(bob.wallet.revocation(grant.cid, node.now()).authorization, grant.cid)
    assert node.status(session, grant.cid) == "revoked"


def test_a_wallet_gives_its_session_the_right_to_revoke(node, alice):
    """`tc delegation revoke`: a grant of `tinycloud.delegation/revoke` for the target's space, for this command alone."""
    session = alice.sign_in(abilities={alice.space + "/capabilities": SEE})
    target = alice.wallet.delegate(SessionKey().url, {alice.space + "/kv/notes/": READ}, node.now(), 600)
    node.activate(target)
    node.post("/revoke", session.about(target.cid, REVOKE)).refused(403, "Unauthorized Revoker")
    # Nobody controls the name of a delegation, so a right to it needs a proof, whoever signs.
    by_name = alice.wallet.delegate(session.key.url, {"urn:cid:" + target.cid: [REVOKE]}, node.now(), 600)
    node.delegate(by_name).refused(401, "Cannot find parent delegation")
    right = alice.wallet.delegate(
        session.key.url, {alice.space + "/delegation": [REVOKE]}, node.now(), 600, [session.cid])
    assert node.activate(right) == ([alice.space], [])
    node.revoke(alice.use(right, alice.space, session.key).about(target.cid, REVOKE), target.cid)
    assert node.status(alice.sign_in(), target.cid) == "revoked"


def test_tokens_come_as_other_clients_send_them(node, alice):
    """Tolerated, never sent: `Bearer`, a CACAO without its padding; the receipt is the same."""
    session = alice.sign_in()
    for text in (session.proof.authorization.rstrip("="), "Bearer " + session.proof.authorization):
        assert node.post("/delegate", text).ok().json["cid"] == session.cid
    token = session.invoke("capabilities", "all", "tinycloud.capabilities/read")
    assert node.invoke("Bearer " + token).status == 200


def test_answers_have_no_member_twice(node, alice):
    session = alice.sign_in()
    for answer in (node.read(session), node.get("/info"), node.delegate(session.proof)):
        strict(answer.ok().content)
        assert json.loads(answer.content) == strict(answer.content)


def test_the_same_bytes_at_once_are_one_delegation(node, alice):
    """Several parts of the SDK send a session's delegation without waiting for each other."""
    alice.host()
    session = alice.prepared()
    with ThreadPoolExecutor(8) as pool:
        answers = [answer.ok().json for answer in pool.map(lambda _: node.delegate(session.proof), range(8))]
    assert {answer["cid"] for answer in answers} == {session.cid}
    assert sorted(len(answer["activated"]) for answer in answers) == [0] * 7 + [1]
    assert can(node, session) == 200


def test_a_token_used_by_many_at_once_is_used_once(node, alice):
    session = alice.sign_in()
    token = session.invoke("capabilities", "all", "tinycloud.capabilities/read")
    with ThreadPoolExecutor(8) as pool:
        found = sorted(answer.status for answer in pool.map(lambda _: node.invoke(token), range(8)))
    assert found == [200] + [409] * 7


def test_sessions_and_their_end_survive_a_power_cut(start):
    service = start(clock=int(time.time()))
    node = Node(service)
    alice = Client(node)
    session, ended = alice.sign_in(), alice.sign_in()
    used = session.invoke("capabilities", "all", "tinycloud.capabilities/read")
    node.invoke(used).ok()
    node.revoke(session.about(ended.cid, REVOKE), ended.cid)
    service.restart()
    node.invoke(used).refused(409, "duplicate invocation")
    assert can(node, session) == 200
    node.invoke(ended.invoke("capabilities", "all", "tinycloud.capabilities/read")).refused(
        401, f"delegation-revoked: {ended.cid}")
