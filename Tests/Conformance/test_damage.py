"""What was stored and is no longer what was written: `verify` says so, and nothing of it is served."""

import json
import os
import pathlib
import sqlite3
import subprocess

import pytest

from kit.people import POST, Person
from kit.service import binary

SPACE = "com.atproto.space."
SECRET = "a sentence that only members read"


class Stage:
    """A service of the test's own with a record, a blob and a member, that can be stopped and damaged."""

    def __init__(self, service):
        self.service = service
        self.data = service.path / "data"
        self.database = self.data / "capability-graph.sqlite"
        self.alice, self.bob = Person(service, "alice"), Person(service, "bob")
        self.space = self.alice.create_space()
        self.alice.add(self.space, self.bob)
        self.content = os.urandom(5000)
        blob = self.alice.bytes("com.atproto.repo.uploadBlob", self.content, "image/png").ok()["blob"]
        self.cid = blob["ref"]["$link"]
        record = {"$type": POST, "text": SECRET, "embed": {"images": [blob]}}
        self.alice.write(self.space, rkey="a", record=record)

    def verify(self):
        done = subprocess.run([binary(), "verify", "--data", self.data], capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def change(self, sql):
        """Stops the service and changes its database, as a disk might."""
        self.service.stop()
        with sqlite3.connect(self.database) as connection:
            changed = connection.execute(sql).rowcount
        connection.close()
        assert changed > 0

    def flip(self, table, column, offset):
        """Stops the service and changes one byte of a table's only row."""
        self.service.stop()
        with sqlite3.connect(self.database) as connection:
            (value,) = connection.execute(f"SELECT {column} FROM {table}").fetchone()
            changed = bytes([*value[:offset], value[offset] ^ 1, *value[offset + 1:]])
            connection.execute(f"UPDATE {table} SET {column} = ?", (changed,))
        connection.close()

    def says(self, *words):
        status, text = self.verify()
        assert status == 1 and all(word in text for word in words), text
        assert SECRET not in text

    def refuses_to_start(self, *words):
        with pytest.raises(RuntimeError) as failure:
            self.service.start()
        # Whoever reads the message has a way on.
        assert all(word in str(failure.value) for word in (*words, "hint:")), failure.value

    def start(self):
        self.service.start(self.service.port)


def refuses_as_broken(call, *secrets):
    """The kit takes a 500 for a failed test and shows all of it: here it is what is asked for."""
    with pytest.raises(AssertionError) as failure:
        call()
    text = str(failure.value).splitlines()[0]
    assert text == '{"error":"InternalServerError","message":"the call could not be answered"}'
    assert not any(secret in text for secret in secrets)


@pytest.fixture
def stage(start):
    return Stage(start())


def test_sound_database_is_verified_with_its_records_and_blobs(stage):
    status, text = stage.verify()
    found = json.loads(text)
    assert status == 0 and found["records"] == 1 and found["blobs"] == 1 and found["rows"] > 10
    stage.service.kill()
    assert stage.verify()[0] == 0
    stage.start()
    assert stage.verify()[0] == 0


def test_damaged_record_is_named_and_never_served(stage):
    get = lambda: stage.alice.get(
        SPACE + "getRecord", space=stage.space, repo=stage.alice.did, collection=POST, rkey="a")
    assert SECRET.encode() in get().raw
    stage.flip("record", "value", 20)
    stage.says("is damaged", f"{stage.alice.did}/{POST}/a", "restore it from a backup")
    stage.start()
    calls = [
        get,
        lambda: stage.alice.get(SPACE + "listRecords", space=stage.space, repo=stage.alice.did, collection=POST),
        lambda: stage.alice.get(SPACE + "listRepoOps", space=stage.space, repo=stage.alice.did),
    ]
    for call in calls:
        refuses_as_broken(call, "members read")


def test_damaged_blob_is_named_and_never_served(stage):
    get = lambda: stage.alice.get(SPACE + "getBlob", space=stage.space, repo=stage.alice.did, cid=stage.cid)
    assert get().raw == stage.content
    stage.flip("blob", "bytes", 4000)
    stage.says("is damaged", stage.cid)
    stage.start()
    refuses_as_broken(get)


@pytest.mark.parametrize("table, sql", [
    ("space_member", "UPDATE space_member SET access = access + 1"),
    ("space_member", "DELETE FROM space_member"),
    ("account", "UPDATE account SET status = 1 - status WHERE handle LIKE 'bob%'"),
    ("account", "UPDATE account SET password = (SELECT password FROM account WHERE handle LIKE 'bob%')"),
    ("session", "UPDATE session SET expires_at = expires_at + 1"),
    ("write_budget", "DELETE FROM write_budget"),
])
def test_changed_row_is_noticed_and_not_started_on(stage, table, sql):
    stage.change(sql)
    stage.says("is damaged", f"`{table}`")
    stage.refuses_to_start(f"`{table}`")


@pytest.mark.parametrize("table, sql", [
    ("operation", "UPDATE operation SET rkey = 'b'"),
    ("blob", "UPDATE blob SET mime_type = 'text/html'"),
    ("repo", "UPDATE repo SET status = 3"),
])
def test_changed_row_of_a_large_table_is_noticed(stage, table, sql):
    stage.change(sql)
    stage.says("is damaged", f"`{table}`")


@pytest.mark.parametrize("kept", [0, 0.5])
def test_lost_write_ahead_log_is_noticed(stage, kept):
    stage.service.kill()
    log = pathlib.Path(str(stage.database) + "-wal")
    whole = log.read_bytes()
    assert len(whole) > 100_000
    if kept:
        log.write_bytes(whole[: int(len(whole) * kept)])
    else:
        log.unlink()
    stage.says("acknowledged", "write-ahead log", "hint:")
    stage.refuses_to_start("acknowledged", "write-ahead log")
    log.write_bytes(whole)
    stage.start()
    assert stage.verify()[0] == 0


@pytest.mark.parametrize("size", [None, 0])
def test_lost_database_does_not_start_afresh_in_silence(stage, size):
    stage.service.stop()
    saved = stage.database.read_bytes()
    head, key = pathlib.Path(str(stage.database) + ".head"), stage.data / "account-keys.master"
    assert head.exists() and key.exists()
    if size is None:
        stage.database.unlink()
    else:
        stage.database.write_bytes(b"")
    stage.refuses_to_start("is gone or empty", "account-keys.master", "start afresh")
    # Nothing was made in the place of what is missing: putting it back is all it takes.
    stage.database.write_bytes(saved)
    stage.start()
    assert stage.verify()[0] == 0
    stage.service.stop()
    stage.database.unlink()
    # Either file alone still says that something was here; without both a new service begins.
    key.rename(stage.data / "kept")
    stage.refuses_to_start("is gone or empty", "start afresh")
    head.unlink()
    (stage.data / "kept").rename(key)
    stage.refuses_to_start("is gone or empty", "start afresh")
    key.unlink()
    stage.start()
    assert json.loads(stage.verify()[1])["revision"] == 0

