"""Notifications: to syncers, between hosts, and what is not believed (atproto-spaces.md 13.10-13.12, 17)."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit import data, jwt, repo
from kit.people import FORUM, POST, Person
from kit.xrpc import Caller

SPACE = "com.atproto.space."
WRITE = SPACE + "notifyWrite"


@pytest.fixture
def syncer(peer):
    """A syncing service with an endpoint of its own."""
    made = peer.identity("syncer")
    made.services["atproto_space_syncer"] = ("SpaceSyncer", peer.url_of("syncer"))
    made.name = made.did + "#atproto_space_syncer"
    return made


@pytest.fixture
def space(alice, bob):
    made = alice.create_space()
    alice.add(made, bob)
    return made


def register(reader, space, service, **options):
    return reader.post(SPACE + "registerNotify", space=space, service=service, **options)


def of(space):
    return lambda request: request.json.get("space") == space


def test_syncers_hear_of_every_writer(service, alice, bob, space, peer, syncer):
    reader = bob.reader(space)
    granted = register(reader, space, syncer.name).ok()
    expires = __import__("datetime").datetime.fromisoformat(granted["expiresAt"]).timestamp()
    assert abs(expires - time.time() - 24 * 3600) < 60
    for person in (alice, bob, alice):
        person.write(space)
    calls = peer.wait_for(WRITE, of(space), 3)
    previous = None
    for request, person in zip(calls, (alice, bob, alice)):
        assert request.method == "POST" and request.host == syncer.host
        request.verify_service_auth(alice.document.key("atproto"), alice.did, syncer.name)
        body = request.json
        assert set(body) <= {"space", "repo", "rev", "repoRev", "hash", "spaceRev", "prevSpaceRev"}, "no record data"
        assert body["repo"] == person.did and body["rev"] == body["repoRev"]
        data.tid_number(body["spaceRev"])
        assert previous is None or body["prevSpaceRev"] == previous
        previous = body["spaceRev"]
    held = {entry["did"]: entry for entry in reader.get(SPACE + "listRepos", space=space).ok()["repos"]}
    last = calls[2].json
    assert (held[alice.did]["rev"], held[alice.did]["hash"]) == (last["repoRev"], last["hash"])
    commit = alice.get(SPACE + "getLatestCommit", space=space, repo=alice.did).ok()["commit"]
    assert repo.commit_from_json(commit)["hash"] == data.from_json(last["hash"])


def test_the_chain_of_revisions_does_not_fork(alice, bob, space, peer, syncer):
    """Many write at once; each revision of the space follows exactly one other."""
    register(bob.reader(space), space, syncer.name).ok()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: (alice, bob)[number % 2].write(space), range(24)))
    last = bob.get(SPACE + "listRepos", space=space).ok()["spaceRev"]
    peer.wait_for(WRITE, lambda request: of(space)(request) and request.json["spaceRev"] == last)
    told = [request.json for request in peer.calls(WRITE, of(space))]
    revisions = [body["spaceRev"] for body in told]
    assert revisions == sorted(set(revisions)), "in order, each once"
    # Of one repo only the newest may be told, but whatever is left out shows as a gap and never as a fork.
    assert len({body.get("prevSpaceRev") for body in told}) == len(told)
    assert all(body["prevSpaceRev"] < body["spaceRev"] for body in told if body.get("prevSpaceRev"))
    links = sum(before["spaceRev"] == after["prevSpaceRev"] for before, after in zip(told, told[1:]))
    assert links == len(told) - 1 or len(told) < 24


def test_one_notification_per_batch_and_none_for_nothing(alice, space, peer, syncer):
    register(alice.reader(space), space, syncer.name).ok()
    alice.post(SPACE + "applyWrites", space=space, repo=alice.did, writes=[]).ok()
    alice.post(SPACE + "applyWrites", space=space, repo=alice.did, writes=[
        {"$type": SPACE + "applyWrites#create", "collection": POST, "value": {"$type": POST}} for _ in range(5)]).ok()
    alice.write(space)
    peer.wait_for(WRITE, of(space), 2)
    time.sleep(0.5)
    assert len(peer.calls(WRITE, of(space))) == 2


def test_services_must_be_found(alice, space, peer, syncer):
    reader = alice.reader(space)
    for name in (syncer.did + "#other", "did:web:gone.localhost%3A1#x", "did:plc:doesnotexist234567abcdefg#x", "nothing", ""):
        register(reader, space, name).refused("ServiceNotResolvable", "InvalidRequest", status=400)
    register(reader, space, syncer.did).ok()  # a bare DID is its `#atproto_pds`


def test_registration_ends(alice, bob, space, peer, syncer):
    reader, other = alice.reader(space), bob.reader(space)
    register(reader, space, syncer.name).ok()
    end = lambda caller: caller.post(SPACE + "unregisterNotify", space=space, service=syncer.name)
    # Whoever else holds a credential cannot end it.
    end(other)
    alice.write(space)
    peer.wait_for(WRITE, of(space), 1)
    for _ in range(2):
        assert end(reader).status == 200
    alice.write(space)
    time.sleep(1)
    assert len(peer.calls(WRITE, of(space))) == 1


def test_failed_deliveries_are_tried_again_in_order(service, alice, space, peer, syncer):
    states = iter([503, 500, 200, 200, 200])
    peer.on(WRITE, lambda request: (next(states, 200), None))
    register(alice.reader(space), space, syncer.name).ok()
    for _ in range(3):
        alice.write(space)
    calls = peer.wait_for(WRITE, of(space), 5, seconds=40)
    order = [request.json["spaceRev"] for request in calls]
    assert order[0] == order[1] == order[2] and order[2:] == sorted(set(order))


def test_outbox_outlives_a_crash(start, peer, syncer):
    crashing = start()
    alice = Person(crashing)
    space = alice.create_space()
    register(alice.reader(space), space, syncer.name).ok()
    peer.on(WRITE, lambda request: (503, None))
    alice.write(space)
    peer.wait_for(WRITE, of(space), 1)
    crashing.kill()
    peer.on(WRITE, lambda request: (200, None))
    before = len(peer.calls(WRITE, of(space)))
    crashing.start(crashing.port)
    peer.wait_for(WRITE, of(space), before + 1, seconds=40)


def test_registrations_lapse(clocked, peer, syncer):
    alice = Person(clocked)
    space = alice.create_space()
    register(alice.reader(space, now=clocked.now), space, syncer.name).ok()
    alice.write(space)
    peer.wait_for(WRITE, of(space), 1)
    clocked.pass_time(24 * 3600 + 1)
    alice.headers["Authorization"] = "Bearer " + alice.post(
        "com.atproto.server.createSession", {}, identifier=alice.did, password="correct horse battery staple").ok()["accessJwt"]
    alice.write(space)
    time.sleep(1)
    assert len(peer.calls(WRITE, of(space))) == 1


def notify(service, identity, space, audience, key=None, lxm=WRITE, issuer=None, header=None, **body):
    token = jwt.service_auth(key or identity.key, issuer or identity.did, audience, lxm, header=header)
    made = {"space": space, "repo": identity.did, "repoRev": data.tid(), "hash": {"$bytes": data.unpadded(bytes(32))}}
    return Caller(service.url).post(
        WRITE, {"Authorization": "Bearer " + token},
        **{name: value for name, value in (made | body).items() if value is not None})


def test_writes_on_other_hosts_are_announced(service, alice, bob, space, peer, syncer):
    dave = peer.identity("dave")
    register(bob.reader(space), space, syncer.name).ok()
    audience = alice.did + "#atproto_space_host"
    notify(service, dave, space, audience).refused("SpaceNotFound", status=400)  # nobody told it of the space
    alice.post("com.atproto.simplespace.addMember", space=space, did=dave.did).ok()
    first = data.tid()
    digest = {"$bytes": data.unpadded(bytes(range(32)))}
    notify(service, dave, space, audience, repoRev=first, hash=digest).ok()
    listed = lambda: {entry["did"]: entry for entry in bob.reader(space).get(SPACE + "listRepos", space=space).ok()["repos"]}
    assert (listed()[dave.did]["rev"], listed()[dave.did]["hash"]) == (first, digest)
    forwarded = peer.wait_for(WRITE, lambda request: of(space)(request) and request.json["repo"] == dave.did)[0]
    forwarded.verify_service_auth(alice.document.key("atproto"), alice.did, syncer.name)
    assert forwarded.json["repoRev"] == first and forwarded.json["spaceRev"]
    # P addresses the bare authority and says `rev`.
    second = data.tid()
    notify(service, dave, space, alice.did, repoRev=None, rev=second).ok()
    assert listed()[dave.did]["rev"] == second
    notify(service, dave, space, audience, repoRev=first).ok()  # older than what is held: ignored
    assert listed()[dave.did]["rev"] == second
    notify(service, dave, space, audience, repoRev=second, rev=first).refused("InvalidRequest", status=400)
    ahead = data.tid(int((time.time() + 400) * 1_000_000))
    notify(service, dave, space, audience, repoRev=ahead).refused("FutureRev", status=400)
    notify(service, dave, space, audience, repoRev="now").refused("InvalidRequest", status=400)
    notify(service, dave, space, audience, hash=None).refused("InvalidRequest", status=400)
    notify(service, dave, space + "x", audience).refused("SpaceNotFound", status=400)


def test_announcements_that_are_not_believed(service, alice, bob, space, peer):
    dave, mallory = peer.identity("dave"), peer.identity("mallory")
    for identity in (dave, mallory):
        alice.post("com.atproto.simplespace.addMember", space=space, did=identity.did).ok()
    audience = alice.did + "#atproto_space_host"
    notify(service, mallory, space, audience, repo=dave.did).refused("Forbidden", status=403)
    host = Caller(service.url).get("com.atproto.server.describeServer").ok()["did"]
    for wrong in (bob.did, alice.did + "#atproto_pds", alice.did + "#other", "did:web:elsewhere.test", host):
        assert notify(service, dave, space, wrong).status in (401, 403), wrong
    assert notify(service, dave, space, audience, key=mallory.key).status == 401
    assert notify(service, dave, space, audience, lxm=SPACE + "notifySpaceDeleted").status == 401
    for typ in ("at+jwt", "refresh+jwt", "dpop+jwt", "atproto-space-delegation+jwt", "atproto-space-credential+jwt"):
        assert notify(service, dave, space, audience, header={"typ": typ}).status in (400, 401), typ
    token = jwt.service_auth(dave.key, dave.did, audience, WRITE, now=time.time() - 120)
    expired = Caller(service.url).post(
        WRITE, {"Authorization": "Bearer " + token}, space=space, repo=dave.did, repoRev=data.tid(), hash={"$bytes": ""})
    assert expired.status == 401
    assert Caller(service.url).post(WRITE, space=space, repo=dave.did, repoRev=data.tid(), hash={"$bytes": ""}).status == 401
    repos = bob.reader(space).get(SPACE + "listRepos", space=space).ok()["repos"]
    assert repos == []


def test_writes_to_spaces_elsewhere(service, alice, peer):
    """We are the repo host: the authority, at the peer, is told, and reads the repo by a credential that it minted."""
    authority = peer.identity("authority")
    authority.services["atproto_space_host"] = ("AtprotoSpaceHost", peer.url_of("authority"))
    space = f"at://{authority.did}/space/{FORUM}/main"
    written = alice.write(space, text="from afar")
    assert written["uri"].startswith(space)
    call = peer.wait_for(WRITE, of(space))[0]
    call.verify_service_auth(alice.document.key("atproto"), alice.did, authority.did + "#atproto_space_host")
    body = call.json
    assert body["repo"] == alice.did and (body.get("repoRev") or body.get("rev"))
    token = alice.delegation(space)
    header, claims = jwt.verified(token, alice.document.key("atproto"))
    assert claims["aud"] == authority.did + "#atproto_space_host" and claims["sub"] == space

    from kit.keys import Key
    key, now = Key(), int(time.time())
    mint = lambda **changes: jwt.encode(
        {"typ": "atproto-space-credential+jwt", "alg": authority.key.alg, "kid": "#atproto"},
        {"iss": authority.did, "sub": space, "iat": now, "exp": now + 600, "jti": jwt.jti(), "cnf": {"jkt": key.thumbprint}}
        | changes, authority.key)
    url = f"{alice.document.origin}/xrpc/{SPACE}getRepo"

    def read(credential, **options):
        headers = {"Authorization": "DPoP " + credential, "DPoP": jwt.dpop(key, "GET", url, credential)}
        return Caller(service.url).get(SPACE + "getRepo", headers, space=space, repo=alice.did)

    credential = mint()
    answer = read(credential)
    assert answer.status == 200, answer.text
    commit, index, records = repo.verify_car(answer.raw, space, alice.did, alice.document.key("atproto"))
    assert [record["text"] for record in records.values()] == ["from afar"]
    assert repo.commit_from_json({"hash": body["hash"]})["hash"] == commit["hash"]
    assert read(mint(exp=now + 7200)).status == 200
    assert read(mint(exp=now + 7300)).status == 401  # longer than any host may ask for
    # The authority takes one back.
    jti = jwt.decode(credential)[1]["jti"]
    revoke = lambda issuer, audience: Caller(service.url).post(
        SPACE + "notifyCredentialRevoked",
        {"Authorization": "Bearer " + jwt.service_auth(issuer.key, issuer.did, audience, SPACE + "notifyCredentialRevoked")},
        space=space, credentials=[jti])
    mallory = peer.identity("mallory")
    assert revoke(mallory, alice.did).status in (401, 403)
    assert read(credential).status == 200
    for _ in range(2):
        revoke(authority, alice.did).ok()
    read(credential).refused("CredentialRevoked", status=401)
    assert read(mint()).status == 200


@pytest.mark.parametrize("publishes", [True, False])
def test_an_authority_is_addressed_as_the_space_host(service, alice, peer, publishes):
    """Also one that publishes none, and whose account's host is it."""
    authority = peer.identity("host" if publishes else "bare")
    if publishes:
        authority.services["atproto_space_host"] = ("AtprotoSpaceHost", peer.url_of(authority.name))
    space = f"at://{authority.did}/space/{FORUM}/main"
    alice.write(space)
    call = peer.wait_for(WRITE, of(space))[0]
    assert call.host == authority.host
    call.verify_service_auth(alice.document.key("atproto"), alice.did, authority.did + "#atproto_space_host")


