"""A session's word to other hosts: com.atproto.server.getServiceAuth (atproto-spaces.md 4.7)."""

import time

import pytest

from kit import jwt
from kit.people import PASSWORD, POST, Person, resolve
from kit.service import OPEN, Service
from kit.xrpc import Caller

GET = "com.atproto.server.getServiceAuth"
SPACE = "com.atproto.space."
ELSEWHERE = "did:web:elsewhere.example"


def word(token):
    return {"Authorization": "Bearer " + token}


def test_the_token_is_the_accounts_word(service, alice):
    made = alice.get(GET, aud=ELSEWHERE + "#atproto_space_host", lxm=SPACE + "notifyWrite").ok()
    assert set(made) == {"token"}
    header, claims = jwt.verified(made["token"], resolve(service, alice.did).key("atproto"))
    assert header["typ"] == "JWT" and claims["iss"] == alice.did and claims["lxm"] == SPACE + "notifyWrite"
    assert claims["aud"] == ELSEWHERE + "#atproto_space_host"
    assert claims["exp"] - claims["iat"] == 60 and abs(claims["iat"] - time.time()) < 10 and claims["jti"]
    _, claims = jwt.decode(alice.get(GET, aud=ELSEWHERE).ok()["token"])
    assert "lxm" not in claims and claims["exp"] - claims["iat"] == 60


@pytest.mark.parametrize("seconds, lxm, error", [
    (-1, "a.b.c", "BadExpiration"), (0, "a.b.c", "BadExpiration"), (1, "a.b.c", None), (3600, "a.b.c", None),
    (3601, "a.b.c", "BadExpiration"), (60, None, None), (61, None, "BadExpiration"), (-(10**15), None, "BadExpiration"),
    (10**15, "a.b.c", "BadExpiration"),
])
def test_the_lifetime_is_bounded(clocked, seconds, lxm, error):
    alice = Person(clocked, "alice")
    expiry = int(clocked.now) + seconds
    answer = alice.get(GET, aud=ELSEWHERE, lxm=lxm, exp=expiry)
    if error:
        answer.refused(error, status=400)
        return
    assert jwt.decode(answer.ok()["token"])[1]["exp"] == expiry


@pytest.mark.parametrize("query", [
    {}, {"aud": "elsewhere.example"}, {"aud": ELSEWHERE + "#"}, {"aud": ELSEWHERE, "lxm": "x"},
    {"aud": ELSEWHERE, "lxm": ""}, {"aud": ELSEWHERE, "exp": "soon"}, {"aud": ELSEWHERE, "exp": "1.5"},
    {"aud": ELSEWHERE, "exp": str(10**30)}, {"aud": [ELSEWHERE, ELSEWHERE]},
])
def test_malformed_questions(alice, query):
    alice.send("GET", GET, params=query).refused("InvalidRequest", status=400)


@pytest.mark.parametrize("lxm", [
    "com.atproto.admin.sendEmail", "com.atproto.identity.requestPlcOperationSignature",
    "com.atproto.identity.signPlcOperation", "com.atproto.identity.updateHandle",
    "com.atproto.server.activateAccount", "com.atproto.server.confirmEmail", "com.atproto.server.createAppPassword",
    "com.atproto.server.deactivateAccount", "com.atproto.server.getAccountInviteCodes",
    "com.atproto.server.listAppPasswords", "com.atproto.server.requestAccountDelete",
    "com.atproto.server.requestEmailConfirmation", "com.atproto.server.requestEmailUpdate",
    "com.atproto.server.revokeAppPassword", "com.atproto.server.updateEmail",
])
def test_what_is_done_with_the_account_itself_is_protected(alice, lxm):
    alice.get(GET, aud=ELSEWHERE, lxm=lxm).refused("InvalidRequest", status=400)


def test_only_a_session_has_a_word(service, alice):
    Caller(service.url).get(GET, aud=ELSEWHERE).refused("AuthMissing", status=401)
    token = alice.get(GET, aud=alice.did, lxm=GET).ok()["token"]
    Caller(service.url).get(GET, word(token), aud=ELSEWHERE).refused("AuthMissing", status=401)


