"""A second repo host: keeps a user's repos of spaces elsewhere and serves them to holders of credentials (7-11, 4)."""

import hashlib
import os
import time

from . import data, httpsig, jwt, repo
from .keys import PublicKey, b64, unb64
from .xrpc import Caller

SPACE = "com.atproto.space."


class Refusal(Exception):
    def __init__(self, status, name):
        super().__init__(name)
        self.status, self.name = status, name


def require(truth, name, status=401):
    if not truth:
        raise Refusal(status, name)


def public_key(jwk):
    from cryptography.hazmat.primitives.asymmetric import ec

    x, y = (int.from_bytes(unb64(jwk[name]), "big") for name in ("x", "y"))
    return PublicKey("ES256", ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key())


class Repo:
    def __init__(self, begun=""):
        self.records, self.values, self.ops, self.rev, self.begun = {}, {}, [], None, begun


class RepoHost:
    """Hosts one user; `resolve(did)` gives the document of a space's authority, `clock()` the time."""

    def __init__(self, peer, name, resolve, clock=time.time):
        self.identity, self.resolve, self.clock = peer.identity(name), resolve, clock
        self.did, self.key, self.origin = self.identity.did, self.identity.key, peer.url_of(name)
        self.repos, self.revoked, self.proofs, self.micros = {}, set(), set(), 0
        for method in ("getRepo", "listRepoOps", "getLatestCommit", "notifyCredentialRevoked"):
            peer.on_host(self.identity.host, SPACE + method, self.serving(getattr(self, method)))

    def serving(self, method):
        def answer(request):
            try:
                return method(request)
            except Refusal as refusal:
                return refusal.status, {"error": refusal.name, "message": "refused by the second host"}
        return answer

    # What the user does.

    def write(self, space, collection, rkey, record):
        """Puts a record (None deletes); gives the body of the notification."""
        return self.batch(space, [(collection, rkey, record)])

    def batch(self, space, items):
        """Makes several such writes under one revision."""
        held = self.repos.get(space) or self.repos.setdefault(space, Repo(self.revision()))
        rev = held.rev = self.revision()
        for collection, rkey, record in items:
            path, cid = f"{collection}/{rkey}", data.record_cid(record) if record is not None else None
            held.ops.append({
                "rev": rev, "collection": collection, "rkey": rkey, "cid": cid, "prev": held.records.pop(path, None)})
            held.values.pop(path, None)
            if record is not None:
                held.records[path], held.values[path] = cid, record
        digest = repo.LtHash.of(held.records).digest
        return {"space": space, "repo": self.did, "repoRev": rev, "hash": data.to_json(digest)}

    def revision(self):
        """Above all that were, also while the clock stands still."""
        self.micros = max(self.micros + 1, int(self.clock() * 1_000_000))
        return data.tid(self.micros)

    def delete(self, space):
        """Deletes a repo; a new one in its place has no history of the old one."""
        del self.repos[space]

    def notify(self, url, body):
        """Tells the space's host of a write; gives its answer."""
        audience = body["space"].split("/")[2] + "#atproto_space_host"
        token = jwt.service_auth(self.key, self.did, audience, SPACE + "notifyWrite", self.clock())
        return Caller(url).post(SPACE + "notifyWrite", {"Authorization": "Bearer " + token}, **body)

    def delegation(self, space):
        return jwt.delegation(self.key, self.did, space)

    # What it serves.

    def admit(self, request):
        """Verifies a credential as any host must, asking nothing but the authority's DID document; gives the repo."""
        space, author = request.query["space"][0], request.query["repo"][0]
        scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
        require(credential, "AuthMissing")
        header, claims = jwt.decode(credential)
        authority = space.split("/")[2]
        require(header["typ"] == "atproto-space-credential+jwt", "BadJwtType")
        require(claims["sub"] == space, "InvalidCredential", 400)
        require(claims["iss"] == authority, "BadJwtIss")
        require(self.clock() - 5 < claims["exp"] and claims["iat"] <= self.clock() + 5, "JwtExpired")
        jwt.verified(credential, self.resolve(authority).key(header["kid"].removeprefix("#")))
        if scheme == "DPoP":
            proof = request.headers.get("DPoP", "")
            head = jwt.decode(proof)[0]
            key = public_key(head["jwk"])
            payload = jwt.verified(proof, key, low_s=False)[1]
            require(key.thumbprint == claims["cnf"]["jkt"], "DpopKeyMismatch")
            require(head["typ"] == "dpop+jwt" and payload["htm"] == request.method, "BadDpopProof")
            require(payload["htu"] == self.origin + request.path, "BadDpopProof")
            require(payload["ath"] == b64(hashlib.sha256(credential.encode()).digest()), "BadDpopProof")
            require(payload["jti"] not in self.proofs, "BadDpopProof")
            self.proofs.add(payload["jti"])
        else:
            require(scheme == "Atproto-Space", "BadJwtCnf")
            covered = ["authorization", "atproto-space-audience"]
            fields = {name: request.headers.get(name, "") for name in covered}
            key = PublicKey.from_did_key(claims["cnf"]["kid"])
            signed = httpsig.verify(
                key, fields, request.headers.get("Signature-Input", ""), request.headers.get("Signature", ""), covered)
            require(signed, "BadSpaceSignature")
            require(fields["atproto-space-audience"] == author, "BadSpaceAudience")
        require((space, claims["jti"]) not in self.revoked, "CredentialRevoked")
        require(author == self.did and space in self.repos, "RepoNotFound", 400)
        return space, self.repos[space]

    def commit(self, space, held):
        digest = repo.LtHash.of(held.records).digest
        return repo.make_commit(self.key, space, self.did, held.rev, digest, os.urandom(32))

    def getLatestCommit(self, request):
        space, held = self.admit(request)
        return 200, {"commit": data.to_json(self.commit(space, held))}

    def getRepo(self, request):
        space, held = self.admit(request)
        return 200, repo.make_car(self.commit(space, held), held.records, held.values), "application/vnd.ipld.car"

    def listRepoOps(self, request):
        space, held = self.admit(request)
        since = request.query.get("since", [""])[0]
        require(not since or since >= held.begun, "HistoryUnavailable", 400)
        ops = [self.with_value(held, op) for op in held.ops if op["rev"] > since]
        return 200, {"ops": ops, "commit": data.to_json(self.commit(space, held))}

    def with_value(self, held, op):
        path = f'{op["collection"]}/{op["rkey"]}'
        is_current = op["cid"] is not None and held.records.get(path) == op["cid"]
        return op | {"value": held.values[path]} if is_current else op

    def notifyCredentialRevoked(self, request):
        body = request.json
        authority = body["space"].split("/")[2]
        request.verify_service_auth(self.resolve(authority).key("atproto"), authority, self.did, self.clock())
        self.revoked |= {(body["space"], jti) for jti in body["credentials"]}
        return 200, None
