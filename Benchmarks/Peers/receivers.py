"""The receivers that are compared, each with a new store of its own in a temporary folder.

Each answers at /hooks/gitea, knows the secret of programs.py, and can say what it has stored.
"""
import json
import os
import pathlib
import pwd
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile

from Peers.processes import Program, answers, family, free_port, shared_out, undisturbed
from machine import compiled, memory
from programs import SECRET, Site, body, signature

HERE = pathlib.Path(__file__).resolve().parent
STORED_IDS = "SELECT delivery_id FROM delivery JOIN routing ON routing.delivery = delivery.seq"
STORED = "SELECT count(*) FROM routing"


def said(*command):
    """What a program says of itself."""
    return subprocess.run(
        command, capture_output=True, text=True, check=True).stdout.strip()


class Samovar:
    name = "samovar"
    durable = True
    version = None

    def __init__(self, environment, tally=None, bodies=1):
        handler = f"{compiled('tally')}, {tally}" if tally else "/bin/true"
        self.site = Site(handler, bodies=bodies)
        self.site.environment = environment
        self.folder = self.site.folder
        self.store = self.folder / "queue.db"

    def __enter__(self):
        try:
            self.open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with undisturbed():
            self.site.__exit__()

    def open(self):
        self.ingress = self.site.start("samovar-ingress")
        self.address = self.ingress.address

    def close(self):
        self.site.running.remove(self.ingress)
        self.ingress.terminate()
        self.ingress.wait(60)

    def start_worker(self):
        self.site.start("samovar-worker")

    def mebibytes(self):
        return memory(self.ingress)[1]

    def stored(self):
        return self.site.count(STORED)

    def stored_ids(self):
        with self.site.store() as store:
            return {row[0] for row in store.execute(STORED_IDS)}


class Peer:
    """A receiver that is not Samovar: its folder, and its programs, which end with it."""

    def __init__(self, environment):
        self.environment = environment
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="samovar-bench-"))
        self.folder.chmod(0o755)  # PostgreSQL runs as another user
        (self.folder / "secret").write_bytes(SECRET)
        (self.folder / "bodies").write_bytes(body())
        (self.folder / "signatures").write_text(signature(body()))
        self.programs = []

    def __enter__(self):
        try:
            self.open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with undisturbed():
            self.close()
            shutil.rmtree(self.folder)

    def start(self, name, arguments, **more):
        more = {"environment": self.environment, **more}
        program = Program(name, arguments, self.folder / f"{name}.log", **more)
        self.programs.append(program)
        return program

    def close(self):
        while self.programs:
            self.programs.pop().stop()

    def mebibytes(self):
        """Peak resident memory of the receiver's own process."""
        return memory(self.programs[0])[1]


class Go(Peer):
    name = "Go, SQLite"
    durable = True
    program = None
    checkpoint_pages = 4000  # a tenth more acks than 1000, SQLite's own; a longer tail

    def __init__(self, environment):
        super().__init__(environment)
        self.store = self.folder / "deliveries.db"

    @staticmethod
    def version():
        return said("go", "version")

    @staticmethod
    def build(folder):
        """Debian's packages alone: no module is fetched."""
        if shutil.which("go") is None:
            sys.exit("no Go compiler: deploy/system-packages bench-peers installs it on Debian")
        Go.program = folder / "go-receiver"
        environment = dict(
            os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode", GOFLAGS="",
            CGO_ENABLED="1", GOCACHE=str(folder / "go-cache"))
        result = subprocess.run(
            ["go", "build", "-tags", "libsqlite3", "-o", Go.program, HERE / "receiver.go"],
            env=environment, cwd=folder, capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"the Go receiver does not build (it needs the package "
                     f"golang-github-mattn-go-sqlite3-dev): {result.stderr}")

    def open(self):
        program = self.start("go", [
            self.program, "-store", self.store, "-secret", self.folder / "secret", "-checkpoint",
            self.checkpoint_pages])
        self.address = program.wait_for(lambda: next(
            (word[8:] for word in program.said().split() if word.startswith("address=")), None))

    def count(self, sql):
        return self.rows(sql)[0][0]

    def rows(self, sql):
        database = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def stored(self):
        return self.count(STORED)

    def stored_ids(self):
        return {row[0] for row in self.rows(STORED_IDS)}


class UntunedGo(Go):
    """With SQLite's own checkpoints: every 1000 pages, inside of a commit, before the answers."""
    name = "Go, untuned"
    version = None  # said once
    checkpoint_pages = 0


