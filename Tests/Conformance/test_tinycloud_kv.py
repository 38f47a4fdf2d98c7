"""The SDK's key-value calls by an owner, a delegate and those without a right: its own acceptance flows (tinycloud.md 6, 10)."""

import base64
import json
import time

import pytest
from blake3 import blake3

from kit.tinycloud import KINDS, SessionKey
from kit.tinynode import Client, Node

VALUE = b"\x00round trip\xff" * 3


@pytest.fixture(scope="module")
def node(service):
    return Node(service)


@pytest.fixture(params=KINDS)
def alice(node, request):
    return Client(node, request.param)


def kv(session, name, path):
    return session.invoke("kv", path, "tinycloud.kv/" + name)


def put(node, session, path, value, mime="application/octet-stream", **headers):
    return node.invoke(kv(session, "put", path), value, **({"content_type": mime} if mime else {}), **headers)


def get(node, session, path, **headers):
    return node.invoke(kv(session, "get", path), **headers)


def keys(node, session, prefix, **headers):
    answer = node.invoke(kv(session, "list", prefix), **headers).ok()
    return answer.json


def etag(value):
    return f'"blake3-{blake3(value).hexdigest()}"'


def denied(space, path, name):
    return f"Unauthorized Action: {space}/kv/{path} / tinycloud.kv/{name}"


def test_the_default_sign_in_reads_and_writes(node, alice):
    session = alice.sign_in()
    written = put(node, session, "tests/round-trip.bin", VALUE).ok()
    assert written.content == b"" and written.headers["etag"] == etag(VALUE)
    read = get(node, session, "tests/round-trip.bin").ok()
    assert read.content == VALUE and read.headers["etag"] == etag(VALUE)
    assert read.kind == "application/octet-stream" and read.headers["content-length"] == str(len(VALUE))
    listed = node.invoke(kv(session, "list", "tests/")).ok()
    assert listed.json == ["tests/round-trip.bin"] and listed.headers["x-tinycloud-truncated"] == "false"
    known = node.invoke(kv(session, "metadata", "tests/round-trip.bin")).ok()
    assert known.content == b"" and known.headers["etag"] == etag(VALUE) and known.kind == read.kind
    gone = node.invoke(kv(session, "del", "tests/round-trip.bin")).ok()
    assert gone.content == b""
    for name in ("get", "metadata"):
        missing = node.invoke(kv(session, name, "tests/round-trip.bin"))
        assert missing.status == 404 and "space not found" not in missing.text.lower()
    assert keys(node, session, "tests/") == []


def test_an_owner_delegates_reading_and_the_delegate_only_reads(node, alice):
    """`cf-node-kv-delegation`: a manifest of one prefix, `delegateTo` without a prompt, a replayed write."""
    prefix = "tests/run-1/"
    held = {alice.space + "/kv/" + prefix: [f"tinycloud.kv/{name}" for name in ("get", "put", "list", "del")]}
    session, key = alice.sign_in(abilities=held), SessionKey(alice.kind)
    token = kv(session, "put", prefix + "a.bin")
    node.invoke(token, VALUE, content_type="application/octet-stream").ok()
    assert keys(node, session, prefix) == [prefix + "a.bin"]
    grant = session.delegate(key.did, {alice.space + "/kv/" + prefix: ["tinycloud.kv/get"]})
    assert node.activate(grant) == ([alice.space], [])
    bob = alice.use(grant, alice.space, key)
    assert get(node, bob, prefix + "a.bin").ok().content == VALUE
    put(node, bob, prefix + "a.bin", b"mine").refused(401, denied(alice.space, prefix + "a.bin", "put"))
    node.invoke(kv(bob, "del", prefix + "a.bin")).refused(401, denied(alice.space, prefix + "a.bin", "del"))
    node.invoke(kv(bob, "list", prefix)).refused(401, denied(alice.space, prefix, "list"))
    get(node, bob, "tests/run-2/a.bin").refused(401, denied(alice.space, "tests/run-2/a.bin", "get"))
    get(node, session, "tests/run-2/a.bin").refused(401, denied(alice.space, "tests/run-2/a.bin", "get"))
    assert get(node, bob, prefix + "a.bin").ok().content == VALUE
    node.invoke(kv(session, "del", prefix + "a.bin")).ok()
    assert get(node, bob, prefix + "a.bin").status == 404
    node.invoke(token, b"again", content_type="application/octet-stream").refused(409, "duplicate invocation")
    assert get(node, bob, prefix + "a.bin").status == 404


