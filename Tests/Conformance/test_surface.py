"""What every client meets before it knows anything: what is served, what a cache may keep, the forms of both surfaces."""

import http.client
import re
import socket

import pytest

from kit import httpsig, jwt
from kit.keys import Key
from kit.people import FORUM, POST, Person
from kit.service import OPEN, ROOT, Service
from kit.xrpc import Caller

DESCRIBE = "community.lexicon.service.describe"
SPACE, SIMPLE, OLDER = "com.atproto.space.", "com.atproto.simplespace.", "dev.happyview.space."
PRIVATE = "private, no-store"


def described(url):
    body = Caller(url).get(DESCRIBE).ok()
    assert set(body) == {"methods"}
    assert all(set(row) == {"$type", "value"} and row["$type"] == DESCRIBE + "#nsid" for row in body["methods"])
    names = [row["value"] for row in body["methods"]]
    assert names == sorted(set(names))
    return set(names)


def documented():
    """The methods of the protocol page: name, whether it is of profile X, and its older names."""
    page = (ROOT / "docs/protocol/spaces.md").read_text()
    table = page.split("<!-- methods -->")[1].split("<!-- /methods -->")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()[2:]]
    return {
        row[0].strip("`"): (row[1], "profile X" in row[2], re.findall(r"`([^`]+)`", row[3])) for row in rows if row[0]}


def test_what_is_served_is_described(service):
    names = described(service.url)
    assert names == {name for name, (_, is_x, _) in documented().items() if not is_x}
    for name in names:
        assert Caller(service.url).get(name).status != 501, name
    assert Caller(service.url).get("com.example.control").status == 501


def test_what_is_off_is_not_described(start):
    off = described(start(OPEN + ["--feature", "spaces_enabled=off"]).url)
    assert DESCRIBE in off and not [name for name in off if ".space." in name or ".simplespace." in name]
    legacy = described(start(OPEN + ["--profile-x", "on"]).url)
    assert legacy == set(documented())


# The same to everybody, and so for caches to keep; whatever is added to a route answers to whom it concerns alone.
PUBLIC_METHODS = {
    "com.atproto.server.describeServer", "com.atproto.identity.resolveHandle", "com.atproto.identity.resolveDid", DESCRIBE}
PUBLIC_PATHS = [
    "/version", "/info", "/health", "/healthz", "/readyz", "/metrics", "/.well-known/did.json", "/.well-known/atproto-did"]


def test_no_cache_keeps_what_is_not_for_everybody(service, alice):
    space = alice.create_space(config={"membershipPublic": True, "recordsPublic": True})
    alice.write(space, rkey="one")
    query = {
        "space": space, "repo": alice.did, "collection": POST, "rkey": "one", "handle": alice.handle, "did": alice.did,
        "aud": alice.did, "cid": "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy", "ability": "read",
        "edge": "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"}
    kept = {}
    for name, (verb, _, older) in documented().items():
        if verb != "GET":
            continue
        for asked in [name] + [older_name for older_name in (OLDER + short for short in older)]:
            for who in (alice, Caller(service.url)):
                if asked.endswith("subscribe") and who is alice:
                    continue  # a stream does not end; below
                parameters = {key: value for key, value in query.items() if key != "did" or "Did" in asked}
                answer = who.get(asked, **parameters)
                kept[asked, answer.status] = ", ".join(answer.headers.get_list("cache-control")) or None
    assert {name for name, status in kept if status == 200} > {SPACE + "getRecord", SPACE + "getRepo", OLDER + "list"}
    for (name, status), value in kept.items():
        assert value == (None if name in PUBLIC_METHODS else PRIVATE), (name, status)
    url = f"{service.url}/xrpc/dev.capabilitygraph.space.subscribe"
    with alice.http.stream("GET", url, headers=alice.headers, params={"space": space}) as stream:
        assert stream.status_code == 200 and stream.headers.get_list("cache-control") == [PRIVATE]


def test_paths_beside_the_methods(service):
    caller = Caller(service.url)
    for path in PUBLIC_PATHS:
        assert caller.http.get(service.url + path).headers.get("cache-control") is None, path
    for verb, path in [
            ("GET", "/peer/generate/x"), ("POST", "/delegate"), ("POST", "/invoke"), ("POST", "/revoke"),
            ("POST", "/delegation/status"), ("POST", "/delegation/query"), ("POST", "/authorize"),
            ("POST", "/access/v1/evaluation"), ("GET", "/nothing"), ("GET", "/invoke"), ("GET", "/xrpc/com.example.none")]:
        assert caller.http.request(verb, service.url + path).headers.get_list("cache-control") == [PRIVATE], path


@pytest.mark.parametrize("head, status", [
    ("GET /xrpc/" + "a" * 9000, 414), ("GET /xrpc/a\tb", 400), ("POST /xrpc/com.example.none", 501),
    ("POST /invoke", 413)], ids=range(4))
