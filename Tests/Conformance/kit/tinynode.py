"""Calls a node as TinyCloud's SDK does, and holds answers to what it validates (tinycloud.md 6, 8.5, 10)."""

import datetime
import json
import urllib.parse

import httpx

from .tinycloud import Session, SessionKey, Wallet

# What Node's `fetch` adds to every request.
FETCH = {
    "accept": "*/*", "accept-language": "*", "sec-fetch-mode": "cors", "user-agent": "node",
    "accept-encoding": "gzip, deflate",
}
STATUS = ["cid", "status", "exists", "active", "revoked", "expired"]
ITEM = [
    "cid", "direction", "delegatorDid", "delegateDid", "resources", "parents", "issuedAt", "notBefore", "expiresAt", "status",
]
ENDED = ["revokedAt", "revokedBy", "revokedAncestorCid"]
ROW = ["capabilities", "delegator", "delegate", "parents", "raw"]
FRAMEWORK = {
    "error": {
        "code": 401, "reason": "Unauthorized", "description": "The request requires user authentication.",
    },
}


def strict(text):
    def once(pairs):
        assert len({name for name, _ in pairs}) == len(pairs), "a member is repeated"
        return dict(pairs)

    return json.loads(text, object_pairs_hook=once)


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.content = response.status_code, response.headers, response.content
        self.text = response.text if self.status != 200 or "octet" not in self.kind else repr(self.content)
        assert self.headers["access-control-allow-origin"] == "*", "a browser would not see this"

    @property
    def kind(self):
        return self.headers.get("content-type", "")

    @property
    def reason(self):
        return self.headers.get("x-capability-reason")

    @property
    def json(self):
        assert self.kind.split(";")[0] == "application/json", f"{self.status} {self.kind}: {self.text[:300]}"
        return strict(self.content)

    def ok(self):
        assert self.status == 200, f"{self.status} {self.reason}: {self.text[:300]}"
        return self

    def refused(self, status, text):
        """Asserts status and body, word for word; a `dict` is the framework's page."""
        assert self.status == status, f"{self.status} {self.reason}: {self.text[:300]}"
        if isinstance(text, dict):
            assert self.json == text
        else:
            assert self.text == text, f"`{self.text[:300]}` is not `{text}`"
            assert self.kind.split(";")[0] == "text/plain"
        assert self.reason and self.headers.get("x-decision-id")
        return self


