"""Starts the service that is judged."""

import json
import os
import pathlib
import select
import signal
import subprocess
import tempfile
import time

from . import postgres

ROOT = pathlib.Path(__file__).resolve().parents[3]
OPEN = ["--registration", "open", "--allow-loopback-peers"]


def binary():
    return os.environ.get("CAPSERVICE") or str(ROOT / ".build/debug/capservice")


def store_of(path):
    """Where the service of a folder keeps its store, as options of every command; nothing for a file in that folder."""
    if os.environ.get("CONFORMANCE_STORE") != "postgres":
        return []
    return ["--store", postgres.shared().of(path)]


class Service:
    """One `capservice`; with `clock`, seconds since 1970, its time stands still until it is set."""

    def __init__(self, options=OPEN, clock=None, folder=None, port=0, store=None):
        self.folder = folder or tempfile.TemporaryDirectory(prefix="conformance-")
        self.path = pathlib.Path(self.folder.name)
        self.options, self.clocked = list(options), clock is not None
        self.store = store_of(self.path) if store is None else ["--store", store]
        if clock is not None:
            self.set_clock(clock)
        self.start(port)

    def start(self, port=0):
        self.spawn(port)
        self.await_listening()

    def spawn(self, port=0):
        """Starts it without waiting until it serves."""
        words = [binary(), "serve", "--listen", f"127.0.0.1:{port}", "--data", str(self.path / "data"),
                 *self.store, *self.options]
        limits = ["--accounts-per-hour", "--logins-per-minute", "--unhosted-per-hour"]
        if not set(limits) & set(self.options):
            words += [word for limit in limits for word in (limit, "0")]
        if self.clocked:
            words += ["--clock-file", str(self.path / "clock")]
        self.log = open(self.path / "log", "ab")
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=self.log)

    def await_listening(self):
        ready, _, _ = select.select([self.process.stdout], [], [], 60)
        line = self.process.stdout.readline() if ready else b""
        if not line.startswith(b'{"listening"'):
            raise RuntimeError("the service did not start: " + (self.path / "log").read_text()[-4000:])
        self.url = json.loads(line)["listening"]
        self.port = int(self.url.rsplit(":", 1)[1])

    @property
    def now(self):
        """The instant that the service believes in, in seconds."""
        return float((self.path / "clock").read_text()) if self.clocked else time.time()

    def set_clock(self, seconds):
        (self.path / "clock.new").write_text(f"{int(seconds)}\n")
        (self.path / "clock.new").rename(self.path / "clock")

    def pass_time(self, seconds):
        self.set_clock(self.now + seconds)

    def kill(self):
        """Ends it as a power cut would; `start` takes the same data up again."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def restart(self):
        self.kill()
        self.start(self.port)

    def said(self):
        """What it has logged, as objects."""
        lines = (self.path / "log").read_text(errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)
        self.log.close()
        # What broke it is the one thing worth reading then.
        if self.process.returncode < 0 and -self.process.returncode not in (signal.SIGKILL, signal.SIGTERM):
            said = (self.path / "log").read_text(errors="replace")
            raise RuntimeError(f"the service was ended by a signal ({self.process.returncode}): {said[-12000:]}")
