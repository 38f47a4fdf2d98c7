"""A space on one host with authors on three: random operations, and what must be true after them."""

import pathlib
import tempfile
import threading
import time

from . import jwt
from .authors import SPACE, Account, Played
from .people import MEMBER_LIST, PUBLIC, Person
from .service import OPEN, Service

SIMPLE = "com.atproto.simplespace."
BUDGET = ["--hourly-write-points", "1000000000", "--daily-write-points", "1000000000"]


class Hosts:
    """Two services with one clock, which stands still between its steps, and people with accounts on either."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="conformance-clock-")
        self.clock = pathlib.Path(self.folder.name) / "clock"
        self.set(int(time.time()))
        self.services = [Service(OPEN + BUDGET + ["--clock-file", str(self.clock)]) for _ in range(2)]
        here, there = self.services
        self.owner, self.bob, self.carol, self.sam = (Person(here, name) for name in ("owner", "bob", "carol", "sam"))
        self.dave, self.erin, self.uma = (Person(there, name) for name in ("dave", "erin", "uma"))
        self.people = [self.owner, self.bob, self.carol, self.sam, self.dave, self.erin, self.uma]
        self.renewed = self.now()

    def now(self):
        return int(self.clock.read_text())

    def set(self, seconds):
        new = self.clock.with_suffix(".new")
        new.write_text(f"{seconds}\n")
        new.rename(self.clock)

    def pass_time(self, seconds):
        self.set(self.now() + seconds)
        if self.now() < self.renewed + 3600:
            return
        for person in self.people:
            made = person.post("com.atproto.server.refreshSession", {"Authorization": "Bearer " + person.refresh}).ok()
            person.access, person.refresh = made["accessJwt"], made["refreshJwt"]
            person.headers["Authorization"] = "Bearer " + person.access
        self.renewed = self.now()

    def stop(self):
        for service in self.services:
            service.stop()


class Channel:
    """Where a space's host tells a syncer of writes: what came is here, in the order it came."""

    def __init__(self, peer, name, authority):
        self.peer, self.authority = peer, authority
        self.identity = peer.identity(name)
        self.identity.services["atproto_space_syncer"] = ("SpaceSyncer", peer.url_of(name))
        self.name = self.identity.did + "#atproto_space_syncer"
        self.key = authority.document.key("atproto")
        # `failing` is how many notices are turned away first, for the host to bring again.
        self.came, self.deleted, self.faults, self.failing, self.lock = [], [], [], 0, threading.Lock()
        peer.on_host(self.identity.host, SPACE + "notifyWrite", lambda request: self.take(request, self.came))
        peer.on_host(self.identity.host, SPACE + "notifySpaceDeleted", lambda request: self.take(request, self.deleted))

    def take(self, request, into):
        try:
            # The clock may have made a step while the notice was on its way.
            issued = jwt.decode(request.headers["Authorization"].split(" ")[1])[1]["iat"]
            request.verify_service_auth(self.key, self.authority.did, self.name, issued)
        except Exception as fault:
            self.faults.append(fault)
            return 401, {"error": "BadJwt", "message": "not believed"}
        with self.lock:
            if self.failing:
                self.failing -= 1
                return 503, None
            into.append(request.json)
        return 200, None

    def drain(self):
        with self.lock:
            came, self.came[:] = list(self.came), []
        return came

    def wait(self, did, rev):
        """Waits until the space's host has told of a write."""
        def is_it(request):
            return request.host == self.identity.host and (request.json["repo"], request.json["repoRev"]) == (did, rev)
        self.peer.wait_for(SPACE + "notifyWrite", is_it, seconds=30)


