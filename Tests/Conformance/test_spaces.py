"""Spaces: creating, describing, configuring, listing (atproto-spaces.md 14)."""

import time

import pytest

from kit import data
from kit.people import FORUM, MEMBER_LIST, OPEN_TO_APPS, PUBLIC, POST, Person, allow_list, managing_app
from kit.service import OPEN, Service

SIMPLE = "com.atproto.simplespace."
DEFS = "com.atproto.simplespace.defs#"


def test_space_is_named_by_its_owner(alice):
    space = alice.create_space(skey="main")
    assert space == f"at://{alice.did}/space/{FORUM}/main"
    generated = alice.create_space().rsplit("/", 1)[1]
    data.tid_number(generated)
    told = alice.get(SIMPLE + "getSpace", space=space).ok()
    assert told["uri"] == space and told["policy"] == MEMBER_LIST and told["appAccess"] == OPEN_TO_APPS
    assert told["readPolicy"] == MEMBER_LIST and told["writePolicy"] == MEMBER_LIST


def test_policies_have_defaults(alice):
    space = alice.post(SIMPLE + "createSpace", spaceType=FORUM).ok()["uri"]
    told = alice.get(SIMPLE + "getSpace", space=space).ok()
    assert told["policy"] == MEMBER_LIST and told["appAccess"] == OPEN_TO_APPS


@pytest.mark.parametrize("fields, read, write", [
    ({"policy": PUBLIC}, PUBLIC, PUBLIC),
    ({"readPolicy": PUBLIC, "writePolicy": MEMBER_LIST}, PUBLIC, MEMBER_LIST),
    ({"readPolicy": MEMBER_LIST, "writePolicy": PUBLIC}, MEMBER_LIST, PUBLIC),
    ({"mintPolicy": "public"}, PUBLIC, PUBLIC), ({"mintPolicy": "member-list"}, MEMBER_LIST, MEMBER_LIST),
    ({"policy": "public"}, PUBLIC, PUBLIC), ({"policy": PUBLIC, "mintPolicy": "public"}, PUBLIC, PUBLIC),
])
def test_policies_in_every_spelling(alice, fields, read, write):
    space = alice.post(SIMPLE + "createSpace", type=FORUM, **fields).ok()["uri"]
    told = alice.get(SIMPLE + "getSpace", space=space).ok()
    assert (told["readPolicy"], told["writePolicy"]) == (read, write)


@pytest.mark.parametrize("fields, error", [
    ({"policy": {"$type": "com.example.other#policy"}}, "UnsupportedPolicy"),
    ({"policy": managing_app("https://app.example.com")}, "UnsupportedPolicy"),
    ({"readPolicy": {"$type": "com.example.other#policy"}}, "UnsupportedPolicy"),
    ({"appAccess": {"$type": "com.example.other#access"}}, "UnsupportedAppAccess"),
    ({"policy": PUBLIC, "mintPolicy": "member-list"}, "InvalidRequest"),
    ({"spaceType": "com.example.other"}, "InvalidRequest"),
    ({"type": "not a type"}, "InvalidRequest"), ({"type": 5}, "InvalidRequest"),
    ({"skey": ".."}, "InvalidRequest"), ({"skey": "a/b"}, "InvalidRequest"), ({"skey": "k" * 513}, "InvalidRequest"),
    ({"skey": ""}, "InvalidRequest"), ({"skey": 7}, "InvalidRequest"),
])
def test_what_no_host_may_store(alice, fields, error):
    body = {"type": FORUM} | fields
    alice.post(SIMPLE + "createSpace", **body).refused(error, status=400)


def test_one_name_is_one_space(alice):
    alice.create_space(skey="twice")
    body = {"type": FORUM, "skey": "twice", "policy": MEMBER_LIST, "appAccess": OPEN_TO_APPS}
    alice.post(SIMPLE + "createSpace", **body).refused("SpaceAlreadyExists", status=400)
    alice.post("dev.happyview.space.createSpace", **body).refused("SpaceAlreadyExists", status=409)
    longest = alice.create_space(skey="k" * 512)
    assert alice.get(SIMPLE + "getSpace", space=longest).ok()["uri"] == longest


