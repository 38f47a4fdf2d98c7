"""Accounts hosted here: registration, DID documents, sessions (the readings 3 and 4 of the issue)."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from kit import jwt
from kit.people import PASSWORD, Person, resolve
from kit.service import OPEN
from kit.xrpc import Caller

SERVER = "com.atproto.server."


def session_headers(token):
    return {"Authorization": "Bearer " + token}


def test_server_describes_itself(service):
    told = Caller(service.url).get(SERVER + "describeServer").ok()
    assert told["did"].startswith("did:web:")
    assert told["availableUserDomains"] and all(domain.startswith(".") for domain in told["availableUserDomains"])
    spaces = told["spaces"]
    assert {"P", "N", "C"} <= set(spaces["profiles"]) and "X" not in spaces["profiles"]
    assert {"scheme", "audience", "read", "create", "update", "delete", "manage"} <= set(spaces["ucan"])


def test_account_publishes_its_did(service, alice):
    name = alice.handle.split(".")[0]
    assert alice.did == f"did:web:{name}.localhost%3A{service.port}"
    document = alice.document
    assert document.key("atproto").alg == "ES256K"
    assert document.endpoint("atproto_pds") and document.endpoint("atproto_space_host")
    assert f"at://{alice.handle}" in document.value["alsoKnownAs"]
    host = f"{name}.localhost:{service.port}"
    told = httpx.get(f"{service.url}/.well-known/atproto-did", headers={"Host": host})
    assert told.status_code == 200 and told.text.strip() == alice.did
    assert told.headers["content-type"].startswith("text/plain")
    for unknown in (f"nobody.localhost:{service.port}", f"localhost:{service.port + 1}"):
        assert httpx.get(f"{service.url}/.well-known/atproto-did", headers={"Host": unknown}).status_code == 404


def test_identities_resolve(service, alice):
    anybody = Caller(service.url)
    assert anybody.get("com.atproto.identity.resolveHandle", handle=alice.handle).ok() == {"did": alice.did}
    assert anybody.get("com.atproto.identity.resolveHandle", handle=alice.handle.upper()).ok() == {"did": alice.did}
    assert anybody.get("com.atproto.identity.resolveDid", did=alice.did).ok()["didDoc"]["id"] == alice.did
    assert anybody.get("com.atproto.identity.resolveHandle", handle="nobody" + alice.handle).status == 400
    assert anybody.get("com.atproto.identity.resolveHandle", handle="not a handle").status == 400


def test_names_are_given_once(service, alice):
    anybody = Caller(service.url)
    for handle in (alice.handle, alice.handle.upper()):
        anybody.post(SERVER + "createAccount", handle=handle, password=PASSWORD).refused("HandleNotAvailable", status=400)
    for handle in ("alice", "al ice" + alice.handle, "alice.example.com", "-a.test", "a.b" + alice.handle):
        refused = anybody.post(SERVER + "createAccount", handle=handle, password=PASSWORD)
        refused.refused("InvalidHandle", "UnsupportedDomain", "InvalidRequest", status=400)


def test_weak_requests_make_no_account(service):
    anybody = Caller(service.url)
    domain = anybody.get(SERVER + "describeServer").ok()["availableUserDomains"][0]
    assert anybody.post(SERVER + "createAccount", handle="nopassword" + domain).status == 400
    assert anybody.post(SERVER + "createAccount", password=PASSWORD).status == 400
    assert anybody.post(SERVER + "createAccount", handle="number" + domain, password=5).status == 400


def test_sessions_of_handle_and_did(service, alice):
    for name in (alice.handle, alice.did):
        made = alice.post(SERVER + "createSession", {}, identifier=name, password=PASSWORD).ok()
        assert made["did"] == alice.did and made["handle"] == alice.handle
        told = alice.get(SERVER + "getSession", session_headers(made["accessJwt"])).ok()
        assert (told["did"], told["handle"]) == (alice.did, alice.handle)


def test_wrong_passwords_and_unknown_names_look_alike(service, alice):
    anybody = Caller(service.url)
    wrong = anybody.post(SERVER + "createSession", identifier=alice.handle, password="wrong")
    unknown = anybody.post(SERVER + "createSession", identifier="nobody" + alice.handle, password="wrong")
    assert wrong.status == 401 and wrong.shape == unknown.shape


def test_access_tokens_say_how_long_they_live(service, alice):
    header, payload = jwt.decode(alice.access)
    assert payload["exp"] - payload["iat"] >= 15 * 60
    refreshed = alice.post(SERVER + "refreshSession", session_headers(alice.refresh)).ok()
    assert refreshed["did"] == alice.did and refreshed["refreshJwt"] != alice.refresh
    alice.get(SERVER + "getSession", session_headers(refreshed["accessJwt"])).ok()


def test_each_token_does_its_own_work_only(service, alice):
    assert alice.get(SERVER + "getSession", session_headers(alice.refresh)).status in (400, 401)
    assert alice.post(SERVER + "refreshSession", session_headers(alice.access)).status in (400, 401)
    assert alice.get(SERVER + "getSession", {"Authorization": ""}).status == 401
    head, payload, signature = alice.access.split(".")
    changed = payload[:-2] + ("AA" if payload[-2:] != "AA" else "BB")
    for broken in ("x", f"{head}.{changed}.{signature}", f"{head}.{payload}.", f"{head}.{payload}"):
        assert alice.get(SERVER + "getSession", session_headers(broken)).status in (400, 401), broken


def test_deleted_session_is_dead(service, alice):
    made = alice.post(SERVER + "createSession", {}, identifier=alice.did, password=PASSWORD).ok()
    alice.post(SERVER + "deleteSession", session_headers(made["refreshJwt"])).ok()
    assert alice.post(SERVER + "refreshSession", session_headers(made["refreshJwt"])).status in (400, 401)
    assert alice.get(SERVER + "getSession", session_headers(made["accessJwt"])).status in (400, 401)
    alice.get(SERVER + "getSession").ok()


def test_registration_is_closed_unless_opened(start):
    closed = start([])
    anybody = Caller(closed.url)
    domain = anybody.get(SERVER + "describeServer").ok()["availableUserDomains"][0]
    assert anybody.post(SERVER + "createAccount", handle="alice" + domain, password=PASSWORD).status in (400, 403)
    assert anybody.post(SERVER + "createSession", identifier="alice" + domain, password=PASSWORD).status == 401


def test_sessions_follow_the_clock_and_outlive_a_restart(clocked):
    alice = Person(clocked)
    payload = jwt.decode(alice.access)[1]
    assert abs(payload["iat"] - clocked.now) <= 1
    clocked.restart()
    alice.get(SERVER + "getSession").ok()
    clocked.set_clock(payload["exp"] + 10)
    expired = alice.get(SERVER + "getSession")
    expired.refused("ExpiredToken")
    refreshed = alice.post(SERVER + "refreshSession", session_headers(alice.refresh)).ok()
    alice.get(SERVER + "getSession", session_headers(refreshed["accessJwt"])).ok()


def refresh(service, token):
    return Caller(service.url).post(SERVER + "refreshSession", session_headers(token))


@pytest.mark.parametrize("kind", ["main password", "app password"])
def test_a_refresh_token_used_again_soon_gives_the_same_answer(clocked, kind):
    alice = Person(clocked)
    token = alice.refresh
    if kind == "app password":
        password = alice.post(SERVER + "createAppPassword", name="app").ok()["password"]
        login = Caller(clocked.url).post(SERVER + "createSession", identifier=alice.handle, password=password)
        token = login.ok()["refreshJwt"]
    with ThreadPoolExecutor(8) as pool:  # the windows of one client, all at once
        answers = list(pool.map(lambda _: refresh(clocked, token).ok(), range(8)))
    pairs = {(answer["accessJwt"], answer["refreshJwt"]) for answer in answers}
    assert len(pairs) == 1
    access, following = pairs.pop()
    clocked.restart()
    clocked.pass_time(119)
    again = refresh(clocked, token).ok()
    assert (again["accessJwt"], again["refreshJwt"]) == (access, following), "also after a crash"
    newest = refresh(clocked, following).ok()
    Caller(clocked.url).get(SERVER + "getSession", session_headers(newest["accessJwt"])).ok()
    clocked.pass_time(1)
    refresh(clocked, token).refused("ExpiredToken", status=400)
    for dead in (following, newest["refreshJwt"]):
        refresh(clocked, dead).refused("ExpiredToken", status=400)
    assert Caller(clocked.url).get(SERVER + "getSession", session_headers(newest["accessJwt"])).status == 401


def test_the_grace_is_the_operators(start):
    service = start(OPEN + ["--refresh-grace-seconds", "0"])
    alice = Person(service)
    renewed = refresh(service, alice.refresh).ok()
    refresh(service, alice.refresh).refused("ExpiredToken", status=400)
    refresh(service, renewed["refreshJwt"]).refused("ExpiredToken", status=400)


def test_a_session_that_ended_has_no_grace(service):
    alice = Person(service)
    renewed = refresh(service, alice.refresh).ok()
    Caller(service.url).post(SERVER + "deleteSession", session_headers(renewed["refreshJwt"])).ok()
    for token in (alice.refresh, renewed["refreshJwt"]):
        refresh(service, token).refused("ExpiredToken", status=400)


@pytest.mark.parametrize("method", ["createSpace", "addMember", "removeMember", "deleteSpace", "updateSpace"])
def test_nothing_is_written_without_authentication(service, alice, method):
    space = alice.create_space()
    answer = Caller(service.url).post("com.atproto.simplespace." + method, space=space, did=alice.did, type="com.example.a")
    assert answer.status == 401, answer.text
    assert resolve(service, alice.did).did == alice.did