def test_a_delegate_writes_where_it_may(node, alice):
    session, key = alice.sign_in(), SessionKey(alice.kind)
    for path in ("inbox/a", "inboxes/b", "private/c"):
        put(node, session, path, path.encode()).ok()
    grant = session.delegate(key.did, {
        alice.space + "/kv/inbox": [f"tinycloud.kv/{name}" for name in ("del", "get", "list", "metadata", "put")]})
    node.activate(grant)
    bob = alice.use(grant, alice.space, key)
    put(node, bob, "inbox/letter", b"dear Alice", "text/plain;charset=UTF-8").ok()
    assert keys(node, bob, "inbox/") == ["inbox/a", "inbox/letter"]
    read = get(node, session, "inbox/letter").ok()
    assert read.content == b"dear Alice" and read.kind == "text/plain;charset=UTF-8"
    for path in ("inboxes/b", "private/c", "inbox/../private/c"):
        assert get(node, bob, path).status == 401
        assert put(node, bob, path, b"x").status == 401
    assert node.invoke(kv(bob, "list", "")).status == 401
    node.revoke(session.about(grant.cid, "tinycloud.delegation/revoke"), grant.cid)
    get(node, bob, "inbox/letter").refused(401, f"delegation-revoked: {grant.cid}")
    put(node, bob, "inbox/letter", b"x").refused(401, f"delegation-revoked: {grant.cid}")
    assert get(node, session, "inbox/letter").ok().content == b"dear Alice"


def test_values_are_what_was_sent(node, alice):
    session = alice.sign_in()
    for path, value, mime in [
        ("a", b"", "application/octet-stream"), ("b", json.dumps({"a": 1}).encode(), "text/plain;charset=UTF-8"),
        ("c", b"{}", "application/json"), ("deep/er/path with spaces", "Grüße".encode(), "text/plain;charset=UTF-8"),
        ("bytes", bytes(range(256)) * 256, "image/png"),
    ]:
        path = path.replace(" ", "%20")
        put(node, session, path, value, mime).ok()
        read = get(node, session, path).ok()
        assert read.content == value and read.kind == mime and read.headers["etag"] == etag(value)
    put(node, session, "a", b"second").ok()
    assert get(node, session, "a").ok().content == b"second"
    assert keys(node, session, "") == ["a", "b", "bytes", "c", "deep/er/path%20with%20spaces"]


def test_writing_only_what_one_has_seen(node, alice):
    session = alice.sign_in()
    put(node, session, "once", b"1", if_none_match="*").ok()
    assert put(node, session, "once", b"2", if_none_match="*").status == 412
    put(node, session, "once", b"2", if_match=etag(b"1")).ok()
    assert put(node, session, "once", b"3", if_match=etag(b"1")).status == 412
    assert node.invoke(kv(session, "del", "once"), if_match=etag(b"1")).status == 412
    assert get(node, session, "once").ok().content == b"2"
    node.invoke(kv(session, "del", "once"), if_match=etag(b"2")).ok()
    assert get(node, session, "once").status == 404


def test_lists_come_in_pages(node, alice):
    session = alice.sign_in()
    for number in range(5):
        put(node, session, f"pages/{number}", b"x").ok()
    put(node, session, "pagesx", b"x").ok()
    found, cursor = [], {}
    while True:
        page = node.invoke(kv(session, "list", "pages/"), x_tinycloud_limit="2", **cursor).ok()
        found += page.json
        if page.headers["x-tinycloud-truncated"] == "false":
            assert "x-tinycloud-next-cursor" not in page.headers
            break
        assert len(page.json) == 2
        cursor = {"x_tinycloud_cursor": page.headers["x-tinycloud-next-cursor"]}
    assert found == [f"pages/{number}" for number in range(5)]
    for wrong in ({"x_tinycloud_limit": "0"}, {"x_tinycloud_limit": "1001"}, {"x_tinycloud_cursor": "!"}):
        assert node.invoke(kv(session, "list", "pages/"), **wrong).status == 400


def test_keys_of_one_space_are_of_no_other(node, alice):
    session, other = alice.sign_in(), Client(node, alice.kind)
    theirs = other.sign_in()
    put(node, session, "same", b"alice").ok()
    put(node, theirs, "same", b"other").ok()
    assert get(node, session, "same").ok().content == b"alice"
    foreign = theirs.token({alice.space + "/kv/same": ["tinycloud.kv/get"]})
    node.invoke(foreign).refused(401, denied(alice.space, "same", "get"))
    unhosted = alice.wallet.space("elsewhere")
    session = alice.sign_in(abilities={unhosted + "/kv": ["tinycloud.kv/get", "tinycloud.kv/put"]})
    for name, body in (("get", None), ("put", b"x")):
        node.invoke(session.token({unhosted + "/kv/a": ["tinycloud.kv/" + name]}), body).refused(404, "Space not found")


def test_ended_sessions_neither_read_nor_write(start):
    node = Node(start(clock=int(time.time())))
    alice = Client(node)
    session, other = alice.sign_in(lasts=900), alice.sign_in()
    put(node, session, "a", b"1").ok()
    node.service.pass_time(1000)
    get(node, session, "a").refused(401, denied(alice.space, "a", "get"))
    put(node, session, "a", b"2").refused(401, denied(alice.space, "a", "put"))
    third = alice.sign_in()
    node.revoke(other.about(third.cid, "tinycloud.delegation/revoke"), third.cid)
    put(node, third, "a", b"3").refused(401, f"delegation-revoked: {third.cid}")
    assert get(node, other, "a").ok().content == b"1"