def test_no_name_is_drawn_twice():
    """Others keep what they wrote in a deleted space, so a space without a name of its own never takes its place."""
    # The clock stands still, so that of the key only its 10 drawn bits tell spaces apart: 200 draws meet, once in 10^8 not.
    service = Service(OPEN, clock=time.time())
    try:
        alice, drawn = Person(service, "alice"), set()
        for _ in range(200):
            space = alice.create_space()
            assert space not in drawn
            drawn.add(space)
            alice.post("com.atproto.simplespace.deleteSpace", space=space).ok()
    finally:
        service.stop()


def test_update_changes_only_what_is_named(alice):
    app = managing_app("did:web:app.example.com#forum")
    space = alice.create_space(appAccess=allow_list("https://a.example/client"))
    alice.post(SIMPLE + "updateSpace", space=space, policy=app).ok()
    told = alice.get(SIMPLE + "getSpace", space=space).ok()
    assert told["policy"] == app and told["appAccess"] == allow_list("https://a.example/client")
    alice.post(SIMPLE + "updateSpace", space=space, writePolicy=MEMBER_LIST).ok()
    told = alice.get(SIMPLE + "getSpace", space=space).ok()
    assert (told["readPolicy"], told["writePolicy"]) == (app, MEMBER_LIST)
    alice.post(SIMPLE + "updateSpace", space=space, mintPolicy="member-list").ok()
    told = alice.get(SIMPLE + "getSpace", space=space).ok()
    assert (told["readPolicy"], told["writePolicy"]) == (MEMBER_LIST, MEMBER_LIST)
    alice.post(SIMPLE + "updateSpace", space=space, appAccess={"type": "allowList", "allowed": ["c"]}).ok()
    assert alice.get(SIMPLE + "getSpace", space=space).ok()["appAccess"] == allow_list("c")
    alice.post(SIMPLE + "updateSpace", space=space, appAccess={"$type": "x.y.z"}).refused("UnsupportedAppAccess")
    alice.post(SIMPLE + "updateSpace", space=space, policy={"$type": "x.y.z"}).refused("UnsupportedPolicy")
    assert alice.get(SIMPLE + "getSpace", space=space).ok()["appAccess"] == allow_list("c")


def test_description_in_full(alice):
    space = alice.create_space(skey="full", displayName="Forum", description="For friends")
    told = alice.get("com.atproto.space.getSpace", space=space).ok()
    view = told["space"]
    assert told["uri"] == space and told["isOwner"] is True
    assert (view["authorityDid"], view["creatorDid"], view["did"]) == (alice.did,) * 3
    assert (view["type"], view["skey"], view["displayName"], view["description"]) == (FORUM, "full", "Forum", "For friends")
    assert view["createdAt"] and view["updatedAt"]
    assert told["config"]["$type"] == DEFS + "spaceConfig" and told["config"]["mintPolicy"] == "member-list"
    alice.post(SIMPLE + "updateSpace", space=space, displayName=None).ok()
    view = alice.get("com.atproto.space.getSpace", space=space).ok()["space"]
    assert view["displayName"] is None and view["description"] == "For friends"
    revision = view["revision"]
    alice.write(space)
    later = alice.get("com.atproto.space.getSpace", space=space).ok()["space"]["revision"]
    data.tid_number(later)
    assert revision is None or revision < later


def test_config_of_the_compatible_surface(alice, bob):
    space = alice.create_space(config={"membershipPublic": False, "theme": {"color": "red"}})
    config = alice.get(SIMPLE + "getConfig", space=space).ok()
    assert config["$type"] == DEFS + "spaceConfig" and config["mintPolicy"] == "member-list"
    changed = alice.post(SIMPLE + "updateConfig", space=space, mintPolicy="public").ok()
    assert changed["mintPolicy"] == "public"
    assert alice.get(SIMPLE + "getSpace", space=space).ok()["policy"] == PUBLIC
    view = alice.get("com.atproto.space.getSpace", space=space).ok()["space"]
    assert view["config"]["theme"] == {"color": "red"}
    alice.post(SIMPLE + "updateSpace", space=space, config={"membership_public": True}).ok()
    view = alice.get("com.atproto.space.getSpace", space=space).ok()["space"]
    assert view["config"]["membershipPublic"] is True and "membership_public" not in view["config"]
    assert view["config"]["theme"] == {"color": "red"}
    bob.get(SIMPLE + "getConfig", space=space).refused("NotSpaceOwner")


