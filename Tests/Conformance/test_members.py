"""Members: levels, lists, spaces within spaces (atproto-spaces.md 5, 14.4, 14.5)."""

import pytest

from kit.people import FORUM, POST, PUBLIC, Person
from kit.xrpc import Caller

SIMPLE = "com.atproto.simplespace."


def members(person, space, **options):
    return {entry["did"]: entry for entry in person.get(SIMPLE + "listMembers", space=space, **options).ok()["members"]}


def may(person, space):
    """What a person can do: write, read their own records, read others' by a credential."""
    token = person.get("com.atproto.space.getDelegationToken", space=space)
    write = person.post(
        "com.atproto.space.createRecord", space=space, repo=person.did, collection=POST,
        record={"$type": POST, "text": "?"})
    return "".join(letter for letter, answer in (("r", token), ("w", write)) if answer.status == 200)


@pytest.mark.parametrize("fields, flags, allowed", [
    ({}, (True, True), "rw"), ({"access": "write"}, (True, True), "rw"), ({"access": "read"}, (True, False), "r"),
    ({"access": "read_self"}, (True, False), ""),
])
def test_levels_of_access(alice, bob, fields, flags, allowed):
    space = alice.create_space()
    alice.add(space, bob, **fields)
    entry = members(alice, space)[bob.did]
    assert (entry["read"], entry["write"]) == flags
    assert entry["access"] == fields.get("access", "write")
    assert may(bob, space) == allowed


@pytest.mark.parametrize("read, write, allowed", [
    (True, True, "rw"), (True, False, "r"), (False, True, "w"), (False, False, ""),
])
def test_flags_of_access(alice, bob, read, write, allowed):
    space = alice.create_space()
    alice.post(SIMPLE + "putMember", space=space, did=bob.did, read=read, write=write).ok()
    assert may(bob, space) == allowed
    alice.post(SIMPLE + "putMember", space=space, did=bob.did, read=True, write=True).ok()
    assert may(bob, space) == "rw"


def test_both_flags_are_needed(alice, bob):
    space = alice.create_space()
    alice.post(SIMPLE + "putMember", space=space, did=bob.did, read=True).refused("InvalidRequest", status=400)
    alice.post(SIMPLE + "putMember", space=space, did=bob.did, read=True, write="yes").refused("InvalidRequest", status=400)
    alice.post(SIMPLE + "addMember", space=space, did=bob.did, access="admin").refused("InvalidRequest", status=400)
    alice.post(SIMPLE + "addMember", space=space, did="bob.test").refused("InvalidRequest", status=400)
    alice.post(SIMPLE + "addMember", space=space).refused("InvalidRequest", status=400)


def test_the_owner_is_always_admitted(alice):
    space = alice.create_space()
    assert may(alice, space) == "rw"
    assert alice.did not in members(alice, space)
    alice.post(SIMPLE + "removeMember", space=space, did=alice.did)
    assert may(alice, space) == "rw"


def test_adding_and_removing_twice(alice, bob):
    space = alice.create_space()
    for _ in range(2):
        alice.post(SIMPLE + "addMember", space=space, did=bob.did).ok()
    assert list(members(alice, space)) == [bob.did]
    for _ in range(2):
        alice.post(SIMPLE + "removeMember", space=space, did=bob.did).ok()
    assert members(alice, space) == {}
    added = alice.post("dev.happyview.space.addMember", space=space, did=bob.did)
    assert added.ok()["member"]["did"] == bob.did
    assert members(alice, space)[bob.did]["access"] == "read"
    alice.post("dev.happyview.space.addMember", space=space, did=bob.did).refused("MemberAlreadyExists", status=409)
    assert alice.post("dev.happyview.space.removeMember", space=space, did=bob.did).ok()["success"] is True
    assert alice.post("dev.happyview.space.removeMember", space=space, did=bob.did).status == 404


def test_members_are_listed_in_pages(alice):
    space = alice.create_space()
    dids = sorted(f"did:web:member{number}.example" for number in range(7))
    for did in reversed(dids):
        alice.post(SIMPLE + "addMember", space=space, did=did).ok()
    seen, cursor = [], None
    while True:
        page = alice.get(SIMPLE + "listMembers", space=space, limit=3, cursor=cursor).ok()
        seen += [entry["did"] for entry in page["members"]]
        cursor = page.get("cursor")
        if cursor is None:
            break
    assert seen == dids
    for limit in (0, 1001, -1):
        alice.get(SIMPLE + "listMembers", space=space, limit=limit).refused("InvalidRequest", status=400)


def test_who_sees_the_list(service, alice, bob, carol):
    space = alice.create_space()
    alice.add(space, bob)
    bob.get(SIMPLE + "listMembers", space=space).refused("NotSpaceOwner", status=400)
    assert list(members(bob, space, did=bob.did)) == [bob.did]
    absent = carol.get(SIMPLE + "listMembers", space=space + "x")
    assert carol.get(SIMPLE + "listMembers", space=space).shape == absent.shape
    reader = bob.reader(space)
    refused = reader.get(SIMPLE + "listMembers", space=space)
    assert refused.status in (400, 401, 403) and bob.did not in refused.text
    alice.post(SIMPLE + "updateSpace", space=space, config={"membersCanList": True}).ok()
    assert bob.did in members(bob, space)
    assert carol.get(SIMPLE + "listMembers", space=space).error == "SpaceNotFound"
    alice.post(SIMPLE + "updateSpace", space=space, config={"membershipPublic": True}).ok()
    assert bob.did in members(Caller(service.url), space)
    Caller(service.url).get(SIMPLE + "getSpace", space=space).ok()
    Caller(service.url).get("com.atproto.space.listRepos", space=space).ok()
    refused = Caller(service.url).get("com.atproto.space.listRecords", space=space, repo=alice.did)
    assert refused.status in (400, 401), "a public list of members makes no records public"