def test_what_was_acknowledged_survives_a_power_cut(start):
    service = start(clock=int(time.time()))
    node = Node(service)
    alice = Client(node)
    session = alice.sign_in()
    token = kv(session, "put", "a")
    node.invoke(token, VALUE, content_type="image/png").ok()
    put(node, session, "b", b"gone soon").ok()
    node.invoke(kv(session, "del", "b")).ok()
    service.restart()
    read = get(node, session, "a").ok()
    assert read.content == VALUE and read.kind == "image/png" and keys(node, session, "") == ["a"]
    node.invoke(token, b"again").refused(409, "duplicate invocation")
    assert get(node, session, "a").ok().content == VALUE


@pytest.mark.parametrize("service_name, action, path", [
    ("sql", "read", "main"), ("sql", "write", "main"), ("duckdb", "read", "main"), ("hooks", "list", "kv/notes"),
    ("delegation", "list", ""), ("delegation", "list", "notes/"),
])
def test_services_not_served_say_so(node, alice, service_name, action, path):
    session = alice.sign_in()
    body = b'{"action":"query","sql":"SELECT 1","params":[]}'
    answer = node.invoke(
        session.invoke(service_name, path, f"tinycloud.{service_name}/{action}"), body, content_type="application/json")
    assert answer.status == 501 and answer.text and answer.reason


def test_a_token_for_everything_at_once_does_nothing_by_half(node, alice):
    session = alice.sign_in()
    mixed = session.token({
        session.resource("kv", "half"): ["tinycloud.kv/put"], session.resource("sql", "main"): ["tinycloud.sql/read"]})
    assert node.invoke(mixed, b"x").status >= 400
    assert get(node, session, "half").status == 404


def test_many_keys_in_one_token(node, alice):
    """`batchPut`, `batchGet` and `batchHead`."""
    session = alice.sign_in()
    put_all = {session.resource("kv", path): ["tinycloud.kv/put"] for path in ("many/a%20b", "many/c")}
    parts = [("many%2Fa%2520b", b"first", "text/plain;charset=UTF-8"), ("many%2Fc", b'{"n":1}', "application/json")]
    body = b"".join(
        b'--edge\r\nContent-Disposition: form-data; name="%s"; filename="blob"\r\nContent-Type: %s\r\n\r\n%s\r\n' % (
            name.encode(), mime.encode(), value) for name, value, mime in parts) + b"--edge--\r\n"
    written = node.invoke(
        session.token(put_all), body, content_type="multipart/form-data; boundary=edge").ok().json
    assert list(written) == ["written", "count"] and written["count"] == 2
    assert sorted(written["written"]) == ["many/a%20b", "many/c"]
    wanted = ["many/a%20b", "many/c", "many/missing"]
    for name in ("get", "metadata"):
        token = session.token({session.resource("kv", path): ["tinycloud.kv/" + name] for path in wanted})
        found = node.invoke(token).ok().json
        assert list(found) == ["results"] and [row["key"] for row in found["results"]] == wanted
        first, second, third = found["results"]
        assert first["ok"] is second["ok"] is True and second["headers"]["etag"] == etag(b'{"n":1}')
        assert second["headers"]["content-type"] == "application/json"
        assert third == {
            "key": "many/missing", "ok": False,
            "error": {"code": "KV_NOT_FOUND", "message": "Key not found: many/missing"}}
        assert ("dataBase64" in first) == (name == "get")
        if name == "get":
            assert base64.b64decode(first["dataBase64"]) == b"first"


def test_one_refused_part_writes_nothing(node, alice):
    session, key = alice.sign_in(), SessionKey(alice.kind)
    grant = session.delegate(key.did, {alice.space + "/kv/in/": ["tinycloud.kv/put"]})
    node.activate(grant)
    bob = alice.use(grant, alice.space, key)
    token = bob.token({bob.resource("kv", path): ["tinycloud.kv/put"] for path in ("in/a", "out/b")})
    body = b"".join(
        b'--edge\r\nContent-Disposition: form-data; name="%s"\r\n\r\nx\r\n' % name for name in (b"in%2Fa", b"out%2Fb"))
    answer = node.invoke(token, body + b"--edge--\r\n", content_type="multipart/form-data; boundary=edge")
    answer.refused(401, denied(alice.space, "out/b", "put"))
    assert keys(node, session, "") == []


def test_a_reader_says_how_much_it_takes(node, alice):
    session = alice.sign_in()
    put(node, session, "big", b"x" * 1000).ok()
    assert get(node, session, "big", x_tinycloud_max_response_bytes="999").status == 413
    assert get(node, session, "big", x_tinycloud_max_response_bytes="1000").ok().content == b"x" * 1000
