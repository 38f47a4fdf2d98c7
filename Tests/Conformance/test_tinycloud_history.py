"""What an account sees of its delegations, as the SDK and the CLI ask: list, received, chain, status, query (tinycloud.md 6, 8)."""

import time

import pytest

from kit.tinycloud import KINDS, SessionKey, Wallet
from kit.tinynode import Client, Node, default_abilities

READ = ["tinycloud.kv/get", "tinycloud.kv/list"]
SEE = ["tinycloud.capabilities/read"]


@pytest.fixture(scope="module")
def node(service):
    return Node(service)


class Household:
    """Alice with two sessions, what both and her wallet gave, and what became of it."""

    def __init__(self, node, kind):
        self.node = node
        self.alice, self.bob = Client(node, kind), Client(node, kind)
        space, wallet = self.alice.space, self.alice.wallet
        see = {space + "/capabilities": SEE, space + "/kv/notes/": READ}
        self.first = self.alice.prepared()
        node.activate(self.first.proof)
        self.host = self.alice.host()
        self.second = self.alice.sign_in()
        keys = {name: SessionKey(kind) for name in ("carol", "dave", "agent", "eve", "frank", "share")}
        self.grants = {
            "carol": wallet.delegate(keys["carol"].url, see, node.now(), 3600, [self.first.cid]),
            "share": wallet.delegate(keys["share"].url, see, node.now(), 3600, [self.second.cid]),
            "agent": self.first.delegate(keys["agent"].did, see),
            "dave": self.second.delegate(keys["dave"].did, see),
            "bob": wallet.delegate(self.bob.did, see, node.now(), 3600),
        }
        for grant in self.grants.values():
            node.activate(grant)
        self.holders = {
            name: self.alice.use(self.grants[name], space, keys[name]) for name in ("carol", "share", "agent", "dave")}
        # What those hold goes on: a key to a key, a key to a key, and Bob's wallet to Bob's session.
        key = self.bob.sign_in().key
        self.further = {
            "eve": self.holders["agent"].delegate(keys["eve"].did, see, lasts=600),
            "frank": self.holders["carol"].delegate(keys["frank"].did, see, lasts=600),
            "bob": self.bob.wallet.delegate(key.url, see, node.now(), 600, [self.grants["bob"].cid]),
        }
        for grant in self.further.values():
            node.activate(grant)
        self.holders |= {
            "eve": self.alice.use(self.further["eve"], space, keys["eve"]),
            "bob": self.bob.use(self.further["bob"], space, key),
        }

    @property
    def given(self):
        """What Alice gave, by her wallet and by her sessions."""
        return {self.host.cid, self.first.cid, self.second.cid} | {grant.cid for grant in self.grants.values()}

    @property
    def everything(self):
        return self.given | {grant.cid for grant in self.further.values()}


@pytest.fixture(scope="module", params=KINDS)
def household(node, request):
    return Household(node, request.param)


@pytest.mark.parametrize("name", ["first", "second"])
def test_an_owner_sees_each_grant_once_and_on_the_right_side(node, household, name):
    session = getattr(household, name)
    created, received = node.list(session, "created"), node.list(session, "received")
    assert set(created) == household.given
    assert received == {}
    assert set(node.list(session)) == set(node.list(session, "all")) == household.everything
    by = {household.alice.did, household.first.key.did, household.second.key.did}
    assert {row["delegator"] for row in created.values()} == by


def test_the_newest_row_comes_first(node, household):
    rows = list(node.list(household.second))
    assert rows[-2:] in ([household.host.cid, household.first.cid], [household.first.cid, household.host.cid])
    assert set(rows[:3]) == {grant.cid for grant in household.further.values()}


