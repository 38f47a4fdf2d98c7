"""What may stand beside a key: the table of fixtures/vectors/jwk, its recorded tokens and proofs of our own with it."""

import json
import pathlib
import re

import httpx

from kit import jwt
from kit.keys import Key, b64
from kit.xrpc import Caller

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "fixtures/vectors/jwk"
TABLE = json.loads((FOLDER / "members.json").read_text())
TOKENS = json.loads((FOLDER / "tokens.json").read_text())["tokens"]
GET = "com.atproto.space.getSpaceCredential"


def jwk(row, key):
    """The text of a row's public key; a member may stand in it twice."""
    kept = [name for name in key.jwk if name not in row.get("drop", [])]
    own = [f'"{name}":' + row.get("change", {}).get(name, f'"{key.jwk[name]}"') for name in kept]
    text = ",".join(part for part in [row.get("before"), *own, row.get("after")] if part is not None)
    values = key.jwk | {"alg": key.alg, "d": TABLE["seeds"]["p256"]}
    others = {"otherkty": "OKP", "othercrv": "secp256k1", "otheralg": "ES256K"}

    def fill(found):
        name = found[1]
        if name.isdigit():
            return "a" * int(name)
        return others.get(name) or (values[name[3:]].lower() if name.startswith("low") else values[name])

    return "{" + re.sub("<([a-z0-9]+)>", fill, text) + "}"


def test_tokens_are_taken_or_refused_by_the_key_in_their_header(service):
    assert len(TOKENS) > 300
    with httpx.Client() as client:
        for token in TOKENS:
            answer = client.post(service.url + "/delegate", headers={"Authorization": token["token"]})
            wanted = 401 if token["code"] else 200
            assert answer.status_code == wanted, (token["name"], answer.text)
            if token["code"]:
                assert answer.headers["X-Capability-Reason"] == token["code"], token["name"]


def test_proofs_are_taken_or_refused_by_the_key_in_their_header(service, alice, bob):
    space = alice.create_space()
    alice.add(space, bob)
    key = Key("ES256", TABLE["seeds"]["p256"])
    url = f"{alice.document.origin}/xrpc/{GET}"
    token = bob.delegation(space)
    for row in TABLE["rows"]:
        if "p256" not in row.get("curves", ["p256"]):
            continue
        claims = json.dumps({"jti": jwt.jti(), "htm": "POST", "htu": url, "iat": int(service.now)})
        header = '{"typ":"dpop+jwt","alg":"ES256","jwk":%s}' % jwk(row, key)
        signed = f"{b64(header.encode())}.{b64(claims.encode())}"
        headers = {"Authorization": "Bearer " + token, "DPoP": f"{signed}.{b64(key.sign(signed.encode()))}"}
        answer = Caller(service.url).post(GET, headers, space=space)
        if row["code"]:
            # A proof that fails uses no delegation token up.
            answer.refused(TABLE["outcomes"][row["code"]]["proof"], status=401)
        else:
            claims = jwt.decode(answer.ok()["credential"])[1]
            assert claims["cnf"] == {"jkt": key.thumbprint}, row["name"]
            token = bob.delegation(space)
