"""Delegation tokens and space credentials (atproto-spaces.md 4)."""

import pytest

from kit import httpsig, jwt
from kit.keys import Key
from kit.people import POST, PUBLIC, Person, Reader, resolve, resolve_anywhere
from kit.xrpc import Caller

SPACE = "com.atproto.space."
GET = SPACE + "getSpaceCredential"


@pytest.fixture
def space(alice, bob):
    made = alice.create_space()
    alice.add(made, bob)
    alice.write(made, rkey="first")
    return made


def first(reader, space, alice, **options):
    return reader.get(SPACE + "getRecord", space=space, repo=alice.did, collection=POST, rkey="first", **options)


def exchange(service, alice, space, token, proof=None, headers=None, **body):
    """One exchange by hand; `proof(url)` makes the DPoP header."""
    url = f"{alice.document.origin}/xrpc/{GET}"
    fields = {"Authorization": "Bearer " + token} | (headers or {})
    if proof is not None:
        fields["DPoP"] = proof(url)
    return Caller(service.url).post(GET, fields, **({"space": space} | body))


def dpop_by(key, **changes):
    return lambda url: jwt.dpop(key, "POST", url, **changes)


def test_delegation_token(service, alice, bob, space):
    told = bob.get(SPACE + "getDelegationToken", space=space).ok()
    assert told["delegationToken"] == told["token"] and told["expiresAt"]
    header, payload = jwt.verified(told["token"], bob.document.key("atproto"))
    assert header == {"typ": "atproto-space-delegation+jwt", "alg": "ES256K", "kid": "#atproto"}
    assert set(payload) == {"iss", "sub", "aud", "iat", "exp", "jti"}
    assert (payload["iss"], payload["sub"]) == (bob.did, space)
    assert payload["aud"] == alice.did + "#atproto_space_host" and payload["exp"] == payload["iat"] + 60
    assert len(payload["jti"]) == 32 and bob.delegation(space) != told["token"]


@pytest.mark.parametrize("profile", ["P", "N"])
def test_credential_reads_every_repo_of_the_space(service, alice, bob, space, profile):
    reader = bob.reader(space, profile)
    header, claims = jwt.verified(reader.credential, alice.document.space_key)
    assert header["typ"] == "atproto-space-credential+jwt"
    assert header["kid"] == ("#atproto_space" if alice.document.key("atproto_space") else "#atproto")
    assert claims["iss"] == alice.did and claims["sub"] == space and claims["jti"]
    assert claims["exp"] == claims["iat"] + 600
    assert claims["cnf"] == ({"jkt": reader.key.thumbprint} if profile == "P" else {"kid": reader.key.did})
    assert set(claims) == {"iss", "sub", "iat", "exp", "jti", "cnf"}, "nobody learns who reads"
    assert reader.granted["expiresAt"]
    bob.write(space, rkey="his")
    assert first(reader, space, alice).ok()["value"]["text"] == "hello"
    for repo in (alice.did, bob.did):
        for method in ("listRecords", "getLatestCommit", "listRepoOps", "listBlobs", "getRepo"):
            assert reader.get(SPACE + method, space=space, repo=repo).status == 200, method
    assert {entry["did"] for entry in reader.get(SPACE + "listRepos", space=space).ok()["repos"]} == {alice.did, bob.did}
    reader.get("com.atproto.simplespace.getSpace", space=space).ok()


@pytest.mark.parametrize("profile", ["P", "N"])
def test_credential_writes_nothing(service, alice, bob, space, profile):
    reader = bob.reader(space, profile)
    for nsid, body in [
        (SPACE + "createRecord", {"repo": bob.did, "collection": POST, "record": {"$type": POST}}),
        (SPACE + "applyWrites", {"repo": bob.did, "writes": []}),
        ("com.atproto.simplespace.addMember", {"did": bob.did}), ("com.atproto.simplespace.deleteSpace", {}),
        ("dev.happyview.space.createInvite", {}),
    ]:
        assert reader.post(nsid, space=space, **body).status in (400, 401, 403), nsid
    assert reader.get(SPACE + "getDelegationToken", space=space).status in (400, 401, 403)
    assert reader.get("com.atproto.server.getSession").status in (400, 401, 403)


