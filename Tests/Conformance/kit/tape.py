"""Requests as they were sent and what came back, so that another release can be sent the same."""

import base64
import contextlib
import json
import pathlib
import subprocess
import tempfile
import urllib.parse

import httpx

from . import jwt
from .service import binary

# What the client adds by itself, and what differs from one machine to the next.
UNSENT = {"host", "user-agent", "accept", "accept-encoding", "connection", "content-length"}
# Headers of an answer that are part of what clients read.
KEPT = ("content-type", "www-authenticate", "x-capability-reason", "etag", "x-tinycloud-truncated")

# Members of JSON answers that are made anew at each asking, or count what a migration may add to.
DRAWN = {
    "decision": "an id under which the log holds a refusal", "decisionId": "the same", "revision": "counts log entries",
    "token": "signed with a drawn name", "delegationToken": "the same", "credential": "the same", "grant": "the same", "sig": "signed for this reader",
    "mac": "the same", "ikm": "drawn for this reader", "accessJwt": "signed with a drawn name", "refreshJwt": "the same",
    "inviteId": "drawn", "password": "drawn",
}


def text_of(content):
    """Bytes as JSON keeps them: text where they are text."""
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def bytes_of(kept):
    return kept["text"].encode() if "text" in kept else base64.b64decode(kept["base64"])


def masked(value):
    """A JSON value without what is drawn; `decision` of a question is its answer and stays."""
    if isinstance(value, dict):
        return {name: claims(part) if is_drawn(name, part, value) else masked(part) for name, part in value.items()}
    if isinstance(value, list):
        return [masked(part) for part in value]
    return value


def claims(value):
    """What is left of what is drawn: of a token what it says."""
    if not (isinstance(value, str) and value.count(".") == 2 and value.startswith("eyJ")):
        return "~"
    return [{name: part for name, part in said.items() if name != "jti"} for said in jwt.decode(value)]


def is_drawn(name, part, within):
    if name == "decision":
        return "error" in within
    return name in DRAWN


def read(response):
    """The part of an answer that must come again."""
    content = response.content
    kind = response.headers.get("content-type", "").split(";")[0]
    if kind == "application/json" and content:
        body = {"json": masked(json.loads(content))}
    else:
        body = text_of(content)
    headers = {name: response.headers[name] for name in KEPT if name in response.headers}
    return {"status": response.status_code, "headers": headers} | body


class Tape:
    """Requests to one service in their order, each in a group and with a name that says who asks what."""

    def __init__(self, entries=()):
        self.entries = list(entries)
        self.group = self.name = None

    @contextlib.contextmanager
    def recording(self, url):
        """Keeps what any client sends to `url` within a named `asking`."""
        original, tape = httpx.Client.send, self

        def send(client, request, **options):
            response = original(client, request, **options)
            if tape.name is not None and str(request.url).startswith(url):
                tape.keep(request, response)
            return response

        httpx.Client.send = send
        try:
            yield self
        finally:
            httpx.Client.send = original

    @contextlib.contextmanager
    def asking(self, group, name):
        self.group, self.name = group, name
        try:
            yield
        finally:
            self.group = self.name = None

    def keep(self, request, response):
        target = urllib.parse.urlsplit(str(request.url))
        path = target.path + ("?" + target.query if target.query else "")
        headers = {name: value for name, value in request.headers.items() if name not in UNSENT}
        body = {"body": text_of(request.content)} if request.content else {}
        self.entries.append({
            "group": self.group, "name": self.name, "verb": request.method, "path": path, "headers": headers, **body,
            "answer": read(response),
        })


def capq(file, question, at):
    """What `capq check` says of a database file that nobody serves: its exit code and its answer."""
    program = pathlib.Path(binary()).with_name("capq")
    words = [program, "check", *question, "--db", file, "--at", at, "--explain", "-o", "json"]
    with tempfile.TemporaryDirectory(prefix="capq-") as home:
        done = subprocess.run(words, capture_output=True, env={"HOME": home, "PATH": "/usr/bin:/bin"}, timeout=60)
    said = {"json": masked(json.loads(done.stdout))} if done.stdout else {"text": done.stderr.decode()}
    return {"status": done.returncode} | said


def send(client, url, entry):
    """Sends a kept request anew; gives the part of the answer that must be the kept one."""
    content = bytes_of(entry["body"]) if "body" in entry else None
    return read(client.request(entry["verb"], url + entry["path"], headers=entry["headers"], content=content))
