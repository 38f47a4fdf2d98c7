"""The judge itself: the signer of `kit/tinycloud.py` writes what TinyCloud's own wrote."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kit.keys import unb64, unbase58
from kit.service import ROOT
from kit.tinycloud import JWK_FORMS, KINDS, SessionKey, Wallet, cid_of, in_base58, instant, recap, statement
from kit.tinynode import strict

VECTORS = ROOT / "fixtures/vectors/tinycloud"
ACCEPTED = json.loads((VECTORS / "grant-output/accept.json").read_text())


def parts(token):
    return [strict(unb64(part)) for part in token.split(".")[:2]]


def test_a_root_of_the_reference_is_written_byte_for_byte():
    known = ACCEPTED["parentFormatVector"]
    wallet = Wallet("1".rjust(64, "0"))
    assert wallet.did == known["issuer"]
    assert recap(known["recap"]["att"]) == known["recapResource"]
    fields = {name: value for name, value in known["cacao"]["p"].items() if name not in ("iss", "version")}
    assert fields["statement"] == statement(known["recap"]["att"])
    assert wallet.siwe(fields) == known["siweMessage"]
    assert wallet.sign(known["siweMessage"]).hex() == known["signatureHex"]
    grant = wallet.cacao(fields)
    assert grant.data.hex() == known["dagCborHex"] and grant.cid == known["expectedCid"]
    assert grant.authorization.rstrip("=") == known["dagCborBase64Url"] and len(grant.authorization) % 4 == 0
    assert instant(1783681200) == known["issuedAt"]


def test_a_child_of_the_reference_has_the_name_and_signature_this_kit_gives():
    encoded = ACCEPTED["cases"][0]["ucan"]["encoded"]
    assert cid_of(encoded.encode()) == ACCEPTED["cases"][0]["portableDelegation"]["delegationId"]
    header, payload = parts(encoded)
    assert set(header) == {"alg", "jwk", "typ", "ucv"}
    public = unbase58(payload["iss"].split("#")[0].removeprefix("did:key:z"))
    assert public[:2] == b"\xed\x01" and unb64(header["jwk"]["x"]) == public[2:]
    Ed25519PublicKey.from_public_bytes(public[2:]).verify(
        unb64(encoded.split(".")[2]), encoded.rpartition(".")[0].encode())
    assert in_base58(payload["prf"][0]).startswith("z")


def test_the_header_of_the_session_manager_as_it_was_recorded():
    key = SessionKey()
    token = key.token(key.did, {"urn:cid:x": ["tinycloud.delegation/status"]}, 1.5, ["bafk"]).authorization
    header = '{"alg":"EdDSA","jwk":{"kid":"default","kty":"OKP","crv":"Ed25519","x":"%s"},"typ":"JWT","ucv":"0.10.0"}'
    assert unb64(token.split(".")[0]).decode() == header % key.jwk["x"]
    payload = unb64(token.split(".")[1]).decode()
    assert payload.startswith('{"iss":"%s#%s","aud":"%s","exp":1.5,"nnc":"urn:uuid:' % (key.did, key.did[8:], key.did))
    assert payload.endswith(',"prf":["bafk"],"att":{"urn:cid:x":{"tinycloud.delegation/status":[{}]}}}')


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", JWK_FORMS)
def test_public_keys_stand_in_the_order_of_the_signers_structure(kind, form):
    jwk = SessionKey(kind, form).jwk
    order = ["use", "key_ops", "alg", "kid", "kty", "crv", "x", "y", "ext"]
    assert list(jwk) == [name for name in order if name in jwk]
    assert set(jwk) == {*JWK_FORMS[form], "kty", "crv", "x"} | (set() if kind == "EdDSA" else {"y"})
