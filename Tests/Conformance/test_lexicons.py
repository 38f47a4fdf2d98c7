"""An operator who gives lexicons: bare scopes, permission sets of apps, and records (atproto-spaces.md 1, 6, 7)."""

import json
import signal
import subprocess
import time

import httpx
import pytest

from kit.people import FORUM, POST, Person
from kit.peer import Peer
from kit.service import OPEN, Service, binary
from test_oauth import App, Issuer, write

SET = "com.example.everything"
VOTE = "com.example.forum.vote"


def declaration(collections=(POST,), **changes):
    main = {"type": "space", "key": "tid", "name": "Forum", "collections": list(collections)} | changes
    return {"lexicon": 1, "id": FORUM, "defs": {"main": main}}


def permission_set(**entry):
    entry = {"type": "permission", "resource": "space", "spaceType": FORUM} | entry
    return {
        "$type": "com.atproto.lexicon.schema", "lexicon": 1, "id": SET, "defs": {"main": {
            "type": "permission-set", "title": "Everything", "permissions": [
                entry, {"type": "permission", "resource": "rpc", "lxm": ["com.example.get"], "inheritAud": True}]}}}


def record_lexicon(key="any", **properties):
    properties = properties or {"text": {"type": "string", "maxLength": 10}, "at": {"type": "ref", "ref": "#place"}}
    return {"lexicon": 1, "id": POST, "defs": {
        "main": {"type": "record", "key": key, "record": {
            "type": "object", "required": ["text"], "properties": properties}},
        "place": {"type": "object", "required": ["x"], "properties": {"x": {"type": "integer", "minimum": 1}}}}}


class Operator:
    def __init__(self, folder, issuer):
        self.folder = folder
        self.put("com/example/forum.json", declaration())
        self.put("sets/everything.json", permission_set())
        self.put("notes.txt", "not a lexicon")
        self.service = Service(OPEN + ["--oauth-issuer", issuer.url, "--lexicons", str(folder)])
        self.issuer, self.alice = issuer, Person(self.service, "alice")
        self.space = self.alice.create_space()

    def put(self, name, value):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value))

    def log(self):
        return [json.loads(line) for line in (self.service.path / "log").read_text().splitlines() if line.startswith("{")]

    def reload(self):
        """Has the folder read again; gives what the service says of it."""
        told = lambda: [line for line in self.log() if line["event"] in ("lexiconsReloaded", "lexiconsRefused")]
        before, limit = len(told()), time.monotonic() + 15
        self.service.process.send_signal(signal.SIGHUP)
        while len(told()) == before:
            assert time.monotonic() < limit, "nothing was read again"
            assert httpx.get(self.service.url + "/healthz").status_code == 200
        return told()[-1]

    def app(self, scope):
        return App(self.service, self.issuer, self.alice, scope)

    def writes(self, app):
        """The collections an app may write."""
        return {name for name in (POST, VOTE, "com.example.other") if write(app, self.space, self.alice, name).status == 200}


@pytest.fixture
def operator(tmp_path):
    peer = Peer()
    made = Operator(tmp_path, Issuer(peer))
    yield made
    made.service.stop()
    peer.close()


@pytest.mark.parametrize("scope, collections", [
    (f"space:{FORUM}", {POST}), (f"space:{FORUM}?action=read", set()), (f"space:{FORUM}?collection={VOTE}", {VOTE}),
    ("space:*", set()), ("space:com.example.undeclared", set()), (f"include:{SET}", {POST}),
    (f"atproto include:{SET}?aud=did:web:app.example%23x", {POST}), (f"include:{SET}?more=1", set()),
    ("include:com.example.undeclared", set()), (f"include:{FORUM}", set()),
])
def test_a_bare_scope_writes_what_is_declared(operator, scope, collections):
    assert operator.writes(operator.app(scope)) == collections


GOOD_RECORDS = [{"text": "hello"}, {"text": "hello", "at": {"x": 1}, "more": [1, None]}]
BAD_RECORDS = [
    ({}, "`record/text` is missing"), ({"text": 1}, "`record/text` must be a text"),
    ({"text": "hello there"}, "`record/text` must have at most 10 bytes"),
    ({"text": "hello", "at": {"x": 0}}, "`record/at/x` must be at least 1"),
]


def test_records_are_held_to_their_lexicon(operator):
    alice, body = operator.alice, {"space": operator.space, "repo": operator.alice.did, "collection": POST}
    create, put = "com.atproto.space.createRecord", "com.atproto.space.putRecord"

    def status(record, **more):
        return alice.post(create, **body, record={"$type": POST, **record}, **more).ok().get("validationStatus")

    assert [status(BAD_RECORDS[0][0]), status({}, validate=False)] == ["unknown", None]
    operator.put("post.json", record_lexicon())
    assert operator.reload()["event"] == "lexiconsReloaded"
    for record in GOOD_RECORDS:
        assert [status(record), status(record, validate=True), status(record, validate=False)] == ["valid", "valid", None]
    for record, why in BAD_RECORDS:
        record = {"$type": POST, **record}
        for more in {}, {"validate": True}:
            answer = alice.post(create, **body, record=record, **more).refused("InvalidRequest", status=400)
            assert answer.body["message"] == why
            alice.post(put, **body, rkey="x", record=record, **more).refused("InvalidRequest", status=400)
            one, other = [
                {"$type": "com.atproto.space.applyWrites#create", "collection": POST, "value": value}
                for value in ({"$type": POST, "text": "hello"}, record)]
            alice.post("com.atproto.space.applyWrites", space=operator.space, repo=alice.did, writes=[one, other],
                       **more).refused("InvalidRequest", status=400)
        assert alice.post(put, **body, rkey="x", record=record, validate=False).ok().get("validationStatus") is None
    # A batch with a record that is refused leaves nothing.
    rows = alice.get("com.atproto.space.listRecords", space=operator.space, repo=alice.did, collection=POST, limit=100)
    assert len(rows.ok()["records"]) == 2 + 3 * len(GOOD_RECORDS) + 1
    # Collections without a lexicon are as ever.
    other = {**body, "collection": VOTE, "record": {"$type": VOTE}}
    assert alice.post(create, **other).ok()["validationStatus"] == "unknown"
    alice.post(create, **other, validate=True).refused("InvalidRequest", status=400)