def test_credential_of_another_space(alice, bob, space):
    other = alice.create_space()
    alice.write(other, rkey="first")
    reader = bob.reader(space)
    first(reader, other, alice).refused("InvalidCredential", status=400)
    reader.get(SPACE + "listRepos", space=other).refused("InvalidCredential", status=400)


def test_credential_needs_its_own_key(alice, bob, space):
    for profile, error in (("P", "DpopKeyMismatch"), ("N", "BadSpaceSignature")):
        reader = bob.reader(space, profile)
        reader.key, own = Key("ES256"), reader.key
        first(reader, space, alice).refused(error, status=401)
        reader.key = own
        first(reader, space, alice).ok()


def test_bound_credential_is_no_bearer_token(service, alice, bob, space):
    anybody = Caller(service.url)
    parameters = {"space": space, "repo": alice.did, "collection": POST, "rkey": "first"}
    for profile in "PN":
        credential = bob.reader(space, profile).credential
        refused = anybody.get(SPACE + "getRecord", {"Authorization": "Bearer " + credential}, **parameters)
        refused.refused("BadJwtCnf", status=401)
        anybody.get(SPACE + "getRecord", {"X-Space-Credential": credential}, **parameters).refused(
            "AuthMissing", "MissingJwt", "BadJwtCnf", status=401)
        anybody.get(SPACE + "getRecord", access_token=credential, **parameters)
        # Each binding by the other's scheme.
        scheme = "Atproto-Space " if profile == "P" else "DPoP "
        assert anybody.get(SPACE + "getRecord", {"Authorization": scheme + credential}, **parameters).status == 401


@pytest.mark.parametrize("profile", ["P", "N"])
def test_a_request_to_one_host_is_nothing_to_another(service, alice, bob, space, peer, profile):
    """What a host of one repo was sent, it sends on to read another repo with."""
    mallory = peer.identity("mallory")
    reader = bob.reader(space, profile)
    heard = reader.at(resolve_anywhere(mallory.did))
    peer.on(SPACE + "getRecord", lambda request: (400, {"error": "RecordNotFound", "message": "but thank you"}))
    heard.get(SPACE + "getRecord", space=space, repo=mallory.did, collection=POST, rkey="first")
    fields = peer.calls(SPACE + "getRecord")[-1].headers
    sent = {name: fields[name] for name in fields if name.lower() in (
        "authorization", "dpop", "signature", "signature-input", "atproto-space-audience")}
    assert len(sent) == (2 if profile == "P" else 4)
    replayed = Caller(service.url).get(
        SPACE + "getRecord", sent, space=space, repo=alice.did, collection=POST, rkey="first")
    replayed.refused("BadDpopProof" if profile == "P" else "BadSpaceAudience", status=401)


def test_dpop_proofs(service, alice, bob, space):
    reader = bob.reader(space)
    nsid = SPACE + "getRecord"
    url, key, credential = reader.htu(nsid), reader.key, reader.credential
    parameters = {"space": space, "repo": alice.did, "collection": POST, "rkey": "first"}

    def ask(proof):
        headers = {"Authorization": "DPoP " + credential}
        if proof is not None:
            headers["DPoP"] = proof
        return Caller(service.url).get(nsid, headers, **parameters)

    proof = jwt.dpop(key, "GET", url, credential)
    ask(proof).ok()
    ask(proof).refused("BadDpopProof", status=401)  # a proof is used once
    ask(jwt.dpop(key, "GET", url, credential, form="high")).ok()  # general signers make both forms
    ask(None).refused("MissingDpopProof", status=401)
    now = service.now
    for error, made in [
        ("BadDpopProof", jwt.dpop(key, "POST", url, credential)), ("BadDpopProof", jwt.dpop(key, "get", url, credential)),
        ("BadDpopProof", jwt.dpop(key, "GET", url + "x", credential)),
        ("BadDpopProof", jwt.dpop(key, "GET", url.replace("http", "https", 1), credential)),
        ("BadDpopProof", jwt.dpop(key, "GET", url)), ("BadDpopProof", jwt.dpop(key, "GET", url, credential + "x")),
        ("BadDpopProof", jwt.dpop(key, "GET", url, credential, jti=None)),
        ("BadDpopProofSignature", jwt.dpop(key, "GET", url, credential, iat=None)),
        ("BadDpopProofSignature", jwt.dpop(key, "GET", url, credential, now=now + 60)),
        ("DpopProofExpired", jwt.dpop(key, "GET", url, credential, now=now - 90)),
        ("BadDpopProofSignature", jwt.dpop(key, "GET", url, credential, header={"typ": "JWT"})),
        ("BadDpopProofSignature", jwt.dpop(key, "GET", url, credential, header={"jwk": Key("ES256").jwk})),
        ("BadDpopProofSignature", jwt.dpop(key, "GET", url, credential, form="der")),
    ]:
        ask(made).refused(error, status=401)
    private = key.jwk | {"d": "AAAA"}
    assert ask(jwt.dpop(key, "GET", url, credential, header={"jwk": private})).status == 401
    assert ask(jwt.dpop(key, "GET", url, credential, header={"alg": "none"})).status == 401
    assert ask("x").status == 401 and ask("").status == 401


