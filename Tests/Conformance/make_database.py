"""Makes the database of a release as test data: a rich past, and what the release answers about it.

    .build/conformance/bin/python Tests/Conformance/make_database.py fixtures/databases/format-3

CAPSERVICE names the program of the release (default .build/debug/capservice). The folder gets `data.tar.gz`, what the
service left behind when it was stopped, `answers.jsonl.gz`, requests and answers in their order (`kit/tape.py`), and
`hosts.json`, what other hosts of its time said of themselves.
"""

import gzip
import io
import json
import pathlib
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from kit.former import AT, FILE  # noqa: E402
from kit.past import BEGAN, OPTIONS, PEER_PORT, Past  # noqa: E402
from kit.peer import Peer  # noqa: E402
from kit.questions import Questions  # noqa: E402
from kit.service import Service  # noqa: E402
from kit.tape import Tape, capq  # noqa: E402


def packed(folder):
    """The files of a stopped service, as an archive whose bytes follow from them."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for path in sorted(folder.iterdir()):
            if path.suffix in (".lock",) or path.name.endswith("-shm"):
                continue
            entry = tarfile.TarInfo(path.name)
            entry.size, entry.mode, entry.mtime = path.stat().st_size, 0o600, BEGAN
            archive.addfile(entry, io.BytesIO(path.read_bytes()))
    return gzip.compress(raw.getvalue(), 9, mtime=0)


def make(target):
    peer = Peer(PEER_PORT)
    made = Service(OPTIONS, clock=BEGAN)
    past = Past(made, peer)
    past.make()
    made.stop()
    left = sorted(path.name for path in (made.path / "data").iterdir())
    print("left behind:", *left)
    data = packed(made.path / "data")
    tape = Tape()
    for name, question in Questions(past, tape).of_the_file():
        answer = capq(made.path / "data" / FILE, question, AT)
        tape.entries.append({"group": "capq", "name": name, "question": list(question), "answer": answer})
    made.start(made.port)
    with tape.recording(made.url):
        Questions(past, tape).ask()
    made.stop()
    peer.close()
    hosts = [[host, "/.well-known/did.json", identity.document()] for host, identity in peer.identities.items()]
    hosts += [[host, path, value] for (host, path), value in peer.pages.items()]
    target.mkdir(parents=True, exist_ok=True)
    (target / "data.tar.gz").write_bytes(data)
    (target / "hosts.json").write_text(json.dumps(hosts, indent=1) + "\n")
    answers = "\n".join(json.dumps(entry, separators=(",", ":"), ensure_ascii=False) for entry in tape.entries)
    (target / "answers.jsonl.gz").write_bytes(gzip.compress(answers.encode(), 9, mtime=0))
    print(len(tape.entries), "answers,", len(data), "bytes of data,", (target / "answers.jsonl.gz").stat().st_size, "of answers")
    statuses = {}
    for entry in tape.entries:
        key = entry["group"], entry["answer"]["status"]
        statuses[key] = statuses.get(key, 0) + 1
    for key, count in sorted(statuses.items()):
        print(*key, count)


if __name__ == "__main__":
    make(pathlib.Path(sys.argv[1]))