def test_no_cache_keeps_what_no_route_sees(service, head, status):
    request = f"{head} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.settimeout(30)
        connection.sendall(request.encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == status and answer.headers.get_all("cache-control") == [PRIVATE]


def test_an_exchange_without_proof_lacks_its_signature(service, alice):
    """Only a `DPoP` header says that a caller is of profile P."""
    space = alice.create_space()
    ask = lambda **headers: Caller(service.url).post(
        SPACE + "getSpaceCredential", {"Authorization": "Bearer " + token} | headers, space=space)
    token = alice.delegation(space)
    answer = ask().refused("BadSpaceSignature", status=401)
    assert "Atproto-Space" in answer.headers["www-authenticate"]
    ask(DPoP="").refused("BadDpopProofSignature", "MissingDpopProof", status=401)
    ask(DPoP="x").refused("BadDpopProofSignature", status=401)
    signed = httpsig.to_obtain(Key("ES256"), token)
    assert Caller(service.url).post(SPACE + "getSpaceCredential", signed, space=space).status == 200, "nothing was burnt"


def paths(value, place=""):
    """Where `$type` stands in an answer, lists as one."""
    if isinstance(value, list):
        return set().union(*[paths(item, place + "/*") for item in value])
    if not isinstance(value, dict):
        return set()
    own = {place + "=" + value["$type"].rsplit("#", 1)[-1]} if "$type" in value else set()
    return own.union(*[paths(item, place + "/" + name) for name, item in value.items() if name != "value"])


POLICIES = {"/policy=memberListPolicy", "/readPolicy=memberListPolicy", "/writePolicy=memberListPolicy"}
CONFIG = {"=spaceConfig", "/readPolicy=memberListPolicy", "/writePolicy=memberListPolicy", "/appAccess=open"}


def below(place, names):
    return {place + name for name in names}


def test_types_stand_where_a_form_has_them(service, alice):
    space = alice.create_space()
    create = {"$type": SPACE + "applyWrites#create", "collection": POST, "rkey": "b", "value": {"$type": POST}}
    delete = {"$type": SPACE + "applyWrites#delete", "collection": POST, "rkey": "b"}
    record = {"space": space, "repo": alice.did, "collection": POST, "record": {"$type": POST}}
    inner = POLICIES - {"/policy=memberListPolicy"} | {"/appAccess=open"}
    wide = POLICIES | {"/appAccess=open"} | below("/space", inner) | below("/config", CONFIG)
    expected = [
        (SIMPLE + "getSpace", "get", {"space": space}, POLICIES | {"/appAccess=open"}),
        (SIMPLE + "getConfig", "get", {"space": space}, CONFIG),
        (SIMPLE + "updateConfig", "post", {"space": space}, CONFIG),
        (SPACE + "getSpace", "get", {"space": space}, wide), (OLDER + "getSpace", "get", {"space": space}, wide),
        (SPACE + "createRecord", "post", record | {"rkey": "a"}, set()),
        (SPACE + "putRecord", "post", record | {"rkey": "a"}, set()),
        (OLDER + "putRecord", "post", record | {"rkey": "a"}, set()),
        (SPACE + "applyWrites", "post", {"space": space, "repo": alice.did, "writes": [create, delete]},
         {"/results/*=createResult", "/results/*=deleteResult"}),
        (OLDER + "applyWrites", "post", {"space": space, "writes": [create, delete]}, set()),
        (SPACE + "getRecord", "get", {"space": space, "repo": alice.did, "collection": POST, "rkey": "a"}, set()),
        (SPACE + "listRecords", "get", {"space": space, "repo": alice.did}, set()),
        (SPACE + "getLatestCommit", "get", {"space": space, "repo": alice.did}, set()),
        (SPACE + "getRepoState", "get", {"space": space, "repo": alice.did}, set()),
        (SPACE + "listRepoOps", "get", {"space": space, "repo": alice.did}, set()),
        (SPACE + "listRepos", "get", {"space": space}, set()), (SPACE + "listSpaces", "get", {}, set()),
        (SIMPLE + "listMembers", "get", {"space": space}, set()),
        (SPACE + "deleteRecord", "post", {"space": space, "collection": POST, "rkey": "a"}, set()),
        (DESCRIBE, "get", {}, {"/methods/*=nsid"}),
    ]
    for name, verb, fields, types in expected:
        assert paths(getattr(alice, verb)(name, **fields).ok()) == types, name


def test_statuses_of_older_names(alice):
    space = alice.create_space()
    record = {"space": space, "collection": POST, "rkey": "one", "record": {"$type": POST}}
    gone = {"space": space, "collection": POST, "rkey": "one"}
    assert alice.post(OLDER + "putRecord", **record).status == 201
    assert alice.post(OLDER + "putRecord", **record).status == 200
    assert alice.post(OLDER + "createRecord", **record | {"rkey": "two"}).status == 201
    deleted = alice.post(OLDER + "deleteRecord", **gone)
    assert deleted.status == 200 and deleted.body == {"success": True}
    alice.post(OLDER + "deleteRecord", **gone).refused("RecordNotFound", status=404)
    alice.get(OLDER + "getRecord", **gone).refused("RecordNotFound", status=404)
    alice.post(OLDER + "applyWrites", space=space, writes=[{"action": "delete", "collection": POST, "rkey": "one"}]).refused(
        "RecordNotFound", status=404)
    # The canonical names keep the statuses of the protocol.
    assert alice.post(SPACE + "putRecord", **record).status == 200
    assert alice.post(SPACE + "deleteRecord", **gone).ok() == {}
    assert alice.post(SPACE + "deleteRecord", **gone).ok() == {}
    alice.get(SPACE + "getRecord", repo=alice.did, **gone).refused("RecordNotFound", status=400)
