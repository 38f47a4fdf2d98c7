"""Nobody learns from what a token asks for whether it is there: over all routes that take one, spaces that are hosted
here, private ones, values in them and DIDs that are known are answered as others (design.md, law 9)."""

import json
import urllib.parse

import pytest

from kit.askers import ASKERS, LIST, READ, REVOKE, SEE, World, asked, judge
from kit.tinycloud import SessionKey

KV = ["tinycloud.kv/" + name for name in ("get", "put", "del", "list", "metadata")]


@pytest.fixture(scope="module")
def world():
    made = World()
    yield made
    made.close()


def invoke(path, ability, body=None, facts=None, **headers):
    """Uses an ability at a place of the space, or of `{key}` in it."""
    def ask(world, asker, thing, proofs):
        place = thing["space"] + path.format(**thing)
        return asker.send("/invoke", asker.token({place: [ability]}, proofs, facts), body, **headers)
    return ask


def invoke_many(world, asker, thing, proofs):
    places = {thing["space"] + "/kv/" + thing["key"]: ["tinycloud.kv/get"], asker.space + "/kv/a": ["tinycloud.kv/get"]}
    return asker.send("/invoke", asker.token(places, proofs))


def delegate(path, abilities):
    def ask(world, asker, thing, proofs):
        token = asker.token({thing["space"] + path: abilities}, proofs, audience=SessionKey().did, lasts=600)
        return asker.send("/delegate", token)
    return ask


def delegate_by_a_wallet(world, asker, thing, proofs):
    made = asker.wallet.delegate(SessionKey().url, {thing["space"] + "/kv": READ}, world.node.now(), 600, proofs)
    return asker.send("/delegate", made.authorization)


def host_it(world, asker, thing, proofs):
    peer = world.node.peer(thing["space"])
    return asker.send("/delegate", asker.wallet.host(peer, thing["space"], world.node.now()).authorization)


def host_it_by_a_key(world, asker, thing, proofs):
    token = asker.token(
        {thing["space"] + "/space": ["tinycloud.space/host"]}, proofs, audience=world.node.peer(thing["space"]),
        lasts=600)
    return asker.send("/delegate", token)


def revoke_in_it(world, asker, thing, proofs):
    return asker.send("/revoke", asker.token({thing["space"] + "/delegation": [REVOKE]}, proofs))


def peer_of_it(world, asker, thing, proofs):
    return world.http.get("/peer/generate/" + urllib.parse.quote(thing["space"], safe=""))


def query(body=None):
    def ask(world, asker, thing, proofs):
        token = asker.token({thing["space"] + "/delegation": [LIST]}, proofs)
        return asker.send("/delegation/query", token, json.loads(json.dumps(body or {}).replace("SPACE", thing["space"])))
    return ask


def query_own_about_it(world, asker, thing, proofs):
    token = asker.token({asker.space + "/delegation": [LIST]}, proofs)
    return asker.send("/delegation/query", token, {"space": thing["space"]})


def list_own_inside_it(world, asker, thing, proofs):
    facts = [{"capabilitiesReadParams": {"type": "list", "filters": {"path": thing["space"] + "/kv"}}}]
    return asker.send("/invoke", asker.token({asker.space + "/capabilities/all": [SEE]}, proofs, facts))


def about(ability, path="", subject=None, explain=False, route="/authorize", anonymous=False, context=None):
    """A question about somebody in the space: the asker itself, or `subject`."""
    def ask(world, asker, thing, proofs):
        place = thing["space"] + path.format(**thing)
        who = subject(world, thing) if subject else asker.key.did
        one = {"principal": who, "ability": ability, "resource": place} | (
            {"explain": True} if explain else {}) | ({"context": context(world)} if context else {})
        if route != "/authorize":
            one = {
                "subject": {"type": "user", "id": who}, "action": {"name": ability},
                "resource": {"type": "x", "id": place}}
        # A permissioned space has no such place: there the token says no more than who asks.
        by = thing["space"] if thing["space"].startswith("tinycloud:") else asker.space
        token = asker.token({by + "/capabilities/all": [SEE]}, proofs)
        return asker.send(route, None if anonymous else token, {"evaluations": [one]} if route.endswith("s") else one)
    return ask


