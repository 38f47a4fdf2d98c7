"""TinyCloud's clients as their published signer writes: wallets, session keys and the tokens of both (tinycloud.md 2 to 5).

Members stand in the order of the signer's structures, not sorted: a JWK as `use`, `key_ops`, `alg`, `kid`, `kty`, `crv`, `x`,
`y`; a payload as `iss`, `aud`, `nbf`, `exp`, `nnc`, `fct`, `prf`, `att`.
"""

import base64
import datetime
import json
import random
import secrets
import string
import uuid

import coincurve
import dag_cbor
from blake3 import blake3
from Crypto.Hash import keccak
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from multiformats import CID

from .keys import Key, b64, base58

KINDS = ("EdDSA", "ES256", "ES256K")
# Which further members the JWK in a header has: as the session manager leaves a key, as `prepareSession` gives it back, as
# a browser exported it, and none.
JWK_FORMS = {
    "manager": ("kid",), "prepared": ("alg", "kid"), "policy": ("alg",), "plain": (),
    "exported": ("use", "key_ops", "alg", "kid", "ext"),
}
STATEMENT = "I further authorize the stated URI to perform the following actions on my behalf:"
DOMAIN = "app.example:3000"


def hashed(data):
    return keccak.new(digest_bits=256, data=data).digest()


def checksummed(address):
    """EIP-55 casing of 20 bytes."""
    text = address.hex()
    marks = hashed(text.encode()).hex()
    return "0x" + "".join(letter.upper() if mark >= "8" else letter for letter, mark in zip(text, marks))


def cid_of(data, base="base32"):
    """The name of a token's bytes: raw codec, BLAKE3-256."""
    return CID("base32", 1, "raw", ("blake3", blake3(data).digest())).encode(base)


def in_base58(cid):
    return CID.decode(cid).encode("base58btc")


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def instant(seconds):
    """What `new Date(…).toISOString()` writes."""
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def capabilities(abilities):
    """The capabilities object: sorted as a map of the signer is, `[{}]` where there is no caveat."""
    return {
        resource: {ability: caveats for ability, caveats in sorted(
            held.items() if isinstance(held, dict) else ((ability, [{}]) for ability in held))}
        for resource, held in sorted(abilities.items())
    }


def recap(abilities, proofs=()):
    """The last resource of a SIWE message that delegates (EIP-5573)."""
    value = {"att": capabilities(abilities), "prf": [in_base58(cid) for cid in proofs]}
    return "urn:recap:" + b64(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def statement(abilities):
    lines = []
    for resource, held in sorted(abilities.items()):
        names = {}
        for ability in sorted(held):
            namespace, name = ability.split("/")
            names.setdefault(namespace, []).append(f"'{name}'")
        lines += [f"'{space}': {', '.join(listed)} for '{resource}'." for space, listed in sorted(names.items())]
    return STATEMENT + "".join(f" ({number}) {line}" for number, line in enumerate(lines, 1))


class Grant:
    """A token as it stands in `Authorization`, and its name."""

    def __init__(self, authorization, data, audience):
        self.authorization, self.data, self.audience, self.cid = authorization, data, audience.split("#")[0], cid_of(data)


class Wallet:
    """An account of Ethereum that signs in by EIP-191."""

    def __init__(self, private_hex=None, chain=1):
        self.private = coincurve.PrivateKey(bytes.fromhex(private_hex) if private_hex else secrets.token_bytes(32))
        self.chain = chain
        self.address = checksummed(hashed(self.private.public_key.format(compressed=False)[1:])[-20:])
        self.did = f"did:pkh:eip155:{chain}:{self.address}"

    def space(self, name="default"):
        return f"tinycloud:{self.did.removeprefix('did:')}:{name}"

    def sign(self, text):
        """r, s and v as wallets give them: v is 27 or 28."""
        data = text.encode()
        prefix = b"\x19Ethereum Signed Message:\n" + str(len(data)).encode()
        signature = self.private.sign_recoverable(hashed(prefix + data), hasher=None)
        return signature[:64] + bytes([27 + signature[64]])

    def siwe(self, fields):
        """The text of EIP-4361 for a payload of `cacao`."""
        lines = [f"{fields['domain']} wants you to sign in with your Ethereum account:", self.address, ""]
        lines += [fields["statement"]] if "statement" in fields else []
        lines += ["", f"URI: {fields['aud']}", "Version: 1", f"Chain ID: {self.chain}", f"Nonce: {fields['nonce']}"]
        lines += [
            f"{label}: {fields[name]}" for label, name in [
                ("Issued At", "iat"), ("Expiration Time", "exp"), ("Not Before", "nbf")] if name in fields
        ]
        if fields.get("resources"):
            lines += ["Resources:"] + [f"- {resource}" for resource in fields["resources"]]
        return "\n".join(lines)

    def cacao(self, fields):
        payload = {"iss": self.did, "version": 1, **fields}
        signature = self.sign(self.siwe(fields))
        data = dag_cbor.encode({"h": {"t": "eip4361"}, "p": payload, "s": {"t": "eip191", "s": signature}})
        return Grant(base64.urlsafe_b64encode(data).decode(), data, fields["aud"])

    def delegate(self, audience, abilities, now, lasts=7 * 86400, proofs=(), starts=None):
        """What `prepareSession` and `completeSessionSetup` make: abilities of resources for a DID URL."""
        fields = {"domain": DOMAIN, "aud": audience, "nonce": nonce(), "iat": instant(now)}
        if lasts is not None:
            fields["exp"] = instant(now + lasts)
        if starts is not None:
            fields["nbf"] = instant(now + starts)
        if abilities:
            fields |= {"statement": statement(abilities), "resources": [recap(abilities, proofs)]}
        return self.cacao(fields)

    def host(self, peer, space, now):
        """What `generateHostSIWEMessage` makes: without an end."""
        return self.delegate(peer, {space + "/space": ["tinycloud.space/host"]}, now, lasts=None)

    def revocation(self, cid, now):
        return self.delegate("ucan:" + cid, {}, now, lasts=300)


def nonce():
    return "".join(random.choices(string.ascii_letters + string.digits, k=17))


class EdKey:
    """A private Ed25519 key."""

    alg = "EdDSA"

    def __init__(self, private_hex=None):
        seed = bytes.fromhex(private_hex) if private_hex else secrets.token_bytes(32)
        self.private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def did(self):
        return "did:key:z" + base58(b"\xed\x01" + self.public)

    @property
    def jwk(self):
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(self.public)}

    def sign(self, data):
        return self.private.sign(data)


