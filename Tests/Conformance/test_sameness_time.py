"""What is there takes as long to refuse as what is not (design.md, law 9): 200 samples a side may not tell the two apart.
Pairs of requests are sent in an order that is drawn, so that what else the machine does falls on both."""

import json
import os
import random
import urllib.parse

import pytest

from kit import data, jwt, stopwatch
from kit.askers import READ, REVOKE, SEE, STATUS, World
from kit.curious import OURS, SIMPLE, SPACE
from kit.keys import Key
from kit.peer import Peer
from kit.people import POST
from kit.tinycloud import SessionKey

# By chance more than so many of 30 groups come out below 0.05 in one of a thousand runs.
BOUND = 6
SEED = int(os.environ.get("SAMENESS_SEED", "1"))


@pytest.fixture(scope="module")
def world():
    made, peer = World(clocked=False), Peer()
    made.elsewhere = peer.identity("dave")
    yield made
    made.close()
    peer.close()


def method(verb, nsid, **fields):
    """A method of permissioned spaces by a session of somebody else, of a private space and of none."""
    def make(world, space):
        header = {"Authorization": world.visitor.headers["Authorization"]}
        given = {"space": space} | fields
        if verb == "GET":
            return stopwatch.request("GET", f"/xrpc/{nsid}?{urllib.parse.urlencode(given)}", **header)
        body = json.dumps(given).encode()
        return stopwatch.request("POST", f"/xrpc/{nsid}", body, Content_Type="application/json", **header)
    def both(world, there="members"):
        space = world.spaces[there]
        return make(world, space), make(world, space.replace("-there", "-never"))
    return both


def anonymous(nsid):
    def make(space):
        return stopwatch.request("GET", f"/xrpc/{nsid}?{urllib.parse.urlencode({'space': space})}")
    return lambda world: (make(world.private), make(world.private.replace("-there", "-never")))


def token(path, make, body=None):
    """A token of a stranger's about a delegation that is known and about one that is not."""
    def both(world):
        asker, sent = world.askers["key"], []
        for cid in (world.cids["live"], world.never):
            content = json.dumps(body(cid)).encode() if body else b""
            kind = {"Content_Type": "application/json"} if body else {}
            sent.append(stopwatch.request("POST", path, content, Authorization=make(world, asker, cid), **kind))
        return sent
    return both


def judged(space):
    """A question to the gate about the asker itself, in a space that is there and one that is not."""
    def both(world):
        asker = world.askers["key"]
        authorization = asker.token({asker.space + "/capabilities/all": [SEE]}, [], lasts=290)
        return [stopwatch.request("POST", "/authorize", json.dumps(
            {"principal": asker.key.did, "ability": ability, "resource": resource}).encode(), Authorization=authorization)
            for ability, resource in space(world)]
    return both


def of(name, race):
    """The same about another private space."""
    return lambda world: race(world, name)


def absent_twice(world):
    """The control: neither is there."""
    there, absent = RACES["settings"](world)
    return there.replace(b"-there", b"-worse"), absent


def invocation(path, ability):
    """A token of a stranger's that cites what is known and what is not; each is used once."""
    def both(world):
        asker, place = world.askers["key"], world.owner.space + path
        cids = world.cids["live"], world.never
        return [lambda cid=cid: stopwatch.request(
            "POST", "/invoke", Authorization=asker.token({place: [ability]}, [cid])) for cid in cids]
    return both


def exchanged(nsid, **fields):
    """A user elsewhere asks for a credential, or tells of a write of its own."""
    def both(world):
        origin, user = world.person.document.origin, world.elsewhere

        def make(space):
            body = json.dumps({"space": space} | fields | ({"repo": user.did} if "repoRev" in fields else {})).encode()
            if "repoRev" in fields:
                audience = world.person.did + "#atproto_space_host"
                headers = {"Authorization": "Bearer " + jwt.service_auth(user.key, user.did, audience, nsid)}
            else:
                headers = {
                    "Authorization": "Bearer " + jwt.delegation(user.key, user.did, space),
                    "DPoP": jwt.dpop(Key(), "POST", f"{origin}/xrpc/{nsid}")}
            return stopwatch.request("POST", f"/xrpc/{nsid}", body, Content_Type="application/json", **headers)
        return [lambda space=space: make(space) for space in (world.private, world.private.replace("-there", "-never"))]
    return both


