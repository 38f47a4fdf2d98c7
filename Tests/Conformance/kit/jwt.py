"""Compact JWS and the tokens of the protocol (atproto-spaces.md 4)."""

import hashlib
import json
import os
import time

from .keys import b64, unb64


def encode(header, payload, key, form="low"):
    parts = [b64(json.dumps(part, separators=(",", ":")).encode()) for part in (header, payload)]
    data = ".".join(parts)
    return data + "." + b64(key.sign(data.encode(), form))


def decode(token):
    """Gives header and payload without checking anything but the form."""
    parts = token.split(".")
    assert len(parts) == 3, "a JWT has three parts"
    return tuple(json.loads(unb64(part)) for part in parts[:2])


def verified(token, key, low_s=True):
    """Gives header and payload of a token that the key signed."""
    data, _, signature = token.rpartition(".")
    header, payload = decode(token)
    assert header["alg"] == key.alg, "the alg is not that of the key's curve"
    assert key.verify(unb64(signature), data.encode(), low_s), "the signature is wrong"
    return header, payload


def jti():
    return os.urandom(16).hex()


def delegation(key, user, space, now=None, header=None, form="low", **changes):
    """A delegation token as a user's host mints it (4.1); a change to None leaves a claim out."""
    now = int(now if now is not None else time.time())
    authority = space.split("/")[2]
    payload = {
        "iss": user, "sub": space, "aud": authority + "#atproto_space_host", "iat": now, "exp": now + 60, "jti": jti(),
    }
    payload = {name: value for name, value in (payload | changes).items() if value is not None}
    head = {"typ": "atproto-space-delegation+jwt", "alg": key.alg, "kid": "#atproto"} | (header or {})
    return encode({name: value for name, value in head.items() if value is not None}, payload, key, form)


def service_auth(key, issuer, audience, method, now=None, header=None, **changes):
    """An inter-service token (4.7)."""
    now = int(now if now is not None else time.time())
    payload = {"iss": issuer, "aud": audience, "lxm": method, "iat": now, "exp": now + 60, "jti": jti()} | changes
    return encode({"typ": "JWT", "alg": key.alg} | (header or {}), payload, key)


def attestation(key, client, authority, kid, now=None, **changes):
    """A client attestation (4.2)."""
    now = int(now if now is not None else time.time())
    payload = {
        "iss": client, "sub": client, "aud": authority + "#atproto_space_host", "iat": now, "exp": now + 60,
        "jti": jti(),
    } | changes
    return encode({"typ": "atproto-client-attestation+jwt", "alg": "ES256", "kid": kid}, payload, key)


def dpop(key, method, url, credential=None, now=None, header=None, form="low", **changes):
    """A DPoP proof (4.5); `ath` only with a credential."""
    now = int(now if now is not None else time.time())
    payload = {"jti": jti(), "htm": method, "htu": url, "iat": now}
    if credential is not None:
        payload["ath"] = b64(hashlib.sha256(credential.encode()).digest())
    payload = {name: value for name, value in (payload | changes).items() if value is not None}
    return encode({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk} | (header or {}), payload, key, form)