@pytest.mark.parametrize("settings", [
    {}, {"policy": PUBLIC}, {"config": {"recordsPublic": True}}, {"config": {"membersCanList": True}},
    {"policy": PUBLIC, "config": {"recordsPublic": True, "membersCanList": True}}, {"config": {"membershipPublic": False}},
    {"config": {"membershipPublic": True}},
])
def test_only_a_public_list_is_for_everybody(service, alice, bob, carol, settings):
    space = alice.create_space(**settings)
    alice.add(space, bob)
    is_public = settings.get("config", {}).get("membershipPublic") is True
    for query in ({}, {"direct": True}, {"did": bob.did}):
        for name in (SIMPLE + "listMembers", "dev.happyview.space.listMembers"):
            for who in (Caller(service.url), carol):
                answer = who.get(name, space=space, **query)
                assert (answer.status == 200) == is_public, (name, query, answer.text)
                assert is_public or bob.did not in answer.text


def test_a_public_list_shows_no_list_that_is_not(service, alice, bob, carol):
    """Whoever manages a space sees whom its member spaces bring; everybody else only those that say so themselves."""
    outer = alice.create_space(config={"membershipPublic": True})
    hidden, shown = bob.create_space(), bob.create_space(config={"membershipPublic": True})
    bob.post(SIMPLE + "addMember", space=hidden, did="did:web:hidden.example").ok()
    bob.post(SIMPLE + "addMember", space=shown, did="did:web:shown.example").ok()
    for inner in (hidden, shown):
        nest(alice, outer, inner)
    assert {"did:web:hidden.example", "did:web:shown.example"} <= set(members(alice, outer))
    for who in (Caller(service.url), carol):
        assert "did:web:shown.example" in members(who, outer) and "did:web:hidden.example" not in members(who, outer)
        assert members(who, outer, did="did:web:hidden.example") == {}
        assert hidden not in who.get(SIMPLE + "listMembers", space=outer, direct=True).text


def test_settings_are_shown_to_owners_and_managers(service, alice, bob, carol):
    space = alice.create_space()
    alice.add(space, bob, access="write_only", manage=True)
    for person in (alice, bob):
        assert person.get(SIMPLE + "getSpace", space=space).ok()["uri"] == space
        person.get(SIMPLE + "getConfig", space=space).ok()
    absent = carol.get(SIMPLE + "getSpace", space=space + "x")
    assert carol.get(SIMPLE + "getSpace", space=space).shape == absent.shape


def nest(owner, outer, inner, **fields):
    owner.post(SIMPLE + "addMember", space=outer, did=inner, isDelegation=True, **fields).ok()


def test_spaces_are_members_of_spaces(service, alice, bob):
    outer, inner = alice.create_space(), alice.create_space(type="com.example.team")
    alice.add(inner, bob)
    assert may(bob, outer) == ""
    nest(alice, outer, inner)
    assert may(bob, outer) == "rw"
    assert set(members(alice, outer)) == {bob.did}
    rows = alice.send("GET", SIMPLE + "listMembers", lexicon=False, params={"space": outer, "direct": "true"})
    assert rows.status == 200 and [row["did"] for row in rows.body["members"]] == [inner]
    alice.remove(inner, bob)
    assert may(bob, outer) == ""


def test_the_row_caps_what_it_passes_on(alice, bob, carol):
    outer, inner = alice.create_space(), alice.create_space()
    alice.add(inner, bob)
    alice.add(inner, carol, access="read")
    nest(alice, outer, inner, access="read")
    assert may(bob, outer) == "r" and may(carol, outer) == "r"
    assert may(bob, inner) == "rw"


def test_circles_and_depth(service, alice, bob):
    spaces = [alice.create_space() for _ in range(12)]
    for outer, inner in zip(spaces, spaces[1:]):
        nest(alice, outer, inner)
    nest(alice, spaces[3], spaces[0])
    alice.add(spaces[9], bob)  # depth 9 from the first
    assert may(bob, spaces[0]) == "rw" and may(bob, spaces[3]) == "rw"
    dave = Person(service, "dave")
    alice.add(spaces[10], dave)  # depth 10 from the first, 9 from the second
    assert may(dave, spaces[0]) == "" and may(dave, spaces[1]) == "rw"
    assert dave.did not in members(alice, spaces[0]) and bob.did in members(alice, spaces[0])


def test_nothing_comes_from_spaces_that_are_not_here(alice, bob, carol):
    outer, inner = alice.create_space(), bob.create_space()
    nest(alice, outer, f"at://did:web:elsewhere.example/space/{FORUM}/main")
    assert members(alice, outer) == {}
    nest(alice, outer, inner)
    assert set(members(alice, outer)) == {bob.did}, "the owner of a space is of it"
    bob.post("com.atproto.simplespace.addMember", space=inner, did=carol.did).ok()
    assert set(members(alice, outer)) == {bob.did, carol.did}
    bob.post("com.atproto.simplespace.deleteSpace", space=inner).ok()
    assert members(alice, outer) == {} and may(carol, outer) == ""
