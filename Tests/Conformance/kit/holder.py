"""Accounts whose owners hold the key of their DID themselves, and end edges by tokens of it."""

import httpx

from . import jwt, ucan
from .people import PASSWORD, Person, numbers
from .xrpc import Caller

class Holder(Person):
    """An account with a DID of a peer's, whose key is at hand."""

    def __init__(self, service, peer, name):
        Caller.__init__(self, service.url)
        self.service, self.identity = service, peer.identity(f"{name}{next(numbers)}")
        self.did, self.key = self.identity.did, self.identity.key
        described = self.get("com.atproto.server.describeServer").ok()
        method = "com.atproto.server.createAccount"
        token = jwt.service_auth(self.key, self.did, described["did"], method)
        self.handle = f"{name}{next(numbers)}{described['availableUserDomains'][0]}"
        made = self.post(
            method, {"Authorization": "Bearer " + token}, handle=self.handle, password=PASSWORD, did=self.did).ok()
        self.access = made["accessJwt"]
        self.headers["Authorization"] = "Bearer " + self.access

    def revoke(self, cid):
        """`POST /revoke` by the own key."""
        return revoke(self.service, self.key, self.did, cid)


def revoke(service, key, issuer, cid):
    token = ucan.token(key, issuer, issuer, {"urn:cid:" + cid: ["tinycloud.delegation/revoke"]})
    return httpx.post(service.url + "/revoke", headers={"Authorization": token})