@pytest.mark.parametrize("key, taken, refused", [
    ("tid", None, "x"), ("literal:self", "self", "other"), ("nsid", POST, "x"),
])
def test_record_keys_are_those_of_the_lexicon(operator, key, taken, refused):
    operator.put("post.json", record_lexicon(key=key))
    operator.reload()
    body = {"space": operator.space, "repo": operator.alice.did, "collection": POST, "record": {"$type": POST, "text": "x"}}
    named = {} if taken is None else {"rkey": taken}
    assert operator.alice.post("com.atproto.space.createRecord", **body, **named).ok()["validationStatus"] == "valid"
    operator.alice.post("com.atproto.space.createRecord", **body, rkey=refused).refused("InvalidRequest", status=400)


def test_a_record_lexicon_that_needs_another_is_refused_until_that_is_there(operator):
    operator.put("post.json", record_lexicon(text={"type": "ref", "ref": "com.example.defs#word"}))
    told = operator.reload()
    assert told["event"] == "lexiconsRefused" and "com.example.defs#word" in told["message"]
    operator.put("defs.json", {"lexicon": 1, "id": "com.example.defs", "defs": {"word": {"type": "string", "maxLength": 3}}})
    assert operator.reload()["event"] == "lexiconsReloaded"
    body = {"space": operator.space, "repo": operator.alice.did, "collection": POST}
    operator.alice.post("com.atproto.space.createRecord", **body, record={"$type": POST, "text": "abc"}).ok()
    operator.alice.post("com.atproto.space.createRecord", **body, record={"$type": POST, "text": "abcd"}).refused(
        "InvalidRequest", status=400)


def test_updates_are_followed_by_tokens_that_are_out(operator):
    bare, included = operator.app(f"space:{FORUM}"), operator.app(f"include:{SET}")
    assert operator.writes(bare) == operator.writes(included) == {POST}
    operator.put("com/example/forum.json", declaration([POST, VOTE]))
    assert operator.writes(bare) == {POST}, "nothing changes by itself"
    assert operator.reload()["event"] == "lexiconsReloaded"
    assert operator.writes(bare) == operator.writes(included) == {POST, VOTE}
    operator.put("com/example/forum.json", declaration([VOTE]))
    operator.put("sets/everything.json", permission_set(action=["read"]))
    operator.reload()
    assert operator.writes(bare) == {VOTE} and operator.writes(included) == set()
    (operator.folder / "com/example/forum.json").unlink()
    operator.reload()
    assert operator.writes(bare) == set()
    assert operator.alice.get("com.atproto.space.listRecords", space=operator.space, repo=operator.alice.did).ok()


BAD = [
    "{", "[]", {"lexicon": 2, "id": FORUM, "defs": {"main": {"type": "token"}}}, {"lexicon": 1, "id": "x", "defs": {}},
    declaration(["not an nsid"]), declaration(**{"key": None}), declaration(name=7), '{"lexicon":1,"lexicon":1}',
    permission_set(spaceType="*"), permission_set(spaceType="org.other.forum"), permission_set(action=["everything"]),
    permission_set(unknown=["x"]), permission_set(type="x"),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_a_bad_file_names_itself(tmp_path, number):
    path = tmp_path / "lexicons/deep/wrong.json"
    path.parent.mkdir(parents=True)
    path.write_text(BAD[number] if isinstance(BAD[number], str) else json.dumps(BAD[number]))
    words = [binary(), "serve", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"),
             "--lexicons", str(tmp_path / "lexicons")]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1 and str(path) in ended.stderr and not ended.stdout, ended.stderr


def test_a_name_declared_twice_and_a_folder_that_is_not_there(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(declaration()))
    (tmp_path / "b.json").write_text(json.dumps(declaration()))
    for folder, named in [(tmp_path, "b.json"), (tmp_path / "none", "none")]:
        words = [binary(), "serve", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"), "--lexicons", str(folder)]
        ended = subprocess.run(words, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 1 and named in ended.stderr, ended.stderr


def test_a_bad_update_changes_nothing(operator):
    app = operator.app(f"space:{FORUM}")
    operator.put("com/example/forum.json", declaration([VOTE], name=7))
    told = operator.reload()
    assert told["event"] == "lexiconsRefused" and "com/example/forum.json" in told["message"]
    assert operator.writes(app) == {POST}
