"""Updates: a database that a former release left is taken over, and every question has the answer it had."""

import json

import pytest

from kit import former

FOLDERS = sorted(former.DATABASES.glob("format-*"))
# Groups of questions whose answers a later release may word otherwise, and the parts of them that it may. What is not
# named here is compared byte for byte. Say in one line why.
MAY_DIFFER = {}


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
    allow = MAY_DIFFER.get(group, lambda answer: answer)
    other = [told(entry, answer) for entry, answer in asked if allow(entry["answer"]) != allow(answer)]
    assert not other, f"{len(other)} of {len(asked)} answers differ:\n" + "\n".join(other[:8])


def test_every_group_is_compared(replayed):
    assert {entry["group"] for entry, _ in replayed} == set(GROUPS)