def test_it_is_taken_here_once_and_while_the_session_lives(service, alice):
    space = alice.create_space()
    alice.write(space, rkey="one")
    login = alice.post("com.atproto.server.createSession", identifier=alice.handle, password=PASSWORD).ok()
    session = Caller(service.url, word(login["accessJwt"]))
    ask = lambda: session.get(GET, aud=alice.did, lxm=SPACE + "getRecord").ok()["token"]
    read = lambda token: Caller(service.url).get(
        SPACE + "getRecord", word(token), space=space, repo=alice.did, collection=POST, rkey="one")
    token = ask()
    read(token).ok()
    read(token).refused("JwtReplayed", status=401)
    kept = ask()
    Caller(service.url).post("com.atproto.server.deleteSession", word(login["refreshJwt"])).ok()
    read(kept).refused("AuthMissing", status=401)
    assert alice.get(SPACE + "getRecord", space=space, repo=alice.did, collection=POST, rkey="one").status == 200


@pytest.mark.parametrize("privileged", [False, True])
def test_app_passwords_take_no_right_they_do_not_have(service, alice, privileged):
    name = f"app {privileged}"
    password = alice.post("com.atproto.server.createAppPassword", name=name, privileged=privileged).ok()["password"]
    login = alice.post("com.atproto.server.createSession", identifier=alice.handle, password=password).ok()
    app = Caller(service.url, word(login["accessJwt"]))
    app.get(GET, aud=ELSEWHERE).ok()
    app.get(GET, aud=ELSEWHERE, lxm="com.example.method").ok()
    for lxm in ("chat.bsky.convo.listConvos", "com.atproto.server.createAccount"):
        answer = app.get(GET, aud=ELSEWHERE, lxm=lxm)
        assert (answer.status == 200) == privileged, answer.text
    for lxm in (
            SPACE + "getRecord", "com.atproto.simplespace.addMember", "dev.happyview.space.getRecord",
            "com.atproto.repo.uploadBlob", "dev.capabilitygraph.graph.check", SPACE + "notServedYet"):
        for aud in (ELSEWHERE, alice.did):
            app.get(GET, aud=aud, lxm=lxm).refused("InsufficientScope", status=403)


def test_app_passwords_that_may_act_on_spaces_have_a_word_there():
    service = Service(OPEN + ["--allow-app-passwords", "on"])
    try:
        alice = Person(service, "alice")
        password = alice.post("com.atproto.server.createAppPassword", name="app").ok()["password"]
        login = alice.post("com.atproto.server.createSession", identifier=alice.handle, password=password).ok()
        Caller(service.url, word(login["accessJwt"])).get(GET, aud=ELSEWHERE, lxm=SPACE + "getRecord").ok()
    finally:
        service.stop()


def test_an_account_whose_key_is_elsewhere_signs_there(service, peer):
    carol = peer.identity("carol")
    audience = Caller(service.url).get("com.atproto.server.describeServer").ok()
    domain, did = audience["availableUserDomains"][0], audience["did"]
    token = jwt.service_auth(carol.key, carol.did, did, "com.atproto.server.createAccount")
    made = Caller(service.url).post(
        "com.atproto.server.createAccount", word(token), handle=f"carol-{peer.port}{domain}", did=carol.did,
        password=PASSWORD).ok()
    Caller(service.url, word(made["accessJwt"])).get(GET, aud=ELSEWHERE).refused("InvalidRequest", status=400)


def test_no_account_has_words_without_end(start):
    """Each is an edge that stays, so asking counts as every other call of a session does."""
    alice = Person(start(OPEN + ["--requests-per-minute", "1", "--request-burst", "3"]), "alice")
    answers = [alice.get(GET, aud=ELSEWHERE) for _ in range(5)]
    assert answers[0].status == 200
    answers[-1].refused("RateLimitExceeded", status=429)
