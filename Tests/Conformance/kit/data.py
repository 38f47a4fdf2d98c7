"""The data model: JSON to DAG-CBOR and back, CIDs, revisions."""

import base64
import hashlib
import time

import dag_cbor
from multiformats import CID

TID_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"


def unpadded(data):
    return base64.b64encode(data).rstrip(b"=").decode()


def from_base64(text):
    """Standard base64, padded or not, strictly."""
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)


def from_json(value):
    """JSON of the data model to what dag_cbor encodes."""
    if isinstance(value, dict):
        if set(value) == {"$link"}:
            return CID.decode(value["$link"])
        if set(value) == {"$bytes"}:
            return from_base64(value["$bytes"])
        return {name: from_json(part) for name, part in value.items()}
    if isinstance(value, list):
        return [from_json(part) for part in value]
    assert not isinstance(value, float), "the data model has no fractions"
    return value


def to_json(value):
    if isinstance(value, CID):
        return {"$link": cid_text(value)}
    if isinstance(value, bytes):
        return {"$bytes": unpadded(value)}
    if isinstance(value, dict):
        return {name: to_json(part) for name, part in value.items()}
    if isinstance(value, list):
        return [to_json(part) for part in value]
    return value


def cid_text(cid):
    return cid.encode("base32")


def encode(value):
    return dag_cbor.encode(value)


def decode(data):
    """Decodes one canonical item, strictly."""
    value = dag_cbor.decode(data)
    assert dag_cbor.encode(value) == data, "not canonical DAG-CBOR"
    return value


def cid_of(data, codec="dag-cbor"):
    return cid_text(CID("base32", 1, codec, ("sha2-256", hashlib.sha256(data).digest())))


def record_cid(record):
    return cid_of(encode(from_json(record)))


def tid(micros=None, clock=0):
    """A revision: 53 bits of microseconds and 10 bits of a clock's number in 13 characters."""
    micros = int(time.time() * 1_000_000) if micros is None else micros
    number, text = (micros & (1 << 53) - 1) << 10 | clock, ""
    for _ in range(13):
        text = TID_ALPHABET[number & 31] + text
        number >>= 5
    return text


def tid_number(text):
    assert len(text) == 13 and all(character in TID_ALPHABET for character in text), f"no TID: {text}"
    number = 0
    for character in text:
        number = number << 5 | TID_ALPHABET.index(character)
    assert number < 1 << 63
    return number