class Starlette(Peer):
    name = "Starlette, PostgreSQL"
    durable = True
    workers = 1  # more of them compete with PostgreSQL and wrk for two cores
    cluster = None  # an initialized data folder, copied for each store

    @staticmethod
    def python():
        """The interpreter that has the packages: Debian's own, or the one in the path."""
        for python in ("/usr/bin/python3", sys.executable):
            needs = "import asyncpg, httptools, starlette, uvicorn, uvloop"
            if subprocess.run([python, "-c", needs], capture_output=True).returncode == 0:
                return python
        sys.exit("no Python with asyncpg, httptools, starlette, uvicorn and uvloop: "
                 "deploy/system-packages bench-peers installs them on Debian")

    @staticmethod
    def postgres(program):
        """Debian keeps the server's programs out of the path: the newest version's."""
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{program}"),
                       key=lambda path: int(path.parts[4]))
        path = found[-1] if found else shutil.which(program)
        return path or sys.exit(f"no {program}: deploy/system-packages bench-peers installs it "
                                "on Debian")

    @classmethod
    def version(cls):
        packages = said(
            cls.python(), "-c", "from importlib.metadata import version\n"
            "print(*(f'{p} {version(p)},' for p in ('starlette', 'uvicorn', 'asyncpg')))")
        return f"{packages} {said(cls.postgres('postgres'), '--version')}"

    @staticmethod
    def user():
        """PostgreSQL does not run as root."""
        if os.geteuid() != 0:
            return None
        try:
            return pwd.getpwnam("postgres").pw_name
        except KeyError:
            sys.exit("there is no user postgres: install PostgreSQL, or run this as another user "
                     "than root")

    @classmethod
    def build(cls, folder):
        """A cluster of its own: the system's is never touched."""
        home = pathlib.Path(tempfile.mkdtemp(prefix="cluster-", dir=folder))
        if cls.user():
            home.chmod(0o755)
            shutil.chown(home, cls.user(), cls.user())
        switched = {"user": cls.user(), "group": cls.user(), "extra_groups": []} \
            if cls.user() else {}
        cls.cluster = home / "data"
        result = subprocess.run(
            [cls.postgres("initdb"), "-A", "trust", "-U", "postgres", "-E", "UTF8",
             "--locale=C.UTF-8", "-D", cls.cluster],
            capture_output=True, text=True, cwd=home, **switched)
        if result.returncode != 0:
            sys.exit(f"initdb failed in {home} (its user must reach this folder: --dir names "
                     f"another one): {result.stderr}")

    def open(self):
        data = self.folder / "data"
        subprocess.run(["cp", "-a", "--reflink=auto", self.cluster, data], check=True)
        if self.user():
            shutil.chown(self.folder, self.user(), self.user())
        settings = {
            "listen_addresses": "", "unix_socket_directories": self.folder, "fsync": "on",
            "synchronous_commit": "on", "shared_buffers": "256MB", "max_wal_size": "4GB"}
        # SIGINT is what PostgreSQL calls a fast shutdown.
        self.postgres_program = self.start(
            "postgres", [self.postgres("postgres"), "-D", data]
            + [word for item in settings.items() for word in ("-c", "{}={}".format(*item))],
            user=self.user(), asks_to_stop=signal.SIGINT)
        self.postgres_program.wait_for(lambda: self.ask("SELECT 1", strictly=False) == "1")
        self.ask((HERE / "starlette_schema.sql").read_text())
        # A user's own PG... variables must not lead the receiver elsewhere.
        environment = {name: value for name, value in self.environment.items()
                       if not name.startswith("PG")}
        environment.update(RECEIVER_SECRET=str(self.folder / "secret"),
                           RECEIVER_SOCKET=str(self.folder), PYTHONDONTWRITEBYTECODE="1")
        port = free_port()
        receiver = self.start("starlette", [
            self.python(), "-m", "uvicorn", "--app-dir", HERE, "--workers", self.workers, "--loop",
            "uvloop", "--http", "httptools", "--no-access-log", "--host", "127.0.0.1", "--port",
            port, "starlette_receiver:app"], environment=environment)
        receiver.wait_for(
            lambda: receiver.said().count("Application startup complete") >= self.workers
            and answers(port))
        self.address = f"127.0.0.1:{port}"

    def mebibytes(self):
        """Now, of the receiver's processes and PostgreSQL's."""
        return sum(shared_out(program.pid) for program in self.programs)

    def ask(self, sql, strictly=True):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("PG")}
        result = subprocess.run(
            [self.postgres("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U",
             "postgres", "-d", "postgres", "-c", sql],
            capture_output=True, text=True, env=environment, cwd="/")
        if strictly and result.returncode != 0:
            sys.exit(f"PostgreSQL: {result.stderr}")
        return result.stdout.strip()

    def stored(self):
        return int(self.ask(STORED))

    def stored_ids(self):
        return set(self.ask(STORED_IDS).split())


class Webhook(Peer):
    """Debian's webhook (adnanh): verifies, answers, starts a command. It stores nothing."""
    name = "webhook"
    durable = False
    waits = False

    @staticmethod
    def version():
        return said("webhook", "-version")

    def __init__(self, environment, tally=None):
        super().__init__(environment)
        command, arguments = "/bin/true", []
        if tally:
            command = str(compiled("tally"))
            arguments = [{"source": "string", "name": str(tally)},
                         {"source": "header", "name": "X-Gitea-Delivery"}]
        (self.folder / "hooks.json").write_text(json.dumps([{
            "id": "gitea", "execute-command": command, "pass-arguments-to-command": arguments,
            "command-working-directory": str(self.folder), "success-http-response-code": 202,
            "include-command-output-in-response": self.waits,
            "trigger-rule": {"match": {
                "type": "payload-hmac-sha256", "secret": SECRET.decode(),
                "parameter": {"source": "header", "name": "X-Gitea-Signature"}}}}]))

    def open(self):
        if shutil.which("webhook") is None:
            sys.exit("no webhook: deploy/system-packages bench-peers installs it on Debian")
        port = free_port()
        program = self.start("webhook", [
            "webhook", "-hooks", self.folder / "hooks.json", "-ip", "127.0.0.1", "-port", port])
        program.wait_for(lambda: answers(port))
        self.address = f"127.0.0.1:{port}"

    def commands_running(self):
        return len(family(self.programs[0].pid)) - 1


class WaitingWebhook(Webhook):
    """It answers when the command has ended, so that a failure is seen: not after Gitea's 5 s."""
    name = "webhook, waiting"
    waits = True
    version = None  # said once


RECEIVERS = {"samovar": Samovar, "go": Go, "go-untuned": UntunedGo, "starlette": Starlette,
             "webhook": Webhook, "webhook-waits": WaitingWebhook}
