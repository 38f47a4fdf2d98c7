"""People who ask for what is not theirs, and the private things of others that they ask for."""

import time

import httpx

from . import data, httpsig, jwt, ucan
from .keys import Key
from .people import FORUM, PASSWORD, POST, allow_list
from .xrpc import Caller

SPACE, SIMPLE, OLDER, OURS = (
    "com.atproto.space.", "com.atproto.simplespace.", "dev.happyview.space.", "dev.capabilitygraph.")


class Things:
    """Private spaces of one owner with all that can stand in one, and a name for each that nothing has."""

    def __init__(self, peer, owner, member, removed, client):
        self.owner, self.member, self.removed = owner, member, removed
        # One where an application decides who may read or write is known to everybody, since anybody may ask it.
        forms = {"members": {}, "listed": {"appAccess": allow_list(client)}, "deleted": {}}
        self.spaces = {name: self.fill(name, fields) for name, fields in forms.items()}
        owner.post(SIMPLE + "deleteSpace", space=self.spaces["deleted"]["space"]).ok()
        self.pairs = list(self.paired(self.foreign(peer)))

    def fill(self, name, fields):
        """Makes a space with a member and one that was, a record, a blob, an invite and a credential."""
        owner, member = self.owner, self.member
        space = owner.create_space(skey=f"{name}-there", **fields)
        owner.add(space, member, self.removed)
        owner.remove(space, self.removed)
        owner.write(space, rkey="there")
        blob = owner.bytes("com.atproto.repo.uploadBlob", space.encode(), "text/plain").ok()["blob"]
        owner.write(space, rkey="blob", record={"$type": POST, "image": blob})
        invite = owner.post(OLDER + "createInvite", space=space).ok()
        jti = "0" * 32
        if not fields:
            jti = owner.reader(space).claims["jti"]
        edges = owner.get(OURS + "graph.listEdges", space=space).ok()["delegations"]
        return {
            "space": space, "repo": owner.did, "rkey": "there", "cid": blob["ref"]["$link"], "edge": edges[0]["cid"],
            "invite": invite["inviteId"], "jti": jti, "did": member.did,
        }

    def foreign(self, peer):
        """A space of an authority elsewhere, of which a member's repo is here."""
        authority = peer.identity("authority")
        authority.services["atproto_space_host"] = ("AtprotoSpaceHost", peer.url_of("authority"))
        space = f"at://{authority.did}/space/{FORUM}/foreign-there"
        self.member.write(space, rkey="there")
        return self.spaces["members"] | {"space": space, "repo": self.member.did}

    def paired(self, elsewhere):
        """By its name each thing that is there, and the same with one name changed to one that nothing has."""
        for name, there in self.spaces.items():
            yield name + " space", there, there | {"space": there["space"].replace("-there", "-never")}
        yield "foreign space", elsewhere, elsewhere | {"space": elsewhere["space"].replace("-there", "-never")}
        there = self.spaces["members"]
        for key, value in [
            ("repo", there["repo"].replace("owner", "never", 1)), ("rkey", "never"),
            ("cid", data.cid_of(b"never", "raw")), ("edge", ucan.cid("never")),
            ("invite", turned(there["invite"])), ("jti", turned(there["jti"])),
            ("did", there["did"].replace("member", "nobody", 1)),
        ]:
            yield key, there, there | {key: value}


def turned(text):
    """A text of the same letters that names nothing."""
    return "".join("fedcba9876543210"["0123456789abcdef".index(letter)] if letter in "0123456789abcdef" else letter
                   for letter in text)


class Signing(Caller):
    """Makes new headers, and further members of a body, for each call: `sign(verb, nsid, options)` gives both."""

    def __init__(self, url, sign):
        super().__init__(url)
        self.sign = sign

    def send(self, verb, nsid, headers=None, **options):
        made, further = self.sign(verb, nsid, options.get("json") or options.get("params") or {})
        if verb == "POST" and further:
            options["json"] = options["json"] | further
        return super().send(verb, nsid, made | (headers or {}), **options)


def app_password(person):
    """The person's session by a password of an app."""
    password = person.post("com.atproto.server.createAppPassword", name="reader").ok()["password"]
    made = person.post("com.atproto.server.createSession", {}, identifier=person.did, password=password).ok()
    return Caller(person.url, {"Authorization": "Bearer " + made["accessJwt"]})


def ended(person):
    """A session of the person's that has ended."""
    made = person.post("com.atproto.server.createSession", {}, identifier=person.did, password=PASSWORD).ok()
    person.post("com.atproto.server.deleteSession", {"Authorization": "Bearer " + made["refreshJwt"]}).ok()
    return Caller(person.url, {"Authorization": "Bearer " + made["accessJwt"]})


def bearer(token):
    return {"Authorization": "Bearer " + token}


def service_auth(url, identity, audience):
    """Another host, by the key of its user."""
    return Signing(url, lambda verb, nsid, fields: (
        bearer(jwt.service_auth(identity.key, identity.did, audience, nsid)), {}))


def delegate(url, identity, origin, profile="P", space=None, attest=None, user=None):
    """An app with a delegation token that a user elsewhere signed, in its own name or in `user`'s: for the space that is
    asked for, or always for one."""
    key = Key("ES256")

    def sign(verb, nsid, fields):
        asked = space or fields.get("space") or fields.get("spaceUri") or f"at://{identity.did}/space/{FORUM}/x"
        token = jwt.delegation(identity.key, user or identity.did, asked)
        if profile == "P":
            headers = bearer(token) | {"DPoP": jwt.dpop(key, verb, f"{origin}/xrpc/{nsid}")}
        else:
            headers = httpsig.to_obtain(key, token)
        return headers, {"clientAttestation": attest(asked)} if attest else {}
    return Signing(url, sign)


def forger(url, authority, origin):
    """An app with a credential that names the authority of the space that is asked for, and that it signed itself."""
    key = Key("ES256")

    def sign(verb, nsid, fields):
        asked = fields.get("space") or fields.get("spaceUri") or f"at://{authority}/space/{FORUM}/x"
        now = int(time.time())
        made = jwt.encode({"typ": "atproto-space-credential+jwt", "alg": key.alg, "kid": "#atproto"}, {
            "iss": authority, "sub": asked, "iat": now, "exp": now + 600, "jti": jwt.jti(),
            "cnf": {"jkt": key.thumbprint}}, key)
        return {"Authorization": "DPoP " + made, "DPoP": jwt.dpop(key, verb, f"{origin}/xrpc/{nsid}", made)}, {}
    return Signing(url, sign)


def invoker(url, ucans, key, space=None, proofs=()):
    """A key that invokes everything on the space that is asked for, or always on one."""
    abilities = sorted(set(value for name, value in ucans.items() if "/" in str(value) and name != "audience"))

    def sign(verb, nsid, fields):
        asked = space or fields.get("space") or fields.get("spaceUri") or "urn:nothing:x"
        return bearer(ucan.token(key, key.did, ucans["audience"], {asked: abilities}, proofs)), {}
    return Signing(url, sign)


def given(url, key, audience, space, ability):
    """Has a key delegate to another one; gives the CID of that."""
    token = ucan.token(key, key.did, audience.did, {space: [ability]}, lasts=3600)
    answer = httpx.post(url + "/delegate", headers={"Authorization": token})
    assert answer.status_code == 200, answer.text
    return ucan.cid(token)