def test_spaces_of_an_account(service):
    alice, bob = Person(service, "alice"), Person(service, "bob")
    own, other = alice.create_space(), alice.create_space(type="com.example.other")
    theirs, neither = bob.create_space(), bob.create_space()
    bob.add(theirs, alice)
    alice.write(own)
    listed = alice.get("com.atproto.space.listSpaces").ok()["spaces"]
    found = {entry["uri"]: entry.get("isOwner") for entry in listed}
    assert own in found and theirs in found and neither not in found
    assert found[own] is True and not found[theirs]
    for filter in ({"type": FORUM}, {"spaceType": FORUM}):
        named = {entry["uri"] for entry in alice.get("com.atproto.space.listSpaces", **filter).ok()["spaces"]}
        assert own in named and other not in named
    named = {entry["uri"] for entry in alice.get("com.atproto.space.listSpaces", did=bob.did).ok()["spaces"]}
    assert named == {theirs}
    seen, cursor = [], None
    while True:
        page = alice.get("com.atproto.space.listSpaces", limit=1, cursor=cursor).ok()
        seen += [entry["uri"] for entry in page["spaces"]]
        cursor = page.get("cursor")
        if cursor is None:
            break
    assert sorted(seen) == sorted(found) and len(set(seen)) == len(seen)
    for limit in (0, 101, "many"):
        alice.get("com.atproto.space.listSpaces", limit=limit).refused("InvalidRequest", status=400)


def test_only_the_owner_manages(alice, bob, carol):
    space = alice.create_space()
    alice.add(space, bob)
    calls = [
        ("updateSpace", {"policy": PUBLIC}), ("deleteSpace", {}), ("addMember", {"did": carol.did}),
        ("putMember", {"did": carol.did, "read": True, "write": True}), ("removeMember", {"did": bob.did}),
        ("updateConfig", {"mintPolicy": "public"}),
    ]
    for method, fields in calls:
        bob.post(SIMPLE + method, space=space, **fields).refused("NotSpaceOwner", status=400)
        absent = carol.post(SIMPLE + method, space=space + "x", **fields)
        assert carol.post(SIMPLE + method, space=space, **fields).shape == absent.shape
    bob.post("dev.happyview.space.updateSpace", space=space).refused("NotSpaceOwner", status=403)
    assert bob.write(space)["uri"].startswith(f"{space}/{bob.did}/{POST}/")


def test_manage_may_be_given(alice, bob, carol):
    space = alice.create_space()
    alice.post(SIMPLE + "addMember", space=space, did=bob.did, access="write", manage=True).ok()
    bob.post(SIMPLE + "addMember", space=space, did=carol.did).ok()
    carol.write(space)


@pytest.mark.parametrize("space", [
    "", "x", "at://did:web:a.test", "at://did:web:a.test/com.example.forum/main", "at://a.test/space/com.example.forum/main",
    "at://did:web:a.test/space/com.example.forum/main/", "at://did:web:a.test/space/com.example.forum/main#x",
    "at://did:web:a.test/space/com.example.forum/..", "at://did:web:a.test/space/com.example.forum/a%20b",
    "at://did:web:a.test/Space/com.example.forum/main", "AT://did:web:a.test/space/com.example.forum/main",
    "at://did:web:a.test/space/com.example.forum/main/did:web:b.test/com.example.post/1",
])
def test_malformed_names_are_invalid_requests(alice, space):
    alice.get(SIMPLE + "getSpace", space=space).refused("InvalidRequest", status=400)
    alice.post(SIMPLE + "addMember", space=space, did=alice.did).refused("InvalidRequest", status=400)
    alice.get("com.atproto.space.listRecords", space=space, repo=alice.did).refused("InvalidRequest", status=400)
