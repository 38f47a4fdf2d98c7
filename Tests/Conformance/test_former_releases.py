"""Updates: a database that a former release left is taken over, and every question has the answer it had."""

import json

import pytest

from kit import former

FOLDERS = sorted(former.DATABASES.glob("format-*"))
# What a later release answers otherwise, on purpose, and what of an answer is compared all the same. What is not named here
# is compared byte for byte.


def decided(entry, answer):
    """Whether it is allowed, whatever it rests on and in whose words: a right of a member has an edge of its own, under the
    policy's; what a managing application says, and a caveat, is met by context, and what is missing is named."""
    told = answer["json"]
    return answer["status"], told.get("decision", told.get("error"))


def who(entry, answer):
    """Whom edges are between, each once: a member has one for each right, and the list one for each side. What ended with
    the update, since another edge stands in its place, is listed as ended."""
    told = answer["json"]
    if "revoked" in entry["name"]:
        return answer["status"], told.get("error")
    rows = told.get("delegations") or told.get("chain") or []
    people = {(row["kind"], row["delegator"], row["delegate"]) for row in rows if not row["delegate"].startswith("at://")}
    return answer["status"], told.get("error"), sorted(p for p in people if p[0] in ("ucan", "cacao", "membership"))


def without_the_ended(entry, answer):
    """Whose membership was ended by a token is not told of the space any more, where its row was not told of the end."""
    told = json.dumps(answer)
    return told.replace(
        '{"uri": "at://did:web:grace.localhost%3A8140/space/com.example.forum/ended-by-token", "isOwner": false}, ', "")


MAY_DIFFER = {"checks": decided, "decisions": decided, "decisions on spaces": decided, "capq": decided, "edges": who,
              "settings": without_the_ended}
# Who acts under a caveat that no host can judge, or on what lies outside one, is refused now: repeating it was enough.
CAVEATED = ("agent until noon", "grace's narrowed agent", "grace's agent until noon", "limited by", "narrowed agent")


def alike(entry, answer):
    allow = MAY_DIFFER.get(entry["group"], lambda entry, answer: answer)
    if allow(entry, entry["answer"]) == allow(entry, answer):
        return True
    decision = answer["json"].get("decision")
    if entry["group"] == "exchanges" and entry["answer"]["json"].get("error") == "UserNotAuthorized":
        # Who is not let in, and may not know of the space, is told that there is none; never the other way round.
        return answer["json"].get("error") == "SpaceNotFound" and answer["status"] == entry["answer"]["status"]
    if "apps-" in entry["name"] and entry["group"] in ("checks", "capq", "decisions on spaces"):
        # Where not every application may connect, a member reads by one that may: which, the question has to say.
        return decision == "deny" and answer["json"]["reason"]["code"] == "missingContext"
    if "list-app" in entry["name"] and entry["answer"]["json"].get("error") == "SpaceNotFound":
        # Where an application decides who writes, everybody knows of the space.
        return decision == "deny" or answer["json"].get("error") in ("NotSpaceOwner", "Forbidden") or (
            answer["json"].get("delegations") == [])
    return entry["name"].startswith(CAVEATED) and (answer["status"] >= 400 or decision in ("deny", False))


@pytest.fixture(scope="module", params=FOLDERS, ids=[folder.name for folder in FOLDERS])
def replayed(request):
    return former.answers(request.param)


GROUPS = ["settings", "members", "records", "caveats", "checks", "edges", "invites", "credentials", "accounts", "decisions",
          "decisions on spaces", "tinycloud", "exchanges", "changes",
          "capq"]


def told(entry, answer):
    question = f'{entry["verb"]} {entry["path"]}' if "verb" in entry else " ".join(["capq check", *entry["question"]])
    return f'{entry["name"]}\n  {question}\n  then: {brief(entry["answer"])}\n  now:  {brief(answer)}'


def brief(answer):
    return json.dumps(answer, ensure_ascii=False)[:600]


@pytest.mark.parametrize("group", GROUPS)
def test_answers_stay(replayed, group):
    asked = [(entry, answer) for entry, answer in replayed if entry["group"] == group]
    assert asked, "nothing was asked"
    other = [told(entry, answer) for entry, answer in asked if not alike(entry, answer)]
    assert not other, f"{len(other)} of {len(asked)} answers differ:\n" + "\n".join(other[:8])


def test_every_group_is_compared(replayed):
    assert {entry["group"] for entry, _ in replayed} == set(GROUPS)