class Node:
    """One service as the SDK sees it: a host and nothing else."""

    def __init__(self, service):
        self.service = service
        self.http = httpx.Client(base_url=service.url, timeout=30, headers=FETCH)

    def now(self):
        return self.service.now

    def get(self, path):
        return Answer(self.http.get(path))

    def post(self, path, authorization, body=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(self.http.post(path, headers={"Authorization": authorization} | named, content=body))

    def peer(self, space):
        return self.get("/peer/generate/" + urllib.parse.quote(space, safe="-_.!~*'()")).ok().text

    def delegate(self, grant):
        return self.post("/delegate", grant.authorization)

    def activate(self, grant):
        """`/delegate` and its receipt: gives the spaces activated and skipped."""
        answer = self.delegate(grant).ok().json
        assert list(answer)[:3] == ["cid", "activated", "skipped"], list(answer)
        assert answer["cid"] == grant.cid
        return answer["activated"], answer["skipped"]

    def invoke(self, authorization, body=None, **headers):
        return self.post("/invoke", authorization, body, **headers)

    def revoke(self, authorization, cid):
        answer = self.post("/revoke", authorization).ok().json
        assert list(answer.items()) == [("revoked", True), ("cid", cid)]

    def json(self, path, authorization, value):
        return self.post(path, authorization, json.dumps(value, separators=(",", ":")).encode(),
                         content_type="application/json")

    def status(self, session, cid, expected=200):
        """The one state a delegation is in, by an answer with exactly the members of the SDK's schema."""
        answer = self.json("/delegation/status", session.about(cid, "tinycloud.delegation/status"), {"cid": cid})
        assert answer.status == expected, f"{answer.status} {answer.reason}: {answer.text[:300]}"
        value = answer.json
        assert list(value) == STATUS and value["cid"] == cid
        state = value["status"]
        assert [value["exists"], value["active"], value["revoked"], value["expired"]] == [
            state != "not_found", state == "active", state == "revoked", state == "expired"]
        return state

    def query(self, session, space=None, **options):
        """One page of an account's history, as `AccountDelegationPageSchema` takes it."""
        token = session.token({session.resource("delegation", "", space): ["tinycloud.delegation/list"]})
        page = self.json("/delegation/query", token, options).ok().json
        assert list(page) in (["schemaVersion", "items"], ["schemaVersion", "items", "nextCursor"])
        assert page["schemaVersion"] == 2
        for item in page["items"]:
            names = list(item)
            assert names[:10] == ITEM and names[10:] == [name for name in ENDED if name in names], names
            assert item["direction"] in ("granted", "received")
            assert item["status"] in ("active", "pending", "expired", "revoked", "ancestor_revoked")
            assert ("revokedAt" in item) == (item["status"] == "revoked")
            assert ("revokedAncestorCid" in item) == (item["status"] == "ancestor_revoked")
            resources = [part["resource"] for part in item["resources"]]
            assert resources == sorted(set(resources))
            for part in item["resources"]:
                assert list(part) == ["resource", "actions", "caveats"]
                assert len(part["actions"]) == len(part["caveats"])
        order = [(-moment(item["issuedAt"]), item["cid"]) for item in page["items"]]
        assert order == sorted(order), "the newest comes first, what has no age last, then by name"
        return page

    def history(self, session, space=None, **options):
        """All pages, and the CIDs in their order."""
        rows, cursor = [], {}
        while True:
            page = self.query(session, space, **options, **cursor)
            rows += page["items"]
            if "nextCursor" not in page:
                assert len({row["cid"] for row in rows}) == len(rows), "a row came twice"
                return rows
            assert page["items"], "a page with a cursor is empty"
            cursor = {"cursor": page["nextCursor"]}

    def read(self, session, parameters=None):
        facts = None if parameters is None else [{"capabilitiesReadParams": parameters}]
        return self.invoke(session.invoke("capabilities", "all", "tinycloud.capabilities/read", facts))

    def list(self, session, direction=None, **filters):
        """`space.delegations.list()` and `listReceived()`: rows by CID, with the reference's members first."""
        filters |= {"direction": direction} if direction else {}
        rows = self.read(session, {"type": "list", "filters": filters} if filters else None).ok().json
        for cid, row in rows.items():
            check_row(row, cid)
        return rows

    def chain(self, session, cid):
        rows = self.read(session, {"type": "chain", "delegation_cid": cid}).ok().json
        for row in rows:
            check_row(row, row["cid"])
        return [row["cid"] for row in rows]


def moment(text):
    """Seconds of an RFC 3339 instant; an unknown one is before all others."""
    return datetime.datetime.fromisoformat(text).timestamp() if text else 0


def check_row(row, cid):
    assert [name for name in row if name in ROW] == ROW[:len([name for name in row if name in ROW])], list(row)
    assert {"capabilities", "delegator", "delegate", "parents"} <= set(row)
    assert row["cid"] == cid
    assert all(list(part)[:3] == ["resource", "ability", "caveats"] for part in row["capabilities"])
    assert all(isinstance(parent, str) for parent in row["parents"])
    assert "#" not in row["delegator"] + row["delegate"]


# What a session is given that signs in without a manifest, and what the account commands of the CLI add.
DEFAULT_ACTIONS = {
    "kv": ["del", "get", "list", "metadata", "put"], "sql": ["admin", "export", "read", "schema", "write"],
    "duckdb": ["admin", "describe", "execute", "export", "import", "read", "write"], "capabilities": ["read"],
    "hooks": ["list", "register", "subscribe", "unregister"],
}
ACCOUNT_ACTIONS = {"delegation": ["list", "revoke", "status"]}


def default_abilities(wallet, space):
    """The ReCap of the SDK's plain sign-in, with the account's commands."""
    found = {
        f"{space}/{service}": [f"tinycloud.{service}/{name}" for name in names]
        for service, names in (DEFAULT_ACTIONS | ACCOUNT_ACTIONS).items()
    }
    found[wallet.space("secrets") + "/kv/vault/secrets/"] = [f"tinycloud.kv/{name}" for name in DEFAULT_ACTIONS["kv"]]
    found[f"urn:tinycloud:encryption:{wallet.did}:default"] = [
        "tinycloud.encryption/decrypt", "tinycloud.encryption/network.create"]
    return found


class Client:
    """A `TinyCloudNode` of one person: a wallet, its space here and the sessions it opens."""

    def __init__(self, node, kind="EdDSA", form="manager", wallet=None):
        self.node, self.kind, self.form = node, kind, form
        self.wallet = wallet or Wallet()
        self.did, self.space = self.wallet.did, self.wallet.space()

    def session_key(self):
        return SessionKey(self.kind, self.form)

    def prepared(self, key=None, lasts=7 * 86400, abilities=None, proofs=()):
        """A session that the wallet signed and no node has seen."""
        key = key or self.session_key()
        abilities = default_abilities(self.wallet, self.space) if abilities is None else abilities
        grant = self.wallet.delegate(key.url, abilities, self.node.now(), lasts, proofs)
        return Session(key, self.space, grant, self.node.now)

    def host(self, space=None):
        """`hostOwnedSpace`: gives the delegation to the node."""
        space = space or self.space
        grant = self.wallet.host(self.node.peer(space), space, self.node.now())
        assert self.node.activate(grant) == ([space], [])
        return grant

    def sign_in(self, **rest):
        """`signIn`: the session, and the space hosted when it was not."""
        session = self.prepared(**rest)
        _, skipped = self.node.activate(session.proof)
        if self.space in skipped:
            self.host()
            self.node.activate(session.proof)
        return session

    def use(self, grant, space, key=None):
        """A session by somebody's delegation to a key of this client."""
        return Session(key or self.session_key(), space, grant, self.node.now)