def test_message_signatures(service, alice, bob, space):
    reader = bob.reader(space, "N")
    nsid, key, credential = SPACE + "getRecord", reader.key, reader.credential
    parameters = {"space": space, "repo": alice.did, "collection": POST, "rkey": "first"}
    ask = lambda headers: Caller(service.url).get(nsid, headers, **parameters)
    ask(httpsig.to_use(key, credential, alice.did)).ok()
    ask(httpsig.to_use(key, credential, alice.did, keyid=key.did, alg="ecdsa-p256-sha256")).ok()
    ask(httpsig.to_use(key, credential, alice.did, form="high")).ok()
    ask(httpsig.to_use(key, credential, alice.did, extra=";created=1")).ok()
    more = httpsig.to_use(key, credential, alice.did)
    ask(more | {
        "Signature-Input": 'sig1=("host");keyid="x", ' + more["Signature-Input"],
        "Signature": "sig1=:AAAA:, " + more["Signature"]}).ok()
    # What is signed is the list as it is serialised anew, not as it was written.
    ask(more | {"Signature-Input": more["Signature-Input"].replace(" ", "  ")}).ok()
    for error, headers in [
        ("BadSpaceAudience", httpsig.to_use(key, credential, bob.did)),
        ("BadSpaceSignature", httpsig.to_use(Key("ES256"), credential, alice.did)),
        ("BadSpaceSignature", httpsig.to_use(key, credential, alice.did, keyid=Key("ES256").did)),
        ("BadSpaceSignature", httpsig.to_use(key, credential, alice.did, alg="hmac-sha256")),
        ("BadSpaceSignature", httpsig.to_use(key, credential, alice.did, form="der")),
        ("BadSpaceSignature", httpsig.to_use(key, credential, alice.did, label="other")),
        ("BadSpaceSignature", {"Authorization": "Atproto-Space " + credential, "Atproto-Space-Audience": alice.did}),
        ("BadSpaceSignature", httpsig.to_use(key, credential, alice.did) | {"Atproto-Space-Audience": bob.did}),
        ("BadSpaceSignature", more | {"Signature": "atproto-space=:AAAA:"}),
        ("BadSpaceSignature", more | {"Signature": ""}),
    ]:
        ask(headers).refused(error, status=401)
    swapped = {"authorization": "Atproto-Space " + credential, "atproto-space-audience": alice.did}
    for covered in (["atproto-space-audience", "authorization"], ["authorization"], ["authorization", "authorization"]):
        signed = httpsig.sign(key, swapped, covered)
        ask({"Authorization": swapped["authorization"], "Atproto-Space-Audience": alice.did} | signed).refused(
            "BadSpaceSignature", status=401)
    # A host method is asked of the authority.
    own = Caller(service.url).get(SPACE + "listRepos", httpsig.to_use(key, credential, alice.did), space=space)
    own.ok()
    other = Caller(service.url).get(SPACE + "listRepos", httpsig.to_use(key, credential, bob.did), space=space)
    other.refused("BadSpaceAudience", status=401)


