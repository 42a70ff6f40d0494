"""Samovar's programs as the benchmarks start them, and the load that is sent to them."""
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from machine import HERE, with_slow_flushes

SECRET = b"benchmark-secret-of-32-characters"


def body(number=0):
    """An 8 KiB push, built like Gitea's; each number has bytes of its own."""
    commit = {"id": f"{number:040x}", "message": "", "added": [], "removed": [],
              "modified": ["a.swift"]}
    push = {
        "ref": "refs/heads/main", "before": "a" * 40, "after": f"{number:040x}",
        "total_commits": 1, "commits": [commit],
        "repository": {"id": 17, "full_name": "bench/marks", "default_branch": "main"},
        "sender": {"id": 1, "login": "bench"},
    }
    free = 8192 - len(json.dumps(push, indent=2))
    commit["message"] = "m" * free
    return json.dumps(push, indent=2).encode()


def signature(body):
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


class Site:
    """A folder with a configuration and a store; its programs, stopped at the end.

    `bodies` is how many different deliveries the load consists of: the same bytes again are a
    repeat, and make no job.
    """

    programs = HERE.parent / ".build" / "release"

    def __init__(self, handler="/bin/true", slots=8, flush_us=0, bodies=1):
        self.environment = with_slow_flushes(flush_us)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="samovar-bench-"))
        (self.folder / "secret").write_bytes(SECRET)
        (self.folder / "secret").chmod(0o600)
        with (open(self.folder / "bodies", "wb") as all_bodies,
              open(self.folder / "signatures", "w") as signatures):
            for one in map(body, range(bodies)):
                all_bodies.write(one)
                signatures.write(signature(one))
        (self.folder / "samovar.yaml").write_text(f"""
store: queue.db
ingress:
  listen: 127.0.0.1:0
  health: 127.0.0.1:0
  secrets: [{{ id: bench, file: secret }}]
worker: {{ slots: {slots} }}
handlers:
  bench: {{ exec: [{handler}], stdin: none, concurrency: {slots} }}
routes:
  - {{ name: bench, on: push, run: bench }}
""")
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        for process in self.running:
            process.wait(30)
        shutil.rmtree(self.folder)

    def start(self, program):
        """Starts a program and returns it; `address` is where it listens."""
        log = self.folder / f"{program}.log"
        process = subprocess.Popen(
            [self.programs / program, "--config", self.folder / "samovar.yaml"],
            stdin=subprocess.DEVNULL, stderr=open(log, "wb"), env=self.environment)
        self.running.append(process)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for line in log.read_text().splitlines():
                words = line.split()
                if "listening" in words or "working" in words:
                    process.address = next(
                        (w[8:] for w in words if w.startswith("address=")), None)
                    return process
            if process.poll() is not None:
                sys.exit(f"{program} ended: {log.read_text()}")
            time.sleep(0.01)
        sys.exit(f"{program} did not start: {log.read_text()}")

    def engine(self, command, **options):
        """Runs the engine's benchmark in this folder: its measurements, one after the other."""
        return run_engine(command, self.folder, self.environment, **options)

    def store(self):
        return sqlite3.connect(f"file:{self.folder}/queue.db?mode=ro", uri=True)

    def count(self, sql):
        with self.store() as store:
            return store.execute(sql).fetchone()[0]


def run_engine(command, folder, environment=None, **options):
    arguments = [Site.programs / "EngineBenchmark", command, "--dir", folder]
    for name, value in options.items():
        name = "--" + name.replace("_", "-")
        if value is True:
            arguments.append(name)
        elif value not in (None, False):
            arguments += [name, str(value)]
    result = subprocess.run(
        arguments, stdout=subprocess.PIPE, text=True, env=environment, timeout=1800)
    if result.returncode != 0:
        sys.exit(f"EngineBenchmark {command} ended with status {result.returncode}")
    return [json.loads(line) for line in result.stdout.splitlines()]


class Load:
    """wrk, sending signed pushes to an ingress until its time is over or it is stopped."""

    def __init__(self, site, address, connections, seconds, pause_ms=0):
        environment = dict(
            os.environ, BENCH_BODIES=str(site.folder / "bodies"),
            BENCH_SIGNATURES=str(site.folder / "signatures"), BENCH_PAUSE_MS=str(pause_ms))
        self.wrk = subprocess.Popen(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency",
             "-s", HERE / "deliveries.lua", f"http://{address}/hooks/gitea"],
            stdout=subprocess.PIPE, text=True, env=environment)

    def stop(self):
        self.wrk.send_signal(signal.SIGINT)
        return self.result()

    def result(self):
        """Answers a second, p50 and p99 in milliseconds, errors, and answers in all."""
        output, _ = self.wrk.communicate()
        line = next((line for line in output.splitlines() if line.startswith("RESULT")), None)
        if line is None:
            sys.exit(f"wrk failed: {output}")
        requests, duration, p50, p99, errors = map(float, line.split()[1:])
        return requests / duration, p50 / 1000, p99 / 1000, int(errors), int(requests)


def load(site, address, connections, seconds, pause_ms=0):
    return Load(site, address, connections, seconds, pause_ms).result()