RACES = {
    "control": absent_twice, "deleted": of("deleted", method("GET", SIMPLE + "getSpace")),
    "settings": method("GET", SIMPLE + "getSpace"), "space": method("GET", SPACE + "getSpace"),
    "members": method("GET", SIMPLE + "listMembers"), "repos": method("GET", SPACE + "listRepos"),
    "record": method("GET", SPACE + "getRecord", repo="did:web:b.test", collection=POST, rkey="x"),
    "delegation token": method("GET", SPACE + "getDelegationToken"), "edges": method("GET", OURS + "graph.listEdges"),
    "add member": method("POST", SIMPLE + "addMember", did="did:web:b.test"),
    "write": method("POST", SPACE + "createRecord", collection=POST, record={"$type": POST}),
    "nobody": anonymous(SIMPLE + "getSpace"),
    "status": token("/delegation/status", lambda world, asker, cid: asker.token(
        {"urn:cid:" + cid: [STATUS]}, [], lasts=290), lambda cid: {"cid": cid}),
    "revoke": token("/revoke", lambda world, asker, cid: asker.token({"urn:cid:" + cid: [REVOKE]}, [], lasts=290)),
    "delegate": token("/delegate", lambda world, asker, cid: asker.token(
        {world.owner.space + "/kv/notes/": READ}, [cid], audience=SessionKey().did, lasts=290)),
    "invoke": invocation("/kv/notes/a", "tinycloud.kv/get"),
    "exchange": exchanged(SPACE + "getSpaceCredential"),
    "notify": exchanged(SPACE + "notifyWrite", repoRev=data.tid(), hash={"$bytes": "A" * 43}),
    "may I in a private space": judged(lambda world: [
        ("atproto.space/read", world.private), ("atproto.space/read", world.private.replace("-there", "-never"))]),
    "may I in a hosted space": judged(lambda world: [
        ("tinycloud.kv/get", world.hosted + "/kv/a"),
        ("tinycloud.kv/get", world.owner.wallet.space("absent") + "/kv/a")]),
}


# What is told apart today, and why. Whoever mends one takes it out: it fails when the two take the same time.
KNOWN_OPEN = {
    "deleted": "who may know of it is asked of an older state", "nobody": "what it lacks is said of one that is there"}
# What is told apart in some runs and not in others.
SLIGHT = {name: "an unknown delegation is looked for and no more" for name in ("status", "revoke")}


# A race takes seconds, so that all of them are for `Tests/Conformance/run --timing`.
timed = pytest.mark.skipif("SAMENESS_TIMING" not in os.environ, reason="Tests/Conformance/run --timing")


@timed
@pytest.mark.parametrize("name", RACES)
def test_times_do_not_tell(world, name):
    race = stopwatch.Race(world.service.port, *RACES[name](world), SEED)
    print(f"{name}: seed {SEED}, {race}")
    if name in SLIGHT and race.told_apart > BOUND:
        pytest.xfail(SLIGHT[name])
    if name in KNOWN_OPEN:
        # What still shows in some groups is not called mended for a lucky run.
        assert race.told_apart > BOUND // 3, f"this is mended: take it out of KNOWN_OPEN; {race}"
        pytest.xfail(KNOWN_OPEN[name])
    assert race.told_apart <= BOUND, f"seed {SEED}: {race}"


@timed
def test_logins_take_as_long_without_an_account(world):
    """Each hashes a password, so that there are fewer of them."""
    def login(handle):
        body = json.dumps({"identifier": handle, "password": "not the password"}).encode()
        return stopwatch.request(
            "POST", "/xrpc/com.atproto.server.createSession", body, Content_Type="application/json")
    handle = world.person.handle
    race = stopwatch.Race(
        world.service.port, login(handle), login(handle.replace("owner", "never")), SEED, groups=3, samples=15)
    print(f"login: seed {SEED}, {race}")
    assert race.told_apart < 3, f"seed {SEED}: {race}"


@pytest.mark.parametrize("one, other, expected", [
    # By `mannwhitneyu(one, other, method="asymptotic")` of SciPy.
    ([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 0.012186), ([1, 3, 5, 7, 9], [2, 4, 6, 8, 10], 0.676103),
    ([1, 1, 2, 2, 3], [2, 3, 3, 4, 4], 0.052412), ([1, 1, 1], [1, 1, 1], 1),
])
def test_the_judge_of_times(one, other, expected):
    assert stopwatch.probability(one, other) == pytest.approx(expected, abs=1e-6)


def test_the_judge_tells_what_differs_and_nothing_else():
    draw = random.Random(SEED)
    noise = lambda shift: [draw.gauss(100, 10) + shift for _ in range(stopwatch.SAMPLES)]
    count = lambda shift: sum(stopwatch.probability(noise(0), noise(shift)) < 0.05 for _ in range(stopwatch.GROUPS))
    assert count(0) <= BOUND < count(5), f"seed {SEED}"