def test_one_authorization_per_request(service, alice, bob, space):
    reader = bob.reader(space)
    proof = jwt.dpop(reader.key, "GET", reader.htu(SPACE + "listRepos"), reader.credential)
    twice = [("Authorization", "DPoP " + reader.credential), ("Authorization", "Bearer " + bob.access), ("DPoP", proof)]
    answer = reader.http.get(f"{service.url}/xrpc/{SPACE}listRepos", params={"space": space}, headers=twice)
    assert answer.status_code in (400, 401)


def test_delegation_token_is_used_once(service, alice, bob, space):
    token = bob.delegation(space)
    exchange(service, alice, space, token, dpop_by(Key())).ok()
    exchange(service, alice, space, token, dpop_by(Key())).refused("JwtReplayed", status=401)
    exchange(service, alice, space, token, headers=httpsig.to_obtain(Key(), token)).refused("JwtReplayed", status=401)


def test_failed_proof_does_not_burn_the_token(service, alice, bob, space):
    token, key = bob.delegation(space), Key()
    for proof, error in [
        (None, "BadSpaceSignature"), (lambda url: "x", "BadDpopProofSignature"),
        (dpop_by(key, credential="x"), "BadDpopProof"),  # no `ath` while obtaining
        (dpop_by(key, now=service.now - 120), "DpopProofExpired"), (dpop_by(key, htm="GET"), "BadDpopProof"),
        (dpop_by(key, header={"jwk": Key().jwk}), "BadDpopProofSignature"),
        (lambda url: jwt.dpop(key, "POST", url + "x"), "BadDpopProof"),
    ]:
        exchange(service, alice, space, token, proof).refused(error, status=401)
    broken = httpsig.to_obtain(key, token) | {"Signature": "atproto-space=:AAAA:"}
    exchange(service, alice, space, token, headers=broken).refused("BadSpaceSignature", status=401)
    exchange(service, alice, space, token, headers=httpsig.to_obtain(key, token, keyid=Key().did)).refused(
        "BadSpaceSignature", status=401)
    both = httpsig.to_obtain(key, token)
    exchange(service, alice, space, token, dpop_by(key), both).refused("InvalidRequest", status=400)
    other = alice.create_space()
    exchange(service, alice, other, token, dpop_by(key)).refused("InvalidDelegationToken", status=400)
    exchange(service, alice, space, token, dpop_by(key)).ok()


def test_malformed_delegation_tokens(service, alice, bob, space):
    key, now = Key("ES256K"), service.now
    made = lambda **changes: jwt.delegation(key, bob.did, space, **changes)
    for error, token in [
        ("BadJwtSignature", made()), ("BadJwt", "x"), ("BadJwt", "a.b.c"), ("BadJwt", made(jti=None)), ("BadJwt", made(exp=None)),
        ("BadJwtType", made(header={"typ": "JWT"})), ("BadJwtType", made(header={"typ": None})),
        ("JwtExpired", made(now=now - 120)), ("BadJwtAudience", made(aud=bob.did + "#atproto_space_host")),
        ("BadJwtAudience", made(aud=alice.did)), ("BadJwtSub", made(sub=alice.did)), ("BadJwtIss", made(iss="bob")),
    ]:
        answer = exchange(service, alice, space, token, dpop_by(Key()))
        assert answer.status == 401, f"{error}: {answer.text}"
        # What does not say what it is counts as the token of a session, which this method does not take.
        answer.refused(error, "BadJwt", "BadJwtType", *(["AuthMissing"] if token in ("x", "a.b.c") or error == "BadJwtType" else []))
    assert exchange(service, alice, space, made(header={"alg": "none"}), dpop_by(Key())).status == 401
    assert exchange(service, alice, space, made(exp=int(now) + 3600), dpop_by(Key())).status == 401
    assert Caller(service.url).post(GET, space=space).status == 401
    assert Caller(service.url).post(GET, {"Authorization": "Bearer " + bob.access}, space=space).status == 401


