"""A permissioned repo as its reader checks it: set hash, commit, CAR file (atproto-spaces.md 8-10)."""

import hashlib
import hmac
import struct

from blake3 import blake3
from multiformats import CID

from . import data

DOMAIN = b"atproto-space-v1"
FIELDS = {"ver", "hash", "ikm", "sig", "mac", "rev"}


class LtHash:
    """A multiset of elements as 1024 sums modulo 2^16."""

    def __init__(self, state=bytes(2048)):
        assert len(state) == 2048
        self.lanes = list(struct.unpack("<1024H", state))

    def add(self, element, sign=1):
        expanded = struct.unpack("<1024H", blake3(element.encode()).digest(length=2048))
        self.lanes = [(lane + sign * part) & 0xFFFF for lane, part in zip(self.lanes, expanded)]

    def remove(self, element):
        self.add(element, -1)

    @property
    def state(self):
        return struct.pack("<1024H", *self.lanes)

    @property
    def digest(self):
        return hashlib.sha256(self.state).digest()

    @staticmethod
    def of(records):
        """The set hash of a map from path to CID."""
        made = LtHash()
        for path, cid in records.items():
            made.add(f"{path}/{cid}")
        return made


def context(space, author, rev, ikm):
    parts = b"".join(struct.pack(">H", len(part)) + part for part in (space.encode(), author.encode(), rev.encode(), ikm))
    return DOMAIN + parts


def mac(ctx, ikm, digest):
    """HKDF-Expand of one block, without Extract, then HMAC over the set's digest."""
    key = hmac.new(ikm, ctx + b"\x01", hashlib.sha256).digest()
    return hmac.new(key, digest, hashlib.sha256).digest()


def make_commit(key, space, author, rev, digest, ikm):
    ctx = context(space, author, rev, ikm)
    return {"ver": 1, "hash": digest, "ikm": ikm, "sig": key.sign(ctx), "mac": mac(ctx, ikm, digest), "rev": rev}


def verify_commit(commit, space, author, key, rev=None):
    """Checks a commit with bytes as bytes; raises AssertionError with what is wrong."""
    assert set(commit) == FIELDS, f"members {sorted(commit)}"
    assert commit["ver"] == 1 and not isinstance(commit["ver"], bool), "ver"
    for name, length in (("hash", 32), ("ikm", 32), ("mac", 32), ("sig", 64)):
        assert isinstance(commit[name], bytes) and len(commit[name]) == length, name
    assert rev is None or commit["rev"] == rev, "rev"
    ctx = context(space, author, commit["rev"], commit["ikm"])
    assert hmac.compare_digest(mac(ctx, commit["ikm"], commit["hash"]), commit["mac"]), "mac"
    assert key.verify(commit["sig"], ctx), "sig"


def commit_from_json(value):
    return data.from_json(value)


def varint(raw, at):
    number, shift = 0, 0
    while True:
        byte = raw[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            assert byte != 0 or shift == 7, "varint is not shortest"
            return number, at
        assert shift < 35, "varint"


def sections(raw):
    """Gives the header and then (CID text, bytes) of each block, hashes checked."""
    length, at = varint(raw, 0)
    yield data.decode(raw[at:at + length])
    at += length
    while at < len(raw):
        length, at = varint(raw, at)
        section = raw[at:at + length]
        assert len(section) == length, "cut off"
        at += length
        assert section[:4] in (b"\x01\x71\x12\x20", b"\x01\x55\x12\x20"), "no CIDv1 of sha2-256"
        cid = CID.decode(section[:36])
        assert hashlib.sha256(section[36:]).digest() == section[4:36], "a block is not what its CID says"
        yield data.cid_text(cid), section[36:]


def verify_car(raw, space, author, key, index_only=False, rev=None):
    """Checks an export to the last block; gives the commit, path -> CID, and path -> record."""
    parts = sections(raw)
    header = next(parts)
    assert set(header) == {"roots", "version"} and header["version"] == 1, "header"
    roots = [data.cid_text(root) for root in header["roots"]]
    assert len(roots) == 2, "two roots"
    (commit_cid, commit_raw), (index_cid, index_raw) = next(parts), next(parts)
    assert [commit_cid, index_cid] == roots, "the roots come first"
    commit = data.decode(commit_raw)
    verify_commit(commit, space, author, key, rev)
    index = {path: data.cid_text(cid) for path, cid in data.decode(index_raw).items()}
    # dag_cbor sorts canonically, and `decode` has compared bytes: the order of the index is that of its bytes.
    assert LtHash.of(index).digest == commit["hash"], "the set hash is not that of the commit"
    blocks = list(parts)
    order = sorted(index, key=lambda path: (len(path.encode()), path.encode()))
    if index_only and not blocks:
        return commit, index, {}
    assert [cid for cid, _ in blocks] == [index[path] for path in order], "blocks are not in the order of the index"
    records = {path: data.to_json(data.decode(block)) for path, (_, block) in zip(order, blocks)}
    return commit, index, records


def shortest(number):
    """An unsigned LEB128 number."""
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def make_car(commit, records, values):
    """An export: both roots, then every record in the order of the index."""
    def block(raw):
        return bytes(CID("base32", 1, "dag-cbor", ("sha2-256", hashlib.sha256(raw).digest()))), raw

    roots = [block(data.encode(commit)), block(data.encode({path: CID.decode(cid) for path, cid in records.items()}))]
    order = sorted(records, key=lambda path: (len(path.encode()), path.encode()))
    blocks = roots + [block(data.encode(data.from_json(values[path]))) for path in order]
    header = data.encode({"roots": [CID.decode(cid) for cid, _ in roots], "version": 1})
    return b"".join(shortest(len(part)) + part for part in [header] + [cid + raw for cid, raw in blocks])
