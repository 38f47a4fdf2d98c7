"""UCAN 0.10 tokens as the service's protocol page describes them: what a client needs for graph-native calls."""

import os
import time

from blake3 import blake3
from multiformats import CID

from . import jwt
from .data import cid_text


def token(key, issuer, audience, capabilities, proofs=(), now=None, lasts=60):
    """Signs a delegation or invocation; `capabilities` maps a resource to abilities."""
    now = int(now if now is not None else time.time())
    payload = {
        "att": {resource: {ability: [{}] for ability in abilities} for resource, abilities in capabilities.items()},
        "aud": audience, "exp": now + lasts, "iss": issuer, "nbf": now, "nnc": "urn:uuid:" + os.urandom(16).hex(),
        "prf": list(proofs),
    }
    header = {"alg": key.alg, "jwk": {"alg": key.alg, **key.jwk}, "typ": "JWT", "ucv": "0.10.0"}
    return jwt.encode(header, payload, key)


def cid(text):
    """The name under which others cite a token."""
    return cid_text(CID("base32", 1, "raw", ("blake3", blake3(text.encode()).digest())))