class SessionKey:
    """A key of `TCWSessionManager`, with the further members its JWK carries."""

    def __init__(self, kind="EdDSA", form="manager", kid="default"):
        self.key = EdKey() if kind == "EdDSA" else Key(kind)
        self.alg, self.did = self.key.alg, self.key.did
        further = {"use": "sig", "key_ops": ["sign"], "alg": self.alg, "kid": kid}
        self.jwk = {name: further[name] for name in further if name in JWK_FORMS[form]} | self.key.jwk
        if "ext" in JWK_FORMS[form]:
            self.jwk["ext"] = True

    @property
    def url(self):
        """The verification method: what stands in `iss` and in a SIWE message's URI."""
        return self.did + "#" + self.did.removeprefix("did:key:")

    def token(self, audience, abilities, expires, proofs, facts=None, starts=None, header=None, **changes):
        payload = {"iss": self.url, "aud": audience}
        payload |= {"nbf": starts} if starts is not None else {}
        payload |= {"exp": expires, "nnc": f"urn:uuid:{uuid.uuid4()}"}
        payload |= {"fct": facts} if facts is not None else {}
        payload |= {"prf": list(proofs), "att": capabilities(abilities)} | changes
        head = {"alg": self.alg, "jwk": self.jwk, "typ": "JWT", "ucv": "0.10.0"} | (header or {})
        head = {name: value for name, value in head.items() if value is not None}
        return self.signed(".".join(b64(compact(part).encode()) for part in (head, payload)), audience)

    def signed(self, text, audience, form=None):
        """Signs header and payload. Signers of P-256 give whichever form of s comes out, those of secp256k1 the lower."""
        form = form or (random.choice(["low", "high"]) if self.alg == "ES256" else "low")
        signature = self.key.sign(text.encode()) if self.alg == "EdDSA" else self.key.sign(text.encode(), form)
        text += "." + b64(signature)
        return Grant(text, text.encode(), audience)


class Session:
    """What `signIn` or `useDelegation` leaves in a client: a key, a space and the delegation the key acts by."""

    def __init__(self, key, space, proof, clock):
        self.key, self.space, self.proof, self.clock = key, space, proof, clock

    @property
    def cid(self):
        return self.proof.cid

    def resource(self, service, path=None, space=None):
        return f"{space or self.space}/{service}" + ("" if path is None else "/" + path)

    def token(self, abilities, facts=None, lasts=60):
        """What every invocation is: to the invoker itself, ending at a fraction of a second."""
        return self.key.token(
            self.key.did, abilities, self.clock() + lasts + 0.123456, [self.cid], facts).authorization

    def invoke(self, service, path, action, facts=None, **rest):
        return self.token({self.resource(service, path): [action]}, facts, **rest)

    def about(self, cid, action):
        """`invokeAny` with a raw resource: status and revocation of one delegation."""
        return self.token({"urn:cid:" + cid: [action]})

    def delegate(self, audience, abilities, lasts=3600, **rest):
        """What `createDelegation` makes for the audience's DID."""
        return self.key.token(audience.split("#")[0], abilities, int(self.clock()) + lasts, [self.cid], **rest)
