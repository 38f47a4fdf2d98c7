"""The whole play over HTTP: an app, a syncer and a second host of repos, from the creation of a forum to a removal.

The app is the unchanged client of PyPI and its DPoP keys or message signatures, the syncer holds verified copies of every
repo wherever it is hosted, and the second host keeps the repo of a member who has no account here.
"""

import time

import pytest
from atproto import Client
from atproto_client.models.dot_dict import DotDict

from kit import data, jwt, repo
from kit.host import RepoHost
from kit.keys import Key
from kit.people import FORUM, MEMBER_LIST, OPEN_TO_APPS, PASSWORD, POST, Reader, resolve_anywhere
from kit.stream import Stream, by_credential
from kit.syncer import Syncer
from kit.xrpc import LEXICONS, Caller

SPACE = "com.atproto.space."
SIMPLE = "com.atproto.simplespace."
HV = "dev.happyview.space."


class App:
    """The client of PyPI, signed in with the main password; every answer is held to the lexicons."""

    def __init__(self, service, person):
        self.client = Client(base_url=service.url)
        self.client.login(person.handle, PASSWORD, fetch_bsky_profile=False)
        self.did = person.did

    def post(self, nsid, **body):
        headers = {"Content-Type": "application/json"}
        content = self.client.invoke_procedure(nsid, headers=headers, data=DotDict(body)).content
        LEXICONS.check_output(nsid, content)
        return content

    def get(self, nsid, **parameters):
        content = self.client.invoke_query(nsid, params=DotDict(parameters)).content
        LEXICONS.check_output(nsid, content)
        return content

    def write(self, space, text, **fields):
        record = {"$type": POST, "text": text} | fields
        written = self.post(SPACE + "createRecord", space=space, repo=self.did, collection=POST, record=record)
        assert written["cid"] == data.record_cid(record)
        return written


def credential_of(service, space, token, profile):
    authority = resolve_anywhere(space.split("/")[2])
    return Reader(service.url, authority.origin, space, token, profile)