def test_rows_are_what_was_signed(node, household):
    rows = node.list(household.second)
    signed = {household.host.cid: household.host, household.first.cid: household.first.proof}
    signed |= {grant.cid: grant for grant in [*household.grants.values(), *household.further.values()]}
    for cid, grant in signed.items():
        assert rows[cid]["raw"] == grant.authorization and rows[cid]["delegate"] == grant.audience
    agent = rows[household.grants["agent"].cid]
    assert agent["delegator"] == household.first.key.did and agent["parents"] == [household.first.cid]
    space = household.alice.space
    assert [(part["resource"], part["ability"], part["caveats"]) for part in agent["capabilities"]] == [
        (space + "/capabilities", "tinycloud.capabilities/read", {}),
        (space + "/kv/notes/", "tinycloud.kv/get", {}), (space + "/kv/notes/", "tinycloud.kv/list", {})]
    assert rows[household.grants["carol"].cid]["parents"] == [household.first.cid]
    assert rows[household.further["bob"].cid]["parents"] == [household.grants["bob"].cid]
    assert rows[household.host.cid]["parents"] == []


@pytest.mark.parametrize("name, onward", [("agent", "eve"), ("carol", "frank"), ("dave", None), ("share", None)])
def test_a_delegate_sees_what_it_got_and_what_it_gave(node, household, name, onward):
    holder = household.holders[name]
    assert set(node.list(holder, "received")) == {household.grants[name].cid}
    assert set(node.list(holder, "created")) == ({household.further[onward].cid} if onward else set())


def test_a_friend_sees_what_its_wallet_was_given(node, household):
    bob = household.holders["bob"]
    assert set(node.list(bob, "received")) == {household.grants["bob"].cid}
    assert set(node.list(bob, "created")) == {household.further["bob"].cid}
    # A key that its wallet never signed in with is its own: all it received is what it was handed.
    key = household.bob.session_key()
    see = {household.alice.space + "/capabilities": SEE}
    handed = household.bob.wallet.delegate(key.url, see, node.now(), 300, [household.grants["bob"].cid])
    node.activate(handed)
    alone = household.bob.use(handed, household.alice.space, key)
    assert set(node.list(alone, "received")) == {handed.cid} and node.list(alone, "created") == {}
    node.revoke(household.bob.wallet.revocation(handed.cid, node.now()).authorization, handed.cid)


@pytest.mark.parametrize("kind", KINDS)
def test_what_others_sign_moves_nothing(node, kind):
    household = Household(node, kind)
    before = [list(node.list(household.first, direction)) for direction in ("created", "received")]
    mallory = Client(node, household.alice.kind)
    mallory.sign_in()
    for audience in (household.first.key.url, household.alice.did):
        lure = mallory.wallet.delegate(audience, default_abilities(mallory.wallet, mallory.space), node.now(), 600)
        node.activate(lure)
        used = mallory.use(lure, mallory.space, household.first.key)
        assert node.read(used).status == (200 if audience != household.alice.did else 401)
    assert [list(node.list(household.first, direction)) for direction in ("created", "received")] == before
    assert set(node.list(household.holders["agent"], "received")) == {household.grants["agent"].cid}


def test_filters_of_a_list(node, household):
    session, space = household.second, household.alice.space
    in_notes = set(node.list(session, path="notes/"))
    assert in_notes >= {grant.cid for grant in [*household.grants.values(), *household.further.values()]}
    assert household.host.cid not in in_notes
    assert set(node.list(session, "created", actions=["tinycloud.space/host"])) == {household.host.cid}
    assert node.list(session, actions=["tinycloud.nothing/here"]) == {}
    assert node.list(session, path="elsewhere/", actions=["tinycloud.kv/get"]) == {} or all(
        any(part["resource"].startswith(space) for part in row["capabilities"])
        for row in node.list(session, path="elsewhere/").values())


def test_chains(node, household):
    agent, eve = household.grants["agent"].cid, household.further["eve"].cid
    assert node.chain(household.second, eve) == [eve, agent, household.first.cid]
    assert node.chain(household.holders["eve"], eve) == [eve, agent, household.first.cid]
    assert node.chain(household.second, household.first.cid) == [household.first.cid]
    bob = household.further["bob"].cid
    assert node.chain(household.first, bob) == [bob, household.grants["bob"].cid]
    carol = household.grants["carol"].cid
    assert node.chain(household.first, carol) == [carol, household.first.cid]