def question(name, anonymous=False, **fields):
    """A question about others in the space, or, with nobody named, about the asker itself in it."""
    def ask(world, asker, thing, proofs):
        body = {key: value.format(**thing) if isinstance(value, str) else value for key, value in fields.items()}
        by = thing["space"] if thing["space"].startswith("tinycloud:") else asker.space
        token = asker.token({by + "/capabilities/all": [SEE]}, proofs)
        return asker.send("/questions/" + name, None if anonymous else token, body)
    return ask


def about_an_invocation(ability, path, explain):
    """A question about what a token of the asker's does there."""
    def ask(world, asker, thing, proofs):
        place = thing["space"] + path.format(**thing)
        question = {"invocation": asker.token({place: [ability]}, proofs)}
        if explain:
            question |= {"ability": ability, "resource": place, "explain": True}
        return asker.send("/authorize", None, question)
    return ask


def about_own_beside_it(ability, asks):
    """A question about a token that names what is the asker's own, or was given to it, beside something there."""
    def ask(world, asker, thing, proofs):
        own = asker.space + "/kv/notes/a"
        question = {"invocation": asker.token({own: ["tinycloud.kv/get"], thing["space"]: [ability]}, proofs)}
        if asks:
            question |= {"ability": "tinycloud.kv/get", "resource": own, "explain": True}
        return asker.send("/authorize", None, question)
    return ask


owner, person, named = (
    lambda world, thing: world.owner.did), (lambda world, thing: world.person.did), (lambda world, thing: thing["did"])
HOSTED = {f"invoke {ability.split('/')[1]}": invoke("/kv/{key}", ability) for ability in KV} | {
    "put a long value": invoke("/kv/{key}", "tinycloud.kv/put", b"x" * 2_000_000),
    "put in any case": invoke("/kv/{key}", "tinycloud.kv/put", b"x", If_None_Match="*"),
    "list all values": invoke("/kv", "tinycloud.kv/list"), "get many": invoke_many,
    "read capabilities": invoke("/capabilities/all", SEE),
    "read a list": invoke("/capabilities/all", SEE, facts=[{"capabilitiesReadParams": {"type": "list"}}]),
    "what nobody serves": invoke("/sql/main", "tinycloud.sql/read"),
    "refused in JSON": invoke("/kv/{key}", "tinycloud.kv/get", Accept="application/json"),
    "delegate": delegate("/kv/notes/", READ), "delegate by a wallet": delegate_by_a_wallet, "host": host_it,
    "host by a key": host_it_by_a_key, "revoke in it": revoke_in_it, "peer": peer_of_it, "query": query(),
    "query one": query({"space": "SPACE"}), "query own about it": query_own_about_it,
    "list own inside it": list_own_inside_it, "may I": about("tinycloud.kv/get", "/kv/{key}"),
    "may I, explained": about("tinycloud.kv/get", "/kv/{key}", explain=True),
    "may its owner": about("tinycloud.kv/get", "/kv/{key}", owner),
    "may the named": about("tinycloud.kv/get", "/kv", named),
    "nobody asks": about("tinycloud.kv/get", "/kv/{key}", owner, anonymous=True),
    "evaluate": about("tinycloud.kv/get", "/kv/{key}", route="/access/v1/evaluation"),
    "who can": question("who-can", ability="tinycloud.kv/get", resource="{space}/kv/{key}"),
    "nobody asks who can": question("who-can", True, ability="tinycloud.kv/get", resource="{space}/kv/{key}"),
    "what can I there": question("what-can", space="{space}"),
    "what can the named": question("what-can", space="{space}", principal="{did}"),
    "which way to me": question("path", space="{space}", **{"from": "{did}"}),
    "which way to the named": question("path", space="{space}", to="{did}", **{"from": "{did}"}),
    "evaluate its owner": about("tinycloud.kv/get", "/kv/{key}", owner, route="/access/v1/evaluation"),
    "evaluate many": about("tinycloud.kv/get", "/kv/{key}", route="/access/v1/evaluations"),
    "may my token": about_an_invocation("tinycloud.kv/get", "/kv/{key}", False),
    "may my token, explained": about_an_invocation("tinycloud.kv/get", "/kv/{key}", True),
}
ABILITIES = ["atproto.space/" + name for name in (
    "know", "belong", "read", "readSelf", "readOpenly", "write", "create", "update", "delete", "listMembers", "listWrite",
    "connect", "describe", "take", "manage", "manage.update", "manage.create", "manage.delete")]
