"""A syncer as October's rules have it: a checkpoint in the space's own order, notices that need not come, and copies that
are verified (atproto-spaces.md 11, 13.5, 13.6). It believes what it is told of pages, and bounds how long it asks."""

import copy
import datetime
import time
import urllib.parse

import httpx

from . import data, repo
from .oplog import Copy, Gap
from .people import Reader, resolve_anywhere
from .xrpc import Refused

SPACE = "com.atproto.space."
START = "0"
LATEST = 200  # pages of one answer to "what is new", far more than any test makes


class Looped(AssertionError):
    """The pages do not end."""


class Away(Exception):
    """A host does not answer."""


class Closed(Exception):
    """No credential is to be had now, which says nothing of the space: what is held is kept and not served."""


class Gone(Exception):
    """The space was deleted."""


class October:
    """`user` lets it read; `service` is the name under which it is told of writes. `limit()` gives the length of each page,
    `before()` runs before each request and `clock()` gives the time. A `state` of an earlier run is taken up again. `first`
    is what it says for the start of the list, where any word stands before the first revision."""

    def __init__(
        self, user, space, service, profile="N", clock=time.time, limit=lambda: 100, before=lambda: None, state=None,
        first=None,
    ):
        self.user, self.space, self.service, self.profile = user, space, service, profile
        self.clock, self.limit, self.before, self.first = clock, limit, before, first
        self.checkpoint, self.copies = copy.deepcopy(state) if state else (START, {})
        self.reader, self.registered_until, self.documents = None, 0, {}
        self.recoveries, self.pages, self.is_gone = [], [], False

    @property
    def state(self):
        return copy.deepcopy((self.checkpoint, self.copies))

    # How it asks.

    def document(self, did):
        if did not in self.documents:
            self.documents[did] = resolve_anywhere(did)
        return self.documents[did]

    def refused(self, answer):
        """No new credential: only `SpaceDeleted` says something of the space."""
        if answer.error == "SpaceDeleted":
            self.drop()
            raise Gone(self.space)
        raise Closed(answer.error)

    def admitted(self):
        """A reader with a credential; a new one is also the time to have oneself told again."""
        if self.reader is None:
            token = self.user.get(SPACE + "getDelegationToken", space=self.space)
            if token.status != 200:
                self.refused(token)
            authority = self.document(self.space.split("/")[2])
            url = f"http://127.0.0.1:{urllib.parse.urlsplit(authority.origin).port}"
            try:
                self.reader = Reader(url, authority.origin, self.space, token.body["token"], self.profile, now=self.clock())
            except Refused as refusal:
                self.refused(refusal.answer)
            self.registered_until = 0
        self.reader.now = self.clock()
        if self.service and self.registered_until < self.clock() + 3600:
            granted = self.reader.post(SPACE + "registerNotify", space=self.space, service=self.service)
            if granted.status == 200:
                self.registered_until = datetime.datetime.fromisoformat(granted.body["expiresAt"]).timestamp()
        return self.reader

    def ask(self, method, did=None, **parameters):
        """One answer, of the space's host or of a repo's own; a credential that is over is replaced."""
        for _ in range(4):
            self.before()
            try:
                reader = self.admitted()
                if did is not None:
                    reader = reader.at(self.document(did))
                answer = reader.get(SPACE + method, space=self.space, repo=did, **parameters)
            except httpx.TransportError as error:
                raise Away(did) from error
            if answer.status != 401 and answer.error not in ("SpaceDeleted", "SpaceNotFound"):
                return answer
            answer.refused("CredentialRevoked", "JwtExpired", "SpaceDeleted", "SpaceNotFound")
            self.reader = None
        raise Closed(answer.error)

    # What it is told.

    def notice(self, body):
        """Takes a notice, whenever and however often it comes."""
        before, now = body.get("prevSpaceRev") or START, body["spaceRev"]
        if now <= self.checkpoint:
            return
        if before != self.checkpoint:
            return self.catch_up()
        self.take(body["repo"], body["repoRev"], body["hash"])
        self.checkpoint = now

    def drop(self):
        """The space is gone, and all that was copied of it."""
        self.copies, self.checkpoint, self.is_gone = {}, START, True

    # What it asks for.

    def catch_up(self, start=None):
        """Pages the repos past the checkpoint until a page is empty; gives whom it saw."""
        start, seen = start or self.checkpoint, set()
        cursor = self.first if start == START else start
        for _ in range(LATEST):
            page = self.ask("listRepos", limit=self.limit(), cursor=cursor).ok()
            self.pages.append((cursor, page))
            if not page["repos"]:
                return seen
            for entry in page["repos"]:
                self.take(entry["did"], entry["repoRev"], entry["hash"])
                seen.add(entry["did"])
                self.checkpoint = max(self.checkpoint, entry["spaceRev"])
            cursor = page.get("cursor", cursor)
        raise Looped(f"{LATEST} pages and no end after `{cursor}`")

    def take(self, did, rev, digest):
        """Brings one repo at least to a revision."""
        held = self.copies.get(did)
        if held is None or held.rev < rev:
            held = self.follow(did)
        if held is not None:  # its host has it still
            assert held.rev >= rev, "a host is behind what was told of it"
            assert held.rev > rev or held.hash.digest == data.from_json(digest), "the list has another set hash"

    def sweep(self):
        """The whole list from its start, and every repo of it at its own host; whoever is listed no more is forgotten."""
        listed = self.catch_up(START)
        for did in set(self.copies) - listed:
            self.forget(did)
        for did in listed:
            self.follow(did)

    def follow(self, did):
        """Takes what is new in a repo, or the whole where the log does not fit; gives the copy, None when there is no repo."""
        held = self.copies.get(did)
        if held is None:
            return self.pull(did)
        fresh, parameters = Copy(held.records, held.values, held.rev), {"since": held.rev}
        for _ in range(LATEST):
            answer = self.ask("listRepoOps", did, limit=self.limit(), **parameters)
            if answer.error == "HistoryUnavailable":
                return self.recover(did, "history")
            if answer.error == "RepoNotFound":
                return self.forget(did)
            page = answer.ok()
            try:
                fresh.apply(page["ops"])
            except Gap:
                return self.recover(did, "gap")
            if "commit" in page:
                break
            parameters = {"cursor": page["cursor"]}
        else:
            raise Looped(f"the log of {did} has no end")
        commit = repo.commit_from_json(page["commit"])
        repo.verify_commit(commit, self.space, did, self.document(did).key("atproto"))
        if fresh.hash.digest != commit["hash"]:
            return self.recover(did, "hash")
        return self.keep(did, fresh, commit)

    def recover(self, did, reason):
        self.recoveries.append(reason)
        return self.pull(did)

    def pull(self, did):
        answer = self.ask("getRepo", did)
        if answer.error == "RepoNotFound":
            return self.forget(did)
        answer.ok()
        commit, index, records = repo.verify_car(answer.raw, self.space, did, self.document(did).key("atproto"))
        return self.keep(did, Copy(index, records), commit)

    def keep(self, did, fresh, commit):
        held = self.copies.get(did)
        assert held is None or held.rev <= commit["rev"], "a host went back"
        fresh.rev = commit["rev"]
        self.copies[did] = fresh
        return fresh

    def forget(self, did):
        self.copies.pop(did, None)