@pytest.mark.parametrize("profile", ["P", "N"])
def test_app_syncer_and_second_host(service, alice, bob, carol, peer, profile):
    owner, guest = App(service, alice), App(service, bob)
    elsewhere = RepoHost(peer, "dave", resolve_anywhere)

    # A forum, an invite, a member with an account here and one without.
    space = owner.post(
        SIMPLE + "createSpace", type=FORUM, policy=MEMBER_LIST, appAccess=OPEN_TO_APPS, displayName="Forum")["uri"]
    invite = owner.post(HV + "createInvite", space=space, access="write", maxUses=1)
    assert guest.post(HV + "acceptInvite", token=invite["token"]) == {"uri": space, "access": "write"}
    carol.post(HV + "acceptInvite", token=invite["token"]).refused("InviteExhausted", status=400)
    owner.post(SIMPLE + "addMember", space=space, did=elsewhere.did)
    owner.post(SIMPLE + "addMember", space=space, did=carol.did, access="read")

    # People write; what they attach stays within.
    owner.write(space, "welcome")
    picture = guest.client.com.atproto.repo.upload_blob(b"a picture").blob.model_dump(by_alias=True, mode="json")
    guest.write(space, "hello", picture=picture)

    # The syncer: a credential of its own key, a registration, verified copies.
    service_of_carol = peer.identity("syncer")
    service_of_carol.services["atproto_space_syncer"] = ("SpaceSyncer", peer.url_of("syncer"))
    name = service_of_carol.did + "#atproto_space_syncer"
    reader = credential_of(service, space, carol.delegation(space), profile)
    document = resolve_anywhere(alice.did)
    _, claims = jwt.verified(reader.credential, document.space_key)
    assert claims["iss"] == alice.did and claims["sub"] == space
    reader.post(SPACE + "registerNotify", space=space, service=name).ok()

    def at(did):
        found = resolve_anywhere(did)
        return reader.at(found) if found.endpoint("atproto_pds") == elsewhere.origin else reader

    copy = Syncer(reader, space, lambda did: resolve_anywhere(did).key("atproto"), at)
    held = copy.sweep()
    assert {did: len(records) for did, records in held.items()} == {alice.did: 1, bob.did: 1}
    blob = reader.get(SPACE + "getBlob", space=space, repo=bob.did, cid=picture["ref"]["$link"])
    assert blob.status == 200 and blob.raw == b"a picture"
    streams = {"owner": Stream(alice, space), "carol": by_credential(reader)}
    assert [stream.status for stream in streams.values()] == [200, 200]

    # The member elsewhere writes into a repo of the second host, which tells the space's host, which tells the syncer.
    for number in range(3):
        elsewhere.notify(service.url, elsewhere.write(space, POST, f"k{number}", {"$type": POST, "text": str(number)})).ok()
    elsewhere.notify(service.url, elsewhere.write(space, POST, "k0", None)).ok()
    of_dave = lambda request: request.json["space"] == space and request.json["repo"] == elsewhere.did
    told = peer.wait_for(SPACE + "notifyWrite", lambda request: request.host == service_of_carol.host and of_dave(request), 4)
    for request in told:
        request.verify_service_auth(document.key("atproto"), alice.did, name)
    assert [request.json["prevSpaceRev"] for request in told[1:]] == [request.json["spaceRev"] for request in told[:-1]]
    copy.follow(elsewhere.did)
    assert set(copy.copies[elsewhere.did].records) == {f"{POST}/k1", f"{POST}/k2"}
    assert data.from_json(told[-1].json["hash"]) == copy.copies[elsewhere.did].hash.digest
    for stream in streams.values():
        stream.wait(lambda: len(stream.events) == 4)
        assert stream.events[-1]["repo"] == elsewhere.did
        assert stream.events[-1]["spaceRev"] == told[-1].json["spaceRev"]

    # Everybody goes on, here and there; the log is enough to follow.
    guest.post(SPACE + "applyWrites", space=space, repo=bob.did, writes=[
        {"$type": SPACE + "applyWrites#create", "collection": POST, "rkey": f"n{number}", "value": {"$type": POST}}
        for number in range(5)])
    elsewhere.notify(service.url, elsewhere.write(space, POST, "k3", {"$type": POST, "text": "3"})).ok()
    held = copy.sweep(limit=2)
    assert {did: len(records) for did, records in held.items()} == {alice.did: 1, bob.did: 6, elsewhere.did: 3}
    assert copy.recovered == 0

    # The member elsewhere reads here by a token of the second host, and at home by the same credential.
    his = credential_of(service, space, elsewhere.delegation(space), profile)
    raw = his.get(SPACE + "getRepo", space=space, repo=alice.did)
    assert raw.status == 200
    assert len(repo.verify_car(raw.raw, space, alice.did, document.key("atproto"))[2]) == 1
    at_home = his.at(resolve_anywhere(elsewhere.did))
    at_home.get(SPACE + "getLatestCommit", space=space, repo=elsewhere.did).ok()
    streams["dave"] = by_credential(his)
    assert streams["dave"].status == 200

    # Removed: the next read is refused here, then there, and his stream is over within a second.
    owner.post(SIMPLE + "removeMember", space=space, did=elsewhere.did)
    removed = time.monotonic()
    for method, fields in [("listRepos", {}), ("getRepo", {"repo": alice.did}), ("listRepoOps", {"repo": bob.did})]:
        his.get(SPACE + method, space=space, **fields).refused("CredentialRevoked", status=401)
    streams["dave"].wait(lambda: streams["dave"].ended is not None)
    assert streams["dave"].ended - removed < 1
    peer.wait_for(SPACE + "notifyCredentialRevoked", lambda request: his.claims["jti"] in request.json["credentials"])
    at_home.get(SPACE + "getLatestCommit", space=space, repo=elsewhere.did).refused("CredentialRevoked", status=401)
    again = Caller(service.url).post(
        SPACE + "getSpaceCredential",
        {"Authorization": "Bearer " + elsewhere.delegation(space), "DPoP": jwt.dpop(Key(), "POST", reader.htu(SPACE + "getSpaceCredential"))},
        space=space)
    again.refused("SpaceNotFound", status=400)
    late = elsewhere.notify(service.url, elsewhere.write(space, POST, "k9", {"$type": POST}))
    late.refused("SpaceNotFound", status=400)
    # Those who stay are not touched.
    owner.write(space, "farewell")
    streams["carol"].wait(lambda: streams["carol"].events[-1]["repo"] == alice.did)
    assert streams["carol"].ended is None and streams["owner"].ended is None
    reader.get(SPACE + "listRepos", space=space).ok()
    owner.post(SIMPLE + "removeMember", space=space, did=bob.did)
    bob.get(SPACE + "getRecord", space=space, repo=alice.did, collection=POST, rkey="x").refused("RepoNotFound", "SpaceNotFound")