EXPLAINED = ["atproto.space/" + name for name in ("know", "belong", "read", "write", "connect", "take")]
PRIVATE = {f"may I {name.split('/')[1]}": about(name) for name in ABILITIES} | {
    f"may I {name.split('/')[1]}, explained": about(name, explain=True) for name in EXPLAINED} | {
    f"may my token {name.split('/')[1]}": about_an_invocation(name, "", False) for name in ABILITIES} | {
    f"may my token {name.split('/')[1]}, explained": about_an_invocation(name, "", True) for name in EXPLAINED} | {
    f"may my token for mine and {name.split('/')[1]}": about_own_beside_it(name, False) for name in ABILITIES} | {
    f"may my token for mine beside {name.split('/')[1]}": about_own_beside_it(name, True) for name in ABILITIES} | {
    f"evaluate {name.split('/')[1]}": about(name, route="/access/v1/evaluation") for name in EXPLAINED} | {
    f"delegate {name.split('/')[1]}": delegate("", [name]) for name in EXPLAINED} | {
    f"invoke {name.split('/')[1]}": invoke("", name) for name in EXPLAINED} | {
    "who can read": question("who-can", ability="atproto.space/read", resource="{space}"),
    "what can I there": question("what-can", space="{space}"),
    "what is public there": question("what-can", space="{space}", public=True),
    "what can the named": question("what-can", space="{space}", principal="{did}"),
    "which way to me": question("path", space="{space}", **{"from": "{did}"}),
    "may I read a repo": about("atproto.space/read", "/{did}"), "may I delete mine": about(
        "atproto.space/delete", "/{did}/com.example.forum.post"),
    "may its owner read": about("atproto.space/read", "", person),
    "may its owner know": about("atproto.space/know", "", person),
    "may the named read": about("atproto.space/read", "", named),
    "nobody asks": about("atproto.space/read", "", person, anonymous=True),
    "evaluate its owner": about("atproto.space/read", "", person, route="/access/v1/evaluation"),
    "evaluate many": about("atproto.space/read", route="/access/v1/evaluations"),
    "may I write where I am let": about("atproto.space/write", context=lambda world: {
        "managingApp": {"app": world.app, "access": "write", "authorized": True}}),
    "may a client read": about(
        "atproto.space/read", context=lambda world: {"client": "https://a.example/client.json"}),
    "peer": peer_of_it,
}

# What is told apart today, and why, by question for some askers. Whoever mends one takes it out: it fails when the two
# are alike.
KNOWN_OPEN = {}


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize("question", HOSTED)
def test_hosted_spaces_are_as_others(world, question, asker):
    there = {"space": world.hosted, "key": "there", "did": world.owner.did}
    pairs = [
        ("space", there, there | {"space": world.owner.wallet.space("absent")}),
        ("value", there, there | {"key": "never"}), ("did", there, there | {"did": world.strange})]
    judge(asked(HOSTED[question], world, world.askers[asker], pairs), KNOWN_OPEN, question, asker)


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize("question", PRIVATE)
def test_private_spaces_are_as_absent_ones(world, question, asker):
    pairs = []
    for name, space in world.spaces.items():
        there = {"space": space, "did": world.person.did}
        pairs.append((name, there, there | {"space": space.replace("-there", "-never")}))
    pairs.append(("did", there, there | {"did": world.person.did.replace("owner", "never")}))
    judge(asked(PRIVATE[question], world, world.askers[asker], pairs), KNOWN_OPEN, "private: " + question, asker)


@pytest.mark.parametrize("question", sorted(set(HOSTED) - {
    # By which way it came to its own part from who gave it, the holder knows.
    "query own about it", "list own inside it", "peer", "which way to me"}))
def test_who_holds_a_part_of_a_space_learns_of_no_other(world, question):
    """A key with one path of the space asks for values beside it, and for what is at other places."""
    there = {"space": world.hosted, "key": "there", "did": world.owner.did}
    pairs = [("value", there, there | {"key": "never"}), ("did", there, there | {"did": world.strange})]
    judge(asked(HOSTED[question], world, world.holder, pairs), KNOWN_OPEN, question, "holder of a part")