def test_status_is_told_to_those_it_concerns(node, household):
    grant, holders = household.grants["agent"].cid, household.holders
    assert node.status(household.first, grant) == node.status(household.second, grant) == "active"
    assert node.status(household.first, "bafkr4i" + "a" * 52, expected=404) == "not_found"
    assert node.status(holders["dave"], grant, expected=404) == "not_found"
    stranger = Client(node, household.alice.kind).sign_in()
    assert node.status(stranger, grant, expected=404) == "not_found"


def test_an_accounts_history_is_paged(node, household):
    whole = [row["cid"] for row in node.history(household.second)]
    assert set(whole) == household.given
    for limit in (1, 3, 100):
        assert [row["cid"] for row in node.history(household.second, limit=limit)] == whole
    page = node.query(household.second, limit=2)
    assert len(page["items"]) == 2 and page["nextCursor"]
    granted = node.history(household.second, direction="granted")
    assert [row["cid"] for row in granted] == whole and {row["direction"] for row in granted} == {"granted"}
    assert node.history(household.second, direction="received") == []
    for named in ("default", household.alice.space):
        assert [row["cid"] for row in node.history(household.second, space=None, **{"limit": 4})] == whole
        token = household.second.token({household.second.resource("delegation", ""): ["tinycloud.delegation/list"]})
        page = node.json("/delegation/query", token, {"space": named}).ok().json
        assert [row["cid"] for row in page["items"]] == whole


def test_items_of_a_history(node, household):
    rows = {row["cid"]: row for row in node.history(household.first)}
    agent, first = rows[household.grants["agent"].cid], rows[household.first.cid]
    space = household.alice.space
    assert agent["delegatorDid"] == household.first.key.did and agent["status"] == "active"
    assert agent["issuedAt"] is None and agent["notBefore"] is None and agent["expiresAt"].endswith("Z")
    assert agent["parents"] == [household.first.cid]
    assert agent["resources"] == [
        {"resource": space + "/capabilities", "actions": SEE, "caveats": [{}]},
        {"resource": space + "/kv/notes/", "actions": READ, "caveats": [{}, {}]},
    ]
    assert first["delegatorDid"] == household.alice.did and first["issuedAt"] and first["parents"] == []
    assert rows[household.host.cid]["expiresAt"] is None


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_account_received(node, kind):
    household = Household(node, kind)
    lender = Client(node, household.alice.kind)
    lender.sign_in()
    gift = lender.wallet.delegate(household.alice.did, {lender.space + "/kv/lent/": READ}, node.now(), 3600)
    node.activate(gift)
    received = node.history(household.second, direction="received")
    assert [row["cid"] for row in received] == [gift.cid] and received[0]["delegatorDid"] == lender.did
    assert gift.cid in {row["cid"] for row in node.history(household.second)}
    assert gift.cid not in {row["cid"] for row in node.history(household.second, direction="granted")}
    node.revoke(lender.wallet.revocation(gift.cid, node.now()).authorization, gift.cid)
    assert [row["status"] for row in node.history(household.second, direction="received")] == ["revoked"]


def test_a_friends_history_has_what_its_wallet_was_given(node, household):
    bob = household.bob.sign_in()
    rows = {row["cid"]: row for row in node.history(bob)}
    given, accepted = household.grants["bob"].cid, household.further["bob"].cid
    assert rows[given]["direction"] == "received" and rows[given]["delegatorDid"] == household.alice.did
    assert rows[accepted]["direction"] == "granted" and rows[accepted]["parents"] == [given]
    assert not (household.everything - {given, accepted}) & set(rows)
    assert given not in {row["cid"] for row in node.history(bob, direction="granted")}


