"""The operation log as a syncer folds it (atproto-spaces.md 7.3, 11)."""

from .repo import LtHash


class Gap(Exception):
    """The log does not continue what is held: recover from the whole repo."""


class Copy:
    """A syncer's copy of one repo: path -> CID, path -> value, the set hash of it, and its revision."""

    def __init__(self, records=None, values=None, rev=None):
        self.records, self.values, self.rev = dict(records or {}), dict(values or {}), rev
        self.hash = LtHash.of(self.records)

    def apply(self, ops):
        """Applies ops in order; raises Gap when one does not rest on what is held."""
        last = None
        for op in ops:
            assert last is None or op["rev"] >= last, "revisions go back"
            assert self.rev is None or op["rev"] > self.rev, "an op of a revision already held"
            last = op["rev"]
            path = f'{op["collection"]}/{op["rkey"]}'
            if self.records.get(path) != op["prev"]:
                raise Gap(path)
            if op["prev"] is not None:
                self.hash.remove(f'{path}/{op["prev"]}')
                del self.records[path]
                self.values.pop(path, None)
            if op["cid"] is not None:
                self.hash.add(f'{path}/{op["cid"]}')
                self.records[path] = op["cid"]
                if "value" in op:
                    self.values[path] = op["value"]
