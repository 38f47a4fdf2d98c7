"""Other servers of the network on loopback: DID documents, a repo host, a syncer, a managing app, a client."""

import http.server
import json
import threading
import time
import urllib.parse

from . import jwt
from .keys import Key


class Request:
    def __init__(self, host, method, path, query, headers, body):
        self.host, self.method, self.path, self.query, self.headers, self.body = host, method, path, query, headers, body
        self.nsid = path.removeprefix("/xrpc/")

    @property
    def json(self):
        return json.loads(self.body)

    def verify_service_auth(self, key, issuer, audience, now=None):
        """Checks the inter-service token of a delivery (4.7)."""
        scheme, token = self.headers["Authorization"].split(" ")
        assert scheme == "Bearer"
        header, payload = jwt.verified(token, key)
        now = time.time() if now is None else now
        assert header["typ"] == "JWT"
        assert payload["iss"] == issuer and payload["aud"] == audience and payload["lxm"] == self.nsid, payload
        assert payload["iat"] - 5 <= now <= payload["exp"] <= payload["iat"] + 300 and payload["jti"]
        assert "Signature" not in self.headers and "DPoP" not in self.headers
        return payload


class Identity:
    """A DID of the peer with its keys and services, published while the peer runs."""

    def __init__(self, peer, name, alg="ES256K"):
        self.peer, self.name = peer, name
        self.host = f"{name}.localhost:{peer.port}"
        self.did = f"did:web:{name}.localhost%3A{peer.port}"
        self.key = Key(alg)
        self.methods = {"atproto": self.key}
        self.services = {"atproto_pds": ("AtprotoPersonalDataServer", peer.url_of(name))}

    def document(self):
        return {
            "@context": ["https://www.w3.org/ns/did/v1"], "id": self.did,
            "verificationMethod": [
                {"id": f"{self.did}#{name}", "type": "Multikey", "controller": self.did, "publicKeyMultibase": key.multikey}
                for name, key in self.methods.items()
            ],
            "service": [
                {"id": f"#{name}", "type": kind, "serviceEndpoint": url} for name, (kind, url) in self.services.items()
            ],
        }


class Peer:
    """One HTTP server; each identity has a host name of its own below `localhost`."""

    def __init__(self, port=0):
        self.identities, self.pages, self.answers, self.requests, self.hosts = {}, {}, {}, [], {}
        self.changed = threading.Condition()
        peer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                peer.serve(self)

            do_POST = do_GET

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def url_of(self, name):
        return f"http://{name}.localhost:{self.port}"

    def identity(self, name, alg="ES256K"):
        made = Identity(self, name, alg)
        self.identities[made.host] = made
        return made

    def page(self, name, path, value):
        """Publishes JSON; gives its URL."""
        self.pages[f"{name}.localhost:{self.port}", path] = value
        return self.url_of(name) + path

    def on(self, nsid, answer):
        """Lets `answer(request)` give (status, JSON) for a method; otherwise calls answer 200 and nothing."""
        self.answers[nsid] = answer

    def on_host(self, host, nsid, answer):
        """As `on`, for one host name only; besides JSON it may give bytes and their type."""
        self.hosts[host, nsid] = answer

    def serve(self, handler):
        url = urllib.parse.urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        request = Request(
            handler.headers.get("Host", ""), handler.command, url.path, urllib.parse.parse_qs(url.query),
            handler.headers, body)
        status, value, *mime = self.answer(request)
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()
        content = value if mime else b"" if value is None else json.dumps(value).encode()
        try:
            handler.send_response(status)
            handler.send_header("Content-Type", mime[0] if mime else "application/json")
            handler.send_header("Content-Length", str(len(content)))
            if status == 401:
                handler.send_header("WWW-Authenticate", "DPoP, Atproto-Space")
            handler.end_headers()
            handler.wfile.write(content)
        except OSError:
            pass

    def answer(self, request):
        if request.path == "/.well-known/did.json" and request.host in self.identities:
            return 200, self.identities[request.host].document()
        if (request.host, request.path) in self.pages:
            return 200, self.pages[request.host, request.path]
        if request.path.startswith("/xrpc/"):
            answer = self.hosts.get((request.host, request.nsid)) or self.answers.get(request.nsid)
            return answer(request) if answer else (200, None)
        return 404, {"error": "NotFound"}

    def calls(self, nsid, matching=lambda request: True):
        return [request for request in list(self.requests) if request.nsid == nsid and matching(request)]

    def wait_for(self, nsid, matching=lambda request: True, count=1, seconds=15):
        """Waits until `count` such calls have come; gives them in order."""
        limit = time.monotonic() + seconds
        with self.changed:
            while len(self.calls(nsid, matching)) < count:
                left = limit - time.monotonic()
                assert left > 0, f"{nsid} came {len(self.calls(nsid, matching))} times, not {count}"
                self.changed.wait(left)
        return self.calls(nsid, matching)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
