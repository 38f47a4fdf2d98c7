"""An operator who suspends, takes down and deletes accounts from the shell, while the service is stopped."""

import json
import subprocess

import pytest

from kit.people import PASSWORD, POST, Person, Reader, resolve
from kit.service import Service, binary
from kit.xrpc import Refused

SPACE = "com.atproto.space."


def run(service, *words):
    ended = subprocess.run(
        [binary(), *words, "--data", str(service.path / "data"), *service.store], capture_output=True, text=True, timeout=60)
    return ended.returncode, ended.stdout, ended.stderr


def done(service, *words):
    """What the command answers beside a service that was stopped for it."""
    service.stop()
    code, output, errors = run(service, *words)
    service.start(service.port)
    assert code == 0 and not errors, errors
    return json.loads(output)


@pytest.fixture
def service():
    made = Service()
    yield made
    made.stop()


@pytest.fixture
def forum(service):
    """alice's space, in which bob writes and carol reads."""
    alice, bob, carol = Person(service, "alice"), Person(service, "bob"), Person(service, "carol")
    space = alice.create_space()
    alice.add(space, bob, carol)
    bob.write(space, rkey="x")
    return alice, bob, carol, space


def read(person, space, author):
    return person.get(SPACE + "getRecord", space=space, repo=author.did, collection=POST, rkey="x")


def sign_in(person):
    return person.post("com.atproto.server.createSession", headers={}, identifier=person.handle, password=PASSWORD)


def session(person):
    return person.get("com.atproto.server.getSession")


@pytest.mark.parametrize("verb, word, refusal", [
    ("suspend", "suspended", "RepoSuspended"), ("takedown", "takendown", "RepoTakendown"),
])
def test_who_may_not_act_is_read_by_nobody(service, forum, verb, word, refusal):
    alice, bob, carol, space = forum
    assert read(carol, space, bob).ok()
    assert done(service, "account", verb, bob.handle) == {"account": bob.did, "handle": bob.handle, "status": word}
    read(carol, space, bob).refused(refusal, status=400)
    session(bob).refused("AccountTakedown", status=401)
    read(bob, space, bob).refused("AccountTakedown", status=401)
    sign_in(bob).refused("AccountTakedown", status=401)
    assert session(carol).ok()["did"] == carol.did
    assert done(service, "account", "activate", bob.did)["status"] == "active"
    assert read(carol, space, bob).ok()
    # The old sessions stay dead: whoever held them has to know the password.
    session(bob).refused("InvalidToken")
    bob.post("com.atproto.server.refreshSession", {"Authorization": "Bearer " + bob.refresh}).refused("ExpiredToken")
    bob.headers["Authorization"] = "Bearer " + sign_in(bob).ok()["accessJwt"]
    assert read(bob, space, bob).ok()


def test_what_a_suspended_account_gave_an_app_dies(service, forum):
    alice, bob, carol, space = forum
    token = carol.delegation(space)
    reader = carol.reader(space)
    read(reader, space, bob).ok()
    done(service, "account", "suspend", carol.did)
    assert read(reader, space, bob).status == 401
    with pytest.raises(Refused, match="InvalidDelegationToken"):
        Reader(service.url, resolve(service, alice.did).origin, space, token)


def test_a_deleted_account_leaves_nothing(service, forum):
    alice, bob, carol, space = forum
    own, gone = bob.create_space(), alice.create_space()
    for owner, one in (bob, own), (alice, gone):
        owner.add(one, carol)
        owner.write(one, rkey="x")
        carol.write(one, rkey="x")
    alice.post("com.atproto.simplespace.deleteSpace", space=gone).ok()
    answer = done(service, "account", "delete", "@" + bob.handle)
    assert answer == {"account": bob.did, "handle": bob.handle, "status": "deleted", "spaces": 1}
    read(carol, space, bob).refused("RepoNotFound")
    listed = carol.get(SPACE + "listRecords", space=space, collection=POST).ok()
    assert listed["records"] == []
    # The space under its authority is as one that was deleted: carol keeps what carol wrote, for carol alone.
    assert read(alice, own, carol).shape == read(stranger(service), gone, carol).shape
    carol.get(SPACE + "getDelegationToken", space=own).refused("SpaceNotFound", "SpaceDeleted")
    assert read(carol, own, carol).ok()
    session(bob).refused("InvalidToken")
    sign_in(bob).refused("AuthenticationRequired", status=401)
    # The name is bob's in what was signed and is kept: nobody becomes bob by registering it.
    again = alice.post("com.atproto.server.createAccount", headers={}, handle=bob.handle, password=PASSWORD)
    again.refused("HandleNotAvailable", status=400)
    code, output, _ = run_verify(service)
    assert code == 0 and json.loads(output)["verified"]


def stranger(service):
    """Somebody who has to do with nothing."""
    return Person(service, "stranger")


def run_verify(service):
    service.stop()
    try:
        return run(service, "verify")
    finally:
        service.start(service.port)


def test_one_repo_is_taken_down_and_restored(service, forum):
    alice, bob, carol, space = forum
    bob_elsewhere = bob.create_space()
    bob.add(bob_elsewhere, carol)
    bob.write(bob_elsewhere, rkey="x")
    assert done(service, "repo", "takedown", space, bob.did) == {"space": space, "repo": bob.did, "status": "takendown"}
    read(carol, space, bob).refused("RepoTakendown", status=400)
    assert read(bob, space, bob).ok() and read(carol, bob_elsewhere, bob).ok()
    assert done(service, "repo", "restore", space, bob.did)["status"] == "active"
    assert read(carol, space, bob).ok()


def test_refusals_change_nothing(service, forum):
    alice, bob, carol, space = forum
    code, output, errors = run(service, "account", "suspend", bob.did)
    held = "another node serves the store" if service.store else f"in use by process {service.process.pid}"
    assert code == 1 and not output and held in errors, errors
    assert session(bob).ok()
    service.stop()
    for words, status, said in [
        (["account", "suspend", "did:web:nobody.example"], 1, "there is no account `did:web:nobody.example` here"),
        (["account", "delete", "nobody.example"], 1, "there is no account"),
        (["account", "suspend"], 2, "suspend, takedown, activate, delete"),
        (["account", "banish", bob.did], 2, "suspend, takedown, activate, delete"),
        (["account", "suspend", bob.did, "more"], 2, "unexpected argument `more`"),
        (["repo", "takedown", space, "did:web:nobody.example"], 1, "has no repo"),
        (["repo", "takedown", "nonsense", bob.did], 1, "space"), (["repo", "hide", space, bob.did], 2, "takedown"),
    ]:
        code, output, errors = run(service, *words)
        assert (code, output) == (status, "") and said in errors, (words, errors)
    missing = subprocess.run(
        [binary(), "account", "suspend", bob.did, "--data", str(service.path / "none")], capture_output=True, text=True)
    assert missing.returncode == 1 and "there is no database" in missing.stderr
    assert not (service.path / "none").exists()
    service.start(service.port)
    assert session(bob).ok() and read(carol, space, bob).ok()
