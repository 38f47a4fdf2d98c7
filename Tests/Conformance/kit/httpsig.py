"""HTTP message signatures of profile N (RFC 9421, atproto-spaces.md 4.6)."""

import base64
import re

LABEL = "atproto-space"


def base(headers, covered, parameters):
    """The text that is signed: each covered field on a line, then the parameters."""
    lines = [f'"{name}": {headers[name].strip()}' for name in covered]
    return "\n".join(lines + [f'"@signature-params": {parameters}']).encode()


def sign(key, headers, covered, keyid=None, alg=None, extra="", form="low", label=LABEL):
    """Gives the two header fields; `headers` has lower-case names."""
    parameters = "(" + " ".join(f'"{name}"' for name in covered) + ")"
    if keyid is not None:
        parameters += f';keyid="{keyid}"'
    if alg is not None:
        parameters += f';alg="{alg}"'
    parameters += extra
    signature = base64.b64encode(key.sign(base(headers, covered, parameters), form)).decode()
    return {"Signature-Input": f"{label}={parameters}", "Signature": f"{label}=:{signature}:"}


def to_obtain(key, token, **options):
    """Headers that exchange a delegation token for a credential bound to `key`."""
    headers = {"authorization": "Bearer " + token}
    return {"Authorization": "Bearer " + token} | sign(
        key, headers, ["authorization"], keyid=options.pop("keyid", key.did), **options)


def to_use(key, credential, audience, **options):
    """Headers that present a credential to the host of `audience`."""
    headers = {"authorization": "Atproto-Space " + credential, "atproto-space-audience": audience}
    signed = sign(key, headers, ["authorization", "atproto-space-audience"], **options)
    return {"Authorization": headers["authorization"], "Atproto-Space-Audience": audience} | signed


def verify(key, headers, signature_input, signature, covered):
    """Says whether the two fields sign the covered headers under our label."""
    parameters = re.fullmatch(LABEL + r"=(\(.*\).*)", signature_input)
    encoded = re.fullmatch(LABEL + r"=:([A-Za-z0-9+/=]+):", signature)
    if not parameters or not encoded:
        return False
    names = re.findall(r'"([^"]*)"', parameters[1].split(")")[0])
    raw = base64.b64decode(encoded[1], validate=True)
    return names == covered and key.verify(raw, base(headers, covered, parameters[1]), low_s=False)
