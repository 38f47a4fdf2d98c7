"""A syncer by October's rules over three hosts while people write, come and go, and notices are lost (11, 13.6, 17)."""

import os
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit import data
from kit.october import Away, Closed, Gone, October
from kit.people import resolve_anywhere
from kit.world import SPACE, Channel, Hosts, World

FIRST = int(os.environ.get("SYNCER_SEED", "1"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("SYNCER_SEEDS", "10")))
STEPS = int(os.environ.get("SYNCER_STEPS", "24"))


@pytest.fixture(scope="module")
def hosts():
    made = Hosts()
    yield made
    made.stop()


class Play:
    """A world, a syncer that is disturbed in all it does, and the way between them."""

    def __init__(self, hosts, peer, seed):
        # What people do is the seed's alone; when it falls between the syncer's requests depends on what came by then.
        self.rng, self.hosts = random.Random(f"{seed} network"), hosts
        self.plan = random.Random(f"{seed} plan")
        self.world = World(hosts, peer, random.Random(f"{seed} people"), f"s{seed}")
        self.user = hosts.sam if seed % 2 else hosts.uma
        self.profile = "PN"[seed // 2 % 2]
        self.channel = Channel(peer, f"s{seed}-syncer", hosts.owner)
        self.channel.failing = seed % 3 == 0
        self.late, self.saved, self.is_quiet, self.spoilt = [], None, False, 0
        self.recoveries, self.pages = [], []
        self.world.put(self.user.did, True, False)
        self.begin(None)

    def begin(self, state):
        """A new process: of the old one only the state is left, or nothing."""
        if hasattr(self, "syncer"):
            self.recoveries += self.syncer.recoveries
            self.pages += self.syncer.pages
        self.syncer = October(
            self.user, self.world.space, self.channel.name, self.profile, self.hosts.now,
            lambda: self.rng.choice([1, 1, 2, 3, 100]), self.meanwhile, state, self.rng.choice([None, "0", "start", "~"]))

    def meanwhile(self):
        """Something happens between any two requests of the syncer."""
        if not self.is_quiet and self.rng.random() < 0.2:
            self.world.something([self.user.did])

    def trying(self, work):
        try:
            work()
        except (Away, Closed):
            pass

    def deliver(self):
        """Notices come: once, twice, later, in another order, or never."""
        came, self.late = self.late + self.channel.drain(), []
        if self.rng.random() < 0.3:
            self.rng.shuffle(came)
        for body in came:
            fate = self.rng.random()
            if fate < 0.15:
                continue
            if fate < 0.3:
                self.late.append(body)
            for _ in range(2 if fate > 0.8 else 1):
                self.trying(lambda: self.syncer.notice(body))

    def restart(self):
        fate = self.rng.random()
        self.begin(None if fate < 0.4 else self.syncer.state if fate < 0.7 else self.saved)
        if self.rng.random() < 0.3:
            self.saved = self.syncer.state

    def end_credential(self):
        reader = self.syncer.reader
        if reader is not None:
            answer = self.hosts.owner.post(
                "dev.capabilitygraph.space.revokeCredential", space=self.world.space, jti=reader.claims["jti"])
            assert answer.status == 200 or answer.error == "CredentialNotFound"  # one that is over is not kept

    def spoil(self):
        """A record of a copy is lost: the next look at its repo finds out by the set hash."""
        whole = [did for did, held in self.syncer.copies.items() if held.records and self.world.of[did].exists]
        if not whole:
            return
        did = self.rng.choice(whole)
        held = self.syncer.copies[did]
        path = self.rng.choice(sorted(held.records))
        cid = held.records.pop(path)
        self.spoilt += 1
        try:
            self.syncer.follow(did)
        except (Away, Closed):
            held.records[path] = cid

    def crash(self):
        """A host is gone while the syncer works, and comes back with all that it had acknowledged."""
        service = self.plan.choice(self.hosts.services)
        service.kill()
        quiet, self.is_quiet = self.is_quiet, True
        try:
            self.trying(self.syncer.catch_up)
        finally:
            service.start(service.port)
            self.is_quiet = quiet

    def time_passes(self):
        self.world.settle()
        self.hosts.pass_time(self.plan.choice([20, 700, 700, 4000, 80_000]))
        self.world.listen()

    def step(self):
        for _ in range(self.plan.randrange(4)):
            self.world.something([self.user.did])
        choice = self.plan.random()
        for share, act in [
            (0.6, self.deliver), (0.06, lambda: self.trying(self.syncer.catch_up)), (0.06, lambda: self.trying(self.syncer.sweep)),
            (0.08, self.restart), (0.06, self.end_credential), (0.06, self.spoil), (0.06, self.time_passes), (1, self.crash),
        ]:
            choice -= share
            if choice < 0:
                return act()

    # Afterwards.

    def holds(self, did, truth):
        rev, records = truth[did]
        held = self.syncer.copies.get(did)
        assert held is not None, f"{did} was missed"
        assert (held.rev, held.records) == (rev, records), f"the copy of {did} is not what its host holds"
        assert {path: data.record_cid(value) for path, value in held.values.items()} == records

    def converged(self, swept):
        truth = self.world.truth()
        listed = {did: entry["rev"] for did, entry in self.world.listed().items()}
        for author in self.world.authors:
            if author.is_told:
                assert listed[author.did] == truth[author.did][0], "the list is behind"
                self.holds(author.did, truth)
        for did in set(listed) & set(truth):
            held = self.syncer.copies.get(did)
            assert held is None or held.rev >= listed[did]
            if swept:
                self.holds(did, truth)
        assert not swept or set(self.syncer.copies) == set(listed) & set(truth)

    def quiet(self):
        self.is_quiet = True
        self.world.settle()
        self.world.put(self.user.did, True, False)


def in_order(cursor, page):
    """A page of the space's own order: ascending past the cursor, and with a cursor exactly when it is not empty (13.6)."""
    revisions = [entry["spaceRev"] for entry in page["repos"]]
    assert revisions == sorted(set(revisions)), "not in the order of the space's revisions"
    is_revision = cursor and len(cursor) == 13 and set(cursor) <= set(data.TID_ALPHABET)
    assert not is_revision or all(revision > cursor for revision in revisions), "not past the cursor"
    assert page.get("cursor") == (revisions[-1] if revisions else None), "the cursor is not the last revision"
    assert "spaceRev" not in page


def leave(play):
    """The space is deleted: the syncer hears of it, or learns it when it wants a credential, and drops everything."""
    world, syncer, channel = play.world, play.syncer, play.channel
    told = play.rng.random() < 0.5
    syncer.admitted()
    world.delete()
    if told:
        # The first notice may have been turned away, and comes again.
        heard = lambda request: request.host == channel.identity.host and channel.deleted
        channel.peer.wait_for(SPACE + "notifySpaceDeleted", heard, seconds=30)
        assert channel.deleted == [{"space": world.space}]
        syncer.drop()
    else:
        with pytest.raises(Gone):
            syncer.catch_up()
    assert syncer.is_gone and not syncer.copies


def test_pages_end_under_a_crowd(hosts, peer):
    """All write at once while the space is paged one by one: each look ends, and the last one finds everything."""
    world = World(hosts, peer, random.Random(FIRST), "crowd")
    people = world.authors[:5]
    for author in people[1:]:
        world.put(author.did, True, True)
    syncer = October(hosts.owner, world.space, None, clock=hosts.now, limit=lambda: 1)
    with ThreadPoolExecutor(len(people)) as pool:
        done = [pool.submit(lambda author=author: [author.person.write(world.space) for _ in range(12)]) for author in people]
        while not all(one.done() for one in done):
            syncer.catch_up()
    for one in done:
        one.result()
    for author in people[3:]:
        world.witness.wait(author.did, author.rev())
    syncer.catch_up()
    for cursor, page in syncer.pages:
        in_order(cursor, page)
    assert {did: (held.rev, len(held.records)) for did, held in syncer.copies.items()} == {
        author.did: (author.rev(), 12) for author in people}
    assert not syncer.recoveries
    world.chain()


def test_a_space_is_made_again_behind_its_back(hosts, peer):
    """A syncer that slept through the end of a space goes on with the new one of its name, and keeps nothing of the old."""
    world = World(hosts, peer, random.Random(FIRST), "again")
    owner, bob, _, dave, *_ = world.authors
    for author in (owner, bob, dave):
        world.write(author)
    world.settle()
    syncer = October(hosts.owner, world.space, None, clock=hosts.now)
    syncer.catch_up()
    assert set(syncer.copies) == {owner.did, bob.did, dave.did}
    world.make_again()
    syncer.catch_up()
    syncer.sweep()
    assert not syncer.copies and not syncer.is_gone
    # What they kept of their own is there again when they are.
    for author in (owner, bob, dave):
        world.put(author.did, True, True)
        world.write(author)
    world.settle()
    syncer.catch_up()
    truth = world.truth()
    assert {did: (held.rev, held.records) for did, held in syncer.copies.items()} == truth and len(truth) == 3


@pytest.mark.parametrize("profile", ["P", "N"])
def test_a_host_of_authors_governs_no_space(hosts, peer, profile):
    """A credential reads repos there; but who writes in the space, and who is told, is not that host's to say."""
    world = World(hosts, peer, random.Random(FIRST), "elsewhere-" + profile.lower())
    dave = world.authors[3]
    world.write(dave)
    there = hosts.owner.reader(world.space, profile, now=hosts.now()).at(resolve_anywhere(dave.did))
    assert there.get(SPACE + "getLatestCommit", space=world.space, repo=dave.did).ok()["commit"]["rev"] == dave.rev()
    for cursor in (None, "0", data.tid(0)):
        there.get(SPACE + "listRepos", space=world.space, cursor=cursor).refused("SpaceNotFound", status=400)
    there.post(SPACE + "registerNotify", space=world.space, service=world.witness.name).refused("SpaceNotFound", status=400)


@pytest.mark.parametrize("seed", SEEDS)
def test_copies_converge(hosts, peer, seed):
    print(f"again: SYNCER_SEED={seed} SYNCER_SEEDS=1 SYNCER_STEPS={STEPS} Tests/Conformance/run test_october_syncer.py")
    play = Play(hosts, peer, seed)
    for _ in range(STEPS):
        play.step()
    play.quiet()
    # Whatever was lost, one look past the checkpoint finds all that the space's host knows.
    play.syncer.catch_up()
    play.converged(swept=False)
    # What no host was told of, as a repo that is gone, the repos' own hosts say.
    play.syncer.sweep()
    play.converged(swept=True)
    # A syncer that begins with nothing holds the same.
    held = play.syncer.copies
    play.begin(None)
    play.syncer.catch_up()
    assert {did: (copy.rev, copy.records) for did, copy in play.syncer.copies.items()} == {
        did: (copy.rev, copy.records) for did, copy in held.items()}
    play.begin(play.syncer.state)
    for cursor, page in play.pages:
        in_order(cursor, page)
    # A log folds to its commit unless the copy was at fault; history is gone only with a repo that was deleted.
    assert sum(reason != "history" for reason in play.recoveries) <= play.spoilt, play.recoveries
    play.world.chain()
    leave(play)
    assert not play.channel.faults + play.world.witness.faults
