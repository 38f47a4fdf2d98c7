"""ECDSA keys of the protocol: P-256 (ES256) and secp256k1 (ES256K), as did:key, JWK and signer."""

import base64
import hashlib
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES256K": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}
CURVES = {"ES256": ec.SECP256R1(), "ES256K": ec.SECP256K1()}
PREFIXES = {"ES256": b"\x80\x24", "ES256K": b"\xe7\x01"}
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(data):
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def unbase58(text):
    number = 0
    for character in text:
        number = number * 58 + ALPHABET.index(character)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def b64(data):
    """base64url without padding"""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    """base64url without padding, strictly"""
    assert "=" not in text and "+" not in text and "/" not in text, "not base64url"
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class PublicKey:
    def __init__(self, alg, key):
        self.alg, self.key = alg, key

    @staticmethod
    def from_multikey(text):
        assert text.startswith("z")
        data = unbase58(text[1:])
        for alg, prefix in PREFIXES.items():
            if data.startswith(prefix):
                assert len(data) == 35, "the point must be compressed"
                return PublicKey(alg, ec.EllipticCurvePublicKey.from_encoded_point(CURVES[alg], data[2:]))
        raise ValueError("no key of a known curve")

    @staticmethod
    def from_did_key(did):
        return PublicKey.from_multikey(did.removeprefix("did:key:"))

    @property
    def multikey(self):
        return "z" + base58(PREFIXES[self.alg] + self.key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))

    @property
    def did(self):
        return "did:key:" + self.multikey

    @property
    def jwk(self):
        numbers = self.key.public_numbers()
        crv = {"ES256": "P-256", "ES256K": "secp256k1"}[self.alg]
        return {"kty": "EC", "crv": crv, "x": b64(numbers.x.to_bytes(32, "big")), "y": b64(numbers.y.to_bytes(32, "big"))}

    @property
    def thumbprint(self):
        """RFC 7638"""
        jwk = self.jwk
        text = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
        return b64(hashlib.sha256(text.encode()).digest())

    def verify(self, signature, data, low_s=True):
        """Says whether 64 bytes of r and s sign the data; without `low_s` both forms of s are taken."""
        if len(signature) != 64:
            return False
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        if low_s and s > ORDERS[self.alg] // 2:
            return False
        try:
            self.key.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
            return True
        except InvalidSignature:
            return False


class Key(PublicKey):
    """A private key."""

    def __init__(self, alg="ES256", private_hex=None):
        curve = CURVES[alg]
        private = ec.derive_private_key(int(private_hex, 16), curve) if private_hex else ec.generate_private_key(curve)
        super().__init__(alg, private.public_key())
        self.private = private

    def sign(self, data, form="low"):
        """64 bytes with the lower s; `form` may ask for what verifiers must refuse: `high` or `der`."""
        der = self.private.sign(data, ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(der)
        low = min(s, ORDERS[self.alg] - s)
        if form == "der":
            return der
        s = low if form == "low" else ORDERS[self.alg] - low
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