def states(node, session, **options):
    return {row["cid"]: row["status"] for row in node.history(session, **options)}


@pytest.mark.parametrize("kind", KINDS)
def test_the_history_of_a_revoked_session_is_complete(node, kind):
    home = Household(node, kind)
    node.revoke(home.second.about(home.first.cid, "tinycloud.delegation/revoke"), home.first.cid)
    rows = {row["cid"]: row for row in node.history(home.second)}
    assert set(rows) == home.given
    assert rows[home.first.cid]["status"] == "revoked"
    assert rows[home.first.cid]["revokedBy"] in (home.alice.did, home.second.key.did)
    # Every edge passes it on, also that of a wallet's delegation which only cites the session.
    below = {home.grants["agent"].cid, home.grants["carol"].cid}
    for cid in below:
        assert rows[cid]["status"] == "ancestor_revoked" and rows[cid]["revokedAncestorCid"] == home.first.cid
    assert {row["status"] for cid, row in rows.items() if cid not in below | {home.first.cid}} == {"active"}
    assert set(states(node, home.second, status="revoked")) == below | {home.first.cid}
    assert set(states(node, home.second, status="ancestor_revoked")) == below
    assert home.first.cid not in states(node, home.second, status="active")
    # Listings keep to what is in force.
    ended = below | {home.first.cid, home.further["eve"].cid, home.further["frank"].cid}
    assert set(node.list(home.second)) == home.everything - ended


@pytest.mark.parametrize("kind", KINDS)
def test_the_history_of_an_expired_session_is_complete(start, kind):
    node = Node(start(clock=int(time.time())))
    home = Household(node, kind)
    short = home.alice.prepared(lasts=900)
    node.activate(short.proof)
    key = SessionKey(kind)
    grant = short.delegate(key.did, {home.alice.space + "/kv/notes/": READ}, lasts=800)
    node.activate(grant)
    node.service.pass_time(1800)
    found = states(node, home.second)
    assert set(found) == home.given | {short.cid, grant.cid}
    assert found[short.cid] == found[grant.cid] == "expired"
    assert found[home.first.cid] == found[home.grants["carol"].cid] == "active"
    assert set(states(node, home.second, status="expired")) == {short.cid, grant.cid}
    assert states(node, home.second, status="pending") == {}
    assert set(node.list(home.second)) == home.given


def test_queries_that_are_refused(node, household):
    session = household.second
    listing = {session.resource("delegation", ""): ["tinycloud.delegation/list"]}
    ask = lambda body, abilities=listing: node.json("/delegation/query", session.token(abilities), body)
    for body in (
        {"direction": "mine"}, {"status": "dead"}, {"limit": 0}, {"limit": 101}, {"limit": "1"}, {"more": 1},
        {"space": ""}, {"cursor": "?"}, [],
    ):
        answer = ask(body)
        assert answer.status == 400 and answer.text.startswith("Invalid delegation query: "), (body, answer.text)
    denied = "Delegation query proof is not authorized"
    ask({}, {session.resource("delegation", ""): ["tinycloud.delegation/status"]}).refused(403, denied)
    ask({}, {session.resource("delegation", "x"): ["tinycloud.delegation/list"]}).refused(403, denied)
    ask({}, listing | {session.resource("kv", "x"): ["tinycloud.kv/get"]}).refused(403, denied)
    foreign = Wallet().space() + "/delegation/"
    ask({}, {foreign: ["tinycloud.delegation/list"]}).refused(403, denied)
    ask({"cursor": "YmFma3I0aWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE"})
    agent = household.holders["agent"].token(listing)
    node.json("/delegation/query", agent, {}).refused(403, denied)
    assert node.post("/delegation/query", session.token(listing), b"{}").status == 404  # no JSON, no such route
    assert node.post("/delegation/status", session.about(session.cid, "tinycloud.delegation/status"),
                     b'{"cid":"x"}', content_type="text/plain").status == 404
