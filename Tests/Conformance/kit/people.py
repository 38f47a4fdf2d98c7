"""Accounts of the judged service, and what their apps do."""

import copy
import itertools
import urllib.parse

import httpx

from . import httpsig, jwt
from .keys import Key, PublicKey
from .xrpc import Answer, Caller

FORUM = "com.example.forum"
POST = "com.example.forum.post"
MEMBER_LIST = {"$type": "com.atproto.simplespace.defs#memberListPolicy"}
PUBLIC = {"$type": "com.atproto.simplespace.defs#publicPolicy"}
OPEN_TO_APPS = {"$type": "com.atproto.simplespace.defs#open"}
PASSWORD = "correct horse battery staple"
numbers = itertools.count(1)

# Methods whose RFC 9421 audience is the repo; the others answer for the space (4.6).
REPO_METHODS = {
    "com.atproto.space." + name
    for name in ("getRecord", "listRecords", "getLatestCommit", "getRepoState", "getRepo", "listRepoOps", "getBlob", "listBlobs")
}


def managing_app(identifier):
    return {"$type": "com.atproto.simplespace.defs#managingAppPolicy", "managingApp": identifier}


def allow_list(*clients):
    return {"$type": "com.atproto.simplespace.defs#allowList", "allowed": list(clients)}


class Document:
    """A DID document as a verifier reads it: fragments by exact equality, relative or absolute ids."""

    def __init__(self, did, value):
        self.did, self.value = did, value
        assert value["id"] == did

    def entry(self, kind, fragment):
        found = [part for part in self.value.get(kind, []) if part["id"] in (f"#{fragment}", f"{self.did}#{fragment}")]
        assert len(found) <= 1, f"two entries {fragment}"
        return found[0] if found else None

    def key(self, fragment):
        entry = self.entry("verificationMethod", fragment)
        return PublicKey.from_multikey(entry["publicKeyMultibase"]) if entry else None

    def endpoint(self, fragment):
        entry = self.entry("service", fragment)
        return entry["serviceEndpoint"] if entry else None

    @property
    def origin(self):
        """Where `htu` and service identifiers lead."""
        return self.endpoint("atproto_space_host") or self.endpoint("atproto_pds")

    @property
    def space_key(self):
        return self.key("atproto_space") or self.key("atproto")


def resolve_anywhere(did):
    """Fetches the document of a DID whose host name leads to a port of loopback."""
    host = urllib.parse.unquote(did.removeprefix("did:web:"))
    url = f"http://127.0.0.1:{host.rsplit(':', 1)[1]}/.well-known/did.json"
    response = httpx.get(url, headers={"Host": host})
    response.raise_for_status()
    return Document(did, response.json())


def resolve(service, did):
    """Fetches the document of an account here."""
    assert did.endswith(f"%3A{service.port}"), did
    return resolve_anywhere(did)


class Person(Caller):
    """An account with a session of its main password."""

    def __init__(self, service, name=None):
        super().__init__(service.url)
        self.service = service
        domain = self.get("com.atproto.server.describeServer").ok()["availableUserDomains"][0]
        self.handle = f"{name or 'person'}{next(numbers)}{domain}"
        made = self.post("com.atproto.server.createAccount", handle=self.handle, password=PASSWORD).ok()
        self.did, self.access, self.refresh = made["did"], made["accessJwt"], made["refreshJwt"]
        self.headers["Authorization"] = "Bearer " + self.access

    @property
    def document(self):
        return resolve(self.service, self.did)

    def create_space(self, **fields):
        """Makes a space whose list of members decides; a field of None leaves it out."""
        body = {"type": FORUM, "policy": MEMBER_LIST, "appAccess": OPEN_TO_APPS} | fields
        body = {name: value for name, value in body.items() if value is not None}
        return self.post("com.atproto.simplespace.createSpace", **body).ok()["uri"]

    def add(self, space, *people, **fields):
        for person in people:
            self.post("com.atproto.simplespace.addMember", space=space, did=person.did, **fields).ok()

    def remove(self, space, person):
        self.post("com.atproto.simplespace.removeMember", space=space, did=person.did).ok()

    def write(self, space, text="hello", rkey=None, **fields):
        body = {"space": space, "repo": self.did, "collection": POST, "record": {"$type": POST, "text": text}} | fields
        if rkey is not None:
            body["rkey"] = rkey
        return self.post("com.atproto.space.createRecord", **body).ok()

    def delegation(self, space):
        return self.get("com.atproto.space.getDelegationToken", space=space).ok()["token"]

    def reader(self, space, profile="P", **options):
        """An app's reader of the space by a credential of its own key."""
        authority = resolve(self.service, space.split("/")[2])
        return Reader(self.service.url, authority.origin, space, self.delegation(space), profile, **options)


class Reader(Caller):
    """An app that exchanged a delegation token for a credential: by DPoP (P) or by message signatures (N)."""

    def __init__(self, url, origin, space, token, profile="P", key=None, now=None, **body):
        super().__init__(url)
        self.origin, self.space, self.profile, self.now = origin, space, profile, now
        self.key = key or Key("ES256")
        self.token = token
        self.granted = self.exchange(token, **body).ok()
        self.credential = self.granted["credential"]
        self.claims = jwt.decode(self.credential)[1]

    def at(self, document):
        """The same app with the same credential at the host that a user's document names."""
        made = copy.copy(self)
        made.origin = document.endpoint("atproto_pds")
        host = urllib.parse.urlsplit(made.origin).netloc
        made.url, made.headers = f"http://127.0.0.1:{host.rsplit(':', 1)[1]}", {"Host": host}
        return made

    def htu(self, nsid):
        return f"{self.origin}/xrpc/{nsid}"

    def exchange(self, token, **body):
        nsid = "com.atproto.space.getSpaceCredential"
        if self.profile == "P":
            headers = {"Authorization": "Bearer " + token, "DPoP": jwt.dpop(self.key, "POST", self.htu(nsid), now=self.now)}
        else:
            headers = httpsig.to_obtain(self.key, token)
        return self.post(nsid, headers, space=self.space, **body)

    def send(self, verb, nsid, headers=None, key=None, audience=None, profile=None, **options):
        if headers is not None or not hasattr(self, "credential"):
            return super().send(verb, nsid, headers, **options)
        key, profile = key or self.key, profile or self.profile
        if profile == "P":
            proof = jwt.dpop(key, verb, self.htu(nsid), self.credential, now=self.now)
            return super().send(
                verb, nsid, {"Authorization": "DPoP " + self.credential, "DPoP": proof}, **options)
        if audience is None:
            parameters = options.get("params") or options.get("json") or {}
            repo = parameters.get("repo") if nsid in REPO_METHODS else None
            audience = repo or self.space.split("/")[2]
        return super().send(verb, nsid, httpsig.to_use(key, self.credential, audience), **options)
