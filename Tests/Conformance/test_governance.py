"""Which methods only the host of a space answers, over every method that is documented (13, 14; profile N): a host that
does not govern a space says `SpaceNotFound`, and never gives an empty list in its place."""

import pathlib
import re
import time

import pytest

from kit import jwt
from kit.keys import Key
from kit.people import FORUM, POST, Reader
from kit.stream import Stream
from kit.xrpc import Caller

SPACE, SIMPLE, HV, OURS = "com.atproto.space.", "com.atproto.simplespace.", "dev.happyview.space.", "dev.capabilitygraph."
TEXT = (pathlib.Path(__file__).resolve().parents[2] / "docs/protocol/spaces.md").read_text()
TABLE = dict(re.findall(
    r"^\| `([a-zA-Z.]+)` \| (GET|POST) \|", TEXT.split("<!-- methods -->")[1].split("<!-- /methods -->")[0], re.M))
CID = "bafkreiccldh766hwcnuxnf2wh6jgzepf2nlu2lvcllt63eww5p6chi4ity"
EDGE = CID  # any CID names an edge, if only one that is not there

# What a session asks of the host of a space, with what it takes besides the space.
HOST = {
    SIMPLE + "updateSpace": {}, SIMPLE + "deleteSpace": {}, SIMPLE + "getSpace": {}, SIMPLE + "getConfig": {},
    SIMPLE + "updateConfig": {}, SIMPLE + "addMember": {"did": "did:web:b.test"},
    SIMPLE + "putMember": {"did": "did:web:b.test", "read": True, "write": True},
    SIMPLE + "removeMember": {"did": "did:web:b.test"}, SIMPLE + "listMembers": {}, SPACE + "getSpace": {},
    HV + "createInvite": {}, HV + "revokeInvite": {"inviteId": "x"}, HV + "listInvites": {}, SPACE + "listRepos": {},
    OURS + "space.listCredentials": {}, OURS + "space.revokeCredential": {"jti": "x"},
    SPACE + "registerNotify": {"service": "did:web:syncer.test#x"},
    SPACE + "unregisterNotify": {"service": "did:web:syncer.test#x"}, OURS + "space.subscribe": {},
    OURS + "graph.listEdges": {}, OURS + "graph.getChain": {"edge": EDGE}, OURS + "graph.check": {"ability": "read"},
    OURS + "graph.whoCan": {"ability": "read"}, OURS + "graph.whatCan": {}, OURS + "graph.findPath": {"from": "did:web:b.test"},
    OURS + "graph.revoke": {"edge": EDGE}, OURS + "graph.simulate": {"changes": [{"revoke": EDGE}]},
}
# Of those, what a credential may ask.
OF_CREDENTIALS = [SIMPLE + "getSpace", SPACE + "getSpace", SPACE + "listRepos", SPACE + "registerNotify",
                  SPACE + "unregisterNotify", OURS + "space.subscribe"]
# What the host of a repo answers, whoever governs the space.
REPO = {
    SPACE + "getRecord": {"collection": POST, "rkey": "k"}, SPACE + "listRecords": {}, SPACE + "getLatestCommit": {},
    SPACE + "getRepoState": {}, SPACE + "getRepo": {}, SPACE + "listRepoOps": {}, SPACE + "getBlob": {"cid": CID},
    SPACE + "listBlobs": {},
}
# Writing, tokens, news between hosts, and what names no space: each has tests of its own.
OTHER = {
    SPACE + name for name in (
        "createRecord", "putRecord", "deleteRecord", "applyWrites", "getDelegationToken", "getSpaceCredential",
        "notifyWrite", "notifySpaceDeleted", "notifyCredentialRevoked", "listSpaces")
} | {
    SIMPLE + "createSpace", HV + "acceptInvite", OURS + "space.deleteRepo", HV + "getMemberGrant",
    HV + "getSpaceCredential", HV + "getCredential", HV + "refreshCredential", "com.atproto.repo.uploadBlob",
}


def test_every_method_is_one_of_them():
    spaces = {name for name in TABLE if not name.startswith(("com.atproto.server.", "com.atproto.identity."))}
    assert spaces - {"community.lexicon.service.describe"} == set(HOST) | set(REPO) | OTHER