def test_delegation_token_expires(clocked):
    alice, bob = Person(clocked), Person(clocked)
    space = alice.create_space()
    alice.add(space, bob)
    token = bob.delegation(space)
    clocked.pass_time(64)
    late = exchange(clocked, alice, space, token, dpop_by(Key(), now=clocked.now))
    late.ok()  # within the skew of 5 s
    token = bob.delegation(space)
    clocked.pass_time(65)
    exchange(clocked, alice, space, token, dpop_by(Key(), now=clocked.now)).refused("JwtExpired", status=401)


@pytest.mark.parametrize("profile", ["P", "N"])
def test_credential_expires(clocked, profile):
    alice, bob = Person(clocked), Person(clocked)
    space = alice.create_space()
    alice.add(space, bob)
    alice.write(space, rkey="first")
    reader = bob.reader(space, profile, now=clocked.now)
    clocked.pass_time(604)
    reader.now = clocked.now
    first(reader, space, alice).ok()
    clocked.pass_time(1)
    reader.now = clocked.now
    first(reader, space, alice).refused("JwtExpired", status=401)


def test_used_tokens_are_remembered_over_a_crash(start):
    crashing = start(clock=1_790_000_000)
    alice, bob = Person(crashing), Person(crashing)
    space = alice.create_space()
    alice.add(space, bob)
    alice.write(space, rkey="first")
    reader = bob.reader(space, now=crashing.now)
    proof = jwt.dpop(reader.key, "GET", reader.htu(SPACE + "listRepos"), reader.credential, now=crashing.now)
    ask = lambda: Caller(crashing.url).get(
        SPACE + "listRepos", {"Authorization": "DPoP " + reader.credential, "DPoP": proof}, space=space)
    ask().ok()
    crashing.restart()
    exchange(crashing, alice, space, reader.token, dpop_by(Key(), now=crashing.now)).refused("JwtReplayed", status=401)
    ask().refused("BadDpopProof", status=401)
    first(reader, space, alice).ok()


def test_foreign_issuer_mints_for_nobody_else(service, alice, bob, space, peer):
    """A credential signed by another DID, well-formed otherwise, for a space that is not its own."""
    mallory = peer.identity("mallory")
    key, now = Key(), int(service.now)
    claims = {
        "iss": mallory.did, "sub": space, "iat": now, "exp": now + 600, "jti": jwt.jti(), "cnf": {"jkt": key.thumbprint},
    }
    header = {"typ": "atproto-space-credential+jwt", "alg": "ES256K", "kid": "#atproto"}
    for payload, error in [(claims, "BadJwtIss"), (claims | {"iss": alice.did}, "BadJwtSignature")]:
        forged = jwt.encode(header, payload, mallory.key)
        url = f"{alice.document.origin}/xrpc/{SPACE}listRepos"
        answer = Caller(service.url).get(
            SPACE + "listRepos",
            {"Authorization": "DPoP " + forged, "DPoP": jwt.dpop(key, "GET", url, forged)}, space=space)
        answer.refused(error, status=401)


def test_public_spaces_admit_anyone(service, alice, carol):
    space = alice.create_space(policy=PUBLIC)
    alice.write(space, rkey="first")
    for profile in "PN":
        first(carol.reader(space, profile), space, alice).ok()
    carol.write(space)


def test_users_of_other_hosts_are_admitted(service, alice, peer):
    """The second host: its user's delegation token is verified by the DID document that it publishes."""
    for alg in ("ES256K", "ES256"):
        dave = peer.identity("dave" + alg.lower(), alg)
        space = alice.create_space()
        alice.write(space, rkey="first")
        token = lambda **changes: jwt.delegation(dave.key, dave.did, space, **changes)
        refused = exchange(service, alice, space, token(), dpop_by(Key()))
        refused.refused("SpaceNotFound", status=400)
        alice.post("com.atproto.simplespace.addMember", space=space, did=dave.did).ok()
        assert exchange(service, alice, space, token(form="high"), dpop_by(Key())).status == 401
        origin = resolve(service, alice.did).origin
        first(Reader(service.url, origin, space, token()), space, alice).ok()
        rotated = Key(alg)
        dave.methods["atproto"] = rotated
        assert exchange(service, alice, space, jwt.delegation(Key(alg), dave.did, space), dpop_by(Key())).status == 401
        first(Reader(service.url, origin, space, jwt.delegation(rotated, dave.did, space)), space, alice).ok()
