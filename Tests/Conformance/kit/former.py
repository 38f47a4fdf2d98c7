"""Databases of former releases: `fixtures/databases`, made by `make_database.py`."""

import contextlib
import gzip
import io
import json
import pathlib
import tarfile
import tempfile

import httpx

from .past import ASKED, OPTIONS, PEER_PORT, instant, manage
from .peer import Peer
from .service import ROOT, Service
from .tape import capq, send

DATABASES = ROOT / "fixtures/databases"
FILE, AT = "capability-graph.sqlite", instant(ASKED)


def entries(folder):
    return [json.loads(line) for line in gzip.decompress((folder / "answers.jsonl.gz").read_bytes()).decode().split("\n")]


@contextlib.contextmanager
def copy_of(folder):
    """The data of a former release in a folder of its own, with a clock."""
    with tempfile.TemporaryDirectory(prefix="former-") as name:
        data = pathlib.Path(name) / "data"
        data.mkdir()
        raw = gzip.decompress((folder / "data.tar.gz").read_bytes())
        with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
            archive.extractall(data, filter="data")
        data.chmod(0o700)
        yield pathlib.Path(name)


class Folder:
    """What `Service` takes for its folder."""

    def __init__(self, path):
        self.name = str(path)


@contextlib.contextmanager
def serving(path, folder):
    """The judged service on such a copy, at the instant of the questions, and the other hosts as they were."""
    peer = Peer(PEER_PORT)
    peer.pages = {(host, page): value for host, page, value in json.loads((folder / "hosts.json").read_text())}
    manage(peer)
    service = Service(OPTIONS, clock=ASKED, folder=Folder(path))
    try:
        yield service
    finally:
        service.stop()
        peer.close()


def answers(folder):
    """Each kept request beside what the judged service says to it, in their order."""
    of_file = [entry for entry in entries(folder) if entry["group"] == "capq"]
    of_service = [entry for entry in entries(folder) if entry["group"] != "capq"]
    with copy_of(folder) as path, serving(path, folder) as service, httpx.Client(timeout=30) as client:
        found = [(entry, send(client, service.url, entry)) for entry in of_service]
    with copy_of(folder) as path:
        with serving(path, folder):
            pass  # the update is the service's to make: `capq` reads what it left
        return found + [(entry, capq(path / "data" / FILE, entry["question"], AT)) for entry in of_file]
