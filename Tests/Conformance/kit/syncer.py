"""A syncer: holds a verified copy of every repo of a space (atproto-spaces.md 11)."""

from . import repo
from .oplog import Copy, Gap


class Syncer:
    """Reads through a credential; `key_of(did)` gives the key that must have signed a repo's commits, `at(did)` the
    reader at the repo's own host where that is not the host of the space."""

    def __init__(self, reader, space, key_of, at=None):
        self.reader, self.space, self.key_of, self.at = reader, space, key_of, at or (lambda did: reader)
        self.copies, self.recovered = {}, 0

    def repos(self, limit=None, cursor=None):
        """Pages the writer set by the space's revisions, from behind `cursor`, until a page is empty (13.6).

        A repo that is written to meanwhile comes again at the end: what is said of it last counts."""
        found = {}
        while True:
            page = self.reader.get("com.atproto.space.listRepos", space=self.space, limit=limit, cursor=cursor).ok()
            revisions = [entry["spaceRev"] for entry in page["repos"]]
            assert "spaceRev" not in page and page.get("cursor") == (revisions[-1] if revisions else None)
            if not revisions:
                return list(found.values())
            assert revisions == sorted(set(revisions)) and (cursor is None or len(cursor) != 13 or revisions[0] > cursor)
            found |= {entry["did"]: entry for entry in page["repos"]}
            cursor = page["cursor"]

    def pull(self, did):
        """Takes the whole repo."""
        answer = self.at(did).get("com.atproto.space.getRepo", space=self.space, repo=did)
        answer.ok()
        assert answer.headers["content-type"] == "application/vnd.ipld.car"
        commit, index, records = repo.verify_car(answer.raw, self.space, did, self.key_of(did))
        held = self.copies.get(did)
        assert held is None or held.rev is None or commit["rev"] >= held.rev, "never merge an older revision"
        self.copies[did] = Copy(index, records, commit["rev"])
        return self.copies[did]

    def follow(self, did, limit=None):
        """Takes what is new; recovers from the whole repo when the log does not fit."""
        copy = self.copies.get(did)
        if copy is None:
            return self.pull(did)
        fresh, cursor = Copy(copy.records, copy.values, copy.rev), None
        while True:
            page = self.at(did).get(
                "com.atproto.space.listRepoOps", space=self.space, repo=did, limit=limit,
                **({"cursor": cursor} if cursor else {"since": copy.rev}))
            if page.error == "HistoryUnavailable":
                self.recovered += 1
                return self.pull(did)
            page = page.ok()
            try:
                fresh.apply(page["ops"])
            except Gap:
                self.recovered += 1
                return self.pull(did)
            cursor = page.get("cursor")
            assert (cursor is None) != ("commit" not in page), "a page has a cursor or a commit"
            if "commit" in page:
                break
        commit = repo.commit_from_json(page["commit"])
        repo.verify_commit(commit, self.space, did, self.key_of(did))
        if fresh.hash.digest != commit["hash"]:
            self.recovered += 1
            return self.pull(did)
        fresh.rev = commit["rev"]
        self.copies[did] = fresh
        return fresh

    def sweep(self, **options):
        """Brings every repo up to date; gives path -> CID by author."""
        for entry in self.repos():
            held = self.copies.get(entry["did"])
            if held is None or held.rev < entry["rev"]:
                held = self.follow(entry["did"], **options)
            assert repo.commit_from_json(entry["hash"]) == held.hash.digest or held.rev > entry["rev"]
        return {did: copy.records for did, copy in self.copies.items()}
