"""A client of a space's stream of writes."""

import json
import threading
import time

import httpx

from . import httpsig, jwt

STREAM = "dev.capabilitygraph.space.subscribe"


class Stream:
    """An open stream, read on a thread of its own; knows when each event came and when it ended."""

    def __init__(self, caller, space, headers=None):
        self.events, self.ended, self.status = [], None, None
        self.changed = threading.Condition()
        self.url, self.space = f"{caller.url}/xrpc/{STREAM}", space
        self.headers = headers or caller.headers
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        self.wait(lambda: self.status is not None)

    def read(self):
        try:
            with httpx.stream("GET", self.url, params={"space": self.space}, headers=self.headers, timeout=30) as response:
                self.mime = response.headers.get("content-type", "")
                self.note(status=response.status_code)
                kind = None
                for line in response.iter_lines():
                    if line.startswith("event: "):
                        kind = line.removeprefix("event: ")
                    elif line.startswith("data: ") and kind == "write":
                        self.note(event=json.loads(line.removeprefix("data: ")))
        except httpx.HTTPError:
            pass
        self.note(ended=time.monotonic())

    def note(self, status=None, event=None, ended=None):
        with self.changed:
            self.status = status or self.status
            self.ended = ended or self.ended
            if event is not None:
                self.events.append(event)
            self.changed.notify_all()

    def wait(self, is_true, seconds=10):
        with self.changed:
            assert self.changed.wait_for(is_true, seconds), f"status {self.status}, events {self.events}"


def by_credential(reader):
    """A stream of the space that the reader's credential is for."""
    if reader.profile == "N":
        return Stream(reader, reader.space, httpsig.to_use(reader.key, reader.credential, reader.space.split("/")[2]))
    proof = jwt.dpop(reader.key, "GET", reader.htu(STREAM), reader.credential)
    return Stream(reader, reader.space, {"Authorization": "DPoP " + reader.credential, "DPoP": proof})
