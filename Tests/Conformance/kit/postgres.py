"""A PostgreSQL server of the tests' own: on a unix socket alone, as a user that is not root, gone with the tests."""

import atexit
import contextlib
import hashlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import urllib.parse

INSTALLED = pathlib.Path("/usr/lib/postgresql")
_shared = None


def shared():
    """The server that all services share under `run --store postgres`."""
    global _shared
    if _shared is None:
        _shared = Cluster()
        atexit.register(_shared.end)
    return _shared


class Cluster:
    def __init__(self):
        found = sorted((int(part.name), part) for part in INSTALLED.glob("[0-9]*") if (part / "bin/initdb").exists())
        if not found or found[-1][0] < 15:
            raise RuntimeError("PostgreSQL 15 or newer is not installed: scripts/setup --tests")
        self.programs = found[-1][1] / "bin"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="conformance-postgres-"))
        self.user = {}
        if os.geteuid() == 0:
            who = pwd.getpwnam("postgres")
            os.chown(self.folder, who.pw_uid, who.pw_gid)
            self.user = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
        self.run("initdb", "-D", "data", "-U", "capability", "-A", "trust", "-E", "UTF8", "--locale=C",
                 "--data-checksums", "--no-sync")
        self.start()

    def run(self, program, *words):
        # The server keeps what it is given as its output, so that is a file and never a pipe.
        with open(self.folder / "said", "ab") as said:
            done = subprocess.run([self.programs / program, *words], cwd=self.folder, stdin=subprocess.DEVNULL,
                                  stdout=said, stderr=said, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, **self.user)
        if done.returncode:
            told = [part.read_text()[-2000:] for part in (self.folder / "said", self.folder / "log") if part.exists()]
            raise RuntimeError(f"{program}: " + "\n".join(told))

    def start(self, *options):
        """Starts it, also after `kill`; `options` are settings such as `fsync=off`."""
        # Another process may have the number that a killed server left here.
        for left in ("data/postmaster.pid", ".s.PGSQL.5432.lock"):
            (self.folder / left).unlink(missing_ok=True)
        settings = ["listen_addresses=", f"unix_socket_directories={self.folder}", "max_connections=300", *options]
        self.run("pg_ctl", "start", "-w", "-s", "-D", "data", "-l", "log", "-o",
                 " ".join(f"-c {setting!r}" for setting in settings))

    def stop(self):
        self.run("pg_ctl", "stop", "-w", "-s", "-m", "immediate", "-D", "data")

    def kill(self):
        """Ends it and all that works for it, as the loss of its machine would, but for what its disk has."""
        server = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        os.kill(server, signal.SIGSTOP)
        children = pathlib.Path(f"/proc/{server}/task/{server}/children").read_text().split()
        for process in [server, *map(int, children)]:
            os.kill(process, signal.SIGKILL)
        for process in [server, *map(int, children)]:
            while self.is_alive(process):
                os.sched_yield()

    def freeze(self, frozen=True):
        """Stops it and all that works for it without a word, or lets it go on."""
        server = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        what = signal.SIGSTOP if frozen else signal.SIGCONT
        os.kill(server, what)
        for process in map(int, pathlib.Path(f"/proc/{server}/task/{server}/children").read_text().split()):
            # One that had nothing left to do may be gone by now.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, what)

    @staticmethod
    def is_alive(process):
        try:
            return ") Z" not in pathlib.Path(f"/proc/{process}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False

    def end(self):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def address(self, database):
        return f"postgres:///{database}?host={urllib.parse.quote(str(self.folder), safe='')}&user=capability"

    def database(self, name, *options):
        """Makes a database of the name where there is none; gives its address."""
        if not self.ask("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
            self.run("createdb", "-h", self.folder, "-U", "capability", *options, name)
        return self.address(name)

    def of(self, folder):
        """The database of a service that has this folder."""
        return self.database("of_" + hashlib.sha256(str(folder).encode()).hexdigest()[:24])

    def ask(self, database, sql):
        """What statements answer, as `psql` prints it."""
        done = subprocess.run(
            [self.programs / "psql", "-h", self.folder, "-U", "capability", "-AtXq", "-v", "ON_ERROR_STOP=1", "-c", sql,
             database], cwd="/", capture_output=True, text=True, check=True)
        return done.stdout.strip()
