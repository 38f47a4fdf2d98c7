"""Invites, grants, logins and listings, older names of methods, and HEAD: what test_sameness.py asks of spaces, asked of
all else that a method can take (design.md, law 9)."""

import pytest

from kit import jwt
from kit.curious import OLDER, SIMPLE, SPACE, turned
from kit.people import FORUM
from kit.sameness import told_apart
from test_invites import accept, invite
from test_sameness import CALLERS, ROUTES, TABLE, ask, filled, questions, world  # noqa: F401 (a fixture)
from test_surface import documented

# Who may not take an invite at all; to whoever may, a live one is one.
CANNOT_ACCEPT = [
    "nobody", "unreadable token", "ended session", "app password", "member's app password", "member's app without scope",
    "member's app of another type", "credential of another space (P)", "credential of another space (N)",
    "delegation token of a stranger (P)", "delegation token of another space", "unbound credential of another space",
    "delegation token forged in a member's name", "forged credential", "key", "key of another space",
    "key that names another space", "agent with a chain of another space",
]
# What is told apart today, and why. Whoever mends one takes it out: it fails when the two are alike.
DEAD = "who shows an invite that has ended is told how it ended, by the names that clients know (atproto-spaces.md 16)"
KNOWN_OPEN = {("dead invite", caller): DEAD for caller in ("session", "removed member", "service auth")}


def judge(found, key):
    if key in KNOWN_OPEN:
        assert found, "this is mended: take it out of KNOWN_OPEN"
        pytest.xfail(KNOWN_OPEN[key])
    assert not found, "\n".join(found)


@pytest.fixture(scope="module")
def invites(world):  # noqa: F811
    """Codes by what became of them, of a space of their own."""
    space = world.owner.create_space(skey="invites-there")
    made = {name: invite(world.owner, space, **fields) for name, fields in {
        "live": {}, "revoked": {}, "used up": {"maxUses": 1}}.items()}
    world.owner.post(OLDER + "revokeInvite", space=space, inviteId=made["revoked"]["inviteId"]).ok()
    accept(world.member, made["used up"]["token"]).ok()
    return {name: one["token"] for name, one in made.items()}


@pytest.mark.parametrize("caller", CANNOT_ACCEPT)
@pytest.mark.parametrize("name", ["acceptInvite", "redeemInvite"])
def test_who_cannot_accept_learns_of_no_invite(world, invites, caller, name):  # noqa: F811
    who, found = world.callers[caller], []
    for code in invites.values():
        found += told_apart(
            lambda thing: who.post(OLDER + name, token=thing["token"]).response, {"token": code}, {"token": turned(code)})
    judge(found, ("invite", caller))


@pytest.mark.parametrize("caller", [name for name in CALLERS if name not in CANNOT_ACCEPT])
def test_dead_invites_are_as_unknown_ones(world, invites, caller):  # noqa: F811
    who, found = world.callers[caller], []
    for state in ("revoked", "used up"):
        found += told_apart(
            lambda thing: who.post(OLDER + "acceptInvite", token=thing["token"]).response,
            {"token": invites[state]}, {"token": turned(invites[state])})
    judge(found, ("dead invite", caller))


@pytest.mark.parametrize("caller", CALLERS)
def test_grants_for_private_spaces_are_as_others(world, caller):  # noqa: F811
    """A grant that a stranger signed; of profile X."""
    who = world.callers[caller]
    for _, there, absent in world.things.pairs[:4]:
        grant = lambda space: jwt.delegation(world.elsewhere.key, world.elsewhere.did, space)
        for name in (OLDER + "getSpaceCredential", SPACE + "getSpaceCredential"):
            judge(told_apart(
                lambda thing: who.post(name, grant=grant(thing["space"])).response,
                {"space": there["space"]}, {"space": absent["space"]}), ("grant", caller))


@pytest.mark.parametrize("caller", CALLERS)
def test_lists_of_spaces_are_the_callers_own(world, caller):  # noqa: F811
    who = world.callers[caller]
    for name, there in [("cursor", world.things.spaces["members"]["space"]), ("did", world.member.did)]:
        absent = there.replace("-there", "-never").replace("member", "nobody")
        judge(told_apart(
            lambda thing: who.get(SPACE + "listSpaces", **{name: thing["name"]}).response,
            {"name": there}, {"name": absent}), ("list", caller))


@pytest.mark.parametrize("caller", CALLERS)
def test_nobody_makes_a_space_in_anothers_name(world, caller):  # noqa: F811
    who, authority = world.callers[caller], world.owner.did
    for name in ("members", "deleted"):
        there = world.things.spaces[name]["space"].rsplit("/", 1)[1]
        judge(told_apart(
            lambda thing: who.post(
                SIMPLE + "createSpace", authority=authority, type=FORUM, skey=thing["skey"]).response,
            {"skey": there}, {"skey": there.replace("-there", "-never")}), ("create", caller))


def test_logins_tell_no_account_from_none(world):  # noqa: F811
    who, handle, did = world.callers["nobody"], world.owner.handle, world.owner.did
    for there in (handle, did):
        judge(told_apart(
            lambda thing: who.post(
                "com.atproto.server.createSession", identifier=thing["name"], password="not the password").response,
            {"name": there}, {"name": there.replace("owner", "never")}), "login")


OLDER_NAMES = {
    OLDER + short: nsid for nsid, (_, _, older) in documented().items() if nsid in ROUTES for short in older}


@pytest.mark.parametrize("caller", ["nobody", "session", "app password", "service auth", "key"])
@pytest.mark.parametrize("name", sorted(OLDER_NAMES))
def test_older_names_tell_no_more(world, name, caller):  # noqa: F811
    nsid = OLDER_NAMES[name]
    for _, fields, there, absent in list(questions(world, nsid))[:4]:
        judge(told_apart(
            lambda thing: ask(world.callers[caller], name, fields, thing, TABLE[nsid]), there, absent, False),
            (name, caller))


@pytest.mark.parametrize("caller", ["nobody", "session", "app password", "service auth", "key"])
@pytest.mark.parametrize("nsid", [nsid for nsid in sorted(ROUTES) if TABLE[nsid] == "GET"])
def test_heads_tell_no_more(world, nsid, caller):  # noqa: F811
    """HEAD, whose answers are those of GET without a body."""
    who = world.callers[caller]
    for _, fields, there, absent in list(questions(world, nsid))[:4]:
        def head(thing):
            made = {"space": thing["space"]} | filled(fields, thing)
            signed = getattr(who, "sign", lambda *_: (who.headers, {}))("HEAD", nsid, made)[0]
            return who.http.head(f"{who.url}/xrpc/{nsid}", params=made, headers=signed)
        judge(told_apart(head, there, absent, False), ("head", caller))
