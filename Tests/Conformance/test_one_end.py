"""One end: whatever ended something, every listing and every question afterwards has the same answer (architecture, "liveness")."""

import re

import pytest

from kit.holder import Holder
from kit.people import MEMBER_LIST, PUBLIC, allow_list, managing_app
from kit.xrpc import Caller

SPACE, SIMPLE, HV = "com.atproto.space.", "com.atproto.simplespace.", "dev.happyview.space."
GRAPH = "dev.capabilitygraph.graph."
# An owner whose key this host keeps has two doors, and credentials to be had; one with a key of its own has a third, and signs no credentials.
DOORS = {"hosted": ("row", "edge"), "own key": ("row", "edge", "token")}
# What differs between two that are otherwise the same: names that are drawn, and moments.
DRAWN = re.compile(r"bafkr4i[a-z2-7]+|\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{24,64}|[234567a-z]{13}\b|sha-256:[\w-]{43}")


@pytest.fixture(params=DOORS)
def kind_of_owner(request):
    return request.param


@pytest.fixture
def owner(kind_of_owner, service, peer, alice):
    return alice if kind_of_owner == "hosted" else Holder(service, peer, "owner")


class Stage:
    """A space with a member, an outsider, an invite and credentials, all alike but for the name."""

    def __init__(self, owner, member, outsider, skey, **settings):
        self.owner, self.member, self.outsider = owner, member, outsider
        self.space = owner.create_space(skey=skey, **settings)
        self.skey = skey
        owner.add(self.space, member)
        owner.write(self.space, rkey="first")
        member.write(self.space, rkey="mine")
        self.invite = owner.post(HV + "createInvite", space=self.space).ok()
        self.reader = None if isinstance(owner, Holder) else member.reader(self.space)

    def end(self, door, kind, fits, row):
        """Ends what fits by the door: an edge by the graph or by a token of the owner's key, or what the tables call it."""
        if door == "row":
            return row(self).ok()
        found = [edge["cid"] for edge in edges(self.owner, self.space, kind=kind) if fits(self, edge)]
        assert found, f"there is no such edge of kind {kind}"
        for cid in found:
            if door == "edge":
                self.owner.post(GRAPH + "revoke", space=self.space, edge=cid).ok()
            else:
                answer = self.owner.revoke(cid)
                assert answer.status_code == 200, answer.text

    def seen(self):
        """Every listing and every question, in words that are the same for spaces that are in the same state."""
        space, asked = self.space, []

        def ask(who, caller, name, **fields):
            answer = caller.send("GET", name, params={"space": space, **fields}, lexicon=False)
            asked.append((who, name, str(fields), answer.status, self.plain(answer)))

        people = {"owner": self.owner, "member": self.member, "outsider": self.outsider, "nobody": Caller(self.owner.url)}
        for who, caller in people.items():
            for name in (SIMPLE + "getSpace", SIMPLE + "listMembers", SPACE + "listRepos"):
                ask(who, caller, name)
            ask(who, caller, SPACE + "listRecords", repo=self.owner.did)
        for name in (HV + "getSpace", SIMPLE + "getConfig", HV + "listInvites", HV + "listMembers",
                     "dev.capabilitygraph.space.listCredentials"):
            ask("owner", self.owner, name)
        ask("owner", self.owner, SIMPLE + "listMembers", direct="true")
        for person in (self.member, self.outsider):
            ask("owner", self.owner, SIMPLE + "listMembers", did=person.did)
            for ability in ("read", "write", "manage"):
                ask("owner", self.owner, GRAPH + "check", ability=ability, did=person.did)
        for kind in ("membership", "policy", "appAccess", "invite", "spaceCredential"):
            ask("owner", self.owner, GRAPH + "listEdges", kind=kind)
        if self.reader:
            ask("reader", self.reader, SPACE + "listRepos")
        return asked

    def plain(self, answer):
        """An answer without what is drawn, the rows of a listing in one order, and of a decision what was decided."""
        body = answer.body
        if isinstance(body, dict):
            if answer.method == GRAPH + "check":
                body = body["decision"]
            elif answer.method == GRAPH + "listEdges":
                body = sorted(f'{edge["delegator"]} {edge["delegate"]} {edge["capabilities"]}' for edge in body["delegations"])
            elif "decision" in body:
                body = {name: part for name, part in body.items() if name != "decision"}
        text = DRAWN.sub("~", str(body).replace(self.skey, "SKEY"))
        return re.sub(r"'(revision|reason|endedBy)': [^,}]+", r"'\1': ~", text)

    def afterwards(self):
        """Goes on where it ended, and tells what came of it."""
        told = []
        tell = lambda name, answer: told.append((name, answer.status, answer.error))
        owner, member, space = self.owner, self.member, self.space
        tell("invited", member.post(HV + "acceptInvite", token=self.invite["token"]))
        update = lambda **fields: owner.post(SIMPLE + "updateSpace", space=space, **fields)
        tell("application decides", update(policy=managing_app("did:web:gone.localhost%3A1#forum")))
        tell("list decides again", update(policy=MEMBER_LIST))
        tell("member reads", member.get(SPACE + "listRepos", space=space))
        tell("added again", owner.post(SIMPLE + "addMember", space=space, did=member.did))
        tell("reads again", member.get(SPACE + "listRepos", space=space))
        if self.reader:
            tell("the old credential", self.reader.get(SPACE + "listRepos", space=space))
        tell("removed", owner.post(SIMPLE + "removeMember", space=space, did=member.did))
        tell("reads no more", member.get(SPACE + "listRepos", space=space))
        return told