def foreign(service, document, authority, space, profile):
    """An app with a credential that the authority elsewhere minted, at this host."""
    made = Reader.__new__(Reader)
    Caller.__init__(made, service.url)
    made.origin, made.space, made.profile, made.now, made.key = document.origin, space, profile, None, Key()
    now = int(time.time())
    binding = {"jkt": made.key.thumbprint} if profile == "P" else {"kid": made.key.did}
    made.credential = jwt.encode(
        {"typ": "atproto-space-credential+jwt", "alg": authority.key.alg, "kid": "#atproto"},
        {"iss": authority.did, "sub": space, "iat": now, "exp": now + 600, "jti": jwt.jti(), "cnf": binding}, authority.key)
    return made


@pytest.fixture
def spaces(alice, bob, peer):
    """One governed here, one elsewhere in which bob has a repo here, one that was never made, one that was deleted."""
    authority = peer.identity("authority")
    authority.services["atproto_space_host"] = ("AtprotoSpaceHost", peer.url_of("authority"))
    here, deleted = alice.create_space(), alice.create_space()
    elsewhere = f"at://{authority.did}/space/{FORUM}/main"
    for space in (here, deleted):
        alice.add(space, bob)
    for space in (here, deleted, elsewhere):
        bob.write(space, rkey="k")
    alice.post(SIMPLE + "deleteSpace", space=deleted).ok()
    return {
        "authority": authority, "here": here, "elsewhere": elsewhere,
        "unknown": f"at://{alice.did}/space/{FORUM}/never", "deleted": deleted}


def ask(caller, nsid, space, **fields):
    return (caller.get if TABLE[nsid] == "GET" else caller.post)(nsid, space=space, **fields)


def test_sessions_are_told_that_the_space_is_not_here(service, alice, bob, carol, spaces):
    for nsid, fields in HOST.items():
        for person in (alice, bob, carol):
            for place in ("elsewhere", "unknown"):
                ask(person, nsid, spaces[place], **fields).refused("SpaceNotFound")
        ask(bob, nsid, spaces["deleted"], **fields).refused("SpaceDeleted", "SpaceNotFound")
        ask(carol, nsid, spaces["deleted"], **fields).refused("SpaceNotFound")
        for place in ("here", "elsewhere", "unknown", "deleted"):
            ask(Caller(service.url), nsid, spaces[place], **fields).refused("AuthMissing", status=401)
    # Governed here, each is answered, or refused for what it is.
    for nsid, fields in HOST.items():
        if nsid.endswith("subscribe"):
            assert Stream(alice, spaces["here"]).status == 200
        elif not nsid.endswith("deleteSpace"):
            assert ask(alice, nsid, spaces["here"], **fields).error not in ("SpaceNotFound", "SpaceDeleted"), nsid
    alice.post(SIMPLE + "deleteSpace", space=spaces["here"]).ok()


@pytest.mark.parametrize("profile", ["P", "N"])
def test_a_credential_from_elsewhere_reads_repos_and_nothing_of_the_space(service, alice, bob, spaces, profile):
    space = spaces["elsewhere"]
    reader = foreign(service, bob.document, spaces["authority"], space, profile)
    for nsid in OF_CREDENTIALS:
        ask(reader, nsid, space, **HOST[nsid]).refused("SpaceNotFound", status=400)
    for nsid, fields in HOST.items():
        if nsid not in OF_CREDENTIALS:
            assert ask(reader, nsid, space, **fields).status in (401, 403), nsid
    for nsid, fields in REPO.items():
        answer = ask(reader, nsid, space, repo=bob.did, **fields)
        assert answer.status == 200 or answer.error == "BlobNotFound", nsid
    # The governing host answers its own.
    own = bob.reader(spaces["here"], profile)
    assert own.get(SPACE + "listRepos", space=spaces["here"]).ok()["repos"][0]["did"] == bob.did
    own.get(SIMPLE + "getSpace", space=spaces["here"]).ok()


def test_nothing_is_registered_for_a_space_elsewhere(service, bob, spaces, peer):
    """The syncer of a foreign space is not told by this host, which keeps no registration of it."""
    syncer = peer.identity("syncer")
    syncer.services["atproto_space_syncer"] = ("SpaceSyncer", peer.url_of("syncer"))
    name = syncer.did + "#atproto_space_syncer"
    reader = foreign(service, bob.document, spaces["authority"], spaces["elsewhere"], "P")
    for fields in ({}, {"repo": bob.did}):
        reader.post(SPACE + "registerNotify", space=spaces["elsewhere"], service=name, **fields).refused("SpaceNotFound")
