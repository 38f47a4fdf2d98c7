"""HappyView's names, `ats://` input and older spellings (atproto-spaces.md 16); the feature switch (0)."""

import json

import pytest

from kit.people import FORUM, POST
from kit.service import OPEN
from kit.xrpc import LEXICONS, Caller

HV = "dev.happyview.space."
SPACE = "com.atproto.space."


def test_a_forum_by_older_names(alice, bob):
    made = alice.post(HV + "create", typeNsid=FORUM, skey="old", displayName="Old")
    assert made.status == 201
    space = made.body["uri"]
    assert space.startswith("at://"), "never `ats://`"
    told = alice.get(HV + "get", spaceUri=space).ok()
    assert told["uri"] == space and told["space"]["displayName"] == "Old"
    alice.post(HV + "addMember", spaceUri=space, memberDid=bob.did, access="write").ok()
    listed = {entry["did"]: entry["access"] for entry in alice.get(HV + "listMembers", spaceUri=space).ok()["members"]}
    assert listed == {alice.did: "write", bob.did: "write"}, "who creates by the older names is a member"
    written = bob.post(HV + "createRecord", spaceUri=space, collection=POST, record={"$type": POST, "text": "1"})
    assert written.status == 201
    rkey = written.body["uri"].rsplit("/", 1)[1]
    put = bob.post(HV + "putRecord", spaceUri=space, collection=POST, rkey=rkey, record={"$type": POST, "text": "2"}).ok()
    assert put["uri"] == written.body["uri"]
    assert bob.get(HV + "getRecord", spaceUri=space, collection=POST, rkey=rkey).ok()["value"]["text"] == "2"
    listed = bob.get(HV + "listRecords", spaceUri=space, repo=bob.did).ok()["records"]
    assert len(listed) == 1 and "value" not in listed[0]
    assert bob.get(HV + "listRecords", spaceUri=space, repo=bob.did, includeValues=True).ok()["records"][0]["value"]
    bob.post(HV + "deleteRecord", spaceUri=space, collection=POST, rkey=rkey).ok()
    bob.get(HV + "getRecord", spaceUri=space, collection=POST, rkey=rkey).refused(
        "RecordNotFound", "RepoNotFound", status=404)
    alice.post(HV + "update", spaceUri=space, description="Older").ok()
    assert alice.get(HV + "getSpace", space=space).ok()["space"]["description"] == "Older"
    for listing in ("list", "listSpaces"):
        assert space in json.dumps(alice.get(HV + listing).ok())
    alice.post(HV + "removeMember", spaceUri=space, memberDid=bob.did).ok()
    assert alice.post(HV + "delete", spaceUri=space).ok()["success"] is True
    alice.get(HV + "get", spaceUri=space).refused("SpaceNotFound", "SpaceDeleted", status=404)


def test_older_scheme_is_read_and_never_written(alice, bob):
    space = alice.create_space(skey="scheme")
    older = space.replace("at://", "ats://").replace("/space/", "/")
    alice.post("com.atproto.simplespace.addMember", space=older, did=bob.did).ok()
    written = bob.write(older)
    assert written["uri"].startswith(space)
    for nsid in (SPACE + "getSpace", HV + "getSpace", "com.atproto.simplespace.getSpace"):
        answer = alice.get(nsid, space=older)
        assert answer.ok()["uri"] == space and "ats://" not in answer.text
    assert bob.get(SPACE + "getDelegationToken", space=older).status == 200
    for broken in ("ats://" + alice.did, older + "/x", older.replace(FORUM, "space/" + FORUM), older + "/"):
        alice.get(SPACE + "getSpace", space=broken).refused("InvalidRequest", status=400)


def test_spellings_that_disagree(alice):
    space = alice.create_space()
    get = lambda **fields: alice.get(HV + "getSpace", **fields)
    get(space=space, spaceUri=space).ok()
    get(space=space, spaceUri=space + "x").refused("InvalidRequest", status=400)
    alice.post(HV + "createSpace", type=FORUM, spaceType="com.example.other").refused("InvalidRequest", status=400)


