"""A service whose store is a database of PostgreSQL: the same answers, fresh or refusing, whoever is killed or stopped."""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import httpx
import pytest

from kit import postgres
from kit.people import POST, Person
from kit.service import Service, binary
from kit.tinynode import Client, Node
from test_tinycloud_sessions import can

SPACE = "com.atproto.space."
# A machine under load takes its time; nothing waits for as long as this.
PATIENCE = 90


@pytest.fixture(scope="module")
def cluster():
    made = postgres.Cluster()
    yield made
    made.end()


@pytest.fixture
def address(cluster):
    return cluster.database("t" + os.urandom(6).hex())


@pytest.fixture
def service(address):
    made = Service(store=address)
    yield made
    made.stop()


def until(asked, what):
    """Asks again and again, for a time that no slow machine takes, until it is so."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = asked()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"never so: {what}")


def readiness(url):
    try:
        answer = httpx.get(url + "/readyz", timeout=5)
    except httpx.TransportError:
        return None
    return answer.status_code, answer.json().get("error") if answer.content else None


def verify(address):
    done = subprocess.run([binary(), "verify", "--store", address], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def end(node, client, session):
    node.revoke(client.wallet.revocation(session.cid, node.now()).authorization, session.cid)


# The main jobs.


def test_delegations_are_checked_and_end_whoever_is_killed(cluster, service):
    node = Node(service)
    alice = Client(node)
    session, other = alice.sign_in(), alice.sign_in()
    assert can(node, session) == can(node, other) == 200
    end(node, alice, session)
    assert (can(node, session), can(node, other)) == (401, 200)
    service.restart()
    node = alice.node = Node(service)
    assert (can(node, session), can(node, other)) == (401, 200)
    cluster.kill()
    until(lambda: (readiness(service.url) or [0])[0] == 503, "not ready without its server")
    assert httpx.get(service.url + "/healthz").status_code == 200
    cluster.start()
    until(lambda: readiness(service.url) == (200, None), "ready again")
    assert (can(node, session), can(node, other)) == (401, 200)


def test_a_space_is_kept(service, address):
    alice, bob = Person(service, "alice"), Person(service, "bob")
    space = alice.create_space()
    alice.add(space, bob)
    written = bob.write(space, "hello")
    blob = bob.bytes("com.atproto.repo.uploadBlob", b"x" * 300_000, "image/png").ok()["blob"]
    bob.write(space, record={"$type": POST, "text": "with", "embed": {"images": [blob]}})
    reader = alice.reader(space)

    def texts():
        rows = reader.get(SPACE + "listRecords", space=space, repo=bob.did, collection=POST).ok()["records"]
        return sorted(row["value"]["text"] for row in rows)

    assert texts() == ["hello", "with"]
    service.restart()
    assert texts() == ["hello", "with"]
    alice.remove(space, bob)
    bob.post(SPACE + "createRecord", space=space, repo=bob.did, collection=POST,
             record={"$type": POST, "text": "late"}).refused("SpaceNotFound", "WriteNotAuthorized", "UserNotAuthorized")
    told = verify(address)
    assert told["records"] == 2 and told["blobs"] == 1 and told["tokens"] > 0 and written["uri"].startswith(space)


def test_an_operator_works_on_a_stopped_one(service, address):
    alice, bob = Person(service, "alice"), Person(service, "bob")
    space = alice.create_space()
    alice.add(space, bob)

    def run(*words):
        done = subprocess.run([binary(), *words, "--store", address], capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    code, said, errors = run("rebuild")
    assert code == 1 and "another node serves the store" in errors
    service.stop()
    code, said, errors = run("rebuild")
    assert code == 0 and json.loads(said)["differed"] == [], errors
    folder = ["--data", str(service.path / "data")]
    code, said, errors = run("account", "suspend", bob.did, *folder)
    assert code == 0 and json.loads(said)["status"] == "suspended", errors
    service.start(service.port)
    assert alice.get("com.atproto.server.getSession").ok() and bob.get("com.atproto.server.getSession").status == 401


def test_what_a_table_does_not_hold_is_found_and_mended(cluster, service, address):
    alice, bob = Person(service, "alice"), Person(service, "bob")
    alice.add(alice.create_space(), bob)
    service.stop()
    database = address.split("///")[1].split("?")[0]
    cluster.ask(database, f"DELETE FROM space_member WHERE member = '{bob.did}'")
    done = subprocess.run([binary(), "verify", "--store", address], capture_output=True, text=True)
    assert done.returncode == 1 and "does not hold what the log says" in done.stderr
    done = subprocess.run([binary(), "rebuild", "--store", address], capture_output=True, text=True)
    assert [one["missing"] for one in json.loads(done.stdout)["differed"]] == [1], done.stderr
    verify(address)
    cluster.ask(database, "UPDATE token SET bytes = bytes || '\\x00'::bytea WHERE revision = "
                          "(SELECT max(revision) FROM token)")
    done = subprocess.run([binary(), "verify", "--store", address], capture_output=True, text=True)
    assert done.returncode == 1 and "token" in done.stderr
    service.start()


# Whoever is killed.


class Writer(threading.Thread):
    """Writes one record after the other and remembers what was acknowledged, until it is told to stop."""

    def __init__(self, person, space):
        super().__init__()
        self.person, self.space, self.kept, self.refused, self.other, self.over = person, space, [], [], [], False

    def run(self):
        number = 0
        while not self.over:
            number += 1
            try:
                answer = self.person.post(
                    SPACE + "createRecord", space=self.space, repo=self.person.did, collection=POST, rkey=f"r{number}",
                    record={"$type": POST, "text": str(number)})
            except httpx.TransportError:
                time.sleep(0.01)
                continue
            if answer.status == 200:
                self.kept.append(f"r{number}")
            elif answer.status == 503:
                self.refused.append((answer.body.get("reason"), "retry-after" in answer.headers,
                                     "x-decision-id" in answer.headers))
            else:
                self.other.append((answer.status, answer.body))

    def end(self):
        self.over = True
        self.join()


def test_nothing_acknowledged_is_lost_whoever_is_killed(cluster, service, address):
    alice = Person(service, "alice")
    space = alice.create_space()
    writer = Writer(alice, space)
    writer.start()

    def goes_on(count):
        # What was in doubt and turns out to be kept ends a node; whoever watches over it starts it again.
        if service.process.poll() is not None:
            service.start(service.port)
        return len(writer.kept) >= count or writer.other

    for victim in ("node", "server", "node", "server"):
        count = len(writer.kept) + 5
        until(lambda: goes_on(count), "written")
        if victim == "node":
            service.restart()
        else:
            cluster.kill()
            cluster.start()
    count = len(writer.kept) + 5
    until(lambda: goes_on(count), "written at the end")
    writer.end()
    assert not writer.other
    assert writer.refused, "nothing was refused"
    assert {reason for reason, *_ in writer.refused} <= {"unavailable", "notFresh", "inDoubt", "locked", "standby"}
    assert all(retry and decision for _, retry, decision in writer.refused)
    for key in writer.kept:
        alice.get(SPACE + "getRecord", space=space, repo=alice.did, collection=POST, rkey=key).ok()
    assert verify(address)["records"] >= len(writer.kept)


# One serves, one waits.


class Waiting(Service):
    """A second service on the same store, which does not serve yet, at a port that is known."""

    def __init__(self, first):
        self.first = first
        super().__init__(store=first.store[1], port=free_port())

    def start(self, port=0):
        (self.path / "data").mkdir(mode=0o700, exist_ok=True)
        shutil.copy(self.first.path / "data/account-keys.master", self.path / "data")
        for _ in range(5):
            self.url, self.port = f"http://127.0.0.1:{port}", port
            self.spawn(port)
            until(lambda: self.process.poll() is not None or self.waits(), "it waits")
            if self.process.poll() is None:
                return
            # Whoever else looked for a free port may have taken this one.
            self.log.close()
            said = (self.path / "log").read_text(errors="replace")
            assert "cannot listen" in said, said
            (self.path / "log").unlink()
            port = free_port()
        raise AssertionError("every port that was free is taken")

    def waits(self):
        # By its own log too: another service may answer at a port that it did not get.
        return b'"waiting"' in (self.path / "log").read_bytes() and readiness(self.url) == (503, "standby")


def test_a_second_node_waits_and_takes_over(service):
    node = Node(service)
    alice = Client(node)
    session = alice.sign_in()
    second = Waiting(service)
    try:
        assert any(line["event"] == "waiting" for line in second.said()), second.said()
        assert httpx.get(second.url + "/healthz").status_code == 200
        refused = httpx.post(second.url + "/invoke", headers={"Authorization": "x"})
        assert refused.status_code == 503 and refused.json()["error"] == "standby"
        assert refused.headers["retry-after"] and refused.headers["x-decision-id"]
        assert refused.headers["access-control-allow-origin"] == "*"
        assert httpx.options(second.url + "/invoke").status_code == 200
        odd = httpx.request("GET", second.url + "/x" * 20_000)
        assert 400 <= odd.status_code < 500 and odd.headers["x-decision-id"], odd
        assert can(node, session) == 200 and readiness(service.url) == (200, None)
        service.stop()
        second.await_listening()
        assert second.url.endswith(f":{second.port}") and readiness(second.url) == (200, None)
        assert can(Node(second), session) == 200
    finally:
        second.stop()


def test_one_that_waits_ends_when_it_is_told(service):
    second = Waiting(service)
    second.stop()
    assert second.process.returncode == 0
    assert readiness(service.url) == (200, None)


@pytest.mark.parametrize("fate", ["killed", "stopped"])
def test_no_stale_allow_after_an_acknowledged_revocation(service, fate):
    node = Node(service)
    alice = Client(node)
    session, other = alice.sign_in(), alice.sign_in()
    question = session.invoke("capabilities", "all", "tinycloud.capabilities/read")
    second = Waiting(service)
    try:
        # Sent to a holder that sleeps, and answered when it wakes, if ever.
        asleep = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(3)]
        for one in asleep:
            one.settimeout(PATIENCE)
        service.process.send_signal(signal.SIGKILL if fate == "killed" else signal.SIGSTOP)
        second.await_listening()
        there = Node(second)
        end(there, alice, session)
        assert (can(there, session), can(there, other)) == (401, 200)
        if fate == "killed":
            return
        head = f"POST /invoke HTTP/1.1\r\nHost: a\r\nAuthorization: {question}\r\nContent-Length: 0\r\n\r\n"
        for one in asleep:
            one.sendall(head.encode())
        service.process.send_signal(signal.SIGCONT)
        said = [one.recv(65536).decode() for one in asleep]
        assert all(one.startswith("HTTP/1.1 503 ") and "X-Capability-Reason: notFresh" in one for one in said), said
        assert service.process.wait(timeout=PATIENCE) == 1
        assert any(line["event"] == "storeLost" for line in service.said())
        # Whoever watches over it starts it again, as the next to wait.
        service.spawn(service.port)
        until(lambda: readiness(service.url) == (503, "standby"), "it waits")
        assert (can(there, session), can(there, other)) == (401, 200)
    finally:
        second.stop()


def test_a_node_without_its_server_refuses_in_every_form(cluster, service):
    node = Node(service)
    session = Client(node).sign_in()
    alice = Person(service, "alice")
    space = alice.create_space()
    uri = alice.write(space)["uri"]
    cluster.stop()
    try:
        until(lambda: readiness(service.url) == (503, "notFresh"), "the lease is over")
        plain = node.invoke(session.invoke("capabilities", "all", "tinycloud.capabilities/read"))
        assert plain.status == 503 and plain.json["error"] == plain.reason == "notFresh"
        asked = [
            alice.get(SPACE + "getRecord", space=space, repo=alice.did, collection=POST, rkey=uri.rsplit("/", 1)[1]),
            alice.post(SPACE + "createRecord", space=space, repo=alice.did, collection=POST, record={"$type": POST}),
            alice.get("com.atproto.server.getSession"),
        ]
        for answer in asked:
            assert answer.status == 503 and answer.body["error"] == "ServiceUnavailable", answer.body
            assert answer.body["reason"] in ("notFresh", "unavailable"), answer.body
        for headers in [plain.headers, *(answer.headers for answer in asked)]:
            assert headers["retry-after"] and headers["x-decision-id"]
            assert headers["x-capability-reason"] in ("notFresh", "unavailable")
    finally:
        cluster.start()
    until(lambda: readiness(service.url) == (200, None), "ready again")
    alice.write(space)


# What PostgreSQL does not keep.


def test_a_text_that_no_table_takes_is_the_callers_fault(service):
    alice = Person(service, "alice")
    answer = alice.post("com.atproto.server.createAppPassword", name="a\0b")
    assert (answer.status, answer.body["error"]) == (400, "InvalidRequest"), answer.body
    assert alice.post("com.atproto.server.createAppPassword", name="ab").status == 200


# Wrong things typed.


def refused(*words, folder):
    done = subprocess.run(
        [binary(), "serve", "--listen", "127.0.0.1:0", "--data", str(folder / "data"), *words], capture_output=True,
        text=True, timeout=60)
    assert done.returncode in (1, 2) and not done.stdout
    return done.stderr


def test_wrong_addresses(cluster, tmp_path):
    for text, said in [
        ("sqlite:///x", "takes the address of a PostgreSQL database"), ("", "takes the address"),
        ("postgres://[", "cannot be read"),
        (cluster.address("absent"), "does not exist"),
        ("postgres:///x?host=%2Fnowhere", "cannot be reached"),
        ("postgres://someone:s3cret@127.0.0.1:1/x", "cannot be reached"),
    ]:
        errors = refused("--store", text, folder=tmp_path)
        assert said in errors and "hint: " in errors and "s3cret" not in errors, (text, errors)
    done = subprocess.run([binary(), "verify", "--store", cluster.address("postgres")], capture_output=True, text=True)
    assert done.returncode == 1 and "there is no store in the database" in done.stderr
    done = subprocess.run([binary(), "verify", "--store", "x"], capture_output=True, text=True)
    assert done.returncode == 2


def test_databases_that_are_not_safe(cluster, tmp_path):
    name = "d" + os.urandom(4).hex()
    other = cluster.database(name + "o")
    cluster.ask(name + "o", "CREATE TABLE theirs(id int)")
    assert "another application's" in refused("--store", other, folder=tmp_path)
    ordered = cluster.database(name + "u", "--template=template0", "--encoding=UTF8", "--locale=C.UTF-8")
    assert "does not order texts by their UTF-8 bytes" in refused("--store", ordered, folder=tmp_path)
    latin = cluster.database(name + "l", "--template=template0", "--encoding=LATIN1", "--locale=C")
    assert "does not order texts by their UTF-8 bytes" in refused("--store", latin, folder=tmp_path)
    by_icu = cluster.database(
        name + "i", "--template=template0", "--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en")
    assert "does not order texts by their UTF-8 bytes" in refused("--store", by_icu, folder=tmp_path)


def test_a_server_that_may_lose_what_it_acknowledged(tmp_path):
    own = postgres.Cluster()
    try:
        address = own.database("unsafe")
        own.stop()
        own.start("fsync=off")
        assert "its `fsync` is off" in refused("--store", address, folder=tmp_path)
    finally:
        own.end()


def test_a_new_database_beside_a_key_file_that_is_there(cluster, service, tmp_path):
    Person(service, "alice")
    service.stop()
    errors = refused("--store", cluster.database("n" + os.urandom(4).hex()), folder=service.path)
    assert "is gone or empty" in errors and "account-keys.master" in errors
    service.start(service.port)


def test_a_node_with_another_key_file_does_not_wait(service, tmp_path):
    Person(service, "alice")
    errors = refused("--store", service.store[1], folder=tmp_path)
    assert "account-keys.master" in errors, errors
    assert readiness(service.url) == (200, None)


def test_a_server_that_says_nothing_holds_up_nobody(cluster, service):
    node = Node(service)
    client = Client(node)
    session = client.sign_in()
    alice = Person(service, "alice")
    space = alice.create_space()
    uri = alice.write(space)["uri"]
    key = uri.rsplit("/", 1)[1]
    cluster.freeze()
    try:
        until(lambda: can(node, session) == 503, "the lease is over")
        answers = []

        def ask():
            answers.append(alice.get(SPACE + "getRecord", space=space, repo=alice.did, collection=POST, rkey=key).status)
            answers.append(alice.post(SPACE + "createRecord", space=space, repo=alice.did, collection=POST,
                                      record={"$type": POST}).status)

        threads = [threading.Thread(target=ask) for _ in range(20)]
        for one in threads:
            one.start()
        # Whoever asks what needs no server is answered while the others wait.
        for _ in range(50):
            assert httpx.get(service.url + "/healthz", timeout=PATIENCE).status_code == 200
            assert node.get("/version").status == 200
        for one in threads:
            one.join()
        assert answers == [503] * 40
        assert (readiness(service.url) or [0])[0] in (0, 503)
        # It ends though nothing that it waits for is told.
        service.stop()
        assert service.process.returncode == 0
    finally:
        cluster.freeze(False)
    service.start(service.port)
    until(lambda: readiness(service.url) == (200, None), "ready again")
    alice.get(SPACE + "getRecord", space=space, repo=alice.did, collection=POST, rkey=key).ok()


def test_who_cannot_take_the_port_says_so(service):
    done = subprocess.run(
        [binary(), "serve", "--data", str(service.path / "data"), "--store", service.store[1], "--listen",
         f"127.0.0.1:{service.port}"], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1 and "another node" not in done.stderr and "listen" in done.stderr, done.stderr
