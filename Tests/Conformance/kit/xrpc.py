"""Calls methods and holds every answer to the lexicons and to the table of errors (atproto-spaces.md 20)."""

import json

import httpx
from atproto import models
from atproto_client.models.utils import get_or_create

from .lexicon import Lexicons

LEXICONS = Lexicons()

# name: status on com.atproto.*, status on dev.happyview.*
STATUS = {
    name: statuses for names, statuses in [
        ("InvalidRequest UnsupportedPolicy UnsupportedAppAccess ServiceNotResolvable MalformedCursor", (400, 400)),
        ("HistoryUnavailable FutureRev", (400, 400)),
        ("SpaceNotFound SpaceDeleted RepoNotFound RepoTakendown RepoSuspended RepoDeactivated", (400, 404)),
        ("RecordNotFound BlobNotFound", (400, 404)),
        ("SpaceAlreadyExists RecordAlreadyExists MemberAlreadyExists", (400, 409)), ("InvalidSwap", (409, 409)),
        ("NotSpaceOwner UserNotAuthorized AppNotAuthorized NotAuthorized", (400, 403)),
        ("InvalidDelegationToken InvalidClientAttestation InvalidCredential", (400, 401)),
        ("Forbidden WriteNotAuthorized InsufficientScope", (403, 403)), ("FeatureDisabled", (404, 404)),
        ("PayloadTooLarge", (413, 413)), ("RateLimitExceeded", (429, 429)), ("MethodNotImplemented", (501, 501)),
        ("UpstreamFailure", (502, 502)),
        ("AuthMissing MissingJwt BadJwt BadJwtType BadJwtIss BadJwtSub BadJwtAudience BadJwtCnf", (401, 401)),
        ("BadJwtSignature JwtExpired JwtReplayed MissingDpopProof BadDpopProof BadDpopProofSignature", (401, 401)),
        ("DpopProofExpired DpopKeyMismatch BadSpaceSignature BadSpaceAudience CredentialRevoked", (401, 401)),
    ] for name in names.split()
}

# What the client package's own models must be able to read, in full.
MODELS = {
    "com.atproto.server.describeServer": models.ComAtprotoServerDescribeServer.Response,
    "com.atproto.server.createAccount": models.ComAtprotoServerCreateAccount.Response,
    "com.atproto.server.createSession": models.ComAtprotoServerCreateSession.Response,
    "com.atproto.server.refreshSession": models.ComAtprotoServerRefreshSession.Response,
    "com.atproto.server.getSession": models.ComAtprotoServerGetSession.Response,
    "com.atproto.identity.resolveHandle": models.ComAtprotoIdentityResolveHandle.Response,
    "com.atproto.identity.resolveDid": models.ComAtprotoIdentityResolveDid.Response,
    "com.atproto.repo.uploadBlob": models.ComAtprotoRepoUploadBlob.Response,
}


class Refused(Exception):
    def __init__(self, answer):
        super().__init__(f"{answer.method}: {answer.status} {answer.text[:300]}")
        self.answer = answer


class Answer:
    def __init__(self, method, response, lexicon=True):
        self.method, self.response = method, response
        self.status, self.headers = response.status_code, response.headers
        self.text, self.raw = response.text, response.content
        self.is_json = response.headers.get("content-type", "").split(";")[0] == "application/json"
        self.body = json.loads(response.content) if self.is_json and response.content else None
        self.check(lexicon)

    @property
    def error(self):
        return self.body.get("error") if self.status >= 400 and isinstance(self.body, dict) else None

    def check(self, lexicon):
        if self.status < 300:
            if self.method.startswith("com.atproto."):
                assert self.status == 200, f"{self.method} answered {self.status}"
            if lexicon:
                LEXICONS.check_output(self.method, self.body)
            if self.method in MODELS:
                get_or_create(self.body, MODELS[self.method])
            return
        assert isinstance(self.body, dict), f"{self.method}: no JSON in {self.status} {self.text[:200]}"
        assert isinstance(self.body.get("error"), str) and isinstance(self.body.get("message"), str), self.text
        assert self.status < 500 or self.error in ("MethodNotImplemented", "UpstreamFailure", "ServiceUnavailable"), self.text
        if self.status == 405:  # the wrong verb: HTTP's own way to say it
            assert self.error == "InvalidRequest" and self.headers.get("allow"), self.text
        elif self.error in STATUS:
            expected = STATUS[self.error][1 if self.method.startswith("dev.happyview.") else 0]
            assert self.status == expected, f"{self.method}: {self.error} is {self.status}, not {expected}"
        if self.status == 401:
            assert self.headers.get("www-authenticate"), f"{self.method}: a 401 without WWW-Authenticate"

    def ok(self):
        if self.status >= 300:
            raise Refused(self)
        return self.body

    def refused(self, *names, status=None):
        """Asserts that this is one of the named refusals."""
        assert self.status >= 400, f"{self.method} was not refused: {self.text[:300]}"
        assert self.error in names, f"{self.method} answered {self.status} {self.text[:300]}, not {' or '.join(names)}"
        assert status is None or self.status == status, f"{self.method}: status {self.status}"
        return self

    @property
    def shape(self):
        """What an outsider can tell answers apart by; a decision's id may differ."""
        body = {name: value for name, value in (self.body or {}).items() if name != "decision"}
        return (
            self.status, tuple(self.body or {}), body, self.headers.get("content-type"),
            self.headers.get("www-authenticate"),
        )


class Caller:
    """Calls one server; `headers` go with every call."""

    def __init__(self, url, headers=None):
        self.url, self.headers = url, dict(headers or {})
        self.http = httpx.Client(timeout=30)

    def send(self, verb, nsid, headers=None, lexicon=True, **options):
        """One request; `lexicon` is False where an extension asks for another form of the answer."""
        url = f"{self.url}/xrpc/{nsid}"
        answer = self.http.request(verb, url, headers={**self.headers, **(headers or {})}, **options)
        return Answer(nsid, answer, lexicon)

    def get(self, nsid, headers=None, **parameters):
        query = {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in parameters.items() if value is not None
        }
        return self.send("GET", nsid, headers, params=query)

    def post(self, nsid, headers=None, **body):
        return self.send("POST", nsid, headers, json=body)

    def bytes(self, nsid, content, mime, headers=None):
        return self.send("POST", nsid, {**(headers or {}), "Content-Type": mime}, content=content)
