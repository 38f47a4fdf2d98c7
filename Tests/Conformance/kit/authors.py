"""Those who write to a space from several hosts, and what each of them knows of its own repo."""

from . import data
from .host import RepoHost
from .people import POST, resolve_anywhere

SPACE = "com.atproto.space."
NOTE = "com.example.forum.note"


class Author:
    """One repo as its host acknowledged it; a write is (verb, collection, rkey, record or None)."""

    is_here = False

    def __init__(self, did, space):
        self.did, self.space = did, space
        self.records, self.exists = {}, False
        # Whether the space's host must list the newest revision, and whether it is known to do so.
        self.is_told, self.is_settled = False, True

    def draw(self, rng, text):
        """A batch that what is held allows, and what is held after it."""
        records, items = dict(self.records), []
        for _ in range(rng.choice([1, 1, 1, 2, 5])):
            collection, rkey = rng.choice([POST, POST, NOTE]), f"k{rng.randrange(6)}"
            path = f"{collection}/{rkey}"
            if path in records and rng.random() < 0.45:
                del records[path]
                items.append(("delete", collection, rkey, None))
                continue
            record = {"$type": collection, "text": text()}
            items.append(("update" if path in records else "create", collection, rkey, record))
            records[path] = data.record_cid(record)
        return items, records

    def wrote(self, records, is_told, is_settled):
        self.records, self.exists, self.is_told, self.is_settled = records, True, is_told, is_settled

    def deleted(self):
        self.records, self.exists, self.is_told, self.is_settled = {}, False, False, True


class Account(Author):
    """An author with an account of a service; `is_here` where that is the host of the space."""

    def __init__(self, person, space, is_here):
        super().__init__(person.did, space)
        self.person, self.is_here = person, is_here

    def write(self, items):
        common = {"space": self.space, "repo": self.did}
        if len(items) > 1:
            writes = [
                {"$type": f"{SPACE}applyWrites#{verb}", "collection": collection, "rkey": rkey}
                | ({"value": record} if record else {})
                for verb, collection, rkey, record in items]
            return self.person.post(SPACE + "applyWrites", **common, writes=writes)
        (verb, collection, rkey, record), = items
        method = {"create": "createRecord", "update": "putRecord", "delete": "deleteRecord"}[verb]
        fields = {"record": record} if record else {}
        return self.person.post(SPACE + method, **common, collection=collection, rkey=rkey, **fields)

    def delete_repo(self):
        self.person.post("dev.capabilitygraph.space.deleteRepo", space=self.space).ok()
        self.deleted()

    def rev(self):
        """The newest revision by the author's own host; None where there is no repo."""
        answer = self.person.get(SPACE + "getLatestCommit", space=self.space, repo=self.did)
        if answer.error == "RepoNotFound":
            return None
        return answer.ok()["commit"]["rev"]

    def holds(self):
        """Path -> CID by the author's own host."""
        held, cursor = {}, None
        while True:
            page = self.person.get(
                SPACE + "listRecords", space=self.space, repo=self.did, limit=4, cursor=cursor, excludeValues=True).ok()
            held |= {f'{record["collection"]}/{record["rkey"]}': record["cid"] for record in page["records"]}
            cursor = page.get("cursor")
            if cursor is None:
                return held


class Played(Author):
    """An author of a host whose own notices get lost, come twice, or late and in another order."""

    def __init__(self, peer, space, clock):
        self.host = RepoHost(peer, "frank", resolve_anywhere, clock)
        super().__init__(self.host.did, space)
        self.notices = []

    def write(self, items):
        self.notices.append(self.host.batch(self.space, [item[1:] for item in items]))

    def notify(self, rng, url, admitted):
        """One notice that is left comes at the space's host, and perhaps stays to come again."""
        if not self.notices:
            return
        body = rng.choice(self.notices)
        if rng.random() < 0.6:
            self.notices.remove(body)
        if rng.random() < 0.2:
            return
        answer = self.host.notify(url, body)
        if not admitted:
            # Who may not know of the space is told that there is none.
            answer.refused("WriteNotAuthorized", "SpaceNotFound")
            return
        answer.ok()
        if self.exists and body["repoRev"] == self.rev():
            self.is_told = True

    def delete_repo(self):
        self.host.delete(self.space)
        self.deleted()

    def rev(self):
        return self.host.repos[self.space].rev if self.exists else None

    def holds(self):
        return dict(self.host.repos[self.space].records)