def edges(owner, space, **query):
    return owner.get(GRAPH + "listEdges", space=space, limit=1000, **query).ok()["delegations"]


def to_everybody(stage, edge):
    """Not which collections the space takes: that is for everybody in every space."""
    abilities = {capability["ability"].removeprefix("atproto.space/") for capability in edge["capabilities"]}
    return edge["delegate"].endswith(":anyone") and "take" not in abilities


def membership(stage, edge):
    return edge["delegate"] == stage.member.did


def update(**fields):
    return lambda stage: stage.owner.post(SIMPLE + "updateSpace", space=stage.space, **fields)


# What ends: settings it needs, the kind of its edge, which of them, and what the older door to it is.
ENDS = {
    "a membership": ({}, "membership", membership, lambda stage: stage.owner.post(
        SIMPLE + "removeMember", space=stage.space, did=stage.member.did)),
    "a policy": ({"policy": None, "readPolicy": PUBLIC, "writePolicy": MEMBER_LIST}, "policy", to_everybody,
                 update(readPolicy=MEMBER_LIST)),
    "the access of applications": ({}, "appAccess", to_everybody, update(appAccess=allow_list())),
    "a list for everybody": ({"config": {"membershipPublic": True}}, "policy", to_everybody,
                             update(config={"membershipPublic": False})),
    "an invite": ({}, "invite", lambda stage, edge: True, lambda stage: stage.owner.post(
        HV + "revokeInvite", space=stage.space, inviteId=stage.invite["inviteId"])),
    "a credential": ({}, "spaceCredential", lambda stage, edge: True, lambda stage: stage.owner.post(
        "dev.capabilitygraph.space.revokeCredential", space=stage.space, jti=stage.reader.claims["jti"])),
}


@pytest.mark.parametrize("what", ENDS)
def test_all_doors_leave_the_same_state(kind_of_owner, owner, bob, carol, what):
    if what == "a credential" and kind_of_owner == "own key":
        return  # there are none
    settings, kind, fits, row = ENDS[what]
    doors = DOORS[kind_of_owner]
    seen, after = {}, {}
    for number, door in enumerate(doors):
        stage = Stage(owner, bob, carol, f"stage-{number}-{what.replace(' ', '-')}", **settings)
        stage.end(door, kind, fits, row)
        seen[door], after[door] = stage.seen(), stage.afterwards()
    for door in doors[1:]:
        other = [f"{first}\n{second}" for first, second in zip(seen[doors[0]], seen[door]) if first != second]
        assert not other, f"{what} by the {doors[0]} and by the {door}:\n" + "\n".join(other)
        assert after[doors[0]] == after[door], f"after {what} by the {doors[0]} and by the {door}"