def test_forms_of_app_access(alice):
    for fields, kind in [
        ({"accessMode": "default_deny", "appAllowlist": ["https://a.example/c"]}, "allowList"),
        ({"accessMode": "default_deny"}, "allowList"), ({"accessMode": "default_allow"}, "open"),
        ({"accessMode": "default_allow", "appDenylist": ["https://b.example/c"]}, "denyList"),
        ({"appAccess": {"type": "open"}}, "open"),
    ]:
        made = alice.post(HV + "createSpace", type=FORUM, skey=f"k{hash(str(fields)) & 0xFFFFFF}", **fields).ok()
        told = alice.get("com.atproto.simplespace.getSpace", space=made["uri"]).ok()["appAccess"]
        assert told["$type"] == f"com.atproto.simplespace.defs#{kind}", fields


def test_legacy_tokens_are_off(service, alice):
    space = alice.create_space()
    for nsid, verb, fields in [
        (HV + "getCredential", "post", {"spaceUri": space}), (HV + "refreshCredential", "post", {"spaceUri": space}),
        (HV + "getMemberGrant", "post", {"space": space}), (HV + "getSpaceCredential", "post", {"grant": "x"}),
    ]:
        assert getattr(alice, verb)(nsid, **fields).status >= 400, nsid
    assert Caller(service.url).get(HV + "listRecords", {"X-Space-Credential": "x"}, space=space).status == 401


def all_methods():
    names = {nsid for nsid in LEXICONS.methods() if not nsid.endswith("checkUserAccess")}
    names |= {SPACE + name for name in ("getSpace", "getRepoState")}
    names |= {"com.atproto.simplespace." + name for name in ("getConfig", "updateConfig", "putMember")}
    names |= {"dev.capabilitygraph.space.subscribe"}
    names |= {HV + name for name in """
        create get list update delete createSpace getSpace listSpaces updateSpace deleteSpace putRecord getRecord
        listRecords deleteRecord createRecord applyWrites getBlob addMember removeMember listMembers invite.create
        invite.redeem invite.revoke invite.list createInvite redeemInvite revokeInvite listInvites acceptInvite
    """.split()}
    return sorted(names)


def test_every_method_is_served(service):
    anybody = Caller(service.url)
    for nsid in all_methods():
        answers = [anybody.get(nsid), anybody.post(nsid)]
        assert not any(answer.error == "MethodNotImplemented" for answer in answers), nsid
        assert sorted(answer.status == 405 for answer in answers) == [False, True], nsid
    anybody.get("com.atproto.space.noSuchMethod").refused("MethodNotImplemented", status=501)


def test_feature_is_switched_off(start):
    off = start(OPEN + ["--feature", "spaces_enabled=off"])
    anybody = Caller(off.url)
    expected = {
        "error": "FeatureDisabled",
        "message": "The feature 'feature.spaces_enabled' is not currently enabled on this instance",
    }
    for nsid in all_methods() + ["com.atproto.space.noSuchMethod"]:
        for verb, headers in (("GET", {}), ("POST", {}), ("POST", {"Authorization": "Bearer x"})):
            answer = anybody.send(verb, nsid, headers)
            assert answer.status == 404 and {k: answer.body[k] for k in expected} == expected, nsid
    anybody.get("com.atproto.server.describeServer").ok()


@pytest.mark.parametrize("nsid, verb", [(SPACE + "createRecord", "GET"), (SPACE + "getRecord", "POST")])
def test_verbs_are_not_mixed(alice, nsid, verb):
    answer = alice.send(verb, nsid, json={} if verb == "POST" else None)
    assert answer.status == 405 and answer.headers["allow"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"null", b'{"a":1,"a":2}', b"\xff\xfe", b"{}x", b"[" * 10000])
def test_bodies_that_are_no_objects(alice, content):
    answer = alice.send(
        "POST", SPACE + "createRecord", {**alice.headers, "Content-Type": "application/json"}, content=content)
    answer.refused("InvalidRequest", status=400)