def test_revocations_are_addressed_to_accounts_with_repos_here(service, alice, peer):
    authority = peer.identity("authority")
    space = f"at://{authority.did}/space/{FORUM}/main"
    nsid, host = SPACE + "notifyCredentialRevoked", Caller(service.url).get("com.atproto.server.describeServer").ok()["did"]

    def revoke(audience, lxm=nsid):
        token = jwt.service_auth(authority.key, authority.did, audience, lxm)
        return Caller(service.url).post(nsid, {"Authorization": "Bearer " + token}, space=space, credentials=["x"])

    for audience in (
            host, host + "#atproto_pds", alice.did + "#atproto_pds", alice.did + "#atproto_space_host", authority.did,
            authority.did + "#atproto_space_host", "did:web:elsewhere.example", "", alice.did + "x"):
        assert revoke(audience).status in (401, 403), audience
    revoke(host).refused("Forbidden", status=403)
    assert revoke(alice.did, lxm=WRITE).status == 401
    revoke(alice.did).ok()


def test_only_the_newest_state_waits_for_a_host_that_is_down(service, alice, peer):
    authority = peer.identity("slow")
    authority.services["atproto_space_host"] = ("AtprotoSpaceHost", peer.url_of("slow"))
    space = f"at://{authority.did}/space/{FORUM}/main"
    peer.on(WRITE, lambda request: (503, None))
    alice.write(space)
    peer.wait_for(WRITE, of(space), 1)
    for _ in range(5):
        alice.write(space)
    peer.on(WRITE, lambda request: (200, None))
    commit = alice.get(SPACE + "getLatestCommit", space=space, repo=alice.did).ok()["commit"]
    newest = lambda request: of(space)(request) and (request.json.get("repoRev") or request.json["rev"]) == commit["rev"]
    peer.wait_for(WRITE, newest, seconds=40)


def test_revocation_of_too_many_is_refused(service, alice, peer):
    authority = peer.identity("authority")
    space = f"at://{authority.did}/space/{FORUM}/main"
    for credentials in ([], ["x"] * 101, [""], "x", [5]):
        nsid = SPACE + "notifyCredentialRevoked"
        token = jwt.service_auth(authority.key, authority.did, alice.did, nsid)
        Caller(service.url).post(nsid, {"Authorization": "Bearer " + token}, space=space, credentials=credentials).refused(
            "InvalidRequest", status=400)