class World:
    """One space of its own and a model of it. Every draw is of `rng`."""

    def __init__(self, hosts, peer, rng, name):
        self.hosts, self.rng, self.owner = hosts, rng, hosts.owner
        self.space = space = self.create()
        self.authors = [Account(person, space, True) for person in (hosts.owner, hosts.bob, hosts.carol)]
        self.authors += [Account(person, space, False) for person in (hosts.dave, hosts.erin)]
        self.played = Played(peer, space, hosts.now)
        self.authors.append(self.played)
        self.of = {author.did: author for author in self.authors}
        self.members, self.is_open, self.counter = {}, False, 0
        # The owner may always read: what is told here is all that is told.
        self.witness = Channel(peer, name + "-witness", hosts.owner)
        self.listen()
        for author in self.authors[1:4]:
            self.put(author.did, True, True)

    def create(self, **fields):
        return self.owner.create_space(policy=None, readPolicy=MEMBER_LIST, writePolicy=MEMBER_LIST, **fields)

    def delete(self):
        self.owner.post(SIMPLE + "deleteSpace", space=self.space).ok()

    def make_again(self):
        """Another space by the same name: of the old one there are the repos of others than its authority."""
        self.delete()
        assert self.create(skey=self.space.rpartition("/")[2]) == self.space
        self.members, self.is_open = {}, False
        self.authors[0].deleted()
        self.listen()

    def listen(self):
        reader = self.owner.reader(self.space, now=self.hosts.now())
        reader.post(SPACE + "registerNotify", space=self.space, service=self.witness.name).ok()

    # Members and policies.

    def writes(self, did):
        return did == self.owner.did or self.is_open or self.members.get(did, (False, False))[1]

    def changing(self, change):
        """Whoever loses the right to write while the host is being told of a write may have been told of in vain."""
        before = {author.did: self.writes(author.did) for author in self.authors}
        change()
        for author in self.authors:
            if before[author.did] and not self.writes(author.did) and not author.is_settled:
                author.is_told = False

    def put(self, did, read, write):
        def change():
            self.owner.post(SIMPLE + "putMember", space=self.space, did=did, read=read, write=write).ok()
            self.members[did] = (read, write)
        self.changing(change)

    def remove(self, did):
        def change():
            self.owner.post(SIMPLE + "removeMember", space=self.space, did=did).ok()
            self.members.pop(did, None)
        self.changing(change)

    def member(self, readers):
        did = self.rng.choice([author.did for author in self.authors[1:]] + readers)
        choice = self.rng.random()
        if choice < 0.4:
            self.remove(did)
        else:
            self.put(did, choice < 0.9, choice > 0.5)

    def policy(self):
        if self.rng.random() < 0.5:
            read = self.rng.choice([MEMBER_LIST, PUBLIC])
            return self.owner.post(SIMPLE + "updateSpace", space=self.space, readPolicy=read).ok()
        is_open = not self.is_open

        def change():
            write = PUBLIC if is_open else MEMBER_LIST
            self.owner.post(SIMPLE + "updateSpace", space=self.space, writePolicy=write).ok()
            self.is_open = is_open
        self.changing(change)

    # Records.

    def text(self):
        """Mostly a new one; some texts come again, and with them their CIDs."""
        self.counter += 1
        return str(self.counter if self.rng.random() < 0.7 else self.rng.randrange(3))

    def write(self, author):
        items, records = author.draw(self.rng, self.text)
        answer = author.write(items)
        if author is self.played:
            return author.wrote(records, False, True)
        # One's own may always be deleted; and a repo elsewhere is its author's to write to as it likes.
        is_admitted = self.writes(author.did)
        if author.is_here and not is_admitted and any(verb != "delete" for verb, *_ in items):
            answer.refused("WriteNotAuthorized", "SpaceNotFound")
        else:
            answer.ok()
            author.wrote(records, author.is_here or is_admitted, author.is_here)

    def notify(self):
        self.played.notify(self.rng, self.hosts.services[0].url, self.writes(self.played.did))

    def delete_repo(self):
        there = [author for author in self.authors if author.exists]
        if there:
            self.rng.choice(there).delete_repo()

    def something(self, readers=()):
        """One operation of somebody; the membership of `readers` changes too."""
        choice = self.rng.random()
        if choice < 0.65:
            self.write(self.rng.choice(self.authors))
        elif choice < 0.75:
            self.notify()
        elif choice < 0.87:
            self.member(list(readers))
        elif choice < 0.94:
            self.policy()
        else:
            self.delete_repo()

    # Truth.

    def settle(self):
        """Waits until the space's host has told of all that it must have been told, also of what comes late."""
        while self.played.notices:
            self.notify()
        for author in self.authors:
            if author.is_told and not author.is_settled:
                self.witness.wait(author.did, author.rev())
                author.is_settled = True

    def truth(self):
        """What the authors' hosts hold by their own word, which is what the model holds: DID -> (revision, path -> CID)."""
        found = {}
        for author in self.authors:
            rev = author.rev()
            assert (rev is not None) == author.exists, f"the repo of {author.did} is at {rev}"
            if author.exists:
                assert author.holds() == author.records, "a host holds something else than it acknowledged"
                found[author.did] = rev, author.records
        return found

    def chain(self):
        """Whoever was told of everything was told of a chain: each revision of the space follows the one before."""
        newest = max(self.listed().values(), key=lambda entry: entry["spaceRev"], default=None)
        if newest:
            self.witness.wait(newest["did"], newest["rev"])
        told = self.witness.drain()
        # After a crash the last one may come once more.
        told = [after for before, after in zip([None] + told, told) if after != before]
        assert [body.get("prevSpaceRev") for body in told] == [None, *(body["spaceRev"] for body in told)][:len(told)]

    def listed(self):
        """The writers by the owner's session, in the order of DIDs."""
        found, cursor = {}, None
        while True:
            page = self.owner.get(SPACE + "listRepos", space=self.space, limit=2, cursor=cursor).ok()
            found |= {entry["did"]: entry for entry in page["repos"]}
            cursor = page.get("cursor")
            if cursor is None:
                return found
